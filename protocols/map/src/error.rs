//! What can be wrong with a parameter, or with a call.

use tcap::ber::BerError;

/// Why something could not be read, written or done.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer's parameter is not what the operation takes; the text is for the log.
    #[error("mistyped parameter: {0}")]
    Mistyped(&'static str),
    /// The peer's parameter breaks the encoding rules, or lacks something.
    #[error("mistyped parameter: {0}")]
    Ber(#[from] BerError),
    /// The peer's operation is none of short messages, or none of this context.
    #[error("operation {0} is not of this context")]
    UnknownOperation(i64),
    /// A value of ours that MAP has no octets for.
    #[error("cannot be written: {0}")]
    Unwritable(&'static str),
    /// The version has no such operation.
    #[error("this version of MAP has no such operation")]
    NotInVersion,
    /// The dialogue is over, or does not wait for this.
    #[error("the dialogue does not wait for this")]
    NotOpen,
    /// As many dialogues are open as the settings allow. Try again later.
    #[error("no dialogue is free")]
    TooMany,
}

impl From<tcap::Error> for Error {
    fn from(error: tcap::Error) -> Self {
        match error {
            tcap::Error::TableFull => Self::TooMany,
            _ => Self::NotOpen,
        }
    }
}
