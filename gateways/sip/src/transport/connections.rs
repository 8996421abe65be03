//! All connections: how many there may be, and which lead where.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sip::Transport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{ConnectionId, stream, tls, ws};
use crate::config::{ClientTls, Limits};
use crate::site::Site;

/// How long a connection, TLS and WebSocket may take to come up.
const SETUP_MAX: Duration = Duration::from_secs(5);

/// Octets both ways, whatever lies below.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection of any kind.
pub(crate) type Io = Box<dyn Duplex>;

/// See the module.
#[derive(Default)]
pub(crate) struct Connections {
    next: AtomicU64,
    open: Mutex<Open>,
    /// The connections that we opened, so that requests share them.
    dialled: Mutex<HashMap<(Transport, SocketAddr), Slot>>,
}

#[derive(Default)]
struct Open {
    total: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// The connection to one target; the lock is held while it is being opened.
type Slot = Arc<tokio::sync::Mutex<Option<Dialled>>>;

struct Dialled {
    id: ConnectionId,
    open: Arc<AtomicBool>,
}

/// Where a connection leads, and how its other end is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
    /// The host as it was written, for certificate and WebSocket.
    pub(crate) host: &'a str,
    pub(crate) tls: &'a ClientTls,
}

impl Connections {
    pub(crate) fn name(&self) -> ConnectionId {
        ConnectionId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A place for one more connection from `address`; `None` if there are too many.
    pub(crate) fn admit(&self, site: &Arc<Site>, address: IpAddr) -> Option<Place> {
        let Limits { connections_max, connections_per_address_max, .. } = site.config.limits;
        let mut open = self.open.lock();
        let from_there = open.by_address.get(&address).copied().unwrap_or_default();
        if open.total >= connections_max || from_there >= connections_per_address_max {
            return None;
        }
        open.total += 1;
        open.by_address.insert(address, from_there + 1);
        Some(Place { site: site.clone(), address })
    }

    /// The open connection to `target`, or a new one.
    pub(crate) async fn to(&self, site: &Arc<Site>, target: Target<'_>) -> io::Result<ConnectionId> {
        let key = (target.transport, target.address);
        let slot = self.dialled.lock().entry(key).or_default().clone();
        let mut dialled = slot.lock().await;
        if let Some(known) = dialled.as_ref().filter(|known| known.open.load(Ordering::Acquire)) {
            return Ok(known.id);
        }
        let connected = timeout(SETUP_MAX, connect(target)).await;
        let io = match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(io) => io,
            Err(error) => {
                drop(dialled);
                self.dialled.lock().remove(&key);
                return Err(error);
            }
        };
        let (id, open) = (self.name(), Arc::new(AtomicBool::new(true)));
        let end = stream::End { id, source: target.address, transport: target.transport, dialled: true };
        let until_closed = stream::open(site, end).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
        *dialled = Some(Dialled { id, open: open.clone() });
        let site = site.clone();
        tokio::spawn(async move {
            until_closed.run(&site, io).await;
            open.store(false, Ordering::Release);
            site.connections.dialled.lock().remove(&key);
        });
        Ok(id)
    }
}

/// What a new connection carries: octets, or a WebSocket over them.
pub(crate) enum Carrier {
    Octets(Io),
    WebSocket(Box<ws::Socket>),
}

async fn connect(target: Target<'_>) -> io::Result<Carrier> {
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

/// One connection's share of the limits; given back when dropped.
pub(crate) struct Place {
    site: Arc<Site>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.site.connections.open.lock();
        open.total = open.total.saturating_sub(1);
        let left = open.by_address.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.by_address.remove(&self.address);
        } else {
            open.by_address.insert(self.address, left);
        }
    }
}
