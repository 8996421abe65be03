//! The associations of the signalling gateway: who is connected, and what is to be written.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use m3ua::LinkId;
use sctp::{Association, Event, Listener, Message};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Associations at a time; more are closed at once.
pub(super) const LINKS_MAX: u16 = 32;
/// The payload protocol identifier of M3UA.
const M3UA: u32 = 3;
/// Batches that may wait to be written to a peer that does not read; more are dropped.
const BATCHES_MAX: usize = 1024;
/// How long an association may take to close in good order.
const PATIENCE: Duration = Duration::from_secs(2);

/// What happens on associations.
pub(super) enum Happened {
    /// A peer has connected.
    Accepted(Association),
    /// Something came in.
    Received { link: LinkId, generation: u64, events: Vec<Event> },
    /// It is gone.
    Lost { link: LinkId, generation: u64 },
}

/// All of them.
pub(super) struct Links {
    slots: Vec<Option<Slot>>,
    happened: mpsc::Sender<Happened>,
    generation: u64,
}

struct Slot {
    generation: u64,
    peer: SocketAddr,
    sender: sctp::Sender,
    batch: Vec<Message>,
    batches: mpsc::Sender<Vec<Message>>,
}

impl Links {
    /// None yet.
    pub(super) fn new(happened: mpsc::Sender<Happened>) -> Self {
        Self { slots: (0..LINKS_MAX).map(|_| None).collect(), happened, generation: 0 }
    }

    /// Takes a new association in; `None` if all places are taken.
    pub(super) fn accept(&mut self, association: Association) -> Option<(LinkId, u16)> {
        let place = self.slots.iter().position(Option::is_none)?;
        let link = LinkId(u16::try_from(place).ok()?);
        self.generation += 1;
        let generation = self.generation;
        let streams = association.streams();
        let peer = association.peer();
        let (sender, receiver) = association.split();
        let (batches, waiting) = mpsc::channel(BATCHES_MAX);
        tokio::spawn(write(sender.clone(), waiting));
        tokio::spawn(read(receiver, self.happened.clone(), link, generation));
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Some(Slot { generation, peer, sender, batch: Vec::new(), batches });
        }
        Some((link, streams))
    }

    /// Whether what happened concerns the association that has this place now.
    pub(super) fn is_current(&self, link: LinkId, generation: u64) -> bool {
        self.slot(link).is_some_and(|slot| slot.generation == generation)
    }

    /// Queues a message until [`flush`](Self::flush).
    pub(super) fn queue(&mut self, link: LinkId, stream: u16, octets: Bytes) {
        if let Some(slot) = self.slot_mut(link) {
            slot.batch.push(Message { stream, payload_protocol: M3UA, octets });
        }
    }

    /// Hands what is queued to the writers; returns how many messages were dropped.
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

    /// Closes an association after what is queued.
    pub(super) fn close(&mut self, link: LinkId) {
        self.flush();
        if let Some(slot) = self.slot_mut(link) {
            let sender = slot.sender.clone();
            tokio::spawn(async move {
                let _lost_either_way = sender.shutdown(PATIENCE).await;
            });
        }
    }

    /// Breaks an association, as a cable that is pulled.
    pub(super) fn kill(&self, link: LinkId) {
        if let Some(slot) = self.slot(link) {
            slot.sender.abort();
        }
    }

    /// Frees the place of an association that is gone.
    pub(super) fn forget(&mut self, link: LinkId) {
        if let Some(slot) = self.slots.get_mut(usize::from(link.0)) {
            *slot = None;
        }
    }

    /// Who is connected, by place.
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

/// Accepts until the engine is gone.
pub(super) async fn accept(mut listener: Listener, happened: mpsc::Sender<Happened>) {
    loop {
        let accepted = tokio::select! {
            () = happened.closed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(association) => {
                if happened.send(Happened::Accepted(association)).await.is_err() {
                    return;
                }
            }
            // Such as no descriptor left: others may still be closed.
            Err(error) => {
                tracing::warn!(%error, "the mobile network cannot accept an association");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn read(mut receiver: sctp::Receiver, happened: mpsc::Sender<Happened>, link: LinkId, generation: u64) {
    loop {
        let mut events = Vec::new();
        let ended = receiver.receive_all(&mut events).await.is_err();
        if !events.is_empty() && happened.send(Happened::Received { link, generation, events }).await.is_err()
        {
            return;
        }
        if ended {
            break;
        }
    }
    let _engine_may_be_gone = happened.send(Happened::Lost { link, generation }).await;
}

async fn write(sender: sctp::Sender, mut waiting: mpsc::Receiver<Vec<Message>>) {
    let mut batches = Vec::new();
    while waiting.recv_many(&mut batches, BATCHES_MAX).await > 0 {
        let messages = batches.drain(..).flatten().collect();
        match sender.send_all(messages).await {
            // A peer that does not read loses messages; the association stands.
            Ok(()) | Err(sctp::Error::Congested) => {}
            Err(_) => return,
        }
    }
}
