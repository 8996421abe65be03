//! Events that the transaction task receives from transports, deliveries and the centre.

use std::net::SocketAddr;

use sip::{Request, Response, Transport};
use tokio::sync::{mpsc, oneshot};

use super::batch::BatchOutcome;
use crate::transport::{Arrival, ConnectionId, Hop, QueueEntry};

/// An event of the transaction task.
pub(crate) enum Event {
    /// Datagrams arrived.
    Datagrams {
        /// Index of the local socket.
        socket: usize,
        /// Each datagram with its source address.
        arrivals: Vec<(SocketAddr, Arrival)>,
    },
    /// A connection is open.
    Opened {
        /// Its id.
        id: ConnectionId,
        /// Its send queue.
        writer: mpsc::Sender<QueueEntry>,
        /// Ends the authentication deadline of the connection.
        authenticated: oneshot::Sender<()>,
    },
    /// Messages arrived on a connection.
    Received {
        /// The connection.
        id: ConnectionId,
        /// Its remote address.
        source: SocketAddr,
        /// Its transport.
        transport: Transport,
        /// The messages.
        arrivals: Vec<Arrival>,
    },
    /// A connection is closed.
    Closed(ConnectionId),
    /// A request has to be sent.
    Send {
        /// The request, complete with Via.
        request: Box<Request>,
        /// Its next hop.
        hop: Hop,
        /// Its transport.
        transport: Transport,
        /// Takes the final response.
        reply: oneshot::Sender<Result<Response, RequestError>>,
    },
    /// The centre answered a batch.
    BatchAnswered(BatchOutcome),
}

/// Why a request has no final response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RequestError {
    /// No response arrived in time.
    Timeout,
    /// The connection is closed, or the request could not be sent.
    Broken,
}
