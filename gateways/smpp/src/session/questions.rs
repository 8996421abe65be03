//! What SMPP 3.3 alone lets an ESME ask: its last messages, all about one of them, and the
//! parameters of its account.
//!
//! Answered in every version: the numbers of these commands mean nothing else in later ones.

use smpp::pdu::{
    DataCoding, Destination, MsgDetails, ParamRetrieve, ParamRetrieveResp, QueryLastMsgs, QueryLastMsgsResp,
    QueryMsgDetails, QueryMsgDetailsResp, RegisteredDelivery,
};
use smpp::{Header, MessageState, Pdu, Status, Tlvs};
use sms::coding::Alphabet;
use smsc::ids::MessageId;
use smsc::ports::StoreError;
use smsc::stored::MessageDetails;

use super::answers::Done;
use super::{Moment, Running};
use crate::account::Settings;
use crate::convert::{self, IdText, final_date};

/// The most ids that one query_last_msgs may ask for; the standard's limit.
const LAST_MSGS_MAX: u8 = 100;

/// The longest text of SMPP 3.3.
const SHORT_MESSAGE_MAX: u8 = 160;

impl Running {
    /// The ids of the last messages from an address; without an address, of all messages of the account.
    pub(super) fn query_last(&self, header: &Header, query: &QueryLastMsgs<'_>) -> Result<(), Status> {
        let settings = self.peer.account().ok_or(Status::ESME_RINVCMDID)?;
        let source = convert::address(&query.source).ok_or(Status::ESME_RINVSRCADR)?;
        let limit = match query.num_of_msgs {
            0 => return Err(Status::ESME_RINVNUMMSGS),
            wanted => usize::from(wanted.min(LAST_MSGS_MAX)),
        };
        let asking = self.shared.centre.newest(settings.owner.clone(), source, limit);
        let header = *header;
        self.work.push(Box::pin(async move { Done::Newest(header, asking.await) }));
        Ok(())
    }

    /// All about one message of the account.
    pub(super) fn query_details(&self, header: &Header, query: &QueryMsgDetails<'_>) -> Result<(), Status> {
        let (account, id) = self.peer.message_of(query.message_id).ok_or(Status::ESME_RINVMSGID)?;
        let asking = self.shared.centre.details(account, id);
        let (header, sm_length) = (*header, query.sm_length.min(SHORT_MESSAGE_MAX));
        self.work.push(Box::pin(async move { Done::Detailed(header, sm_length, asking.await) }));
        Ok(())
    }

    /// One parameter of the account.
    pub(super) fn retrieve(
        &mut self,
        header: &Header,
        retrieve: &ParamRetrieve<'_>,
        moment: &Moment,
    ) -> Result<(), Status> {
        let settings = self.peer.account().ok_or(Status::ESME_RINVCMDID)?;
        let value = parameter(&settings, retrieve.param_name, moment).ok_or(Status::ESME_RINVPARAM)?;
        let resp = ParamRetrieveResp { param_value: Some(value.as_bytes()), tlvs: Tlvs::NONE };
        self.answer(header, &Pdu::ParamRetrieveResp(resp), Status::ESME_ROK, moment);
        Ok(())
    }

    pub(super) fn newest(
        &mut self,
        header: &Header,
        ids: &Result<Vec<MessageId>, StoreError>,
        moment: &Moment,
    ) {
        let Ok(ids) = ids else {
            return self.session.refuse(header, Status::ESME_RSYSERR, moment.instant);
        };
        let format = self.peer.message_id_format();
        let texts: Vec<IdText> = ids.iter().map(|id| IdText::new(*id, format)).collect();
        let message_ids = Some(texts.iter().map(IdText::octets).collect());
        let resp = QueryLastMsgsResp { message_ids, tlvs: Tlvs::NONE };
        self.answer(header, &Pdu::QueryLastMsgsResp(resp), Status::ESME_ROK, moment);
    }

    pub(super) fn detailed(
        &mut self,
        header: &Header,
        sm_length: u8,
        details: &Result<Option<MessageDetails>, StoreError>,
        moment: &Moment,
    ) {
        let MessageDetails { message, status } = match details {
            Ok(Some(details)) => details,
            Ok(None) => return self.session.refuse(header, Status::ESME_RQUERYFAIL, moment.instant),
            Err(_) => return self.session.refuse(header, Status::ESME_RSYSERR, moment.instant),
        };
        let Some(settings) = self.peer.account() else {
            return self.session.refuse(header, Status::ESME_RINVCMDID, moment.instant);
        };
        let (source, destination) = (message.presented_source(), message.presented_destination());
        let (from, to) = (convert::address_octets(source), convert::address_octets(destination));
        let text = convert::outward(&message.content, settings.config.text_coding);
        // Half a character is none.
        let whole = if text.alphabet == Alphabet::Ucs2 { sm_length & !1 } else { sm_length };
        let body = text.body.slice(..text.body.len().min(usize::from(whole)));
        let short_message = text.finish(body);
        let id = IdText::new(message.id, settings.config.message_id_format);
        let schedule = (message.deliver_after > message.accepted_at).then_some(message.deliver_after);
        let [schedule, validity, done] =
            [schedule, Some(message.expires_at), status.done_at].map(|time| time.and_then(final_date));
        let details = MsgDetails {
            service_type: message.service_type.as_bytes(),
            source: convert::address_outward(source, &from),
            destinations: vec![Destination::Address(convert::address_outward(destination, &to))],
            protocol_id: message.protocol_id,
            priority_flag: message.priority,
            schedule_delivery_time: octets(schedule.as_ref()),
            validity_period: octets(validity.as_ref()),
            registered_delivery: RegisteredDelivery(message.receipt.0),
            data_coding: DataCoding(text.data_coding),
            short_message: &short_message,
            message_id: id.octets(),
            final_date: octets(done.as_ref()),
            message_state: MessageState(status.state.number()),
            error_code: status.error,
        };
        let resp = QueryMsgDetailsResp { details: Some(details), tlvs: Tlvs::NONE };
        self.answer(header, &Pdu::QueryMsgDetailsResp(resp), Status::ESME_ROK, moment);
    }
}

/// A time as it is written, or nothing.
fn octets(time: Option<&[u8; 16]>) -> &[u8] {
    time.map_or(&[], |text| text.as_slice())
}

/// What an account may know of itself. The standard leaves the names to the centre.
fn parameter(settings: &Settings, name: &[u8], moment: &Moment) -> Option<String> {
    let config = &settings.config;
    Some(match name {
        b"interface_version" => {
            format!("{:02x}", smpp::Version::from(config.version_max).interface_version())
        }
        b"binds_max" => config.binds_max.to_string(),
        b"window" => config.window.to_string(),
        b"delivery_window" => config.delivery_window.to_string(),
        b"enquire_link_seconds" => config.enquire_link_seconds.to_string(),
        b"inactivity_seconds" => config.inactivity_seconds.to_string(),
        b"time" => String::from_utf8_lossy(&final_date(moment.time)?).into_owned(),
        _ => return None,
    })
}
