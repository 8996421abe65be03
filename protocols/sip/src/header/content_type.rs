//! The Content-Type header field (RFC 3261 §20.15).

use std::borrow::Cow;

use super::params::Params;
use crate::error::Error;
use crate::grammar::{cut, is_token, trim};

/// A media type with its parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ContentType<'a> {
    /// `text` of `text/plain`.
    pub kind: &'a str,
    /// `plain` of `text/plain`.
    pub subtype: &'a str,
    /// charset, boundary, ...
    pub params: Params<'a>,
}

impl<'a> ContentType<'a> {
    /// Reads the value of a Content-Type header field.
    pub fn parse(value: &'a str) -> Result<Self, Error> {
        Self::read(value).ok_or(Error::Malformed("Content-Type"))
    }

    fn read(value: &'a str) -> Option<Self> {
        let (media, params) = cut(value, b';');
        let (kind, subtype) = media.split_once('/')?;
        let (kind, subtype) = (trim(kind), trim(subtype));
        let valid = is_token(kind) && is_token(subtype);
        valid.then_some(Self { kind, subtype, params: Params::parse(params)? })
    }

    /// Whether this is `kind/subtype`, in any case and with any parameters.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// The charset parameter, without quotes.
    pub fn charset(&self) -> Option<Cow<'a, str>> {
        self.params.get("charset")?.unquoted()
    }
}
