//! What the store keeps of a message: its place in the queue, its attempts, its notes and its outcome; and the
//! events by which the store learns of them.

use std::sync::Arc;

use crate::address::Address;
use crate::endpoint::Endpoint;
use crate::ids::MessageId;
use crate::message::{Kind, Message};
use crate::names::Name;
use crate::receipt::{Outcome, State};
use crate::timestamp::Timestamp;

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
        /// The note.
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
    /// the rules are by then.
    pub key: DueKey,
    /// The end of all attempts; once handed over, of the wait for the next hop's receipt.
    pub expires_at: Timestamp,
    /// Hash of the normalised destination: messages of one destination keep their order.
    pub destination: u64,
    /// Hash of the target it is meant for, so that a closed target costs no attempt.
    pub route_queue: u64,
    /// 0 to 3.
    pub priority: u8,
    /// Attempts made so far. All that found no peer, or a throttling one, count as one together.
    pub attempts: u16,
    /// Whether it was handed over and only waits for the next hop's receipt.
    pub handed_over: bool,
}

impl QueueEntry {
    /// How a message waits on `route_queue` before its first attempt.
    ///
    /// Receipts to others keep the order of the number that they are about: an account that sends
    /// everything from one sender would else get all its receipts one after the other.
    pub fn of(message: &Message, route_queue: u64) -> Self {
        let ordered_by = match &message.kind {
            // A phone gets its reports as messages: they wait for it as all others do.
            Kind::Ordinary | Kind::Receipt { to: Endpoint::Ss7(_), .. } => &message.destination,
            Kind::Receipt { .. } => &message.source,
        };
        Self {
            key: DueKey { due: message.deliver_after, id: message.id },
            expires_at: message.expires_at,
            destination: Self::destination_key(&ordered_by.digits, route_queue),
            route_queue,
            priority: message.priority,
            attempts: 0,
            handed_over: false,
        }
    }

    /// The hash under which messages to the normalised `digits` wait on `route_queue`.
    pub(crate) fn destination_key(digits: &Name, route_queue: u64) -> u64 {
        crate::hashing::hash(digits) ^ route_queue.rotate_left(32)
    }
}

/// One message on its way out, with its place in the queue.
#[derive(Clone, Debug)]
pub struct QueuedMessage {
    /// The message.
    pub message: Arc<Message>,
    /// How it waits.
    pub entry: QueueEntry,
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
    /// The endpoint it was handed to, as [`Endpoint`] writes itself.
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

/// A line of a message's trace that is neither an attempt nor its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// The station of the journey it belongs to: `rules`, `receipt`, `callback`…
    pub station: Name,
    /// The text. Never a body.
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
pub struct MessageDetails {
    /// The message.
    pub message: Arc<Message>,
    /// Where it stands.
    pub status: MessageStatus,
}

/// A message by what its submitter knows of it, as SMS-COMMAND names one (TS 23.040 §9.2.2.4).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReferenceQuery {
    /// The endpoint that submitted it.
    pub submitter: Endpoint,
    /// The source, as the submitter wrote it.
    pub source: Address,
    /// The destination, as the submitter wrote it.
    pub destination: Address,
    /// The submitter's own reference.
    pub reference: u16,
}

/// Which messages to list.
#[derive(Clone, Debug)]
pub struct Query {
    /// The index.
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

/// What an audit found, at one moment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Audit {
    /// Messages on record.
    pub accepted: u64,
    /// Messages that have ended.
    pub ended: u64,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that neither ended nor wait: they are lost.
    pub lost: u64,
    /// Messages that ended and wait all the same: they would be delivered again.
    pub undead: u64,
    /// Outcomes and waiting entries without a message.
    pub orphans: u64,
    /// QueueEntry entries beyond the first of a message.
    pub doubles: u64,
    /// Records that do not match their checksum.
    pub damaged: u64,
    /// The messages that damaged records belong to, at most 1,000 of them.
    pub damaged_ids: Vec<MessageId>,
    /// Whether accepted = ended + waiting, with none lost, undead, orphaned or double. Damaged
    /// records do not break it as long as they can be counted.
    pub holds: bool,
}

/// A reading of the store's counters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StoreMetrics {
    /// Calls of `commit` that are on disk.
    pub commits: u64,
    /// Calls of `commit` that were refused or failed after they were queued.
    pub refused: u64,
    /// Events and platform store writes that are on disk.
    pub events: u64,
    /// Batches written; each was one sync.
    pub syncs: u64,
    /// Events in the last batch.
    pub last_batch_events: u64,
    /// Microseconds that the longest sync took.
    pub max_sync_micros: u64,
    /// How long syncs took, with the write of their batch into the journal: pairs of microseconds
    /// and of how many syncs took at least that and at most a sixteenth more, in rising order.
    pub sync_micros: Vec<(u64, u64)>,
    /// Events that wait for the committer or are being written.
    pub queued_events: u64,
    /// Messages with a damaged record.
    pub quarantined: u64,
    /// Whether the disk is full and new submissions are refused.
    pub disk_full: bool,
}
