//! Called and calling party addresses (Q.713 §3.4, §3.5).
//!
//! A received address encodes to the same octets again, since a reply goes to the calling address
//! exactly as received. [`GlobalTitle`] keeps the parts without a type here: a filler, an unknown
//! global title indicator, the bit for national use.

use std::fmt;

use bytes::{BufMut, BytesMut};

use crate::Error;

mod global_title;

pub use global_title::GlobalTitle;
pub(crate) use global_title::TitleChange;

const POINT_CODE_PRESENT: u8 = 0x01;
const SUBSYSTEM_PRESENT: u8 = 0x02;
const ROUTE_ON_SSN: u8 = 0x40;
/// An ITU-T point code has 14 bits; the two above it are spare.
const POINT_CODE_BITS: u32 = 0x3fff;

/// Routing indicator (Q.713 §3.4.1, bit 7 of the address indicator).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RoutingIndicator {
    /// Route on global title, which requires translation.
    #[default]
    Gt,
    /// Route on the point code of the message and the subsystem number.
    Ssn,
}

/// A called or calling party address.
///
/// `Debug` masks the digits.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address {
    /// Routing indicator.
    pub routing: RoutingIndicator,
    /// The signalling point, 14 bits; a received address may have the two spare bits above set.
    pub point_code: Option<u32>,
    /// The subsystem number: 6 HLR, 7 VLR, 8 MSC, 149 SGSN.
    pub subsystem: Option<u8>,
    /// The global title.
    pub global_title: Option<GlobalTitle>,
}

impl Address {
    /// An address with routing on global title.
    pub const fn gt(global_title: GlobalTitle, subsystem: u8) -> Self {
        Self {
            routing: RoutingIndicator::Gt,
            point_code: None,
            subsystem: Some(subsystem),
            global_title: Some(global_title),
        }
    }

    /// An address with routing on subsystem number.
    pub const fn ssn(point_code: Option<u32>, subsystem: u8) -> Self {
        Self { routing: RoutingIndicator::Ssn, point_code, subsystem: Some(subsystem), global_title: None }
    }

    /// Decodes the content of an address parameter, without its length.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] where it is empty or truncated.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        let (&indicator, mut rest) = octets.split_first().ok_or(Error::Address)?;
        let mut address = Self {
            routing: if indicator & ROUTE_ON_SSN == 0 { RoutingIndicator::Gt } else { RoutingIndicator::Ssn },
            ..Self::default()
        };
        if indicator & POINT_CODE_PRESENT != 0 {
            let (point_code, after) = rest.split_first_chunk().ok_or(Error::Address)?;
            address.point_code = Some(u32::from(u16::from_le_bytes(*point_code)));
            rest = after;
        }
        if indicator & SUBSYSTEM_PRESENT != 0 {
            let (&subsystem, after) = rest.split_first().ok_or(Error::Address)?;
            address.subsystem = Some(subsystem);
            rest = after;
        }
        address.global_title = GlobalTitle::received(indicator, rest)?;
        Ok(address)
    }

    /// Encodes the content of the address parameter, without its length.
    ///
    /// # Errors
    ///
    /// [`Error::PointCode`] where the point code has more than 16 bits.
    pub fn encode(&self, octets: &mut BytesMut) -> Result<(), Error> {
        let mut indicator = self.global_title.as_ref().map_or(0, GlobalTitle::indicator_bits);
        if self.routing == RoutingIndicator::Ssn {
            indicator |= ROUTE_ON_SSN;
        }
        if self.point_code.is_some() {
            indicator |= POINT_CODE_PRESENT;
        }
        if self.subsystem.is_some() {
            indicator |= SUBSYSTEM_PRESENT;
        }
        octets.put_u8(indicator);
        if let Some(point_code) = self.point_code {
            octets.put_u16_le(u16::try_from(point_code).map_err(|_| Error::PointCode)?);
        }
        if let Some(subsystem) = self.subsystem {
            octets.put_u8(subsystem);
        }
        if let Some(title) = &self.global_title {
            octets.put_slice(title.octets());
        }
        Ok(())
    }

    /// The length of [`Address::encode`] in octets.
    pub fn encoded_len(&self) -> usize {
        1 + if self.point_code.is_some() { 2 } else { 0 }
            + usize::from(self.subsystem.is_some())
            + self.global_title.as_ref().map_or(0, |title| title.octets().len())
    }

    /// The digits of the global title, where there is one.
    pub fn digits(&self) -> Option<&str> {
        self.global_title.as_ref().map(GlobalTitle::digits)
    }

    /// The point code without the spare bits.
    pub(crate) fn signalling_point(&self) -> Option<u32> {
        self.point_code.map(|point_code| point_code & POINT_CODE_BITS)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.routing)?;
        if let Some(point_code) = self.point_code {
            write!(f, " pc {point_code}")?;
        }
        if let Some(subsystem) = self.subsystem {
            write!(f, " ssn {subsystem}")?;
        }
        match &self.global_title {
            Some(title) => write!(f, " {title:?}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(octets: &[u8]) -> Address {
        let address = Address::decode(octets).unwrap();
        let mut written = BytesMut::new();
        address.encode(&mut written).unwrap();
        assert_eq!(written, octets);
        assert_eq!(address.encoded_len(), octets.len());
        address
    }

    #[test]
    fn every_received_address_is_written_as_it_came() {
        // GTI 4, odd, with a filler other than the standard's.
        let title = again(&[0x12, 0x06, 0x00, 0x11, 0x04, 0x41, 0x51, 0x55, 0x15, 0x32, 0xf4]);
        assert_eq!(title.digits(), Some("14155551234"));
        // Bit 8, an unknown global title indicator, octets after the end of an address without a
        // title, spare bits of the point code.
        for octets in [
            &[0x80_u8, 0x08][..],
            &[0x3e, 0x08, 0xde, 0xad],
            &[0x42, 0x08, 0x00],
            &[0x43, 0xff, 0xff, 0x08],
            &[0x00],
            &[0xc2, 0x08],
        ] {
            again(octets);
        }
        assert_eq!(again(&[0x43, 0x01, 0xc0, 0x08]).signalling_point(), Some(1));
    }

    #[test]
    fn every_indicator_of_two_octets_is_written_as_it_came() {
        for indicator in 0..=u8::MAX {
            for octet in [0x00, 0x12, 0xff] {
                let octets = [indicator, octet, 0x21, 0x10, 0x04, 0x21, 0xf3, 0x0a];
                again(&octets);
                for length in 0..octets.len() {
                    let _ = Address::decode(&octets[..length]);
                }
            }
        }
    }

    #[test]
    fn every_truncation_of_an_address_with_everything_is_refused() {
        let octets = [0x53, 0x01, 0x00, 0x08, 0x00, 0x12, 0x04];
        assert!(Address::decode(&octets).is_ok());
        for length in 0..octets.len() {
            assert_eq!(Address::decode(&octets[..length]), Err(Error::Address), "{length}");
        }
    }

    #[test]
    fn debug_masks_the_digits() {
        let address = Address::gt(GlobalTitle::e164("14155551234").unwrap(), 6);
        assert_eq!(format!("{address:?}"), "Gt ssn 6 gti 4 tt 0 np 1 nai 4 1415555****");
    }
}
