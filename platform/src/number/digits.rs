//! Phone numbers and alphanumeric senders as text: the canonical form, and the address they stand for.

use smsc::address::{Address, NumberingPlan, TypeOfNumber};

/// A dialled number in the one form that the platform keeps: E.164 with `+`, or a short code of 3 to 8
/// digits. `None` if it is neither.
///
/// Visual separators are dropped. Nine digits or more without `+` are read as E.164 unless they begin
/// with 0, which no country code does.
pub fn canonical(written: &str) -> Option<String> {
    if written.len() > 40 {
        return None;
    }
    let written = written.trim();
    let (plus, rest) = match written.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, written),
    };
    let mut digits = String::with_capacity(16);
    digits.push('+');
    for character in rest.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' => {}
            _ => return None,
        }
    }
    let count = digits.len() - 1;
    let leading_zero = digits.starts_with("+0");
    match (plus, count) {
        (true, 7..=15) if !leading_zero => Some(digits),
        (false, 9..=15) if !leading_zero => Some(digits),
        (false, 3..=8) => Some(digits.split_off(1)),
        _ => None,
    }
}

/// A sender of letters: 1 to 11 of `A-Z a-z 0-9 space + - _ &`, with at least one letter.
pub(crate) fn is_alphanumeric(sender: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b" +-_&".contains(&octet);
    (1..=11).contains(&sender.len())
        && sender.bytes().all(allowed)
        && sender.bytes().any(|octet| octet.is_ascii_alphabetic())
}

/// The centre's form of a canonical number or of letters.
pub(crate) fn address(written: &str) -> Address {
    match written.strip_prefix('+') {
        Some(digits) => Address::international(digits),
        None if written.bytes().all(|octet| octet.is_ascii_digit()) => {
            Address::new(TypeOfNumber::NETWORK_SPECIFIC, NumberingPlan::UNKNOWN, written)
        }
        None => Address::alphanumeric(written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_60_numbers_have_one_form() {
        assert_eq!(canonical("+1 (415) 867-5309").as_deref(), Some("+14158675309"));
        assert_eq!(canonical("4915112345678").as_deref(), Some("+4915112345678"));
        assert_eq!(canonical("12345").as_deref(), Some("12345"));
        let wrong = ["", "+", "+12", "01511234567", "+0151123456", "12", "+1415x675309", "+1234567890123456"];
        for written in wrong {
            assert_eq!(canonical(written), None, "{written}");
        }
        assert_eq!(canonical(&"1".repeat(10_000)), None);
    }

    #[test]
    fn letters_are_eleven_at_most_and_not_all_digits() {
        assert!(is_alphanumeric("ACME & Co-1"));
        for wrong in ["", "12345", "twelve chars", "Acmé", "a\n"] {
            assert!(!is_alphanumeric(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_centre_is_told_what_kind_of_number_it_is() {
        assert_eq!(address("+49151").dialled(), "+49151");
        assert_eq!(address("12345").type_of_number, TypeOfNumber::NETWORK_SPECIFIC);
        assert!(address("ACME").is_alphanumeric());
    }
}
