//! The transaction layer: all open transactions of one element, above its transports (RFC 3261 §17).

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use bytes::Bytes;

use super::client::{Client, Due, Heard};
use super::server::Server;
use super::table::{Id, Table};
use super::{Timers, key};
use crate::error::Error;
use crate::header::Name;
use crate::message::{Message, Request, Response};
use crate::method::Method;
use crate::reply;
use crate::status::Status;
use crate::transport::Transport;

/// Retry-After of a 503 for a full layer, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Names an open client transaction.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(Id);

/// Names an open server transaction.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerId(Id);

/// How many transactions may be open.
///
/// Over UDP an answered request stays open for 32 s (Timer J): 10,000 requests a
/// second are 320,000 open server transactions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Requests of ours. Beyond it [`Layer::send`] refuses.
    pub clients_max: usize,
    /// Requests of peers. Beyond it new ones are answered 503 with Retry-After.
    pub servers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { clients_max: 400_000, servers_max: 400_000 }
    }
}

/// An action for the caller. `P` is the destination or source of a message: an address, a connection.
pub enum Output<P> {
    /// Send these octets.
    Transmit {
        /// One whole message.
        octets: Bytes,
        /// The destination.
        peer: P,
        /// The transport.
        transport: Transport,
    },
    /// A request that was not seen before. Answer it with [`Layer::respond`].
    Request {
        /// Its transaction.
        id: ServerId,
        /// The request.
        request: Request,
        /// The source.
        peer: P,
        /// The transport.
        transport: Transport,
    },
    /// A response to a request of ours. A final one is the last output for `id`.
    Response {
        /// The request's transaction.
        id: ClientId,
        /// The answer.
        response: Response,
    },
    /// No final response within 64 × T1: treat it as a 408 (RFC 3261 §8.1.3.1).
    TimedOut {
        /// The request's transaction.
        id: ClientId,
    },
}

/// All open transactions.
pub struct Layer<P> {
    timers: Timers,
    limits: Limits,
    clients: Table<OpenClient<P>>,
    servers: Table<OpenServer<P>>,
    outputs: VecDeque<Output<P>>,
    key: String,
}

struct OpenClient<P> {
    machine: Client,
    /// What to retransmit; empty once that is over.
    octets: Bytes,
    peer: P,
    transport: Transport,
}

struct OpenServer<P> {
    machine: Server,
    peer: P,
    transport: Transport,
}

impl<P: Clone> Layer<P> {
    /// A layer without transactions.
    pub fn new(timers: Timers, limits: Limits) -> Self {
        Self {
            timers,
            limits,
            clients: Table::new(),
            servers: Table::new(),
            outputs: VecDeque::new(),
            key: String::new(),
        }
    }

    /// Sends a request in a new transaction. Its topmost Via is ours, with a branch
    /// that no other request has ([`crate::branch()`]).
    pub fn send(
        &mut self,
        request: &Request,
        peer: P,
        transport: Transport,
        now: Instant,
    ) -> Result<ClientId, Error> {
        key::of_client(&request.headers, &mut self.key)?;
        if self.clients.find(&self.key).is_some() {
            return Err(Error::BranchInUse);
        }
        if self.clients.len() >= self.limits.clients_max {
            return Err(Error::TooManyTransactions);
        }
        let reliable = transport.is_reliable();
        let octets = request.to_bytes();
        let kept = if reliable { Bytes::new() } else { octets.clone() };
        let machine = Client::new(reliable, self.timers, now);
        let deadline = machine.deadline();
        let open = OpenClient { machine, octets: kept, peer: peer.clone(), transport };
        let id = self.clients.insert(&self.key, open, deadline).ok_or(Error::TooManyTransactions)?;
        self.outputs.push_back(Output::Transmit { octets, peer, transport });
        Ok(ClientId(id))
    }

    /// Applies a message that arrived. Copies are absorbed, and answered where an
    /// answer was given before.
    pub fn receive(&mut self, message: Message, peer: P, transport: Transport, now: Instant) {
        match message {
            Message::Request(request) => self.receive_request(request, peer, transport, now),
            Message::Response(response) => self.receive_response(response, now),
        }
    }

    /// Answers a request. `false` if its transaction is over or was answered before; then
    /// nothing is sent.
    pub fn respond(&mut self, id: ServerId, response: &Response, now: Instant) -> bool {
        let Some(open) = self.servers.get_mut(id.0) else { return false };
        let octets = response.to_bytes();
        if !open.machine.respond(octets.clone(), !response.status.is_provisional(), now) {
            return false;
        }
        let (peer, transport, deadline) = (open.peer.clone(), open.transport, open.machine.deadline());
        if deadline <= now {
            self.servers.remove(id.0);
        } else {
            self.servers.set_deadline(id.0, deadline);
        }
        self.outputs.push_back(Output::Transmit { octets, peer, transport });
        true
    }

    /// Ends a transaction of ours, after a failure of its transport or when its result is no
    /// longer needed. A late response is dropped.
    pub fn abandon(&mut self, id: ClientId) {
        self.clients.remove(id.0);
    }

    /// Fires every timer that is due.
    pub fn tick(&mut self, now: Instant) {
        while let Some(id) = self.servers.due(now) {
            self.servers.remove(id);
        }
        while let Some(id) = self.clients.due(now) {
            self.tick_client(id, now);
        }
    }

    /// The next thing to do, or `None` when it is time to wait.
    pub fn poll(&mut self) -> Option<Output<P>> {
        self.outputs.pop_front()
    }

    /// When [`Layer::tick`] is due, if at all. It may come early, never late.
    pub fn deadline(&self) -> Option<Instant> {
        let both = [self.clients.deadline(), self.servers.deadline()];
        both.into_iter().flatten().min()
    }

    /// How many requests of ours are open.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// How many requests of peers are open.
    pub fn servers(&self) -> usize {
        self.servers.len()
    }

    fn receive_request(&mut self, request: Request, peer: P, transport: Transport, now: Instant) {
        if request.method == Method::Ack || key::of_server(&request, &mut self.key).is_err() {
            return;
        }
        if let Some(id) = self.servers.find(&self.key) {
            self.repeat_response(id);
            return;
        }
        if self.servers.len() >= self.limits.servers_max {
            self.refuse(&request, peer, transport);
            return;
        }
        let machine = Server::new(transport.is_reliable(), self.timers, now);
        let deadline = machine.deadline();
        let open = OpenServer { machine, peer: peer.clone(), transport };
        match self.servers.insert(&self.key, open, deadline) {
            Some(id) => {
                let id = ServerId(id);
                self.outputs.push_back(Output::Request { id, request, peer, transport });
            }
            None => self.refuse(&request, peer, transport),
        }
    }

    fn repeat_response(&mut self, id: Id) {
        let Some(open) = self.servers.get_mut(id) else { return };
        let Some(octets) = open.machine.repeated() else { return };
        let (peer, transport) = (open.peer.clone(), open.transport);
        self.outputs.push_back(Output::Transmit { octets, peer, transport });
    }

    fn refuse(&mut self, request: &Request, peer: P, transport: Transport) {
        let mut response = reply::stateless(&request.headers, Status::SERVICE_UNAVAILABLE);
        response.headers.push(Name::RetryAfter, RETRY_AFTER_SECONDS);
        let octets = response.to_bytes();
        self.outputs.push_back(Output::Transmit { octets, peer, transport });
    }

    fn receive_response(&mut self, response: Response, now: Instant) {
        // A response with a second Via is for another element (RFC 3261 §8.1.3.3).
        let misdirected = response.headers.elements(Name::Via).nth(1).is_some();
        if misdirected || key::of_client(&response.headers, &mut self.key).is_err() {
            return;
        }
        let Some(id) = self.clients.find(&self.key) else { return };
        let Some(open) = self.clients.get_mut(id) else { return };
        if open.machine.handle(response.status, now) == Heard::Copy {
            return;
        }
        if !response.status.is_provisional() {
            open.octets = Bytes::new();
        }
        let deadline = open.machine.deadline();
        if deadline <= now {
            self.clients.remove(id);
        } else {
            self.clients.set_deadline(id, deadline);
        }
        self.outputs.push_back(Output::Response { id: ClientId(id), response });
    }

    fn tick_client(&mut self, id: Id, now: Instant) {
        let Some(open) = self.clients.get_mut(id) else { return };
        match open.machine.tick(now) {
            Due::Nothing => {}
            Due::Retransmit => {
                let (octets, peer, transport) = (open.octets.clone(), open.peer.clone(), open.transport);
                self.outputs.push_back(Output::Transmit { octets, peer, transport });
            }
            Due::Ended => {
                self.clients.remove(id);
                return;
            }
            Due::TimedOut => {
                self.clients.remove(id);
                self.outputs.push_back(Output::TimedOut { id: ClientId(id) });
                return;
            }
        }
        if let Some(open) = self.clients.get_mut(id) {
            let deadline = open.machine.deadline();
            self.clients.set_deadline(id, deadline);
        }
    }
}

impl<P: fmt::Debug> fmt::Debug for Output<P> {
    /// Without the octets: they hold bodies and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transmit { octets, peer, transport } => f
                .debug_struct("Transmit")
                .field("octets", &octets.len())
                .field("peer", peer)
                .field("transport", transport)
                .finish(),
            Self::Request { id, request, peer, transport } => f
                .debug_struct("Request")
                .field("id", id)
                .field("request", request)
                .field("peer", peer)
                .field("transport", transport)
                .finish(),
            Self::Response { id, response } => {
                f.debug_struct("Response").field("id", id).field("response", response).finish()
            }
            Self::TimedOut { id } => f.debug_struct("TimedOut").field("id", id).finish(),
        }
    }
}

impl<P> fmt::Debug for Layer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("clients", &self.clients.len())
            .field("servers", &self.servers.len())
            .finish_non_exhaustive()
    }
}
