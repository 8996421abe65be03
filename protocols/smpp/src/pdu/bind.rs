//! bind_transmitter, bind_receiver, bind_transceiver and outbind (SMPP 3.4 §4.1; SMPP 5.0 §4.1.1).

use crate::command::CommandId;
use crate::error::Error;
use crate::field;
use crate::pdu::{Npi, Ton};
use crate::reader::Reader;
use crate::tlv::{Tag, Tlvs};
use crate::writer::Writer;

/// What a bound ESME may do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum BindKind {
    /// Send to the centre.
    Transmitter,
    /// Receive from the centre.
    Receiver,
    /// Both, since SMPP 3.4.
    Transceiver,
}

impl BindKind {
    /// The kind that this request asks for, if it is a bind.
    pub const fn from_command_id(id: CommandId) -> Option<Self> {
        match id {
            CommandId::BIND_TRANSMITTER => Some(Self::Transmitter),
            CommandId::BIND_RECEIVER => Some(Self::Receiver),
            CommandId::BIND_TRANSCEIVER => Some(Self::Transceiver),
            _ => None,
        }
    }

    /// The request that asks for this kind.
    pub const fn command_id(self) -> CommandId {
        match self {
            Self::Transmitter => CommandId::BIND_TRANSMITTER,
            Self::Receiver => CommandId::BIND_RECEIVER,
            Self::Transceiver => CommandId::BIND_TRANSCEIVER,
        }
    }

    /// Whether the ESME may submit.
    pub const fn transmits(self) -> bool {
        matches!(self, Self::Transmitter | Self::Transceiver)
    }

    /// Whether the centre may deliver.
    pub const fn receives(self) -> bool {
        matches!(self, Self::Receiver | Self::Transceiver)
    }
}

/// A request to open a session.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Bind<'a> {
    /// Which of the three requests.
    pub kind: BindKind,
    /// The name of the ESME.
    pub system_id: &'a [u8],
    /// The secret, at most 8 octets.
    pub password: &'a [u8],
    /// The category of the ESME; most centres ignore it.
    pub system_type: &'a [u8],
    /// The version of the ESME: 0x34 is 3.4.
    pub interface_version: u8,
    /// Type of number of the addresses that the ESME serves.
    pub addr_ton: Ton,
    /// Their numbering plan.
    pub addr_npi: Npi,
    /// Which addresses the ESME serves, often as a regular expression.
    pub address_range: &'a [u8],
    /// Optional parameters; the standard names none.
    pub tlvs: Tlvs<'a>,
}

impl<'a> Bind<'a> {
    pub(crate) fn decode(kind: BindKind, mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            kind,
            system_id: body.c_octets(&field::SYSTEM_ID)?,
            password: body.c_octets(&field::PASSWORD)?,
            system_type: body.c_octets(&field::SYSTEM_TYPE)?,
            interface_version: body.u8("interface_version")?,
            addr_ton: body.u8("addr_ton")?.into(),
            addr_npi: body.u8("addr_npi")?.into(),
            address_range: body.c_octets(&field::ADDRESS_RANGE)?,
            tlvs: body.end()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::SYSTEM_ID, self.system_id)?;
        out.c_octets(&field::PASSWORD, self.password)?;
        out.c_octets(&field::SYSTEM_TYPE, self.system_type)?;
        out.u8(self.interface_version);
        out.u8(self.addr_ton.0);
        out.u8(self.addr_npi.0);
        out.c_octets(&field::ADDRESS_RANGE, self.address_range)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Hides the password.
impl std::fmt::Debug for Bind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind")
            .field("kind", &self.kind)
            .field("system_id", &self.system_id.escape_ascii().to_string())
            .field("interface_version", &self.interface_version)
            .finish_non_exhaustive()
    }
}

/// The answer to a bind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BindResp<'a> {
    /// Which of the three requests it answers.
    pub kind: BindKind,
    /// The name of the centre; `None` if the response has no body.
    pub system_id: Option<&'a [u8]>,
    /// `sc_interface_version`, if the centre has 3.4 or later.
    pub tlvs: Tlvs<'a>,
}

impl<'a> BindResp<'a> {
    /// The version that the centre states (SMPP 3.4 §5.3.2.25).
    pub fn sc_interface_version(&self) -> Option<u8> {
        self.tlvs.get(Tag::SC_INTERFACE_VERSION)?.u8().ok()
    }

    pub(crate) fn decode(kind: BindKind, mut body: Reader<'a>) -> Result<Self, Error> {
        if body.is_empty() {
            return Ok(Self { kind, system_id: None, tlvs: Tlvs::NONE });
        }
        Ok(Self { kind, system_id: Some(body.c_octets(&field::SYSTEM_ID)?), tlvs: body.tlvs()? })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        if let Some(system_id) = self.system_id {
            out.c_octets(&field::SYSTEM_ID, system_id)?;
            out.tlvs(self.tlvs);
        }
        Ok(())
    }
}

/// The centre asks an ESME to bind as a receiver.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Outbind<'a> {
    /// The name of the centre.
    pub system_id: &'a [u8],
    /// The centre's secret, at most 8 octets.
    pub password: &'a [u8],
    /// Optional parameters; the standard names none.
    pub tlvs: Tlvs<'a>,
}

impl<'a> Outbind<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            system_id: body.c_octets(&field::SYSTEM_ID)?,
            password: body.c_octets(&field::PASSWORD)?,
            tlvs: body.end()?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) -> Result<(), Error> {
        out.c_octets(&field::SYSTEM_ID, self.system_id)?;
        out.c_octets(&field::PASSWORD, self.password)?;
        out.tlvs(self.tlvs);
        Ok(())
    }
}

/// Hides the password.
impl std::fmt::Debug for Outbind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let system_id = self.system_id.escape_ascii().to_string();
        f.debug_struct("Outbind").field("system_id", &system_id).finish_non_exhaustive()
    }
}
