//! The state machine by itself: what it gives after which input.

use std::future::ready;

use super::*;
use crate::address::Address;
use crate::delivery::{Capabilities, Delivery, DeliveryAck};
use crate::failure::Failure;
use crate::future::BoxFuture;
use crate::message::{Content, Submission};
use crate::rules::Rules;
use crate::rules::routing::matcher::{Destination, Source};
use crate::rules::routing::table::{RouteTable, Rule};

const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// One endpoint that takes two messages to a number at a time.
struct Carrier;

impl Gateways for Carrier {
    fn available(&self, _: &Endpoint) -> usize {
        10
    }

    fn deliver(&self, _: &Endpoint, _: Delivery) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        Box::pin(ready(Err(Failure::NoPeer)))
    }

    fn capabilities(&self, _: &Endpoint) -> Capabilities {
        Capabilities { open_per_destination: 2, reassembled: false, sends_receipts: false }
    }
}

fn rules() -> Rules {
    let rule = Rule {
        name: "all".into(),
        priority: 1,
        source: Source::default(),
        destination: Destination::Any,
        targets: vec!["smpp:carrier".parse().unwrap()],
        allow_return: false,
        retry: None,
    };
    Rules { table: RouteTable::new(vec![rule]), ..Rules::default() }
}

fn message(id: u64, mode: Mode) -> QueuedMessage {
    let (from, to) = (Address::international("15550100"), Address::international("4915112345678"));
    let submission = Submission::new("esme:acme".parse().unwrap(), from, to, Content::default());
    let submission = Submission { mode, ..submission };
    let (message, route) = rules().admit(submission, MessageId::from_u64(id), START).unwrap();
    QueuedMessage { entry: QueueEntry::of(&message, route.queue), message: Arc::new(message) }
}

/// A machine after a first reading of the index that found nothing.
fn started(limits: Limits) -> Dispatch {
    let mut dispatch = Dispatch::new(RulesHandle::new(rules()), Arc::new(Carrier), limits, START);
    assert!(matches!(dispatch.poll(), Some(Effect::ReadPage { after: None, .. })));
    dispatch.handle(Input::Page(Vec::new()), START);
    assert!(dispatch.poll().is_none());
    dispatch
}

/// What the effects are about, in their order: `r` reads and `a` attempts, with the id.
fn effects(dispatch: &mut Dispatch) -> Vec<String> {
    let name = |effect| match effect {
        Effect::Read(entry) => format!("r{}", entry.key.id.get()),
        Effect::Attempt(group) => format!("a{}", group[0].message.id.get()),
        other => format!("{other:?}"),
    };
    std::iter::from_fn(|| dispatch.poll()).map(name).collect()
}

fn accepted(ids: std::ops::RangeInclusive<u64>) -> Input {
    Input::Accepted(ids.map(|id| message(id, Mode::StoreAndForward)).collect())
}

#[test]
fn what_follows_a_failed_read_waits_with_it() {
    let mut dispatch = started(Limits { bodies_max: 0, ..Limits::default() });
    dispatch.handle(accepted(1..=2), START);
    assert_eq!(effects(&mut dispatch), ["r1"]);
    dispatch.handle(Input::ReadFailed(message(1, Mode::StoreAndForward).entry), START);
    assert_eq!(effects(&mut dispatch), [""; 0]);
    let later = START + Limits::default().again_after;
    dispatch.handle(Input::Tick, later);
    assert_eq!(effects(&mut dispatch), ["r1"]);
    let first = message(1, Mode::StoreAndForward);
    dispatch.handle(Input::Read(first.entry, Some(first.message)), later);
    assert_eq!(effects(&mut dispatch), ["a1", "r2"]);
}

#[test]
fn a_drain_waits_for_attempts_without_a_place_in_the_queue() {
    let mut dispatch = started(Limits::default());
    dispatch.handle(Input::Accepted(vec![message(1, Mode::Datagram)]), START);
    assert_eq!(effects(&mut dispatch), ["a1"]);
    dispatch.handle(Input::Drain, START);
    assert!(!dispatch.is_drained());
    dispatch.handle(accepted(2..=2), START);
    assert_eq!(effects(&mut dispatch), [""; 0], "nothing new begins");
    dispatch.handle(Input::AttemptEnded(AttemptResult::default()), START);
    assert!(dispatch.is_drained());
}

#[test]
fn no_newer_message_goes_before_one_on_disk_alone() {
    let mut dispatch = started(Limits { waiting_max: 1, open_max: 1, ..Limits::default() });
    dispatch.handle(accepted(1..=3), START);
    assert_eq!(effects(&mut dispatch), ["r1"], "2 and 3 stay on disk");
    let first = message(1, Mode::StoreAndForward);
    dispatch.handle(Input::Read(first.entry, Some(first.message)), START);
    assert_eq!(effects(&mut dispatch), ["a1"]);
    let ended = AttemptResult { next: vec![(MessageId::from_u64(1), NextStep::Ended)], receipts: Vec::new() };
    dispatch.handle(Input::AttemptEnded(ended), START);
    dispatch.handle(accepted(4..=4), START);
    assert_eq!(effects(&mut dispatch), [""; 0], "4 stays behind them");
}
