//! SCTP in user space, each packet in a UDP datagram (RFC 6951).
//!
//! Each UDP socket has one thread, in which one task reads datagrams and routes each to the task of
//! its association. The thread is needed because the state machine of [`dcsctp`] is not `Send`.

mod demultiplexer;
mod options;
mod packet;
mod peer;
mod table;

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::{mpsc, oneshot};

use crate::association::Association;
use crate::endpoint::{Endpoint, Tuning};
use crate::error::Error;
use demultiplexer::{Demultiplexer, Purpose};

/// Size of the socket buffers, in octets.
const SOCKET_OCTETS: usize = 4 << 20;

/// Opens an association.
pub(crate) async fn connect(endpoint: &Endpoint) -> Result<Association, Error> {
    let remote = endpoint.remote_first()?;
    let udp_port = endpoint.tuning.udp_port_local.unwrap_or(0);
    let socket = bind(SocketAddr::new(endpoint.local_first().ip(), udp_port))?;
    // Any SCTP port serves a client; its UDP port is unique on this host.
    let port = match endpoint.local_first().port() {
        0 => socket.local_addr()?.port(),
        port => port,
    };
    let (reply, result) = oneshot::channel();
    let to = SocketAddr::new(remote.ip(), endpoint.tuning.udp_port_remote);
    let purpose = Purpose::Connect { to, port: remote.port(), reply };
    start(socket, port, endpoint.tuning, purpose)?;
    result.await.unwrap_or(Err(Error::PeerMisbehaved))
}

/// Waits for associations that peers open.
pub(crate) struct Listener {
    accepted: mpsc::Receiver<Association>,
    local: SocketAddr,
    udp_port: u16,
}

impl Listener {
    pub(crate) fn bind(endpoint: &Endpoint) -> Result<Self, Error> {
        let local = endpoint.local_first();
        let udp_port = endpoint.tuning.udp_port_local.unwrap_or(Tuning::UDP_PORT);
        let socket = bind(SocketAddr::new(local.ip(), udp_port))?;
        let bound = socket.local_addr()?;
        let port = if local.port() == 0 { bound.port() } else { local.port() };
        let queue_max = usize::from(endpoint.tuning.associations_max.max(1));
        let (accept, accepted) = mpsc::channel(queue_max);
        start(socket, port, endpoint.tuning, Purpose::Listen { accept })?;
        Ok(Self { accepted, local: SocketAddr::new(bound.ip(), port), udp_port: bound.port() })
    }

    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn udp_port(&self) -> u16 {
        self.udp_port
    }

    pub(crate) async fn accept(&mut self) -> Result<Association, Error> {
        self.accepted.recv().await.ok_or(Error::System(io::ErrorKind::BrokenPipe))
    }
}

fn bind(address: SocketAddr) -> Result<UdpSocket, Error> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // The system may grant less; then more is lost and retransmitted under load.
    let _ = socket.set_recv_buffer_size(SOCKET_OCTETS);
    let _ = socket.set_send_buffer_size(SOCKET_OCTETS);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn start(socket: UdpSocket, port: u16, tuning: Tuning, purpose: Purpose) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    std::thread::Builder::new().name("sctp-over-udp".to_owned()).spawn(move || {
        let ran = tokio::task::LocalSet::new().block_on(&runtime, async move {
            Demultiplexer::new(socket, port, tuning, purpose)?.run().await;
            Ok::<_, io::Error>(())
        });
        if let Err(error) = ran {
            tracing::warn!(%error, "no socket for SCTP over UDP");
        }
    })?;
    Ok(())
}
