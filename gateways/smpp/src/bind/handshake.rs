//! A connection before its bind: reads one PDU at a time, so that the octets after the bind stay
//! for the session.

use bytes::BytesMut;
use smpp::session::Output;
use smpp::{Framing, Pdu, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::codes;
use crate::stream::Stream;

/// The longest PDU before the bind; a bind has some hundred octets.
const LENGTH_MAX: u32 = 1024;

/// A connection that is not bound.
pub(crate) struct Handshake {
    /// The connection.
    pub(crate) stream: Stream,
    /// What has come and was not read.
    pub(crate) inbox: BytesMut,
}

impl Handshake {
    /// How such a connection is cut into PDUs.
    pub(crate) const FRAMING: Framing = Framing { command_length_max: LENGTH_MAX };

    /// A connection that has just been made.
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, inbox: BytesMut::new() }
    }

    /// The octets of exactly one PDU, or of something that can never become one. `None` if the
    /// connection is gone.
    pub(crate) async fn next_pdu(&mut self) -> Option<BytesMut> {
        loop {
            if let Some(&length) = self.inbox.first_chunk::<4>() {
                let length = u32::from_be_bytes(length);
                if !(16..=LENGTH_MAX).contains(&length) {
                    return Some(std::mem::take(&mut self.inbox));
                }
                let octets = usize::try_from(length).ok()?;
                if self.inbox.len() >= octets {
                    return Some(self.inbox.split_to(octets));
                }
            }
            self.inbox.reserve(256);
            if self.stream.read_buf(&mut self.inbox).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Sends one PDU.
    pub(crate) async fn send(&mut self, pdu: &Pdu<'_>, sequence_number: u32) -> Option<()> {
        let mut out = BytesMut::new();
        pdu.encode(sequence_number, codes::OK, &mut out).ok()?;
        self.write(&out).await
    }

    /// Writes the PDUs that the session wants to send. `true` if the session is closed after them.
    pub(crate) async fn send_outputs(&mut self, session: &mut Session) -> Option<bool> {
        let mut out = BytesMut::new();
        let mut closed = false;
        while let Some(output) = session.poll() {
            match output {
                Output::Send(header) => header.encode(&mut out),
                Output::Close(_) => closed = true,
                Output::Unanswered { .. } => {}
            }
        }
        self.write(&out).await?;
        if closed {
            let _ = self.stream.shutdown().await; // fails if the peer has closed the connection already
        }
        Some(closed)
    }

    async fn write(&mut self, octets: &[u8]) -> Option<()> {
        self.stream.write_all(octets).await.ok()?;
        self.stream.flush().await.ok()
    }
}
