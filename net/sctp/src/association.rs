//! An established association: its sender and its receiver in one handle.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::error::Error;
use crate::message::{Event, Message};
use crate::receiver::Receiver;
use crate::sender::Sender;

/// An established association. Dropping it aborts it.
pub struct Association {
    sender: Sender,
    receiver: Receiver,
}

impl Association {
    pub(crate) fn new(sender: Sender, receiver: Receiver) -> Self {
        Self { sender, receiver }
    }

    /// Splits it into its two halves, for two tasks.
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// How many outgoing streams there are; 1 over TCP.
    pub fn streams(&self) -> u16 {
        self.sender.streams()
    }

    /// The peer's address, the first of them where it has several.
    pub fn peer(&self) -> SocketAddr {
        self.sender.peer()
    }

    /// See [`Sender::send`].
    pub async fn send(&self, stream: u16, payload_protocol: u32, octets: Bytes) -> Result<(), Error> {
        self.sender.send(stream, payload_protocol, octets).await
    }

    /// See [`Sender::send_all`].
    pub async fn send_all(&self, messages: Vec<Message>) -> Result<(), Error> {
        self.sender.send_all(messages).await
    }

    /// See [`Receiver::receive`].
    pub async fn receive(&mut self) -> Result<Event, Error> {
        self.receiver.receive().await
    }

    /// See [`Receiver::receive_all`].
    pub async fn receive_all(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        self.receiver.receive_all(events).await
    }

    /// Shuts it down in good order, as [`Sender::shutdown`] does. What the peer still sends is
    /// dropped; split the association first to receive it.
    ///
    /// # Errors
    ///
    /// As for [`Sender::shutdown`].
    pub async fn shutdown(self, limit: Duration) -> Result<(), Error> {
        let Self { sender, mut receiver } = self;
        let received = async { while receiver.receive().await.is_ok() {} };
        let (done, ()) = tokio::join!(sender.shutdown(limit), received);
        done
    }

    /// Aborts it; see [`Sender::abort`].
    pub fn abort(self) {
        self.sender.abort();
    }
}
