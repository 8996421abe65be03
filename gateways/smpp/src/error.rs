//! Errors of the configuration and of the start of the gateway.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A configuration that cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An entry of the configuration is wrong.
    #[error("{entry}: {what}")]
    Config {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        what: String,
    },
    /// An address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// Certificates or keys do not fit together.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

impl Error {
    pub(crate) fn config(entry: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Config { entry: entry.into(), what: what.into() }
    }
}
