//! IPSP conformance tests, after the test purposes of ETSI TS 102 381: single and double exchange (RFC 4666).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use m3ua::{AspState, Exchange, Input, Kind, Message, Output, Role, ServerState};
use rig::{LINK, SERVER, T_ACK, TestNode, data, errors, kinds, of_100, only, sent, tag, transfer, transfers};

const ASKING: Role = Role::Ipsp { exchange: Exchange::Single, initiates: true };
const ASKED: Role = Role::Ipsp { exchange: Exchange::Single, initiates: false };
const BOTH_FIRST: Role = Role::Ipsp { exchange: Exchange::Double, initiates: true };
const BOTH_SECOND: Role = Role::Ipsp { exchange: Exchange::Double, initiates: false };

fn can_send(one: &mut TestNode) -> bool {
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    kinds(&outputs) == [Kind::Data]
}

#[test]
fn single_exchange_the_initiator_is_active_both_ways_after_two_acks() {
    let mut one = TestNode::of(ASKING);
    assert_eq!(kinds(&one.connect(LINK)), [Kind::AspUp]);
    let outputs = one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(only(&outputs, LINK, Kind::AspActive)[0].routing_contexts(), Ok(vec![100]));
    one.receive(LINK, &of_100(Kind::AspActiveAck, &[]));
    assert_eq!((one.link(), one.state()), (AspState::Active, ServerState::Active));
    assert!(can_send(&mut one));
    assert_eq!(transfers(&one.receive(LINK, &data(100, 1))).len(), 1);
}

#[test]
fn single_exchange_the_responder_is_active_both_ways_and_sends_no_ntfy() {
    let mut one = TestNode::of(ASKED);
    assert_eq!(one.connect(LINK), []);
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUp))), [Kind::AspUpAck]);
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspActive, &[]))), [Kind::AspActiveAck]);
    assert!(can_send(&mut one));
    assert_eq!(transfers(&one.receive(LINK, &data(100, 1))).len(), 1);
    assert_eq!(one.pass(T_ACK * 5), []);
}

#[test]
fn single_exchange_both_sides_may_send_aspup_at_once() {
    let mut one = TestNode::of(ASKING);
    one.connect(LINK);
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUp))), [Kind::AspUpAck]);
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUpAck))), [Kind::AspActive]);
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspActive, &[]))), [Kind::AspActiveAck]);
    assert!(can_send(&mut one));
}

#[test]
fn double_exchange_each_direction_waits_for_its_own_aspac() {
    let mut one = TestNode::of(BOTH_FIRST);
    assert_eq!(kinds(&one.connect(LINK)), [Kind::AspUp]);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    one.receive(LINK, &of_100(Kind::AspActiveAck, &[]));
    assert!(!can_send(&mut one), "the peer is not active");
    assert_eq!(transfers(&one.receive(LINK, &data(100, 1))).len(), 1, "we are");
    assert_eq!(one.link(), AspState::Inactive);
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUp))), [Kind::AspUpAck]);
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspActive, &[]))), [Kind::AspActiveAck]);
    assert!(can_send(&mut one));
    assert_eq!(one.link(), AspState::Active);
    one.receive(LINK, &of_100(Kind::AspInactive, &[]));
    assert_eq!(one.state(), ServerState::Pending);
    assert_eq!(transfers(&one.receive(LINK, &data(100, 1))).len(), 1, "the other direction continues");
}

#[test]
fn double_exchange_the_second_side_sends_aspup_after_the_first() {
    let mut one = TestNode::of(BOTH_SECOND);
    assert_eq!(one.connect(LINK), []);
    assert_eq!(one.pass(T_ACK * 3), []);
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUp))), [Kind::AspUpAck, Kind::AspUp]);
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspActive, &[]))), [Kind::AspActiveAck]);
    assert!(can_send(&mut one));
    assert_eq!(errors(&one.receive(LINK, &data(100, 1))), [0x06], "our own ASPAC is not acknowledged");
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUpAck))), [Kind::AspActive]);
}

#[test]
fn messages_of_another_version_class_or_type_are_refused_by_either_side() {
    for role in [ASKING, ASKED, BOTH_FIRST, BOTH_SECOND] {
        let mut one = TestNode::of(role);
        one.connect(LINK);
        for (octets, code) in [([2, 0, 3, 1], 0x01), ([1, 0, 10, 1], 0x03), ([1, 0, 3, 9], 0x04)] {
            let octets = [octets, [0, 0, 0, 8]].concat();
            assert_eq!(errors(&one.receive_octets(0, &octets)), [code], "{role:?}");
        }
    }
}

#[test]
fn beats_are_answered_with_their_data_by_either_side() {
    for role in [ASKING, ASKED, BOTH_FIRST, BOTH_SECOND] {
        let mut one = TestNode::of(role);
        one.connect(LINK);
        let beat = |kind: Kind| Message::new(kind).with(tag::HEARTBEAT, &b"12345"[..]);
        assert_eq!(sent(&one.receive(LINK, &beat(Kind::Beat))), [(LINK, beat(Kind::BeatAck))]);
    }
}

#[test]
fn the_initiator_stops_with_aspia_and_aspdn_and_the_responder_closes() {
    let mut one = TestNode::of(ASKING);
    one.bring_asp_up(LINK);
    assert_eq!(kinds(&one.handle(Input::Stop)), [Kind::AspInactive]);
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspInactiveAck, &[]))), [Kind::AspDown]);
    assert!(one.receive(LINK, &Message::new(Kind::AspDownAck)).contains(&Output::Close { link: LINK }));
    let mut other = TestNode::of(ASKED);
    other.bring_peer_up(LINK);
    assert!(other.handle(Input::Stop).contains(&Output::Close { link: LINK }));
}
