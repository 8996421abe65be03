//! The task that owns all SIP transactions, client and server.
//!
//! Transports send it received messages in batches, deliveries send it requests. It never waits for the
//! centre: a batch of submissions goes to [`Submit::accept`] in a task of its own and comes back as an
//! event.
//!
//! [`Submit::accept`]: smsc::ports::Submit::accept

mod batch;
mod dedup;
pub(crate) mod event;
mod messages;
mod registrations;
mod requests;
mod responses;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sip::transaction::{ClientId, Layer, Limits, Output, Timers};
use sip::{Message, Request, Response, Transport, reply};
use smsc::ports::StartGuard;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use self::batch::Batch;
use self::dedup::Dedup;
use self::event::{Event, RequestError};
use crate::auth::Authenticator;
use crate::context::Context;
use crate::transport::{Arrival, ConnectionId, Hop, QueueEntry, Way};

/// Events that are handled before their submissions go to the centre in one batch.
const EVENTS_PER_ROUND: usize = 32;

/// The state of the transaction task.
pub(crate) struct TransactionTask {
    context: Arc<Context>,
    /// Server transactions.
    servers: Layer<Hop>,
    /// Client transactions.
    clients: Layer<Hop>,
    auth: Authenticator,
    dedup: Dedup,
    batch: Batch,
    sockets: Vec<Arc<UdpSocket>>,
    connections: HashMap<ConnectionId, ConnectionEntry>,
    pending: HashMap<ClientId, PendingRequest>,
}

struct ConnectionEntry {
    writer: mpsc::Sender<QueueEntry>,
    authenticated: Option<oneshot::Sender<()>>,
}

struct PendingRequest {
    way: Way,
    reply: oneshot::Sender<Result<Response, RequestError>>,
}

impl TransactionTask {
    pub(crate) fn new(context: Arc<Context>, sockets: Vec<Arc<UdpSocket>>) -> Self {
        let limits = &context.config.limits;
        let at_once = usize::try_from(limits.transactions_max).unwrap_or(usize::MAX);
        let bounds = Limits { clients_max: at_once, servers_max: at_once };
        let timers = context.config.timers();
        let dedup = Dedup::new(usize::try_from(limits.remembered_max).unwrap_or(usize::MAX));
        let auth = Authenticator::new(&context);
        Self {
            servers: Layer::new(server_timers(timers), bounds),
            clients: Layer::new(timers, bounds),
            auth,
            dedup,
            batch: Batch::default(),
            sockets,
            connections: HashMap::new(),
            pending: HashMap::new(),
            context,
        }
    }

    /// Runs until every sender of events is gone.
    pub(crate) async fn run(mut self, mut events: mpsc::Receiver<Event>) {
        let mut round = Vec::with_capacity(EVENTS_PER_ROUND);
        loop {
            let deadlines = [self.servers.deadline(), self.clients.deadline()];
            let deadline = deadlines.into_iter().flatten().min();
            tokio::select! {
                received = events.recv_many(&mut round, EVENTS_PER_ROUND) => {
                    if received == 0 {
                        return;
                    }
                }
                () = until(deadline) => {}
            }
            let now = tokio::time::Instant::now().into_std();
            self.servers.tick(now);
            self.clients.tick(now);
            for event in round.drain(..) {
                self.handle(event, now);
                self.pump(now);
            }
            self.pump(now);
            self.submit();
        }
    }

    fn handle(&mut self, event: Event, now: Instant) {
        match event {
            Event::Datagrams { socket, arrivals } => {
                for (source, arrival) in arrivals {
                    let hop = Hop { way: Way::Datagram { socket, to: source }, source };
                    self.receive(arrival, hop, Transport::Udp, now);
                }
            }
            Event::Received { id, source, transport, arrivals } => {
                let hop = Hop { way: Way::Connection(id), source };
                for arrival in arrivals {
                    self.receive(arrival, hop, transport, now);
                }
            }
            Event::Opened { id, writer, authenticated } => {
                let entry = ConnectionEntry { writer, authenticated: Some(authenticated) };
                self.connections.insert(id, entry);
            }
            Event::Closed(id) => self.remove_connection(id),
            Event::Send { request, hop, transport, reply } => self.send(&request, hop, transport, reply, now),
            Event::BatchAnswered(outcome) => self.answer_batch(outcome, now),
        }
    }

    fn receive(&mut self, arrival: Arrival, hop: Hop, transport: Transport, now: Instant) {
        match arrival {
            Ok(Message::Request(request)) => self.receive_request(request, hop, transport, now),
            Ok(response) => self.clients.receive(response, hop, transport, now),
            Err(refused) => {
                if let Some(answer) = refused.answer {
                    tracing::debug!(error = %refused.error, "refused a malformed request");
                    self.transmit(answer.to_bytes(), hop.way);
                }
            }
        }
    }

    fn receive_request(&mut self, mut request: Request, hop: Hop, transport: Transport, now: Instant) {
        request.note_source(hop.source);
        let hop = response_hop(&request, hop);
        if self.auth.is_anonymous(&self.context, &request, hop.source) {
            // An unauthenticated request creates no state (RFC 3261 §8.2.7): no transaction, no timer.
            if request.method != sip::Method::Ack {
                let challenge = self.auth.challenge(&self.context, &request, false);
                self.transmit(challenge.to_bytes(), hop.way);
            }
            return;
        }
        self.servers.receive(Message::Request(request), hop, transport, now);
    }

    /// Carries out the outputs of the transaction layers.
    fn pump(&mut self, now: Instant) {
        while let Some(output) = self.servers.poll().or_else(|| self.clients.poll()) {
            match output {
                Output::Transmit { octets, peer, .. } => self.transmit(octets, peer.way),
                Output::Request { id, request, peer, transport } => {
                    self.handle_request(id, request, peer, transport, now);
                }
                Output::Response { response, .. } if response.status.is_provisional() => {}
                Output::Response { id, response } => self.complete_request(id, Ok(response)),
                Output::TimedOut { id } => self.complete_request(id, Err(RequestError::Timeout)),
            }
        }
    }

    /// Sends octets without blocking. A datagram that would block is dropped, since the transaction
    /// retransmits it; a connection with a full send queue is closed.
    fn transmit(&mut self, octets: Bytes, way: Way) {
        match way {
            Way::Datagram { socket, to } => {
                if let Some(socket) = self.sockets.get(socket)
                    && let Err(error) = socket.try_send_to(&octets, to)
                {
                    tracing::debug!(%error, "dropped a datagram");
                }
            }
            Way::Connection(id) => self.queue(id, QueueEntry::Octets(octets)),
        }
    }

    /// Starts the delivery of messages once the responses on this way are written; over UDP they already are.
    fn start_after_responses(&mut self, start: StartGuard, way: Way) {
        match way {
            Way::Datagram { .. } => drop(start),
            Way::Connection(id) => self.queue(id, QueueEntry::Start(start)),
        }
    }

    fn queue(&mut self, id: ConnectionId, outgoing: QueueEntry) {
        let queued = self.connections.get(&id).map(|each| each.writer.try_send(outgoing));
        if let Some(Err(_)) = queued {
            self.remove_connection(id);
        }
    }

    /// Ends the authentication deadline of a connection.
    fn mark_authenticated(&mut self, way: Way) {
        if let Way::Connection(id) = way
            && let Some(sender) = self.connections.get_mut(&id).and_then(|each| each.authenticated.take())
        {
            let _ = sender.send(()); // fails if the connection has closed
        }
    }

    fn send(
        &mut self,
        request: &Request,
        hop: Hop,
        transport: Transport,
        reply: oneshot::Sender<Result<Response, RequestError>>,
        now: Instant,
    ) {
        let gone = matches!(hop.way, Way::Connection(id) if !self.connections.contains_key(&id));
        let sent = if gone { None } else { self.clients.send(request, hop, transport, now).ok() };
        match sent {
            Some(id) => {
                self.pending.insert(id, PendingRequest { way: hop.way, reply });
            }
            None => {
                let _ = reply.send(Err(RequestError::Broken)); // fails if the delivery was cancelled
            }
        }
    }

    fn complete_request(&mut self, id: ClientId, answer: Result<Response, RequestError>) {
        if let Some(pending) = self.pending.remove(&id) {
            let _ = pending.reply.send(answer); // fails if the delivery was cancelled
        }
    }

    fn remove_connection(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.context.registrar.remove_connection(id);
        let way = Way::Connection(id);
        let lost: Vec<_> =
            self.pending.iter().filter(|(_, each)| each.way == way).map(|(client, _)| *client).collect();
        for client in lost {
            self.clients.abandon(client);
            self.complete_request(client, Err(RequestError::Broken));
        }
    }
}

/// A completed server transaction is kept for an eighth of the 32 s of Timer J: at 20,000 a second
/// that is 80,000 responses instead of 640,000. A later retransmission opens a new transaction and gets
/// the same response, since [`Dedup`] holds the message.
fn server_timers(timers: Timers) -> Timers {
    Timers { t1: timers.t1 / 8, ..timers }
}

/// The next hop of the response: over UDP the address in Via (RFC 3261 §18.2.2), else the source.
fn response_hop(request: &Request, hop: Hop) -> Hop {
    let Way::Datagram { socket, .. } = hop.way else { return hop };
    let target = request.headers.via().ok().and_then(|via| reply::datagram_target(&via));
    Hop { way: Way::Datagram { socket, to: target.unwrap_or(hop.source) }, ..hop }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
