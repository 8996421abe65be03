//! The PDUs of SMPP 3.3, 3.4 and 5.0 as structs of borrowed views (SMPP 3.4 §4, SMPP 5.0 §4).
//!
//! A view (`&[u8]`) of a C-octet string has no NUL. In a response the
//! `Option` of its first field distinguishes a body that was left out (as in
//! error responses, SMPP 3.4 §4.4.2) from an empty string.
//!
//! Every PDU keeps the optional parameters that came with it, also where the
//! standard lists none: SMPP 5.0 lets any PDU carry TLVs.

use bytes::BytesMut;

use crate::command::{CommandId, Header};
use crate::error::Error;
use crate::reader::Reader;
use crate::status::Status;
use crate::tlv::Tlvs;
use crate::writer::Writer;

mod address;
mod alert_notification;
mod bind;
mod broadcast_sm;
mod check;
mod data_sm;
mod flags;
mod query_msgs;
mod query_sm;
mod sm;
mod submit_multi;

pub use address::{Address, Npi, Ton};
pub use alert_notification::AlertNotification;
pub use bind::{Bind, BindKind, BindResp, Outbind};
pub use broadcast_sm::{BroadcastSm, CancelBroadcastSm, QueryBroadcastSm};
pub use data_sm::DataSm;
pub use flags::{DataCoding, EsmClass, MessageType, MessagingMode, ReceiptRequest, RegisteredDelivery};
pub use query_msgs::{
    MsgDetails, ParamRetrieve, ParamRetrieveResp, QueryLastMsgs, QueryLastMsgsResp, QueryMsgDetails,
    QueryMsgDetailsResp,
};
pub use query_sm::{CancelSm, QuerySm, QuerySmResp, ReplaceSm};
pub use sm::{Sm, SmResp};
pub use submit_multi::{Destination, SubmitMulti, SubmitMultiResp, UnsuccessSme};

/// One PDU of SMPP 3.3, 3.4 or 5.0.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Pdu<'a> {
    /// bind_transmitter, bind_receiver or bind_transceiver.
    Bind(Bind<'a>),
    /// Their responses.
    BindResp(BindResp<'a>),
    /// The centre asks an ESME to bind.
    Outbind(Outbind<'a>),
    /// Ends the session.
    Unbind(Tlvs<'a>),
    /// Answers unbind.
    UnbindResp(Tlvs<'a>),
    /// Tests the link.
    EnquireLink(Tlvs<'a>),
    /// Answers enquire_link.
    EnquireLinkResp(Tlvs<'a>),
    /// A PDU was not understood.
    GenericNack(Tlvs<'a>),
    /// A message from an ESME.
    SubmitSm(Sm<'a>),
    /// Answers submit_sm.
    SubmitSmResp(SmResp<'a>),
    /// A message or receipt for an ESME.
    DeliverSm(Sm<'a>),
    /// Answers deliver_sm.
    DeliverSmResp(SmResp<'a>),
    /// A message in either direction, its text in a TLV.
    DataSm(DataSm<'a>),
    /// Answers data_sm.
    DataSmResp(SmResp<'a>),
    /// A message for several destinations.
    SubmitMulti(SubmitMulti<'a>),
    /// Answers submit_multi.
    SubmitMultiResp(SubmitMultiResp<'a>),
    /// Asks for the state of a message.
    QuerySm(QuerySm<'a>),
    /// Answers query_sm.
    QuerySmResp(QuerySmResp<'a>),
    /// Cancels a message.
    CancelSm(CancelSm<'a>),
    /// Answers cancel_sm.
    CancelSmResp(Tlvs<'a>),
    /// Changes a message.
    ReplaceSm(ReplaceSm<'a>),
    /// Answers replace_sm.
    ReplaceSmResp(Tlvs<'a>),
    /// A subscriber is reachable; has no response.
    AlertNotification(AlertNotification<'a>),
    /// A message for all phones in an area.
    BroadcastSm(BroadcastSm<'a>),
    /// Answers broadcast_sm.
    BroadcastSmResp(SmResp<'a>),
    /// Asks for the state of a broadcast.
    QueryBroadcastSm(QueryBroadcastSm<'a>),
    /// Answers query_broadcast_sm; the state is the TLV `message_state`.
    QueryBroadcastSmResp(SmResp<'a>),
    /// Cancels a broadcast.
    CancelBroadcastSm(CancelBroadcastSm<'a>),
    /// Answers cancel_broadcast_sm.
    CancelBroadcastSmResp(Tlvs<'a>),
    /// Asks for a parameter of the centre; only 3.3 has it, as the five that follow.
    ParamRetrieve(ParamRetrieve<'a>),
    /// Answers param_retrieve.
    ParamRetrieveResp(ParamRetrieveResp<'a>),
    /// Asks for the ids of the last messages.
    QueryLastMsgs(QueryLastMsgs<'a>),
    /// Answers query_last_msgs.
    QueryLastMsgsResp(QueryLastMsgsResp<'a>),
    /// Asks for the details of a message.
    QueryMsgDetails(QueryMsgDetails<'a>),
    /// Answers query_msg_details.
    QueryMsgDetailsResp(QueryMsgDetailsResp<'a>),
    /// A command that no standard names, or one of a vendor, as it came.
    Unknown(Unknown<'a>),
}

impl<'a> Pdu<'a> {
    /// Reads the body that followed `header`.
    pub fn decode(header: &Header, body: &'a [u8]) -> Result<Self, Error> {
        let reader = Reader::new(body);
        let id = header.command_id;
        Ok(match id {
            CommandId::SUBMIT_SM => Self::SubmitSm(Sm::decode(reader)?),
            CommandId::SUBMIT_SM_RESP => Self::SubmitSmResp(SmResp::decode(reader)?),
            CommandId::DELIVER_SM => Self::DeliverSm(Sm::decode(reader)?),
            CommandId::DELIVER_SM_RESP => Self::DeliverSmResp(SmResp::decode(reader)?),
            CommandId::DATA_SM => Self::DataSm(DataSm::decode(reader)?),
            CommandId::DATA_SM_RESP => Self::DataSmResp(SmResp::decode(reader)?),
            CommandId::ENQUIRE_LINK => Self::EnquireLink(reader.end()?),
            CommandId::ENQUIRE_LINK_RESP => Self::EnquireLinkResp(reader.end()?),
            CommandId::UNBIND => Self::Unbind(reader.end()?),
            CommandId::UNBIND_RESP => Self::UnbindResp(reader.end()?),
            CommandId::GENERIC_NACK => Self::GenericNack(reader.end()?),
            CommandId::OUTBIND => Self::Outbind(Outbind::decode(reader)?),
            CommandId::SUBMIT_MULTI => Self::SubmitMulti(SubmitMulti::decode(reader)?),
            CommandId::SUBMIT_MULTI_RESP => Self::SubmitMultiResp(SubmitMultiResp::decode(reader)?),
            CommandId::QUERY_SM => Self::QuerySm(QuerySm::decode(reader)?),
            CommandId::QUERY_SM_RESP => Self::QuerySmResp(QuerySmResp::decode(reader)?),
            CommandId::CANCEL_SM => Self::CancelSm(CancelSm::decode(reader)?),
            CommandId::CANCEL_SM_RESP => Self::CancelSmResp(reader.end()?),
            CommandId::REPLACE_SM => Self::ReplaceSm(ReplaceSm::decode(reader)?),
            CommandId::REPLACE_SM_RESP => Self::ReplaceSmResp(reader.end()?),
            CommandId::ALERT_NOTIFICATION => Self::AlertNotification(AlertNotification::decode(reader)?),
            CommandId::BROADCAST_SM => Self::BroadcastSm(BroadcastSm::decode(reader)?),
            CommandId::BROADCAST_SM_RESP => Self::BroadcastSmResp(SmResp::decode(reader)?),
            CommandId::QUERY_BROADCAST_SM => Self::QueryBroadcastSm(QueryBroadcastSm::decode(reader)?),
            CommandId::QUERY_BROADCAST_SM_RESP => Self::QueryBroadcastSmResp(SmResp::decode(reader)?),
            CommandId::CANCEL_BROADCAST_SM => Self::CancelBroadcastSm(CancelBroadcastSm::decode(reader)?),
            CommandId::CANCEL_BROADCAST_SM_RESP => Self::CancelBroadcastSmResp(reader.end()?),
            CommandId::PARAM_RETRIEVE => Self::ParamRetrieve(ParamRetrieve::decode(reader)?),
            CommandId::PARAM_RETRIEVE_RESP => Self::ParamRetrieveResp(ParamRetrieveResp::decode(reader)?),
            CommandId::QUERY_LAST_MSGS => Self::QueryLastMsgs(QueryLastMsgs::decode(reader)?),
            CommandId::QUERY_LAST_MSGS_RESP => Self::QueryLastMsgsResp(QueryLastMsgsResp::decode(reader)?),
            CommandId::QUERY_MSG_DETAILS => Self::QueryMsgDetails(QueryMsgDetails::decode(reader)?),
            CommandId::QUERY_MSG_DETAILS_RESP => {
                Self::QueryMsgDetailsResp(QueryMsgDetailsResp::decode(reader)?)
            }
            _ => match (BindKind::from_command_id(id.request()), id.is_response()) {
                (Some(kind), false) => Self::Bind(Bind::decode(kind, reader)?),
                (Some(kind), true) => Self::BindResp(BindResp::decode(kind, reader)?),
                (None, _) => Self::Unknown(Unknown { command_id: id, body }),
            },
        })
    }

    /// Appends the PDU to `out`. On an error `out` is as it was before.
    ///
    /// `status` is [`Status::ESME_ROK`] in a request.
    pub fn encode(&self, sequence_number: u32, status: Status, out: &mut BytesMut) -> Result<(), Error> {
        let mut writer = Writer::open(out, self.command_id(), status, sequence_number);
        let written = self.encode_body(&mut writer);
        writer.close(written)
    }

    /// Which operation this is.
    pub const fn command_id(&self) -> CommandId {
        match self {
            Self::Bind(bind) => bind.kind.command_id(),
            Self::BindResp(bind) => bind.kind.command_id().response(),
            Self::Outbind(_) => CommandId::OUTBIND,
            Self::Unbind(_) => CommandId::UNBIND,
            Self::UnbindResp(_) => CommandId::UNBIND_RESP,
            Self::EnquireLink(_) => CommandId::ENQUIRE_LINK,
            Self::EnquireLinkResp(_) => CommandId::ENQUIRE_LINK_RESP,
            Self::GenericNack(_) => CommandId::GENERIC_NACK,
            Self::SubmitSm(_) => CommandId::SUBMIT_SM,
            Self::SubmitSmResp(_) => CommandId::SUBMIT_SM_RESP,
            Self::DeliverSm(_) => CommandId::DELIVER_SM,
            Self::DeliverSmResp(_) => CommandId::DELIVER_SM_RESP,
            Self::DataSm(_) => CommandId::DATA_SM,
            Self::DataSmResp(_) => CommandId::DATA_SM_RESP,
            Self::SubmitMulti(_) => CommandId::SUBMIT_MULTI,
            Self::SubmitMultiResp(_) => CommandId::SUBMIT_MULTI_RESP,
            Self::QuerySm(_) => CommandId::QUERY_SM,
            Self::QuerySmResp(_) => CommandId::QUERY_SM_RESP,
            Self::CancelSm(_) => CommandId::CANCEL_SM,
            Self::CancelSmResp(_) => CommandId::CANCEL_SM_RESP,
            Self::ReplaceSm(_) => CommandId::REPLACE_SM,
            Self::ReplaceSmResp(_) => CommandId::REPLACE_SM_RESP,
            Self::AlertNotification(_) => CommandId::ALERT_NOTIFICATION,
            Self::BroadcastSm(_) => CommandId::BROADCAST_SM,
            Self::BroadcastSmResp(_) => CommandId::BROADCAST_SM_RESP,
            Self::QueryBroadcastSm(_) => CommandId::QUERY_BROADCAST_SM,
            Self::QueryBroadcastSmResp(_) => CommandId::QUERY_BROADCAST_SM_RESP,
            Self::CancelBroadcastSm(_) => CommandId::CANCEL_BROADCAST_SM,
            Self::CancelBroadcastSmResp(_) => CommandId::CANCEL_BROADCAST_SM_RESP,
            Self::ParamRetrieve(_) => CommandId::PARAM_RETRIEVE,
            Self::ParamRetrieveResp(_) => CommandId::PARAM_RETRIEVE_RESP,
            Self::QueryLastMsgs(_) => CommandId::QUERY_LAST_MSGS,
            Self::QueryLastMsgsResp(_) => CommandId::QUERY_LAST_MSGS_RESP,
            Self::QueryMsgDetails(_) => CommandId::QUERY_MSG_DETAILS,
            Self::QueryMsgDetailsResp(_) => CommandId::QUERY_MSG_DETAILS_RESP,
            Self::Unknown(unknown) => unknown.command_id,
        }
    }

    fn encode_body(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        match self {
            Self::Bind(bind) => bind.encode(writer),
            Self::BindResp(resp) => resp.encode(writer),
            Self::Outbind(outbind) => outbind.encode(writer),
            Self::SubmitSm(sm) | Self::DeliverSm(sm) => sm.encode(writer),
            Self::SubmitSmResp(resp)
            | Self::DeliverSmResp(resp)
            | Self::DataSmResp(resp)
            | Self::BroadcastSmResp(resp)
            | Self::QueryBroadcastSmResp(resp) => resp.encode(writer),
            Self::SubmitMulti(multi) => multi.encode(writer),
            Self::SubmitMultiResp(resp) => resp.encode(writer),
            Self::QuerySm(query) => query.encode(writer),
            Self::QuerySmResp(resp) => resp.encode(writer),
            Self::CancelSm(cancel) => cancel.encode(writer),
            Self::ReplaceSm(replace) => replace.encode(writer),
            Self::AlertNotification(alert) => alert.encode(writer),
            Self::BroadcastSm(broadcast) => broadcast.encode(writer),
            Self::QueryBroadcastSm(query) => query.encode(writer),
            Self::CancelBroadcastSm(cancel) => cancel.encode(writer),
            Self::ParamRetrieve(param) => param.encode(writer),
            Self::ParamRetrieveResp(resp) => resp.encode(writer),
            Self::QueryLastMsgs(query) => query.encode(writer),
            Self::QueryLastMsgsResp(resp) => resp.encode(writer),
            Self::QueryMsgDetails(query) => query.encode(writer),
            Self::QueryMsgDetailsResp(resp) => resp.encode(writer),
            Self::DataSm(data_sm) => data_sm.encode(writer),
            Self::Unbind(tlvs)
            | Self::UnbindResp(tlvs)
            | Self::EnquireLink(tlvs)
            | Self::EnquireLinkResp(tlvs)
            | Self::GenericNack(tlvs)
            | Self::CancelSmResp(tlvs)
            | Self::ReplaceSmResp(tlvs)
            | Self::CancelBroadcastSmResp(tlvs) => {
                writer.tlvs(*tlvs);
                Ok(())
            }
            Self::Unknown(unknown) => {
                writer.octets(unknown.body);
                Ok(())
            }
        }
    }
}

/// A PDU of an unknown command.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Unknown<'a> {
    /// The command.
    pub command_id: CommandId,
    /// Everything after the header.
    pub body: &'a [u8],
}

/// Hides the body.
impl std::fmt::Debug for Unknown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unknown({}, {} octets)", self.command_id, self.body.len())
    }
}
