//! The loop over a store that answers when the test likes.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Mutex;

use bytes::Bytes;
use smsc::address::Address;
use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::failure::Failure;
use smsc::future::BoxFuture;
use smsc::message::{Content, Submission};
use smsc::ports::{Gateways, Pressure, Store};
use smsc::rules::routing::matcher::{Destination, Source};
use smsc::rules::routing::table::{RouteTable, Rule};
use smsc::rules::{Rules, RulesHandle};
use smsc::stored::{Event, Query, StoredMessage};
use tokio::sync::Notify;

use super::*;

const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const PATIENCE: Duration = Duration::from_secs(20);

/// What was stored, and when it may be read.
#[derive(Default)]
struct Shelf {
    messages: Mutex<BTreeMap<MessageId, StoredMessage>>,
    due: Mutex<BTreeMap<DueKey, QueueEntry>>,
    /// Whether the list of what waits is held back until `list` is notified.
    holds_list: bool,
    list: Notify,
}

struct SlowStore(Arc<Shelf>);

impl Store for SlowStore {
    fn commit(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), StoreError>> {
        let (mut messages, mut due) = (self.0.messages.lock().unwrap(), self.0.due.lock().unwrap());
        for event in events {
            match event {
                Event::Accepted(message, waiting) => {
                    due.insert(waiting.key, waiting);
                    let stored =
                        StoredMessage { message, attempts: Vec::new(), notes: Vec::new(), outcome: None };
                    messages.insert(waiting.key.id, stored);
                }
                Event::Attempted { was_due, next, .. } => {
                    due.remove(&DueKey { due: was_due, id: next.key.id });
                    due.insert(next.key, next);
                }
                Event::Finished { id, was_due, outcome, .. } => {
                    due.remove(&DueKey { due: was_due, id });
                    messages.entry(id).and_modify(|stored| stored.outcome = Some(outcome));
                }
                _ => {}
            }
        }
        Box::pin(ready(Ok(())))
    }

    fn pressure(&self) -> Pressure {
        Pressure::Free
    }

    fn due(
        &self,
        after: Option<DueKey>,
        _until: Timestamp,
        _limit: usize,
    ) -> BoxFuture<'static, Result<Vec<QueueEntry>, StoreError>> {
        let shelf = Arc::clone(&self.0);
        Box::pin(async move {
            if shelf.holds_list && after.is_none() {
                shelf.list.notified().await;
            }
            let due = shelf.due.lock().unwrap();
            Ok(due
                .values()
                .filter(|waiting| after.is_none_or(|after| waiting.key > after))
                .copied()
                .collect())
        })
    }

    /// The older a message is, the longer its read takes.
    fn get(&self, id: MessageId) -> BoxFuture<'static, Result<Option<StoredMessage>, StoreError>> {
        let messages = self.0.messages.lock().unwrap();
        let newer = messages.range(id..).count();
        let found = messages.get(&id).cloned();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(3 * newer as u64)).await;
            Ok(found)
        })
    }

    fn list(&self, _query: Query) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn by_remote_id(
        &self,
        _link: Name,
        _remote_id: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }

    fn by_client_key(
        &self,
        _account: Name,
        _key: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(None)))
    }
}

/// Takes everything, and notes in which order.
#[derive(Default)]
struct Taken {
    ids: Mutex<Vec<MessageId>>,
    arrived: Notify,
}

struct Taker(Arc<Taken>);

impl Gateways for Taker {
    fn available(&self, _party: &Endpoint) -> usize {
        100
    }

    fn deliver(
        &self,
        _party: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        self.0.ids.lock().unwrap().push(delivery.message.id);
        self.0.arrived.notify_one();
        Box::pin(ready(Ok(DeliveryAck::default())))
    }

    fn capabilities(&self, _party: &Endpoint) -> Capabilities {
        Capabilities { open_per_destination: 100, reassembled: false, sends_receipts: false }
    }
}

/// What a dispatch task is started with.
type DispatchParts = (Arc<Journey>, Arc<SlowStore>, Arc<Taker>);

fn home() -> Endpoint {
    Endpoint::Ss7("home".into())
}

/// A centre that has `count` messages to one phone on its shelf, and their ids.
async fn centre(shelf: &Arc<Shelf>, taken: &Arc<Taken>, count: usize) -> (DispatchParts, Vec<MessageId>) {
    let rules = Rules {
        table: RouteTable::new(vec![Rule {
            name: "phones".into(),
            priority: 1,
            source: Source::default(),
            destination: Destination::Any,
            targets: vec![home()],
            allow_return: false,
            retry: None,
        }]),
        ..Rules::default()
    };
    let store = Arc::new(SlowStore(Arc::clone(shelf)));
    let gateways = Arc::new(Taker(Arc::clone(taken)));
    let rules = RulesHandle::new(rules);
    let clock: Clock = Arc::new(|| START);
    let journey = Arc::new(Journey::new(store.clone(), gateways.clone(), rules, clock, 0, None));
    let content = Content { body: Bytes::from_static(b"hello"), ..Content::default() };
    let submission = Submission::new(
        Endpoint::Esme("acme".into()),
        Address::international("15550100"),
        Address::international("15550201"),
        content,
    );
    let accepted = journey.accept(vec![submission; count]).await;
    (
        (journey, store, gateways),
        accepted.answers.into_iter().map(|answer| answer.expect("it is accepted")).collect(),
    )
}

async fn wait_for(taken: &Taken, count: usize) -> Vec<MessageId> {
    let all = async {
        loop {
            let ids = taken.ids.lock().unwrap().clone();
            if ids.len() >= count {
                return ids;
            }
            taken.arrived.notified().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all are delivered in time")
}

#[tokio::test]
async fn what_is_read_from_disk_keeps_its_turn() {
    let (shelf, taken) = (Arc::new(Shelf::default()), Arc::default());
    let ((journey, store, gateways), ids) = centre(&shelf, &taken, 20).await;
    let dispatch = DispatchHandle::start(journey, store, gateways, Arc::new(|| START));
    dispatch.gateways_are_ready();
    assert_eq!(wait_for(&taken, 20).await, ids);
}

#[tokio::test]
async fn field_54_an_alert_before_the_store_has_told_what_waits_is_heard() {
    let shelf = Arc::new(Shelf { holds_list: true, ..Shelf::default() });
    let taken = Arc::default();
    let ((journey, store, gateways), ids) = centre(&shelf, &taken, 1).await;
    {
        // It was tried before, and waits for an hour.
        let mut due = shelf.due.lock().unwrap();
        let (_, waiting) = due.pop_first().expect("one waits");
        let key = DueKey { due: START + Duration::from_secs(3600), ..waiting.key };
        due.insert(key, QueueEntry { key, attempts: 1, ..waiting });
    }
    let dispatch = DispatchHandle::start(journey, store, gateways, Arc::new(|| START));
    dispatch.gateways_are_ready();
    dispatch.wake_number(&home(), "15550201".into());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(taken.ids.lock().unwrap().is_empty());
    shelf.list.notify_one();
    assert_eq!(wait_for(&taken, 1).await, ids);
}
