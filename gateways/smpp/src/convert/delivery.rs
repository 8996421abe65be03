//! Messages to deliver_sm (for an ESME) and submit_sm (for another centre).

use bytes::{Bytes, BytesMut};
use smpp::pdu::{DataCoding, EsmClass, RegisteredDelivery, Sm};
use smpp::{Pdu, Status, Tag, TlvBuffer, Tlvs, Version};
use sms::header::{Reference, UserDataHeader};
use sms::segment;
use smsc::failure::Failure;
use smsc::ids::MessageId;
use smsc::message::{Message, Mode};

use super::{IdText, address, coding, receipt, times};
use crate::config::{LongMessages, MessageIdFormat, TextCoding};

/// Octets that short_message holds (SMPP 3.4 §5.2.22).
const SHORT_MESSAGE_MAX: usize = 254;

/// The form that one peer wants its messages in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shape {
    /// Whether it is another centre, which gets submit_sm, or an ESME, which gets deliver_sm.
    pub(crate) submits: bool,
    /// What data_coding 0 means.
    pub(crate) text_coding: TextCoding,
    /// How it gets long messages.
    pub(crate) long_messages: LongMessages,
    /// Whether it gets optional parameters.
    pub(crate) optional_parameters: bool,
    /// Whether the end of the validity is told.
    pub(crate) forward_validity: bool,
    /// How ids are written in receipts.
    pub(crate) message_id_format: MessageIdFormat,
    /// Octets of the text in a receipt.
    pub(crate) receipt_text_octets: usize,
    /// Minutes that the dates in a receipt are ahead of UTC.
    pub(crate) receipt_offset_minutes: i16,
}

impl Shape {
    /// The same for a session of this version.
    #[must_use]
    pub(crate) const fn for_version(mut self, version: Version) -> Self {
        self.optional_parameters = self.optional_parameters && version.has_tlvs();
        self
    }
}

/// One segment: what goes into one PDU.
#[derive(Debug)]
pub(crate) struct Part {
    header: Bytes,
    /// In the peer's form.
    body: Bytes,
}

/// A delivery, ready to be written part by part.
pub(crate) struct Outgoing {
    data_coding: u8,
    /// The parts in their order; most messages have one.
    first: Part,
    more: Vec<Part>,
}

/// Memory that is used again for each PDU.
#[derive(Default)]
pub(crate) struct Scratch {
    user_data: Vec<u8>,
    tlvs: TlvBuffer,
}

impl Outgoing {
    /// Puts a message into the form of `shape`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] if the message cannot be cut into segments.
    pub(crate) fn new(message: &Message, shape: &Shape) -> Result<Self, Failure> {
        if let Some(told) = message.as_receipt() {
            let text = receipt::text(told, shape);
            let first = Part { header: Bytes::new(), body: Bytes::from(text) };
            return Ok(Self { data_coding: 0, first, more: Vec::new() });
        }
        let outside = coding::outward(&message.content, shape.text_coding);
        let data_coding = outside.data_coding;
        let one = |header, body| Self { data_coding, first: Part { header, body }, more: Vec::new() };
        if outside.body.len() <= segment::capacity(outside.alphabet, outside.header.len()) {
            return Ok(one(outside.header.clone(), outside.finish(outside.body.clone())));
        }
        if shape.long_messages == LongMessages::Payload {
            let whole = outside.finish(outside.body.clone());
            if shape.optional_parameters || outside.header.len() + whole.len() <= SHORT_MESSAGE_MAX {
                return Ok(one(outside.header.clone(), whole));
            }
        }
        let header = UserDataHeader::decode(&outside.header).unwrap_or_default();
        let segments = segment::split(outside.alphabet, &outside.body, &header, reference(message.id));
        let mut parts = segments.map_err(|_| Failure::Unsupported)?.into_iter().map(|each| Part {
            header: Bytes::from(each.header.encode()),
            body: outside.finish(Bytes::from(each.body)),
        });
        let first = parts.next().ok_or(Failure::Unsupported)?;
        Ok(Self { data_coding, first, more: parts.collect() })
    }

    /// How many PDUs it takes.
    pub(crate) const fn len(&self) -> usize {
        1 + self.more.len()
    }

    /// Appends the PDU of part `number`, counted from 0, to `out`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] if a field does not fit into the PDU.
    pub(crate) fn write(
        &self,
        number: usize,
        context: &Context<'_>,
        scratch: &mut Scratch,
        out: &mut BytesMut,
    ) -> Result<(), Failure> {
        let Context { message, shape, sequence_number, .. } = *context;
        let Scratch { user_data, tlvs } = scratch;
        let part = match number.checked_sub(1) {
            None => &self.first,
            Some(number) => self.more.get(number).ok_or(Failure::Unsupported)?,
        };
        let octets: &[u8] = if part.header.is_empty() {
            &part.body
        } else {
            user_data.clear();
            user_data.extend_from_slice(&part.header);
            user_data.extend_from_slice(&part.body);
            user_data
        };
        let in_payload = octets.len() > SHORT_MESSAGE_MAX;
        let tlvs = optional_parameters(message, shape, in_payload.then_some(octets), tlvs)?;
        let source = address::octets(&message.source);
        let destination = address::octets(&message.destination);
        let validity = if shape.forward_validity { times::write(message.expires_at) } else { None };
        let sm = Sm {
            service_type: message.service_type.as_bytes(),
            source: address::outward(&message.source, &source),
            destination: address::outward(&message.destination, &destination),
            esm_class: esm_class(message, shape, !part.header.is_empty()),
            protocol_id: message.protocol_id,
            priority_flag: message.priority,
            schedule_delivery_time: &[],
            validity_period: validity.as_ref().map_or(&[], |text| text.as_slice()),
            registered_delivery: RegisteredDelivery(u8::from(shape.submits && context.receipt_wanted)),
            replace_if_present_flag: 0,
            data_coding: DataCoding(self.data_coding),
            sm_default_msg_id: 0,
            short_message: if in_payload { &[] } else { octets },
            tlvs,
        };
        let pdu = if shape.submits { Pdu::SubmitSm(sm) } else { Pdu::DeliverSm(sm) };
        pdu.encode(sequence_number, Status::ESME_ROK, out).map_err(|_| Failure::Unsupported)
    }
}

/// What a PDU needs to know beside its part.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The message.
    pub(crate) message: &'a Message,
    /// The form that the peer wants.
    pub(crate) shape: &'a Shape,
    /// The number of the PDU.
    pub(crate) sequence_number: u32,
    /// Whether a receipt of the next centre is wanted.
    pub(crate) receipt_wanted: bool,
}

/// The reference that joins the segments of one message. It depends on the id alone: a message
/// that is sent again has the same one, so that a phone can drop what it has already.
fn reference(id: MessageId) -> Reference {
    let [mixed, ..] = id.get().wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    Reference::Eight(mixed)
}

fn esm_class(message: &Message, shape: &Shape, has_header: bool) -> EsmClass {
    let kind = match message.as_receipt() {
        Some(told) if told.is_intermediate() => EsmClass::INTERMEDIATE_NOTIFICATION.0,
        Some(_) => EsmClass::DELIVERY_RECEIPT.0,
        None => 0,
    };
    let mode = match message.mode {
        Mode::Datagram if shape.submits => 1,
        Mode::Transactional if shape.submits => 2,
        _ => 0,
    };
    let header = if has_header { EsmClass::UDHI } else { 0 };
    let reply_path = if message.reply_path { EsmClass::REPLY_PATH } else { 0 };
    EsmClass(kind | mode | header | reply_path)
}

fn optional_parameters<'s>(
    message: &'s Message,
    shape: &Shape,
    payload: Option<&[u8]>,
    room: &'s mut TlvBuffer,
) -> Result<Tlvs<'s>, Failure> {
    if !shape.optional_parameters {
        return if payload.is_some() { Err(Failure::Unsupported) } else { Ok(Tlvs::NONE) };
    }
    let kept = Tlvs::parse(&message.optional).unwrap_or_default();
    if payload.is_none() && message.as_receipt().is_none() {
        return Ok(kept);
    }
    room.clear();
    if let Some(told) = message.as_receipt() {
        let id = IdText::new(told.about, shape.message_id_format);
        room.push_c_octets(Tag::RECEIPTED_MESSAGE_ID, id.octets()).map_err(|_| Failure::Unsupported)?;
        room.push_u8(Tag::MESSAGE_STATE, told.state.number());
        if told.error != 0 {
            // Network type 3 is GSM (SMPP 3.4 §5.3.2.31).
            room.push(Tag::NETWORK_ERROR_CODE, &[3, 0, told.error]).map_err(|_| Failure::Unsupported)?;
        }
    }
    for tlv in kept {
        room.push(tlv.tag, tlv.value).map_err(|_| Failure::Unsupported)?;
    }
    if let Some(payload) = payload {
        room.push(Tag::MESSAGE_PAYLOAD, payload).map_err(|_| Failure::Unsupported)?;
    }
    Ok(room.as_tlvs())
}
