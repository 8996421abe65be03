//! The SIP gateway: start, status, shutdown, and the delivery port of the centre.

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

use crate::config::{Segments, SipConfig};
use crate::context::{Clock, Context};
use crate::peer::Peer;
use crate::registrar::Registrar;
use crate::rng::Rng;
use crate::transactions::TransactionTask;
use crate::transport::connections::Connections;
use crate::transport::{accept, tls, udp};
use crate::{Error, dial};

/// Events that may wait for the transaction task. When the queue is full, readers stop reading: TCP
/// throttles its senders, and the kernel drops datagrams.
const EVENTS_MAX: usize = 1024;

/// The interval at which a shutdown checks for open requests and deliveries.
const DRAIN_STEP: Duration = Duration::from_millis(20);

/// Deliveries that may be open to one registered user.
const USER_WINDOW: usize = 10;

/// A running SIP gateway. Dropping it stops all tasks at once; [`SipGateway::shutdown`] drains first.
pub struct SipGateway {
    context: Arc<Context>,
    /// Tasks that accept connections, and tasks that monitor peers.
    listeners: Mutex<Vec<JoinHandle<()>>>,
    /// Readers of datagrams, and the transaction task.
    carriers: Mutex<Vec<JoinHandle<()>>>,
}

/// The status of one peer or registered user, for the admin interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartyStatus {
    /// The peer or user.
    pub endpoint: Endpoint,
    /// Whether it accepts deliveries.
    pub up: bool,
    /// Open deliveries; 0 for users.
    pub open: usize,
    /// Registered contacts; 0 for peers.
    pub contacts: usize,
}

impl SipGateway {
    /// Opens the listeners and starts to monitor peers by OPTIONS. Call it within a tokio runtime.
    ///
    /// `rng_seed` is 32 random octets, from which branches, tags and nonces are derived; each process
    /// needs its own.
    ///
    /// # Errors
    /// An error of the configuration, or of a listener. Then nothing is started.
    pub fn start(
        config: SipConfig,
        centre: Arc<dyn Intake>,
        clock: Clock,
        rng_seed: [u8; 32],
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
        let context = Arc::new(Context {
            by_name: peers.iter().enumerate().map(|(at, peer)| (peer.config.name.clone(), at)).collect(),
            peers,
            registrar: Registrar::new(&config.users, &config.registration),
            rng: Rng::new(rng_seed),
            connections: Arc::new(Connections::new(config.limits.clone(), events.clone())),
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
        let transactions = TransactionTask::new(context.clone(), sockets.clone()).run(received);
        let mut carriers = vec![tokio::spawn(transactions)];
        for (index, socket) in sockets.into_iter().enumerate() {
            carriers.push(tokio::spawn(udp::read(index, socket, context.events.clone())));
        }
        let mut tasks = Vec::new();
        for (listener, transport, acceptor) in listeners {
            tasks.push(tokio::spawn(accept::run(context.connections.clone(), listener, transport, acceptor)));
        }
        for (at, peer) in context.peers.iter().enumerate() {
            if peer.config.options_seconds > 0 {
                tasks.push(tokio::spawn(dial::monitor(context.clone(), at)));
            }
        }
        Ok(Self { context, listeners: Mutex::new(tasks), carriers: Mutex::new(carriers) })
    }

    /// The addresses of the listeners in the order of the configuration; a configured port 0 is
    /// replaced by the allocated one.
    pub fn local_addresses(&self) -> Vec<(Transport, SocketAddr)> {
        self.context.listening.clone()
    }

    /// The status of every peer and user.
    pub fn status(&self) -> Vec<PartyStatus> {
        let peers = self.context.peers.iter().map(|peer| PartyStatus {
            endpoint: peer.endpoint().clone(),
            up: peer.is_up(),
            open: usize::from(peer.config.window_max).saturating_sub(peer.window.available_permits()),
            contacts: 0,
        });
        let now = self.context.now();
        let users = self.context.registrar.accounts().iter().map(|account| {
            let contacts = account.bindings(now).len();
            PartyStatus { endpoint: account.sender.endpoint.clone(), up: contacts > 0, open: 0, contacts }
        });
        peers.chain(users).collect()
    }

    /// Refuses new messages (503), waits at most `deadline` until the centre has answered all pending
    /// messages and all deliveries have ended, and stops.
    pub async fn shutdown(&self, deadline: Duration) {
        self.context.closing.store(true, Ordering::Relaxed);
        abort(&self.listeners);
        let is_busy = |peer: &Peer| peer.window.available_permits() < usize::from(peer.config.window_max);
        let drained = async {
            while self.context.accepting.load(Ordering::Relaxed) > 0 || self.context.peers.iter().any(is_busy)
            {
                tokio::time::sleep(DRAIN_STEP).await;
            }
            tokio::time::sleep(DRAIN_STEP).await; // the last responses are being written
        };
        if tokio::time::timeout(deadline, drained).await.is_err() {
            tracing::warn!("stopped with open SIP messages");
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
            Endpoint::SipPeer(name) => self.context.peer(name).map_or(0, Peer::available),
            Endpoint::SipUser(name) => {
                let account = self.context.registrar.by_party(name);
                let bound = account.is_some_and(|account| !account.bindings(self.context.now()).is_empty());
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
        let context = self.context.clone();
        match endpoint.clone() {
            Endpoint::SipPeer(name) => Box::pin(dial::to_peer(context, name, delivery)),
            Endpoint::SipUser(name) => Box::pin(dial::to_user(context, name, delivery)),
            _ => Box::pin(std::future::ready(Err(Failure::NoRoute))),
        }
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        let plain = Capabilities { open_per_destination: 1, reassembled: true, sends_receipts: false };
        let Endpoint::SipPeer(name) = endpoint else { return plain };
        self.context.peer(name).map_or(plain, |peer| Capabilities {
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
