//! The ports of the centre: what it needs from below ([`Store`], [`StoreAdmin`], [`Gateways`]) and what it offers
//! to the gateways ([`Submit`], [`Availability`], [`Messages`]).
//!
//! The centre knows no runtime. Effects are futures behind these traits.

use crate::address::Address;
use crate::delivery::{Capabilities, Delivery, DeliveryAck};
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::future::BoxFuture;
use crate::ids::MessageId;
use crate::message::{Replacement, Submission};
use crate::names::Name;
use crate::receipt::RemoteReceipt;
use crate::rejection::Rejection;
use crate::stored::{Audit, DueKey, Event, MessageDetails, MessageStatus, Query, QueueEntry, ReferenceQuery, StoreMetrics, StoredMessage};
use crate::timestamp::Timestamp;

/// Takes messages over: what every gateway needs of the centre.
pub trait Submit: Send + Sync + 'static {
    /// Takes a batch of submissions over. Each is on disk when its answer is `Ok`
    /// (but for the modes that are never stored), and only then may be acknowledged.
    fn accept(&self, batch: Vec<Submission>) -> BoxFuture<'static, Acceptance>;

    /// Another centre's receipt about a message that was handed to it. `Ok(false)`
    /// if no message of ours is known by these ids (yet: early ones are held for a while).
    fn remote_receipt(&self, receipt: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>>;
}

/// Learns from the gateways when waiting messages may go.
pub trait Availability: Send + Sync + 'static {
    /// `endpoint` can take messages again: a bind, a registration, a freed window.
    /// Cheap: a gateway calls it at every such event.
    fn endpoint_available(&self, endpoint: &Endpoint);

    /// The network behind `endpoint` reports that `number` can be reached again (MAP alertServiceCentre):
    /// all that waits for it there goes at once, in order.
    fn number_reachable(&self, endpoint: &Endpoint, number: &Address);
}

/// Queries and changes of messages that the centre keeps, each for the account of its submitter.
pub trait Messages: Send + Sync + 'static {
    /// The state of a message of `account` (query_sm), or `None` if that account has no such message.
    fn status(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageStatus>, StoreError>>;

    /// The newest messages of `account` from `source`, or from anywhere where that has no digits,
    /// newest first and at most `limit` (query_last_msgs of SMPP 3.3).
    fn newest(
        &self,
        account: Name,
        source: Address,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>>;

    /// A message of `account` with its state (query_msg_details of SMPP 3.3), or `None` if
    /// that account has no such message.
    fn details(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageDetails>, StoreError>>;

    /// Changes a message of `account` that waits (replace_sm). `false` if there is none, or the
    /// source address is not that of the message.
    ///
    /// The error is the rejection that a submission with these values would get.
    fn replace(
        &self,
        account: Name,
        id: MessageId,
        replacement: Replacement,
    ) -> BoxFuture<'static, Result<bool, Rejection>>;

    /// Cancels a message of `account` that has not ended (cancel_sm). `false` if there is none.
    fn cancel(&self, account: Name, id: MessageId) -> BoxFuture<'static, Result<bool, StoreError>>;

    /// Sends the submitter of a message of `account` a receipt with its present state, under the reference
    /// of the request (SMS-COMMAND, enquiry). `false` if there is no such message.
    fn send_status_report(
        &self,
        account: Name,
        id: MessageId,
        reference: u16,
    ) -> BoxFuture<'static, Result<bool, StoreError>>;

    /// The newest message that `submitter` handed in from `source` to `destination` under its own
    /// reference (TP-MR), among its newest few hundred. `None` if there is none.
    fn find_by_reference(
        &self,
        query: ReferenceQuery,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>>;
}

/// What a gateway needs that submits and delivers, and has no queries on its wire.
pub trait Intake: Submit + Availability {}

impl<T: Submit + Availability> Intake for T {}

/// Everything that a gateway may ask of the centre.
pub trait Centre: Intake + Messages {}

impl<T: Intake + Messages> Centre for T {}

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

/// The side of the store that operates it: audit, retention, figures.
pub trait StoreAdmin: Send + Sync + 'static {
    /// The highest message id that the store holds; new ids start above it.
    fn last_id(&self) -> Option<MessageId>;

    /// Counts every record: accepted = ended + waiting.
    fn audit(&self) -> BoxFuture<'static, Result<Audit, StoreError>>;

    /// Drops whole days of ended messages before `until`. The number of days dropped.
    fn expire(&self, until: Timestamp) -> BoxFuture<'static, Result<usize, StoreError>>;

    /// Figures of the write path since the start.
    fn metrics(&self) -> StoreMetrics;

    /// Writes what is queued and closes the files. Blocks for as long as the disk takes.
    fn close(&self);
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

impl From<&StoreError> for Rejection {
    /// What a submitter is answered when the store fails.
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Congested => Self::Congested,
            _ => Self::StoreClosed,
        }
    }
}
