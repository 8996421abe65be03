//! Relay protocol data units (3GPP TS 24.011 §7.3): the envelope of TPDUs between
//! phone and network, which IMS carries in SIP MESSAGE.
//!
//! The TPDU inside is kept as octets; [`tpdu`](crate::tpdu) reads it.

use std::fmt;

use crate::address::Address;
use crate::error::{Error, Truncated};

/// The direction of an RPDU.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// From the phone to the network.
    FromMobile,
    /// From the network to the phone.
    ToMobile,
}

/// RP-Cause (§8.2.5.4), seven bits.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Cause(pub u8);

impl Cause {
    /// Unassigned number.
    pub const UNASSIGNED_NUMBER: Self = Self(1);
    /// Operator determined barring.
    pub const OPERATOR_DETERMINED_BARRING: Self = Self(8);
    /// Call barred.
    pub const CALL_BARRED: Self = Self(10);
    /// Short message transfer rejected.
    pub const TRANSFER_REJECTED: Self = Self(21);
    /// Memory capacity exceeded.
    pub const MEMORY_CAPACITY_EXCEEDED: Self = Self(22);
    /// Destination out of order.
    pub const DESTINATION_OUT_OF_ORDER: Self = Self(27);
    /// Unidentified subscriber.
    pub const UNIDENTIFIED_SUBSCRIBER: Self = Self(28);
    /// Facility rejected.
    pub const FACILITY_REJECTED: Self = Self(29);
    /// Unknown subscriber.
    pub const UNKNOWN_SUBSCRIBER: Self = Self(30);
    /// Network out of order.
    pub const NETWORK_OUT_OF_ORDER: Self = Self(38);
    /// Temporary failure.
    pub const TEMPORARY_FAILURE: Self = Self(41);
    /// Congestion.
    pub const CONGESTION: Self = Self(42);
    /// Resources unavailable, unspecified.
    pub const RESOURCES_UNAVAILABLE: Self = Self(47);
    /// Requested facility not subscribed.
    pub const FACILITY_NOT_SUBSCRIBED: Self = Self(50);
    /// Requested facility not implemented.
    pub const FACILITY_NOT_IMPLEMENTED: Self = Self(69);
    /// Invalid short message transfer reference value.
    pub const INVALID_REFERENCE: Self = Self(81);
    /// Semantically incorrect message.
    pub const SEMANTICALLY_INCORRECT: Self = Self(95);
    /// Invalid mandatory information.
    pub const INVALID_MANDATORY_INFORMATION: Self = Self(96);
    /// Protocol error, unspecified.
    pub const PROTOCOL_ERROR: Self = Self(111);
    /// Interworking, unspecified.
    pub const INTERWORKING: Self = Self(127);
}

/// The type and contents of an [`Rpdu`].
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Content {
    /// RP-DATA.
    Data {
        /// The service centre: RP-DA from the phone, RP-OA to the phone.
        service_centre: Option<Address>,
        /// RP-User-Data: an SMS-SUBMIT, SMS-COMMAND, SMS-DELIVER or SMS-STATUS-REPORT.
        tpdu: Vec<u8>,
    },
    /// RP-ACK.
    Ack {
        /// RP-User-Data: a report without failure cause.
        tpdu: Option<Vec<u8>>,
    },
    /// RP-ERROR.
    Error {
        /// RP-Cause.
        cause: Cause,
        /// The diagnostic field of RP-Cause.
        diagnostic: Option<u8>,
        /// RP-User-Data: a report with failure cause.
        tpdu: Option<Vec<u8>>,
    },
    /// RP-SMMA: the phone has memory for messages again. Only from the phone.
    MemoryAvailable,
}

/// One relay protocol data unit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Rpdu {
    /// The direction, which the type indicator includes.
    pub direction: Direction,
    /// RP-Message-Reference, which an answer repeats.
    pub message_reference: u8,
    /// The type and its elements.
    pub content: Content,
}

const DATA: u8 = 0;
const ACK: u8 = 2;
const ERROR: u8 = 4;
const MEMORY_AVAILABLE: u8 = 6;
const TYPE_MASK: u8 = 0b111;
/// RP-User-Data where it is optional (§8.2.5.3).
const USER_DATA_IDENTIFIER: u8 = 0x41;
/// Octets in RP-User-Data (§8.2.5.3).
const USER_DATA_MAX: usize = 233;

impl Rpdu {
    /// Reads an RPDU.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::MessageType`] for a type that is reserved, and
    /// the errors of [`Address`].
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        let Some((&[kind, message_reference], rest)) = octets.split_first_chunk::<2>() else {
            return Err(Truncated { needed: 2, present: octets.len() }.into());
        };
        let kind = kind & TYPE_MASK;
        let direction = if kind & 1 == 0 { Direction::FromMobile } else { Direction::ToMobile };
        let content = match (kind & !1, direction) {
            (DATA, _) => decode_data(rest, direction)?,
            (ACK, _) => Content::Ack { tpdu: decode_optional(rest)? },
            (ERROR, _) => decode_error(rest)?,
            (MEMORY_AVAILABLE, Direction::FromMobile) => Content::MemoryAvailable,
            _ => return Err(Error::MessageType(kind)),
        };
        Ok(Self { direction, message_reference, content })
    }

    /// Writes an RPDU.
    ///
    /// # Errors
    /// [`Error::UserDataTooLong`] if the TPDU exceeds 233 octets,
    /// [`Error::MessageType`] for an RP-SMMA to the phone, [`Error::AddressDigit`] for
    /// an alphanumeric service centre.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let kind = match self.content {
            Content::Data { .. } => DATA,
            Content::Ack { .. } => ACK,
            Content::Error { .. } => ERROR,
            Content::MemoryAvailable => MEMORY_AVAILABLE,
        } | u8::from(self.direction == Direction::ToMobile);
        let mut octets = vec![kind, self.message_reference];
        match &self.content {
            Content::Data { service_centre, tpdu } => {
                let mut address = Vec::new();
                encode_address(&mut address, service_centre.as_ref())?;
                match self.direction {
                    Direction::FromMobile => octets.extend([&[0], address.as_slice()].concat()),
                    Direction::ToMobile => octets.extend([address.as_slice(), &[0]].concat()),
                }
                encode_value(&mut octets, tpdu)?;
            }
            Content::Ack { tpdu } => encode_optional(&mut octets, tpdu.as_deref())?,
            Content::Error { cause, diagnostic, tpdu } => {
                octets.extend([1 + u8::from(diagnostic.is_some()), cause.0 & 0x7f]);
                octets.extend(diagnostic);
                encode_optional(&mut octets, tpdu.as_deref())?;
            }
            Content::MemoryAvailable if self.direction == Direction::ToMobile => {
                return Err(Error::MessageType(kind));
            }
            Content::MemoryAvailable => {}
        }
        Ok(octets)
    }
}

impl fmt::Debug for Content {
    /// Shows the length of the TPDU, never its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = |tpdu: &Option<Vec<u8>>| tpdu.as_ref().map(Vec::len);
        match self {
            Self::Data { service_centre, tpdu } => {
                write!(f, "Data({service_centre:?}, {} octets)", tpdu.len())
            }
            Self::Ack { tpdu } => write!(f, "Ack({:?} octets)", octets(tpdu)),
            Self::Error { cause, diagnostic, tpdu } => {
                write!(f, "Error({cause:?}, {diagnostic:?}, {:?} octets)", octets(tpdu))
            }
            Self::MemoryAvailable => f.write_str("MemoryAvailable"),
        }
    }
}

fn decode_data(octets: &[u8], direction: Direction) -> Result<Content, Error> {
    let (originator, rest) = decode_value(octets)?;
    let (destination, rest) = decode_value(rest)?;
    let (tpdu, _) = decode_value(rest)?;
    check_length(tpdu)?;
    let service_centre = match direction {
        Direction::FromMobile => destination,
        Direction::ToMobile => originator,
    };
    let service_centre = match service_centre {
        [] => None,
        address => Some(Address::decode_relay(address)?),
    };
    Ok(Content::Data { service_centre, tpdu: tpdu.to_vec() })
}

fn decode_error(octets: &[u8]) -> Result<Content, Error> {
    let (cause, rest) = decode_value(octets)?;
    let (&value, diagnostic) = cause.split_first().ok_or(Truncated { needed: 1, present: 0 })?;
    Ok(Content::Error {
        cause: Cause(value & 0x7f),
        diagnostic: diagnostic.first().copied(),
        tpdu: decode_optional(rest)?,
    })
}

/// RP-User-Data among the elements of the optional part; the first one counts, and
/// what is not known is skipped.
fn decode_optional(mut octets: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    while let Some((&identifier, rest)) = octets.split_first() {
        if identifier & 0x80 != 0 {
            octets = rest;
            continue;
        }
        let (value, rest) = decode_value(rest)?;
        if identifier == USER_DATA_IDENTIFIER {
            check_length(value)?;
            return Ok(Some(value.to_vec()));
        }
        octets = rest;
    }
    Ok(None)
}

/// A length octet and as many octets; returns them and what follows.
fn decode_value(octets: &[u8]) -> Result<(&[u8], &[u8]), Truncated> {
    let (&length, rest) = octets.split_first().ok_or(Truncated { needed: 1, present: 0 })?;
    let needed = usize::from(length) + 1;
    rest.split_at_checked(length.into()).ok_or(Truncated { needed, present: octets.len() })
}

fn encode_address(octets: &mut Vec<u8>, address: Option<&Address>) -> Result<(), Error> {
    match address {
        Some(address) => encode_value(octets, &address.encode_relay()?),
        None => encode_value(octets, &[]),
    }
}

fn encode_optional(octets: &mut Vec<u8>, tpdu: Option<&[u8]>) -> Result<(), Error> {
    match tpdu {
        Some(tpdu) => {
            octets.push(USER_DATA_IDENTIFIER);
            encode_value(octets, tpdu)
        }
        None => Ok(()),
    }
}

fn encode_value(octets: &mut Vec<u8>, value: &[u8]) -> Result<(), Error> {
    octets.push(check_length(value)?);
    octets.extend_from_slice(value);
    Ok(())
}

fn check_length(value: &[u8]) -> Result<u8, Error> {
    match u8::try_from(value.len()) {
        Ok(length) if value.len() <= USER_DATA_MAX => Ok(length),
        _ => Err(Error::UserDataTooLong { octets: value.len(), max: USER_DATA_MAX }),
    }
}
