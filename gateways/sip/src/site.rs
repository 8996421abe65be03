//! What every task of the gateway knows.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use sip::Transport;
use smsc::address::Address;
use smsc::ports::Intake;
use smsc::timestamp::Timestamp;
use tokio::sync::mpsc;

use crate::chance::Chance;
use crate::config::SipConfig;
use crate::peer::Peer;
use crate::registrar::Registrar;
use crate::transport::Event;
use crate::transport::connections::Connections;

/// Reads the clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

pub(crate) struct Site {
    pub(crate) config: SipConfig,
    pub(crate) centre: Arc<dyn Intake>,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) peers: Vec<Peer>,
    pub(crate) by_name: HashMap<String, usize>,
    pub(crate) registrar: Registrar,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) connections: Connections,
    /// Messages and receipts that the centre has not answered yet.
    pub(crate) accepting: AtomicUsize,
    /// No new message is taken any more.
    pub(crate) closing: AtomicBool,
    /// Where we listen, in the order of the configuration.
    pub(crate) listening: Vec<(Transport, SocketAddr)>,
    /// The UDP sockets' addresses, by index.
    pub(crate) datagram: Vec<SocketAddr>,
}

impl Site {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn peer(&self, name: &str) -> Option<&Peer> {
        self.by_name.get(name).and_then(|&at| self.peers.get(at))
    }

    /// The address of a registered user, by the name that stands in a URI.
    pub(crate) fn user_address(&self, name: &str) -> Option<Address> {
        let at = self.registrar.by_login(name)?;
        self.registrar.account(at).map(crate::registrar::Account::address)
    }

    /// Our host, and port where we listen on `transport`, as `remote` reaches us.
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

    /// Which UDP socket reaches `remote`.
    pub(crate) fn socket_towards(&self, remote: SocketAddr) -> Option<usize> {
        self.datagram.iter().position(|address| address.is_ipv4() == remote.is_ipv4())
    }
}

/// An address as it stands in a URI.
pub(crate) fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Our address on the way to `remote`, as the routing table has it; nothing is sent.
fn local_towards(remote: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if remote.is_ipv4() { "0.0.0.0:0".parse().ok()? } else { "[::]:0".parse().ok()? };
    let probe = std::net::UdpSocket::bind(any).ok()?;
    probe.connect(remote).ok()?;
    probe.local_addr().ok().map(|address| address.ip())
}
