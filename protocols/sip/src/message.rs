//! SIP requests and responses, and their wire form (RFC 3261 §7).

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;

use crate::header::{Headers, Name};
use crate::method::Method;
use crate::status::Status;

/// One SIP message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// Asks for something.
    Request(Request),
    /// Answers a request.
    Response(Response),
}

/// A request (RFC 3261 §7.1).
#[derive(Clone, Eq, PartialEq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI as written; read it with [`Uri::parse`](crate::Uri::parse).
    pub uri: String,
    /// The header fields.
    pub headers: Headers,
    /// The body. Content-Length is written from its length.
    pub body: Bytes,
}

/// A response (RFC 3261 §7.2).
#[derive(Clone, Eq, PartialEq)]
pub struct Response {
    /// The status.
    pub status: Status,
    /// The reason phrase. It is for people; the status alone has a meaning.
    pub reason: String,
    /// The header fields.
    pub headers: Headers,
    /// The body. Content-Length is written from its length.
    pub body: Bytes,
}

impl Message {
    /// The header fields of either.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The body of either.
    pub fn body(&self) -> &Bytes {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The message as it goes on the wire.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl Request {
    /// A request without header fields or body.
    pub fn new(method: Method, uri: impl Into<String>) -> Self {
        Self { method, uri: uri.into(), headers: Headers::new(), body: Bytes::new() }
    }

    /// Writes the source of the request into its topmost Via, for the way of the
    /// response: `received` if the host of sent-by is not `source`, and
    /// `rport` if the sender asked for it (RFC 3261 §18.2.1, RFC 3581 §4).
    /// `received` from further away is overwritten: the peer cannot choose it.
    pub fn note_source(&mut self, source: SocketAddr) {
        let Ok(via) = self.headers.via() else { return };
        let asks_rport = via.params.has("rport");
        let kept = |name: &str| !name.eq_ignore_ascii_case("received") && !name.eq_ignore_ascii_case("rport");
        let sent_by_is_source =
            via.host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip == source.ip());
        let mut noted = crate::header::Via { params: crate::header::Params::default(), ..via }.to_string();
        for param in via.params.iter().filter(|param| kept(param.name)) {
            noted.push(';');
            noted.push_str(param.name);
            if let Some(value) = param.value {
                noted.push('=');
                noted.push_str(value);
            }
        }
        if asks_rport || !sent_by_is_source {
            noted.push_str(&format!(";received={}", source.ip()));
        }
        if asks_rport {
            noted.push_str(&format!(";rport={}", source.port()));
        }
        self.replace_top_via(noted);
    }

    fn replace_top_via(&mut self, mut via: String) {
        // Other hops may stand in the same field, after a comma.
        let first = self.headers.get(Name::Via).unwrap_or_default();
        if let (_, Some(others)) = crate::grammar::cut(first, b',') {
            via.push(',');
            via.push_str(others);
        }
        self.headers.set(Name::Via, via);
    }

    /// The request as it goes on the wire.
    pub fn to_bytes(&self) -> Bytes {
        let start = self.method.as_str().len() + self.uri.len();
        let mut out = Vec::with_capacity(start + rest_octets(&self.headers, &self.body));
        self.write(&mut out);
        out.into()
    }

    /// Appends the request as it goes on the wire to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.uri.as_bytes());
        out.extend_from_slice(b" SIP/2.0\r\n");
        write_rest(out, &self.headers, &self.body);
    }
}

impl Response {
    /// A response without header fields or body.
    pub fn new(status: Status) -> Self {
        let reason = status.reason().to_owned();
        Self { status, reason, headers: Headers::new(), body: Bytes::new() }
    }

    /// The response as it goes on the wire.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.reason.len() + rest_octets(&self.headers, &self.body));
        self.write(&mut out);
        out.into()
    }

    /// Appends the response as it goes on the wire to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Writing into a Vec does not fail.
        let _ = write!(out, "SIP/2.0 {} ", self.status);
        out.extend(self.reason.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
        out.extend_from_slice(b"\r\n");
        write_rest(out, &self.headers, &self.body);
    }
}

/// Room for everything but the start line's variable parts: transactions keep written
/// messages by the hundred thousand, so little is left over.
fn rest_octets(headers: &Headers, body: &[u8]) -> usize {
    const START_LINE_AND_CONTENT_LENGTH: usize = 40;
    headers.wire_octets() + body.len() + START_LINE_AND_CONTENT_LENGTH
}

/// Header fields in order, then Content-Length as the body has it, then the body.
fn write_rest(out: &mut Vec<u8>, headers: &Headers, body: &[u8]) {
    for (name, written, value) in headers.iter() {
        if name == Name::ContentLength {
            continue;
        }
        out.extend_from_slice(written.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    // Writing into a Vec does not fail.
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.extend_from_slice(body);
}

impl fmt::Debug for Request {
    /// Without URI, values and body: they hold numbers, credentials and texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .field("body_octets", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Response {
    /// Without values and body: they hold numbers, credentials and texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_octets", &self.body.len())
            .finish_non_exhaustive()
    }
}
