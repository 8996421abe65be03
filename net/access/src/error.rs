//! The errors of this crate.

use std::path::PathBuf;

/// A configured value that access control cannot use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is neither an address nor a range in CIDR form.
    #[error("expected an address or a range such as 192.0.2.0/24")]
    NotANetwork,
    /// The file cannot be read, or lacks the expected content.
    #[error("{}: {reason}", path.display())]
    File {
        /// The configured path.
        path: PathBuf,
        /// The reason, without content of the file.
        reason: String,
    },
}
