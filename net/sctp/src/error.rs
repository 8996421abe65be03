//! The error type of the crate, the same for all transports.

use std::io;

use crate::framing::BadFrame;

/// Why an association is not established, has ended, or refuses a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It has ended, in good order.
    #[error("the association is closed")]
    Closed,
    /// The local end aborted it.
    #[error("we aborted the association")]
    AbortedHere,
    /// The peer aborted or refused it.
    #[error("the peer aborted the association")]
    Aborted,
    /// The peer has stopped answering.
    #[error("the peer is not reachable any more")]
    Unreachable,
    /// It was not established, or not shut down, within the given time.
    #[error("the time given is over")]
    TimedOut,
    /// The send quota stayed full for [`crate::Tuning::send_ms_max`]. The association stands.
    #[error("the peer does not take what is sent")]
    Congested,
    /// The message is longer than [`crate::MESSAGE_OCTETS_MAX`], or empty.
    #[error("a message of {0} octets cannot be carried")]
    Length(usize),
    /// The association has fewer streams.
    #[error("there is no stream {0}")]
    Stream(u16),
    /// The peer sent octets that are no message.
    #[error("the peer sent what is no message: {0}")]
    BadFrame(BadFrame),
    /// The peer violated SCTP.
    #[error("the peer broke the protocol")]
    PeerMisbehaved,
    /// The kernel has no SCTP, or the system is no Linux.
    #[error("the kernel has no SCTP")]
    NoKernelSctp,
    /// The listener has [`crate::Tuning::associations_max`] associations.
    #[error("the listener has as many associations as it may")]
    Full,
    /// The endpoint is configured in a way that its transport cannot have.
    #[error("the endpoint is impossible: {0}")]
    Endpoint(&'static str),
    /// The operating system refused.
    #[error("the operating system refused: {0}")]
    System(io::ErrorKind),
}

impl From<io::Error> for Error {
    /// Translates an error of the operating system.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::BrokenPipe => Self::Aborted,
            io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Self::Unreachable
            }
            kind => Self::System(kind),
        }
    }
}
