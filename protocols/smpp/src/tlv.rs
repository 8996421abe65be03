//! Optional parameters (TLVs): tag, length, value (SMPP 3.4 §5.3, SMPP 5.0 §4.8).
//!
//! [`Tlvs`] is the tail of a body, borrowed as it came. It was walked once when
//! the PDU was decoded, so that iteration cannot fail; unknown tags, order and
//! repetitions stay as they are. [`TlvBuffer`] builds such a tail.

use crate::error::Error;

mod tag;

pub use tag::{Kind, Tag};

/// One optional parameter.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Tlv<'a> {
    /// What it is.
    pub tag: Tag,
    /// Its octets; for a C-octet string with the NUL.
    pub value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The value of a one-octet integer.
    pub fn u8(&self) -> Result<u8, Error> {
        match self.value {
            &[value] => Ok(value),
            _ => Err(self.bad_length()),
        }
    }

    /// The value of a two-octet integer. One octet is taken too: some peers
    /// shorten numbers below 256.
    pub fn u16(&self) -> Result<u16, Error> {
        match *self.value {
            [high, low] => Ok(u16::from_be_bytes([high, low])),
            [low] => Ok(u16::from(low)),
            _ => Err(self.bad_length()),
        }
    }

    /// The value of a four-octet integer; shorter forms are taken too.
    pub fn u32(&self) -> Result<u32, Error> {
        match self.value.len() {
            1..=4 => Ok(self.value.iter().fold(0, |number, &octet| number << 8 | u32::from(octet))),
            _ => Err(self.bad_length()),
        }
    }

    /// The value of a C-octet string, up to its NUL. The NUL may be missing:
    /// the length of the TLV bounds the string.
    pub fn c_octets(&self) -> &'a [u8] {
        self.value.split(|&octet| octet == 0).next().unwrap_or_default()
    }

    /// Checks length and, where the standard lists them, value against the tag.
    /// Unknown tags pass.
    pub fn check(&self) -> Result<(), Error> {
        let Some(kind) = self.tag.kind() else { return Ok(()) };
        if !kind.takes_length(self.value.len()) {
            return Err(self.bad_length());
        }
        if !self.tag.takes_value(self.value) {
            return Err(Error::TlvValue { tag: self.tag.0 });
        }
        Ok(())
    }

    const fn bad_length(&self) -> Error {
        Error::TlvLength { tag: self.tag.0 }
    }
}

/// Shows tag and length; values may be message bodies.
impl std::fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.tag, self.value.len())
    }
}

/// The optional parameters of one PDU, in their order on the wire.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Tlvs<'a> {
    octets: &'a [u8],
}

impl<'a> Tlvs<'a> {
    /// No optional parameters.
    pub const NONE: Self = Self { octets: &[] };

    /// Walks `octets` once; every later use is free of errors.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Error> {
        let mut rest = octets;
        while !rest.is_empty() {
            (_, rest) = split(rest).ok_or(Error::TlvStream)?;
        }
        Ok(Self { octets })
    }

    /// Every parameter, in order.
    pub const fn iter(&self) -> TlvIter<'a> {
        TlvIter { rest: self.octets }
    }

    /// The last parameter with this tag: where a peer repeats one, the last wins.
    pub fn get(&self, tag: Tag) -> Option<Tlv<'a>> {
        self.iter().filter(|tlv| tlv.tag == tag).last()
    }

    /// Checks every parameter with [`Tlv::check`].
    pub fn check(&self) -> Result<(), Error> {
        self.iter().try_for_each(|tlv| tlv.check())
    }

    /// The parameters as on the wire.
    pub const fn as_octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }
}

impl<'a> IntoIterator for Tlvs<'a> {
    type Item = Tlv<'a>;
    type IntoIter = TlvIter<'a>;

    fn into_iter(self) -> TlvIter<'a> {
        self.iter()
    }
}

impl std::fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Iterates over [`Tlvs`].
#[derive(Clone, Debug)]
pub struct TlvIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for TlvIter<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let (tlv, rest) = split(self.rest)?;
        self.rest = rest;
        Some(tlv)
    }
}

/// The first parameter and what follows it.
fn split(octets: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&[t0, t1, l0, l1], rest) = octets.split_first_chunk()?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
    Some((Tlv { tag: Tag(u16::from_be_bytes([t0, t1])), value }, rest))
}

/// Optional parameters being put together, to be borrowed by a PDU. Clear and reuse it.
#[derive(Clone, Default)]
pub struct TlvBuffer {
    octets: Vec<u8>,
}

impl TlvBuffer {
    /// An empty buffer; it allocates nothing until the first parameter.
    pub const fn new() -> Self {
        Self { octets: Vec::new() }
    }

    /// Appends a parameter with these octets, or refuses a value over 65,535 octets.
    pub fn push(&mut self, tag: Tag, value: &[u8]) -> Result<&mut Self, Error> {
        let length = u16::try_from(value.len()).map_err(|_| Error::TlvLength { tag: tag.0 })?;
        self.header(tag, length);
        self.octets.extend_from_slice(value);
        Ok(self)
    }

    /// Appends a C-octet string; the NUL is added here.
    pub fn push_c_octets(&mut self, tag: Tag, value: &[u8]) -> Result<&mut Self, Error> {
        let length = value.len().checked_add(1).and_then(|length| u16::try_from(length).ok());
        match length {
            Some(length) if !value.contains(&0) => {
                self.header(tag, length);
                self.octets.extend_from_slice(value);
                self.octets.push(0);
                Ok(self)
            }
            _ => Err(Error::TlvLength { tag: tag.0 }),
        }
    }

    /// Appends a one-octet integer.
    pub fn push_u8(&mut self, tag: Tag, value: u8) -> &mut Self {
        self.header(tag, 1);
        self.octets.push(value);
        self
    }

    /// Appends a two-octet integer.
    pub fn push_u16(&mut self, tag: Tag, value: u16) -> &mut Self {
        self.header(tag, 2);
        self.octets.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Appends a four-octet integer.
    pub fn push_u32(&mut self, tag: Tag, value: u32) -> &mut Self {
        self.header(tag, 4);
        self.octets.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Removes all parameters and keeps the memory.
    pub fn clear(&mut self) {
        self.octets.clear();
    }

    /// The parameters, to be put in a PDU.
    pub fn as_tlvs(&self) -> Tlvs<'_> {
        Tlvs { octets: &self.octets }
    }

    fn header(&mut self, tag: Tag, length: u16) {
        self.octets.extend_from_slice(&tag.0.to_be_bytes());
        self.octets.extend_from_slice(&length.to_be_bytes());
    }
}

impl std::fmt::Debug for TlvBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_tlvs().fmt(f)
    }
}
