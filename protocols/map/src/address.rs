//! AddressString, IMSI and LMSI (TS 29.002 §17.7.8).
//!
//! `Debug` prints the length of a number, never its digits.

use std::fmt;

use compact_str::CompactString;

use tcap::ber::{self, Element, Tag};

use crate::error::Error;
use crate::field::Value;

/// The longest AddressString: an octet of kinds and 19 octets of digits.
const ADDRESS_OCTETS_MAX: usize = 20;

/// Nature of address: three bits of the first octet.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum NatureOfAddress {
    /// Unknown.
    Unknown,
    /// International number, with the country code.
    #[default]
    International,
    /// National significant number, without the country code.
    National,
    /// Network specific number.
    NetworkSpecific,
    /// Subscriber number, without the area code.
    Subscriber,
    /// Reserved.
    Reserved,
    /// Abbreviated number.
    Abbreviated,
    /// Reserved for extension.
    Extension,
}

impl NatureOfAddress {
    const fn from_bits(bits: u8) -> Self {
        match bits & 0b111 {
            0 => Self::Unknown,
            1 => Self::International,
            2 => Self::National,
            3 => Self::NetworkSpecific,
            4 => Self::Subscriber,
            5 => Self::Reserved,
            6 => Self::Abbreviated,
            _ => Self::Extension,
        }
    }

    /// The three bits.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::International => 1,
            Self::National => 2,
            Self::NetworkSpecific => 3,
            Self::Subscriber => 4,
            Self::Reserved => 5,
            Self::Abbreviated => 6,
            Self::Extension => 7,
        }
    }
}

/// Numbering plan: four bits of the first octet.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum NumberingPlan {
    /// Unknown.
    Unknown,
    /// E.164.
    #[default]
    Isdn,
    /// X.121.
    Data,
    /// F.69.
    Telex,
    /// E.212.
    LandMobile,
    /// A national plan.
    National,
    /// A private plan.
    Private,
    /// Reserved for extension.
    Extension,
    /// An undefined value, 0 to 15.
    Spare(u8),
}

impl NumberingPlan {
    const fn from_bits(bits: u8) -> Self {
        match bits & 0b1111 {
            0 => Self::Unknown,
            1 => Self::Isdn,
            3 => Self::Data,
            4 => Self::Telex,
            6 => Self::LandMobile,
            8 => Self::National,
            9 => Self::Private,
            15 => Self::Extension,
            spare => Self::Spare(spare),
        }
    }

    /// The four bits.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Isdn => 1,
            Self::Data => 3,
            Self::Telex => 4,
            Self::LandMobile => 6,
            Self::National => 8,
            Self::Private => 9,
            Self::Extension => 15,
            Self::Spare(bits) => bits & 0b1111,
        }
    }
}

/// AddressString and ISDN-AddressString: a number with its nature and plan.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct AddressString {
    /// Nature of address.
    pub nature_of_address: NatureOfAddress,
    /// Numbering plan.
    pub numbering_plan: NumberingPlan,
    /// Up to 38 of `0` to `9`, `*`, `#`, `a`, `b` and `c`.
    pub digits: CompactString,
}

impl AddressString {
    /// An international number of E.164.
    pub fn international(digits: &str) -> Self {
        Self { digits: digits.into(), ..Self::default() }
    }
}

impl fmt::Debug for AddressString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (nature, plan, count) = (self.nature_of_address, self.numbering_plan, self.digits.len());
        write!(f, "AddressString({nature:?}, {plan:?}, {count} digits)")
    }
}

impl Value for AddressString {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let octets = element.octet_string()?;
        let (&kinds, digits) = octets.split_first().ok_or(Error::Mistyped("empty AddressString"))?;
        if digits.len() >= ADDRESS_OCTETS_MAX {
            return Err(Error::Mistyped("AddressString is too long"));
        }
        Ok(Self {
            nature_of_address: NatureOfAddress::from_bits(kinds >> 4),
            numbering_plan: NumberingPlan::from_bits(kinds),
            digits: tbcd_read(digits),
        })
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        if self.digits.len() > 2 * (ADDRESS_OCTETS_MAX - 1) {
            return Err(Error::Unwritable("AddressString is too long"));
        }
        let mut octets = vec![0x80 | self.nature_of_address.bits() << 4 | self.numbering_plan.bits()];
        tbcd_write(&self.digits, &mut octets)?;
        out.primitive(tag, &octets);
        Ok(())
    }
}

/// IMSI: the identity of a subscriber, 5 to 16 digits.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Imsi(CompactString);

impl Imsi {
    /// The IMSI of these digits.
    pub fn new(digits: &str) -> Self {
        Self(digits.into())
    }

    /// Its digits.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Imsi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Imsi({} digits)", self.0.len())
    }
}

impl Value for Imsi {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let octets = element.octet_string()?;
        // Phase 1 nodes send IMSIs of fewer than the three octets that the standard requires.
        if octets.is_empty() || octets.len() > 8 {
            return Err(Error::Mistyped("IMSI is not 1 to 8 octets"));
        }
        Ok(Self(tbcd_read(&octets)))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        if self.0.is_empty() || self.0.len() > 16 {
            return Err(Error::Unwritable("IMSI is not 1 to 16 digits"));
        }
        let mut octets = Vec::new();
        tbcd_write(&self.0, &mut octets)?;
        out.primitive(tag, &octets);
        Ok(())
    }
}

/// LMSI: the local identity of a subscriber in one VLR.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Lmsi(pub [u8; 4]);

impl Value for Lmsi {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        element
            .octet_string()?
            .as_ref()
            .try_into()
            .map(Self)
            .map_err(|_| Error::Mistyped("LMSI is not 4 octets"))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        out.primitive(tag, &self.0);
        Ok(())
    }
}

/// The fifteen digits of TBCD; the sixteenth value is the filler.
const DIGITS: &str = "0123456789*#abc";

/// TBCD ends at its first filler: some nodes fill whole octets.
fn tbcd_read(octets: &[u8]) -> CompactString {
    let nibbles = octets.iter().flat_map(|octet| [octet & 0x0f, octet >> 4]);
    nibbles.map_while(|nibble| DIGITS.chars().nth(usize::from(nibble))).collect()
}

fn tbcd_write(digits: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut low = None;
    for digit in digits.chars() {
        let place = DIGITS.chars().position(|known| known == digit.to_ascii_lowercase());
        let nibble = place.and_then(|place| u8::try_from(place).ok()).ok_or(Error::Unwritable("no digit"))?;
        match low.take() {
            None => low = Some(nibble),
            Some(first) => out.push(nibble << 4 | first),
        }
    }
    out.extend(low.map(|last| 0xf0 | last));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::whole;

    fn written(value: &impl Value) -> Vec<u8> {
        let mut out = ber::Writer::new();
        value.write(Tag::OCTET_STRING, &mut out).unwrap();
        out.into_vec().split_off(2)
    }

    fn read<T: Value>(octets: &[u8]) -> Result<T, Error> {
        let mut out = ber::Writer::new();
        out.primitive(Tag::OCTET_STRING, octets);
        T::read(&whole(&out.into_vec()).unwrap())
    }

    fn unwritable(value: &impl Value) -> bool {
        value.write(Tag::OCTET_STRING, &mut ber::Writer::new()).is_err()
    }

    #[test]
    fn odd_and_even_numbers_and_the_odd_digits() {
        // The msisdn of a captured sendRoutingInfoForSM.
        let octets = [0x91, 0x41, 0x51, 0x55, 0x15, 0x32, 0xf4];
        let address = read::<AddressString>(&octets).unwrap();
        assert_eq!(address, AddressString::international("14155551234"));
        assert_eq!(written(&address), octets);
        for digits in ["", "1", "12", "*#abc", "123456789012345", "12345678901234567890123456789012345678"] {
            let address = AddressString { digits: digits.into(), ..AddressString::default() };
            assert_eq!(read::<AddressString>(&written(&address)).unwrap(), address);
        }
    }

    #[test]
    fn every_first_octet_is_kept() {
        for kinds in 0x80..=0xff {
            assert_eq!(written(&read::<AddressString>(&[kinds, 0x21]).unwrap()), [kinds, 0x21]);
        }
    }

    #[test]
    fn numbers_end_at_the_first_filler() {
        assert_eq!(read::<Imsi>(&[0x00, 0x01, 0x10, 0xf2, 0xff]).unwrap().digits(), "0010012");
    }

    #[test]
    fn impossible_numbers_are_refused() {
        assert!(read::<AddressString>(&[]).is_err());
        assert!(read::<AddressString>(&[0x91; 21]).is_err());
        assert!(read::<Imsi>(&[]).is_err() && read::<Imsi>(&[0; 9]).is_err());
        assert!(read::<Lmsi>(&[0; 3]).is_err() && read::<Lmsi>(&[0; 5]).is_err());
        assert!(unwritable(&AddressString::international("+1")));
        assert!(unwritable(&AddressString::international(&"1".repeat(39))));
        assert!(unwritable(&Imsi::new("")) && unwritable(&Imsi::new("12345678901234567")));
    }

    #[test]
    fn debug_hides_the_number() {
        let shown =
            format!("{:?} {:?}", AddressString::international("14155551234"), Imsi::new("001010123456789"));
        assert_eq!(shown, "AddressString(International, Isdn, 11 digits) Imsi(15 digits)");
    }
}
