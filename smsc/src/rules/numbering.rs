//! One form for every number: E.164 digits, short codes, or letters.
//!
//! Peers write numbers as they like: `+49 151…`, `0049151…`, `0151…`, with a type
//! of number that is right, wrong or absent. Everything behind this file sees one
//! form, so that routes, order and alerts meet the same key. The form that the
//! submitter used is kept beside it for its receipts.

use compact_str::CompactString;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use crate::address::{Address, NumberingPlan, TypeOfNumber};

/// How numbers without a country code are read.
#[derive(Clone, Debug)]
pub struct Numbering {
    region: Option<Region>,
    short_code_digits_max: usize,
}

/// A country code that is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is not an ISO 3166 country code")]
pub struct UnknownCountry(pub String);

/// E.164 allows 15 digits; TP addresses carry 20.
const DIGITS_MAX: usize = 20;
/// Shorter numbers are never international (E.164 has none below this).
const INTERNATIONAL_DIGITS_MIN: usize = 7;
/// An unknown type of number with this many digits is read as international.
const UNKNOWN_INTERNATIONAL_DIGITS_MIN: usize = 10;
/// TS 23.040 §9.1.2.5: ten octets hold eleven letters of seven bits.
const LETTERS_MAX: usize = 11;

impl Default for Numbering {
    fn default() -> Self {
        Self { region: None, short_code_digits_max: 6 }
    }
}

impl Numbering {
    /// Numbers as dialled in `country` (ISO 3166 alpha-2); short codes have at most
    /// `short_code_digits_max` digits.
    pub fn new(country: Option<&str>, short_code_digits_max: usize) -> Result<Self, UnknownCountry> {
        let region = country.map(Self::region).transpose()?;
        Ok(Self { region, short_code_digits_max })
    }

    /// The normalised destination, or what is wrong with it.
    pub fn destination(&self, address: &Address) -> Result<Address, &'static str> {
        if address.is_alphanumeric() {
            return Err("letters cannot be dialled");
        }
        self.number(address)
    }

    /// The normalised source, or what is wrong with it. Letters are kept as they are.
    pub fn source(&self, address: &Address) -> Result<Address, &'static str> {
        if address.digits.is_empty() {
            return Ok(address.clone()); // the gateway's default sender stands in
        }
        if !address.is_alphanumeric() {
            return self.number(address);
        }
        if address.digits.chars().count() > LETTERS_MAX {
            return Err("an alphanumeric sender has at most 11 characters");
        }
        if address.digits.chars().any(char::is_control) {
            return Err("an alphanumeric sender has no control characters");
        }
        Ok(address.clone())
    }

    fn region(code: &str) -> Result<Region, UnknownCountry> {
        Region::from_code(&code.to_ascii_uppercase())
            .ok()
            .filter(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(*region).is_some())
            .ok_or_else(|| UnknownCountry(code.to_owned()))
    }

    fn number(&self, address: &Address) -> Result<Address, &'static str> {
        let plain = Plain::read(&address.digits)?;
        let digits = plain.digits.as_str();
        if plain.plus {
            return international(digits);
        }
        match address.type_of_number {
            TypeOfNumber::INTERNATIONAL => Ok(self.stated_international(digits)),
            TypeOfNumber::NATIONAL | TypeOfNumber::SUBSCRIBER => Ok(self.national(digits)),
            TypeOfNumber::NETWORK_SPECIFIC | TypeOfNumber::ABBREVIATED => Ok(short(digits)),
            _ => Ok(self.unknown(digits)),
        }
    }

    /// Stated as international; many peers state that of everything.
    fn stated_international(&self, digits: &str) -> Address {
        if digits.len() <= self.short_code_digits_max {
            return short(digits);
        }
        match digits.strip_prefix("00") {
            Some(rest) if rest.len() >= INTERNATIONAL_DIGITS_MIN => Address::international(rest),
            _ => Address::international(digits),
        }
    }

    fn unknown(&self, digits: &str) -> Address {
        if digits.len() <= self.short_code_digits_max || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return short(digits);
        }
        match digits.strip_prefix("00") {
            Some(rest) if rest.len() >= INTERNATIONAL_DIGITS_MIN => Address::international(rest),
            _ if digits.starts_with('0') => self.national(digits),
            _ if digits.len() >= UNKNOWN_INTERNATIONAL_DIGITS_MIN => Address::international(digits),
            _ => self.national(digits),
        }
    }

    /// As dialled inside the configured country; without one it stays national.
    fn national(&self, digits: &str) -> Address {
        if digits.len() <= self.short_code_digits_max {
            return short(digits);
        }
        let as_it_is = || Address::new(TypeOfNumber::NATIONAL, NumberingPlan::E164, digits);
        let Some(region) = self.region else { return as_it_is() };
        let Ok(number) = PHONE_NUMBER_UTIL.parse(digits, Some(region)) else {
            return as_it_is();
        };
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        Address::international(e164.trim_start_matches('+'))
    }
}

fn international(digits: &str) -> Result<Address, &'static str> {
    if digits.len() < INTERNATIONAL_DIGITS_MIN {
        return Err("an international number has at least 7 digits");
    }
    Ok(Address::international(digits))
}

fn short(digits: &str) -> Address {
    Address::new(TypeOfNumber::NETWORK_SPECIFIC, NumberingPlan::UNKNOWN, digits)
}

/// Digits without what people put between them.
struct Plain {
    plus: bool,
    digits: CompactString,
}

impl Plain {
    fn read(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let (plus, rest) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut digits = CompactString::default();
        for character in rest.chars() {
            match character {
                '0'..='9' | '*' | '#' | 'a' | 'b' | 'c' => digits.push(character),
                ' ' | '-' | '.' | '(' | ')' | '/' => {}
                _ => return Err("a number holds digits only"),
            }
        }
        match digits.len() {
            0 => Err("the number is empty"),
            1..=DIGITS_MAX => Ok(Self { plus, digits }),
            _ => Err("a number has at most 20 digits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(digits: &str) -> Address {
        Address::new(TypeOfNumber::UNKNOWN, NumberingPlan::UNKNOWN, digits)
    }

    fn german() -> Numbering {
        Numbering::new(Some("de"), 6).unwrap()
    }

    #[test]
    fn field_34_wrong_types_of_number_are_normalised() {
        let expected = Address::international("4915112345678");
        for written in ["+49 151 1234-5678", "004915112345678", "4915112345678", "+49 (151) 12345678"] {
            assert_eq!(german().destination(&unknown(written)), Ok(expected.clone()), "{written}");
        }
        let stated = Address::international("004915112345678");
        assert_eq!(german().destination(&stated), Ok(expected.clone()));
        assert_eq!(german().destination(&unknown("015112345678")), Ok(expected.clone()));
        let national = Address::new(TypeOfNumber::NATIONAL, NumberingPlan::E164, "15112345678");
        assert_eq!(german().destination(&national), Ok(expected));
    }

    #[test]
    fn italy_keeps_its_zero() {
        let italian = Numbering::new(Some("IT"), 6).unwrap();
        let number = italian.destination(&unknown("0612345678")).unwrap();
        assert_eq!(number, Address::international("390612345678"));
    }

    #[test]
    fn field_33_short_codes_stay_short_whatever_is_said_of_them() {
        for ton in [0, 1, 2, 3, 6] {
            let address = Address::new(TypeOfNumber(ton), NumberingPlan::E164, "12345");
            assert_eq!(german().destination(&address), Ok(short("12345")), "TON {ton}");
        }
        assert_eq!(german().destination(&unknown("*100#")), Ok(short("*100#")));
    }

    #[test]
    fn without_a_country_a_national_number_stays_national() {
        let number = Numbering::default().destination(&unknown("015112345678")).unwrap();
        assert_eq!(number.type_of_number, TypeOfNumber::NATIONAL);
        assert_eq!(number.digits, "015112345678");
    }

    #[test]
    fn senders_may_have_letters_and_destinations_may_not() {
        let acme = Address::alphanumeric("ACME Ltd.");
        assert_eq!(german().source(&acme), Ok(acme.clone()));
        assert!(german().destination(&acme).is_err());
        assert!(german().source(&Address::alphanumeric("twelve chars")).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in ["", "+", "12x4567", "+123", "123456789012345678901", "+49\u{661}511234567"] {
            assert!(german().destination(&unknown(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_country_is_named() {
        assert_eq!(Numbering::new(Some("xx"), 6).unwrap_err(), UnknownCountry("xx".into()));
    }
}
