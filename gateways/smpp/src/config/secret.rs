//! A password that does not show itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use subtle::ConstantTimeEq;

/// A password. It is read from the configuration and never written out again.
#[derive(Clone, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether `given` is the secret; takes as long for a right as for a wrong one.
    /// An empty secret matches nothing.
    pub fn matches(&self, given: &[u8]) -> bool {
        // SMPP passwords have at most 8 octets; the room makes all comparisons equally long.
        let same = padded(self.octets()).ct_eq(&padded(given));
        bool::from(same) && !self.is_empty() && given.len() == self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The secret itself, to be sent to a peer and nowhere else.
    pub(crate) const fn octets(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

fn padded(octets: &[u8]) -> [u8; 64] {
    let mut room = [0; 64];
    for (place, octet) in room.iter_mut().zip(octets) {
        *place = *octet;
    }
    room
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "***" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.is_empty() { "" } else { "***" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_matches() {
        let secret = Secret::new("s3cret");
        assert!(secret.matches(b"s3cret"));
        for wrong in [&b""[..], b"s3cre", b"s3cret\0", b"S3cret", b"s3crets"] {
            assert!(!secret.matches(wrong));
        }
        assert!(!Secret::default().matches(b""), "no password is no way in");
    }
}
