//! One association over UDP: its state machine, its timers, its datagrams.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use dcsctp::api::{DcSctpSocket, ErrorKind, SendOptions, SocketEvent, SocketState, SocketTime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::demultiplexer::{Datagram, Shared};
use super::options::options;
use super::packet::{ABORT, COOKIE_ECHO, Head, INIT, INIT_ACK, SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE};
use super::table::Id;
use crate::association::Association;
use crate::deadline::until;
use crate::driver::{BATCH_OCTETS, Batch, Command, Driver, Shutdown};
use crate::error::Error;
use crate::message::{Event, MESSAGE_OCTETS_MAX, Message};

/// Messages and packets underway, beyond which no more are taken from whoever sends.
const UNDERWAY_MAX: usize = 2_000;

/// Datagrams that are handled before anything else gets its turn.
const HEARD_AT_ONCE: usize = 64;

/// How long a peer may take from INIT to COOKIE ECHO.
const ACCEPT_MAX: Duration = Duration::from_secs(5);

/// Who gets the association once it is up.
pub(super) enum Established {
    /// Who opened it.
    Connected(oneshot::Sender<Result<Association, Error>>),
    /// Whoever accepts.
    Accepted(mpsc::Sender<Association>),
}

/// See the module.
pub(super) struct Peer {
    place: Place,
    sctp: Box<dyn DcSctpSocket>,
    /// The zero of the state machine's clock.
    started: Instant,
    datagrams: mpsc::Receiver<Datagram>,
    /// Where it was heard from last; its UDP port may change.
    to: SocketAddr,
    /// The peer's port of SCTP.
    port: u16,
    /// Messages for whoever receives.
    batch: Vec<Event>,
    /// We are to shut down.
    closing: Option<Shutdown>,
    connected: bool,
    /// The peer has said all, and knows that we have it.
    peer_shut_down: bool,
    ended: Option<Result<(), Error>>,
}

/// A place in the table, given up when dropped.
struct Place {
    shared: Rc<Shared>,
    id: Id,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.table.borrow_mut().remove(self.id);
        self.shared.ended.notify_one();
    }
}

impl Peer {
    pub(super) fn new(
        shared: Rc<Shared>,
        id: Id,
        to: SocketAddr,
        port: u16,
        datagrams: mpsc::Receiver<Datagram>,
    ) -> Self {
        let sctp = dcsctp::new_socket("", &options(shared.port, port, &shared.tuning));
        Self {
            place: Place { shared, id },
            sctp,
            started: Instant::now(),
            datagrams,
            to,
            port,
            batch: Vec::new(),
            closing: None,
            connected: false,
            peer_shut_down: false,
            ended: None,
        }
    }

    /// Lives through the whole association.
    pub(super) async fn run(mut self, established: Established) {
        match established {
            Established::Connected(mut reply) => {
                self.sctp.connect();
                let up = tokio::select! {
                    up = self.come_up() => up,
                    () = reply.closed() => return self.leave().await,
                };
                match up {
                    Ok(()) => self.drive(|association| reply.send(Ok(association)).is_ok()).await,
                    Err(error) => {
                        let _ = reply.send(Err(error));
                    }
                }
            }
            Established::Accepted(accept) => {
                let up = tokio::time::timeout(ACCEPT_MAX, self.come_up()).await;
                if let Ok(Ok(())) = up {
                    self.drive(|association| accept.try_send(association).is_ok()).await;
                }
            }
        }
    }

    async fn come_up(&mut self) -> Result<(), Error> {
        loop {
            self.turn().await;
            if let Some(ended) = self.ended {
                return ended.and(Err(Error::Aborted));
            }
            if self.connected {
                return Ok(());
            }
            let due = self.due();
            tokio::select! {
                datagram = self.datagrams.recv() => {
                    let datagram = datagram.ok_or(Error::TimedOut)?;
                    // The state machine ignores an ABORT before there is an association.
                    if datagram.head.chunk == ABORT && self.sctp.state() == SocketState::Connecting {
                        return Err(Error::Aborted);
                    }
                    self.sctp.handle_input(&datagram.octets);
                }
                () = until(due) => {}
            }
        }
    }

    /// Carries messages until the association ends.
    async fn drive(mut self, hand_over: impl FnOnce(Association) -> bool) {
        let metrics = self.sctp.get_metrics();
        let streams = metrics.map_or(1, |metrics| metrics.negotiated_maximum_outgoing_streams);
        self.place.shared.table.borrow_mut().established(self.place.id);
        let peer = SocketAddr::new(self.to.ip(), self.port);
        let (mut driver, association) = Driver::new(streams, peer, self.place.shared.tuning);
        if !hand_over(association) {
            return self.leave().await;
        }
        let ending = self.carry(&mut driver).await;
        if self.sctp.state() != SocketState::Closed {
            self.leave().await;
        }
        if let Some(shutdown) = self.closing.take() {
            let _ = shutdown.done.send(ending);
        }
        driver.end(ending);
        if ending.is_ok() {
            self.linger().await;
        }
    }

    async fn carry(&mut self, driver: &mut Driver) -> Result<(), Error> {
        let (incoming, shared) = (driver.incoming.clone(), driver.shared.clone());
        loop {
            self.pull(BATCH_OCTETS)?;
            self.turn().await;
            if let Some(ended) = self.ended {
                if !self.batch.is_empty() {
                    tokio::select! {
                        _ = incoming.send(std::mem::take(&mut self.batch)) => {}
                        () = shared.aborted(&incoming) => {}
                    }
                }
                return ended;
            }
            let underway = self.underway();
            if self.closing.is_some() && underway == 0 && self.sctp.state() == SocketState::Connected {
                self.sctp.shutdown();
                continue;
            }
            let takes = self.closing.is_none() && underway < UNDERWAY_MAX;
            let deadline = self.closing.as_ref().map(|shutdown| shutdown.deadline);
            let due = self.due();
            tokio::select! {
                () = shared.aborted(&incoming) => return Err(Error::AbortedHere),
                () = until(deadline) => return Err(Error::TimedOut),
                Some(datagram) = self.datagrams.recv() => self.hear_all(datagram, driver)?,
                permit = incoming.reserve(), if !self.batch.is_empty() => {
                    permit.map_err(|_| Error::AbortedHere)?.send(std::mem::take(&mut self.batch));
                }
                Some(command) = driver.commands.recv(), if takes => self.take(command, driver),
                () = until(due) => {}
            }
        }
    }

    /// Tells the state machine what time it is, and does what it asks for.
    async fn turn(&mut self) {
        self.sctp.advance_time(SocketTime::zero() + self.started.elapsed());
        let mut packets = Vec::new();
        while let Some(event) = self.sctp.poll_event() {
            match event {
                SocketEvent::SendPacket(packet) => packets.push(packet),
                SocketEvent::OnConnected() => self.connected = true,
                SocketEvent::OnConnectionRestarted() => self.batch.push(Event::Restarted),
                SocketEvent::OnClosed() => self.ended = Some(Ok(())),
                SocketEvent::OnAborted(kind, _) => self.ended = Some(self.reason(kind)),
                SocketEvent::OnError(kind, _) => {
                    tracing::debug!(peer = %self.to, ?kind, "SCTP reports an error");
                }
                _ => {}
            }
        }
        for packet in packets {
            self.note_tag(&packet);
            if let Err(error) = self.place.shared.socket.send_to(&packet, self.to).await {
                tracing::debug!(peer = %self.to, %error, "could not send a datagram");
            }
        }
    }

    /// Stays for a while after the end: where SHUTDOWN COMPLETE was lost, the peer asks again.
    async fn linger(&mut self) {
        let tuning = self.place.shared.tuning;
        let fixed = tuning.udp_port_local.is_some_and(|port| port != 0);
        if fixed && !self.place.shared.listens {
            // Who connects again needs the port.
            return;
        }
        let gone = Instant::now() + Duration::from_millis(tuning.rto_max_ms.into());
        loop {
            tokio::select! {
                () = until(Some(gone)) => return,
                datagram = self.datagrams.recv() => match datagram {
                    Some(Datagram { head: Head { chunk: SHUTDOWN_ACK, .. }, octets, .. }) => {
                        self.sctp.handle_input(&octets);
                        self.turn().await;
                    }
                    // It comes again; the next INIT will find the place free.
                    Some(Datagram { head: Head { chunk: INIT, .. }, .. }) | None => return,
                    Some(_) => {}
                },
            }
        }
    }

    /// Ends it at once; the peer is told.
    async fn leave(&mut self) {
        self.sctp.close();
        self.turn().await;
    }

    /// INIT and INIT ACK say which tag the peer is to use.
    fn note_tag(&self, packet: &[u8]) {
        let Some(Head { chunk: INIT | INIT_ACK, initiate_tag: Some(tag), .. }) = Head::read(packet) else {
            return;
        };
        self.place.shared.table.borrow_mut().issued(self.place.id, tag);
    }

    fn hear_all(&mut self, datagram: Datagram, driver: &mut Driver) -> Result<(), Error> {
        let mut next = Some(datagram);
        for _ in 0..HEARD_AT_ONCE {
            let Some(datagram) = next else { break };
            self.hear(&datagram, driver)?;
            next = self.datagrams.try_recv().ok();
        }
        Ok(())
    }

    fn hear(&mut self, datagram: &Datagram, driver: &mut Driver) -> Result<(), Error> {
        let chunk = datagram.head.chunk;
        if matches!(chunk, ABORT | SHUTDOWN | SHUTDOWN_ACK | SHUTDOWN_COMPLETE | COOKIE_ECHO) {
            // The state machine forgets what it has received when it closes or starts anew.
            self.pull(usize::MAX)?;
        }
        if chunk == SHUTDOWN && self.sctp.state() == SocketState::Connected {
            driver.commands.close();
            if self.underway() > 0 || !driver.commands.is_empty() {
                // It would forget what is not sent. The peer says SHUTDOWN again.
                return Ok(());
            }
            self.peer_shut_down = true;
        }
        if chunk != INIT {
            self.to = datagram.source;
        }
        self.sctp.handle_input(&datagram.octets);
        Ok(())
    }

    /// Gives the state machine all messages that wait, so that they share packets.
    fn take(&mut self, command: Command, driver: &mut Driver) {
        let (mut messages, mut octets) = (Vec::new(), 0);
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                Command::Send(Batch { messages: more, held: _held }) => {
                    octets += more.iter().map(|message| message.octets.len()).sum::<usize>();
                    messages.extend(more.into_iter().map(into_theirs));
                }
                Command::Shutdown(shutdown) => {
                    driver.commands.close();
                    self.closing = Some(shutdown);
                }
            }
            let more = octets < BATCH_OCTETS && self.closing.is_none();
            next = if more { driver.commands.try_recv().ok() } else { None };
        }
        if let Err(refused) = self.sctp.send_many(messages, &SendOptions::default()) {
            // Only when the peer has begun to shut down, which it will say.
            tracing::debug!(peer = %self.to, count = refused.0.len(), "messages not sent");
        }
    }

    /// Takes what has arrived, up to so many octets and one message.
    fn pull(&mut self, octets_max: usize) -> Result<(), Error> {
        let unlimited = octets_max == usize::MAX;
        if !self.batch.is_empty() && !unlimited {
            return Ok(());
        }
        let mut octets = 0_usize;
        while octets < octets_max
            && let Some(message) = self.sctp.get_next_message()
        {
            if message.payload.len() > MESSAGE_OCTETS_MAX {
                return Err(Error::PeerMisbehaved);
            }
            octets = octets.saturating_add(message.payload.len());
            self.batch.push(Event::Message(Message {
                stream: message.stream_id.0,
                payload_protocol: message.ppid.0,
                octets: message.payload.into(),
            }));
        }
        Ok(())
    }

    /// Their reasons in our words.
    fn reason(&self, kind: ErrorKind) -> Result<(), Error> {
        match kind {
            // Nothing is missing but the last packet of all, which confirms that nothing is missing.
            ErrorKind::TooManyRetries if self.peer_shut_down => Ok(()),
            ErrorKind::TooManyRetries => Err(Error::Unreachable),
            ErrorKind::PeerReported => Err(Error::Aborted),
            _ => Err(Error::PeerMisbehaved),
        }
    }

    /// How much is not yet acknowledged, in chunks and packets.
    fn underway(&self) -> usize {
        self.sctp.get_metrics().map_or(0, |metrics| metrics.unack_data_count)
    }

    /// When the state machine has to be told the time.
    fn due(&self) -> Option<Instant> {
        self.started.checked_add(self.sctp.poll_timeout() - SocketTime::zero())
    }
}

fn into_theirs(message: Message) -> dcsctp::api::Message {
    dcsctp::api::Message::new(
        dcsctp::api::StreamId(message.stream),
        dcsctp::api::PpId(message.payload_protocol),
        message.octets.into(),
    )
}
