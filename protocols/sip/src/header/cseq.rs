//! CSeq: the number of a request and its method (RFC 3261 §20.16).

use std::fmt;

use crate::error::Error;
use crate::grammar::{digits, is_token, trim};

/// A request's place in the order of its sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CSeq<'a> {
    /// Less than 2³¹ (§8.1.1.5).
    pub number: u32,
    /// The method, as written.
    pub method: &'a str,
}

impl<'a> CSeq<'a> {
    /// Reads the value of a CSeq header field.
    pub fn parse(value: &'a str) -> Result<Self, Error> {
        Self::read(value).ok_or(Error::Malformed("CSeq"))
    }

    fn read(value: &'a str) -> Option<Self> {
        let (number, method) = value.split_once([' ', '\t'])?;
        let (number, method) = (digits::<u32>(number)?, trim(method));
        (number < 1 << 31 && is_token(method)).then_some(Self { number, method })
    }
}

impl fmt::Display for CSeq<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}
