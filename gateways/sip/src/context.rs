//! State that all tasks of the gateway share.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use sip::Transport;
use smsc::address::Address;
use smsc::ports::Intake;
use smsc::timestamp::Timestamp;
use tokio::sync::mpsc;

use crate::config::SipConfig;
use crate::peer::Peer;
use crate::registrar::Registrar;
use crate::rng::Rng;
use crate::transactions::event::Event;
use crate::transport::connections::Connections;

/// Reads the clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The shared state.
pub(crate) struct Context {
    pub(crate) config: SipConfig,
    pub(crate) centre: Arc<dyn Intake>,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) peers: Vec<Peer>,
    pub(crate) by_name: HashMap<String, usize>,
    pub(crate) registrar: Registrar,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) connections: Arc<Connections>,
    /// Messages and receipts that wait for an answer of the centre.
    pub(crate) accepting: AtomicUsize,
    /// Whether new messages are refused.
    pub(crate) closing: AtomicBool,
    /// The addresses of the listeners, in the order of the configuration.
    pub(crate) listening: Vec<(Transport, SocketAddr)>,
    /// The local addresses of the UDP sockets, by index.
    pub(crate) datagram: Vec<SocketAddr>,
}

impl Context {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn peer(&self, name: &str) -> Option<&Peer> {
        self.by_name.get(name).and_then(|&at| self.peers.get(at))
    }

    /// The address of a registered user, by the user part of a URI.
    pub(crate) fn user_address(&self, name: &str) -> Option<Address> {
        let at = self.registrar.by_login(name)?;
        self.registrar.account(at).map(crate::registrar::Account::address)
    }

    /// The host and port under which `remote` reaches the listener of `transport`.
    pub(crate) fn sent_by(&self, transport: Transport, remote: SocketAddr) -> String {
        let same_family = |address: &&(Transport, SocketAddr)| address.1.is_ipv4() == remote.is_ipv4();
        let listeners = || self.listening.iter().filter(same_family);
        let listener = listeners().find(|(each, _)| *each == transport).or_else(|| listeners().next());
        let port = listener.map(|(_, address)| address.port());
        let host = match listener {
            _ if !self.config.host.is_empty() => self.config.host.clone(),
            Some((_, address)) if !address.ip().is_unspecified() => bracketed(address.ip()),
            _ => local_towards(remote).map_or_else(|| "localhost".to_owned(), bracketed),
        };
        match port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// The UDP socket for datagrams to `remote`.
    pub(crate) fn socket_towards(&self, remote: SocketAddr) -> Option<usize> {
        self.datagram.iter().position(|address| address.is_ipv4() == remote.is_ipv4())
    }
}

/// An address in URI syntax.
pub(crate) fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The local address that the routing table selects for `remote`; no packet is sent.
fn local_towards(remote: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if remote.is_ipv4() { "0.0.0.0:0".parse().ok()? } else { "[::]:0".parse().ok()? };
    let probe = std::net::UdpSocket::bind(any).ok()?;
    probe.connect(remote).ok()?;
    probe.local_addr().ok().map(|address| address.ip())
}
