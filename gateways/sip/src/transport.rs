//! Transports: UDP, TCP, TLS and WebSocket.
//!
//! Every transport has a task that parses octets into messages, sends them to the transaction task in batches as
//! [`Event`]s, and writes octets that the transaction task sends back.
//!
//! [`Event`]: crate::transactions::event::Event

pub(crate) mod accept;
pub(crate) mod connections;
pub(crate) mod duplex;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod udp;
pub(crate) mod ws;

use std::net::SocketAddr;

use bytes::Bytes;
use sip::Message;
use sip::Transport;
use sip::parser::ParseError;
use smsc::ports::StartGuard;

/// Identifies a connection; never reused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// The socket or connection that carries a message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Way {
    /// From a local socket to a remote address.
    Datagram {
        /// Index of the local socket.
        socket: usize,
        /// The remote address.
        to: SocketAddr,
    },
    /// Over an open connection.
    Connection(ConnectionId),
}

impl Way {
    /// Whether one writer sends the responses of both ways: datagrams are sent at once, and each
    /// connection has its own queue.
    pub(crate) fn shares_writer_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Connection(one), Self::Connection(other)) => one == other,
            (Self::Datagram { .. }, Self::Datagram { .. }) => true,
            (Self::Connection(_), Self::Datagram { .. }) | (Self::Datagram { .. }, Self::Connection(_)) => {
                false
            }
        }
    }
}

/// The previous or next hop of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    /// The way to the hop.
    pub(crate) way: Way,
    /// The source address of the packet; access lists check this address only.
    pub(crate) source: SocketAddr,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) id: ConnectionId,
    /// The remote address.
    pub(crate) source: SocketAddr,
    pub(crate) transport: Transport,
    /// Whether this gateway opened it: then no authentication deadline applies.
    pub(crate) dialled: bool,
}

/// A received message, or the reason why it cannot be parsed.
pub(crate) type Arrival = Result<Message, ParseError>;

/// An entry of the send queue of a connection.
pub(crate) enum QueueEntry {
    /// A message, or the response to a keep-alive.
    Octets(Bytes),
    /// Starts the delivery of messages once the responses queued before it are written.
    Start(StartGuard),
}
