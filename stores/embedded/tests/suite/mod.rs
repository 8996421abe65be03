//! What every store must do, whatever its engine: functions over `dyn Store`, to be called with
//! an empty store each.

#![allow(dead_code, reason = "each test binary uses a part of the suite")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;
use smsc::message::{Content, Kind, Message, Mode};
use smsc::ports::{Store, StoreError};
use smsc::receipt::{Outcome, Receipt, ReceiptRequest, State};
use smsc::stored::{Attempt, DueKey, Event, Note, Query, QueryBy, QueueEntry};
use smsc::timestamp::Timestamp;

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_795_435_200_000);

/// The `sequence`-th id given out at `time`.
pub(crate) fn id_at(time: Timestamp, sequence: u64) -> MessageId {
    let epoch = MessageId::from_u64(0).time();
    MessageId::from_u64((time.millis() - epoch.millis()) << 22 | sequence)
}

/// A message of an account to a destination, as an ESME submits it.
pub(crate) fn message(id: MessageId, account: &str, destination: &str) -> Message {
    Message {
        id,
        origin: Endpoint::Esme(account.into()),
        account: account.into(),
        source: Address::alphanumeric("ACME"),
        destination: Address::international(destination),
        presented: None,
        route: "default".into(),
        content: Content {
            data_coding: 0,
            header: Bytes::new(),
            body: Bytes::from(format!("Your code is {}. It is valid for ten minutes.", id.get() % 1_000_000)),
        },
        mode: Mode::StoreAndForward,
        receipt: ReceiptRequest::ALWAYS,
        priority: 1,
        protocol_id: 0,
        reply_path: false,
        service_type: "".into(),
        optional: Bytes::new(),
        accepted_at: id.time(),
        deliver_after: id.time(),
        expires_at: id.time() + Duration::from_secs(86_400),
        client_key: None,
        headers: Vec::new(),
        kind: Kind::Ordinary,
    }
}

/// The waiting entry of a message that is due at `due`.
pub(crate) fn waiting(id: MessageId, due: Timestamp) -> QueueEntry {
    QueueEntry {
        key: DueKey { due, id },
        expires_at: due + Duration::from_secs(86_400),
        destination: 0x0123_4567_89ab_cdef ^ id.get(),
        route_queue: 42,
        priority: 2,
        attempts: 3,
        handed_over: true,
    }
}

pub(crate) fn accepted(message: Message) -> Event {
    let waiting = waiting(message.id, message.deliver_after);
    Event::Accepted(Arc::new(message), waiting)
}

pub(crate) fn attempt(number: u16, at: Timestamp) -> Attempt {
    Attempt {
        number,
        at,
        took_ms: 12,
        endpoint: "smpp:carrier-a".into(),
        via: "carrier-a/1".into(),
        remote_id: Some("7F3A".into()),
        error: 0,
        reason: String::new(),
    }
}

pub(crate) fn finished(id: MessageId, was_due: Timestamp) -> Event {
    let at = was_due + Duration::from_millis(40);
    Event::Finished {
        id,
        was_due,
        attempt: Some(attempt(1, was_due)),
        outcome: Outcome { state: State::Delivered, at, error: 0 },
    }
}

async fn all_due(store: &dyn Store) -> Vec<QueueEntry> {
    store.due(None, Timestamp::NEVER, usize::MAX).await.unwrap()
}

fn query(by: QueryBy, limit: usize) -> Query {
    Query { by, before: None, from: Timestamp::from_millis(0), until: Timestamp::NEVER, limit }
}

/// Every field of a message comes back as it was.
pub(crate) async fn a_message_comes_back_as_it_was(store: &dyn Store) {
    let plain = message(id_at(NOON, 1), "acme", "4915112345678");
    let mut rich = message(id_at(NOON, 2), "acme", "4915112345678");
    rich.presented = Some(Box::new((Address::alphanumeric("Acme"), Address::international("015112345678"))));
    rich.content.header = Bytes::from_static(&[5, 0, 3, 7, 2, 1]);
    rich.content.body = Bytes::from((0..=255).collect::<Vec<u8>>());
    rich.headers = vec![("X-Colour".into(), "blue".to_owned()), ("X-Empty".into(), String::new())];
    rich.optional = Bytes::from_static(&[0x02, 0x04, 0, 2, 0, 9]);
    rich.service_type = "CMT".into();
    rich.reply_path = true;
    rich.protocol_id = 0x41;
    rich.client_key = Some("order-17".into());
    let mut receipt = message(id_at(NOON, 3), "", "4915112345678");
    receipt.origin = Endpoint::Platform;
    receipt.kind = Kind::Receipt {
        to: Endpoint::Esme("acme".into()),
        receipt: Box::new(Receipt {
            about: plain.id,
            state: State::Undeliverable,
            error: 27,
            submitted_at: NOON,
            done_at: NOON + Duration::from_secs(3),
            excerpt: Bytes::from_static(b"Your code is"),
            excerpt_coding: 0,
            client_key: Some("order-17".into()),
        }),
    };
    for message in [plain, rich, receipt] {
        store.commit(vec![accepted(message.clone())]).await.unwrap();
        let stored = store.get(message.id).await.unwrap().unwrap();
        assert_eq!(*stored.message, message);
        assert!(stored.attempts.is_empty() && stored.notes.is_empty() && stored.outcome.is_none());
    }
    assert_eq!(store.get(id_at(NOON, 9)).await.unwrap().map(|_| ()), None);
    assert_eq!(store.get(MessageId::from_u64(0)).await.unwrap().map(|_| ()), None);
    assert_eq!(store.get(MessageId::from_u64(u64::MAX)).await.unwrap().map(|_| ()), None);
}

/// Attempts and notes come back in their order, the outcome last.
pub(crate) async fn a_journey_leaves_its_trace(store: &dyn Store) {
    let id = id_at(NOON, 1);
    let later = NOON + Duration::from_secs(60);
    let first =
        Attempt { error: 8, reason: "subscriber is absent".to_owned(), remote_id: None, ..attempt(1, NOON) };
    let note = |text: &str| Note { at: NOON, station: "rules".into(), text: text.to_owned() };
    store.commit(vec![accepted(message(id, "acme", "491511"))]).await.unwrap();
    store
        .commit(vec![
            Event::Attempted { was_due: NOON, attempt: Some(first.clone()), next: waiting(id, later) },
            Event::Noted { id, note: note("one") },
            Event::Noted { id, note: note("two") },
        ])
        .await
        .unwrap();
    assert_eq!(all_due(store).await, [waiting(id, later)]);
    let second = attempt(2, later);
    let outcome = Outcome { state: State::Delivered, at: later, error: 0 };
    let end = Event::Finished { id, was_due: later, attempt: Some(second.clone()), outcome: outcome.clone() };
    store.commit(vec![end]).await.unwrap();
    store.commit(vec![Event::Noted { id, note: note("three") }]).await.unwrap();
    let stored = store.get(id).await.unwrap().unwrap();
    assert_eq!(stored.attempts, [first, second]);
    assert_eq!(stored.notes, ["one", "two", "three"].map(note));
    assert_eq!(stored.outcome, Some(outcome));
    assert_eq!(all_due(store).await, []);
}

/// The due index gives each entry once, in the order of its keys, from a cursor on.
pub(crate) async fn due_goes_on_from_its_cursor(store: &dyn Store) {
    let at = |seconds| NOON + Duration::from_secs(seconds);
    let mut expected = Vec::new();
    for n in 0..100 {
        // Neither in the order of ids nor of times, and ten of a time.
        let entry = waiting(id_at(NOON, n), at(n * 7 % 10));
        let message = Arc::new(message(entry.key.id, "acme", "491511"));
        store.commit(vec![Event::Accepted(message, entry)]).await.unwrap();
        expected.push(entry);
    }
    expected.sort_by_key(|entry| entry.key);
    let mut found = Vec::new();
    loop {
        let page = store.due(found.last().map(|entry: &QueueEntry| entry.key), at(8), 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, expected[..90]);
    assert_eq!(store.due(Some(found[89].key), at(0), 7).await.unwrap(), []);
    assert_eq!(store.due(None, at(9), 0).await.unwrap(), []);
}

/// A message that is rescheduled for the time it already had waits on, once, by its last entry.
pub(crate) async fn a_message_rescheduled_in_place_waits_once(store: &dyn Store) {
    let id = id_at(NOON, 1);
    store.commit(vec![accepted(message(id, "acme", "491511"))]).await.unwrap();
    let next = QueueEntry { attempts: 9, handed_over: false, ..waiting(id, NOON) };
    for _ in 0..3 {
        store.commit(vec![Event::Attempted { was_due: NOON, attempt: None, next }]).await.unwrap();
        assert_eq!(all_due(store).await, [next]);
    }
    store.commit(vec![finished(id, NOON)]).await.unwrap();
    assert_eq!(all_due(store).await, []);
}

/// All that happens to a message may come in one call, or in calls that are not awaited.
pub(crate) async fn a_replaced_message_is_the_new_one(store: &dyn Store) {
    let id = id_at(NOON, 1);
    let old = message(id, "acme", "4915112345678");
    store.commit(vec![accepted(old.clone())]).await.unwrap();
    let mut new = Message { expires_at: NOON + Duration::from_secs(7_200), ..old.clone() };
    new.content.body = Bytes::from_static(b"another text, and a longer one");
    let later = NOON + Duration::from_secs(60);
    let was_due = waiting(id, NOON).key.due;
    let next = QueueEntry { expires_at: new.expires_at, ..waiting(id, later) };
    let replaced = Event::Replaced { message: Arc::new(new.clone()), was_due, next };
    store.commit(vec![replaced]).await.unwrap();
    let stored = store.get(id).await.unwrap().unwrap();
    assert_eq!((&*stored.message, stored.outcome), (&new, None));
    assert_eq!(all_due(store).await, [next], "it waits once");
    let by_account = store.list(query(QueryBy::Account("acme".into()), 9)).await.unwrap();
    assert_eq!(by_account, [id], "and is listed once");
}

pub(crate) async fn events_take_effect_in_their_order(store: &dyn Store) {
    let later = NOON + Duration::from_secs(1);
    let moved =
        |id| Event::Attempted { was_due: NOON, attempt: Some(attempt(1, NOON)), next: waiting(id, later) };
    let one = id_at(NOON, 1);
    store
        .commit(vec![accepted(message(one, "acme", "491511")), moved(one), finished(one, later)])
        .await
        .unwrap();
    let two = id_at(NOON, 2);
    drop(store.commit(vec![accepted(message(two, "acme", "491511"))]));
    drop(store.commit(vec![moved(two)]));
    store.commit(vec![finished(two, later)]).await.unwrap();
    for id in [one, two] {
        assert!(store.get(id).await.unwrap().unwrap().outcome.is_some());
    }
    assert_eq!(all_due(store).await, []);
}

/// Lists are newest first, page by page, without repeats or gaps, also while messages come in.
pub(crate) async fn lists_are_stable_under_inserts(store: &dyn Store) {
    let accounts = ["acme", "acm", "zenith"];
    let mut of_acme = BTreeSet::new();
    for batch in 0..30_u64 {
        // 200 ms apart, so that several batches share a second; ids of a batch are not in order.
        let time = NOON + Duration::from_millis(batch * 200);
        let mut events = Vec::new();
        for n in [4, 0, 3, 1, 2, 5, 6, 7] {
            let account = accounts[usize::try_from(n % 3).unwrap()];
            let id = id_at(time, n);
            if account == "acme" {
                of_acme.insert(id);
            }
            events.push(accepted(message(id, account, &format!("49151{}", n % 2))));
        }
        store.commit(events).await.unwrap();
    }
    for by in [QueryBy::Account("acme".into()), QueryBy::Any, QueryBy::Destination("491511".into())] {
        let whole = store.list(query(by.clone(), usize::MAX)).await.unwrap();
        assert!(whole.is_sorted_by(|one, other| one > other), "{by:?}");
        let mut paged = Vec::new();
        loop {
            let before = paged.last().copied();
            let page = store.list(Query { before, ..query(by.clone(), 7) }).await.unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
            let newest = id_at(NOON + Duration::from_secs(60), u64::try_from(paged.len()).unwrap());
            store.commit(vec![accepted(message(newest, "acme", "491511"))]).await.unwrap();
        }
        let ours: Vec<_> =
            paged.into_iter().filter(|id| id.time() < NOON + Duration::from_secs(60)).collect();
        let before: Vec<_> =
            whole.into_iter().filter(|id| id.time() < NOON + Duration::from_secs(60)).collect();
        assert_eq!(ours, before, "{by:?}");
    }
    let limits = Query {
        from: NOON + Duration::from_millis(400),
        until: NOON + Duration::from_millis(2_000),
        ..query(QueryBy::Account("acme".into()), usize::MAX)
    };
    let within = |id: &MessageId| (limits.from..limits.until).contains(&id.time());
    let expected: Vec<_> = of_acme.iter().rev().copied().filter(within).collect();
    assert_eq!(store.list(limits).await.unwrap(), expected);
    assert_eq!(store.list(query(QueryBy::Source("ACME".into()), 1)).await.unwrap().len(), 1);
    assert_eq!(store.list(query(QueryBy::Account("nobody".into()), 9)).await.unwrap(), []);
}

/// A list goes on over midnight.
pub(crate) async fn lists_cross_days(store: &dyn Store) {
    let days = [0_u64, 1, 2, 5].map(|day| id_at(NOON + Duration::from_secs(86_400 * day), 1));
    for id in days {
        store.commit(vec![accepted(message(id, "acme", "491511"))]).await.unwrap();
    }
    for by in [QueryBy::Any, QueryBy::Account("acme".into()), QueryBy::Destination("491511".into())] {
        let found = store.list(query(by.clone(), 3)).await.unwrap();
        assert_eq!(found, [days[3], days[2], days[1]]);
        let rest = store.list(Query { before: Some(days[1]), ..query(by, 3) }).await.unwrap();
        assert_eq!(rest, [days[0]]);
    }
}

/// A peer's id leads to our message, for its own link only.
pub(crate) async fn remote_ids_are_found(store: &dyn Store) {
    let (one, two) = (id_at(NOON, 1), id_at(NOON + Duration::from_secs(86_400), 1));
    let correlated = |link: &str, remote_id: &str, id| Event::Correlated {
        link: link.into(),
        remote_id: remote_id.into(),
        id,
    };
    store.commit(vec![accepted(message(one, "acme", "491511"))]).await.unwrap();
    store.commit(vec![accepted(message(two, "acme", "491511"))]).await.unwrap();
    store.commit(vec![correlated("a", "7F", one), correlated("ab", "7", two)]).await.unwrap();
    assert_eq!(store.by_remote_id("a".into(), "7F".into()).await, Ok(Some(one)));
    assert_eq!(store.by_remote_id("ab".into(), "7".into()).await, Ok(Some(two)));
    assert_eq!(store.by_remote_id("a".into(), "7".into()).await, Ok(None));
    assert_eq!(store.by_remote_id("a".into(), "b7".into()).await, Ok(None));
    // The peer uses its number again: the newest meaning holds.
    store.commit(vec![correlated("a", "7F", two)]).await.unwrap();
    assert_eq!(store.by_remote_id("a".into(), "7F".into()).await, Ok(Some(two)));
}

/// R8: the same client key many times at once gives one message.
pub(crate) async fn a_client_key_gives_one_message(store: Arc<dyn Store>) {
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..1_000 {
        let store = Arc::clone(&store);
        calls.spawn(async move {
            let mut message = message(id_at(NOON, n), "acme", "491511");
            message.client_key = Some("order-17".into());
            let id = message.id;
            match store.commit(vec![accepted(message)]).await {
                Ok(()) => (id, true),
                Err(StoreError::KeyTaken(owner)) => (owner, false),
                Err(other) => panic!("{other}"),
            }
        });
    }
    let answers = calls.join_all().await;
    let owners: BTreeSet<_> = answers.iter().map(|(id, _)| *id).collect();
    assert_eq!(owners.len(), 1);
    assert_eq!(answers.iter().filter(|(_, ours)| *ours).count(), 1);
    let owner = *owners.first().unwrap();
    assert_eq!(store.by_client_key("acme".into(), "order-17".into()).await, Ok(Some(owner)));
    assert_eq!(store.by_client_key("zenith".into(), "order-17".into()).await, Ok(None));
    assert_eq!(all_due(&*store).await.len(), 1);
    assert_eq!(store.list(query(QueryBy::Any, 9)).await.unwrap(), [owner]);
    // Another account's key of the same name is another key; a day later it is still taken.
    let tomorrow = NOON + Duration::from_secs(86_400);
    for (account, expected) in [("zenith", Ok(())), ("acme", Err(StoreError::KeyTaken(owner)))] {
        let mut message = message(id_at(tomorrow, 1), account, "491511");
        message.client_key = Some("order-17".into());
        assert_eq!(store.commit(vec![accepted(message)]).await, expected);
    }
}

/// A call that is refused leaves nothing behind, whatever else was in it.
pub(crate) async fn a_refused_call_leaves_nothing(store: &dyn Store) {
    let keyed = |n, key: &str| {
        let mut message = message(id_at(NOON, n), "acme", "491511");
        message.client_key = Some(key.into());
        accepted(message)
    };
    store.commit(vec![keyed(1, "a")]).await.unwrap();
    let refused = store.commit(vec![keyed(2, "b"), keyed(3, "a")]).await;
    assert_eq!(refused, Err(StoreError::KeyTaken(id_at(NOON, 1))));
    assert_eq!(store.by_client_key("acme".into(), "b".into()).await, Ok(None));
    assert!(store.get(id_at(NOON, 2)).await.unwrap().is_none());
    assert_eq!(store.commit(vec![keyed(4, "b")]).await, Ok(()));
    let mut long = message(id_at(NOON, 5), &"x".repeat(300), "491511");
    long.client_key = None;
    assert!(store.commit(vec![keyed(6, "c"), accepted(long)]).await.is_err());
    assert_eq!(store.by_client_key("acme".into(), "c".into()).await, Ok(None));
}
