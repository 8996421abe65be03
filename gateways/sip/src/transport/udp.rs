//! UDP sockets: one reader task for each.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::Arrival;
use crate::transactions::event::Event;

/// Datagrams that one batch holds at most.
const BATCH_MAX: usize = 256;

/// The socket buffer requested for each direction: some thousands of datagrams during load peaks.
const BUFFER_OCTETS: usize = 4 << 20;

/// The largest datagram there is.
const DATAGRAM_OCTETS_MAX: usize = 65_535;

/// Opens a socket.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // The kernel may grant less; that costs retransmissions, not messages.
    let _ = (socket.set_recv_buffer_size(BUFFER_OCTETS), socket.set_send_buffer_size(BUFFER_OCTETS));
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Reads until the transaction task ends; sends all datagrams that are available as one event.
pub(crate) async fn read(index: usize, socket: Arc<UdpSocket>, events: mpsc::Sender<Event>) {
    let mut buffer = vec![0; DATAGRAM_OCTETS_MAX];
    loop {
        if let Err(error) = socket.readable().await {
            tracing::warn!(%error, "UDP socket failed");
            return;
        }
        let arrivals = take(&socket, &mut buffer);
        if !arrivals.is_empty() && events.send(Event::Datagrams { socket: index, arrivals }).await.is_err() {
            return;
        }
    }
}

fn take(socket: &UdpSocket, buffer: &mut [u8]) -> Vec<(SocketAddr, Arrival)> {
    let mut arrivals = Vec::new();
    while arrivals.len() < BATCH_MAX {
        match socket.try_recv_from(buffer) {
            Ok((length, source)) => {
                let octets = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
                arrivals.push((source, sip::parse(&octets)));
            }
            // An ICMP error about an earlier datagram of ours; its transaction times out.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(_) => break, // the socket is drained
        }
    }
    arrivals
}
