//! The gateway as the rest of the process sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sip::Transport;
use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::future::BoxFuture;
use smsc::ports::{Gateways, Intake};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::config::{Segments, SipConfig};
use crate::element::Element;
use crate::peer::Peer;
use crate::registrar::Registrar;
use crate::site::{Clock, Site};
use crate::transport::connections::Connections;
use crate::transport::{accept, tls, udp};
use crate::{Error, dial};

/// Batches of arrivals and requests to send that may wait for the element. When it is full,
/// readers stop reading: TCP slows its senders down, and the kernel drops datagrams.
const EVENTS_MAX: usize = 1024;

/// How long a shutdown waits for answers that are owed.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// How often a shutdown looks whether it is done.
const DRAIN_STEP: Duration = Duration::from_millis(20);

/// Deliveries that may be open towards one registered user.
const USER_WINDOW: usize = 10;

/// SIP, running. Dropping it stops everything at once; [`SipGateway::shutdown`] is kinder.
pub struct SipGateway {
    site: Arc<Site>,
    /// Listeners for connections, and those who ask peers whether they are there.
    listeners: Mutex<Vec<JoinHandle<()>>>,
    /// Readers of datagrams, and the element.
    carriers: Mutex<Vec<JoinHandle<()>>>,
}

/// One peer or registered user, for people to look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartyStatus {
    /// Who.
    pub endpoint: Endpoint,
    /// Whether it can be given messages.
    pub up: bool,
    /// Deliveries to it that are open; 0 for users.
    pub open: usize,
    /// Contacts that are registered; 0 for peers.
    pub contacts: usize,
}

impl SipGateway {
    /// Listens, and starts to ask peers whether they are there. Call it within a tokio runtime.
    ///
    /// `seed` is 32 random octets; branches, tags and nonces follow from them, and no two
    /// processes may share them.
    ///
    /// # Errors
    /// What is wrong with the configuration, or the address that cannot be listened on.
    /// Then nothing was started.
    pub fn start(
        config: SipConfig,
        centre: Arc<dyn Intake>,
        clock: Clock,
        seed: [u8; 32],
    ) -> Result<Self, Error> {
        config.check()?;
        let (mut sockets, mut listeners, mut listening) = (Vec::new(), Vec::new(), Vec::new());
        for peer in &config.peers {
            if matches!(Transport::from(peer.transport), Transport::Tls | Transport::Wss) {
                tls::check(&peer.tls)?;
            }
        }
        for listener in &config.listeners {
            let failed = |source| Error::Listen { address: listener.address, source };
            let transport = Transport::from(listener.transport);
            let address = if transport == Transport::Udp {
                let socket = udp::bind(listener.address).map_err(failed)?;
                let address = socket.local_addr().map_err(failed)?;
                sockets.push((address, Arc::new(socket)));
                address
            } else {
                let acceptor = listener.tls.as_ref().map(tls::acceptor).transpose()?;
                let socket = bind_tcp(listener.address).map_err(failed)?;
                let address = socket.local_addr().map_err(failed)?;
                listeners.push((socket, transport, acceptor));
                address
            };
            listening.push((transport, address));
        }
        let (events, received) = mpsc::channel(EVENTS_MAX);
        let peers: Vec<_> = config.peers.iter().cloned().map(Peer::new).collect();
        let site = Arc::new(Site {
            by_name: peers.iter().enumerate().map(|(at, peer)| (peer.config.name.clone(), at)).collect(),
            peers,
            registrar: Registrar::new(&config.users, &config.registration),
            chance: Chance::new(seed),
            connections: Connections::default(),
            accepting: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            datagram: sockets.iter().map(|(address, _)| *address).collect(),
            config,
            centre,
            clock,
            events,
            listening,
        });
        let sockets: Vec<Arc<UdpSocket>> = sockets.into_iter().map(|(_, socket)| socket).collect();
        let element = Element::new(site.clone(), sockets.clone()).run(received);
        let mut carriers = vec![tokio::spawn(element)];
        for (index, socket) in sockets.into_iter().enumerate() {
            carriers.push(tokio::spawn(udp::read(index, socket, site.events.clone())));
        }
        let mut tasks = Vec::new();
        for (listener, transport, acceptor) in listeners {
            tasks.push(tokio::spawn(accept::run(site.clone(), listener, transport, acceptor)));
        }
        for (at, peer) in site.peers.iter().enumerate() {
            if peer.config.options_seconds > 0 {
                tasks.push(tokio::spawn(dial::watch(site.clone(), at)));
            }
        }
        Ok(Self { site, listeners: Mutex::new(tasks), carriers: Mutex::new(carriers) })
    }

    /// Where it listens, in the order of the configuration, with the ports that were chosen
    /// where the configuration says 0.
    pub fn local_addresses(&self) -> Vec<(Transport, SocketAddr)> {
        self.site.listening.clone()
    }

    /// Every peer and user.
    pub fn status(&self) -> Vec<PartyStatus> {
        let peers = self.site.peers.iter().map(|peer| PartyStatus {
            endpoint: peer.endpoint().clone(),
            up: peer.is_up(),
            open: usize::from(peer.config.window_max).saturating_sub(peer.window.available_permits()),
            contacts: 0,
        });
        let now = self.site.now();
        let users = self.site.registrar.accounts().iter().map(|account| {
            let contacts = account.bindings(now).len();
            PartyStatus { endpoint: account.sender.endpoint.clone(), up: contacts > 0, open: 0, contacts }
        });
        peers.chain(users).collect()
    }

    /// Takes no new message (503), waits until every one that was taken is answered and every
    /// delivery is over, at most 10 s, and stops.
    pub async fn shutdown(&self) {
        self.site.closing.store(true, Ordering::Relaxed);
        abort(&self.listeners);
        let is_busy = |peer: &Peer| peer.window.available_permits() < usize::from(peer.config.window_max);
        let drained = async {
            while self.site.accepting.load(Ordering::Relaxed) > 0 || self.site.peers.iter().any(is_busy) {
                tokio::time::sleep(DRAIN_STEP).await;
            }
            tokio::time::sleep(DRAIN_STEP).await; // the last answers are on their way
        };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!("stopped with SIP messages still open");
        }
        abort(&self.carriers);
    }
}

impl Drop for SipGateway {
    fn drop(&mut self) {
        abort(&self.listeners);
        abort(&self.carriers);
    }
}

fn abort(tasks: &Mutex<Vec<JoinHandle<()>>>) {
    for task in tasks.lock().drain(..) {
        task.abort();
    }
}

impl Gateways for SipGateway {
    fn available(&self, endpoint: &Endpoint) -> usize {
        match endpoint {
            Endpoint::SipPeer(name) => self.site.peer(name).map_or(0, Peer::available),
            Endpoint::SipUser(name) => {
                let account = self.site.registrar.by_party(name);
                let bound = account.is_some_and(|account| !account.bindings(self.site.now()).is_empty());
                if bound { USER_WINDOW } else { 0 }
            }
            _ => 0,
        }
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let site = self.site.clone();
        match endpoint.clone() {
            Endpoint::SipPeer(name) => Box::pin(dial::to_peer(site, name, delivery)),
            Endpoint::SipUser(name) => Box::pin(dial::to_user(site, name, delivery)),
            _ => Box::pin(std::future::ready(Err(Failure::NoRoute))),
        }
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        let plain = Capabilities { open_per_destination: 1, reassembled: true, sends_receipts: false };
        let Endpoint::SipPeer(name) = endpoint else { return plain };
        self.site.peer(name).map_or(plain, |peer| Capabilities {
            open_per_destination: peer.config.open_per_destination,
            reassembled: peer.config.quirks.segments == Segments::Reassembled,
            sends_receipts: peer.config.quirks.sends_receipts,
        })
    }
}

fn bind_tcp(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = std::net::TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}
