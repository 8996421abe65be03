//! Digest challenges in WWW-Authenticate and Proxy-Authenticate (RFC 7616 §3.3).

use std::fmt;

use super::algorithm::Algorithm;
use super::credentials::{Credentials, Login};
use crate::error::Error;
use crate::grammar::quote;
use crate::header::{AuthParams, Headers, Name, Scheme};

/// The quality of protection: the parts of the request that the digest covers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Qop {
    /// Method and URI.
    Auth,
    /// Method, URI and body.
    AuthInt,
}

impl Qop {
    /// Reads one qop value, in any case.
    pub fn parse(value: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| qop.as_str().eq_ignore_ascii_case(value.trim()))
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// One digest challenge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// The protection space of the users and passwords.
    pub realm: String,
    /// The server nonce.
    pub nonce: String,
    /// To be given back as it is.
    pub opaque: Option<String>,
    /// The hash.
    pub algorithm: Algorithm,
    /// Whether `qop` offers auth. A challenge without any qop is of RFC 2069.
    pub auth: bool,
    /// Whether `qop` offers auth-int.
    pub auth_int: bool,
    /// The credentials were right but their nonce is old: try again with this one,
    /// and do not ask the user.
    pub stale: bool,
}

impl Challenge {
    /// Reads one header field; `None` if it is not digest or of an unknown algorithm.
    pub fn parse(value: &str) -> Result<Option<Self>, Error> {
        let params = AuthParams::parse(value)?;
        let algorithm = params.get("algorithm");
        let Some(algorithm) = algorithm.map_or(Some(Algorithm::Md5), |name| Algorithm::parse(&name)) else {
            return Ok(None);
        };
        if params.scheme != Scheme::Digest {
            return Ok(None);
        }
        let required = |name| params.get(name).ok_or(Error::Malformed("challenge"));
        let qop = params.get("qop").unwrap_or_default();
        let offers = |wanted| qop.split(',').any(|offer| Qop::parse(offer) == Some(wanted));
        Ok(Some(Self {
            realm: required("realm")?.into_owned(),
            nonce: required("nonce")?.into_owned(),
            opaque: params.get("opaque").map(Into::into),
            algorithm,
            auth: offers(Qop::Auth),
            auth_int: offers(Qop::AuthInt),
            stale: params.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        }))
    }

    /// The topmost challenge of `name` (WWW- or Proxy-Authenticate) that this crate
    /// can answer: the order is the server's preference (RFC 8760 §2.4).
    pub fn first_supported(headers: &Headers, name: Name) -> Option<Self> {
        headers.all(name).find_map(|value| Self::parse(value).ok().flatten())
    }

    /// Answers the challenge, with qop auth if it offers that.
    ///
    /// `uri` is the Request-URI as it is sent. `cnonce` is fresh randomness in a form
    /// that needs no quoting, such as hex. `count` starts at 1 and grows with each
    /// use of the same nonce.
    pub fn answer(
        &self,
        login: Login<'_>,
        method: &str,
        uri: &str,
        body: &[u8],
        cnonce: &str,
        count: u32,
    ) -> Credentials {
        let qop = match (self.auth, self.auth_int) {
            (true, _) => Some(Qop::Auth),
            (false, true) => Some(Qop::AuthInt),
            (false, false) => None,
        };
        let needs_cnonce = qop.is_some() || self.algorithm.is_session();
        let mut credentials = Credentials {
            username: login.username.to_owned(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: uri.to_owned(),
            response: String::new(),
            algorithm: self.algorithm,
            cnonce: needs_cnonce.then(|| cnonce.to_owned()),
            opaque: self.opaque.clone(),
            qop,
            count: qop.map(|_| count),
        };
        credentials.response = credentials.expected(login.secret, method, body);
        credentials
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (realm, nonce) = (quote(&self.realm), quote(&self.nonce));
        write!(f, "Digest realm={realm}, nonce={nonce}, algorithm={}", self.algorithm)?;
        match (self.auth, self.auth_int) {
            (true, true) => f.write_str(", qop=\"auth,auth-int\"")?,
            (true, false) => f.write_str(", qop=\"auth\"")?,
            (false, true) => f.write_str(", qop=\"auth-int\"")?,
            (false, false) => {}
        }
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if self.stale { f.write_str(", stale=true") } else { Ok(()) }
    }
}
