//! Makes branches, tags and Call-IDs from random numbers that the caller passes in (RFC 3261 §8.1.1, §19.3).

use crate::header::MAGIC_COOKIE;

/// A branch for a new client transaction: magic cookie and 128 random bits in hex
/// (RFC 3261 §8.1.1.7).
pub fn branch(random: u128) -> String {
    format!("{MAGIC_COOKIE}{random:032x}")
}

/// A tag for From or To; 32 random bits are the least (RFC 3261 §19.3).
pub fn tag(random: u64) -> String {
    format!("{random:016x}")
}

/// A Call-ID (RFC 3261 §8.1.1.4).
pub fn call_id(random: u128, host: &str) -> String {
    format!("{random:032x}@{host}")
}
