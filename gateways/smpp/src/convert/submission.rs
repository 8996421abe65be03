//! submit_sm, data_sm, submit_multi and another centre's deliver_sm to submissions.

use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use smpp::pdu::{DataSm, EsmClass, MessagingMode, Sm, SubmitMulti};
use smpp::{Frame, Status, Tag, Tlvs};
use sms::coding::{DataCoding, MessageClass};
use sms::header::{Concatenation, Ports, Reference, UserDataHeader};
use sms::segment;
use smsc::endpoint::Endpoint;
use smsc::message::{Content, Mode, Submission, Validity};
use smsc::names::Name;
use smsc::timestamp::Timestamp;
use smsc::receipt::ReceiptRequest;

use super::{address, coding, times};
use crate::config::TextCoding;

/// Whose PDU it is, and when it came.
pub(crate) struct Reading<'a> {
    /// Where receipts go back to.
    pub(crate) origin: &'a Endpoint,
    /// The account that the message belongs to.
    pub(crate) account: &'a Name,
    /// What data_coding 0 means.
    pub(crate) text_coding: TextCoding,
    /// The time of arrival.
    pub(crate) now: Timestamp,
}

/// What the PDUs that carry a message have in common.
pub(crate) struct Fields<'a> {
    pub(crate) service_type: &'a [u8],
    pub(crate) source: smpp::pdu::Address<'a>,
    pub(crate) destination: smpp::pdu::Address<'a>,
    pub(crate) esm_class: EsmClass,
    pub(crate) protocol_id: u8,
    pub(crate) priority_flag: u8,
    pub(crate) schedule_delivery_time: &'a [u8],
    pub(crate) validity_period: &'a [u8],
    pub(crate) registered_delivery: u8,
    pub(crate) replace_if_present_flag: u8,
    pub(crate) data_coding: u8,
    pub(crate) sm_default_msg_id: u8,
    pub(crate) short_message: &'a [u8],
    pub(crate) tlvs: Tlvs<'a>,
}

impl<'a> From<&Sm<'a>> for Fields<'a> {
    fn from(sm: &Sm<'a>) -> Self {
        Self {
            service_type: sm.service_type,
            source: sm.source,
            destination: sm.destination,
            esm_class: sm.esm_class,
            protocol_id: sm.protocol_id,
            priority_flag: sm.priority_flag,
            schedule_delivery_time: sm.schedule_delivery_time,
            validity_period: sm.validity_period,
            registered_delivery: sm.registered_delivery.0,
            replace_if_present_flag: sm.replace_if_present_flag,
            data_coding: sm.data_coding.0,
            sm_default_msg_id: sm.sm_default_msg_id,
            short_message: sm.short_message,
            tlvs: sm.tlvs,
        }
    }
}

impl<'a> From<&DataSm<'a>> for Fields<'a> {
    fn from(data_sm: &DataSm<'a>) -> Self {
        Self {
            service_type: data_sm.service_type,
            source: data_sm.source,
            destination: data_sm.destination,
            esm_class: data_sm.esm_class,
            protocol_id: 0,
            priority_flag: 0,
            schedule_delivery_time: &[],
            validity_period: &[],
            registered_delivery: data_sm.registered_delivery.0,
            replace_if_present_flag: 0,
            data_coding: data_sm.data_coding.0,
            sm_default_msg_id: 0,
            short_message: &[],
            tlvs: data_sm.tlvs,
        }
    }
}

impl<'a> Fields<'a> {
    /// The message that submit_multi makes for one of its destinations.
    pub(crate) fn of_multi(multi: &SubmitMulti<'a>, destination: smpp::pdu::Address<'a>) -> Self {
        Self {
            service_type: multi.service_type,
            source: multi.source,
            destination,
            esm_class: multi.esm_class,
            protocol_id: multi.protocol_id,
            priority_flag: multi.priority_flag,
            schedule_delivery_time: multi.schedule_delivery_time,
            validity_period: multi.validity_period,
            registered_delivery: multi.registered_delivery.0,
            replace_if_present_flag: multi.replace_if_present_flag,
            data_coding: multi.data_coding.0,
            sm_default_msg_id: multi.sm_default_msg_id,
            short_message: multi.short_message,
            tlvs: multi.tlvs,
        }
    }
}

/// Reads a message. `frame` is what `fields` borrow from: bodies are shared with it, not copied.
///
/// # Errors
/// The status that the peer should get.
pub(crate) fn submission(
    frame: &Frame<'_>,
    fields: &Fields<'_>,
    reading: &Reading<'_>,
) -> Result<Submission, Status> {
    let extras = Extras::read(fields.tlvs)?;
    if fields.replace_if_present_flag > 1 {
        return Err(Status::ESME_RINVREPFLAG);
    }
    if fields.sm_default_msg_id != 0 && fields.short_message.is_empty() && extras.payload.is_none() {
        return Err(Status::ESME_RINVDFTMSGID);
    }
    let validity_end =
        times::read(fields.validity_period, reading.now).map_err(|_| Status::ESME_RINVEXPIRY)?;
    let deliver_after =
        times::read(fields.schedule_delivery_time, reading.now).map_err(|_| Status::ESME_RINVSCHED)?;
    Ok(Submission {
        origin: reading.origin.clone(),
        account: reading.account.clone(),
        source: address::inward(&fields.source).ok_or(Status::ESME_RINVSRCADR)?,
        destination: address::inward(&fields.destination).ok_or(Status::ESME_RINVDSTADR)?,
        content: content(frame, fields, &extras, reading.text_coding)?,
        mode: match fields.esm_class.messaging_mode() {
            MessagingMode::Datagram => Mode::Datagram,
            MessagingMode::Transaction => Mode::Transactional,
            MessagingMode::Default | MessagingMode::StoreAndForward => Mode::StoreAndForward,
        },
        receipt: ReceiptRequest(fields.registered_delivery),
        priority: priority(fields.priority_flag)?,
        protocol_id: fields.protocol_id,
        reply_path: fields.esm_class.has_reply_path(),
        service_type: CompactString::from_utf8(fields.service_type).map_err(|_| Status::ESME_RINVSERTYP)?,
        optional: extras.rest(frame, fields.tlvs),
        deliver_after,
        validity: validity_end.map(Validity::Until).or(extras.time_to_live.map(Validity::For)),
        client_key: None,
        received_via: None,
        received_at: None,
        headers: Vec::new(),
        // Another centre gives no such order.
        replaces: fields.replace_if_present_flag == 1 && matches!(reading.origin, Endpoint::Esme(_)),
    })
}

/// 3.4 has 0 to 3, and 5.0 a 4 for the highest; there are no five priorities in GSM.
const fn priority(flag: u8) -> Result<u8, Status> {
    match flag {
        0..=3 => Ok(flag),
        4 => Ok(3),
        _ => Err(Status::ESME_RINVPRTFLG),
    }
}

/// The optional parameters that become something else inside. All others travel on as they are.
#[derive(Default)]
struct Extras<'a> {
    payload: Option<&'a [u8]>,
    concatenation: Option<Concatenation>,
    ports: Option<Ports>,
    class: Option<MessageClass>,
    time_to_live: Option<Duration>,
}

const UNDERSTOOD: [Tag; 8] = [
    Tag::MESSAGE_PAYLOAD,
    Tag::SAR_MSG_REF_NUM,
    Tag::SAR_TOTAL_SEGMENTS,
    Tag::SAR_SEGMENT_SEQNUM,
    Tag::SOURCE_PORT,
    Tag::DESTINATION_PORT,
    Tag::DEST_ADDR_SUBUNIT,
    Tag::QOS_TIME_TO_LIVE,
];

impl<'a> Extras<'a> {
    fn read(tlvs: Tlvs<'a>) -> Result<Self, Status> {
        if tlvs.is_empty() {
            return Ok(Self::default());
        }
        let malformed = |error: smpp::Error| error.status();
        let u8 = |tag| tlvs.get(tag).map(|tlv| tlv.u8()).transpose().map_err(malformed);
        let u16 = |tag| tlvs.get(tag).map(|tlv| tlv.u16()).transpose().map_err(malformed);
        let reference = u16(Tag::SAR_MSG_REF_NUM)?;
        let total = u8(Tag::SAR_TOTAL_SEGMENTS)?;
        let sequence = u8(Tag::SAR_SEGMENT_SEQNUM)?;
        let (source, destination) = (u16(Tag::SOURCE_PORT)?, u16(Tag::DESTINATION_PORT)?);
        let time_to_live = tlvs.get(Tag::QOS_TIME_TO_LIVE).map(|tlv| tlv.u32()).transpose();
        Ok(Self {
            payload: tlvs.get(Tag::MESSAGE_PAYLOAD).map(|tlv| tlv.value),
            concatenation: match (reference, total, sequence) {
                (Some(reference), Some(total), Some(sequence @ 1..)) if sequence <= total => {
                    Some(Concatenation { reference: Reference::Sixteen(reference), total, sequence })
                }
                // Impossible numbers make it a message of its own (TS 23.040 §9.2.3.24.1).
                _ => None,
            },
            ports: match (source, destination) {
                (None, None) => None,
                (source, destination) => Some(Ports {
                    source: source.unwrap_or_default(),
                    destination: destination.unwrap_or_default(),
                }),
            },
            class: match u8(Tag::DEST_ADDR_SUBUNIT)? {
                Some(subunit @ 1..=4) => Some(MessageClass::from_bits(subunit - 1)),
                _ => None,
            },
            time_to_live: time_to_live.map_err(malformed)?.map(|seconds| Duration::from_secs(seconds.into())),
        })
    }

    /// The parameters that travel on, as they were written.
    fn rest(&self, frame: &Frame<'_>, tlvs: Tlvs<'_>) -> Bytes {
        let is_ours = |tag: Tag| UNDERSTOOD.contains(&tag);
        if tlvs.is_empty() || tlvs.iter().all(|tlv| is_ours(tlv.tag)) {
            return Bytes::new();
        }
        if !tlvs.iter().any(|tlv| is_ours(tlv.tag)) {
            return frame.bytes_of(tlvs.as_octets());
        }
        let mut kept = smpp::TlvBuffer::new();
        for tlv in tlvs.iter().filter(|tlv| !is_ours(tlv.tag)) {
            // It came in a TLV, so it fits into one.
            let _fits = kept.push(tlv.tag, tlv.value);
        }
        Bytes::copy_from_slice(kept.as_tlvs().as_octets())
    }
}

fn content(
    frame: &Frame<'_>,
    fields: &Fields<'_>,
    extras: &Extras<'_>,
    default: TextCoding,
) -> Result<Content, Status> {
    let user_data = match extras.payload {
        // The standard does not say which one would count (SMPP 3.4 §5.3.2.32).
        Some([_, ..]) if !fields.short_message.is_empty() => return Err(Status::ESME_RTLVNOTALLWD),
        Some(payload) if fields.short_message.is_empty() => payload,
        _ => fields.short_message,
    };
    let (header, body) = if fields.esm_class.has_udhi() {
        let (header, body) = split_header(user_data)?;
        (Some(header), body)
    } else {
        (None, user_data)
    };
    let inside = coding::inward(fields.data_coding, body, default)?;
    let data_coding = match extras.class {
        Some(class) => DataCoding(inside.data_coding).with_class(Some(class)).0,
        None => inside.data_coding,
    };
    let header = match header {
        None if extras.concatenation.is_none() && extras.ports.is_none() => Bytes::new(),
        Some(_) if extras.concatenation.is_none() && extras.ports.is_none() => {
            let octets = user_data.len() - body.len();
            frame.bytes_of(user_data.get(..octets).unwrap_or_default())
        }
        header => Bytes::from(with_extras(header.unwrap_or_default(), extras)?.encode()),
    };
    let body = match inside.rewritten {
        Some(body) => Bytes::from(body),
        None => frame.bytes_of(body),
    };
    fits(data_coding, &header, &body)?;
    Ok(Content { data_coding, header, body })
}

/// What the text of a replace_sm makes of the content that it replaces. It is read in the coding in
/// which the peer would be shown the old one.
///
/// # Errors
/// The status that the peer should get; a content with a header cannot be replaced by a text.
pub(crate) fn replacement(old: &Content, text: &Bytes, default: TextCoding) -> Result<Content, Status> {
    if !old.header.is_empty() {
        return Err(Status::ESME_RREPLACEFAIL);
    }
    let shown = coding::outward(old, default).data_coding;
    let inside = coding::inward(shown, text, default)?;
    let body = inside.rewritten.map_or_else(|| text.clone(), Bytes::from);
    Ok(Content { data_coding: inside.data_coding, header: Bytes::new(), body })
}

/// Splits the header off. UDHI without any data is a wrong flag; lengths that point past the end
/// are wrong lengths.
fn split_header(user_data: &[u8]) -> Result<(UserDataHeader, &[u8]), Status> {
    if user_data.is_empty() {
        return Err(Status::ESME_RINVESMCLASS);
    }
    UserDataHeader::split(user_data).map_err(|_| Status::ESME_RINVMSGLEN)
}

/// A header says what it says; a TLV only adds what the header does not have.
fn with_extras(mut header: UserDataHeader, extras: &Extras<'_>) -> Result<UserDataHeader, Status> {
    if let Some(ports) = extras.ports
        && header.ports().is_none()
    {
        header.set_ports(ports).map_err(|_| Status::ESME_RINVMSGLEN)?;
    }
    match extras.concatenation {
        Some(part) if header.concatenation().is_none() => {
            header.with_concatenation(part).map_err(|_| Status::ESME_RINVMSGLEN)
        }
        _ => Ok(header),
    }
}

/// What is one segment already cannot be split again, so it must fit into a short message.
fn fits(data_coding: u8, header: &Bytes, body: &Bytes) -> Result<(), Status> {
    if header.is_empty() {
        return Ok(());
    }
    let room = segment::capacity(DataCoding(data_coding).alphabet(), header.len());
    let is_segment = || UserDataHeader::decode(header).is_ok_and(|header| header.concatenation().is_some());
    if body.len() > room && is_segment() { Err(Status::ESME_RINVMSGLEN) } else { Ok(()) }
}
