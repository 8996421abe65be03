//! Makes and checks nonces of which the server keeps no state (RFC 7616 §5.4).
//!
//! A nonce is 64 hex digits: the second it was issued, a random number, and an HMAC of both. Any
//! process with the same secret accepts it.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::algorithm::hex;

/// Makes and recognises nonces.
#[derive(Clone)]
pub struct Nonces {
    secret: [u8; 32],
    lifetime_seconds: u64,
}

/// The result of a nonce check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Age {
    /// Ours and young enough. The number sorts nonces by their time of issue.
    Fresh(u128),
    /// Ours but too old, or from the future of a clock set back.
    Stale,
    /// Not ours.
    Foreign,
}

impl Nonces {
    /// `secret` is 32 random octets, the same in every process that shares the realm.
    pub fn new(secret: [u8; 32], lifetime: Duration) -> Self {
        Self { secret, lifetime_seconds: lifetime.as_secs() }
    }

    /// A nonce issued at `now`, in seconds since 1970.
    pub fn issue(&self, now: u64, random: u64) -> String {
        let number = u128::from(now) << 64 | u128::from(random);
        let octets = number.to_be_bytes();
        let seal = self.seal(&octets).finalize().into_bytes();
        hex(&octets) + &hex(seal.get(..16).unwrap_or_default())
    }

    /// Checks a nonce of received credentials.
    pub fn check(&self, nonce: &str, now: u64) -> Age {
        let Some((number, seal)) = split(nonce) else { return Age::Foreign };
        if self.seal(&number.to_be_bytes()).verify_truncated_left(&seal.to_be_bytes()).is_err() {
            return Age::Foreign;
        }
        let issued = u64::try_from(number >> 64).unwrap_or(u64::MAX);
        match now.checked_sub(issued) {
            Some(age) if age <= self.lifetime_seconds => Age::Fresh(number),
            _ => Age::Stale,
        }
    }

    fn seal(&self, octets: &[u8]) -> Hmac<Sha256> {
        // The secret is one block's half: padding it with zeros to a block is HMAC's own rule.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(self.secret) {
            *to = from;
        }
        let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
        mac.update(octets);
        mac
    }
}

fn split(nonce: &str) -> Option<(u128, u128)> {
    let (number, seal) = nonce.split_at_checked(32)?;
    let all_hex = nonce.len() == 64 && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    if all_hex {
        Some((u128::from_str_radix(number, 16).ok()?, u128::from_str_radix(seal, 16).ok()?))
    } else {
        None
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("lifetime_seconds", &self.lifetime_seconds).finish_non_exhaustive()
    }
}
