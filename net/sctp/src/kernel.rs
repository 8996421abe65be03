//! SCTP as the Linux kernel speaks it: one-to-one sockets, and no library but the C one.

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
use crate::endpoint::{Endpoint, Tuning};
use crate::error::Error;
use crate::seats::{Seat, Seats};
use connection::Connection;
use options::Opt;

/// Associations that may wait to be accepted.
const BACKLOG: i32 = 64;

/// What the kernel may hold of an association each way, in octets.
const SOCKET_OCTETS: usize = 1 << 20;

/// Whether SCTP sockets can be had.
pub(crate) fn is_here() -> bool {
    socket(Domain::IPV4).is_ok()
}

/// Opens an association. All remote addresses are tried together, all local ones are told.
pub(crate) async fn connect(endpoint: &Endpoint) -> Result<Association, Error> {
    let remote = endpoint.remote_first()?;
    let (socket, _) = bound(endpoint)?;
    let socket = calls::registered(socket)?;
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
    seats: Seats,
}

impl Listener {
    pub(crate) fn bind(endpoint: &Endpoint) -> Result<Self, Error> {
        let (socket, local) = bound(endpoint)?;
        socket.listen(BACKLOG)?;
        let seats = Seats::new(&endpoint.tuning);
        let socket = calls::registered(socket)?;
        Ok(Self { socket, local, tuning: endpoint.tuning, seats })
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
                let seat = self.seats.take();
                if seat.is_none() {
                    // ABORT says at once that it was not taken.
                    socket.set_linger(Some(Duration::ZERO))?;
                    return Err(Error::Full);
                }
                socket.set_nonblocking(true)?;
                start(calls::registered(socket)?, peer, self.tuning, seat)
            });
            match started {
                Ok(association) => return Ok(association),
                Err(error) => {
                    // No descriptor is left, or the peer gave up: the next one may do better.
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

/// A socket at all local addresses, with everything set that has to be set before it is used.
fn bound(endpoint: &Endpoint) -> Result<(Socket, SocketAddr), Error> {
    let first = endpoint.local_first();
    let every = endpoint.local.iter().chain(&endpoint.remote);
    // A socket of IPv6 takes addresses of both kinds.
    let ipv6 = first.is_ipv6() || every.into_iter().any(SocketAddr::is_ipv6);
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
    seat: Option<Seat>,
) -> Result<Association, Error> {
    for option in options::of_association() {
        option.set(socket.get_ref())?;
    }
    let streams = options::outgoing_streams(socket.get_ref())?;
    Ok(Connection::start(socket, streams, peer, tuning, seat))
}
