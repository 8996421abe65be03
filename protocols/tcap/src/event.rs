//! What happens to dialogues: inputs, outputs and what they say.

use bytes::Bytes;

use crate::ber::Oid;
use crate::component::Component;
use crate::problem::Problem;

mod shown;

/// Names an open dialogue. It is the transaction id that we gave it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DialogueId(pub u32);

/// What happened.
#[derive(Clone, Eq, PartialEq)]
pub enum Input<A> {
    /// A message arrived.
    Received {
        /// The address it was sent to: one of ours.
        local: A,
        /// The address it came from.
        remote: A,
        /// The whole message.
        octets: Bytes,
    },
    /// The network returned a message of ours.
    Undelivered {
        /// The message, perhaps without its end.
        octets: Bytes,
        /// The network's reason: the return cause of SCCP.
        cause: u8,
    },
    /// Time has passed. Due at [`Tcap::deadline`](crate::Tcap::deadline), harmless at other times.
    Tick,
}

/// What is to be done, or known.
#[derive(Clone, Eq, PartialEq)]
pub enum Output<A> {
    /// Send a message.
    Send {
        /// From which address of ours.
        local: A,
        /// To which address.
        remote: A,
        /// The whole message.
        octets: Bytes,
        /// The same for all messages of one dialogue: choose the signalling link by it.
        sequence: u8,
        /// Whether it opens a dialogue. Then have the network return it if it cannot be delivered.
        first: bool,
    },
    /// A peer has opened a dialogue: TC-BEGIN.
    Begun {
        /// The new dialogue.
        dialogue: DialogueId,
        /// Our address that the peer used.
        local: A,
        /// The peer's address.
        remote: A,
        /// What the dialogue is about; `None` without a dialogue portion.
        application_context: Option<Oid>,
        /// Whole EXTERNAL elements, one after the other.
        user_information: Option<Bytes>,
        /// What the peer asks for.
        components: Vec<Component>,
    },
    /// A peer goes on: TC-CONTINUE.
    Continued {
        /// Which dialogue.
        dialogue: DialogueId,
        /// The peer's acceptance, if this message brought it.
        context: Option<DialogueResult>,
        /// What the peer says.
        components: Vec<Component>,
    },
    /// A peer has ended a dialogue: TC-END.
    Ended {
        /// Which dialogue; its id is no longer valid.
        dialogue: DialogueId,
        /// The peer's acceptance, if this message brought it.
        context: Option<DialogueResult>,
        /// What the peer says.
        components: Vec<Component>,
    },
    /// The peer's user has aborted a dialogue: TC-U-ABORT.
    UserAborted {
        /// Which dialogue; its id is no longer valid.
        dialogue: DialogueId,
        /// Why.
        reason: AbortReason,
        /// The application context that a refusal names: what the peer offers instead.
        application_context: Option<Oid>,
        /// Whole EXTERNAL elements, one after the other.
        user_information: Option<Bytes>,
    },
    /// TCAP has aborted a dialogue, here or there: TC-P-ABORT.
    ProviderAborted {
        /// Which dialogue; its id is no longer valid.
        dialogue: DialogueId,
        /// Why.
        cause: PAbortCause,
    },
    /// An operation's time is over: TC-L-CANCEL. For class 1 that is a failure; for the other
    /// classes it may mean that there was nothing to report.
    Unanswered {
        /// Which dialogue; it goes on.
        dialogue: DialogueId,
        /// Which operation.
        invoke_id: i8,
    },
    /// A component from the peer broke the protocol: TC-L-REJECT. The Reject travels with the next
    /// message of the dialogue. An operation of ours with this invoke id may be over by it.
    Rejected {
        /// Which dialogue.
        dialogue: DialogueId,
        /// The component's invoke id, where it could be read.
        invoke_id: Option<i8>,
        /// What was wrong with it.
        problem: Problem,
    },
    /// A dialogue was silent for too long. The peer was told with an ABORT, unless it had never answered.
    TimedOut {
        /// Which dialogue; its id is no longer valid.
        dialogue: DialogueId,
    },
    /// The network returned a message of ours: TC-NOTICE. If it was the BEGIN, the dialogue is over.
    Undelivered {
        /// Which dialogue.
        dialogue: DialogueId,
        /// The network's reason: the return cause of SCCP.
        cause: u8,
    },
    /// Components outside any dialogue: TC-UNI.
    Unidirectional {
        /// Our address that the peer used.
        local: A,
        /// The peer's address.
        remote: A,
        /// What they are about.
        application_context: Option<Oid>,
        /// What the peer says.
        components: Vec<Component>,
    },
    /// A message that touched no dialogue. Where an answer was due it has been given: count it.
    Refused {
        /// Who sent it; `None` if the network returned it.
        remote: Option<A>,
        /// Why.
        refusal: Refusal,
    },
}

/// How a peer accepted a dialogue: AARE accepted.
#[derive(Clone, Eq, PartialEq)]
pub struct DialogueResult {
    /// What the dialogue is about.
    pub application_context: Oid,
    /// Whole EXTERNAL elements, one after the other.
    pub user_information: Option<Bytes>,
}

/// Why a peer's user aborted a dialogue.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AbortReason {
    /// It does not support the application context: diagnostic 2 of the dialogue service user.
    ContextNotSupported,
    /// It refused the dialogue: AARE reject-permanent, with any other diagnostic.
    DialogueRefused(Diagnostic),
    /// It aborted the dialogue: ABRT of the dialogue service user.
    Abrt,
    /// It said nothing, or something in an abstract syntax that is not TCAP's own.
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
    /// 0: no such message.
    UnrecognizedMessageType,
    /// 1: no such dialogue.
    UnrecognizedTransactionId,
    /// 2: the message breaks the encoding rules.
    BadlyFormattedTransactionPortion,
    /// 3: the elements of the message are not those of its type. Nodes that know no dialogue portion send it.
    IncorrectTransactionPortion,
    /// 4: the peer has no room.
    ResourceLimitation,
    /// The dialogue portion broke the protocol. It travels as an ABRT of the dialogue service provider.
    AbnormalDialogue,
    /// There is no common version of the dialogue portion. It travels as an AARE.
    NoCommonDialoguePortion,
    /// Any other cause that a peer has given.
    Other(u8),
}

impl PAbortCause {
    /// The cause of this number.
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

    /// Its number; `None` for what travels in the dialogue portion.
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

/// Why a message touched no dialogue.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// It could not be understood; answered with this cause if it named its sender's transaction.
    Malformed(PAbortCause),
    /// It is for a dialogue that does not exist; a CONTINUE was answered with P-Abort.
    UnknownTransaction,
    /// It would have opened a dialogue, but all were in use; answered with P-Abort.
    TableFull,
    /// Its dialogue portion was none; answered with an ABORT.
    Dialogue(PAbortCause),
    /// It was returned by the network and is none that we wait for.
    ReturnedStray,
}
