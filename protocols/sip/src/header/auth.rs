//! The syntax of Authorization, WWW-Authenticate and their Proxy- forms (RFC 3261 §25.1).

use std::borrow::Cow;
use std::fmt;

use crate::error::Error;
use crate::grammar::{cut, is_token, list, quoted, trim, unquote};

/// How the peer authenticates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// Digest (RFC 7616).
    Digest,
    /// Anything else. It is no syntax error (RFC 4475 §3.3.7); it is no credential either.
    Other,
}

/// A scheme and its comma-separated parameters.
///
/// Unlike in other fields the commas part parameters, so that one field holds one
/// challenge or one set of credentials.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct AuthParams<'a> {
    /// Digest or another.
    pub scheme: Scheme,
    params: &'a str,
}

impl<'a> AuthParams<'a> {
    /// Reads the value of one such header field.
    pub fn parse(value: &'a str) -> Result<Self, Error> {
        let (scheme, params) = value.split_once([' ', '\t']).ok_or(Error::Malformed("credentials"))?;
        let params = trim(params);
        if !is_token(scheme) || params.is_empty() {
            return Err(Error::Malformed("credentials"));
        }
        let scheme = if scheme.eq_ignore_ascii_case("Digest") { Scheme::Digest } else { Scheme::Other };
        Ok(Self { scheme, params })
    }

    /// The value of this parameter without its quotes; names match in any case.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        list(self.params).find_map(|param| {
            let (key, value) = cut(param, b'=');
            let value = trim(value?);
            trim(key).eq_ignore_ascii_case(name).then(|| match quoted(value) {
                Some((inside, _)) => unquote(inside),
                None => Cow::Borrowed(value),
            })
        })
    }
}

impl fmt::Debug for AuthParams<'_> {
    /// Without the parameters: they are credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthParams").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}
