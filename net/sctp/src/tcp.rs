//! TCP in place of SCTP: messages one after the other, delimited by the caller's framing.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};

use crate::association::Association;
use crate::command::{Command, Shutdown};
use crate::connection_limit::{ConnectionLimit, ConnectionPermit};
use crate::deadline::until;
use crate::driver::{BATCH_OCTETS, Driver};
use crate::endpoint::{Endpoint, Tuning};
use crate::error::Error;
use crate::framing::{BadFrame, Framing};
use crate::message::{Event, MESSAGE_OCTETS_MAX, Message};
use crate::send_quota::Reservation;

/// TCP has one stream.
const STREAMS: u16 = 1;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 64;

/// Opens a connection.
pub(crate) async fn connect(endpoint: &Endpoint, framing: Framing) -> Result<Association, Error> {
    let remote = endpoint.remote_first()?;
    let socket = socket_at(endpoint.local_first(), remote)?;
    start(socket.connect(remote).await?, remote, endpoint.tuning, framing, None)
}

/// Accepts connections.
pub(crate) struct Listener {
    socket: TcpListener,
    local: SocketAddr,
    tuning: Tuning,
    framing: Framing,
    limit: ConnectionLimit,
}

impl Listener {
    pub(crate) fn bind(endpoint: &Endpoint, framing: Framing) -> Result<Self, Error> {
        let local = endpoint.local_first();
        let socket = socket_at(local, local)?.listen(BACKLOG)?;
        let local = socket.local_addr()?;
        let limit = ConnectionLimit::new(&endpoint.tuning);
        Ok(Self { socket, local, tuning: endpoint.tuning, framing, limit })
    }

    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    pub(crate) async fn accept(&mut self) -> Result<Association, Error> {
        loop {
            let accepted = self.socket.accept().await.map_err(Error::from);
            let started = accepted.and_then(|(stream, peer)| {
                let permit = self.limit.try_acquire();
                if permit.is_none() {
                    // Closing with linger 0 sends RST.
                    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
                    return Err(Error::Full);
                }
                start(stream, peer, self.tuning, self.framing, permit)
            });
            match started {
                Ok(association) => return Ok(association),
                Err(error) => {
                    // No descriptor is left, or the peer is gone: the next accept may succeed.
                    tracing::warn!(%error, "could not accept a connection");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

/// A socket of the family of `peer`, bound to `local`.
fn socket_at(local: SocketAddr, peer: SocketAddr) -> Result<TcpSocket, Error> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(local)?;
    Ok(socket)
}

fn start(
    stream: TcpStream,
    peer: SocketAddr,
    tuning: Tuning,
    framing: Framing,
    permit: Option<ConnectionPermit>,
) -> Result<Association, Error> {
    stream.set_nodelay(true)?;
    let heartbeat = Duration::from_millis(tuning.heartbeat_ms.into()).max(Duration::from_secs(1));
    let keepalive = TcpKeepalive::new()
        .with_time(heartbeat)
        .with_interval(Duration::from_secs(1))
        .with_retries(tuning.association_retransmissions_max.into());
    let options = SockRef::from(&stream);
    options.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    options.set_tcp_user_timeout(Some(tuning.unreachable_after()))?;
    let (driver, association) = Driver::new(STREAMS, peer, tuning);
    let connection = Connection {
        stream,
        framing,
        received: BytesMut::with_capacity(BATCH_OCTETS),
        batch: Vec::new(),
        writing: BytesMut::new(),
        reservations: Vec::new(),
        stalled_at: Instant::now(),
        closing: None,
        write_closed: false,
        read_closed: false,
    };
    tokio::spawn(connection.run(driver.with_permit(permit)));
    Ok(association)
}

/// The state of one connection in its task.
struct Connection {
    stream: TcpStream,
    framing: Framing,
    /// Octets of a message that is not complete.
    received: BytesMut,
    /// Messages for the receiver. While there are some, nothing is read.
    batch: Vec<Event>,
    /// Octets to write. While there are some, no command is taken.
    writing: BytesMut,
    /// The quota that they occupy.
    reservations: Vec<Reservation>,
    /// When a write that makes no progress is given up.
    stalled_at: Instant,
    /// A shutdown was requested.
    closing: Option<Shutdown>,
    /// Nothing more will be written.
    write_closed: bool,
    /// The peer will send nothing more.
    read_closed: bool,
}

impl Connection {
    async fn run(mut self, mut driver: Driver) {
        let result = self.transfer(&mut driver).await;
        if result.is_err() {
            // RST: an abort, not an end in good order.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
        drop(self.stream);
        if let Some(shutdown) = self.closing {
            let _ = shutdown.done.send(result);
        }
        driver.end(result);
    }

    async fn transfer(&mut self, driver: &mut Driver) -> Result<(), Error> {
        let (incoming, state) = (driver.incoming.clone(), driver.state.clone());
        while !self.is_over(driver).await? {
            let reads = self.batch.is_empty() && !self.read_closed;
            let (accepts_command, writes) = (self.accepts_command(), !self.writing.is_empty());
            let deadline = self.closing.as_ref().map(|shutdown| shutdown.deadline);
            self.received.reserve(BATCH_OCTETS / 4);
            let (mut reader, mut writer) = self.stream.split();
            tokio::select! {
                () = state.aborted(&incoming) => return Err(Error::AbortedHere),
                read = reader.read_buf(&mut self.received), if reads => {
                    self.read_closed = read? == 0;
                    self.split_messages()?;
                }
                permit = incoming.reserve(), if !self.batch.is_empty() => {
                    permit.map_err(|_| Error::AbortedHere)?.send(std::mem::take(&mut self.batch));
                    self.split_messages()?;
                }
                written = writer.write_buf(&mut self.writing), if writes => {
                    if written? == 0 {
                        return Err(Error::Aborted);
                    }
                    self.stalled_at = Instant::now() + state.tuning.unreachable_after();
                }
                () = sleep_until(self.stalled_at), if writes => return Err(Error::Unreachable),
                () = until(deadline) => return Err(Error::TimedOut),
                Some(command) = driver.commands.recv(), if accepts_command => self.execute(command, driver),
            }
        }
        Ok(())
    }

    /// Whether both ends are finished; closes the writing side as soon as nothing is left to send.
    async fn is_over(&mut self, driver: &mut Driver) -> Result<bool, Error> {
        if !self.writing.is_empty() {
            return Ok(false);
        }
        self.reservations.clear();
        if !self.write_closed && (self.closing.is_some() || self.read_closed) {
            if self.closing.is_none()
                && let Ok(command) = driver.commands.try_recv()
            {
                self.execute(command, driver);
                return Ok(false);
            }
            driver.commands.close();
            self.stream.shutdown().await?;
            self.write_closed = true;
        }
        let over = self.write_closed && self.read_closed && self.batch.is_empty();
        if over && !self.received.is_empty() {
            return Err(Error::BadFrame(BadFrame("it ends within a message")));
        }
        Ok(over)
    }

    /// Whether the next command may be executed: when all of the last one is written.
    fn accepts_command(&self) -> bool {
        self.writing.is_empty() && self.closing.is_none() && !self.read_closed
    }

    /// Collects a command, and those queued behind it, for one write.
    fn execute(&mut self, command: Command, driver: &mut Driver) {
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                Command::Send(batch) => {
                    for message in &batch.messages {
                        self.writing.extend_from_slice(&message.octets);
                    }
                    self.reservations.push(batch.reservation);
                }
                Command::Shutdown(shutdown) => {
                    driver.commands.close();
                    self.closing = Some(shutdown);
                }
            }
            let more = self.writing.len() < BATCH_OCTETS && self.closing.is_none();
            next = if more { driver.commands.try_recv().ok() } else { None };
        }
        self.stalled_at = Instant::now() + driver.state.tuning.unreachable_after();
    }

    /// Splits what arrived into messages, as many as one batch holds.
    fn split_messages(&mut self) -> Result<(), Error> {
        let mut octets = 0;
        while octets < BATCH_OCTETS && !self.received.is_empty() {
            let length = (self.framing.length)(&self.received).map_err(Error::BadFrame)?;
            let Some(length) = length else { break };
            if length == 0 || length > MESSAGE_OCTETS_MAX {
                return Err(Error::BadFrame(BadFrame("a message is too long, or empty")));
            }
            if self.received.len() < length {
                break;
            }
            octets += length;
            self.batch.push(Event::Message(Message {
                stream: 0,
                payload_protocol: self.framing.payload_protocol,
                octets: self.received.split_to(length).freeze(),
            }));
        }
        if self.received.len() > MESSAGE_OCTETS_MAX && self.batch.is_empty() {
            return Err(Error::BadFrame(BadFrame("a message does not say how long it is")));
        }
        Ok(())
    }
}
