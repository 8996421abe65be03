//! TCAP messages: Unidirectional, Begin, Continue, End and Abort (Q.773 §3.1).

use bytes::Bytes;

use crate::component::{Component, ComponentFault};
use crate::dialogue::DialoguePortion;
use crate::event::PAbortCause;

mod codec;
mod transaction_id;

pub(crate) use codec::{Parts, partial_header};
pub use transaction_id::TransactionId;

/// One message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// Components outside any transaction.
    Unidirectional {
        /// The dialogue portion.
        dialogue: Option<DialoguePortion>,
        /// The components.
        components: Vec<Component>,
    },
    /// Opens a transaction.
    Begin {
        /// The sender's transaction.
        otid: TransactionId,
        /// The dialogue portion.
        dialogue: Option<DialoguePortion>,
        /// The components.
        components: Vec<Component>,
    },
    /// Ends a transaction.
    End {
        /// The receiver's transaction.
        dtid: TransactionId,
        /// The dialogue portion, in the first backward message.
        dialogue: Option<DialoguePortion>,
        /// The components.
        components: Vec<Component>,
    },
    /// Continues a transaction.
    Continue {
        /// The sender's transaction.
        otid: TransactionId,
        /// The receiver's transaction.
        dtid: TransactionId,
        /// The dialogue portion, in the first backward message.
        dialogue: Option<DialoguePortion>,
        /// The components.
        components: Vec<Component>,
    },
    /// Aborts a transaction.
    Abort {
        /// The receiver's transaction.
        dtid: TransactionId,
        /// Source and reason.
        abort: Abort,
    },
}

/// The source of an abort.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Abort {
    /// TCAP. Only causes with a number are encoded; the two of the dialogue portion are not.
    Provider(PAbortCause),
    /// The user, or TCAP because of the dialogue portion.
    User(Option<DialoguePortion>),
}

/// A decoded message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecodedMessage {
    /// The message, with the components before the first faulty one.
    pub message: Message,
    /// The first faulty component.
    pub fault: Option<ComponentFault>,
}

/// Octets that are no message. The readable ids decide which side is informed (Q.774 §3.3.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MalformedMessage {
    /// The sender's transaction.
    pub otid: Option<TransactionId>,
    /// The receiver's transaction.
    pub dtid: Option<TransactionId>,
    /// The P-Abort cause for the sender.
    pub cause: PAbortCause,
}

impl Message {
    /// Decodes one message, which is all of `octets`. Parameters and user information share its memory.
    ///
    /// # Errors
    ///
    /// The transaction portion is faulty. Faults of the dialogue portion and of components are no errors
    /// here, since the protocol handles them separately: [`DialoguePortion::Malformed`] and
    /// [`DecodedMessage::fault`].
    pub fn decode(octets: &Bytes) -> Result<DecodedMessage, MalformedMessage> {
        codec::decode(octets)
    }

    /// The octets of this message.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        Parts::of(self).encode()
    }
}
