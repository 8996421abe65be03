//! The associations of the signalling gateway: their readers, writers and outgoing batches.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use m3ua::LinkId;
use sctp::{Association, Event, Listener, Message};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Associations at a time; more are closed at once.
pub(super) const ASSOCIATIONS_MAX: u16 = 32;
/// The payload protocol identifier of M3UA.
const M3UA: u32 = 3;
/// Batches that may be queued for a peer that does not read; more are dropped.
const BATCHES_MAX: usize = 1024;
/// How long an association may take to close in good order.
const TIMEOUT: Duration = Duration::from_secs(2);

/// An event of an association.
pub(super) enum AssociationEvent {
    /// A peer connected.
    Accepted(Association),
    /// Messages and events of SCTP arrived.
    Received { link: LinkId, generation: u64, events: Vec<Event> },
    /// The association ended.
    Lost { link: LinkId, generation: u64 },
}

/// All associations, by slot.
pub(super) struct Associations {
    slots: Vec<Option<Slot>>,
    sink: mpsc::Sender<AssociationEvent>,
    generation: u64,
}

/// The state of an association.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AssociationState {
    /// Its number, for [`kill`](crate::mobile_network::MobileNetwork::kill).
    pub number: u16,
    /// The peer's address.
    pub peer: SocketAddr,
    /// down, inactive or active.
    pub state: &'static str,
}

struct Slot {
    generation: u64,
    peer: SocketAddr,
    sender: sctp::Sender,
    batch: Vec<Message>,
    batches: mpsc::Sender<Vec<Message>>,
}

impl Associations {
    /// No associations.
    pub(super) fn new(sink: mpsc::Sender<AssociationEvent>) -> Self {
        Self { slots: (0..ASSOCIATIONS_MAX).map(|_| None).collect(), sink, generation: 0 }
    }

    /// Adds an association; `None` if all slots are in use.
    pub(super) fn accept(&mut self, association: Association) -> Option<(LinkId, u16)> {
        let index = self.slots.iter().position(Option::is_none)?;
        let link = LinkId(u16::try_from(index).ok()?);
        self.generation += 1;
        let generation = self.generation;
        let streams = association.streams();
        let peer = association.peer();
        let (sender, receiver) = association.split();
        let (batches, queue) = mpsc::channel(BATCHES_MAX);
        tokio::spawn(write(sender.clone(), queue));
        tokio::spawn(read(receiver, self.sink.clone(), link, generation));
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Some(Slot { generation, peer, sender, batch: Vec::new(), batches });
        }
        Some((link, streams))
    }

    /// Whether an event belongs to the association that has this slot now.
    pub(super) fn is_current(&self, link: LinkId, generation: u64) -> bool {
        self.slot(link).is_some_and(|slot| slot.generation == generation)
    }

    /// Queues a message until [`flush`](Self::flush).
    pub(super) fn queue(&mut self, link: LinkId, stream: u16, octets: Bytes) {
        if let Some(slot) = self.slot_mut(link) {
            slot.batch.push(Message { stream, payload_protocol: M3UA, octets });
        }
    }

    /// Passes queued messages to the writers; returns how many were dropped.
    pub(super) fn flush(&mut self) -> usize {
        let mut dropped = 0;
        for slot in self.slots.iter_mut().flatten().filter(|slot| !slot.batch.is_empty()) {
            let batch = std::mem::take(&mut slot.batch);
            if let Err(refused) = slot.batches.try_send(batch) {
                dropped += refused.into_inner().len();
            }
        }
        dropped
    }

    /// Shuts an association down after its queued messages are sent.
    pub(super) fn close(&mut self, link: LinkId) {
        self.flush();
        if let Some(slot) = self.slot_mut(link) {
            let sender = slot.sender.clone();
            tokio::spawn(async move {
                let _ = sender.shutdown(TIMEOUT).await; // a failure ends it too
            });
        }
    }

    /// Aborts an association, as a loss of the link does.
    pub(super) fn kill(&self, link: LinkId) {
        if let Some(slot) = self.slot(link) {
            slot.sender.abort();
        }
    }

    /// Frees the slot of an association that has ended.
    pub(super) fn remove(&mut self, link: LinkId) {
        if let Some(slot) = self.slots.get_mut(usize::from(link.0)) {
            *slot = None;
        }
    }

    /// The peers, by slot.
    pub(super) fn peers(&self) -> impl Iterator<Item = (LinkId, SocketAddr)> {
        let numbered = (0_u16..).map(LinkId).zip(&self.slots);
        numbered.filter_map(|(link, slot)| Some((link, slot.as_ref()?.peer)))
    }

    fn slot(&self, link: LinkId) -> Option<&Slot> {
        self.slots.get(usize::from(link.0))?.as_ref()
    }

    fn slot_mut(&mut self, link: LinkId) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(link.0))?.as_mut()
    }
}

/// Accepts associations until the engine ends.
pub(super) async fn accept(mut listener: Listener, sink: mpsc::Sender<AssociationEvent>) {
    loop {
        let accepted = tokio::select! {
            () = sink.closed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(association) => {
                if sink.send(AssociationEvent::Accepted(association)).await.is_err() {
                    return;
                }
            }
            // For instance no descriptor is left: others may still be closed.
            Err(error) => {
                tracing::warn!(%error, "the mobile network cannot accept an association");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn read(
    mut receiver: sctp::Receiver,
    sink: mpsc::Sender<AssociationEvent>,
    link: LinkId,
    generation: u64,
) {
    loop {
        let mut events = Vec::new();
        let is_lost = receiver.receive_all(&mut events).await.is_err();
        if !events.is_empty()
            && sink.send(AssociationEvent::Received { link, generation, events }).await.is_err()
        {
            return;
        }
        if is_lost {
            break;
        }
    }
    let _ = sink.send(AssociationEvent::Lost { link, generation }).await; // the engine may have ended
}

async fn write(sender: sctp::Sender, mut queue: mpsc::Receiver<Vec<Message>>) {
    let mut batches = Vec::new();
    while queue.recv_many(&mut batches, BATCHES_MAX).await > 0 {
        let messages = batches.drain(..).flatten().collect();
        match sender.send_all(messages).await {
            // A peer that does not read loses messages; the association stands.
            Ok(()) | Err(sctp::Error::Congested) => {}
            Err(_) => return,
        }
    }
}
