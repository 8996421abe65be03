//! Segments that are put together for an endpoint that wants whole messages.

use std::time::Duration;

use bytes::Bytes;
use crate::world::{World, rules, submission};
use smsc::endpoint::Endpoint;
use smsc::queue::reassembly::{Assembled, Reassembly};
use smsc::stored::QueuedMessage;

fn segment(
    world: &World,
    reference: u8,
    sequence: u8,
    text: &'static [u8],
    origin: Option<Endpoint>,
) -> QueuedMessage {
    let mut segment = submission("4915112345678");
    segment.content.header = Bytes::copy_from_slice(&[5, 0, 3, reference, 2, sequence]);
    segment.content.body = Bytes::from_static(text);
    if let Some(origin) = origin {
        segment.origin = origin;
    }
    world.accept(segment)
}

#[test]
fn field_13_references_belong_to_their_sender() {
    let world = World::new(rules());
    let mut sets = Reassembly::new(100, Duration::from_secs(300));
    let other = Some(Endpoint::Esme("other".into()));
    assert!(matches!(sets.offer(segment(&world, 1, 1, b"a", None), world.now()), Assembled::Incomplete));
    assert!(matches!(sets.offer(segment(&world, 1, 2, b"b", other), world.now()), Assembled::Incomplete));
    assert_eq!(sets.held(), 2, "two submitters, two messages");
}

#[test]
fn field_18_parts_go_in_their_order_as_one() {
    let world = World::new(rules());
    let mut sets = Reassembly::new(100, Duration::from_secs(300));
    assert!(matches!(sets.offer(segment(&world, 1, 2, b"world", None), world.now()), Assembled::Incomplete));
    let Assembled::Whole(parts) = sets.offer(segment(&world, 1, 1, b"hello ", None), world.now()) else {
        panic!("all are there");
    };
    world.attempt(&parts);
    let deliveries = world.script.deliveries.lock().unwrap();
    let [(_, delivery)] = &deliveries[..] else { panic!("one delivery") };
    assert_eq!(delivery.message.content.body, &b"hello world"[..]);
    assert!(delivery.message.content.header.is_empty());
    assert_eq!(sets.held(), 0);
}

#[test]
fn a_reference_that_comes_again_loses_no_segment() {
    let world = World::new(rules());
    let mut sets = Reassembly::new(100, Duration::from_secs(300));
    let old = segment(&world, 1, 1, b"old", None);
    let new = segment(&world, 1, 1, b"new", None);
    assert!(matches!(sets.offer(old.clone(), world.now()), Assembled::Incomplete));
    assert!(matches!(sets.offer(new.clone(), world.now()), Assembled::Incomplete));
    let alone: Vec<_> = sets.tick(world.now()).iter().map(|part| part.message.id).collect();
    assert_eq!(alone, [old.message.id], "it goes by itself, as its siblings will not come");
    let Assembled::Whole(parts) = sets.offer(segment(&world, 1, 2, b"!", None), world.now()) else {
        panic!("the new one is whole");
    };
    assert_eq!(parts[0].message.id, new.message.id);
    assert_eq!(sets.held(), 0);
}

#[test]
fn a_second_copy_ends_with_the_whole() {
    let world = World::new(rules());
    let mut sets = Reassembly::new(100, Duration::from_secs(300));
    for _ in 0..2 {
        assert!(matches!(sets.offer(segment(&world, 1, 1, b"a", None), world.now()), Assembled::Incomplete));
    }
    let Assembled::Whole(parts) = sets.offer(segment(&world, 1, 2, b"b", None), world.now()) else {
        panic!("all are there");
    };
    assert_eq!(parts.len(), 3);
    world.attempt(&parts);
    assert!(world.store.waiting().iter().all(|waiting| parts.iter().all(|p| p.message.id != waiting.key.id)));
}
