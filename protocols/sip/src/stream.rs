//! Cuts the byte stream of TCP or TLS into messages and keep-alives (RFC 3261 §18.3, RFC 5626 §3.5.1).
//!
//! A WebSocket needs none of this: there one WebSocket message is one SIP message
//! (RFC 7118 §4) and goes straight to [`crate::parse`].

use std::fmt;

use bytes::BytesMut;

use crate::error::Error;
use crate::header::Name;
use crate::message::Message;
use crate::parser::{HEAD_OCTETS_MAX, ParseError, find, parse, read_content_length, read_fields};

/// Cuts a stream into messages and keep-alives.
///
/// Read into [`Stream::buffer`], then take [`Stream::poll`] until it is empty.
pub struct Stream {
    buffer: BytesMut,
    octets_max: usize,
    /// How much of the buffer was searched for the end of the head already.
    searched: usize,
    /// One CRLF was taken: another one makes it a ping.
    half_ping: bool,
    /// The length of the message with its body still incomplete.
    awaited: Option<usize>,
    broken: bool,
}

/// One element of the stream.
#[derive(Debug)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// A message that is refused. If [`Stream::is_broken`] now holds, send the response and
    /// close: the start of the next message is unknown.
    Refused(ParseError),
    /// A double CRLF: answer with [`PONG`].
    Ping,
    /// A single CRLF, the answer to our own ping, or the first half of a ping that
    /// arrives in pieces.
    Pong,
}

/// The keep-alive that asks for an answer (RFC 5626 §3.5.1).
pub const PING: &[u8] = b"\r\n\r\n";

/// The answer to [`PING`].
pub const PONG: &[u8] = b"\r\n";

impl Stream {
    /// A stream with messages of at most `octets_max` octets.
    pub fn new(octets_max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            octets_max,
            searched: 0,
            half_ping: false,
            awaited: None,
            broken: false,
        }
    }

    /// Where received octets are appended.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Whether the start of the next message is unknown; the stream gives no more messages.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// The next complete message or keep-alive.
    pub fn poll(&mut self) -> Option<Frame> {
        if self.broken {
            return None;
        }
        let length = match self.awaited {
            Some(length) => length,
            None => match self.next_length()? {
                Ok(length) => *self.awaited.insert(length),
                Err(frame) => return Some(frame),
            },
        };
        if length > self.buffer.len() {
            return None;
        }
        self.awaited = None;
        self.searched = 0;
        let message = self.buffer.split_to(length).freeze();
        Some(parse(&message).map_or_else(Frame::Refused, Frame::Message))
    }

    /// The length of the message that starts here, once its head is complete; or what is
    /// here instead of a message.
    fn next_length(&mut self) -> Option<Result<usize, Frame>> {
        if let Some(keep_alive) = self.keep_alive() {
            return Some(Err(keep_alive));
        }
        if self.buffer.as_ref() == b"\r" {
            return None; // perhaps the start of a keep-alive
        }
        let head_end = self.head_end()?;
        let head = self.buffer.get(..head_end).unwrap_or_default();
        let length = content_length(head).and_then(|body| {
            let whole = body.checked_add(head_end + 4).ok_or(Error::TooLarge)?;
            if whole > self.octets_max { Err(Error::TooLarge) } else { Ok(whole) }
        });
        Some(length.map_err(|error| self.give_up(head_end, error)))
    }

    fn keep_alive(&mut self) -> Option<Frame> {
        if self.searched > 0 {
            return None;
        }
        if self.buffer.starts_with(PING) {
            let _ = self.buffer.split_to(PING.len());
            return Some(Frame::Ping);
        }
        if !self.buffer.starts_with(PONG) {
            self.half_ping &= self.buffer.is_empty() || self.buffer.as_ref() == b"\r";
            return None;
        }
        let _ = self.buffer.split_to(PONG.len());
        self.half_ping = !self.half_ping;
        Some(if self.half_ping { Frame::Pong } else { Frame::Ping })
    }

    /// The end of the head, once it is received. A head without end breaks the stream.
    fn head_end(&mut self) -> Option<usize> {
        let from = self.searched.saturating_sub(3);
        let found = find(self.buffer.get(from..).unwrap_or_default(), b"\r\n\r\n");
        self.searched = self.buffer.len();
        let end = found.map(|at| from + at);
        if end.unwrap_or(self.searched) > HEAD_OCTETS_MAX.min(self.octets_max) {
            self.broken = true;
            return None;
        }
        end
    }

    /// Breaks the stream, with the response to the head.
    fn give_up(&mut self, head_end: usize, error: Error) -> Frame {
        self.broken = true;
        let head = self.buffer.split_to(head_end + 4).freeze();
        let answer = crate::parser::answer_to(&head, error);
        Frame::Refused(ParseError { error, answer })
    }
}

impl fmt::Debug for Stream {
    /// Without what was received.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("buffered_octets", &self.buffer.len())
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

/// The one Content-Length of a head, which a stream requires (RFC 3261 §18.3).
fn content_length(head: &[u8]) -> Result<usize, Error> {
    let head = str::from_utf8(head).map_err(|_| Error::NotUtf8)?;
    let (_, fields) = head.split_once("\r\n").ok_or(Error::Missing("Content-Length"))?;
    let (headers, _) = read_fields(fields); // the parser reports the errors of other fields
    let mut lengths = headers.all(Name::ContentLength).map(read_content_length);
    match (lengths.next(), lengths.next()) {
        (None, _) => Err(Error::Missing("Content-Length")),
        (Some(length), None) => length,
        (Some(_), Some(_)) => Err(Error::Repeated("Content-Length")),
    }
}
