//! Demultiplexing: routes each datagram of a UDP socket to the association it belongs to.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::sleep;

use super::packet::Head;
use super::peer::{Completion, Peer};
use super::table::{Id, Route, Table};
use crate::association::Association;
use crate::endpoint::Tuning;
use crate::error::Error;

/// Datagrams queued for one association; more are dropped.
const DATAGRAMS_MAX: usize = 256;

/// Datagrams that are read before other tasks run.
const READ_AT_ONCE: usize = 64;

/// The longest UDP datagram.
const DATAGRAM_OCTETS_MAX: usize = 65_535;

/// What the socket is for.
pub(super) enum Purpose {
    /// One association to this UDP address and SCTP port.
    Connect { to: SocketAddr, port: u16, reply: oneshot::Sender<Result<Association, Error>> },
    /// All associations that peers open.
    Listen { accept: mpsc::Sender<Association> },
}

/// A packet for one association.
pub(super) struct Datagram {
    pub(super) source: SocketAddr,
    pub(super) head: Head,
    pub(super) octets: Vec<u8>,
}

/// What the tasks of one socket share.
pub(super) struct Shared {
    pub(super) socket: UdpSocket,
    pub(super) table: RefCell<Table<mpsc::Sender<Datagram>>>,
    /// Notified when an association has ended.
    pub(super) ended: Notify,
    /// The local SCTP port.
    pub(super) port: u16,
    pub(super) tuning: Tuning,
    /// The socket stays when an association ends.
    pub(super) listens: bool,
}

/// The reading task of one socket.
pub(super) struct Demultiplexer {
    shared: Rc<Shared>,
    /// Receives the associations that peers open.
    accept: Option<mpsc::Sender<Association>>,
    /// The association to open at the start.
    first: Option<(SocketAddr, u16, Completion)>,
}

impl Demultiplexer {
    pub(super) fn new(
        socket: std::net::UdpSocket,
        port: u16,
        tuning: Tuning,
        purpose: Purpose,
    ) -> io::Result<Self> {
        let socket = UdpSocket::from_std(socket)?;
        let table = RefCell::new(Table::new(tuning.associations_max.max(1).into()));
        let (accept, first) = match purpose {
            Purpose::Connect { to, port, reply } => (None, Some((to, port, Completion::Connect(reply)))),
            Purpose::Listen { accept } => (Some(accept), None),
        };
        let (ended, listens) = (Notify::new(), accept.is_some());
        let shared = Rc::new(Shared { socket, table, ended, port, tuning, listens });
        Ok(Self { shared, accept, first })
    }

    /// Reads until the listener and all associations are gone.
    pub(super) async fn run(mut self) {
        if let Some((to, port, completion)) = self.first.take() {
            self.open(to, port, completion);
        }
        let mut buffer = vec![0; DATAGRAM_OCTETS_MAX];
        while !self.is_over() {
            let listener_gone = async {
                match &self.accept {
                    Some(accept) => accept.closed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                received = self.shared.socket.recv_from(&mut buffer) => match received {
                    Ok((length, source)) => self.route_available(&mut buffer, length, source),
                    Err(error) => {
                        tracing::debug!(%error, "could not read a datagram");
                        sleep(Duration::from_millis(5)).await;
                    }
                },
                () = self.shared.ended.notified() => {}
                () = listener_gone => self.accept = None,
            }
        }
    }

    fn is_over(&self) -> bool {
        self.accept.is_none() && self.shared.table.borrow().is_empty()
    }

    fn route_available(&self, buffer: &mut [u8], length: usize, source: SocketAddr) {
        self.route(buffer.get(..length).unwrap_or_default(), source);
        for _ in 1..READ_AT_ONCE {
            let Ok((length, source)) = self.shared.socket.try_recv_from(buffer) else { return };
            self.route(buffer.get(..length).unwrap_or_default(), source);
        }
    }

    fn route(&self, octets: &[u8], source: SocketAddr) {
        let Some(head) = Head::read(octets) else { return };
        if head.destination_port != self.shared.port {
            return;
        }
        let datagram = || Datagram { source, head, octets: octets.to_vec() };
        match self.shared.table.borrow_mut().route(source, &head) {
            Route::To(channel) => {
                let _ = channel.try_send(datagram());
                return;
            }
            Route::Drop => return,
            Route::New => {}
        }
        let accept = self.accept.as_ref().filter(|accept| !accept.is_closed());
        let Some(accept) = accept.cloned() else { return };
        if let Some(channel) = self.open(source, head.source_port, Completion::Accept(accept)) {
            let _ = channel.try_send(datagram());
        }
    }

    /// Starts the task of a new association.
    fn open(&self, to: SocketAddr, port: u16, completion: Completion) -> Option<mpsc::Sender<Datagram>> {
        let (channel, datagrams) = mpsc::channel(DATAGRAMS_MAX);
        let id: Option<Id> = self.shared.table.borrow_mut().add(to, port, channel.clone());
        let Some(id) = id else {
            tracing::debug!(peer = %to, "too many associations");
            return None;
        };
        let peer = Peer::new(self.shared.clone(), id, to, port, datagrams);
        tokio::task::spawn_local(peer.run(completion));
        Some(channel)
    }
}
