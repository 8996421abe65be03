//! The queue, step by step.

use std::time::Duration;

use super::*;
use crate::stored::DueKey;

const ESME: &str = "esme:a";

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

fn waiting(id: u64, destination: u64) -> QueueEntry {
    QueueEntry {
        key: DueKey { due: at(0), id: MessageId::from_u64(id) },
        expires_at: at(0) + Duration::from_secs(60),
        destination,
        route_queue: 1,
        priority: 0,
        attempts: 0,
        handed_over: false,
    }
}

fn queue() -> Queue {
    let mut queue = Queue::new(1000);
    queue.set_route_queue(1, &[ESME.parse().unwrap()], 1);
    queue
}

fn take(queue: &mut Queue, now: Timestamp, room: usize) -> Vec<u64> {
    queue.take(now, |_| room).iter().map(|waiting| waiting.key.id.get()).collect()
}

fn end(queue: &mut Queue, id: u64, now: Timestamp) {
    queue.ended(MessageId::from_u64(id), &NextStep::Ended, now);
}

#[test]
fn one_destination_goes_in_order_one_at_a_time() {
    let mut queue = queue();
    for id in [3, 1, 2] {
        queue.add(&waiting(id, 7), at(0));
    }
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    assert_eq!(take(&mut queue, at(0), 10), [0_u64; 0]);
    end(&mut queue, 1, at(1));
    assert_eq!(take(&mut queue, at(1), 10), [2]);
    end(&mut queue, 2, at(2));
    assert_eq!(take(&mut queue, at(2), 10), [3]);
    end(&mut queue, 3, at(3));
    assert_eq!((queue.waiting(), queue.open(), queue.destinations.len()), (0, 0, 0));
}

#[test]
fn a_higher_priority_goes_first() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    queue.add(&QueueEntry { priority: 2, ..waiting(2, 7) }, at(0));
    queue.add(&QueueEntry { priority: 3, ..waiting(3, 7) }, at(0));
    let mut order = vec![];
    for now in 0..3 {
        let id = take(&mut queue, at(now), 1)[0];
        end(&mut queue, id, at(now));
        order.push(id);
    }
    assert_eq!(order, [3, 2, 1]);
}

#[test]
fn a_lane_without_room_costs_nothing_until_it_opens() {
    let mut queue = queue();
    for id in 0..100 {
        queue.add(&waiting(id, id), at(0));
    }
    assert!(take(&mut queue, at(0), 0).is_empty());
    let mut asked = 0;
    queue.take(at(0), |_| {
        asked += 1;
        0
    });
    assert_eq!(asked, 0, "a closed route_queue is not asked again");
    queue.wake_endpoint(&ESME.parse().unwrap(), at(1));
    assert_eq!(take(&mut queue, at(1), 30).len(), 30);
    end(&mut queue, 0, at(2));
    assert_eq!(take(&mut queue, at(2), 1).len(), 1);
}

#[test]
fn a_failure_parks_its_destination_and_no_other() {
    let mut queue = queue();
    for (id, destination) in [(1, 7), (2, 7), (3, 8)] {
        queue.add(&waiting(id, destination), at(0));
    }
    assert_eq!(take(&mut queue, at(0), 10), [1, 3]);
    let retry = QueueEntry {
        key: DueKey { due: at(20_000), id: MessageId::from_u64(1) },
        attempts: 1,
        ..waiting(1, 7)
    };
    queue.ended(retry.key.id, &NextStep::Again(retry), at(1));
    assert!(take(&mut queue, at(10_000), 10).is_empty());
    assert_eq!(queue.deadline(), Some(at(20_000)));
    assert!(queue.tick(at(20_000)).is_empty());
    let again = queue.take(at(20_000), |_| 10);
    assert_eq!(again, [retry], "the stored due time is kept");
    end(&mut queue, 1, at(20_001));
    assert_eq!(take(&mut queue, at(20_001), 10), [2]);
}

#[test]
fn an_opening_party_wakes_what_was_parked_before_it_in_order() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    queue.add(&waiting(2, 7), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    let retry = QueueEntry {
        key: DueKey { due: at(50_000), id: MessageId::from_u64(1) },
        attempts: 1,
        ..waiting(1, 7)
    };
    queue.ended(retry.key.id, &NextStep::AgainOnceOpen(retry), at(1));
    queue.wake_endpoint(&ESME.parse().unwrap(), at(2));
    assert_eq!(queue.take(at(2), |_| 10), [retry]);
}

#[test]
fn a_deferred_message_holds_nobody_up() {
    let mut queue = queue();
    let later = QueueEntry { key: DueKey { due: at(5000), id: MessageId::from_u64(1) }, ..waiting(1, 7) };
    queue.add(&later, at(0));
    queue.add(&waiting(2, 7), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [2]);
    end(&mut queue, 2, at(1));
    assert!(take(&mut queue, at(1), 10).is_empty());
    assert_eq!(queue.deadline(), Some(at(5000)));
    queue.tick(at(5000));
    assert_eq!(take(&mut queue, at(5000), 10), [1]);
}

#[test]
fn what_expires_leaves_in_time_even_without_room() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    queue.add(&waiting(2, 7), at(0));
    queue.add(&waiting(3, 8), at(0));
    assert!(take(&mut queue, at(0), 0).is_empty());
    let overdue = queue.tick(at(60_000));
    assert_eq!(overdue.len(), 3);
    assert!(overdue.contains(&Overdue::Expired(waiting(3, 8))));
    assert_eq!((queue.waiting(), queue.destinations.len()), (0, 0));
}

#[test]
fn a_restart_keeps_retry_times() {
    let mut queue = queue();
    let retry = QueueEntry {
        key: DueKey { due: at(9000), id: MessageId::from_u64(1) },
        attempts: 3,
        ..waiting(1, 7)
    };
    queue.add(&retry, at(0));
    assert!(take(&mut queue, at(0), 10).is_empty());
    queue.tick(at(9000));
    assert_eq!(take(&mut queue, at(9000), 10), [1]);
}

#[test]
fn a_handed_over_message_waits_for_its_receipt_only() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    let held = QueueEntry {
        key: DueKey { due: at(60_000), id: MessageId::from_u64(1) },
        expires_at: at(70_000),
        handed_over: true,
        ..waiting(1, 7)
    };
    queue.ended(held.key.id, &NextStep::HandedOver(held), at(1));
    assert_eq!(queue.handed_over(), 1);
    assert!(queue.tick(at(69_999)).is_empty());
    assert_eq!(queue.tick(at(70_000)), [Overdue::Unreported(held)]);
    assert_eq!(queue.reported(held.key.id), None);
}

#[test]
fn a_lane_of_unknown_parties_sends_one_to_find_out() {
    let mut queue = Queue::new(1000);
    for id in 0..10 {
        queue.add(&waiting(id, id), at(0));
    }
    assert!(!queue.knows_route_queue(1));
    assert_eq!(take(&mut queue, at(0), 10).len(), 1);
    queue.set_route_queue(1, &[ESME.parse().unwrap()], 5);
    assert_eq!(take(&mut queue, at(0), 100).len(), 9);
}

#[test]
fn timers_of_the_past_do_not_pile_up() {
    let mut queue = queue();
    for id in 0..100_000 {
        queue.add(&waiting(id, id), at(0));
        assert_eq!(take(&mut queue, at(0), 10), [id]);
        end(&mut queue, id, at(0));
    }
    assert!(queue.timers.len() <= 4100, "{}", queue.timers.len());
}

#[test]
fn a_million_waiting_cost_two_hundred_octets_each_at_most() {
    let bucket = size_of::<(u64, Destination)>() + 1;
    let timer = size_of::<Reverse<(Timestamp, u64)>>();
    // A hash map of a million has 2^21 buckets at most, a heap twice its length.
    assert!(bucket * (1 << 21) + 2 * timer * 1_000_000 <= 200 * 1_000_000);
    assert!(size_of::<Destination>() <= 72, "{}", size_of::<Destination>());
}

#[test]
fn a_cancelled_message_is_gone() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    queue.add(&waiting(2, 7), at(0));
    assert_eq!(queue.remove(7, MessageId::from_u64(2), at(0)), Some(waiting(2, 7)));
    assert_eq!(queue.remove(7, MessageId::from_u64(2), at(0)), None);
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    assert_eq!(queue.remove(7, MessageId::from_u64(1), at(0)), None, "its attempt runs");
}

fn retry(id: u64, destination: u64, due: u64) -> QueueEntry {
    let key = DueKey { due: at(due), id: MessageId::from_u64(id) };
    QueueEntry { key, attempts: 1, ..waiting(id, destination) }
}

fn handed_over(id: u64) -> QueueEntry {
    QueueEntry { expires_at: at(70_000), handed_over: true, ..waiting(id, 7) }
}

/// Nothing waits, runs, is awaited or has a timer.
fn assert_empty(queue: &mut Queue) {
    queue.tick(Timestamp::NEVER);
    assert_eq!((queue.waiting(), queue.open(), queue.handed_over()), (0, 0, 0));
    assert!(queue.destinations.is_empty() && queue.given_out.is_empty() && queue.overtaken.is_empty());
    assert_eq!(queue.deadline(), None);
}

#[test]
fn an_opening_party_does_not_cut_short_what_it_did_not_cause() {
    // A link that frees a place for each answer would else retry every absent phone at once.
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    queue.ended(MessageId::from_u64(1), &NextStep::Again(retry(1, 7, 20_000)), at(1));
    queue.wake_endpoint(&ESME.parse().unwrap(), at(2));
    assert!(take(&mut queue, at(2), 10).is_empty());
    queue.tick(at(20_000));
    assert_eq!(take(&mut queue, at(20_000), 10), [1]);
}

#[test]
fn field_42_a_party_that_opens_after_a_restart_wakes_its_own_lane() {
    let mut queue = Queue::new(1000);
    let endpoint: Endpoint = ESME.parse().unwrap();
    let route_queue = Route::to(endpoint.clone()).queue;
    queue.add(&QueueEntry { route_queue, ..retry(1, 7, 50_000) }, at(0));
    queue.wake_endpoint(&endpoint, at(1));
    assert_eq!(take(&mut queue, at(1), 10), [1], "though nobody told yet who stands behind the route_queue");
}

#[test]
fn a_message_that_is_known_does_not_come_in_twice() {
    let mut queue = queue();
    for id in [1, 1, 2, 1] {
        queue.add(&waiting(id, 7), at(0));
    }
    assert_eq!(queue.waiting(), 2);
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    queue.add(&waiting(1, 7), at(0));
    assert_eq!(queue.waiting(), 1, "its attempt runs");
    queue.set_aside(MessageId::from_u64(1), at(0));
    queue.add(&waiting(1, 7), at(0));
    assert_eq!(queue.waiting(), 1, "it waits for its siblings");
    end(&mut queue, 1, at(0));
    assert_eq!(take(&mut queue, at(0), 10), [2]);
    end(&mut queue, 2, at(0));
    assert_empty(&mut queue);
}

#[test]
fn what_is_being_ended_is_still_held() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    queue.add(&waiting(2, 7), at(0));
    queue.add(&handed_over(3), at(0));
    assert!(queue.remove(7, MessageId::from_u64(2), at(0)).is_some());
    assert_eq!(queue.tick(at(70_000)).len(), 2);
    assert!((1..=2).all(|id| queue.holds(&waiting(id, 7))) && queue.holds(&handed_over(3)));
    (1..=3).for_each(|id| end(&mut queue, id, at(70_000)));
    assert_empty(&mut queue);
}

#[test]
fn a_segment_set_aside_gives_its_place_to_its_sibling() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    queue.add(&waiting(2, 7), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    queue.set_aside(MessageId::from_u64(1), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [2]);
    queue.set_aside(MessageId::from_u64(2), at(0));
    assert_eq!(queue.open(), 0);
    for id in [1, 2] {
        queue.ended(MessageId::from_u64(id), &NextStep::Again(retry(id, 7, 5000)), at(1));
    }
    queue.tick(at(5000));
    assert_eq!(take(&mut queue, at(5000), 10), [1]);
    end(&mut queue, 1, at(5000));
    assert_eq!(take(&mut queue, at(5000), 10), [2]);
    end(&mut queue, 2, at(5000));
    assert_empty(&mut queue);
}

#[test]
fn a_receipt_faster_than_the_word_of_its_attempt_leaves_nothing_behind() {
    let told = [NextStep::Ended, NextStep::HandedOver(handed_over(1))];
    let orders = [[0, 1], [1, 0], [0, 0]];
    for order in orders {
        let mut queue = queue();
        queue.add(&waiting(1, 7), at(0));
        assert_eq!(take(&mut queue, at(0), 10), [1]);
        assert_eq!(queue.reported(MessageId::from_u64(1)), None);
        for word in order {
            queue.ended(MessageId::from_u64(1), &told[word], at(1));
        }
        assert_empty(&mut queue);
    }
}

#[test]
fn a_destination_that_went_and_came_again_keeps_its_window() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    assert!(take(&mut queue, at(0), 0).is_empty());
    assert_eq!(queue.tick(at(60_000)).len(), 1, "it leaves without having had its turn");
    end(&mut queue, 1, at(60_000));
    for id in [2, 3] {
        queue.add(&QueueEntry { expires_at: at(200_000), ..waiting(id, 7) }, at(60_000));
    }
    queue.wake_endpoint(&ESME.parse().unwrap(), at(60_000));
    assert_eq!(take(&mut queue, at(60_000), 10), [2], "one at a time");
}

#[test]
fn a_deferred_message_goes_in_time_beside_a_long_attempt() {
    let mut queue = Queue::new(1000);
    queue.set_route_queue(1, &[ESME.parse().unwrap()], 2);
    queue.add(&waiting(1, 7), at(0));
    queue.add(
        &QueueEntry { key: DueKey { due: at(5000), id: MessageId::from_u64(2) }, ..waiting(2, 7) },
        at(0),
    );
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    assert_eq!(queue.deadline(), Some(at(5000)));
    queue.tick(at(5000));
    assert_eq!(take(&mut queue, at(5000), 10), [2]);
}

#[test]
fn a_window_of_three_is_filled_in_order() {
    let mut queue = Queue::new(1000);
    queue.set_route_queue(1, &[ESME.parse().unwrap()], 3);
    (1..=5).for_each(|id| queue.add(&waiting(id, 7), at(0)));
    assert_eq!(take(&mut queue, at(0), 10), [1, 2, 3]);
    end(&mut queue, 2, at(1));
    assert_eq!(take(&mut queue, at(1), 10), [4]);
}

#[test]
fn lanes_to_one_party_share_it_even_when_it_is_full() {
    let mut queue = Queue::new(1000);
    let endpoint: Endpoint = ESME.parse().unwrap();
    for route_queue in [1, 2] {
        queue.set_route_queue(route_queue, std::slice::from_ref(&endpoint), 1);
        (0..10).for_each(|n| {
            queue.add(
                &QueueEntry { route_queue, ..waiting(route_queue * 100 + n, route_queue * 100 + n) },
                at(0),
            );
        });
    }
    let mut route_queues = Vec::new();
    for now in 0..6 {
        queue.wake_endpoint(&endpoint, at(now)); // one place has become free
        let mut room = 1;
        let taken = queue.take(at(now), |_| std::mem::take(&mut room));
        taken.iter().for_each(|waiting| {
            route_queues.push(waiting.route_queue);
            queue.ended(waiting.key.id, &NextStep::Ended, at(now));
        });
        queue.take(at(now), |_| 0);
    }
    assert_eq!(route_queues, [1, 2, 1, 2, 1, 2]);
}

#[test]
fn a_lane_without_parties_still_finds_out() {
    let mut queue = Queue::new(1000);
    queue.set_route_queue(1, &[], 0);
    (0..3).for_each(|id| queue.add(&waiting(id, id), at(0)));
    for id in 0..3 {
        assert_eq!(take(&mut queue, at(0), 0), [id], "its route may have come back");
        end(&mut queue, id, at(0));
    }
}

#[test]
fn lanes_are_learned_anew_after_a_change_of_routes() {
    let mut queue = queue();
    queue.add(&waiting(1, 1), at(0));
    assert!(take(&mut queue, at(0), 0).is_empty());
    queue.forget_route_queues();
    assert!(!queue.knows_route_queue(1));
    assert_eq!(take(&mut queue, at(0), 0), [1], "the old endpoint's room no longer counts");
}

#[test]
fn failures_that_nobody_wakes_do_not_pile_up() {
    let mut queue = queue();
    for round in 1..5000_u64 {
        for id in 1..=2 {
            queue.add(&QueueEntry { expires_at: Timestamp::NEVER, ..retry(id, id, round) }, at(round));
        }
        assert_eq!(take(&mut queue, at(round), 10).len(), 2);
        let next = QueueEntry { expires_at: Timestamp::NEVER, ..retry(1, 1, round + 1) };
        queue.ended(next.key.id, &NextStep::AgainOnceOpen(next), at(round));
        end(&mut queue, 2, at(round));
        queue.tick(at(round + 1));
    }
    assert!(queue.route_queues[0].parked.len() <= 200, "{}", queue.route_queues[0].parked.len());
    assert!(queue.route_queues[0].ready.len() <= 200, "{}", queue.route_queues[0].ready.len());
}

#[test]
fn a_closed_lane_keeps_no_trace_of_what_expired_there() {
    let mut queue = queue();
    for id in 0..10_000 {
        queue.add(&QueueEntry { expires_at: at(id + 1), ..waiting(id, id) }, at(id));
        assert!(take(&mut queue, at(id), 0).is_empty());
        assert_eq!(queue.tick(at(id + 1)).len(), 1);
        end(&mut queue, id, at(id + 1));
    }
    assert!(queue.route_queues[0].ready.len() <= 200, "{}", queue.route_queues[0].ready.len());
    assert_eq!(queue.destinations.len(), 0);
}

#[test]
fn a_hot_destination_with_one_end_of_validity_piles_up_no_timers() {
    let mut queue = queue();
    for id in 0..50_000 {
        queue.add(&waiting(id, 7), at(0));
        assert_eq!(take(&mut queue, at(0), 10), [id]);
        end(&mut queue, id, at(0));
    }
    assert!(queue.timers.len() <= 4200, "{}", queue.timers.len());
}

#[test]
fn a_crowd_for_one_destination_is_looked_up_not_walked() {
    // Each step looks the message up; a walk over the backlog would take hours.
    let mut queue = queue();
    let count = 100_000;
    (0..count).for_each(|id| queue.add(&waiting(id, 7), at(0)));
    (0..count).for_each(|id| assert!(queue.holds(&waiting(id, 7))));
    (0..count).rev().for_each(|id| assert!(queue.remove(7, MessageId::from_u64(id), at(0)).is_some()));
    (0..count).for_each(|id| end(&mut queue, id, at(0)));
    assert_empty(&mut queue);
}

#[test]
fn a_message_that_is_taken_back_leaves_nothing_behind() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    assert!(queue.remove(7, MessageId::from_u64(1), at(0)).is_some());
    queue.reported(MessageId::from_u64(1));
    end(&mut queue, 1, at(0));
    assert_empty(&mut queue);
}

#[test]
fn a_message_that_was_taken_out_comes_back_to_its_place_by_the_word_of_it() {
    let mut queue = queue();
    queue.add(&waiting(1, 7), at(0));
    queue.add(&waiting(2, 7), at(0));
    let taken = queue.remove(7, MessageId::from_u64(1), at(0)).unwrap();
    queue.add(&taken, at(0));
    assert_eq!(queue.waiting(), 1, "it is in somebody's hand until then");
    queue.reported(MessageId::from_u64(1));
    queue.ended(MessageId::from_u64(1), &NextStep::AgainOnceOpen(taken), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    end(&mut queue, 1, at(0));
    assert_eq!(take(&mut queue, at(0), 10), [2]);
    end(&mut queue, 2, at(0));
    assert_empty(&mut queue);
}

/// A message to a phone of the network `ss7:home`, by the phone's digits.
fn to_phone(id: u64, digits: &str) -> QueueEntry {
    QueueEntry { destination: QueueEntry::destination_key(&digits.into(), 1), ..waiting(id, 0) }
}

fn network() -> Queue {
    let mut queue = Queue::new(1000);
    queue.set_route_queue(1, &["ss7:home".parse().unwrap()], 1);
    queue
}

fn fail(queue: &mut Queue, waiting: QueueEntry, until: Timestamp, now: Timestamp) {
    let key = DueKey { due: until, id: waiting.key.id };
    queue.ended(waiting.key.id, &NextStep::Again(QueueEntry { key, attempts: 1, ..waiting }), now);
}

#[test]
fn field_54_an_alert_sends_all_that_waits_for_the_number_at_once_in_order() {
    let (mut queue, home) = (network(), "ss7:home".parse().unwrap());
    for id in [1, 2, 3] {
        queue.add(&to_phone(id, "15550201"), at(0));
    }
    queue.add(&to_phone(9, "15550202"), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [1, 9]);
    fail(&mut queue, to_phone(1, "15550201"), at(20_000), at(1));
    fail(&mut queue, to_phone(9, "15550202"), at(20_000), at(1));
    assert!(take(&mut queue, at(2), 10).is_empty());

    assert!(!queue.wake_number(&home, &"15550203".into(), at(3)));
    assert!(queue.wake_number(&home, &"15550201".into(), at(3)));
    for id in [1, 2, 3] {
        assert_eq!(take(&mut queue, at(3), 10), [id], "the other phone waits on");
        end(&mut queue, id, at(3));
    }
}

#[test]
fn an_alert_that_overtakes_the_failure_is_not_lost() {
    let (mut queue, home) = (network(), "ss7:home".parse().unwrap());
    queue.add(&to_phone(1, "15550201"), at(0));
    assert_eq!(take(&mut queue, at(0), 10), [1]);
    assert!(queue.wake_number(&home, &"15550201".into(), at(1)));
    fail(&mut queue, to_phone(1, "15550201"), at(20_000), at(2));
    assert_eq!(take(&mut queue, at(2), 10), [1], "once more, at once");
    fail(&mut queue, to_phone(1, "15550201"), at(20_000), at(3));
    assert!(take(&mut queue, at(4), 10).is_empty(), "but one time only");
}

#[test]
fn an_alert_forgives_every_attempt_that_ran() {
    let home = "ss7:home".parse().unwrap();
    let mut queue = Queue::new(1000);
    queue.set_route_queue(1, std::slice::from_ref(&home), 8);
    for id in 1..=4 {
        queue.add(&to_phone(id, "15550201"), at(0));
    }
    assert_eq!(take(&mut queue, at(0), 10), [1, 2, 3, 4]);
    assert!(queue.wake_number(&home, &"15550201".into(), at(1)));
    for id in 1..=4 {
        fail(&mut queue, to_phone(id, "15550201"), at(20_000), at(2));
    }
    assert_eq!(take(&mut queue, at(2), 10), [1, 2, 3, 4], "all of them at once, in order");
}
