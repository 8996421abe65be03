//! Errors of the MAP codec and of calls to the MAP provider.

use tcap::ber::BerError;

/// An error of the codec or of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer's parameter does not match the operation; the text is for the log.
    #[error("mistyped parameter: {0}")]
    Mistyped(&'static str),
    /// The peer's parameter breaks the encoding rules or lacks a field.
    #[error("mistyped parameter: {0}")]
    Ber(#[from] BerError),
    /// The peer's operation does not belong to this context.
    #[error("operation {0} is not of this context")]
    UnknownOperation(i64),
    /// A local value that MAP cannot encode.
    #[error("cannot be written: {0}")]
    Unwritable(&'static str),
    /// The version has no such operation.
    #[error("this version of MAP has no such operation")]
    NotInVersion,
    /// The dialogue has ended, or its state does not allow the call.
    #[error("the dialogue does not wait for this")]
    NotOpen,
    /// As many dialogues are open as the settings allow. Retry later.
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
