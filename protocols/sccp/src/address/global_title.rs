//! Global titles of all four formats (Q.713 §3.4.2.3).

use std::fmt;

use codec::{GlobalTitle as Wire, GtIndicator};
use compact_str::CompactString;
use smallvec::SmallVec;

use crate::Error;

/// The most digits of a local title; E.164 numbers have 15, and E.214 adds none.
const DIGITS_MAX: usize = 32;
/// The position of the global title indicator in the address indicator.
const INDICATOR_SHIFT: u8 = 2;
/// The bits of the address indicator that belong to the title: its indicator and national use.
const INDICATOR_BITS: u8 = 0xbc;
const E164: u8 = 1;
const INTERNATIONAL: u8 = 4;

/// A global title, with its encoded octets.
///
/// Titles are equal if their octets are: the same digits with another filler or translation type
/// make another title. `Debug` masks the digits.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GlobalTitle {
    indicator_bits: u8,
    octets: SmallVec<[u8; 16]>,
    digits: CompactString,
}

/// The changes of a translation rule to a title, beside its digits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct TitleChange {
    pub(crate) translation_type: Option<u8>,
    pub(crate) numbering_plan: Option<u8>,
    pub(crate) nature_of_address: Option<u8>,
}

impl GlobalTitle {
    /// An international E.164 number: indicator 4, translation type 0, numbering plan 1, nature of
    /// address 4. `digits` are without a plus.
    ///
    /// # Errors
    ///
    /// [`Error::Digits`] where there are no digits, more than 32, or anything but digits.
    pub fn e164(digits: &str) -> Result<Self, Error> {
        Self::full(0, E164, INTERNATIONAL, digits)
    }

    /// Indicator 4: all fields (Q.713 §3.4.2.3.4). `numbering_plan` has 4 bits, `nature_of_address` 7.
    ///
    /// # Errors
    ///
    /// [`Error::Digits`], as for [`GlobalTitle::e164`].
    pub fn full(
        translation_type: u8,
        numbering_plan: u8,
        nature_of_address: u8,
        digits: &str,
    ) -> Result<Self, Error> {
        Self::written(&Wire::Gt0100 {
            translation_type,
            numbering_plan: numbering_plan & 0x0f,
            encoding_scheme: 1, // the codec sets odd or even by the digits
            nature_of_address: nature_of_address & 0x7f,
            digits: checked(digits)?,
        })
    }

    /// Indicator 3: translation type and numbering plan (Q.713 §3.4.2.3.3).
    ///
    /// # Errors
    ///
    /// [`Error::Digits`], as for [`GlobalTitle::e164`].
    pub fn with_plan(translation_type: u8, numbering_plan: u8, digits: &str) -> Result<Self, Error> {
        Self::written(&Wire::Gt0011 {
            translation_type,
            numbering_plan: numbering_plan & 0x0f,
            encoding_scheme: 1,
            digits: checked(digits)?,
        })
    }

    /// Indicator 2: translation type alone (Q.713 §3.4.2.3.2).
    ///
    /// # Errors
    ///
    /// [`Error::Digits`], as for [`GlobalTitle::e164`].
    pub fn with_type(translation_type: u8, digits: &str) -> Result<Self, Error> {
        Self::written(&Wire::Gt0010 { translation_type, digits: checked(digits)? })
    }

    /// Indicator 1: nature of address alone (Q.713 §3.4.2.3.1).
    ///
    /// # Errors
    ///
    /// [`Error::Digits`], as for [`GlobalTitle::e164`].
    pub fn with_nature(nature_of_address: u8, digits: &str) -> Result<Self, Error> {
        Self::written(&Wire::Gt0001 {
            nature_of_address: nature_of_address & 0x7f,
            odd_even: false, // the codec sets it by the digits
            digits: checked(digits)?,
        })
    }

    /// The title after a received address indicator; `None` where the address ends there.
    pub(super) fn received(address_indicator: u8, octets: &[u8]) -> Result<Option<Self>, Error> {
        let indicator_bits = address_indicator & INDICATOR_BITS;
        if indicator_bits == 0 && octets.is_empty() {
            return Ok(None);
        }
        let digits = match GtIndicator::from_u8(indicator_bits >> INDICATOR_SHIFT & 0x0f) {
            Ok(indicator) => Wire::decode(octets, indicator).map_err(|_| Error::Address)?,
            Err(_) => Wire::NoTitle, // an unknown format: kept as octets for the reply
        };
        Ok(Some(Self {
            indicator_bits,
            octets: SmallVec::from_slice(octets),
            digits: CompactString::from(digits.digits().unwrap_or_default()),
        }))
    }

    fn written(title: &Wire) -> Result<Self, Error> {
        let octets = title.encode().map_err(|_| Error::Digits)?;
        let indicator = match title {
            Wire::NoTitle => 0,
            Wire::Gt0001 { .. } => 1,
            Wire::Gt0010 { .. } => 2,
            Wire::Gt0011 { .. } => 3,
            Wire::Gt0100 { .. } => 4,
        };
        Ok(Self {
            indicator_bits: indicator << INDICATOR_SHIFT,
            octets: SmallVec::from_vec(octets),
            digits: CompactString::from(title.digits().unwrap_or_default()),
        })
    }

    /// This title with other digits and the changes of `change`; fields that its format lacks are ignored.
    pub(crate) fn changed(&self, change: TitleChange, digits: &str) -> Result<Self, Error> {
        let translation_type =
            change.translation_type.or_else(|| self.translation_type()).unwrap_or_default();
        let plan = change.numbering_plan.or_else(|| self.numbering_plan()).unwrap_or_default();
        let nature = change.nature_of_address.or_else(|| self.nature_of_address()).unwrap_or_default();
        match self.indicator() {
            1 => Self::with_nature(nature, digits),
            2 => Self::with_type(translation_type, digits),
            3 => Self::with_plan(translation_type, plan, digits),
            _ => Self::full(translation_type, plan, nature, digits),
        }
    }

    /// The global title indicator: 1 to 4; a received title may have 0 or 5 to 15, and then has no
    /// digits.
    pub const fn indicator(&self) -> u8 {
        self.indicator_bits >> INDICATOR_SHIFT & 0x0f
    }

    /// The translation type, which indicator 1 does not have.
    pub fn translation_type(&self) -> Option<u8> {
        if matches!(self.indicator(), 2..=4) { self.octets.first().copied() } else { None }
    }

    /// The numbering plan: 1 E.164, 6 E.212, 7 E.214. Indicators 1 and 2 do not have it.
    pub fn numbering_plan(&self) -> Option<u8> {
        self.plan_and_scheme().map(|octet| octet >> 4)
    }

    /// The encoding scheme: 1 BCD odd, 2 BCD even. Indicators 1 and 2 do not have it.
    pub fn encoding_scheme(&self) -> Option<u8> {
        self.plan_and_scheme().map(|octet| octet & 0x0f)
    }

    /// The nature of address: 3 national, 4 international. Indicators 2 and 3 do not have it.
    pub fn nature_of_address(&self) -> Option<u8> {
        let octet = match self.indicator() {
            1 => self.octets.first(),
            4 => self.octets.get(2),
            _ => None,
        };
        octet.map(|octet| octet & 0x7f)
    }

    /// The digits, without a filler; codes 10 to 14 are `*`, `#`, `a`, `b` and `c`.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    pub(super) const fn indicator_bits(&self) -> u8 {
        self.indicator_bits
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn plan_and_scheme(&self) -> Option<u8> {
        if matches!(self.indicator(), 3 | 4) { self.octets.get(1).copied() } else { None }
    }
}

impl fmt::Debug for GlobalTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gti {}", self.indicator())?;
        for (name, value) in [
            ("tt", self.translation_type()),
            ("np", self.numbering_plan()),
            ("nai", self.nature_of_address()),
        ] {
            if let Some(value) = value {
                write!(f, " {name} {value}")?;
            }
        }
        let shown = self.digits.len().saturating_sub(4);
        write!(f, " {}", self.digits.get(..shown).unwrap_or_default())?;
        (shown..self.digits.len()).try_for_each(|_| f.write_str("*"))
    }
}

/// Digits that the codec can encode.
fn checked(digits: &str) -> Result<String, Error> {
    let known = |octet: u8| matches!(octet, b'0'..=b'9' | b'*' | b'#' | b'a'..=b'c');
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(known) {
        return Err(Error::Digits);
    }
    Ok(digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_number_has_scheme_1_and_filler_0() {
        let title = GlobalTitle::e164("14155551234").unwrap();
        assert_eq!(title.octets(), [0x00, 0x11, 0x04, 0x41, 0x51, 0x55, 0x15, 0x32, 0x04]);
        let even = GlobalTitle::e164("1415555123").unwrap();
        assert_eq!(even.octets(), [0x00, 0x12, 0x04, 0x41, 0x51, 0x55, 0x15, 0x32]);
    }

    #[test]
    fn each_format_has_its_own_fields() {
        let fields = |title: GlobalTitle| {
            let scheme = title.encoding_scheme();
            (
                title.indicator(),
                title.translation_type(),
                title.numbering_plan(),
                scheme,
                title.nature_of_address(),
            )
        };
        assert_eq!(fields(GlobalTitle::with_nature(3, "123").unwrap()), (1, None, None, None, Some(3)));
        assert_eq!(fields(GlobalTitle::with_type(9, "123").unwrap()), (2, Some(9), None, None, None));
        assert_eq!(fields(GlobalTitle::with_plan(9, 7, "12").unwrap()), (3, Some(9), Some(7), Some(2), None));
        assert_eq!(
            fields(GlobalTitle::full(9, 6, 5, "123").unwrap()),
            (4, Some(9), Some(6), Some(1), Some(5))
        );
    }

    #[test]
    fn the_odd_bit_of_format_1_is_the_nature_s_neighbour() {
        let title = GlobalTitle::with_nature(4, "123").unwrap();
        assert_eq!(title.octets(), [0x84, 0x21, 0x03]);
        let read = GlobalTitle::received(0x04, &[0x84, 0x21, 0x03]).unwrap().unwrap();
        assert_eq!((read.digits(), read.nature_of_address()), ("123", Some(4)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for digits in ["", "+49", "12 3", "d", "123456789012345678901234567890123"] {
            assert_eq!(GlobalTitle::e164(digits), Err(Error::Digits), "{digits}");
        }
    }
}
