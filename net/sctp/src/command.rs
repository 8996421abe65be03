//! Commands from the handles of an association to its transport task.

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::error::Error;
use crate::message::Message;
use crate::send_quota::Reservation;

/// A command for the transport task, executed in order.
pub(crate) enum Command {
    /// Send these messages, in order.
    Send(Batch),
    /// Send all that is queued, then shut the association down in good order.
    Shutdown(Shutdown),
}

/// Messages to send, and the quota that they occupy until the transport has them.
pub(crate) struct Batch {
    pub(crate) messages: Vec<Message>,
    pub(crate) reservation: Reservation,
}

/// See [`Command::Shutdown`].
pub(crate) struct Shutdown {
    /// When the shutdown is given up, and the association aborted.
    pub(crate) deadline: Instant,
    /// Receives the result.
    pub(crate) done: oneshot::Sender<Result<(), Error>>,
}
