//! The doors of the centre: what it needs from below ([`Store`], [`Gateways`]) and
//! what it offers to the gateways ([`Centre`]).
//!
//! The centre knows no runtime. Effects are futures behind these traits; whoever
//! wires the process gives them a runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::address::Address;
use crate::failure::Failure;
use crate::message::{Endpoint, Kind, Message, MessageId, Name, Submission, Timestamp};
use crate::receipt::{RemoteReceipt, State};
use crate::rejection::Rejection;
use crate::replacement::Replacement;

/// A future that may be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the gateways may ask of the centre.
pub trait Centre: Send + Sync + 'static {
    /// Takes a batch of submissions over. Each is on disk when its answer is `Ok`
    /// (but for the modes that are never stored), and only then may be acknowledged.
    fn accept(&self, batch: Vec<Submission>) -> BoxFuture<'static, Acceptance>;

    /// Another centre's receipt about a message that we handed to it. `Ok(false)`
    /// if no message of ours is known by these ids (yet: early ones are held for a while).
    fn remote_receipt(&self, receipt: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>>;

    /// Where a message of `account` stands (query_sm), or `None` if that account has no such message.
    fn status(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageStatus>, StoreError>>;

    /// The newest messages of `account` from `source`, or from anywhere where that has no digits,
    /// newest first and at most `limit` (query_last_msgs of SMPP 3.3). A centre that keeps no
    /// messages has none.
    fn newest(
        &self,
        _account: Name,
        _source: Address,
        _limit: usize,
    ) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// A message of `account`, and where it stands (query_msg_details of SMPP 3.3), or `None` if
    /// that account has no such message.
    fn details(
        &self,
        _account: Name,
        _id: MessageId,
    ) -> BoxFuture<'static, Result<Option<Details>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Changes a message of `account` that waits (replace_sm). `false` if there is none, or it is
    /// not the message's sender who asks. A centre that keeps no messages has none.
    ///
    /// The error is the rejection that a submission with these values would get.
    fn replace(
        &self,
        _account: Name,
        _id: MessageId,
        _replacement: Replacement,
    ) -> BoxFuture<'static, Result<bool, Rejection>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Cancels a message of `account` that has not ended (cancel_sm). `false` if there is none.
    fn cancel(&self, account: Name, id: MessageId) -> BoxFuture<'static, Result<bool, StoreError>>;

    /// Tells the submitter of a message of `account` where it stands, by a receipt under the reference
    /// of the question (SMS-COMMAND, enquiry). `false` if there is no such message.
    fn tell(
        &self,
        _account: Name,
        _id: MessageId,
        _reference: u16,
    ) -> BoxFuture<'static, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// A gateway says that `endpoint` can take messages again: a bind, a registration, a
    /// freed window. Cheap; call it freely.
    fn opened(&self, endpoint: &Endpoint);

    /// The network behind `endpoint` says that `number` can be reached again (MAP alertServiceCentre):
    /// all that waits for it there goes at once, in order.
    /// Where nothing waits for networks, nobody is woken.
    fn reachable(&self, _party: &Endpoint, _number: &Address) {}

    /// The newest message that `submitter` handed in from `source` to `destination` under its own
    /// reference (TP-MR), among its newest few hundred. `None` if there is none.
    fn find_by_reference(
        &self,
        _query: ReferenceQuery,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A message by what its submitter knows of it, as SMS-COMMAND names one (TS 23.040 §9.2.2.4).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReferenceQuery {
    /// Who handed it in.
    pub submitter: Endpoint,
    /// From whom, as the submitter wrote it.
    pub source: Address,
    /// To whom, as the submitter wrote it.
    pub destination: Address,
    /// The submitter's own reference.
    pub reference: u16,
}

/// What became of a batch of submissions, in its order.
#[derive(Debug, Default)]
pub struct Acceptance {
    /// One answer for each submission.
    pub answers: Vec<Result<MessageId, Rejection>>,
    /// Drop this once the answers are on their way: only then do the messages start to move, so
    /// that no receipt can overtake the answer to its submission.
    pub start: StartGuard,
}

/// Holds accepted messages back until their submitter has its answer. Dropping it lets them go.
#[derive(Default)]
pub struct StartGuard(Option<Box<dyn FnOnce() + Send>>);

impl StartGuard {
    /// A guard that runs `start` when dropped.
    pub fn new(start: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(start)))
    }
}

impl Drop for StartGuard {
    fn drop(&mut self) {
        if let Some(start) = self.0.take() {
            start();
        }
    }
}

impl std::fmt::Debug for StartGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StartGuard")
    }
}

/// Where a message stands, for query_sm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MessageStatus {
    /// Its state.
    pub state: State,
    /// When it ended, if it has.
    pub done_at: Option<Timestamp>,
    /// The error number of its last attempt; 0 is none.
    pub error: u8,
}

/// A message and where it stands, for query_msg_details.
#[derive(Clone, Debug)]
pub struct Details {
    /// The message.
    pub message: Arc<Message>,
    /// Where it stands.
    pub status: MessageStatus,
}

/// The way out: all gateways together.
pub trait Gateways: Send + Sync + 'static {
    /// How many more deliveries to `endpoint` may begin now; 0 when it is not connected. A hint: a
    /// delivery begun without room fails with [`Failure::NoPeer`] or waits for the window.
    fn available(&self, endpoint: &Endpoint) -> usize;

    /// Hands one delivery to `endpoint` and waits for its answer; the gateway owns the deadline.
    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>>;

    /// What `endpoint` wants to be given.
    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities;
}

/// What an endpoint wants of the centre when it is given messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Capabilities {
    /// Deliveries to one destination address that may be open at once; 1 keeps strict order
    /// through failures, more keeps the order of sending.
    pub open_per_destination: u16,
    /// Whether segments of a concatenated message are to be put together first.
    pub reassembled: bool,
    /// Whether the endpoint sends receipts of its own, so that hand-over is not the end.
    pub sends_receipts: bool,
}

/// One thing to hand over: a message, or a concatenated message put together again.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message; of a reassembled one, its first segment with the whole content.
    pub message: Arc<Message>,
    /// Whether a receipt of the next hop is wanted.
    pub receipt_wanted: bool,
}

/// What the next hop said when it took a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeliveryAck {
    /// The next hop's own id of the message, if it gave one and will send a receipt with it.
    pub remote_id: Option<Name>,
    /// The link or session that carried it, for the trace.
    pub via: Name,
}

/// Where messages rest: one write path, a few reads.
pub trait Store: Send + Sync + 'static {
    /// All or nothing, durable when it returns `Ok`.
    fn commit(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), StoreError>>;

    /// How full the write path is.
    fn pressure(&self) -> Pressure;

    /// QueueEntry entries in the order of their keys, from a cursor, never from zero.
    fn due(
        &self,
        after: Option<DueKey>,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<QueueEntry>, StoreError>>;

    /// Body, state and attempts of one message.
    fn get(&self, id: MessageId) -> BoxFuture<'static, Result<Option<StoredMessage>, StoreError>>;

    /// Messages, newest first, stable under inserts.
    fn list(&self, query: Query) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>>;

    /// Which of our messages a peer's message id belongs to.
    fn by_remote_id(
        &self,
        link: Name,
        remote_id: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>>;

    /// Which message an account's own key belongs to.
    fn by_client_key(
        &self,
        account: Name,
        key: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>>;
}

/// How full the store's write path is; decides about new submissions only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pressure {
    /// Room enough.
    Free,
    /// Over half full: throttle new submissions.
    High,
    /// Stalled, failed or out of disk: refuse new submissions, deliveries go on.
    Closed,
}

/// What happens to messages, as the store learns it. Keys that change are carried
/// along (`was_due`), so that no event needs a read.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message is ours from now on, and waits.
    Accepted(Arc<Message>, QueueEntry),
    /// An attempt was made; the message waits on, at `next`.
    Attempted {
        /// The due time under which it waited until now.
        was_due: Timestamp,
        /// What was tried; `None` when it is only rescheduled.
        attempt: Option<Attempt>,
        /// How it waits on.
        next: QueueEntry,
    },
    /// The submitter changed a message that waits; it is the same but for what was changed.
    Replaced {
        /// The message as it is now.
        message: Arc<Message>,
        /// The due time under which it waited until now.
        was_due: Timestamp,
        /// How it waits on.
        next: QueueEntry,
    },
    /// The message has ended. Nothing but notes may follow.
    Finished {
        /// Which one.
        id: MessageId,
        /// The due time under which it waited until now.
        was_due: Timestamp,
        /// The last attempt, if this one ended it.
        attempt: Option<Attempt>,
        /// How it ended.
        outcome: Outcome,
    },
    /// A peer's id for one of our messages.
    Correlated {
        /// The link that the peer's id came from.
        link: Name,
        /// The peer's id.
        remote_id: Name,
        /// Our message.
        id: MessageId,
    },
    /// Something worth seeing in the message's trace.
    Noted {
        /// Which message.
        id: MessageId,
        /// What there is to say.
        note: Note,
    },
}

/// A cursor into the due index: keys rise by time, then by id.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DueKey {
    /// When it is due.
    pub due: Timestamp,
    /// Which message.
    pub id: MessageId,
}

/// A message at rest, as small as it can be: what the schedule keeps in memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueueEntry {
    /// When it is due, and which message it is. Once handed over: the end of its validity, whatever
    /// the rules say by then.
    pub key: DueKey,
    /// The end of all attempts; once handed over, of the wait for the next hop's receipt.
    pub expires_at: Timestamp,
    /// Hash of the normalised destination: messages of one destination keep their order.
    pub destination: u64,
    /// Hash of the target it is meant for, so that a closed target costs no attempt.
    pub lane: u64,
    /// 0 to 3.
    pub priority: u8,
    /// Attempts made so far. All that found no peer, or a throttling one, count as one together.
    pub attempts: u16,
    /// Whether it was handed over and only waits for the next hop's receipt.
    pub handed_over: bool,
}

impl QueueEntry {
    /// How a message waits on `lane` before its first attempt.
    ///
    /// Receipts to others keep the order of the number that they are about: an account that sends
    /// everything from one sender would else get all its receipts one after the other.
    pub fn of(message: &Message, lane: u64) -> Self {
        let ordered_by = match &message.kind {
            // A phone gets its reports as messages: they wait for it as all others do.
            Kind::Ordinary | Kind::Receipt { to: Endpoint::Ss7(_), .. } => &message.destination,
            Kind::Receipt { .. } => &message.source,
        };
        Self {
            key: DueKey { due: message.deliver_after, id: message.id },
            expires_at: message.expires_at,
            destination: Self::destination_key(&ordered_by.digits, lane),
            lane,
            priority: message.priority,
            attempts: 0,
            handed_over: false,
        }
    }

    /// The hash under which messages to the normalised `digits` wait on `lane`.
    pub(crate) fn destination_key(digits: &Name, lane: u64) -> u64 {
        crate::routing::hash(digits) ^ lane.rotate_left(32)
    }
}

/// One attempt to hand a message on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// 1 for the first. An attempt that found no peer, or a throttling one, gives its number to the
    /// next one, so that the trace of a message stays short however long a link is away.
    pub number: u16,
    /// When it began.
    pub at: Timestamp,
    /// How long the answer took, in milliseconds.
    pub took_ms: u32,
    /// Whom it was handed to, as [`Endpoint`] writes itself.
    pub endpoint: Name,
    /// The link or session that carried it.
    pub via: Name,
    /// The peer's id for the message.
    pub remote_id: Option<Name>,
    /// The reference system's error number; 0 is success.
    pub error: u8,
    /// The failure in words, empty on success.
    pub reason: String,
}

/// How a message ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// A final state.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// The reference system's error number; 0 is none.
    pub error: u8,
}

/// A line of a message's trace that is neither an attempt nor its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// The station of the journey it belongs to: `rules`, `receipt`, `callback`…
    pub station: Name,
    /// What there is to say. Never a body.
    pub text: String,
}

/// Everything the store knows of a message.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    /// The message as it was accepted.
    pub message: Arc<Message>,
    /// Attempts in their order.
    pub attempts: Vec<Attempt>,
    /// Notes in their order.
    pub notes: Vec<Note>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
}

/// Which messages to list.
#[derive(Clone, Debug)]
pub struct Query {
    /// By whom.
    pub by: QueryBy,
    /// Only ids below this one: the last id of the page before.
    pub before: Option<MessageId>,
    /// Accepted at or after.
    pub from: Timestamp,
    /// Accepted before.
    pub until: Timestamp,
    /// At most this many.
    pub limit: usize,
}

/// The index of a [`Query`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum QueryBy {
    /// All messages.
    Any,
    /// Of one account.
    Account(Name),
    /// To one normalised destination's digits.
    Destination(Name),
    /// From one normalised source's digits.
    Source(Name),
}

/// Why the store could not do what was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Too much is queued; try again soon.
    #[error("store is congested")]
    Congested,
    /// The disk is full; nothing was written.
    #[error("disk is full")]
    DiskFull,
    /// The disk or the engine failed; the text is for the log.
    #[error("store failed: {0}")]
    Failed(String),
    /// A record does not match its checksum. It is kept aside and never delivered.
    #[error("record of message {0} is damaged")]
    Damaged(MessageId),
    /// The account used this client key before, for this message.
    #[error("the client key belongs to message {0}")]
    KeyTaken(MessageId),
    /// The store is shutting down.
    #[error("store is closed")]
    Closed,
}
