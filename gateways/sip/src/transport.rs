//! What carries messages: datagrams, streams, WebSockets, with and without TLS.
//!
//! Every transport does the same: it turns octets into messages in a task of its own, hands
//! them to the element in batches as [`Event`]s, and takes octets to send.

pub(crate) mod accept;
pub(crate) mod connections;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod udp;
pub(crate) mod ws;

use std::net::SocketAddr;

use bytes::Bytes;
use sip::parser::ParseError;
use sip::{Message, Request, Response, Transport};
use smsc::ports::StartGuard;
use tokio::sync::{mpsc, oneshot};

/// Names a connection; never reused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// The way a message goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Way {
    /// From this socket of ours to this address.
    Datagram {
        /// Index of the socket.
        socket: usize,
        /// To whom.
        to: SocketAddr,
    },
    /// Over an open connection.
    Connection(ConnectionId),
}

impl Way {
    /// Whether answers on both ways are written by the same hand: all datagrams are sent at once, a
    /// connection takes them when it can.
    pub(crate) fn is_written_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Connection(one), Self::Connection(other)) => one == other,
            (Self::Datagram { .. }, Self::Datagram { .. }) => true,
            (Self::Connection(_), Self::Datagram { .. }) | (Self::Datagram { .. }, Self::Connection(_)) => {
                false
            }
        }
    }
}

/// Where a message came from or goes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    /// The way back, or there.
    pub(crate) way: Way,
    /// The address that octets really came from; access lists look at nothing else.
    pub(crate) source: SocketAddr,
}

/// One message as it arrived, or why it is none.
pub(crate) type Arrival = Result<Message, ParseError>;

/// What waits for a connection to take it.
pub(crate) enum Outgoing {
    /// A message, or the answer to a keep-alive.
    Octets(Bytes),
    /// Lets messages go once everything before it has been written: their answers.
    Start(StartGuard),
}

/// What happens around the element.
pub(crate) enum Event {
    /// Datagrams arrived.
    Datagrams {
        /// On this socket.
        socket: usize,
        /// What, and from whom.
        arrivals: Vec<(SocketAddr, Arrival)>,
    },
    /// A connection is up.
    Opened {
        /// Its name.
        id: ConnectionId,
        /// Where what is to be sent goes.
        writer: mpsc::Sender<Outgoing>,
        /// Says to the connection that somebody proved who it is.
        proven: oneshot::Sender<()>,
    },
    /// Messages arrived on a connection.
    Received {
        /// Which one.
        id: ConnectionId,
        /// Its other end.
        source: SocketAddr,
        /// What it is.
        transport: Transport,
        /// The messages.
        arrivals: Vec<Arrival>,
    },
    /// A connection is gone.
    Closed(ConnectionId),
    /// A request of ours is to be sent.
    Send {
        /// The request, complete with Via.
        request: Box<Request>,
        /// To whom.
        hop: Hop,
        /// Over what.
        transport: Transport,
        /// Who waits for the answer.
        reply: oneshot::Sender<Result<Response, Lost>>,
    },
    /// The centre answered.
    Judged(crate::listen::Judged),
}

/// Why there is no answer to a request of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lost {
    /// Nobody answered in time.
    Timeout,
    /// The connection is gone, or the request could not be sent.
    Broken,
}
