//! The grammar rules that header fields share: tokens, lists, quoted strings, numbers (RFC 3261 §25.1).
//!
//! Everything here works on unfolded values: the only white space left is space
//! and tab.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// Whether `text` is a token: one or more of the characters that need no quotes.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// One character of a token.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN.has(byte)
}

const TOKEN: Octets = Octets::letters_digits_and(b"-.!%*_+`'~");

/// A set of ASCII characters, asked in one step.
#[derive(Clone, Copy)]
pub(crate) struct Octets(u128);

impl Octets {
    /// Letters, digits and `others`.
    pub(crate) const fn letters_digits_and(others: &[u8]) -> Self {
        Self::of(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789").and(others)
    }

    /// The set of `octets`.
    pub(crate) const fn of(octets: &[u8]) -> Self {
        Self(0).and(octets)
    }

    /// This set with `octets`, all of them ASCII.
    pub(crate) const fn and(self, octets: &[u8]) -> Self {
        let (mut bits, mut rest) = (self.0, octets);
        while let Some((first, after)) = rest.split_first() {
            bits |= 1 << *first;
            rest = after;
        }
        Self(bits)
    }

    /// Whether `byte` is in the set.
    pub(crate) const fn has(self, byte: u8) -> bool {
        byte < 128 && self.0 >> byte & 1 == 1
    }
}

/// Drops linear white space on both sides.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Splits at the first `separator` that stands outside quotes and angle brackets.
pub(crate) fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    // Most values have no quotes and no brackets, or none before the separator.
    let Some(first) = memchr(separator, text.as_bytes()) else { return (text, None) };
    let plain = text.as_bytes().get(..first).is_some_and(|before| memchr2(b'"', b'<', before).is_none());
    if plain { split_around(text, first) } else { cut_outside_quotes(text, separator) }
}

fn cut_outside_quotes(text: &str, separator: u8) -> (&str, Option<&str>) {
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            _ if byte == separator && !angle => return split_around(text, at),
            b'<' => angle = true,
            b'>' => angle = false,
            _ => {}
        }
    }
    (text, None)
}

/// The text before and after the one octet at `at`.
pub(crate) fn split_around(text: &str, at: usize) -> (&str, Option<&str>) {
    (text.get(..at).unwrap_or(text), text.get(at + 1..))
}

/// The elements of a comma-separated list, trimmed; an empty element stays empty.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (element, after) = cut(rest?, b',');
        rest = after;
        Some(trim(element))
    })
}

/// If `text` starts with a quoted string: its raw inside, and what follows it.
pub(crate) fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((inside.get(..at)?, inside.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// Undoes the quoted pairs of the inside of a quoted string.
pub(crate) fn unquote(inside: &str) -> Cow<'_, str> {
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let mut plain = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Cow::Owned(plain)
}

/// Puts `text` between quotes, with the quoted pairs it needs.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// A number of decimal digits and nothing else.
pub(crate) fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_outside_quotes_and_brackets() {
        let value = r#""A, \"B" <sip:a@b;x=1,2>;q=1 , <sip:c@d>"#;
        let elements: Vec<_> = list(value).collect();
        assert_eq!(elements, [r#""A, \"B" <sip:a@b;x=1,2>;q=1"#, "<sip:c@d>"]);
    }

    #[test]
    fn quoted_strings_end_at_an_unescaped_quote() {
        assert_eq!(quoted(r#""a\"b\\" rest"#), Some((r#"a\"b\\"#, " rest")));
        assert_eq!(quoted(r#""open"#), None);
        assert_eq!(quoted(r#""open\""#), None);
        assert_eq!(unquote(r#"a\"b\\"#), r#"a"b\"#);
        assert_eq!(quote(r#"a"b\"#), r#""a\"b\\""#);
    }
}
