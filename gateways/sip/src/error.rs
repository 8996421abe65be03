//! Errors that prevent the start of the gateway.

use std::net::SocketAddr;
use std::path::PathBuf;

/// An error at start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An entry of the configuration is invalid.
    #[error("{entry}: {what}")]
    Config {
        /// The entry.
        entry: String,
        /// The defect.
        what: String,
    },
    /// A listener could not be opened.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The I/O error.
        source: std::io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// A certificate or key is invalid.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

impl Error {
    pub(crate) fn config(entry: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Config { entry: entry.into(), what: what.into() }
    }
}
