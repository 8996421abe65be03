//! Connecting and listening: how associations are established over the chosen transport.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::association::Association;
use crate::endpoint::{Endpoint, Transport};
use crate::error::Error;
use crate::framing::Framing;
use crate::{kernel, tcp, udp};

/// Whether this kernel has SCTP, so that [`Transport::Kernel`] can be used.
pub fn kernel_has_sctp() -> bool {
    kernel::is_available()
}

/// Opens an association to the endpoint's remote address.
///
/// # Errors
///
/// [`Error::TimedOut`] after `deadline`, [`Error::Aborted`] where the peer refuses,
/// [`Error::Endpoint`] and [`Error::NoKernelSctp`] for an unsupported endpoint.
pub async fn connect(
    endpoint: &Endpoint,
    framing: Framing,
    deadline: Duration,
) -> Result<Association, Error> {
    endpoint.check()?;
    let connecting = async {
        match endpoint.transport {
            Transport::Tcp => tcp::connect(endpoint, framing).await,
            Transport::OverUdp => udp::connect(endpoint).await,
            Transport::Kernel => kernel::connect(endpoint).await,
        }
    };
    let association = timeout(deadline, connecting).await.unwrap_or(Err(Error::TimedOut))?;
    tracing::info!(
        peer = %association.peer(),
        transport = ?endpoint.transport,
        streams = association.streams(),
        "association established"
    );
    Ok(association)
}

/// Waits for associations that peers open. Those that are established outlive it.
pub struct Listener {
    transport: Transport,
    inner: Inner,
}

enum Inner {
    Kernel(kernel::Listener),
    OverUdp(udp::Listener),
    Tcp(tcp::Listener),
}

impl Listener {
    /// Listens at the endpoint's local address. To be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Error::System`] where the address is not available, [`Error::Endpoint`] and
    /// [`Error::NoKernelSctp`] for an unsupported endpoint.
    pub fn bind(endpoint: &Endpoint, framing: Framing) -> Result<Self, Error> {
        endpoint.check()?;
        let inner = match endpoint.transport {
            Transport::Tcp => Inner::Tcp(tcp::Listener::bind(endpoint, framing)?),
            Transport::OverUdp => Inner::OverUdp(udp::Listener::bind(endpoint)?),
            Transport::Kernel => Inner::Kernel(kernel::Listener::bind(endpoint)?),
        };
        Ok(Self { transport: endpoint.transport, inner })
    }

    /// The local address, with the port that the system chose where it was 0.
    pub fn local_address(&self) -> SocketAddr {
        match &self.inner {
            Inner::Kernel(listener) => listener.local_address(),
            Inner::OverUdp(listener) => listener.local_address(),
            Inner::Tcp(listener) => listener.local_address(),
        }
    }

    /// The UDP port it listens on, where it is over UDP.
    pub fn udp_port(&self) -> Option<u16> {
        match &self.inner {
            Inner::OverUdp(listener) => Some(listener.udp_port()),
            Inner::Kernel(_) | Inner::Tcp(_) => None,
        }
    }

    /// The next association. Safe to cancel.
    ///
    /// # Errors
    ///
    /// Only if the listener itself has failed; a peer that fails during setup does not end the wait.
    pub async fn accept(&mut self) -> Result<Association, Error> {
        let association = match &mut self.inner {
            Inner::Kernel(listener) => listener.accept().await?,
            Inner::OverUdp(listener) => listener.accept().await?,
            Inner::Tcp(listener) => listener.accept().await?,
        };
        tracing::info!(
            peer = %association.peer(),
            transport = ?self.transport,
            streams = association.streams(),
            "association accepted"
        );
        Ok(association)
    }
}
