//! One association, established and whole.

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

    /// Its two halves, for two tasks.
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// How many streams we may send on; 1 over TCP.
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

    /// Ends it in good order, as [`Sender::shutdown`] does. What the peer still sends is dropped;
    /// who wants it splits the association first.
    ///
    /// # Errors
    ///
    /// As for [`Sender::shutdown`].
    pub async fn shutdown(self, patience: Duration) -> Result<(), Error> {
        let Self { sender, mut receiver } = self;
        let received = async { while receiver.receive().await.is_ok() {} };
        let (done, ()) = tokio::join!(sender.shutdown(patience), received);
        done
    }

    /// Ends it at once; see [`Sender::abort`].
    pub fn abort(self) {
        self.sender.abort();
    }
}
