//! What the engine task, the association tasks and the MAP users pass to each other.

use m3ua::LinkId;
use map::{DialogueId, MapError, Request, Response};
use sctp::{Event, Message};
use smsc::ports::StartGuard;
use tokio::sync::oneshot;

use crate::signalling::confirmation::Confirmation;
use crate::signalling::stack::{Node, Opening};

/// The payload protocol identifier of M3UA (RFC 4666 §1.3.1).
pub(crate) const PAYLOAD_PROTOCOL: u32 = 3;
/// Batches of messages on their way out. When they are full, M3UA holds its traffic back.
pub(crate) const OUTBOUND_MAX: usize = 256;

/// An event for the engine task.
pub(crate) enum EngineEvent {
    /// Something about an association.
    Link(LinkId, LinkEvent),
    /// Open a dialogue with a first request.
    Open(Box<Opening>, oneshot::Sender<Confirmation>),
    /// Send another request in a dialogue.
    Next(DialogueId, Box<Request>, oneshot::Sender<Confirmation>),
    /// Close a dialogue.
    Close(DialogueId),
    /// Answers to peers, and what may start once they are sent.
    Answers(Vec<Answer>, StartGuard),
    /// Deactivate every association, then reply.
    Stop(oneshot::Sender<()>),
    /// End the task.
    Halt,
}

/// An event of one association.
pub(crate) enum LinkEvent {
    /// It is up.
    Up {
        /// Streams that may be sent on.
        streams: u16,
    },
    /// Messages and other events, in order.
    Traffic(Vec<Event>),
    /// It is gone.
    Down,
}

/// The answer to a peer's request.
pub(crate) struct Answer {
    pub(crate) dialogue: DialogueId,
    pub(crate) invoke_id: i8,
    pub(crate) result: Result<Response, MapError>,
}

/// A peer's request.
#[derive(Debug)]
pub(crate) struct Indication {
    pub(crate) dialogue: DialogueId,
    pub(crate) invoke_id: i8,
    pub(crate) remote: Node,
    pub(crate) local: Node,
    pub(crate) request: Box<Request>,
}

/// A command for an association task.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// Send these.
    Messages(Vec<Message>),
    /// Close once everything has left.
    Close,
}
