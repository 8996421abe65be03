//! The ports of the centre in a simulation: its store, and the endpoints that it delivers to.

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard};

use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::{Failure, PeerCode};
use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::ports::{Gateways, Pressure, Store, StoreError};
use smsc::receipt::{RemoteReceipt, State};
use smsc::stored::{DueKey, Event, Query, QueueEntry, QueuedMessage, StoredMessage};
use smsc::timestamp::Timestamp;

use crate::environment::{Action, Environment};
use crate::reply::Reply;

/// The next centre: it sends receipts, and takes several messages to one number at a time.
pub(crate) const CARRIER: &str = "carrier";
/// Open attempts to one number at the carrier.
const CARRIER_WINDOW: u16 = 3;
/// Open attempts at one endpoint.
const ENDPOINT_WINDOW: usize = 8;

/// Handle to the environment.
#[derive(Clone)]
pub(crate) struct Ports(pub(crate) Arc<Mutex<Environment>>);

impl Ports {
    pub(crate) fn environment(&self) -> MutexGuard<'_, Environment> {
        self.0.lock().unwrap()
    }

    pub(crate) fn attempt_begins(&self, group: &[QueuedMessage]) {
        let mut environment = self.environment();
        for queued in group {
            environment.tried.insert(queued.message.id);
            environment.alerted.remove(&queued.message.destination.digits);
        }
        if let [queued] = group {
            let open = environment.open_to.entry(queued.entry.destination).or_default();
            *open += 1;
            let overlaps = *open > 1;
            environment.overlaps += usize::from(overlaps);
        }
    }

    pub(crate) fn attempt_ended(&self, group: &[QueuedMessage]) {
        if let [queued] = group
            && let Some(open) = self.environment().open_to.get_mut(&queued.entry.destination)
        {
            *open = open.saturating_sub(1);
        }
    }
}

impl Store for Ports {
    fn commit(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), StoreError>> {
        let mut environment = self.environment();
        let reply = Reply::new();
        let took = 1 + environment.random.below(20);
        let action = match environment.strikes(2) {
            true => Action::Refused(events, reply.clone()),
            false => Action::Committed(events, reply.clone()),
        };
        environment.at(took, action);
        Box::pin(reply)
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
        let mut environment = self.environment();
        let reply = Reply::new();
        let took = environment.random.below(500);
        if environment.strikes(5) {
            environment.at(took, Action::PageFailed(reply.clone()));
            return Box::pin(reply);
        }
        // Read now, answered later: by then it is old.
        let entries = environment.disk.due.values().filter(|entry| Some(entry.key) > after);
        let page: Vec<QueueEntry> = entries.take(limit).copied().collect();
        environment.at(took, Action::Page(page, reply.clone()));
        Box::pin(reply)
    }

    fn get(&self, id: MessageId) -> BoxFuture<'static, Result<Option<StoredMessage>, StoreError>> {
        let mut environment = self.environment();
        let reply = Reply::new();
        let took = environment.random.below(60);
        let found = match environment.strikes(3) {
            true => {
                environment.store_errors += 1;
                Err(StoreError::Failed("simulated".to_owned()))
            }
            false => Ok(environment.disk.messages.get(&id).cloned()),
        };
        environment.at(took, Action::Read(found, reply.clone()));
        Box::pin(reply)
    }

    fn list(&self, _query: Query) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn by_remote_id(
        &self,
        link: Name,
        remote_id: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(self.environment().disk.remote_ids.get(&(link, remote_id)).copied())))
    }

    fn by_client_key(&self, _: Name, _: Name) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }
}

impl Gateways for Ports {
    fn available(&self, endpoint: &Endpoint) -> usize {
        let environment = self.environment();
        if environment.down.contains(endpoint) || !environment.gateways_ready {
            return 0;
        }
        ENDPOINT_WINDOW.saturating_sub(environment.open_at(endpoint))
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let mut environment = self.environment();
        if environment.down.contains(endpoint) || !environment.gateways_ready {
            return Box::pin(ready(Err(Failure::NoPeer)));
        }
        let id = delivery.message.id;
        environment.attempts += 1;
        let fate = if environment.calm { 99 } else { environment.random.below(100) };
        let latency = 5 + environment.random.below(300);
        let (taken, answer) = match fate {
            0..5 => (false, Err(Failure::Throttled { retry_after: None })),
            5..10 => (false, Err(Failure::ABSENT)),
            17..70 if matches!(endpoint, Endpoint::Ss7(_)) => (false, Err(Failure::ABSENT)),
            10..12 => (false, Err(Failure::Refused(PeerCode::Internal))),
            12..15 => (true, Err(Failure::Timeout)), // taken, but the answer is lost
            15..17 => (false, Err(Failure::Timeout)),
            _ => (true, Ok(())),
        };
        if taken {
            environment.took(id, endpoint, &delivery, answer.is_err());
        }
        let remote_id = (*endpoint == Endpoint::Smpp(CARRIER.into())).then(|| {
            environment.remote_ids += 1;
            Name::from(format!("r{}", environment.remote_ids))
        });
        if let (true, Some(remote_id)) = (taken && answer.is_ok() && delivery.receipt_wanted, &remote_id) {
            environment.plan_receipt(latency, remote_id);
        }
        let answer = answer.map(|()| DeliveryAck { remote_id, via: CARRIER.into() });
        let reply = Reply::new();
        environment.opens(endpoint);
        environment.at(latency, Action::Answered(endpoint.clone(), answer, reply.clone()));
        Box::pin(reply)
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        let ready = self.environment().gateways_ready;
        let is_carrier = matches!(endpoint, Endpoint::Smpp(_));
        Capabilities {
            open_per_destination: if is_carrier && ready { CARRIER_WINDOW } else { 1 },
            reassembled: matches!(endpoint, Endpoint::SipPeer(_)),
            sends_receipts: is_carrier,
        }
    }
}

impl Environment {
    /// The carrier's receipt: early or late, now and then twice or never.
    fn plan_receipt(&mut self, latency: u64, remote_id: &Name) {
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
