//! The Via header field: the path of a request, which its responses take back (RFC 3261 §20.42).

use std::fmt;
use std::net::IpAddr;

use super::params::Params;
use crate::error::Error;
use crate::grammar::{cut, digits, is_token, split_around, trim};
use crate::uri::{is_host, split_host_port};

/// How every branch of RFC 3261 starts (§8.1.1.7). A branch that starts
/// otherwise comes from an RFC 2543 element and names no transaction.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One hop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Via<'a> {
    /// The transport as written: `UDP`, `TCP`, `TLS`, `WS`, ...
    pub transport: &'a str,
    /// The host of sent-by, an IPv6 address in its brackets.
    pub host: &'a str,
    /// The port of sent-by, if written.
    pub port: Option<u16>,
    /// branch, received, rport, maddr, ttl and any other.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one element of a Via header field.
    pub fn parse(value: &'a str) -> Result<Self, Error> {
        Self::read(value).ok_or(Error::Malformed("Via"))
    }

    fn read(value: &'a str) -> Option<Self> {
        let (protocol_and_host, params) = cut(value, b';');
        let (name, rest) = protocol_and_host.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        let rest = trim(rest);
        let end = rest.bytes().position(|byte| matches!(byte, b' ' | b'\t'))?;
        let (transport, sent_by) = split_around(rest, end);
        let (host, port) = split_host_port(trim(sent_by?))?;
        let host = trim(host);
        let port = match port {
            Some(port) => Some(digits(trim(port))?),
            None => None,
        };
        let right = trim(name).eq_ignore_ascii_case("SIP")
            && trim(version) == "2.0"
            && is_token(transport)
            && is_host(host);
        right.then_some(Self { transport, host, port, params: Params::parse(params)? })
    }

    /// The branch, which names the transaction.
    pub fn branch(&self) -> Option<&'a str> {
        self.params.value("branch")
    }

    /// The branch without the magic cookie, if it has the cookie and something after it.
    pub fn branch_after_cookie(&self) -> Option<&'a str> {
        let (cookie, rest) = self.branch()?.split_at_checked(MAGIC_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && !rest.is_empty()).then_some(rest)
    }

    /// The address that the next hop saw the request come from. An IPv6 address
    /// is read with and without brackets (RFC 5118 §4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.value("received")?;
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        bare.unwrap_or(text).parse().ok()
    }

    /// Whether the sender asks for its answer on the port it sent from (RFC 3581).
    pub fn asks_rport(&self) -> bool {
        self.params.get("rport").is_some_and(|param| param.value.is_none())
    }

    /// The port that the next hop saw the request come from (RFC 3581).
    pub fn rport(&self) -> Option<u16> {
        digits(self.params.value("rport")?)
    }
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}
