//! Requests that wait for an answer of the centre, and the batches in which they are submitted.

use std::collections::HashMap;

use sip::transaction::ServerId;
use sip::{Request, Status};
use smsc::message::Submission;
use smsc::ports::Acceptance;
use smsc::receipt::RemoteReceipt;

use super::dedup::Key;
use crate::transport::Way;

/// Submissions and receipts that are sent to the centre after the current round of events.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) submissions: Vec<Submission>,
    /// The request of each submission, in the same order.
    pub(crate) requests: Vec<PendingResponse>,
    pub(crate) receipts: Vec<(RemoteReceipt, PendingResponse)>,
    /// Duplicates of messages that are being stored, by the key of the message.
    pub(crate) duplicates: HashMap<Key, Vec<PendingResponse>>,
}

/// Where the response to a request goes: to its transaction, or, if that has ended, to its way.
#[derive(Clone, Copy)]
pub(crate) struct ReplyPath {
    pub(crate) id: ServerId,
    pub(crate) way: Way,
}

/// A request that waits for the answer of the centre.
pub(crate) struct PendingResponse {
    pub(crate) reply_path: ReplyPath,
    /// The request without its body; the response copies its header fields.
    pub(crate) request: Request,
    pub(crate) key: Option<Key>,
    pub(crate) reduced_validity: Option<String>,
    pub(crate) success: Status,
}

/// The answer of the centre to one batch.
pub(crate) struct BatchOutcome {
    pub(crate) requests: Vec<PendingResponse>,
    pub(crate) acceptance: Acceptance,
    /// Receipts, and whether the centre stored them.
    pub(crate) receipts: Vec<(PendingResponse, bool)>,
}
