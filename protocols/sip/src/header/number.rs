//! Header fields that are a number: Max-Forwards, Expires, Retry-After (RFC 3261 §20.19, §20.22, §20.33).

use crate::error::Error;
use crate::grammar::{digits, trim};

/// What a malformed Expires means, in seconds (RFC 3261 §20.19).
pub const EXPIRES_DEFAULT: u32 = 3600;

/// Reads Max-Forwards: 0 to 255 (RFC 3261 §20.22).
pub fn max_forwards(value: &str) -> Result<u8, Error> {
    // Leading zeros are allowed, so the value is read wider than it is.
    digits::<u64>(value).and_then(|hops| u8::try_from(hops).ok()).ok_or(Error::Malformed("Max-Forwards"))
}

/// Reads Expires or an expires parameter, in seconds. What is no number, or more
/// than 32 bits, counts as [`EXPIRES_DEFAULT`] (RFC 3261 §20.19, RFC 4475 §3.1.2.4).
pub fn expires(value: &str) -> u32 {
    digits(value).unwrap_or(EXPIRES_DEFAULT)
}

/// Reads the seconds of Retry-After; its comment and parameters are left aside
/// (RFC 3261 §20.33).
pub fn retry_after(value: &str) -> Option<u32> {
    let end = value.find(|character: char| !character.is_ascii_digit()).unwrap_or(value.len());
    let (seconds, rest) = value.split_at_checked(end)?;
    let rest = trim(rest);
    if rest.is_empty() || rest.starts_with(['(', ';']) { digits(seconds) } else { None }
}
