//! The answer to a request of ours.

use map::operation::InformServiceCentreArg;
use map::{DialogueId, Response};
use smsc::failure::Failure;

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Confirmation {
    /// The dialogue, if the peer holds it open for more.
    pub(crate) dialogue: Option<DialogueId>,
    /// The answer.
    pub(crate) result: Result<Response, Fault>,
    /// What the HLR told beside it.
    pub(crate) informed: Option<InformServiceCentreArg>,
}

/// Why there is no answer, or not the wanted one.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The peer's error, or the end of its dialogue.
    Peer(map::Failure),
    /// Nothing was sent.
    Local(Failure),
}

impl Confirmation {
    /// Nothing was sent.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { dialogue: None, result: Err(Fault::Local(failure)), informed: None }
    }
}
