//! Errors of requests by the local TCAP user (Q.771).

/// A refused request; nothing was sent and no state has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// All dialogues, or all transaction ids that are not in quarantine, are in use. Retry later.
    #[error("no dialogue is free")]
    TableFull,
    /// The dialogue has ended.
    #[error("dialogue is over")]
    UnknownDialogue,
    /// The peer has not answered the BEGIN, so nothing more can be sent to it (Q.771).
    #[error("peer has not answered yet")]
    NotAnswered,
    /// A local operation with this invoke id is still open in the dialogue.
    #[error("invoke id {0} is in use")]
    InvokeIdInUse(i8),
}
