//! The task of one association over UDP: its state machine, timers and datagrams.

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
use crate::command::{Batch, Command, Shutdown};
use crate::deadline::until;
use crate::driver::{BATCH_OCTETS, Driver};
use crate::error::Error;
use crate::message::{Event, MESSAGE_OCTETS_MAX, Message};

/// Unacknowledged chunks, beyond which no more commands are taken.
const UNDERWAY_MAX: usize = 2_000;

/// Datagrams that are handled before other work.
const DATAGRAMS_AT_ONCE: usize = 64;

/// How long a peer may take from INIT to COOKIE ECHO.
const ACCEPT_MAX: Duration = Duration::from_secs(5);

/// Where the association goes once it is established.
pub(super) enum Completion {
    /// To the caller of `connect`.
    Connect(oneshot::Sender<Result<Association, Error>>),
    /// To the listener.
    Accept(mpsc::Sender<Association>),
}

/// The state of one association in its task.
pub(super) struct Peer {
    entry: TableEntry,
    sctp: Box<dyn DcSctpSocket>,
    /// The zero of the state machine's clock.
    started: Instant,
    datagrams: mpsc::Receiver<Datagram>,
    /// The source of its last datagram; its UDP port may change.
    to: SocketAddr,
    /// The peer's SCTP port.
    port: u16,
    /// Messages for the receiver.
    batch: Vec<Event>,
    /// A shutdown was requested.
    closing: Option<Shutdown>,
    connected: bool,
    /// The peer has shut down, and has all acknowledged.
    peer_shut_down: bool,
    ended: Option<Result<(), Error>>,
}

/// The entry in the table, removed when dropped.
struct TableEntry {
    shared: Rc<Shared>,
    id: Id,
}

impl Drop for TableEntry {
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
            entry: TableEntry { shared, id },
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

    /// Runs from the setup to the end of the association.
    pub(super) async fn run(mut self, completion: Completion) {
        match completion {
            Completion::Connect(mut reply) => {
                self.sctp.connect();
                let up = tokio::select! {
                    up = self.establish() => up,
                    () = reply.closed() => return self.abort().await,
                };
                match up {
                    Ok(()) => self.drive(|association| reply.send(Ok(association)).is_ok()).await,
                    Err(error) => {
                        let _ = reply.send(Err(error));
                    }
                }
            }
            Completion::Accept(accept) => {
                let up = tokio::time::timeout(ACCEPT_MAX, self.establish()).await;
                if let Ok(Ok(())) = up {
                    self.drive(|association| accept.try_send(association).is_ok()).await;
                }
            }
        }
    }

    async fn establish(&mut self) -> Result<(), Error> {
        loop {
            self.advance().await;
            if let Some(ended) = self.ended {
                return ended.and(Err(Error::Aborted));
            }
            if self.connected {
                return Ok(());
            }
            let next_timeout = self.next_timeout();
            tokio::select! {
                datagram = self.datagrams.recv() => {
                    let datagram = datagram.ok_or(Error::TimedOut)?;
                    // The state machine ignores an ABORT before there is an association.
                    if datagram.head.chunk == ABORT && self.sctp.state() == SocketState::Connecting {
                        return Err(Error::Aborted);
                    }
                    self.sctp.handle_input(&datagram.octets);
                }
                () = until(next_timeout) => {}
            }
        }
    }

    /// Transfers messages until the association ends.
    async fn drive(mut self, deliver: impl FnOnce(Association) -> bool) {
        let metrics = self.sctp.get_metrics();
        let streams = metrics.map_or(1, |metrics| metrics.negotiated_maximum_outgoing_streams);
        self.entry.shared.table.borrow_mut().mark_established(self.entry.id);
        let peer = SocketAddr::new(self.to.ip(), self.port);
        let (mut driver, association) = Driver::new(streams, peer, self.entry.shared.tuning);
        if !deliver(association) {
            return self.abort().await;
        }
        let ending = self.transfer(&mut driver).await;
        if self.sctp.state() != SocketState::Closed {
            self.abort().await;
        }
        if let Some(shutdown) = self.closing.take() {
            let _ = shutdown.done.send(ending);
        }
        driver.end(ending);
        if ending.is_ok() {
            self.linger().await;
        }
    }

    async fn transfer(&mut self, driver: &mut Driver) -> Result<(), Error> {
        let (incoming, state) = (driver.incoming.clone(), driver.state.clone());
        loop {
            self.read_messages(BATCH_OCTETS)?;
            self.advance().await;
            if let Some(ended) = self.ended {
                if !self.batch.is_empty() {
                    tokio::select! {
                        _ = incoming.send(std::mem::take(&mut self.batch)) => {}
                        () = state.aborted(&incoming) => {}
                    }
                }
                return ended;
            }
            let underway = self.underway();
            if self.closing.is_some() && underway == 0 && self.sctp.state() == SocketState::Connected {
                self.sctp.shutdown();
                continue;
            }
            let accepts_command = self.closing.is_none() && underway < UNDERWAY_MAX;
            let deadline = self.closing.as_ref().map(|shutdown| shutdown.deadline);
            let next_timeout = self.next_timeout();
            tokio::select! {
                () = state.aborted(&incoming) => return Err(Error::AbortedHere),
                () = until(deadline) => return Err(Error::TimedOut),
                Some(datagram) = self.datagrams.recv() => self.handle_datagrams(datagram, driver)?,
                permit = incoming.reserve(), if !self.batch.is_empty() => {
                    permit.map_err(|_| Error::AbortedHere)?.send(std::mem::take(&mut self.batch));
                }
                Some(command) = driver.commands.recv(), if accepts_command => self.execute(command, driver),
                () = until(next_timeout) => {}
            }
        }
    }

    /// Advances the clock of the state machine, and executes its events.
    async fn advance(&mut self) {
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
            self.record_tag(&packet);
            if let Err(error) = self.entry.shared.socket.send_to(&packet, self.to).await {
                tracing::debug!(peer = %self.to, %error, "could not send a datagram");
            }
        }
    }

    /// Stays for a while after the end: where SHUTDOWN COMPLETE was lost, the peer repeats SHUTDOWN ACK.
    async fn linger(&mut self) {
        let tuning = self.entry.shared.tuning;
        let fixed = tuning.udp_port_local.is_some_and(|port| port != 0);
        if fixed && !self.entry.shared.listens {
            // A new connection needs the port.
            return;
        }
        let gone = Instant::now() + Duration::from_millis(tuning.rto_max_ms.into());
        loop {
            tokio::select! {
                () = until(Some(gone)) => return,
                datagram = self.datagrams.recv() => match datagram {
                    Some(Datagram { head: Head { chunk: SHUTDOWN_ACK, .. }, octets, .. }) => {
                        self.sctp.handle_input(&octets);
                        self.advance().await;
                    }
                    // The peer repeats its INIT, which then finds the entry removed.
                    Some(Datagram { head: Head { chunk: INIT, .. }, .. }) | None => return,
                    Some(_) => {}
                },
            }
        }
    }

    /// Aborts it; the peer receives ABORT.
    async fn abort(&mut self) {
        self.sctp.close();
        self.advance().await;
    }

    /// Records the tag of an outgoing INIT or INIT ACK.
    fn record_tag(&self, packet: &[u8]) {
        let Some(Head { chunk: INIT | INIT_ACK, initiate_tag: Some(tag), .. }) = Head::read(packet) else {
            return;
        };
        self.entry.shared.table.borrow_mut().add_tag(self.entry.id, tag);
    }

    fn handle_datagrams(&mut self, datagram: Datagram, driver: &mut Driver) -> Result<(), Error> {
        let mut next = Some(datagram);
        for _ in 0..DATAGRAMS_AT_ONCE {
            let Some(datagram) = next else { break };
            self.handle_datagram(&datagram, driver)?;
            next = self.datagrams.try_recv().ok();
        }
        Ok(())
    }

    fn handle_datagram(&mut self, datagram: &Datagram, driver: &mut Driver) -> Result<(), Error> {
        let chunk = datagram.head.chunk;
        if matches!(chunk, ABORT | SHUTDOWN | SHUTDOWN_ACK | SHUTDOWN_COMPLETE | COOKIE_ECHO) {
            // The state machine drops what it has received when it closes or restarts.
            self.read_messages(usize::MAX)?;
        }
        if chunk == SHUTDOWN && self.sctp.state() == SocketState::Connected {
            driver.commands.close();
            if self.underway() > 0 || !driver.commands.is_empty() {
                // It would drop what is not sent. The peer repeats SHUTDOWN.
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

    /// Gives the state machine all queued messages, so that they share packets.
    fn execute(&mut self, command: Command, driver: &mut Driver) {
        let (mut messages, mut octets) = (Vec::new(), 0);
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                Command::Send(Batch { messages: more, reservation: _reservation }) => {
                    octets += more.iter().map(|message| message.octets.len()).sum::<usize>();
                    messages.extend(more.into_iter().map(into_dcsctp));
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
            // Only when the peer has begun to shut down.
            tracing::debug!(peer = %self.to, count = refused.0.len(), "messages not sent");
        }
    }

    /// Reads messages that have arrived, up to so many octets and one message.
    fn read_messages(&mut self, octets_max: usize) -> Result<(), Error> {
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

    /// Translates an error of the state machine.
    fn reason(&self, kind: ErrorKind) -> Result<(), Error> {
        match kind {
            // Only the confirmation of the shutdown is missing.
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

    /// When the next timer of the state machine expires.
    fn next_timeout(&self) -> Option<Instant> {
        self.started.checked_add(self.sctp.poll_timeout() - SocketTime::zero())
    }
}

fn into_dcsctp(message: Message) -> dcsctp::api::Message {
    dcsctp::api::Message::new(
        dcsctp::api::StreamId(message.stream),
        dcsctp::api::PpId(message.payload_protocol),
        message.octets.into(),
    )
}
