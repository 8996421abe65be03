//! An address of a short message: digits with type of number and numbering plan,
//! or a name of letters.

use std::fmt;

use compact_str::CompactString;

/// Type of number, three bits (TS 23.040 §9.1.2.5; SMPP 3.4 §5.2.5).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TypeOfNumber(pub u8);

impl TypeOfNumber {
    /// Not stated.
    pub const UNKNOWN: Self = Self(0);
    /// Country code first.
    pub const INTERNATIONAL: Self = Self(1);
    /// As dialled inside the country, without the trunk prefix.
    pub const NATIONAL: Self = Self(2);
    /// A short code of one network.
    pub const NETWORK_SPECIFIC: Self = Self(3);
    /// A subscriber number.
    pub const SUBSCRIBER: Self = Self(4);
    /// Letters.
    pub const ALPHANUMERIC: Self = Self(5);
    /// An abbreviated number.
    pub const ABBREVIATED: Self = Self(6);
}

/// Numbering plan identification, four bits (TS 23.040 §9.1.2.5; SMPP 3.4 §5.2.6).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NumberingPlan(pub u8);

impl NumberingPlan {
    /// Not stated.
    pub const UNKNOWN: Self = Self(0);
    /// E.164, the telephone plan.
    pub const E164: Self = Self(1);
}

/// The sender or the receiver of a short message.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address {
    /// What kind of number the digits are.
    pub type_of_number: TypeOfNumber,
    /// Which plan they belong to.
    pub numbering_plan: NumberingPlan,
    /// The digits (`0-9 * # a b c`), or the letters of an alphanumeric address.
    pub digits: CompactString,
}

impl Address {
    /// An E.164 number by its digits, country code first, without `+`.
    pub fn international(digits: &str) -> Self {
        Self::new(TypeOfNumber::INTERNATIONAL, NumberingPlan::E164, digits)
    }

    /// A sender made of letters, at most 11 of them.
    pub fn alphanumeric(text: &str) -> Self {
        Self::new(TypeOfNumber::ALPHANUMERIC, NumberingPlan::UNKNOWN, text)
    }

    /// An address from its three parts.
    pub fn new(type_of_number: TypeOfNumber, numbering_plan: NumberingPlan, digits: &str) -> Self {
        Self { type_of_number, numbering_plan, digits: digits.into() }
    }

    /// Whether this is a sender made of letters.
    pub fn is_alphanumeric(&self) -> bool {
        self.type_of_number == TypeOfNumber::ALPHANUMERIC
    }

    /// As people write it: `+` before an international number.
    pub fn dialled(&self) -> CompactString {
        if self.type_of_number == TypeOfNumber::INTERNATIONAL {
            compact_str::format_compact!("+{}", self.digits)
        } else {
            self.digits.clone()
        }
    }

    /// For logs: the last four digits hidden.
    pub fn masked(&self) -> Masked<'_> {
        Masked(self)
    }
}

impl fmt::Debug for Address {
    /// Masked, so that no whole number reaches a log by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.type_of_number.0, self.numbering_plan.0, self.masked())
    }
}

/// Shows an address with its last four characters hidden.
#[derive(Clone, Copy)]
pub struct Masked<'a>(&'a Address);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.0.digits.chars().count();
        let shown = total.saturating_sub(4);
        for character in self.0.digits.chars().take(shown) {
            write!(f, "{character}")?;
        }
        (shown..total).try_for_each(|_| f.write_str("*"))
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_hide_the_last_four_digits() {
        let address = Address::international("4915112345678");
        assert_eq!(address.masked().to_string(), "491511234****");
        assert_eq!(format!("{address:?}"), "1/1/491511234****");
        assert_eq!(Address::international("123").masked().to_string(), "***");
    }

    #[test]
    fn people_see_a_plus_before_international_numbers_only() {
        assert_eq!(Address::international("49151").dialled(), "+49151");
        assert_eq!(Address::alphanumeric("ACME").dialled(), "ACME");
    }
}
