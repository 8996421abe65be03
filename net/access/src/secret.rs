//! A password or token: hidden in every output, compared in constant time.

use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use subtle::ConstantTimeEq;

use crate::Error;

/// The octets that one comparison covers; a longer secret has its own length.
const COMPARED_OCTETS: usize = 64;

/// A password or token. It is read from the configuration and never written out again.
#[derive(Clone, Default, Deserialize, Eq, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The first line of a file.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let failed = |reason: String| Error::File { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        match text.lines().next() {
            Some(line) if !line.is_empty() => Ok(Self::new(line)),
            _ => Err(failed("the first line is empty".to_owned())),
        }
    }

    /// Whether `given` is the secret, in constant time. An empty secret matches nothing.
    pub fn matches(&self, given: &[u8]) -> bool {
        let room = self.0.len().max(COMPARED_OCTETS);
        let same = padded(self.0.as_bytes(), room).ct_eq(&padded(given, room));
        bool::from(same) & !self.is_empty() & (given.len() == self.0.len())
    }

    /// Whether `given` is the secret of a name. An unknown name (`None`) costs the same comparison.
    pub fn matches_known(known: Option<&Self>, given: &[u8]) -> bool {
        let unknown = Self::default();
        known.unwrap_or(&unknown).matches(given)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, for a request to a peer or for a digest.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

fn padded(octets: &[u8], room: usize) -> Vec<u8> {
    let mut padded: Vec<u8> = octets.iter().copied().take(room).collect();
    padded.resize(room, 0);
    padded
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        let long = "x".repeat(COMPARED_OCTETS + 1);
        assert!(Secret::new(long.clone()).matches(long.as_bytes()));
        assert!(!Secret::new(long.clone()).matches(format!("{long}y").as_bytes()));
    }

    #[test]
    fn an_empty_secret_and_an_unknown_name_match_nothing() {
        assert!(!Secret::default().matches(b""));
        for given in [&b""[..], b"s3cret", &[0; COMPARED_OCTETS]] {
            assert!(!Secret::matches_known(None, given));
        }
        assert!(Secret::matches_known(Some(&Secret::new("s3cret")), b"s3cret"));
    }

    #[test]
    fn no_output_holds_the_content() {
        let secret = Secret::new("s3cret");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(serde_json::to_value(&secret).unwrap(), "***");
        assert_eq!(format!("{:?}", Secret::default()), "none");
    }
}
