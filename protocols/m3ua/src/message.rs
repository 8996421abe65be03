//! Encoding and decoding of M3UA messages and their parameters, unknown ones included (RFC 4666 §3).
//!
//! The tables of tags and codes are those of the crate `codec`. The decoder is separate: that crate
//! copies every value, ignores the message length, and drops trailing octets. Here a value is a slice of
//! the received octets, a wrong message length is refused, and a missing pad at the end is accepted.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{Error, Kind};

pub(crate) use codec::tags;

/// The longest message, in octets, to decode or encode.
pub const MESSAGE_OCTETS_MAX: usize = 65_536;

const HEADER_OCTETS: usize = 8;
const VERSION: u8 = 1;

/// One parameter: a tag and its value without the pad.
#[derive(Clone, Eq, PartialEq)]
pub struct Parameter {
    /// The tag (RFC 4666 §3.2).
    pub tag: u16,
    /// The value.
    pub value: Bytes,
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#06x} of {} octets", self.tag, self.value.len())
    }
}

/// Protocol Data of DATA: the routing label of MTP and the user's octets (RFC 4666 §3.3.1).
#[derive(Clone, Eq, PartialEq)]
pub struct ProtocolData {
    /// Originating point code.
    pub opc: u32,
    /// Destination point code.
    pub dpc: u32,
    /// Service indicator: 3 is SCCP.
    pub service_indicator: u8,
    /// Network indicator: 0 international, 2 national.
    pub network_indicator: u8,
    /// Message priority, 0 to 3.
    pub priority: u8,
    /// Signalling link selection.
    pub sls: u8,
    /// The message of the MTP user.
    pub payload: Bytes,
}

impl std::fmt::Debug for ProtocolData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}, sls {}, {} octets", self.opc, self.dpc, self.sls, self.payload.len())
    }
}

/// One M3UA message. Parameters keep their order; unknown ones are kept and ignored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    kind: Kind,
    parameters: Vec<Parameter>,
}

impl Message {
    /// A message without parameters.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, parameters: Vec::new() }
    }

    /// The message with one more parameter.
    #[must_use]
    pub fn with(mut self, tag: u16, value: impl Into<Bytes>) -> Self {
        self.parameters.push(Parameter { tag, value: value.into() });
        self
    }

    /// Decodes one whole message.
    ///
    /// The pad of the last parameter may be absent, also from the message length.
    pub fn decode(octets: &Bytes) -> Result<Self, Error> {
        let &[version, _, class, kind, a, b, c, d, ..] = octets.as_ref() else { return Err(Error::Length) };
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let kind = Kind::from_octets(class, kind)?;
        let declared = u32::from_be_bytes([a, b, c, d]);
        let declared = usize::try_from(declared).map_err(|_| Error::Length)?;
        let padded = octets.len().next_multiple_of(4);
        let fits = (HEADER_OCTETS..=MESSAGE_OCTETS_MAX).contains(&declared)
            && declared <= padded
            && octets.len() <= declared.next_multiple_of(4);
        if !fits {
            return Err(Error::Length);
        }
        let body = octets.slice(HEADER_OCTETS..declared.min(octets.len()));
        Ok(Self { kind, parameters: parameters(&body)? })
    }

    /// Encodes the message, every parameter padded.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let body: usize = self.parameters.iter().map(|parameter| written_octets(&parameter.value)).sum();
        let length = HEADER_OCTETS.saturating_add(body);
        let (class, kind) = self.kind.octets();
        let mut octets = BytesMut::with_capacity(length);
        octets.put_slice(&[VERSION, 0, class, kind]);
        octets.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        for parameter in &self.parameters {
            write(&mut octets, parameter);
        }
        octets.freeze()
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The parameters in encoded order.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The value of the first parameter with this tag.
    #[must_use]
    pub fn first(&self, tag: u16) -> Option<&Bytes> {
        self.parameters.iter().find(|parameter| parameter.tag == tag).map(|parameter| &parameter.value)
    }

    /// The parameter as one number of 32 bits.
    pub fn number(&self, tag: u16) -> Result<Option<u32>, Error> {
        let Some(value) = self.first(tag) else { return Ok(None) };
        let octets: [u8; 4] = value.as_ref().try_into().map_err(|_| Error::Field(tag))?;
        Ok(Some(u32::from_be_bytes(octets)))
    }

    /// The parameter as numbers of 32 bits; none if it is absent.
    pub fn numbers(&self, tag: u16) -> Result<Vec<u32>, Error> {
        let Some(value) = self.first(tag) else { return Ok(Vec::new()) };
        let (quads, rest) = value.as_chunks::<4>();
        if quads.is_empty() || !rest.is_empty() {
            return Err(Error::Field(tag));
        }
        Ok(quads.iter().map(|quad| u32::from_be_bytes(*quad)).collect())
    }

    /// The routing contexts; none if the parameter is absent.
    pub fn routing_contexts(&self) -> Result<Vec<u32>, Error> {
        self.numbers(tags::ROUTING_CONTEXT)
    }

    /// The network appearance.
    pub fn network_appearance(&self) -> Result<Option<u32>, Error> {
        self.number(tags::NETWORK_APPEARANCE)
    }

    /// The code of an ERR.
    pub fn error_code(&self) -> Result<u32, Error> {
        self.number(tags::ERROR_CODE)?.ok_or(Error::Missing(tags::ERROR_CODE))
    }

    /// Status type and status information of a NTFY (RFC 4666 §3.8.2).
    pub fn status(&self) -> Result<(u16, u16), Error> {
        let status = self.number(tags::STATUS)?.ok_or(Error::Missing(tags::STATUS))?;
        Ok(halves(status))
    }

    /// The affected destinations of an SSNM message, as mask and point code (RFC 4666 §3.4.1).
    pub fn affected(&self) -> Result<Vec<(u8, u32)>, Error> {
        let entries = self.numbers(tags::AFFECTED_POINT_CODE)?;
        if entries.is_empty() {
            return Err(Error::Missing(tags::AFFECTED_POINT_CODE));
        }
        Ok(entries.into_iter().map(masked).collect())
    }

    /// The Protocol Data parameter.
    pub fn protocol_data(&self) -> Result<ProtocolData, Error> {
        let value = self.first(tags::PROTOCOL_DATA).ok_or(Error::Missing(tags::PROTOCOL_DATA))?;
        let &[a, b, c, d, e, f, g, h, service_indicator, network_indicator, priority, sls, ..] =
            value.as_ref()
        else {
            return Err(Error::Field(tags::PROTOCOL_DATA));
        };
        Ok(ProtocolData {
            opc: u32::from_be_bytes([a, b, c, d]),
            dpc: u32::from_be_bytes([e, f, g, h]),
            service_indicator,
            network_indicator,
            priority,
            sls,
            payload: value.slice(12..),
        })
    }

    /// The message with one number.
    pub(crate) fn with_number(self, tag: u16, number: u32) -> Self {
        self.with(tag, Bytes::copy_from_slice(&number.to_be_bytes()))
    }

    /// The message with the number, if there is one.
    pub(crate) fn with_some(self, tag: u16, number: Option<u32>) -> Self {
        match number {
            Some(number) => self.with_number(tag, number),
            None => self,
        }
    }

    /// The message with a list of numbers, if there are any.
    pub(crate) fn with_numbers(self, tag: u16, numbers: &[u32]) -> Self {
        if numbers.is_empty() { self } else { self.with(tag, quads(numbers)) }
    }

    /// The message with Protocol Data.
    pub(crate) fn with_protocol_data(self, data: &ProtocolData) -> Self {
        let mut value = BytesMut::with_capacity(data.payload.len().saturating_add(12));
        value.put_u32(data.opc);
        value.put_u32(data.dpc);
        value.put_slice(&[data.service_indicator, data.network_indicator, data.priority, data.sls]);
        value.put_slice(&data.payload);
        self.with(tags::PROTOCOL_DATA, value.freeze())
    }
}

/// Decodes the parameters of a message, or those inside a parameter.
pub(crate) fn parameters(body: &Bytes) -> Result<Vec<Parameter>, Error> {
    let mut found = Vec::new();
    let mut rest = body.clone();
    while !rest.is_empty() {
        let &[a, b, c, d, ..] = rest.as_ref() else { return Err(Error::Length) };
        let tag = u16::from_be_bytes([a, b]);
        let length = usize::from(u16::from_be_bytes([c, d]));
        if length < 4 || length > rest.len() {
            return Err(Error::Field(tag));
        }
        found.push(Parameter { tag, value: rest.slice(4..length) });
        rest = rest.slice(length.next_multiple_of(4).min(rest.len())..);
    }
    Ok(found)
}

/// The parameters as the value of one parameter.
pub(crate) fn nested(parameters: &[Parameter]) -> Bytes {
    let mut octets = BytesMut::new();
    for parameter in parameters {
        write(&mut octets, parameter);
    }
    octets.freeze()
}

/// Numbers as octets.
pub(crate) fn quads(numbers: &[u32]) -> Bytes {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The two halves of a number.
pub(crate) fn halves(number: u32) -> (u16, u16) {
    let [a, b, c, d] = number.to_be_bytes();
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}

fn masked(entry: u32) -> (u8, u32) {
    let [mask, a, b, c] = entry.to_be_bytes();
    (mask, u32::from_be_bytes([0, a, b, c]))
}

fn written_octets(value: &Bytes) -> usize {
    value.len().saturating_add(4).next_multiple_of(4)
}

fn write(octets: &mut BytesMut, parameter: &Parameter) {
    let length = parameter.value.len().saturating_add(4);
    octets.put_u16(parameter.tag);
    octets.put_u16(u16::try_from(length).unwrap_or(u16::MAX));
    octets.put_slice(&parameter.value);
    octets.put_bytes(0, length.next_multiple_of(4).saturating_sub(length));
}
