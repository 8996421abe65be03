//! The sending half of an association.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::association_state::AssociationState;
use crate::command::{Batch, Command, Shutdown};
use crate::error::Error;
use crate::message::Message;
use crate::send_quota::{QUOTA_OCTETS, SendQuota};

/// Quota that one batch reserves at most, so that a large one does not wait for all of it.
const BATCH_COST: u32 = QUOTA_OCTETS / 4;

/// The sending half. Its clones are of the same association.
#[derive(Clone)]
pub struct Sender {
    commands: mpsc::Sender<Command>,
    state: Arc<AssociationState>,
}

impl Sender {
    pub(crate) fn new(commands: mpsc::Sender<Command>, state: Arc<AssociationState>) -> Self {
        Self { commands, state }
    }

    /// How many outgoing streams there are; 1 over TCP.
    pub fn streams(&self) -> u16 {
        self.state.streams
    }

    /// The peer's address, the first of them where it has several.
    pub fn peer(&self) -> SocketAddr {
        self.state.peer
    }

    /// Queues one message to be sent. It waits for free quota, at most
    /// [`crate::Tuning::send_ms_max`], and not for the peer's acknowledgement.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] and [`Error::Stream`] for a message that cannot be carried,
    /// [`Error::Congested`] without free quota, and why the association ended if it has.
    pub async fn send(&self, stream: u16, payload_protocol: u32, octets: Bytes) -> Result<(), Error> {
        self.send_all(vec![Message { stream, payload_protocol, octets }]).await
    }

    /// Queues messages to be sent together, in as few system calls as the transport can.
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`]. One that cannot be carried refuses all; without quota for all of
    /// them, those at the head may have been sent.
    pub async fn send_all(&self, messages: Vec<Message>) -> Result<(), Error> {
        for message in &messages {
            message.check(self.state.streams)?;
        }
        let limit = Duration::from_millis(self.state.tuning.send_ms_max.into());
        let sent = timeout(limit, self.queue(messages)).await;
        sent.unwrap_or(Err(Error::Congested))
    }

    /// Shuts the association down in good order: sends all that is queued, waits until the peer
    /// has acknowledged it, and closes. What the peer still sends arrives meanwhile, and must be
    /// received: a peer with a closed window cannot acknowledge.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] after `limit`: then it was aborted, and the peer may lack messages.
    pub async fn shutdown(&self, limit: Duration) -> Result<(), Error> {
        let (done, result) = oneshot::channel();
        let deadline = Instant::now() + limit;
        let command = Command::Shutdown(Shutdown { deadline, done });
        let finished = async {
            match self.commands.send(command).await {
                Ok(()) => result.await.unwrap_or_else(|_| self.end_result()),
                Err(_) => self.end_result(),
            }
        };
        // The transport task keeps the deadline too, but reads it only when all before it is sent.
        timeout_at(deadline, finished).await.unwrap_or_else(|_| {
            self.state.abort_for(Error::TimedOut);
            Err(Error::TimedOut)
        })
    }

    /// Aborts the association: the peer receives ABORT, and messages underway are lost.
    pub fn abort(&self) {
        self.state.abort_for(Error::AbortedHere);
    }

    async fn queue(&self, messages: Vec<Message>) -> Result<(), Error> {
        let mut rest = messages.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut batch, mut cost) = (Vec::with_capacity(rest.len()), 0_u32);
            while let Some(message) = rest.next_if(|_| cost < BATCH_COST) {
                cost = cost.saturating_add(SendQuota::cost(message.octets.len()));
                batch.push(message);
            }
            let reservation = self.state.quota.reserve(cost).await;
            let command = Command::Send(Batch { messages: batch, reservation });
            self.commands.send(command).await.map_err(|_| self.state.end_reason())?;
        }
        Ok(())
    }

    /// The result of a shutdown when the association has ended before.
    fn end_result(&self) -> Result<(), Error> {
        match self.state.end_reason() {
            Error::Closed => Ok(()),
            why => Err(why),
        }
    }
}
