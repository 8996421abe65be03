//! The task of one association of the kernel: reads, writes and notifications of its socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::{Shutdown as Side, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use socket2::{MsgHdr, Socket};
use tokio::io::unix::AsyncFd;

use super::ancillary::MessageInfo;
use super::calls::{self, CONTROL_OCTETS, ControlBuffer};
use super::notification::Notification;
use crate::association::Association;
use crate::command::{Batch, Command, Shutdown};
use crate::connection_limit::ConnectionPermit;
use crate::deadline::until;
use crate::driver::{BATCH_OCTETS, Driver};
use crate::endpoint::Tuning;
use crate::error::Error;
use crate::message::{Event, MESSAGE_OCTETS_MAX, Message};
use crate::send_quota::Reservation;

/// The state of one association in its task.
pub(super) struct Connection {
    buffer: Vec<u8>,
    /// The beginning of a message that is not complete.
    partial: BytesMut,
    /// Messages for the receiver. While there are some, nothing is read.
    batch: Vec<Event>,
    /// Messages for the kernel. While there are some, no command is taken.
    sending: VecDeque<Message>,
    /// The quota that they occupy.
    reservations: Vec<Reservation>,
    /// A shutdown was requested.
    closing: Option<Shutdown>,
    write_closed: bool,
    ended: Option<Result<(), Error>>,
}

impl Connection {
    /// Spawns the task of an established association.
    pub(super) fn start(
        socket: AsyncFd<Socket>,
        streams: u16,
        peer: SocketAddr,
        tuning: Tuning,
        permit: Option<ConnectionPermit>,
    ) -> Association {
        let (driver, association) = Driver::new(streams, peer, tuning);
        let connection = Self {
            buffer: vec![0; BATCH_OCTETS],
            partial: BytesMut::new(),
            batch: Vec::new(),
            sending: VecDeque::new(),
            reservations: Vec::new(),
            closing: None,
            write_closed: false,
            ended: None,
        };
        tokio::spawn(connection.run(socket, driver.with_permit(permit)));
        association
    }

    async fn run(mut self, socket: AsyncFd<Socket>, mut driver: Driver) {
        let result = self.transfer(&socket, &mut driver).await;
        if result.is_err() {
            // Closing with linger 0 sends ABORT.
            let _ = socket.get_ref().set_linger(Some(Duration::ZERO));
        }
        drop(socket);
        if let Some(shutdown) = self.closing {
            let _ = shutdown.done.send(result);
        }
        driver.end(result);
    }

    async fn transfer(&mut self, socket: &AsyncFd<Socket>, driver: &mut Driver) -> Result<(), Error> {
        let (incoming, state) = (driver.incoming.clone(), driver.state.clone());
        loop {
            if let Some(ended) = self.ended
                && self.batch.is_empty()
            {
                return ended;
            }
            if self.closing.is_some() && !self.write_closed && self.sending.is_empty() {
                // The kernel sends SHUTDOWN after all it holds is acknowledged.
                socket.get_ref().shutdown(Side::Write)?;
                self.write_closed = true;
            }
            let reads = self.batch.is_empty() && self.ended.is_none();
            let writes = !self.sending.is_empty() && self.ended.is_none();
            let accepts_command = !writes && self.closing.is_none() && self.ended.is_none();
            let deadline = self.closing.as_ref().map(|shutdown| shutdown.deadline);
            tokio::select! {
                () = state.aborted(&incoming) => return Err(Error::AbortedHere),
                () = until(deadline) => return Err(Error::TimedOut),
                permit = incoming.reserve(), if !self.batch.is_empty() => {
                    permit.map_err(|_| Error::AbortedHere)?.send(std::mem::take(&mut self.batch));
                }
                ready = socket.readable(), if reads => {
                    let _ = ready?.try_io(|socket| self.read(socket.get_ref(), driver));
                }
                ready = socket.writable(), if writes => {
                    let _ = ready?.try_io(|socket| self.write(socket.get_ref()));
                }
                Some(command) = driver.commands.recv(), if accepts_command => self.execute(command, driver),
            }
        }
    }

    /// Reads until the kernel has no more, or the batch is full.
    fn read(&mut self, socket: &Socket, driver: &mut Driver) -> io::Result<()> {
        let (mut octets, mut control) = (0, ControlBuffer([0; CONTROL_OCTETS as usize]));
        while octets < BATCH_OCTETS && self.ended.is_none() {
            let received = match calls::receive(socket, &mut self.buffer, &mut control) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = Some(Err(error.into()));
                    break;
                }
            };
            let part = self.buffer.get(..received.octets).unwrap_or_default();
            if received.notification {
                let notification = Notification::read(part);
                self.handle_notification(notification, socket, driver);
            } else if part.is_empty() {
                self.ended = Some(Ok(()));
            } else {
                octets += part.len();
                let info = MessageInfo::from_rcvinfo(&control.0);
                self.partial.extend_from_slice(part);
                self.complete(info.filter(|_| received.complete));
            }
        }
        Ok(())
    }

    /// Reports the message that has become complete, if `info` is present.
    fn complete(&mut self, info: Option<MessageInfo>) {
        if self.partial.len() > MESSAGE_OCTETS_MAX {
            self.ended = Some(Err(Error::PeerMisbehaved));
        } else if let Some(MessageInfo { stream, payload_protocol }) = info {
            // A copy, so that a message that is kept does not keep the buffer.
            let octets = Bytes::copy_from_slice(&self.partial);
            self.partial.clear();
            self.batch.push(Event::Message(Message { stream, payload_protocol, octets }));
        }
    }

    fn handle_notification(
        &mut self,
        notification: Option<Notification>,
        socket: &Socket,
        driver: &mut Driver,
    ) {
        match notification {
            Some(Notification::Lost) => {
                let why = socket.take_error().ok().flatten();
                self.ended = Some(Err(why.map_or(Error::Aborted, Error::from)));
            }
            Some(Notification::Restarted) => {
                self.partial.clear();
                self.batch.push(Event::Restarted);
            }
            Some(Notification::Ended) => self.ended = Some(Ok(())),
            Some(Notification::PeerShutsDown) => driver.commands.close(),
            None => {}
        }
    }

    /// Writes until the kernel accepts_command no more.
    fn write(&mut self, socket: &Socket) -> io::Result<()> {
        while let Some(message) = self.sending.front() {
            let info = MessageInfo { stream: message.stream, payload_protocol: message.payload_protocol };
            let control = info.to_sndinfo();
            let parts = [IoSlice::new(&message.octets)];
            let header = MsgHdr::new().with_control(&control).with_buffers(&parts);
            match socket.sendmsg(&header, libc::MSG_NOSIGNAL) {
                Ok(_) => {
                    self.sending.pop_front();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // The reading side gets the reason.
                    tracing::debug!(%error, count = self.sending.len(), "messages not sent");
                    self.sending.clear();
                }
            }
        }
        self.reservations.clear();
        Ok(())
    }

    /// Collects a command and those queued behind it.
    fn execute(&mut self, command: Command, driver: &mut Driver) {
        let (mut next, mut octets) = (Some(command), 0);
        while let Some(command) = next {
            match command {
                Command::Send(Batch { messages, reservation }) => {
                    octets += messages.iter().map(|message| message.octets.len()).sum::<usize>();
                    self.sending.extend(messages);
                    self.reservations.push(reservation);
                }
                Command::Shutdown(shutdown) => {
                    driver.commands.close();
                    self.closing = Some(shutdown);
                }
            }
            let more = octets < BATCH_OCTETS && self.closing.is_none();
            next = if more { driver.commands.try_recv().ok() } else { None };
        }
    }
}
