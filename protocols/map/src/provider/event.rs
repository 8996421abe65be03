//! What is asked of MAP, what happens in it, and what it says.

use bytes::Bytes;
use compact_str::CompactString;
use tcap::{AbortReason, InvokeProblem, PAbortCause, Problem};

use crate::context::{Context, Version};
use crate::operation::{InformServiceCentreArg, Request, Response};
use crate::user_error::MapError;

/// Names an open dialogue. It stays the same when a lower version is tried.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DialogueId(pub u64);

/// A dialogue to open, with its first request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open<A> {
    /// Our own address.
    pub local: A,
    /// The address of the node.
    pub remote: A,
    /// The digits of the node, under which its version is remembered.
    pub peer: CompactString,
    /// What to ask.
    pub request: Request,
    /// The only version to speak; `None` to find out.
    pub version: Option<Version>,
    /// The highest version to try.
    pub version_max: Version,
    /// Octets of TCAP that fit one message. If the request does not, the dialogue is opened without
    /// it; version 1 cannot do that.
    pub room: usize,
    /// The caller's own name for it, which comes back with every [`Output::Confirm`].
    pub tag: u64,
}

/// How to refuse a request that was indicated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refuse {
    /// Reject it, and end the dialogue.
    Reject(InvokeProblem),
    /// Abort the dialogue.
    Abort,
}

/// What is to be done, or known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output<A> {
    /// Send a message.
    Send {
        /// From which address of ours.
        local: A,
        /// To which address.
        remote: A,
        /// The whole message.
        octets: Bytes,
        /// The same for all messages of one transaction: choose the signalling link by it.
        sequence: u8,
        /// Whether it opens a transaction. Then have the network return it if it cannot be delivered.
        first: bool,
    },
    /// A peer asks something. Answer with [`Map::answer`](crate::Map::answer), or refuse.
    Indication {
        /// Which dialogue.
        dialogue: DialogueId,
        /// Which request of it.
        invoke_id: i8,
        /// Our address that the peer used.
        local: A,
        /// The peer's address.
        remote: A,
        /// The version that the peer speaks.
        version: Version,
        /// What it asks. If [`Request::is_answered`] says no for this version, nobody answers it.
        request: Box<Request>,
        /// Another message is to follow after the answer.
        more: bool,
    },
    /// A request of ours has ended. There is exactly one for each.
    Confirm {
        /// Which dialogue.
        dialogue: DialogueId,
        /// The caller's name for it.
        tag: u64,
        /// The version that was spoken last.
        version: Version,
        /// Who was asked.
        remote: A,
        /// What came of it.
        result: Result<Response, Failure>,
        /// The dialogue goes on: [`Map::next`](crate::Map::next) or [`Map::close`](crate::Map::close)
        /// may follow. Otherwise its id is no longer valid.
        open: bool,
        /// What the HLR told beside it.
        informed: Option<InformServiceCentreArg>,
    },
    /// A dialogue that had nothing of ours to confirm is over; its id is no longer valid.
    Closed {
        /// Which dialogue.
        dialogue: DialogueId,
    },
    /// Something of a peer's was not taken. Where an answer was due it has been given: count it.
    Refused {
        /// Why.
        why: Screening,
        /// Who sent it; `None` if the network returned it.
        remote: Option<A>,
    },
}

/// Why a request of ours came to nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The peer says so.
    User(MapError),
    /// TCAP there or here aborted the dialogue.
    ProviderAbort(PAbortCause),
    /// The peer's user aborted or refused the dialogue.
    UserAbort(AbortReason),
    /// The request was rejected, or the answer had to be.
    Rejected(Problem),
    /// The network returned the message, for this return cause of SCCP.
    Undelivered(u8),
    /// No answer in time.
    Timeout,
    /// The peer speaks no version that we may use.
    VersionUnsupported,
    /// The peer ended the dialogue without an answer.
    ClosedEarly,
}

/// Why something of a peer's was not taken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Screening {
    /// An application context that is none of short messages; the dialogue was refused.
    Context,
    /// A version that the context does not have; the dialogue was refused, and ours offered.
    Version(Context),
    /// An operation that the context does not have; it was rejected.
    Operation(i64),
    /// An operation with a name of the whole world, of which MAP has none; it was rejected.
    GlobalOperation,
    /// An argument that is not the operation's; it was rejected.
    Mistyped(i64),
    /// More than one component where one is allowed; the dialogue was aborted.
    SeveralComponents,
    /// No component where there must be one; the dialogue was aborted.
    NoComponent,
    /// Components outside any dialogue.
    Unidirectional,
    /// A component that TCAP rejected.
    Component(Problem),
    /// A message that TCAP refused.
    Message(tcap::Refusal),
}
