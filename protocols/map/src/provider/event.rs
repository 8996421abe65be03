//! Requests, indications and confirmations of the MAP service (TS 29.002 §7).

use bytes::Bytes;
use compact_str::CompactString;
use tcap::{AbortReason, InvokeProblem, PAbortCause, Problem};

use crate::context::{Context, Version};
use crate::operation::{InformServiceCentreArg, Request, Response};
use crate::user_error::MapError;

/// Identifies an open dialogue. It stays the same through a version fallback.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DialogueId(pub u64);

/// A dialogue to open, with its first request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open<A> {
    /// Local address.
    pub local: A,
    /// The address of the node.
    pub remote: A,
    /// The digits of the peer's number: the key under which its version is recorded.
    pub peer: CompactString,
    /// The request.
    pub request: Request,
    /// Forces this version; `None` to negotiate.
    pub version: Option<Version>,
    /// The highest version to propose.
    pub version_max: Version,
    /// Octets of TCAP that fit one message. A request that does not fit follows an empty BEGIN; version 1
    /// has no empty BEGIN.
    pub room: usize,
    /// A value of the caller, returned with every [`Output::Confirm`].
    pub tag: u64,
}

/// The form in which to refuse a request that was indicated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refuse {
    /// Reject it, and end the dialogue.
    Reject(InvokeProblem),
    /// Abort the dialogue.
    Abort,
}

/// What the MAP provider requests of its user or of the network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output<A> {
    /// Send a message.
    Send {
        /// Local address.
        local: A,
        /// Remote address.
        remote: A,
        /// The whole message.
        octets: Bytes,
        /// Signalling link selection: equal for all messages of one transaction.
        sequence: u8,
        /// Whether it opens a transaction. Then request "return message on error" of the network.
        first: bool,
    },
    /// A request of a peer. Answer with [`Map::answer`](crate::Map::answer), or refuse.
    Indication {
        /// The dialogue.
        dialogue: DialogueId,
        /// The invoke id.
        invoke_id: i8,
        /// The local address that the peer used.
        local: A,
        /// The peer's address.
        remote: A,
        /// The version of the dialogue.
        version: Version,
        /// The request. Not to be answered if [`Request::is_answered`] is false in this version.
        request: Box<Request>,
        /// Another message follows after the answer (moreMessagesToSend).
        more: bool,
    },
    /// A request of the user has ended. There is exactly one for each.
    Confirm {
        /// The dialogue.
        dialogue: DialogueId,
        /// The `tag` of [`Open`].
        tag: u64,
        /// The version used last.
        version: Version,
        /// The remote address of [`Open`].
        remote: A,
        /// The result or the failure.
        result: Result<Response, Failure>,
        /// The dialogue stays open: [`Map::next`](crate::Map::next) or [`Map::close`](crate::Map::close)
        /// may follow. Otherwise its id is no longer valid.
        open: bool,
        /// The informServiceCentre that the HLR sent beside it.
        informed: Option<InformServiceCentreArg>,
    },
    /// A dialogue without a pending confirmation has ended; its id is no longer valid.
    Closed {
        /// The dialogue.
        dialogue: DialogueId,
    },
    /// A message or component of a peer was refused. Any reject or abort due has been sent: count it.
    Refused {
        /// The reason.
        why: Screening,
        /// The sender; `None` if the network returned it.
        remote: Option<A>,
    },
}

/// Why a request failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The peer returned this user error.
    User(MapError),
    /// TCAP, local or remote, aborted the dialogue.
    ProviderAbort(PAbortCause),
    /// The peer's user aborted or refused the dialogue.
    UserAbort(AbortReason),
    /// The peer rejected the request, or the answer was rejected.
    Rejected(Problem),
    /// The network returned the message, for this return cause of SCCP.
    Undelivered(u8),
    /// The invocation timer expired.
    Timeout,
    /// The peer supports none of the versions allowed.
    VersionUnsupported,
    /// The peer ended the dialogue without an answer.
    ClosedEarly,
}

/// Why a message or component of a peer was refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Screening {
    /// Not an application context of short messages; the dialogue was refused.
    Context,
    /// A version that the context does not have; the dialogue was refused and the highest one offered.
    Version(Context),
    /// An operation that the context does not have; it was rejected.
    Operation(i64),
    /// A global operation code, of which MAP has none; it was rejected.
    GlobalOperation,
    /// A malformed argument; it was rejected.
    Mistyped(i64),
    /// More than one component where one is allowed; the dialogue was aborted.
    SeveralComponents,
    /// No component where one is required; the dialogue was aborted.
    NoComponent,
    /// Components outside any dialogue.
    Unidirectional,
    /// A component that TCAP rejected.
    Component(Problem),
    /// A message that TCAP refused.
    Message(tcap::Refusal),
}
