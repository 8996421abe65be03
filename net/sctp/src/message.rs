//! Messages and events of an association.

use std::fmt;

use bytes::Bytes;

use crate::error::Error;

/// The longest message that is carried, either way, in octets.
///
/// Signalling stays far below: an MTP3 payload has at most 272 octets, one of M3UA some 4,000.
pub const MESSAGE_OCTETS_MAX: usize = 65_536;

/// One whole message.
#[derive(Clone, Eq, PartialEq)]
pub struct Message {
    /// The stream it is on, below [`crate::Association::streams`]. Messages of one stream stay in
    /// order.
    pub stream: u16,
    /// The payload protocol identifier, as IANA registered it; 3 is M3UA.
    pub payload_protocol: u32,
    /// From 1 to [`MESSAGE_OCTETS_MAX`] octets.
    pub octets: Bytes,
}

/// What happens on an association.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A message arrived.
    Message(Message),
    /// The peer restarted the association (RFC 9260 §5.2). It stands, but messages underway may be
    /// lost, and the peer has no state of what came before.
    Restarted,
    /// `true`: more than three quarters of the send quota are in use. `false`: less than half.
    Congested(bool),
    /// It ended in good order. Nothing follows.
    Closed,
}

impl Message {
    /// Checks length and stream.
    pub(crate) fn check(&self, streams: u16) -> Result<(), Error> {
        if self.octets.is_empty() || self.octets.len() > MESSAGE_OCTETS_MAX {
            return Err(Error::Length(self.octets.len()));
        }
        if self.stream >= streams { Err(Error::Stream(self.stream)) } else { Ok(()) }
    }
}

impl fmt::Debug for Message {
    /// Without the contents, which must not reach a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("stream", &self.stream)
            .field("payload_protocol", &self.payload_protocol)
            .field("octets", &self.octets.len())
            .finish()
    }
}
