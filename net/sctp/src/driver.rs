//! The transport's end of an association: what it is told to do, and where it reports.
//!
//! Each association is driven by one task of its transport. The handles know nothing of it but
//! the channels here, so that they are the same for all transports.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use crate::association::Association;
use crate::endpoint::Tuning;
use crate::error::Error;
use crate::message::{Event, Message};
use crate::receiver::Receiver;
use crate::room::{Held, Room};
use crate::seats::Seat;
use crate::sender::Sender;

/// Octets that a transport reports at once, give or take one message.
pub(crate) const BATCH_OCTETS: usize = 64 * 1024;

/// Batches that wait for whoever receives: 1 MiB. Beyond it the transport stops reading.
const BATCHES_MAX: usize = 16;

/// Commands that wait: more than the room lets through, so that the room alone is the bound.
const COMMANDS_MAX: usize = 16 * 1_024 + 1;

/// What a transport is asked to do, in this order.
pub(crate) enum Command {
    /// Send these, in order.
    Send(Batch),
    /// Send all that is underway, then end the association in good order.
    Shutdown(Shutdown),
}

/// Messages to send, and the room they take until the transport has them.
pub(crate) struct Batch {
    pub(crate) messages: Vec<Message>,
    pub(crate) held: Held,
}

/// See [`Command::Shutdown`].
pub(crate) struct Shutdown {
    /// When it is given up, and the association aborted.
    pub(crate) deadline: Instant,
    /// Told how it went.
    pub(crate) done: oneshot::Sender<Result<(), Error>>,
}

/// What the handles of one association share.
pub(crate) struct Shared {
    pub(crate) streams: u16,
    pub(crate) peer: SocketAddr,
    pub(crate) tuning: Tuning,
    pub(crate) room: Arc<Room>,
    /// Why it ends; set before the channels close.
    ending: OnceLock<Error>,
    /// Notified when it is to be aborted.
    abort: Notify,
}

/// The transport's end.
pub(crate) struct Driver {
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) incoming: mpsc::Sender<Vec<Event>>,
    pub(crate) shared: Arc<Shared>,
    /// Its seat with the listener, held as long as it lives.
    seat: Option<Seat>,
}

impl Shared {
    /// Why it ended. [`Error::Closed`] where it ended well.
    pub(crate) fn ending(&self) -> Error {
        self.ending.get().copied().unwrap_or(Error::Closed)
    }

    /// Asks for the association to be aborted; `why` is what its end will be reported as.
    pub(crate) fn abort_for(&self, why: Error) {
        let _ = self.ending.set(why);
        self.abort.notify_one();
    }

    /// Returns when the association is to be aborted: somebody asked for it, or nobody is left
    /// to receive.
    pub(crate) async fn aborted(&self, incoming: &mpsc::Sender<Vec<Event>>) {
        tokio::select! {
            () = self.abort.notified() => {}
            () = incoming.closed() => {}
        }
    }
}

impl Driver {
    /// A new association and the end that its transport keeps.
    pub(crate) fn new(streams: u16, peer: SocketAddr, tuning: Tuning) -> (Self, Association) {
        let (command, commands) = mpsc::channel(COMMANDS_MAX);
        let (incoming, events) = mpsc::channel(BATCHES_MAX);
        let (room, congested) = Room::new();
        let (ending, abort) = (OnceLock::new(), Notify::new());
        let shared = Arc::new(Shared { streams, peer, tuning, room, ending, abort });
        let sender = Sender::new(command, shared.clone());
        let receiver = Receiver::new(events, congested, shared.clone());
        let driver = Self { commands, incoming, shared, seat: None };
        (driver, Association::new(sender, receiver))
    }

    /// Holds a seat with the listener.
    pub(crate) fn holding(mut self, seat: Option<Seat>) -> Self {
        self.seat = seat;
        self
    }

    /// The last act: says why it ended.
    pub(crate) fn end(self, ending: Result<(), Error>) {
        let _ = self.shared.ending.set(ending.err().unwrap_or(Error::Closed));
        let why = self.shared.ending();
        tracing::info!(peer = %self.shared.peer, %why, "association ended");
    }
}

impl Drop for Driver {
    /// A transport that ends without a word has panicked on what the peer sent.
    fn drop(&mut self) {
        let _ = self.shared.ending.set(Error::PeerMisbehaved);
    }
}
