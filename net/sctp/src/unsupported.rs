//! Kernel SCTP on systems other than Linux: every call returns [`Error::NoKernelSctp`].

use std::convert::Infallible;
use std::net::SocketAddr;

use crate::association::Association;
use crate::endpoint::Endpoint;
use crate::error::Error;

/// Always false.
pub(crate) fn is_available() -> bool {
    false
}

/// Fails with [`Error::NoKernelSctp`].
pub(crate) async fn connect(_endpoint: &Endpoint) -> Result<Association, Error> {
    Err(Error::NoKernelSctp)
}

/// A listener that cannot be constructed.
pub(crate) struct Listener(Infallible);

impl Listener {
    pub(crate) fn bind(_endpoint: &Endpoint) -> Result<Self, Error> {
        Err(Error::NoKernelSctp)
    }

    pub(crate) fn local_address(&self) -> SocketAddr {
        match self.0 {}
    }

    pub(crate) async fn accept(&mut self) -> Result<Association, Error> {
        match self.0 {}
    }
}
