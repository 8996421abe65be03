//! Encoding and decoding of UDT, UDTS, XUDT, XUDTS, LUDT and LUDTS (Q.713 §4.10, §4.11, §4.18, §4.20).
//!
//! Parameters are found by their pointers, whatever their order. The pointers and lengths of the
//! long forms have two octets, the low one first, and a pointer counts from its high octet.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use codec::MessageType;

use crate::{Address, Error, ReturnCause};

mod optional;
mod size;

pub use optional::Segmentation;
pub(crate) use size::{basic_room, long_room, segment_room};

/// The hop counter of a new message (Q.713 §3.18).
pub(crate) const HOPS: u8 = 15;
/// The return option: a bit of the protocol class octet.
const RETURN_ON_ERROR: u8 = 0x80;
const IN_SEQUENCE: u8 = 0x01;

/// The form of a message: basic, extended or long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// UDT and UDTS: pointers of one octet, no optional part.
    Basic,
    /// XUDT and XUDTS: a hop counter and optional parameters, so that it may be a segment.
    Extended,
    /// LUDT and LUDTS: as extended, with pointers and data length of two octets.
    Long,
}

/// The purpose of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Carries user data.
    Data {
        /// Protocol class 1: messages with this SLS arrive in order.
        in_sequence: bool,
        /// Return option: a node that cannot deliver the message returns it.
        return_on_error: bool,
    },
    /// Returns user data that could not be delivered.
    Service(ReturnCause),
}

/// One connectionless message. `Debug` shows the length of the data alone.
#[derive(Clone, Eq, PartialEq)]
pub struct Message {
    /// The form.
    pub form: Form,
    /// Data or returned data.
    pub purpose: Purpose,
    /// Hop counter: translations left, 15 at most; absent from the basic form.
    pub hop_counter: u8,
    /// Called party address.
    pub called: Address,
    /// Calling party address.
    pub calling: Address,
    /// User data.
    pub data: Bytes,
    /// Segmentation; absent from the basic form.
    pub segmentation: Option<Segmentation>,
    /// Importance, 0 to 7; absent from the basic form.
    pub importance: Option<u8>,
    /// Unknown optional parameters, as received: they are relayed.
    pub other_parameters: Bytes,
}

impl Message {
    /// A message without optional parameters.
    pub const fn new(form: Form, purpose: Purpose, called: Address, calling: Address, data: Bytes) -> Self {
        Self {
            form,
            purpose,
            hop_counter: HOPS,
            called,
            calling,
            data,
            segmentation: None,
            importance: None,
            other_parameters: Bytes::new(),
        }
    }

    /// Decodes one message; the data is shared with `octets`, not copied. Octets without a pointer to
    /// them are ignored.
    ///
    /// # Errors
    ///
    /// The fault of the octets.
    pub fn decode(octets: &Bytes) -> Result<Self, Error> {
        let kind = octet(octets, 0)?;
        let (form, service) = match MessageType::from_u8(kind) {
            Some(MessageType::Udt) => (Form::Basic, false),
            Some(MessageType::Udts) => (Form::Basic, true),
            Some(MessageType::Xudt) => (Form::Extended, false),
            Some(MessageType::Xudts) => (Form::Extended, true),
            Some(MessageType::Ludt) => (Form::Long, false),
            Some(MessageType::Ludts) => (Form::Long, true),
            _ => return Err(Error::MessageType(kind)),
        };
        let second = octet(octets, 1)?;
        let purpose = if service {
            Purpose::Service(ReturnCause(second))
        } else {
            Purpose::Data {
                in_sequence: match second & 0x0f {
                    0 => false,
                    IN_SEQUENCE => true,
                    other => return Err(Error::ProtocolClass(other)),
                },
                return_on_error: second & RETURN_ON_ERROR != 0,
            }
        };
        let pointers = Pointers { octets, form };
        let mut message = Self::new(
            form,
            purpose,
            Address::decode(&pointers.address(0)?)?,
            Address::decode(&pointers.address(1)?)?,
            pointers.data()?,
        );
        if form != Form::Basic {
            message.hop_counter = octet(octets, 2)?;
            if let Some(at) = pointers.optional_part()? {
                optional::decode(&mut message, octets, at)?;
            }
        }
        Ok(message)
    }

    /// Encodes the message with the parameters in the order of the standard.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] where a length or a pointer does not fit its field.
    pub fn encode(&self) -> Result<Bytes, Error> {
        let mut octets = BytesMut::with_capacity(self.encoded_len());
        octets.put_u8(self.message_type());
        octets.put_u8(match self.purpose {
            Purpose::Service(cause) => cause.0,
            Purpose::Data { in_sequence, return_on_error } => {
                u8::from(in_sequence) | if return_on_error { RETURN_ON_ERROR } else { 0 }
            }
        });
        if self.form != Form::Basic {
            octets.put_u8(self.hop_counter);
        }
        self.encode_pointers(&mut octets)?;
        for address in [&self.called, &self.calling] {
            octets.put_u8(u8::try_from(address.encoded_len()).map_err(|_| Error::TooLong)?);
            address.encode(&mut octets)?;
        }
        if self.form == Form::Long {
            octets.put_u16_le(u16::try_from(self.data.len()).map_err(|_| Error::TooLong)?);
        } else {
            octets.put_u8(u8::try_from(self.data.len()).map_err(|_| Error::TooLong)?);
        }
        octets.put_slice(&self.data);
        optional::encode(self, &mut octets);
        Ok(octets.freeze())
    }

    /// The length of [`Message::encode`] in octets.
    pub fn encoded_len(&self) -> usize {
        let fixed = match self.form {
            Form::Basic => 2 + 3 + 1,
            Form::Extended => 3 + 4 + 1,
            Form::Long => 3 + 8 + 2,
        };
        let addresses = 2 + self.called.encoded_len() + self.calling.encoded_len();
        fixed + addresses + self.data.len() + optional::encoded_len(self)
    }

    fn message_type(&self) -> u8 {
        let service = matches!(self.purpose, Purpose::Service(_));
        let kind = match (self.form, service) {
            (Form::Basic, false) => MessageType::Udt,
            (Form::Basic, true) => MessageType::Udts,
            (Form::Extended, false) => MessageType::Xudt,
            (Form::Extended, true) => MessageType::Xudts,
            (Form::Long, false) => MessageType::Ludt,
            (Form::Long, true) => MessageType::Ludts,
        };
        kind as u8
    }

    fn encode_pointers(&self, octets: &mut BytesMut) -> Result<(), Error> {
        let (called, calling) = (1 + self.called.encoded_len(), 1 + self.calling.encoded_len());
        let data = self.data.len() + if self.form == Form::Long { 2 } else { 1 };
        let optional = if optional::encoded_len(self) == 0 { None } else { Some(called + calling + data) };
        // Each pointer counts from itself, hence across the pointers after it.
        match self.form {
            Form::Basic => {
                for pointer in [3, 2 + called, 1 + called + calling] {
                    octets.put_u8(u8::try_from(pointer).map_err(|_| Error::TooLong)?);
                }
            }
            Form::Extended => {
                let optional = optional.map_or(0, |parameters| 1 + parameters);
                for pointer in [4, 3 + called, 2 + called + calling, optional] {
                    octets.put_u8(u8::try_from(pointer).map_err(|_| Error::TooLong)?);
                }
            }
            Form::Long => {
                let optional = optional.map_or(0, |parameters| 1 + parameters);
                for pointer in [7, 5 + called, 3 + called + calling, optional] {
                    octets.put_u16_le(u16::try_from(pointer).map_err(|_| Error::TooLong)?);
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("form", &self.form)
            .field("purpose", &self.purpose)
            .field("hop_counter", &self.hop_counter)
            .field("called", &self.called)
            .field("calling", &self.calling)
            .field("data_octets", &self.data.len())
            .field("segmentation", &self.segmentation)
            .field("importance", &self.importance)
            .finish_non_exhaustive()
    }
}

/// The pointers of a received message.
struct Pointers<'a> {
    octets: &'a Bytes,
    form: Form,
}

impl Pointers<'_> {
    /// Address 0 is the called, 1 the calling party.
    fn address(&self, number: usize) -> Result<Bytes, Error> {
        let at = self.target(number)?;
        let length = usize::from(octet(self.octets, at)?);
        slice(self.octets, at + 1, length)
    }

    fn data(&self) -> Result<Bytes, Error> {
        let at = self.target(2)?;
        match self.form {
            Form::Long => slice(self.octets, at + 2, pair(self.octets, at)?),
            Form::Basic | Form::Extended => slice(self.octets, at + 1, usize::from(octet(self.octets, at)?)),
        }
    }

    /// The position of the optional part, if there is one.
    fn optional_part(&self) -> Result<Option<usize>, Error> {
        match self.target(3) {
            Err(Error::Pointer) => Ok(None),
            target => target.map(Some),
        }
    }

    /// The position at pointer `number`; [`Error::Pointer`] where it is zero.
    fn target(&self, number: usize) -> Result<usize, Error> {
        let (counted_from, pointer) = match self.form {
            Form::Basic => (2 + number, usize::from(octet(self.octets, 2 + number)?)),
            Form::Extended => (3 + number, usize::from(octet(self.octets, 3 + number)?)),
            Form::Long => (4 + 2 * number, pair(self.octets, 3 + 2 * number)?),
        };
        if pointer == 0 { Err(Error::Pointer) } else { Ok(counted_from + pointer) }
    }
}

fn octet(octets: &[u8], at: usize) -> Result<u8, Error> {
    octets.get(at).copied().ok_or(Error::Truncated)
}

fn pair(octets: &[u8], at: usize) -> Result<usize, Error> {
    let pair = octets.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Error::Truncated)?;
    Ok(usize::from(u16::from_le_bytes(*pair)))
}

fn slice(octets: &Bytes, at: usize, length: usize) -> Result<Bytes, Error> {
    let end = at + length;
    if end > octets.len() {
        return Err(Error::Truncated);
    }
    Ok(octets.slice(at..end))
}
