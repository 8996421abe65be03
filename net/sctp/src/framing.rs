//! Message framing over TCP: how the receiver finds the length of a message.

use std::fmt;

/// The framing of the protocol above. Only TCP uses it.
#[derive(Clone, Copy, Debug)]
pub struct Framing {
    /// The payload protocol identifier that messages are reported with, since TCP carries none.
    pub payload_protocol: u32,
    /// How many octets the message at the head of these octets has, whether or not they are all
    /// there; `None` while the head is incomplete.
    pub length: fn(&[u8]) -> Result<Option<usize>, BadFrame>,
}

/// The octets are no message; nothing after them can be read. The text is for the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadFrame(pub &'static str);

impl fmt::Display for BadFrame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}
