//! Escapes characters of a URI as `%HH` and back (RFC 3261 §19.1.2).

use std::borrow::Cow;

use super::part::USER;

/// Escapes what a user part may not hold (RFC 3261 §25.1, user).
pub fn escape_user(user: &str) -> Cow<'_, str> {
    if user.bytes().all(|byte| USER.has(byte)) {
        return Cow::Borrowed(user);
    }
    let mut escaped = String::with_capacity(user.len() + 8);
    for byte in user.bytes() {
        if USER.has(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(escaped)
}

/// Undoes `%HH`; `None` if the result is not UTF-8.
pub fn unescape(text: &str) -> Option<Cow<'_, str>> {
    match unescape_octets(text) {
        Cow::Borrowed(_) => Some(Cow::Borrowed(text)),
        Cow::Owned(octets) => String::from_utf8(octets).ok().map(Cow::Owned),
    }
}

/// Undoes `%HH`, whatever the octets are.
pub(super) fn unescape_octets(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = match after {
            [high, low, ..] if first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        octets.push(pair.map_or(first, |(high, low)| high << 4 | low));
        rest = after.get(if pair.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    Cow::Owned(octets)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_a_user_and_back() {
        assert_eq!(escape_user("+12015550123"), "+12015550123");
        assert_eq!(escape_user("Sünde 50%@x"), "S%C3%BCnde%2050%25%40x");
        assert_eq!(unescape("S%C3%BCnde%2050%25%40x").unwrap(), "Sünde 50%@x");
        assert_eq!(unescape("%ff"), None);
    }
}
