//! The place of the kernel's SCTP on systems that are no Linux: it is not there.

use std::convert::Infallible;
use std::net::SocketAddr;

use crate::association::Association;
use crate::endpoint::Endpoint;
use crate::error::Error;

/// It is not.
pub(crate) fn is_here() -> bool {
    false
}

/// Refuses.
pub(crate) async fn connect(_endpoint: &Endpoint) -> Result<Association, Error> {
    Err(Error::NoKernelSctp)
}

/// There is none.
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
