//! The half of an association that sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::driver::{Batch, Command, Shared, Shutdown};
use crate::error::Error;
use crate::message::Message;
use crate::room::{ROOM_OCTETS, Room};

/// Room that one batch takes at most, so that a large one does not wait for all of it.
const BATCH_COST: u32 = ROOM_OCTETS / 4;

/// The half that sends. Its clones are of the same association.
#[derive(Clone)]
pub struct Sender {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
}

impl Sender {
    pub(crate) fn new(commands: mpsc::Sender<Command>, shared: Arc<Shared>) -> Self {
        Self { commands, shared }
    }

    /// How many streams we may send on; 1 over TCP.
    pub fn streams(&self) -> u16 {
        self.shared.streams
    }

    /// The peer's address, the first of them where it has several.
    pub fn peer(&self) -> SocketAddr {
        self.shared.peer
    }

    /// Hands one message over to be sent. It waits for room, at most
    /// [`crate::Tuning::send_ms_max`], and not for the peer's acknowledgement.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] and [`Error::Stream`] for a message that cannot be carried,
    /// [`Error::Congested`] without room, and why the association ended if it has.
    pub async fn send(&self, stream: u16, payload_protocol: u32, octets: Bytes) -> Result<(), Error> {
        self.send_all(vec![Message { stream, payload_protocol, octets }]).await
    }

    /// Hands messages over to be sent together, in as few system calls as the transport can.
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`]. One that cannot be carried refuses all; without room for all of
    /// them, those at the head may be on their way.
    pub async fn send_all(&self, messages: Vec<Message>) -> Result<(), Error> {
        for message in &messages {
            message.check(self.shared.streams)?;
        }
        let patience = Duration::from_millis(self.shared.tuning.send_ms_max.into());
        let sent = timeout(patience, self.hand_over(messages)).await;
        sent.unwrap_or(Err(Error::Congested))
    }

    /// Ends the association in good order: sends all that was handed over, waits until the peer
    /// has acknowledged it, and closes. What the peer still sends arrives meanwhile, and is to be
    /// received: a peer that has to wait for us cannot acknowledge.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] after `patience`: then it was aborted, and what the peer has is unknown.
    pub async fn shutdown(&self, patience: Duration) -> Result<(), Error> {
        let (done, told) = oneshot::channel();
        let deadline = Instant::now() + patience;
        let command = Command::Shutdown(Shutdown { deadline, done });
        let asked = async {
            match self.commands.send(command).await {
                Ok(()) => told.await.unwrap_or_else(|_| self.ended()),
                Err(_) => self.ended(),
            }
        };
        // The transport keeps the deadline too, but sees it only when all before it is sent.
        timeout_at(deadline, asked).await.unwrap_or_else(|_| {
            self.shared.abort_for(Error::TimedOut);
            Err(Error::TimedOut)
        })
    }

    /// Ends the association at once; the peer is told, and what is underway is lost.
    pub fn abort(&self) {
        self.shared.abort_for(Error::AbortedHere);
    }

    async fn hand_over(&self, messages: Vec<Message>) -> Result<(), Error> {
        let mut rest = messages.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut batch, mut cost) = (Vec::with_capacity(rest.len()), 0_u32);
            while let Some(message) = rest.next_if(|_| cost < BATCH_COST) {
                cost = cost.saturating_add(Room::cost(message.octets.len()));
                batch.push(message);
            }
            let held = self.shared.room.take(cost).await;
            let command = Command::Send(Batch { messages: batch, held });
            self.commands.send(command).await.map_err(|_| self.shared.ending())?;
        }
        Ok(())
    }

    /// What a shutdown of what has ended before comes to.
    fn ended(&self) -> Result<(), Error> {
        match self.shared.ending() {
            Error::Closed => Ok(()),
            why => Err(why),
        }
    }
}
