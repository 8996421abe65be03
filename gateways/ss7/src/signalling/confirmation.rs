//! The confirmation of a MAP request: the answer, or the fault.

use map::operation::InformServiceCentreArg;
use map::{DialogueId, Response};
use smsc::failure::Failure;
use tcap::PAbortCause;

use crate::codes;

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Confirmation {
    /// The dialogue, if the peer holds it open for more.
    pub(crate) dialogue: Option<DialogueId>,
    /// The answer.
    pub(crate) result: Result<Response, Fault>,
    /// informServiceCentre of the HLR beside it.
    pub(crate) informed: Option<InformServiceCentreArg>,
}

/// Why there is no answer, or not the wanted one.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The peer's error, or the end of its dialogue.
    Peer(map::Failure),
    /// Nothing was sent.
    Local(Failure),
    /// Nothing was sent: the peer has ended the dialogue since.
    NotOpen,
    /// The association was lost over which the request had just gone, and no answer came by another.
    LinkLost,
}

impl Fault {
    /// Whether the peer certainly got nothing, since the dialogue was over for it.
    pub(crate) fn never_arrived(&self) -> bool {
        const UNKNOWN: PAbortCause = PAbortCause::UnrecognizedTransactionId;
        matches!(self, Self::NotOpen | Self::Peer(map::Failure::ProviderAbort(UNKNOWN)))
    }

    /// Whether the request is to be sent once more. One that was lost with its association may have
    /// arrived; the copy is the same octet for octet, so that a phone can detect it.
    pub(crate) fn calls_for_repetition(&self) -> bool {
        self.never_arrived() || matches!(self, Self::LinkLost)
    }
}

impl Confirmation {
    /// The association was lost that had just taken the request.
    pub(crate) fn link_lost() -> Self {
        Self { dialogue: None, result: Err(Fault::LinkLost), informed: None }
    }

    /// MAP sent nothing.
    pub(crate) fn not_sent(error: map::Error) -> Self {
        let fault = match error {
            map::Error::NotOpen => Fault::NotOpen,
            error => Fault::Local(codes::not_sent(error)),
        };
        Self { dialogue: None, result: Err(fault), informed: None }
    }

    /// Nothing was sent.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { dialogue: None, result: Err(Fault::Local(failure)), informed: None }
    }
}
