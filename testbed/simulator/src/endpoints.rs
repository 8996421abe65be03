//! What stands around the centre: its disk and the endpoints it delivers to, as its ports see them.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use smsc::failure::{Failure, PeerCode};
use smsc::message::{Endpoint, MessageId, Name, Timestamp};
use smsc::ports::{
    BoxFuture, Capabilities, Delivery, DeliveryAck, DueKey, Event, Gateways, Pressure, Query, QueueEntry,
    Store, StoreError, StoredMessage,
};
use smsc::receipt::{RemoteReceipt, State};

use crate::world::{Action, Nature};

/// A word that comes later.
#[derive(Debug)]
pub(crate) struct Word<T>(Arc<Mutex<Option<T>>>);

impl<T> Clone for Word<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Word<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    pub(crate) fn say(&self, value: T) {
        *self.0.lock().unwrap() = Some(value);
    }
}

impl<T> Future for Word<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        self.0.lock().unwrap().take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The ports of the centre.
#[derive(Clone)]
pub(crate) struct Around(pub(crate) Arc<Mutex<Nature>>);

impl Around {
    pub(crate) fn nature(&self) -> MutexGuard<'_, Nature> {
        self.0.lock().unwrap()
    }
}

impl Store for Around {
    fn commit(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), StoreError>> {
        let mut nature = self.nature();
        let word = Word::new();
        let took = 1 + nature.random.below(20);
        nature.at(took, Action::Committed(events, word.clone()));
        Box::pin(word)
    }

    fn pressure(&self) -> Pressure {
        Pressure::Free
    }

    fn due(
        &self,
        after: Option<DueKey>,
        _until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<QueueEntry>, StoreError>> {
        let mut nature = self.nature();
        // Read now, told later: by then it is old.
        let page: Vec<QueueEntry> = nature
            .disk
            .due
            .values()
            .filter(|waiting| Some(waiting.key) > after)
            .take(limit)
            .copied()
            .collect();
        let word = Word::new();
        let took = nature.random.below(500);
        nature.at(took, Action::Page(page, word.clone()));
        Box::pin(word)
    }

    fn get(&self, id: MessageId) -> BoxFuture<'static, Result<Option<StoredMessage>, StoreError>> {
        Box::pin(ready(Ok(self.nature().disk.messages.get(&id).cloned())))
    }

    fn list(&self, _query: Query) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn by_remote_id(
        &self,
        link: Name,
        remote_id: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(self.nature().disk.remote_ids.get(&(link, remote_id)).copied())))
    }

    fn by_client_key(&self, _: Name, _: Name) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }
}

/// The endpoint whose hand-over is not the end.
pub(crate) const CARRIER: &str = "carrier";

impl Gateways for Around {
    fn available(&self, endpoint: &Endpoint) -> usize {
        let nature = self.nature();
        if nature.down.contains(endpoint) { 0 } else { 8_usize.saturating_sub(nature.open_at(endpoint)) }
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let mut nature = self.nature();
        if nature.down.contains(endpoint) {
            return Box::pin(ready(Err(Failure::NoPeer)));
        }
        let id = delivery.message.id;
        nature.attempts += 1;
        let fate = if nature.calm { 99 } else { nature.random.below(100) };
        let latency = 5 + nature.random.below(300);
        let (taken, answer) = match fate {
            0..5 => (false, Err(Failure::Throttled { retry_after: None })),
            5..10 => (false, Err(Failure::ABSENT)),
            10..12 => (false, Err(Failure::Refused(PeerCode::Internal))),
            12..15 => (true, Err(Failure::Timeout)), // taken, but the answer is lost
            15..17 => (false, Err(Failure::Timeout)),
            _ => (true, Ok(())),
        };
        if taken {
            nature.took(id, endpoint, &delivery, answer.is_err());
        }
        let remote_id = (*endpoint == Endpoint::Smpp(CARRIER.into())).then(|| {
            nature.remote_ids += 1;
            Name::from(format!("r{}", nature.remote_ids))
        });
        if let (true, Some(remote_id)) = (taken && answer.is_ok() && delivery.receipt_wanted, &remote_id) {
            nature.receipt_for(latency, remote_id);
        }
        let answer = answer.map(|()| DeliveryAck { remote_id, via: CARRIER.into() });
        let word = Word::new();
        nature.open_more(endpoint);
        nature.at(latency, Action::Answered(endpoint.clone(), answer, word.clone()));
        Box::pin(word)
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        Capabilities {
            open_per_destination: 1,
            reassembled: matches!(endpoint, Endpoint::SipPeer(_)),
            sends_receipts: matches!(endpoint, Endpoint::Smpp(_)),
        }
    }
}

impl Nature {
    /// The carrier's receipt: early or late, now and then twice or never.
    fn receipt_for(&mut self, latency: u64, remote_id: &Name) {
        let state = if self.random.chance(80) { State::Delivered } else { State::Undeliverable };
        let receipt = |state| RemoteReceipt {
            link: CARRIER.into(),
            remote_ids: vec![remote_id.clone()],
            state,
            error: 0,
        };
        let times = match self.random.below(10) {
            0 => 0,
            1 => 2,
            _ => 1,
        };
        if self.random.chance(20) {
            let delay = self.random.below(latency * 2);
            self.at(delay, Action::Receipt(receipt(State::Enroute)));
        }
        for _ in 0..times {
            let span = if self.random.chance(40) { latency + 30 } else { 100_000 };
            let delay = self.random.below(span);
            self.at(delay, Action::Receipt(receipt(state)));
        }
    }
}
