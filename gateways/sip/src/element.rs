//! The one task that owns all transactions.
//!
//! Transports hand it what arrived in batches, deliveries hand it what is to be sent.
//! It never waits for the centre: a batch of messages goes to [`Submit::accept`] in a task of its
//! own and comes back as an event.
//!
//! [`Submit::accept`]: smsc::ports::Submit::accept

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sip::transaction::{ClientId, Layer, Limits, Output, Timers};
use sip::{Message, Request, Response, Transport, reply};
use smsc::ports::StartGuard;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use crate::door::Door;
use crate::listen::Batch;
use crate::repeats::Repeats;
use crate::site::Site;
use crate::transport::{Arrival, ConnectionId, Event, Hop, Lost, Outgoing, Way};

/// Events that are handled before their messages go to the centre together.
const EVENTS_PER_ROUND: usize = 32;

/// See the module.
pub(crate) struct Element {
    pub(crate) site: Arc<Site>,
    /// Requests of others.
    pub(crate) servers: Layer<Hop>,
    /// Requests of ours.
    clients: Layer<Hop>,
    pub(crate) door: Door,
    pub(crate) repeats: Repeats,
    pub(crate) batch: Batch,
    sockets: Vec<Arc<UdpSocket>>,
    connections: HashMap<ConnectionId, Connection>,
    pending: HashMap<ClientId, Pending>,
}

struct Connection {
    writer: mpsc::Sender<Outgoing>,
    proven: Option<oneshot::Sender<()>>,
}

struct Pending {
    way: Way,
    reply: oneshot::Sender<Result<Response, Lost>>,
}

impl Element {
    pub(crate) fn new(site: Arc<Site>, sockets: Vec<Arc<UdpSocket>>) -> Self {
        let limits = &site.config.limits;
        let at_once = usize::try_from(limits.transactions_max).unwrap_or(usize::MAX);
        let bounds = Limits { clients_max: at_once, servers_max: at_once };
        let timers = site.config.timers();
        let repeats = Repeats::new(usize::try_from(limits.remembered_max).unwrap_or(usize::MAX));
        let door = Door::new(&site);
        Self {
            servers: Layer::new(server_timers(timers), bounds),
            clients: Layer::new(timers, bounds),
            door,
            repeats,
            batch: Batch::default(),
            sockets,
            connections: HashMap::new(),
            pending: HashMap::new(),
            site,
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
                    self.arrived(arrival, hop, Transport::Udp, now);
                }
            }
            Event::Received { id, source, transport, arrivals } => {
                let hop = Hop { way: Way::Connection(id), source };
                for arrival in arrivals {
                    self.arrived(arrival, hop, transport, now);
                }
            }
            Event::Opened { id, writer, proven } => {
                self.connections.insert(id, Connection { writer, proven: Some(proven) });
            }
            Event::Closed(id) => self.closed(id),
            Event::Send { request, hop, transport, reply } => self.send(&request, hop, transport, reply, now),
            Event::Judged(judged) => self.judged(judged, now),
        }
    }

    fn arrived(&mut self, arrival: Arrival, hop: Hop, transport: Transport, now: Instant) {
        match arrival {
            Ok(Message::Request(request)) => self.request_arrived(request, hop, transport, now),
            Ok(response) => self.clients.receive(response, hop, transport, now),
            Err(refused) => {
                if let Some(answer) = refused.answer {
                    tracing::debug!(error = %refused.error, "refused a malformed request");
                    self.transmit(answer.to_bytes(), hop.way);
                }
            }
        }
    }

    fn request_arrived(&mut self, mut request: Request, hop: Hop, transport: Transport, now: Instant) {
        request.note_source(hop.source);
        let hop = answer_hop(&request, hop);
        if self.door.is_stranger(&self.site, &request, hop.source) {
            // Nothing is kept of a stranger (RFC 3261 §8.2.7): no transaction, no timer.
            if request.method != sip::Method::Ack {
                let challenge = self.door.challenge(&self.site, &request, false);
                self.transmit(challenge.to_bytes(), hop.way);
            }
            return;
        }
        self.servers.receive(Message::Request(request), hop, transport, now);
    }

    /// Does what the transaction layer asks for.
    pub(crate) fn pump(&mut self, now: Instant) {
        while let Some(output) = self.servers.poll().or_else(|| self.clients.poll()) {
            match output {
                Output::Transmit { octets, peer, .. } => self.transmit(octets, peer.way),
                Output::Request { id, request, peer, transport } => {
                    self.request(id, request, peer, transport, now);
                }
                Output::Response { response, .. } if response.status.is_provisional() => {}
                Output::Response { id, response } => self.answered(id, Ok(response)),
                Output::TimedOut { id } => self.answered(id, Err(Lost::Timeout)),
            }
        }
    }

    /// Sends octets, or drops them where they would have to wait: over UDP the transaction
    /// sends them again, and a connection that takes nothing is closed.
    pub(crate) fn transmit(&mut self, octets: Bytes, way: Way) {
        match way {
            Way::Datagram { socket, to } => {
                if let Some(socket) = self.sockets.get(socket)
                    && let Err(error) = socket.try_send_to(&octets, to)
                {
                    tracing::debug!(%error, "dropped a datagram");
                }
            }
            Way::Connection(id) => self.hand_over(id, Outgoing::Octets(octets)),
        }
    }

    /// Lets messages go when the answers on this way are written; over UDP they are.
    pub(crate) fn start_behind_answers(&mut self, start: StartGuard, way: Way) {
        match way {
            Way::Datagram { .. } => drop(start),
            Way::Connection(id) => self.hand_over(id, Outgoing::Start(start)),
        }
    }

    fn hand_over(&mut self, id: ConnectionId, outgoing: Outgoing) {
        let taken = self.connections.get(&id).map(|each| each.writer.try_send(outgoing));
        if let Some(Err(_)) = taken {
            self.closed(id);
        }
    }

    /// Somebody on this connection has proved who it is.
    pub(crate) fn prove(&mut self, way: Way) {
        if let Way::Connection(id) = way
            && let Some(proven) = self.connections.get_mut(&id).and_then(|each| each.proven.take())
        {
            let _told = proven.send(()); // the connection may be gone
        }
    }

    fn send(
        &mut self,
        request: &Request,
        hop: Hop,
        transport: Transport,
        reply: oneshot::Sender<Result<Response, Lost>>,
        now: Instant,
    ) {
        let gone = matches!(hop.way, Way::Connection(id) if !self.connections.contains_key(&id));
        let sent = if gone { None } else { self.clients.send(request, hop, transport, now).ok() };
        match sent {
            Some(id) => {
                self.pending.insert(id, Pending { way: hop.way, reply });
            }
            None => {
                let _heard = reply.send(Err(Lost::Broken)); // nobody may be waiting any more
            }
        }
    }

    fn answered(&mut self, id: ClientId, answer: Result<Response, Lost>) {
        if let Some(pending) = self.pending.remove(&id) {
            let _heard = pending.reply.send(answer); // nobody may be waiting any more
        }
    }

    fn closed(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.site.registrar.closed(id);
        let way = Way::Connection(id);
        let lost: Vec<_> =
            self.pending.iter().filter(|(_, each)| each.way == way).map(|(client, _)| *client).collect();
        for client in lost {
            self.clients.abandon(client);
            self.answered(client, Err(Lost::Broken));
        }
    }
}

/// An answered request is kept for an eighth of Timer J's 32 s: at 20,000 a second that is
/// 80,000 answers instead of 640,000. A retransmission after that looks like a new transaction and
/// is answered alike, since [`Repeats`] knows its message.
fn server_timers(timers: Timers) -> Timers {
    Timers { t1: timers.t1 / 8, ..timers }
}

/// Where the answer goes: over UDP where Via says (RFC 3261 §18.2.2), else back.
fn answer_hop(request: &Request, hop: Hop) -> Hop {
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
