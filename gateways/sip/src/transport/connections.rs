//! The table of connections: limits for accepted ones, and reuse of outbound ones.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sip::Transport;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::duplex::Io;
use super::stream::{self, Carrier};
use super::{ConnectionId, End, tls, ws};
use crate::config::{ClientTls, Limits};
use crate::transactions::event::Event;

/// The deadline for TCP, TLS and WebSocket to come up.
const SETUP_MAX: Duration = Duration::from_secs(5);

/// The table of connections.
pub(crate) struct Connections {
    limits: Limits,
    events: mpsc::Sender<Event>,
    next: AtomicU64,
    counts: Mutex<ConnectionCounts>,
    /// Outbound connections; requests to the same target share one.
    outbound: Mutex<HashMap<(Transport, SocketAddr), Slot>>,
}

#[derive(Default)]
struct ConnectionCounts {
    total: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// The connection to one target; the lock is held while the connection is being opened.
type Slot = Arc<tokio::sync::Mutex<Option<OutboundConnection>>>;

struct OutboundConnection {
    id: ConnectionId,
    open: Arc<AtomicBool>,
}

/// The remote end of an outbound connection, and how its certificate is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
    /// The host as configured, for the certificate and the WebSocket handshake.
    pub(crate) host: &'a str,
    pub(crate) tls: &'a ClientTls,
}

impl Connections {
    pub(crate) fn new(limits: Limits, events: mpsc::Sender<Event>) -> Self {
        Self {
            limits,
            events,
            next: AtomicU64::default(),
            counts: Mutex::default(),
            outbound: Mutex::default(),
        }
    }

    /// Octets that one received message may have.
    pub(crate) fn octets_max(&self) -> usize {
        usize::try_from(self.limits.message_octets_max).unwrap_or(usize::MAX)
    }

    /// A permit for one more connection from `address`; `None` if there are too many.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionPermit> {
        let Limits { connections_max, connections_per_address_max, .. } = self.limits;
        let mut counts = self.counts.lock();
        let from_there = counts.by_address.get(&address).copied().unwrap_or_default();
        if counts.total >= connections_max || from_there >= connections_per_address_max {
            return None;
        }
        counts.total += 1;
        counts.by_address.insert(address, from_there + 1);
        Some(ConnectionPermit { connections: self.clone(), address })
    }

    /// Carries messages over an accepted connection until it closes.
    pub(crate) async fn run_accepted(&self, source: SocketAddr, transport: Transport, carrier: Carrier) {
        let end = End { id: self.new_id(), source, transport, dialled: false };
        if let Ok(connection) = stream::open(&self.events, end).await {
            connection.run(&self.limits, &self.events, carrier).await;
        }
    }

    /// The open connection to `target`, or a new one.
    pub(crate) async fn connect(self: &Arc<Self>, target: Target<'_>) -> io::Result<ConnectionId> {
        let key = (target.transport, target.address);
        let slot = self.outbound.lock().entry(key).or_default().clone();
        let mut outbound = slot.lock().await;
        if let Some(known) = outbound.as_ref().filter(|known| known.open.load(Ordering::Acquire)) {
            return Ok(known.id);
        }
        let connected = timeout(SETUP_MAX, set_up(target)).await;
        let carrier = match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(carrier) => carrier,
            Err(error) => {
                drop(outbound);
                self.outbound.lock().remove(&key);
                return Err(error);
            }
        };
        let (id, open) = (self.new_id(), Arc::new(AtomicBool::new(true)));
        let end = End { id, source: target.address, transport: target.transport, dialled: true };
        let connection = stream::open(&self.events, end).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
        *outbound = Some(OutboundConnection { id, open: open.clone() });
        let connections = self.clone();
        tokio::spawn(async move {
            connection.run(&connections.limits, &connections.events, carrier).await;
            open.store(false, Ordering::Release);
            connections.outbound.lock().remove(&key);
        });
        Ok(id)
    }

    fn new_id(&self) -> ConnectionId {
        ConnectionId(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

async fn set_up(target: Target<'_>) -> io::Result<Carrier> {
    let Target { transport, address, host, tls } = target;
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let io: Io = match transport {
        Transport::Tls | Transport::Wss => Box::new(tls::connect(tcp, host, tls).await?),
        Transport::Udp | Transport::Tcp | Transport::Ws => Box::new(tcp),
    };
    match transport {
        Transport::Ws | Transport::Wss => {
            ws::connect(io, host).await.map(|socket| Carrier::WebSocket(Box::new(socket)))
        }
        Transport::Udp | Transport::Tcp | Transport::Tls => Ok(Carrier::Octets(io)),
    }
}

/// The share of one accepted connection in the limits; returned when dropped.
pub(crate) struct ConnectionPermit {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.connections.counts.lock();
        counts.total = counts.total.saturating_sub(1);
        let left = counts.by_address.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            counts.by_address.remove(&self.address);
        } else {
            counts.by_address.insert(self.address, left);
        }
    }
}
