//! The hash algorithms of digest (RFC 7616 §6.1, RFC 8760 §2.1).

use std::fmt;

use md5::Md5;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512_256};

/// A hash, and whether A1 is bound to the session.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// MD5: what every phone knows, and the default where none is named.
    Md5,
    /// MD5-sess.
    Md5Sess,
    /// SHA-256: what every element should know (RFC 8760 §2.1).
    Sha256,
    /// SHA-256-sess.
    Sha256Sess,
    /// SHA-512-256: the truncation that FIPS 180-4 calls SHA-512/256.
    Sha512_256,
    /// SHA-512-256-sess.
    Sha512_256Sess,
}

impl Algorithm {
    const ALL: [Self; 6] =
        [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess, Self::Sha512_256, Self::Sha512_256Sess];

    /// Reads the algorithm parameter, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512_256 => "SHA-512-256",
            Self::Sha512_256Sess => "SHA-512-256-sess",
        }
    }

    /// Whether A1 holds nonce and cnonce.
    pub const fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess | Self::Sha512_256Sess)
    }

    /// The hash of `parts` with colons between them, in lower-case hex.
    pub(crate) fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hash_with::<Md5>(parts),
            Self::Sha256 | Self::Sha256Sess => hash_with::<Sha256>(parts),
            Self::Sha512_256 | Self::Sha512_256Sess => hash_with::<Sha512_256>(parts),
        }
    }

    /// HA1 without a session: the hash of `username:realm:password`. It can be kept
    /// instead of the password, one for each algorithm; -sess shares it with its base.
    pub fn ha1(self, username: &str, realm: &str, password: &str) -> String {
        self.hash(&[username.as_bytes(), realm.as_bytes(), password.as_bytes()])
    }
}

fn hash_with<D: Digest>(parts: &[&[u8]]) -> String {
    let mut hasher = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

/// Lower-case hex.
pub(super) fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
