//! State of one MAP dialogue, as its initiator or as its responder (TS 29.002 §15).

use std::time::Instant;

use tcap::DialogueAnswer;

use super::event::{Failure, Open};
use crate::context::{Context, Version};
use crate::operation::{InformServiceCentreArg, Response};

/// State of a dialogue that this node has opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// The BEGIN went without the request, which follows when the peer accepts the dialogue.
    AwaitingAcceptance,
    /// The request with this invoke id is pending.
    AwaitingResult(i8),
    /// The result has arrived; an informServiceCentre may follow until this instant.
    AwaitingInform(Instant),
    /// No request is pending; another one may be sent.
    Idle,
}

/// A dialogue that this node has opened.
#[derive(Debug)]
pub(super) struct Initiator<A> {
    pub(super) transaction: tcap::DialogueId,
    pub(super) open: Open<A>,
    pub(super) context: Context,
    pub(super) version: Version,
    /// The peer has sent a message in this transaction.
    pub(super) peer_responded: bool,
    pub(super) state: State,
    pub(super) invoke_id: i8,
    pub(super) result: Option<Result<Response, Failure>>,
    pub(super) informed: Option<InformServiceCentreArg>,
}

/// A dialogue that a peer has opened.
#[derive(Debug)]
pub(super) struct Responder<A> {
    pub(super) transaction: tcap::DialogueId,
    pub(super) local: A,
    pub(super) remote: A,
    /// Unknown in version 1, which has no dialogue portion.
    pub(super) context: Option<Context>,
    pub(super) version: Version,
    /// The acceptance of the dialogue, until it is sent.
    pub(super) acceptance: Option<DialogueAnswer>,
    /// The request that the user has not answered yet.
    pub(super) pending: Option<PendingInvoke>,
    /// Invoke id of the last informServiceCentre sent.
    pub(super) inform_invoke_id: i8,
    /// An informServiceCentre to send with the next answer.
    pub(super) inform: Option<InformServiceCentreArg>,
}

/// A request that was indicated to the user.
#[derive(Debug)]
pub(super) struct PendingInvoke {
    pub(super) invoke_id: i8,
    pub(super) operation: i64,
    pub(super) more: bool,
}
