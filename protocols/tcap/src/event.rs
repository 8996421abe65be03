//! Inputs, outputs and indications of TCAP (Q.771).

use bytes::Bytes;

use crate::ber::Oid;
use crate::component::Component;
use crate::problem::Problem;

mod debug;

/// Identifies an open dialogue: its local transaction id.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DialogueId(pub u32);

/// An input.
#[derive(Clone, Eq, PartialEq)]
pub enum Input<A> {
    /// A message arrived.
    Received {
        /// The local address it was sent to.
        local: A,
        /// The address it came from.
        remote: A,
        /// The whole message.
        octets: Bytes,
    },
    /// The network returned a message that was sent.
    Undelivered {
        /// The message, possibly truncated.
        octets: Bytes,
        /// The return cause of SCCP.
        cause: u8,
    },
    /// A timer tick. Due at [`Tcap::deadline`](crate::Tcap::deadline), without effect before.
    Tick,
}

/// What TCAP requests of the network or indicates to its user.
#[derive(Clone, Eq, PartialEq)]
pub enum Output<A> {
    /// Send a message.
    Send {
        /// Local address.
        local: A,
        /// Remote address.
        remote: A,
        /// The whole message.
        octets: Bytes,
        /// Signalling link selection: equal for all messages of one dialogue.
        sequence: u8,
        /// Whether it opens a dialogue. Then request "return message on error" of the network.
        first: bool,
    },
    /// TC-BEGIN indication: a peer has opened a dialogue.
    Begun {
        /// The new dialogue.
        dialogue: DialogueId,
        /// The local address that the peer used.
        local: A,
        /// The peer's address.
        remote: A,
        /// The application context name; `None` without a dialogue portion.
        application_context: Option<Oid>,
        /// Whole EXTERNAL elements, one after the other.
        user_information: Option<Bytes>,
        /// The components.
        components: Vec<Component>,
    },
    /// TC-CONTINUE indication.
    Continued {
        /// The dialogue.
        dialogue: DialogueId,
        /// The peer's acceptance, if this message contains it.
        context: Option<DialogueResult>,
        /// The components.
        components: Vec<Component>,
    },
    /// TC-END indication: a peer has ended a dialogue.
    Ended {
        /// The dialogue; its id is no longer valid.
        dialogue: DialogueId,
        /// The peer's acceptance, if this message contains it.
        context: Option<DialogueResult>,
        /// The components.
        components: Vec<Component>,
    },
    /// TC-U-ABORT indication: the peer's user has aborted a dialogue.
    UserAborted {
        /// The dialogue; its id is no longer valid.
        dialogue: DialogueId,
        /// The reason.
        reason: AbortReason,
        /// The application context in a refusal: the one that the peer offers instead.
        application_context: Option<Oid>,
        /// Whole EXTERNAL elements, one after the other.
        user_information: Option<Bytes>,
    },
    /// TC-P-ABORT indication: TCAP, local or remote, has aborted a dialogue.
    ProviderAborted {
        /// The dialogue; its id is no longer valid.
        dialogue: DialogueId,
        /// The reason.
        cause: PAbortCause,
    },
    /// TC-L-CANCEL indication: an invocation timer has expired. A failure in class 1; in the other
    /// classes it may be the regular end of the operation.
    Unanswered {
        /// The dialogue, which stays open.
        dialogue: DialogueId,
        /// The invoke id.
        invoke_id: i8,
    },
    /// TC-L-REJECT indication: a component of the peer is faulty. The next message of the dialogue
    /// carries the Reject. It may end the local operation with this invoke id.
    Rejected {
        /// The dialogue.
        dialogue: DialogueId,
        /// The component's invoke id, where it could be read.
        invoke_id: Option<i8>,
        /// The problem.
        problem: Problem,
    },
    /// The idle timer of a dialogue has expired. A peer that had responded was sent an ABORT.
    TimedOut {
        /// The dialogue; its id is no longer valid.
        dialogue: DialogueId,
    },
    /// TC-NOTICE indication: the network returned a message. If it was the BEGIN, the dialogue has ended.
    Undelivered {
        /// The dialogue.
        dialogue: DialogueId,
        /// The return cause of SCCP.
        cause: u8,
    },
    /// TC-UNI indication: components outside any dialogue.
    Unidirectional {
        /// The local address that the peer used.
        local: A,
        /// The peer's address.
        remote: A,
        /// The application context name.
        application_context: Option<Oid>,
        /// The components.
        components: Vec<Component>,
    },
    /// A message without effect on any dialogue. Any abort due has been sent: count it.
    Refused {
        /// The sender; `None` if the network returned it.
        remote: Option<A>,
        /// The reason.
        refusal: Refusal,
    },
}

/// The acceptance of a dialogue: AARE accepted.
#[derive(Clone, Eq, PartialEq)]
pub struct DialogueResult {
    /// The application context name.
    pub application_context: Oid,
    /// Whole EXTERNAL elements, one after the other.
    pub user_information: Option<Bytes>,
}

/// Why a peer's user aborted a dialogue.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AbortReason {
    /// Application context name not supported: diagnostic 2 of the dialogue service user.
    ContextNotSupported,
    /// Dialogue refused: AARE reject-permanent, with any other diagnostic.
    DialogueRefused(Diagnostic),
    /// Dialogue aborted: ABRT of the dialogue service user.
    Abrt,
    /// No reason, or one in an abstract syntax that is not TCAP's own.
    Plain,
}

/// The result-source-diagnostic of an AARE (Q.773 §3.2).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Diagnostic {
    /// By the dialogue service user: 0 null, 1 no reason given, 2 application context not supported.
    User(i64),
    /// By the dialogue service provider: 0 null, 1 no reason given, 2 no common dialogue portion.
    Provider(i64),
}

/// Why TCAP aborted a dialogue (Q.773 §3.1, Q.774 §3.2.2.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PAbortCause {
    /// 0: unrecognized message type.
    UnrecognizedMessageType,
    /// 1: unrecognized transaction id.
    UnrecognizedTransactionId,
    /// 2: badly formatted transaction portion.
    BadlyFormattedTransactionPortion,
    /// 3: incorrect transaction portion. Nodes without support of the dialogue portion send it.
    IncorrectTransactionPortion,
    /// 4: resource limitation.
    ResourceLimitation,
    /// Abnormal dialogue. Sent as an ABRT of the dialogue service provider.
    AbnormalDialogue,
    /// No common version of the dialogue portion. Sent as an AARE.
    NoCommonDialoguePortion,
    /// Any other cause received.
    Other(u8),
}

impl PAbortCause {
    /// The cause with this number.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::UnrecognizedMessageType,
            1 => Self::UnrecognizedTransactionId,
            2 => Self::BadlyFormattedTransactionPortion,
            3 => Self::IncorrectTransactionPortion,
            4 => Self::ResourceLimitation,
            other => Self::Other(other),
        }
    }

    /// Its number; `None` for the two that a dialogue portion carries.
    #[must_use]
    pub const fn code(self) -> Option<u8> {
        match self {
            Self::UnrecognizedMessageType => Some(0),
            Self::UnrecognizedTransactionId => Some(1),
            Self::BadlyFormattedTransactionPortion => Some(2),
            Self::IncorrectTransactionPortion => Some(3),
            Self::ResourceLimitation => Some(4),
            Self::AbnormalDialogue | Self::NoCommonDialoguePortion => None,
            Self::Other(code) => Some(code),
        }
    }
}

/// Why a message had no effect on any dialogue.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// Malformed; answered with this P-Abort cause if the originating transaction id is readable.
    Malformed(PAbortCause),
    /// Unknown destination transaction id; a CONTINUE was answered with P-Abort.
    UnknownTransaction,
    /// A BEGIN while the table of dialogues is full; answered with P-Abort.
    TableFull,
    /// Faulty dialogue portion; answered with an ABORT.
    Dialogue(PAbortCause),
    /// Returned by the network, but of no open dialogue.
    ReturnedStray,
}
