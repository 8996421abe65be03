//! The journey of a message, leg by leg, in virtual time.

use std::time::Duration;

use crate::world::{World, carrier, esme, remote, rules, submission, taken};
use bytes::Bytes;
use smsc::attempt::NextStep;
use smsc::failure::{Failure, PeerCode};
use smsc::message::{Mode, Validity};
use smsc::ports::Pressure;
use smsc::queue::throttle::Rate;
use smsc::receipt::{ReceiptRequest, State};
use smsc::rejection::Rejection;
use smsc::rules::AccountRules;
use smsc::stored::{Event, QueuedMessage};

const PHONE: &str = "4915112345678";

fn throttled() -> Failure {
    Failure::Throttled { retry_after: None }
}

/// The part as it waits after an attempt.
fn again(part: &QueuedMessage, next: &[(smsc::ids::MessageId, NextStep)]) -> QueuedMessage {
    match next {
        [(id, NextStep::Again(waiting) | NextStep::AgainOnceOpen(waiting))] if *id == part.message.id => {
            QueuedMessage { message: part.message.clone(), entry: *waiting }
        }
        other => panic!("it should wait on: {other:?}"),
    }
}

#[test]
fn a_delivered_message_ends_and_its_receipt_sets_out_in_one_commit() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    let attempted = world.attempt(std::slice::from_ref(&part));
    assert_eq!(attempted.next, [(part.message.id, NextStep::Ended)]);
    assert_eq!(world.state(part.message.id), Some(State::Delivered));
    let commit = world.store.last_commit();
    assert!(commit.iter().any(|event| matches!(event, Event::Finished { .. })));
    assert!(commit.iter().any(|event| matches!(event, Event::Accepted(..))));
    let [receipt] = &attempted.receipts[..] else { panic!("one receipt") };
    assert_eq!(receipt.message.as_receipt().unwrap().about, part.message.id);
    assert_eq!(receipt.message.destination, part.message.source);
    world.attempt(&attempted.receipts);
    assert_eq!(world.tried(), [carrier("a"), esme()], "back to the submitter, whatever its number");
}

#[test]
fn there_is_no_receipt_for_a_receipt() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    let receipt = world.attempt(&[part]).receipts.remove(0);
    world.answers(&esme(), [Err(Failure::Refused(PeerCode::Internal))]);
    let attempted = world.attempt(std::slice::from_ref(&receipt));
    assert_eq!(attempted.next, [(receipt.message.id, NextStep::Ended)]);
    assert!(attempted.receipts.is_empty());
    assert!(world.store.waiting().is_empty());
}

#[test]
fn a_target_without_a_peer_or_that_throttles_is_followed_by_the_next() {
    for failure in [Failure::NoPeer, throttled()] {
        let world = World::new(rules());
        let part = world.accept(submission(PHONE));
        world.answers(&carrier("a"), [Err(failure)]);
        world.attempt(std::slice::from_ref(&part));
        assert_eq!(world.tried(), [carrier("a"), carrier("b")]);
        let stored = world.store.read(part.message.id);
        assert_eq!(stored.attempts.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(world.state(part.message.id), Some(State::Delivered));
    }
}

#[test]
fn a_target_that_may_have_the_message_is_not_followed_by_the_next() {
    for failure in [Failure::Timeout, Failure::Refused(PeerCode::CommandStatus(0x0b))] {
        let world = World::new(rules());
        let part = world.accept(submission(PHONE));
        world.answers(&carrier("a"), [Err(failure)]);
        world.attempt(&[part]);
        assert_eq!(world.tried(), [carrier("a")]);
    }
}

#[test]
fn the_retry_plan_is_followed_until_the_validity_ends() {
    let world = World::new(rules());
    let mut wish = submission(PHONE);
    wish.validity = Some(Validity::For(Duration::from_secs(1000)));
    let mut part = world.accept(wish);
    let begun = world.now();
    world.answers(&carrier("a"), vec![Err(Failure::Timeout); 10]);
    let mut times = vec![];
    while world.now() < part.message.expires_at {
        let attempted = world.attempt(std::slice::from_ref(&part));
        part = again(&part, &attempted.next);
        times.push(part.entry.key.due.since(begun).as_secs());
        world.wait_until(part.entry.key.due);
    }
    assert_eq!(times, [20, 320, 920, 1000]);
    let expired = pollster::block_on(world.journey.expire(&part)).unwrap();
    let receipt = expired.receipts[0].message.as_receipt().unwrap().clone();
    assert_eq!((receipt.state, receipt.error), (State::Expired, 228));
    assert_eq!(world.state(part.message.id), Some(State::Expired));
}

#[test]
fn field_43_a_throttling_peer_ends_nothing_and_uses_up_no_attempt() {
    let world = World::new(rules());
    let mut part = world.accept(submission(PHONE));
    let mut delays = vec![];
    for _ in 0..20 {
        world.answers(&carrier("a"), [Err(Failure::NoPeer)]);
        world.answers(&carrier("b"), [Err(throttled())]);
        let attempted = world.attempt(std::slice::from_ref(&part));
        part = again(&part, &attempted.next);
        delays.push(part.entry.key.due.since(world.now()).as_secs());
        world.wait_until(part.entry.key.due);
    }
    assert_eq!(delays[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(part.entry.attempts, 1);
    world.answers(&carrier("a"), [Err(Failure::ABSENT)]);
    let attempted = world.attempt(std::slice::from_ref(&part));
    let delay = again(&part, &attempted.next).entry.key.due.since(world.now());
    assert_eq!(delay.as_secs(), 300, "not a day, as after twenty attempts of its own");
}

#[test]
fn a_remote_receipt_ends_the_message_once() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    world.answers(&carrier("a"), [taken("77")]);
    let attempted = world.attempt(std::slice::from_ref(&part));
    assert!(matches!(attempted.next[..], [(_, NextStep::HandedOver(_))]));
    assert!(attempted.receipts.is_empty(), "hand-over is not the end");
    // Enroute adds nothing new.
    let enroute = world.remote_receipt(&remote("77", State::Enroute)).unwrap();
    assert!(enroute.next.is_empty() && enroute.receipts.is_empty());
    let ended = world.remote_receipt(&remote("77", State::Undeliverable)).unwrap();
    assert_eq!(ended.next, [(part.message.id, NextStep::Ended)]);
    assert_eq!(ended.receipts[0].message.as_receipt().unwrap().state, State::Undeliverable);
    let second = world.remote_receipt(&remote("77", State::Delivered)).unwrap();
    assert!(second.next.is_empty() && second.receipts.is_empty());
    assert_eq!(world.state(part.message.id), Some(State::Undeliverable));
    assert!(world.remote_receipt(&remote("78", State::Delivered)).is_none(), "unknown");
}

#[test]
fn a_remote_receipt_finds_its_message_after_the_rules_changed() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    world.answers(&carrier("a"), [taken("77")]);
    world.attempt(std::slice::from_ref(&part));
    let mut others = rules();
    others.receipt_grace = Duration::from_secs(7);
    world.journey.rules().replace(others);
    world.remote_receipt(&remote("77", State::Delivered)).unwrap();
    assert_eq!(world.state(part.message.id), Some(State::Delivered));
}

#[test]
fn field_41_a_receipt_before_its_answer_is_kept_for_thirty_seconds() {
    for (pause, ended) in [(29, true), (31, false)] {
        let world = World::new(rules());
        let part = world.accept(submission(PHONE));
        world.answers(&carrier("a"), [taken("77")]);
        assert!(world.remote_receipt(&remote("77", State::Delivered)).is_none());
        world.wait(Duration::from_secs(pause));
        world.remote_receipt(&remote("other", State::Delivered));
        let attempted = world.attempt(std::slice::from_ref(&part));
        assert_eq!(matches!(attempted.next[..], [(_, NextStep::Ended)]), ended);
        assert_eq!(attempted.receipts.len(), usize::from(ended));
    }
}

#[test]
fn a_receipt_that_never_comes_leaves_the_state_unknown() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    world.answers(&carrier("a"), [taken("77")]);
    let attempted = world.attempt(std::slice::from_ref(&part));
    let [(_, NextStep::HandedOver(waiting))] = attempted.next[..] else { panic!("handed over") };
    let held = QueuedMessage { entry: waiting, ..part.clone() };
    world.wait_until(waiting.expires_at);
    let ended = pollster::block_on(world.journey.unreported(&held)).unwrap();
    assert_eq!(ended.receipts.len(), 1);
    assert_eq!(world.state(part.message.id), Some(State::Unknown));
    let again = pollster::block_on(world.journey.unreported(&held)).unwrap();
    assert!(again.receipts.is_empty(), "it has ended");
}

#[test]
fn one_receipt_for_a_whole_ends_all_its_segments() {
    let world = World::new(rules());
    let parts: Vec<QueuedMessage> = (1..=3)
        .map(|n| {
            let mut segment = submission(PHONE);
            segment.content.header = Bytes::copy_from_slice(&[5, 0, 3, 9, 3, n]);
            world.accept(segment)
        })
        .collect();
    world.answers(&carrier("a"), [taken("77")]);
    assert_eq!(world.attempt(&parts).next.len(), 3);
    assert_eq!(world.tried(), [carrier("a")], "one delivery");
    let ended = world.remote_receipt(&remote("77", State::Delivered)).unwrap();
    assert_eq!((ended.next.len(), ended.receipts.len()), (3, 3));
    assert!(parts.iter().all(|part| world.state(part.message.id) == Some(State::Delivered)));
}

#[test]
fn field_42_a_receipt_waits_for_its_esme() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    let mut receipt = world.attempt(&[part]).receipts.remove(0);
    for _ in 0..50 {
        world.answers(&esme(), [Err(Failure::NoPeer)]);
        let attempted = world.attempt(std::slice::from_ref(&receipt));
        assert!(matches!(attempted.next[..], [(_, NextStep::AgainOnceOpen(_))]), "a bind wakes it");
        receipt = again(&receipt, &attempted.next);
        world.wait_until(receipt.entry.key.due);
    }
    assert_eq!(world.store.waiting(), [receipt.entry]);
    world.attempt(std::slice::from_ref(&receipt));
    assert_eq!(world.state(receipt.message.id), Some(State::Delivered));
}

#[test]
fn field_44_an_intermediate_notification_is_sent_once() {
    let world = World::new(rules());
    let mut wish = submission(PHONE);
    wish.receipt = ReceiptRequest(0x11);
    let mut part = world.accept(wish);
    let mut states = vec![];
    world.answers(&carrier("a"), vec![Err(Failure::Timeout); 3]);
    for _ in 0..4 {
        let attempted = world.attempt(std::slice::from_ref(&part));
        states.extend(attempted.receipts.iter().map(|one| one.message.as_receipt().unwrap().state));
        if !matches!(attempted.next[..], [(_, NextStep::Ended)]) {
            part = again(&part, &attempted.next);
        }
    }
    assert_eq!(states, [State::Enroute, State::Delivered]);
}

#[test]
fn a_datagram_is_tried_once_and_never_stored() {
    let world = World::new(rules());
    let mut wish = submission(PHONE);
    wish.mode = Mode::Datagram;
    let part = world.accept(wish);
    assert_eq!(world.store.len(), 0);
    world.answers(&carrier("a"), [Err(Failure::Timeout)]);
    let attempted = world.attempt(std::slice::from_ref(&part));
    assert_eq!(attempted.next, [(part.message.id, NextStep::Ended)]);
    let receipt = attempted.receipts[0].message.as_receipt().unwrap();
    assert_eq!(receipt.state, State::Undeliverable);
    assert_eq!(world.store.len(), 1, "its receipt is stored");
}

#[test]
fn a_transaction_is_answered_with_its_outcome() {
    let world = World::new(rules());
    let mut wish = submission(PHONE);
    wish.mode = Mode::Transactional;
    world.answers(&carrier("a"), [Err(Failure::ABSENT)]);
    let refused = world.submit(wish.clone()).unwrap_err();
    assert_eq!(refused, Rejection::DeliveryFailed(Failure::ABSENT));
    assert!(world.submit(wish).unwrap().1.is_none(), "nothing is left to do");
    assert_eq!(world.store.len(), 0);
}

#[test]
fn the_same_key_is_the_same_message() {
    let world = World::new(rules());
    let mut wish = submission(PHONE);
    wish.client_key = Some("order-1".into());
    let first = world.accept(wish.clone());
    let twice = pollster::block_on(world.journey.accept(vec![wish.clone(), submission(PHONE), wish.clone()]));
    assert_eq!(twice.answers[0], Ok(first.message.id));
    assert_eq!(twice.answers[2], Ok(first.message.id));
    assert_eq!(twice.queued.len(), 1, "only the one without a key moves");
    assert_eq!(world.journey.metrics().counts().accepted, 2);
    wish.content.body = Bytes::from_static(b"other");
    assert_eq!(world.submit(wish.clone()).unwrap_err(), Rejection::KeyReused);
    wish.account = "other".into();
    assert!(world.submit(wish).is_ok(), "keys of accounts have nothing to do with each other");
}

#[test]
fn a_pressed_store_takes_nothing_new() {
    let world = World::new(rules());
    for (pressure, answer) in
        [(Pressure::High, Rejection::Congested), (Pressure::Closed, Rejection::StoreClosed)]
    {
        world.store.set_pressure(pressure);
        assert_eq!(world.submit(submission(PHONE)).unwrap_err(), answer);
    }
    assert_eq!(world.store.len(), 0);
}

#[test]
fn a_failed_commit_acknowledges_nothing() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    world.store.set_failing(true);
    let mut keyed = submission(PHONE);
    keyed.client_key = Some("k".into());
    let accepted = pollster::block_on(world.journey.accept(vec![submission(PHONE), keyed]));
    assert!(accepted.answers.iter().all(|answer| *answer == Err(Rejection::Congested)));
    assert!(accepted.queued.is_empty());
    assert!(pollster::block_on(world.journey.attempt(std::slice::from_ref(&part))).is_err());
    assert_eq!(world.journey.metrics().counts().ended, [0; 9], "what is not on record has not ended");
    world.store.set_failing(false);
    assert_eq!(world.store.waiting(), [part.entry], "it is tried again");
}

#[test]
fn an_account_is_held_to_its_rate() {
    let mut rules = rules();
    let rate = Rate { per_second: 2, burst: 0 };
    rules.accounts.insert("acme".into(), AccountRules { rate, ..AccountRules::default() });
    let world = World::new(rules);
    let answers = pollster::block_on(world.journey.accept(vec![submission(PHONE); 3])).answers;
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert_eq!(answers[2], Err(Rejection::Throttled));
    world.wait(Duration::from_millis(500));
    assert!(world.submit(submission(PHONE)).is_ok());
}

#[test]
fn what_has_no_route_is_refused_at_once() {
    let world = World::new(rules());
    for number in ["33612345678", "49991234567"] {
        let mut table = rules();
        table.table = smsc::rules::routing::table::RouteTable::new(vec![
            smsc::rules::routing::table::Rule { priority: 9, ..crate::world::rule("nowhere", "4999", &[]) },
            crate::world::rule("germany", "49", &[carrier("a")]),
        ]);
        world.journey.rules().replace(table);
        assert_eq!(world.submit(submission(number)).unwrap_err(), Rejection::NoRoute, "{number}");
    }
}

#[test]
fn nothing_goes_back_to_where_it_came_from() {
    let world = World::new(rules());
    let mut wish = submission(PHONE);
    wish.origin = carrier("a");
    let part = world.accept(wish);
    world.answers(&carrier("b"), [Err(Failure::NoPeer)]);
    world.attempt(&[part]);
    assert_eq!(world.tried(), [carrier("b")]);
}

#[test]
fn what_has_expired_is_not_delivered_any_more() {
    let world = World::new(rules());
    let part = world.accept(submission(PHONE));
    world.wait_until(part.message.expires_at);
    let attempted = world.attempt(std::slice::from_ref(&part));
    assert_eq!(attempted.next, [(part.message.id, NextStep::Ended)]);
    assert_eq!(world.state(part.message.id), Some(State::Expired));
    assert!(world.tried().is_empty());
}
