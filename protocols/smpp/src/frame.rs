//! Cuts a byte stream into PDUs (SMPP 3.4 §3.2.1).
//!
//! [`Framing::take`] takes **every** complete PDU out of a read buffer at once.
//! The [`Batch`] owns those octets; its frames and the PDUs decoded from them
//! borrow, so that a thousand PDUs in one read cost one allocation at most.

use bytes::{Bytes, BytesMut};

use crate::command::Header;
use crate::error::Error;
use crate::pdu::Pdu;

/// The longest PDU taken by default: a `message_payload` of 64 KiB, and room
/// for the body and TLVs around it.
pub const COMMAND_LENGTH_MAX: u32 = 0x1_1000;

/// How a stream is cut.
#[derive(Clone, Copy, Debug)]
pub struct Framing {
    /// The longest `command_length` taken, in octets. At least 16.
    pub command_length_max: u32,
}

impl Default for Framing {
    fn default() -> Self {
        Self { command_length_max: COMMAND_LENGTH_MAX }
    }
}

impl Framing {
    /// Takes every complete PDU from the front of `buffer`; an incomplete one stays.
    ///
    /// After an impossible `command_length` the stream has no more boundaries:
    /// the PDUs before it are in the batch, the rest of the buffer is dropped,
    /// and [`Batch::fault`] has the sequence number for the generic_nack.
    pub fn take(&self, buffer: &mut BytesMut) -> Batch {
        let mut end = 0;
        let mut fault = None;
        while let Some(&length) = buffer.get(end..).and_then(<[u8]>::first_chunk::<4>) {
            let command_length = u32::from_be_bytes(length);
            if !(16..=self.command_length_max).contains(&command_length) {
                let header = buffer.get(end..).and_then(Header::decode);
                let sequence_number = header.map_or(0, |header| header.sequence_number);
                fault = Some(BadLength { command_length, sequence_number });
                break;
            }
            match usize::try_from(command_length).ok().and_then(|length| end.checked_add(length)) {
                Some(next) if next <= buffer.len() => end = next,
                _ => break,
            }
        }
        let octets = buffer.split_to(end).freeze();
        if fault.is_some() {
            buffer.clear();
        }
        Batch { octets, fault }
    }
}

/// A `command_length` that no PDU can have. Answer `generic_nack` with
/// `ESME_RINVCMDLEN`, then close: the start of the next PDU is unknown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("command_length {command_length} is impossible")]
pub struct BadLength {
    /// What the peer sent.
    pub command_length: u32,
    /// The peer's sequence number, or 0 where it had not arrived (SMPP 3.4 §4.3.1).
    pub sequence_number: u32,
}

/// Complete PDUs, one after another.
#[derive(Clone, Debug)]
pub struct Batch {
    octets: Bytes,
    fault: Option<BadLength>,
}

impl Batch {
    /// The frames in the order in which they arrived.
    pub fn frames(&self) -> Frames<'_> {
        Frames { batch: &self.octets, rest: &self.octets }
    }

    /// Why the stream cannot be read any further, if it cannot.
    pub const fn fault(&self) -> Option<BadLength> {
        self.fault
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }
}

/// Iterates over the frames of a [`Batch`].
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    batch: &'a Bytes,
    rest: &'a [u8],
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let header = Header::decode(self.rest)?;
        let length = usize::try_from(header.command_length).ok()?;
        let (octets, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Frame { header, octets, batch: self.batch })
    }
}

/// One PDU as it came, borrowed from its [`Batch`].
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// Its first sixteen octets.
    pub header: Header,
    octets: &'a [u8],
    batch: &'a Bytes,
}

impl<'a> Frame<'a> {
    /// Reads the body. The views borrow from the batch, not from the frame.
    pub fn decode(&self) -> Result<Pdu<'a>, Error> {
        Pdu::decode(&self.header, self.body())
    }

    /// The octets after the header.
    pub fn body(&self) -> &'a [u8] {
        self.octets.get(Header::LENGTH..).unwrap_or_default()
    }

    /// The whole PDU.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Owns `part`, a view that [`Frame::decode`] gave, without copying it.
    ///
    /// The result keeps the whole batch alive. Octets that are no part of the
    /// batch are copied.
    pub fn bytes_of(&self, part: &[u8]) -> Bytes {
        let offset = (part.as_ptr() as usize).checked_sub(self.batch.as_ptr() as usize);
        let range = offset.and_then(|start| Some(start..start.checked_add(part.len())?));
        match range {
            Some(range) if range.end <= self.batch.len() => self.batch.slice(range),
            _ => Bytes::copy_from_slice(part),
        }
    }
}

/// Shows the header alone: a body must not reach a log.
impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("header", &self.header).finish_non_exhaustive()
    }
}
