//! Messages: what the transactions of two sides say to each other (Q.773 §3.1).

use bytes::Bytes;

use crate::component::{Broken, Component};
use crate::dialogue::DialoguePortion;
use crate::event::PAbortCause;

mod codec;
mod transaction_id;

pub(crate) use codec::{Parts, glimpse};
pub use transaction_id::TransactionId;

/// One message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// Components outside any transaction.
    Unidirectional {
        /// What they are about.
        dialogue: Option<DialoguePortion>,
        /// What is said.
        components: Vec<Component>,
    },
    /// Opens a transaction.
    Begin {
        /// The sender's transaction.
        otid: TransactionId,
        /// What it is to be about.
        dialogue: Option<DialoguePortion>,
        /// What is said.
        components: Vec<Component>,
    },
    /// Ends a transaction.
    End {
        /// The receiver's transaction.
        dtid: TransactionId,
        /// The answer to the BEGIN's.
        dialogue: Option<DialoguePortion>,
        /// What is said.
        components: Vec<Component>,
    },
    /// Goes on with a transaction.
    Continue {
        /// The sender's transaction.
        otid: TransactionId,
        /// The receiver's transaction.
        dtid: TransactionId,
        /// The answer to the BEGIN's.
        dialogue: Option<DialoguePortion>,
        /// What is said.
        components: Vec<Component>,
    },
    /// Breaks a transaction off.
    Abort {
        /// The receiver's transaction.
        dtid: TransactionId,
        /// By whom and why.
        abort: Abort,
    },
}

/// Who breaks a transaction off.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Abort {
    /// TCAP. Only causes that have a number travel; the two of the dialogue portion do not.
    Provider(PAbortCause),
    /// Its user, or TCAP for the sake of the dialogue portion.
    User(Option<DialoguePortion>),
}

/// A message that was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The message, with its components before the first that is broken.
    pub message: Message,
    /// The first component that is broken.
    pub broken: Option<Broken>,
}

/// Octets that are no message. What could be read of them decides who is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// The sender's transaction.
    pub otid: Option<TransactionId>,
    /// The receiver's transaction.
    pub dtid: Option<TransactionId>,
    /// What to tell the sender.
    pub cause: PAbortCause,
}

impl Message {
    /// Reads one message, which is all of `octets`. Parameters and user information share its memory.
    ///
    /// # Errors
    ///
    /// Its transaction portion is not one. Faults of the dialogue portion and of components are no
    /// errors here, since they have answers of their own: [`DialoguePortion::Malformed`] and
    /// [`Decoded::broken`].
    pub fn decode(octets: &Bytes) -> Result<Decoded, Malformed> {
        codec::decode(octets)
    }

    /// The octets of this message.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        Parts::of(self).encode()
    }
}
