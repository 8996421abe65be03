//! Errors of the gateway's start.

use std::net::SocketAddr;

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
        source: sctp::Error,
    },
}

impl Error {
    pub(crate) fn config(entry: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Config { entry: entry.into(), what: what.into() }
    }
}
