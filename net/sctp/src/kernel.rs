//! SCTP of the Linux kernel, over one-to-one sockets.

mod addresses;
mod ancillary;
mod calls;
mod connection;
mod notification;
mod options;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

use crate::association::Association;
use crate::connection_limit::{ConnectionLimit, ConnectionPermit};
use crate::endpoint::{Endpoint, Tuning};
use crate::error::Error;
use connection::Connection;
use options::Opt;

/// Associations that may wait to be accepted.
const BACKLOG: i32 = 64;

/// Size of an association's socket buffers, each way, in octets.
const SOCKET_OCTETS: usize = 1 << 20;

/// Whether the kernel opens SCTP sockets.
pub(crate) fn is_available() -> bool {
    socket(Domain::IPV4).is_ok()
}

/// Opens an association: all remote addresses are tried together, all local ones are offered.
pub(crate) async fn connect(endpoint: &Endpoint) -> Result<Association, Error> {
    let remote = endpoint.remote_first()?;
    let (socket, _) = bind_socket(endpoint)?;
    let socket = calls::register(socket)?;
    match Opt::connect(&endpoint.remote).set(socket.get_ref()) {
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
        other => other?,
    }
    loop {
        let mut ready = socket.writable().await?;
        if let Some(error) = socket.get_ref().take_error()? {
            return Err(error.into());
        }
        if options::outgoing_streams(socket.get_ref()).is_ok_and(|streams| streams > 0) {
            break;
        }
        ready.clear_ready();
    }
    start(socket, remote, endpoint.tuning, None)
}

/// Waits for associations that peers open.
pub(crate) struct Listener {
    socket: AsyncFd<Socket>,
    local: SocketAddr,
    tuning: Tuning,
    limit: ConnectionLimit,
}

impl Listener {
    pub(crate) fn bind(endpoint: &Endpoint) -> Result<Self, Error> {
        let (socket, local) = bind_socket(endpoint)?;
        socket.listen(BACKLOG)?;
        let limit = ConnectionLimit::new(&endpoint.tuning);
        let socket = calls::register(socket)?;
        Ok(Self { socket, local, tuning: endpoint.tuning, limit })
    }

    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    pub(crate) async fn accept(&mut self) -> Result<Association, Error> {
        loop {
            let mut ready = self.socket.readable().await?;
            let Ok(accepted) = ready.try_io(|socket| socket.get_ref().accept()) else { continue };
            let started = accepted.map_err(Error::from).and_then(|(socket, peer)| {
                let peer = peer.as_socket().ok_or(Error::PeerMisbehaved)?;
                let permit = self.limit.try_acquire();
                if permit.is_none() {
                    // Closing with linger 0 sends ABORT.
                    socket.set_linger(Some(Duration::ZERO))?;
                    return Err(Error::Full);
                }
                socket.set_nonblocking(true)?;
                start(calls::register(socket)?, peer, self.tuning, permit)
            });
            match started {
                Ok(association) => return Ok(association),
                Err(error) => {
                    // No descriptor is left, or the peer is gone: the next accept may succeed.
                    tracing::warn!(%error, "could not accept an association");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

fn socket(domain: Domain) -> Result<Socket, Error> {
    let protocol = Protocol::from(libc::IPPROTO_SCTP);
    Socket::new(domain, Type::STREAM, Some(protocol)).map_err(|error| match error.raw_os_error() {
        Some(libc::EPROTONOSUPPORT | libc::ESOCKTNOSUPPORT | libc::EAFNOSUPPORT) => Error::NoKernelSctp,
        _ => error.into(),
    })
}

/// A socket bound to all local addresses, with all options set.
fn bind_socket(endpoint: &Endpoint) -> Result<(Socket, SocketAddr), Error> {
    let first = endpoint.local_first();
    let all = endpoint.local.iter().chain(&endpoint.remote);
    // An IPv6 socket accepts addresses of both families.
    let ipv6 = first.is_ipv6() || all.into_iter().any(SocketAddr::is_ipv6);
    let socket = socket(if ipv6 { Domain::IPV6 } else { Domain::IPV4 })?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    socket.set_recv_buffer_size(SOCKET_OCTETS)?;
    socket.set_send_buffer_size(SOCKET_OCTETS)?;
    for option in options::of_endpoint(&endpoint.tuning) {
        option.set(&socket)?;
    }
    Opt::bind(&[first]).set(&socket)?;
    let local = socket.local_addr()?.as_socket().ok_or(io::Error::from(io::ErrorKind::Other))?;
    let more: Vec<SocketAddr> = endpoint.local.iter().skip(1).copied().collect();
    if !more.is_empty() {
        let with_port = |address: SocketAddr| SocketAddr::new(address.ip(), local.port());
        Opt::bind(&more.into_iter().map(with_port).collect::<Vec<_>>()).set(&socket)?;
    }
    Ok((socket, SocketAddr::new(first.ip(), local.port())))
}

fn start(
    socket: AsyncFd<Socket>,
    peer: SocketAddr,
    tuning: Tuning,
    permit: Option<ConnectionPermit>,
) -> Result<Association, Error> {
    for option in options::of_association() {
        option.set(socket.get_ref())?;
    }
    let streams = options::outgoing_streams(socket.get_ref())?;
    Ok(Connection::start(socket, streams, peer, tuning, permit))
}
