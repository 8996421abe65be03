//! Addresses of TPDUs: TP-OA, TP-DA, TP-RA (3GPP TS 23.040 §9.1.2.5).
//!
//! The length octet counts useful semi-octets, not octets and not characters: an
//! alphanumeric address of seven characters fills 49 bits, which is 13 semi-octets.

use std::fmt;

use crate::alphabet::{self, Shifts};
use crate::error::{Error, Truncated};
use crate::packing;

/// Type-of-number, three bits.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum TypeOfNumber {
    /// The network knows from the digits alone.
    #[default]
    Unknown = 0,
    /// Country code first, without prefix.
    International = 1,
    /// Without country code and trunk prefix.
    National = 2,
    /// Known to one network, such as a service number.
    NetworkSpecific = 3,
    /// Known to one exchange.
    Subscriber = 4,
    /// Text in the default alphabet.
    Alphanumeric = 5,
    /// Short number.
    Abbreviated = 6,
    /// Reserved for extension.
    Reserved = 7,
}

impl TypeOfNumber {
    /// The type with this number, of which the three low bits count.
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 0b111 {
            0 => Self::Unknown,
            1 => Self::International,
            2 => Self::National,
            3 => Self::NetworkSpecific,
            4 => Self::Subscriber,
            5 => Self::Alphanumeric,
            6 => Self::Abbreviated,
            _ => Self::Reserved,
        }
    }
}

/// Numbering-plan-identification, four bits.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct NumberingPlan(u8);

impl NumberingPlan {
    /// Unknown, also what alphanumeric addresses have.
    pub const UNKNOWN: Self = Self(0);
    /// E.164 and E.163.
    pub const ISDN: Self = Self(1);
    /// X.121.
    pub const DATA: Self = Self(3);
    /// F.69.
    pub const TELEX: Self = Self(4);
    /// National numbering plan.
    pub const NATIONAL: Self = Self(8);
    /// Private numbering plan.
    pub const PRIVATE: Self = Self(9);
    /// ERMES.
    pub const ERMES: Self = Self(10);

    /// The plan with this number, of which the four low bits count.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x0f)
    }

    /// Its number, 0 to 15.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

/// An address in a TPDU: digits, or a name if it is alphanumeric.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Address {
    type_of_number: TypeOfNumber,
    numbering_plan: NumberingPlan,
    value: String,
}

impl Address {
    /// Digits in the longest address.
    pub const DIGITS_MAX: usize = 20;
    /// Septets in the longest alphanumeric address.
    pub const SEPTETS_MAX: usize = 11;

    /// An address of digits: `0`–`9`, `*`, `#`, `a`, `b`, `c`.
    ///
    /// With [`TypeOfNumber::Alphanumeric`] the same as [`alphanumeric`](Self::alphanumeric).
    ///
    /// # Errors
    /// [`Error::AddressDigit`] for anything else, [`Error::AddressTooLong`] over 20 digits.
    pub fn new(
        type_of_number: TypeOfNumber,
        numbering_plan: NumberingPlan,
        value: &str,
    ) -> Result<Self, Error> {
        if type_of_number == TypeOfNumber::Alphanumeric {
            return Self { numbering_plan, ..Self::default() }.named(value);
        }
        if let Some(position) = value.chars().position(|digit| digit_value(digit).is_none()) {
            return Err(Error::AddressDigit(position));
        }
        if value.len() > Self::DIGITS_MAX {
            return Err(Error::AddressTooLong { length: value.len(), max: Self::DIGITS_MAX });
        }
        Ok(Self { type_of_number, numbering_plan, value: value.to_owned() })
    }

    /// An E.164 number: country code first, without `+`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn international(digits: &str) -> Result<Self, Error> {
        Self::new(TypeOfNumber::International, NumberingPlan::ISDN, digits)
    }

    /// A name of up to 11 septets in the default alphabet.
    ///
    /// # Errors
    /// [`Error::AddressTooLong`] if it is longer, [`Error::Unencodable`] for a
    /// character that the alphabet lacks.
    pub fn alphanumeric(name: &str) -> Result<Self, Error> {
        Self::default().named(name)
    }

    /// Type-of-number.
    pub fn type_of_number(&self) -> TypeOfNumber {
        self.type_of_number
    }

    /// Numbering-plan-identification.
    pub fn numbering_plan(&self) -> NumberingPlan {
        self.numbering_plan
    }

    /// The digits, or the name if it is alphanumeric.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Reads an address and returns what follows it.
    ///
    /// A filler digit at the end is dropped even where a sender counted it.
    ///
    /// # Errors
    /// [`Error::Truncated`]; [`Error::AddressTooLong`] over 20 semi-octets;
    /// [`Error::AddressDigit`] for a filler among the digits.
    pub fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Error> {
        let Some((&[length, kind], rest)) = octets.split_first_chunk::<2>() else {
            return Err(Truncated { needed: 2, present: octets.len() }.into());
        };
        let length = usize::from(length);
        if length > Self::DIGITS_MAX {
            return Err(Error::AddressTooLong { length, max: Self::DIGITS_MAX });
        }
        let needed = length.div_ceil(2);
        let (semi_octets, rest) =
            rest.split_at_checked(needed).ok_or(Truncated { needed: needed + 2, present: octets.len() })?;
        let type_of_number = TypeOfNumber::from_bits(kind >> 4);
        let value = if type_of_number == TypeOfNumber::Alphanumeric {
            alphabet::decode(&packing::unpack(semi_octets, 0, length * 4 / 7)?, Shifts::NONE)
        } else {
            decode_digits(semi_octets, length)?
        };
        Ok((Self { type_of_number, numbering_plan: NumberingPlan::from_bits(kind), value }, rest))
    }

    /// Writes the address behind what `octets` holds already.
    pub fn encode_into(&self, octets: &mut Vec<u8>) {
        let name = self.septets().map(|septets| (septets.len() * 7, packing::pack(&septets, 0)));
        let (bits, semi_octets) = name.unwrap_or_else(|| (self.value.len() * 4, encode_digits(&self.value)));
        // At most 20 by construction.
        octets.push(u8::try_from(bits.div_ceil(4)).unwrap_or(u8::MAX));
        octets.push(self.type_octet());
        octets.extend(semi_octets);
    }

    /// Reads the value of an RP address (TS 24.011 §8.2.5.1): type, then digits to the end.
    /// It cannot be alphanumeric.
    pub(crate) fn decode_relay(value: &[u8]) -> Result<Self, Error> {
        let (&kind, digits) = value.split_first().ok_or(Truncated { needed: 1, present: 0 })?;
        let length = digits.len() * 2;
        if length > Self::DIGITS_MAX {
            return Err(Error::AddressTooLong { length, max: Self::DIGITS_MAX });
        }
        let type_of_number = TypeOfNumber::from_bits(kind >> 4);
        if type_of_number == TypeOfNumber::Alphanumeric {
            return Err(Error::AddressDigit(0));
        }
        Self::new(type_of_number, NumberingPlan::from_bits(kind), &decode_digits(digits, length)?)
    }

    /// Writes the value of an RP address, which cannot be alphanumeric.
    pub(crate) fn encode_relay(&self) -> Result<Vec<u8>, Error> {
        if self.type_of_number == TypeOfNumber::Alphanumeric {
            return Err(Error::AddressDigit(0));
        }
        Ok([vec![self.type_octet()], encode_digits(&self.value)].concat())
    }

    fn type_octet(&self) -> u8 {
        0x80 | (self.type_of_number as u8) << 4 | self.numbering_plan.bits()
    }

    fn named(self, name: &str) -> Result<Self, Error> {
        let septets = alphabet::encode(name, Shifts::NONE)?.len();
        if septets > Self::SEPTETS_MAX {
            let length = (septets * 7).div_ceil(4);
            return Err(Error::AddressTooLong { length, max: Self::DIGITS_MAX });
        }
        Ok(Self { type_of_number: TypeOfNumber::Alphanumeric, value: name.to_owned(), ..self })
    }

    fn septets(&self) -> Option<Vec<u8>> {
        if self.type_of_number != TypeOfNumber::Alphanumeric {
            return None;
        }
        alphabet::encode(&self.value, Shifts::NONE).ok()
    }
}

impl fmt::Debug for Address {
    /// Shows names and short numbers whole, and of longer numbers the first three digits and the last two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}:", self.type_of_number, self.numbering_plan.bits())?;
        match (self.value.get(..3), self.value.len().checked_sub(2).and_then(|at| self.value.get(at..))) {
            (Some(first), Some(last))
                if self.type_of_number != TypeOfNumber::Alphanumeric && self.value.len() > 6 =>
            {
                write!(f, "{first}…{last}")
            }
            _ => f.write_str(&self.value),
        }
    }
}

const DIGITS: [char; 15] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'a', 'b', 'c'];
const FILLER: u8 = 0x0f;

fn digit_value(digit: char) -> Option<u8> {
    DIGITS.iter().position(|&each| each == digit).and_then(|at| u8::try_from(at).ok())
}

fn decode_digits(semi_octets: &[u8], count: usize) -> Result<String, Error> {
    let values = semi_octets.iter().flat_map(|octet| [octet & 0x0f, octet >> 4]).take(count);
    let mut digits = String::with_capacity(count);
    for (position, value) in values.enumerate() {
        match DIGITS.get(usize::from(value)) {
            Some(&digit) => digits.push(digit),
            None if position + 1 == count => {}
            None => return Err(Error::AddressDigit(position)),
        }
    }
    Ok(digits)
}

fn encode_digits(digits: &str) -> Vec<u8> {
    let mut values = digits.chars().filter_map(digit_value);
    let mut octets = Vec::with_capacity(digits.len().div_ceil(2));
    while let Some(low) = values.next() {
        octets.push(values.next().unwrap_or(FILLER) << 4 | low);
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(address: &Address, wire: &[u8]) {
        let mut octets = Vec::new();
        address.encode_into(&mut octets);
        assert_eq!(octets, wire, "{address:?}");
        assert_eq!(Address::decode(wire), Ok((address.clone(), &[][..])));
        for present in 0..wire.len() {
            assert!(matches!(Address::decode(&wire[..present]), Err(Error::Truncated(_))));
        }
    }

    #[test]
    fn field_31_alphanumeric_length_is_useful_semi_octets() {
        let cases: [(&str, &[u8]); 5] = [
            ("ACME", &[0x07, 0xd0, 0xc1, 0x61, 0xb3, 0x08]),
            ("MyBank1", &[0x0d, 0xd0, 0xcd, 0xbc, 0x30, 0xec, 0x5e, 0xc7, 0x00]),
            ("VerifyBank", &[0x12, 0xd0, 0xd6, 0xb2, 0x3c, 0x6d, 0xce, 0x0b, 0xc3, 0xee, 0x35]),
            ("abcdefghijk", &[0x14, 0xd0, 0x61, 0xf1, 0x98, 0x5c, 0x36, 0x9f, 0xd1, 0x69, 0xf5, 0x1a]),
            ("", &[0x00, 0xd0]),
        ];
        for (name, wire) in cases {
            round_trip(&Address::alphanumeric(name).unwrap(), wire);
        }
        let too_long = Err(Error::AddressTooLong { length: 21, max: 20 });
        assert_eq!(Address::alphanumeric("abcdefghijkl"), too_long);
        assert!(matches!(Address::alphanumeric("Кот"), Err(Error::Unencodable(_))));
    }

    #[test]
    fn field_32_seven_characters_have_no_extra_at_sign() {
        let wire = [0x0d, 0xd0, 0xcd, 0xbc, 0x30, 0xec, 0x5e, 0xc7, 0x00];
        assert_eq!(Address::decode(&wire).unwrap().0.value(), "MyBank1");
    }

    #[test]
    fn field_33_semi_octets() {
        round_trip(
            &Address::international("46708251358").unwrap(),
            &[0x0b, 0x91, 0x64, 0x07, 0x28, 0x15, 0x53, 0xf8],
        );
        let short = Address::new(TypeOfNumber::NetworkSpecific, NumberingPlan::UNKNOWN, "12345").unwrap();
        round_trip(&short, &[0x05, 0xb0, 0x21, 0x43, 0xf5]);
        let keys = Address::new(TypeOfNumber::Unknown, NumberingPlan::ISDN, "*#abc0").unwrap();
        round_trip(&keys, &[0x06, 0x81, 0xba, 0xdc, 0x0e]);
        let longest = "1".repeat(20);
        assert!(Address::international(&longest).is_ok());
        let too_long = Error::AddressTooLong { length: 21, max: 20 };
        assert_eq!(Address::international(&(longest + "1")), Err(too_long));
        assert_eq!(Address::international("+4670"), Err(Error::AddressDigit(0)));
    }

    #[test]
    fn field_33_fillers_where_they_may_and_may_not_be() {
        let counted = [0x06, 0x91, 0x21, 0x43, 0xf5];
        assert_eq!(Address::decode(&counted).unwrap().0.value(), "12345");
        assert_eq!(Address::decode(&[0x04, 0x91, 0xf1, 0x32]), Err(Error::AddressDigit(1)));
        assert!(matches!(Address::decode(&[0x15, 0x91]), Err(Error::AddressTooLong { length: 21, .. })));
    }

    #[test]
    fn debug_output_shows_no_whole_number() {
        let address = Address::international("46708251358").unwrap();
        assert_eq!(format!("{address:?}"), "International/1:467…58");
    }
}
