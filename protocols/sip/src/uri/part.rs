//! Checks the characters of each part of a URI (RFC 3261 §25.1).

use crate::grammar::{Octets, split_around};

/// Splits `host:port`; the colons of an IPv6 address stand in brackets.
pub(crate) fn split_host_port(text: &str) -> Option<(&str, Option<&str>)> {
    let host_end =
        if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at_checked(host_end)?;
    let rest = crate::grammar::trim(rest);
    if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) }
}

/// A host name, an IPv4 address, or an IPv6 address in brackets. An underscore
/// is let through, since real host names have it.
pub(crate) fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let inside = address.strip_suffix(']').unwrap_or_default();
        return !inside.is_empty() && inside.bytes().all(|byte| IPV6.has(byte));
    }
    !host.is_empty() && host.bytes().all(|byte| HOST.has(byte))
}

pub(super) fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// RFC 3261 §25.1, unreserved.
const UNRESERVED: Octets = Octets::letters_digits_and(b"-_.!~*'()");
/// unreserved and user-unreserved.
pub(super) const USER: Octets = UNRESERVED.and(b"&=+$,;?/");
/// `#` stands in dialled numbers and phones send it unescaped; `:` in passwords
/// is unambiguous.
const USER_RECEIVED: Octets = USER.and(b"#:");
/// unreserved and param-unreserved, with the equals sign between name and value.
const PARAM: Octets = UNRESERVED.and(b"[]/:&+$=");
/// unreserved and hnv-unreserved, with what stands between names and values.
const HEADER: Octets = UNRESERVED.and(b"[]/?:+$=&");
const HOST: Octets = Octets::letters_digits_and(b"-._");
const IPV6: Octets = Octets::of(b"0123456789abcdefABCDEF:.");

pub(super) fn is_user(user: &str) -> bool {
    is_escaped_text(user, USER_RECEIVED)
}

pub(super) fn are_params(params: &str) -> bool {
    params
        .split(';')
        .all(|param| !param.is_empty() && !param.starts_with('=') && is_escaped_text(param, PARAM))
}

pub(super) fn are_headers(headers: &str) -> bool {
    !headers.is_empty() && is_escaped_text(headers, HEADER)
}

/// Every octet is allowed or part of a `%HH`. UTF-8 beyond ASCII must be escaped.
fn is_escaped_text(text: &str, allowed: Octets) -> bool {
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => after,
            [first, after @ ..] if allowed.has(*first) => after,
            _ => return false,
        };
    }
}

pub(super) fn split_optional(text: &str, separator: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == separator) {
        Some(at) => split_around(text, at),
        None => (text, None),
    }
}
