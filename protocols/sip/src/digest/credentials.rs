//! Digest credentials in Authorization and Proxy-Authorization (RFC 7616 §3.4).

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::algorithm::Algorithm;
use super::challenge::Qop;
use crate::error::Error;
use crate::grammar::quote;
use crate::header::{AuthParams, Headers, Name, Scheme};

/// The secret of a user.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// The password itself.
    Password(&'a str),
    /// [`Algorithm::ha1`] of it, in lower-case hex, made with the algorithm in use.
    Ha1(&'a str),
}

/// The username and secret with which a client answers a challenge.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The user's name in the realm.
    pub username: &'a str,
    /// The user's secret.
    pub secret: Secret<'a>,
}

/// The answer to a challenge.
#[derive(Clone, Eq, PartialEq)]
pub struct Credentials {
    /// The username.
    pub username: String,
    /// The challenge's realm.
    pub realm: String,
    /// The challenge's nonce.
    pub nonce: String,
    /// The Request-URI as the client sent it.
    pub uri: String,
    /// The digest, in hex.
    pub response: String,
    /// The hash.
    pub algorithm: Algorithm,
    /// The client's own randomness.
    pub cnonce: Option<String>,
    /// The challenge's opaque.
    pub opaque: Option<String>,
    /// What the digest covers; `None` is RFC 2069.
    pub qop: Option<Qop>,
    /// How often this nonce was used, this time included.
    pub count: Option<u32>,
}

impl Credentials {
    /// Reads one header field; `None` if it is not digest or of an unknown algorithm.
    pub fn parse(value: &str) -> Result<Option<Self>, Error> {
        const BAD: Error = Error::Malformed("credentials");
        let params = AuthParams::parse(value)?;
        let algorithm = params.get("algorithm");
        let Some(algorithm) = algorithm.map_or(Some(Algorithm::Md5), |name| Algorithm::parse(&name)) else {
            return Ok(None);
        };
        if params.scheme != Scheme::Digest {
            return Ok(None);
        }
        let required = |name| params.get(name).map(String::from).ok_or(BAD);
        let qop = params.get("qop").map(|qop| Qop::parse(&qop).ok_or(BAD)).transpose()?;
        let count = params.get("nc").map(|count| read_count(&count).ok_or(BAD)).transpose()?;
        let cnonce = params.get("cnonce").map(String::from);
        let complete = qop.is_none() || (count.is_some() && cnonce.is_some());
        if !complete || (algorithm.is_session() && cnonce.is_none()) {
            return Err(BAD);
        }
        Ok(Some(Self {
            username: required("username")?,
            realm: required("realm")?,
            nonce: required("nonce")?,
            uri: required("uri")?,
            response: required("response")?,
            algorithm,
            cnonce,
            opaque: params.get("opaque").map(String::from),
            qop,
            count,
        }))
    }

    /// The credentials for `realm` among the fields of `name` (Authorization or
    /// Proxy-Authorization): a request that passes several elements carries some for each.
    pub fn for_realm(headers: &Headers, name: Name, realm: &str) -> Option<Self> {
        let ours = |value| Self::parse(value).ok().flatten().filter(|found| found.realm == realm);
        headers.all(name).find_map(ours)
    }

    /// Whether the digest was computed with `secret`. The comparison takes the same
    /// time wherever the difference is.
    pub fn is_proof_of(&self, secret: Secret<'_>, method: &str, body: &[u8]) -> bool {
        let expected = self.expected(secret, method, body);
        let response = self.response.to_ascii_lowercase();
        expected.as_bytes().ct_eq(response.as_bytes()).into()
    }

    /// The digest as RFC 7616 §3.4.1 computes it.
    pub(super) fn expected(&self, secret: Secret<'_>, method: &str, body: &[u8]) -> String {
        let hash = |parts: &[&[u8]]| self.algorithm.hash(parts);
        let (nonce, uri) = (self.nonce.as_bytes(), self.uri.as_bytes());
        let cnonce = self.cnonce.as_deref().unwrap_or_default().as_bytes();
        let mut ha1 = match secret {
            Secret::Password(password) => self.algorithm.ha1(&self.username, &self.realm, password),
            Secret::Ha1(ha1) => ha1.to_ascii_lowercase(),
        };
        if self.algorithm.is_session() {
            ha1 = hash(&[ha1.as_bytes(), nonce, cnonce]);
        }
        let ha2 = match self.qop {
            Some(Qop::AuthInt) => hash(&[method.as_bytes(), uri, hash(&[body]).as_bytes()]),
            Some(Qop::Auth) | None => hash(&[method.as_bytes(), uri]),
        };
        let Some(qop) = self.qop else { return hash(&[ha1.as_bytes(), nonce, ha2.as_bytes()]) };
        let count = format!("{:08x}", self.count.unwrap_or_default());
        let qop = qop.as_str().as_bytes();
        hash(&[ha1.as_bytes(), nonce, count.as_bytes(), cnonce, qop, ha2.as_bytes()])
    }
}

/// Eight hex digits.
fn read_count(text: &str) -> Option<u32> {
    let hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex { u32::from_str_radix(text, 16).ok() } else { None }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest username={}, realm={}", quote(&self.username), quote(&self.realm))?;
        write!(f, ", nonce={}, uri={}", quote(&self.nonce), quote(&self.uri))?;
        write!(f, ", response=\"{}\", algorithm={}", self.response, self.algorithm)?;
        if let Some(cnonce) = &self.cnonce {
            write!(f, ", cnonce={}", quote(cnonce))?;
        }
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if let Some(qop) = self.qop {
            write!(f, ", qop={}, nc={:08x}", qop.as_str(), self.count.unwrap_or_default())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    /// Only what is no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("realm", &self.realm)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
