//! The names of things in the API: two letters for the kind, 32 hexadecimal digits.
//!
//! A message's SID begins with the time of its creation (48 bits of milliseconds, 16 bits of
//! sequence) and ends with 64 random bits. So records lie on disk in the order of their creation,
//! lists page by SID, and nobody guesses one.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smsc::timestamp::Timestamp;

use crate::ports::Environment;

/// A name such as `SM0190…`: kind and 128 bits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Sid {
    kind: [u8; 2],
    octets: [u8; 16],
}

impl Sid {
    /// An account.
    pub const ACCOUNT: [u8; 2] = *b"AC";
    /// A message of text.
    pub const MESSAGE: [u8; 2] = *b"SM";
    /// A phone number.
    pub const PHONE_NUMBER: [u8; 2] = *b"PN";

    /// A SID of its parts; `kind` is two capital letters.
    pub const fn new(kind: [u8; 2], octets: [u8; 16]) -> Self {
        Self { kind, octets }
    }

    /// Reads a SID that must be of `kind`.
    pub fn parse(kind: [u8; 2], text: &str) -> Option<Self> {
        text.parse().ok().filter(|sid: &Self| sid.kind == kind)
    }

    /// The two letters.
    pub const fn kind(self) -> [u8; 2] {
        self.kind
    }

    /// The 128 bits.
    pub const fn octets(self) -> [u8; 16] {
        self.octets
    }

    /// When a message with this SID was created.
    pub fn created_at(self) -> Timestamp {
        let [a, b, c, d, e, f, ..] = self.octets;
        Timestamp::from_millis(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The lowest octets that a SID created at `moment` may have.
    pub fn floor(moment: Timestamp) -> [u8; 16] {
        let high = u128::from(moment.millis() & MILLIS_MASK);
        (high << 80).to_be_bytes()
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.kind;
        write!(f, "{}{}{:032x}", char::from(first), char::from(second), u128::from_be_bytes(self.octets))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sid {
    type Err = NoSid;

    /// Two capital letters and 32 lower-case hexadecimal digits, nothing else.
    fn from_str(text: &str) -> Result<Self, NoSid> {
        let (kind, digits) = text.as_bytes().split_first_chunk::<2>().ok_or(NoSid)?;
        let lower_hex = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        if !kind.iter().all(u8::is_ascii_uppercase) || digits.len() != 32 || !digits.iter().all(lower_hex) {
            return Err(NoSid);
        }
        let digits = text.get(2..).ok_or(NoSid)?;
        let number = u128::from_str_radix(digits, 16).map_err(|_| NoSid)?;
        Ok(Self { kind: *kind, octets: number.to_be_bytes() })
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no SID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected two capital letters and 32 hexadecimal digits")]
pub struct NoSid;

const MILLIS_MASK: u64 = (1 << 48) - 1;

/// Gives out SIDs, each message's above the one before.
#[derive(Debug, Default)]
pub(crate) struct Sids {
    /// Milliseconds and sequence of the last message.
    last: AtomicU64,
}

impl Sids {
    /// The SID of a message created now.
    pub(crate) fn message(&self, environment: &dyn Environment) -> Sid {
        let floor = (environment.now().millis() & MILLIS_MASK) << 16;
        let step = |last: u64| Some(floor.max(last.saturating_add(1)));
        let last = match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(last) | Err(last) => last,
        };
        let mut random = [0; 8];
        environment.fill_random(&mut random);
        let high = u128::from(floor.max(last.saturating_add(1)));
        let octets = (high << 64 | u128::from(u64::from_be_bytes(random))).to_be_bytes();
        Sid::new(Sid::MESSAGE, octets)
    }

    /// The SID of anything else: chance alone.
    pub(crate) fn random(kind: [u8; 2], environment: &dyn Environment) -> Sid {
        let mut octets = [0; 16];
        environment.fill_random(&mut octets);
        Sid::new(kind, octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let text = "SM0123456789abcdef0123456789abcdef";
        assert_eq!(text.parse::<Sid>().unwrap().to_string(), text);
        assert_eq!(Sid::parse(Sid::ACCOUNT, text), None);
        for wrong in
            ["", "S", "SM", "sm0123456789abcdef0123456789abcdef", "SM0123456789ABCDEF0123456789abcdef"]
        {
            assert_eq!(wrong.parse::<Sid>(), Err(NoSid), "{wrong}");
        }
        assert!("SM+123456789abcdef0123456789abcdef".parse::<Sid>().is_err());
        assert!("ŜM0123456789abcdef0123456789abcde".parse::<Sid>().is_err());
    }

    #[test]
    fn messages_rise_and_carry_their_time() {
        let world = World::new();
        let sids = Sids::default();
        let all: Vec<Sid> = (0..1000).map(|_| sids.message(&world)).collect();
        assert!(all.is_sorted_by(|a, b| a.octets()[..8] < b.octets()[..8]));
        assert_eq!(all[0].created_at(), world.now());
        assert!(Sid::floor(world.now()) <= all[0].octets());
    }
}
