//! PDUs as structs of borrowed views.
//!
//! A view (`&[u8]`) of a C-octet string has no NUL. In a response the
//! `Option` of its first field tells a body that was left out (as error
//! responses do, SMPP 3.4 §4.4.2) from an empty string.
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
mod bind;
mod data_sm;
mod flags;
mod sm;

pub use address::{Address, Npi, Ton};
pub use bind::{Bind, BindKind, BindResp, Outbind};
pub use data_sm::DataSm;
pub use flags::{DataCoding, EsmClass, MessageType, MessagingMode, ReceiptRequest, RegisteredDelivery};
pub use sm::{Sm, SmResp};

/// One PDU of SMPP 3.3, 3.4 or 5.0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Pdu<'a> {
    /// bind_transmitter, bind_receiver or bind_transceiver.
    Bind(Bind<'a>),
    /// Their responses.
    BindResp(BindResp<'a>),
    /// The centre asks an ESME to bind.
    Outbind(Outbind<'a>),
    /// The sender wants to end the session.
    Unbind(Tlvs<'a>),
    /// Answers unbind.
    UnbindResp(Tlvs<'a>),
    /// Asks for a sign of life.
    EnquireLink(Tlvs<'a>),
    /// The sign of life.
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
    /// A command that no standard names, or one of a vendor, as it came.
    Unknown {
        /// The command.
        command_id: CommandId,
        /// Everything after the header.
        body: &'a [u8],
    },
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
            _ => match (BindKind::from_command_id(id.request()), id.is_response()) {
                (Some(kind), false) => Self::Bind(Bind::decode(kind, reader)?),
                (Some(kind), true) => Self::BindResp(BindResp::decode(kind, reader)?),
                (None, _) => Self::Unknown { command_id: id, body },
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
            Self::Unknown { command_id, .. } => *command_id,
        }
    }

    fn encode_body(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        match self {
            Self::Bind(bind) => bind.encode(writer),
            Self::BindResp(resp) => resp.encode(writer),
            Self::Outbind(outbind) => outbind.encode(writer),
            Self::SubmitSm(sm) | Self::DeliverSm(sm) => sm.encode(writer),
            Self::SubmitSmResp(resp) | Self::DeliverSmResp(resp) | Self::DataSmResp(resp) => {
                resp.encode(writer)
            }
            Self::DataSm(data_sm) => data_sm.encode(writer),
            Self::Unbind(tlvs)
            | Self::UnbindResp(tlvs)
            | Self::EnquireLink(tlvs)
            | Self::EnquireLinkResp(tlvs)
            | Self::GenericNack(tlvs) => {
                writer.tlvs(*tlvs);
                Ok(())
            }
            Self::Unknown { body, .. } => {
                writer.octets(body);
                Ok(())
            }
        }
    }
}
