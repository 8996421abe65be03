//! Parses octets into a message (RFC 3261 §7, §18.3), and builds the response to a malformed request.
//!
//! One datagram, or one WebSocket message (RFC 7118 §4), is one message:
//! [`parse`]. For a byte stream see [`crate::stream`].
//!
//! The parser refuses each message that RFC 4475 classes as invalid, and accepts each
//! that it classes as valid. The fields of a request that every element reads (Via, From, To,
//! Call-ID, CSeq, Max-Forwards, Contact, Date, Content-Type, the body's length) are checked
//! here once; other fields are checked where they are read.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::{memchr_iter, memchr2};

use crate::error::Error;
use crate::grammar::{digits, is_token, list, trim};
use crate::header::{CSeq, Contact, ContentType, Date, Headers, Name, NameAddr, Via, max_forwards};
use crate::message::{Message, Request, Response};
use crate::method::Method;
use crate::reply;
use crate::status::Status;
use crate::uri::Uri;

/// The header fields one message may have.
pub const HEADERS_MAX: usize = 256;

/// Octets that start line and header fields may have together.
pub const HEAD_OCTETS_MAX: usize = 65_535;

/// A message that is refused.
#[derive(Debug)]
pub struct ParseError {
    /// What is wrong.
    pub error: Error,
    /// The response to send, for a request with a Via. A malformed response, an
    /// ACK, and octets that are not SIP get none.
    pub answer: Option<Box<Response>>,
}

/// Reads one message from a whole datagram or WebSocket message.
///
/// Octets after Content-Length are dropped; without Content-Length the body is the
/// rest (RFC 3261 §18.3).
pub fn parse(octets: &Bytes) -> Result<Message, ParseError> {
    let blank = octets.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let octets = octets.slice(blank..);
    if octets.is_empty() {
        return Err(Error::Empty.into());
    }
    let head_end = find(&octets, b"\r\n\r\n");
    let head = octets.get(..head_end.unwrap_or(octets.len())).unwrap_or_default();
    if head.len() > HEAD_OCTETS_MAX {
        return Err(Error::TooLarge.into());
    }
    let (head, not_utf8) = match String::from_utf8_lossy(head) {
        Cow::Borrowed(head) => (Cow::Borrowed(head), None),
        replaced @ Cow::Owned(_) => (replaced, Some(Error::NotUtf8)), // read on, to answer
    };
    let (start, fields) = head.split_once("\r\n").unwrap_or((&head, ""));
    let (headers, fields_error) = read_fields(fields);
    let fields_error = not_utf8.or(fields_error);
    let rest = head_end.map(|end| octets.slice((end + 4).min(octets.len())..));
    match StartLine::read(start) {
        StartLine::Request(line) => {
            let request = line.and_then(|(method, uri)| {
                fields_error.map_or(Ok(()), Err)?;
                check_request(&method, uri, &headers)?;
                let body = body(rest, &headers)?;
                Ok((method, uri.to_owned(), body))
            });
            match request {
                Ok((method, uri, body)) => Ok(Message::Request(Request { method, uri, headers, body })),
                Err(error) => Err(ParseError { error, answer: answer(start, &headers, error) }),
            }
        }
        StartLine::Response(line) => {
            let (status, reason) = line?;
            fields_error.map_or(Ok(()), Err)?;
            check_identity(&headers)?;
            let body = body(rest, &headers)?;
            Ok(Message::Response(Response { status, reason: reason.to_owned(), headers, body }))
        }
    }
}

impl From<Error> for ParseError {
    fn from(error: Error) -> Self {
        Self { error, answer: None }
    }
}

/// Where `needle` starts in `octets`.
pub(crate) fn find(octets: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(octets, needle)
}

enum StartLine<'a> {
    Request(Result<(Method, &'a str), Error>),
    Response(Result<(Status, &'a str), Error>),
}

impl<'a> StartLine<'a> {
    fn read(line: &'a str) -> Self {
        if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            return Self::Response(read_status_line(line));
        }
        Self::Request(read_request_line(line))
    }
}

/// Method, one space, Request-URI, one space, version (RFC 3261 §7.1).
fn read_request_line(line: &str) -> Result<(Method, &str), Error> {
    let mut words = line.split(' ');
    let (Some(method), Some(uri), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Error::StartLine);
    };
    let method = Method::parse(method).ok_or(Error::StartLine)?;
    if version.eq_ignore_ascii_case("SIP/2.0") {
        return Ok((method, uri));
    }
    let (name, number) = version.split_once('/').ok_or(Error::StartLine)?;
    let (major, minor) = number.split_once('.').ok_or(Error::StartLine)?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = name.eq_ignore_ascii_case("SIP") && is_number(major) && is_number(minor);
    Err(if is_version { Error::Version } else { Error::StartLine })
}

/// Version, one space, three digits, one space, reason phrase (RFC 3261 §7.2). The
/// second space may be missing if the phrase is empty: some phones leave it out.
fn read_status_line(line: &str) -> Result<(Status, &str), Error> {
    let (version, rest) = line.split_once(' ').ok_or(Error::StartLine)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(Error::Version);
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let code = if code.len() == 3 { digits(code) } else { None };
    let status = code.and_then(Status::new).ok_or(Error::StartLine)?;
    if reason.contains(['\r', '\n']) { Err(Error::StartLine) } else { Ok((status, reason)) }
}

/// Reads all fields, and the first error among them if there is one. It reads on
/// after an error, since the answer needs the fields that are sound.
pub(crate) fn read_fields(text: &str) -> (Headers, Option<Error>) {
    let mut headers = Headers::with_capacity(text.len());
    let mut error = None;
    let mut rest = text;
    while !rest.is_empty() {
        let (line, folded, after) = next_field(rest);
        rest = after;
        let read = read_field(line, folded, &mut headers);
        if let Err(found) = read {
            error = error.or(Some(found));
        }
        if headers.len() > HEADERS_MAX {
            return (headers, Some(Error::TooLarge));
        }
    }
    (headers, error)
}

/// Cuts one field off, with the lines that continue it: they start with white
/// space (RFC 3261 §7.3.1).
fn next_field(text: &str) -> (&str, bool, &str) {
    let octets = text.as_bytes();
    let mut folded = false;
    for line_feed in memchr_iter(b'\n', octets) {
        let Some(end) = line_feed.checked_sub(1).filter(|at| octets.get(*at) == Some(&b'\r')) else {
            continue;
        };
        if matches!(octets.get(line_feed + 1), Some(b' ' | b'\t')) {
            folded = true;
            continue;
        }
        let (field, after) = (text.get(..end), text.get(line_feed + 1..));
        return (field.unwrap_or(text), folded, after.unwrap_or_default());
    }
    (text, folded, "")
}

fn read_field(field: &str, folded: bool, headers: &mut Headers) -> Result<(), Error> {
    let (name, value) = field.split_once(':').ok_or(Error::HeaderLine)?;
    let name = name.trim_end_matches([' ', '\t']);
    if !is_token(name) {
        return Err(Error::HeaderLine);
    }
    if !folded {
        if memchr2(b'\r', b'\n', value.as_bytes()).is_some() {
            return Err(Error::HeaderLine);
        }
        headers.push_received(name, trim(value));
        return Ok(());
    }
    let unfolded = value.replace("\r\n", "");
    if unfolded.contains(['\r', '\n']) {
        return Err(Error::HeaderLine);
    }
    headers.push_received(name, trim(&unfolded));
    Ok(())
}

fn check_request(method: &Method, uri: &str, headers: &Headers) -> Result<(), Error> {
    let uri = Uri::parse(uri).map_err(|_| Error::Malformed("Request-URI"))?;
    if uri.headers.is_some() {
        return Err(Error::Malformed("Request-URI")); // RFC 3261 §19.1.1, table 1
    }
    check_identity(headers)?;
    headers.iter().try_for_each(|(name, _, value)| check_request_value(name, value))?;
    if headers.cseq()?.method == method.as_str() { Ok(()) } else { Err(Error::MethodMismatch) }
}

/// Checks the fields that identify the transaction of a message (RFC 3261 §8.1.1), and
/// that a single field occurs once. A response needs no other check: another
/// malformed field is no reason to drop it.
fn check_identity(headers: &Headers) -> Result<(), Error> {
    let mut seen = FieldSet::default();
    for (name, _, value) in headers.iter() {
        if name.is_single() && !seen.first(name) {
            return Err(Error::Repeated(name.as_str()));
        }
        match name {
            Name::Via => list(value).try_for_each(|element| Via::parse(element).map(drop))?,
            Name::From | Name::To => {
                NameAddr::parse(value).ok_or(Error::Malformed(name.as_str()))?;
            }
            Name::CSeq => drop(CSeq::parse(value)?),
            Name::CallId if value.is_empty() || value.contains([' ', '\t']) => {
                return Err(Error::Malformed("Call-ID"));
            }
            _ => {}
        }
    }
    let missing = |name: &Name| headers.get(*name).is_none();
    match [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq].into_iter().find(missing) {
        Some(name) => Err(Error::Missing(name.as_str())),
        None => Ok(()),
    }
}

fn check_request_value(name: Name, value: &str) -> Result<(), Error> {
    match name {
        Name::Contact => list(value).try_for_each(|element| Contact::parse(element).map(drop)),
        Name::MaxForwards => max_forwards(value).map(drop),
        Name::Date => Date::parse(value).map(drop),
        Name::ContentType => ContentType::parse(value).map(drop),
        _ => Ok(()),
    }
}

/// The single fields that a message has so far.
#[derive(Default)]
struct FieldSet(u64);

impl FieldSet {
    fn first(&mut self, name: Name) -> bool {
        let bit = 1_u64 << (name as u32 % 64);
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first
    }
}

fn body(rest: Option<Bytes>, headers: &Headers) -> Result<Bytes, Error> {
    let Some(rest) = rest else { return Err(Error::HeadUnfinished) };
    match content_length(headers)? {
        Some(length) if length > rest.len() => Err(Error::BodyTruncated),
        Some(length) => Ok(rest.slice(..length)),
        None => Ok(rest),
    }
}

/// Content-Length, if it is there.
fn content_length(headers: &Headers) -> Result<Option<usize>, Error> {
    headers.get(Name::ContentLength).map(read_content_length).transpose()
}

pub(crate) fn read_content_length(value: &str) -> Result<usize, Error> {
    digits(value).ok_or(Error::Malformed("Content-Length"))
}

/// The response to a request of which only the head is usable.
pub(crate) fn answer_to(head: &[u8], error: Error) -> Option<Box<Response>> {
    let head = String::from_utf8_lossy(head);
    let (start, fields) = head.trim_end_matches(['\r', '\n']).split_once("\r\n")?;
    let is_response = matches!(StartLine::read(start), StartLine::Response(_));
    if is_response { None } else { answer(start, &read_fields(fields).0, error) }
}

fn answer(start: &str, headers: &Headers, error: Error) -> Option<Box<Response>> {
    let status = error.status()?;
    let is_ack = start.starts_with("ACK ");
    if is_ack || headers.get(Name::Via).is_none() {
        return None;
    }
    Some(Box::new(reply::stateless(headers, status)))
}
