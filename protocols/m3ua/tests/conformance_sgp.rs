//! SGP conformance tests, after the test purposes of ETSI TS 102 381, and procedures beyond them (RFC 4666).
//!
//! A test with a purpose's name is that purpose; "v" is valid, "i" invalid, "o" inopportune behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use m3ua::{
    AspState, Availability, Input, Kind, LinkId, Message, Output, Role, RoutingKey, ServerId, ServerState,
    TrafficMode,
};
use rig::{
    ALTERNATE, AS_ACTIVE, AS_INACTIVE, AS_PENDING, ASP_FAILURE, INSUFFICIENT, LINK, OTHER, SERVER, T_ACK,
    TestNode, data, discarded, errors, kinds, message, notified, numbers, of_100, only, sent, server,
    settings, tag, transfer, transfers,
};

fn gateway(mode: TrafficMode, minimum_active: u16) -> TestNode {
    let mut server = server(100);
    server.traffic_mode = mode;
    server.minimum_active = minimum_active;
    TestNode::new(settings(&[Role::Sgp; 3], vec![server]))
}

fn aspac(mode: u32) -> Message {
    message(Kind::AspActive, &[(tag::TRAFFIC_MODE, mode), (tag::ROUTING_CONTEXT, 100)])
}

fn up(one: &mut TestNode, link: LinkId, identifier: u32) -> Vec<Output> {
    one.connect(link);
    one.receive(link, &message(Kind::AspUp, &[(tag::ASP_IDENTIFIER, identifier)]))
}

/// The links that carry a transfer with each of these selections.
fn links_of_selections(one: &mut TestNode, selections: u8) -> Vec<Vec<u16>> {
    let links_of = |sls| {
        let outputs = one.handle(Input::Transfer(transfer(SERVER, sls, "x")));
        sent(&outputs).iter().map(|(link, _)| link.0).collect()
    };
    (0..selections).map(links_of).collect()
}

#[test]
fn sgp_aspsm_v_001_and_003_aspup_is_acknowledged_and_the_state_notified() {
    let mut one = TestNode::of(Role::Sgp);
    assert_eq!(one.connect(LINK), []);
    let outputs = one.receive(LINK, &Message::new(Kind::AspUp));
    assert_eq!(kinds(&outputs), [Kind::AspUpAck, Kind::Notify]);
    assert_eq!(notified(&outputs, LINK), [AS_INACTIVE]);
    assert_eq!((one.link(), one.state()), (AspState::Inactive, ServerState::Inactive));
}

#[test]
fn sgp_aspsm_v_005_and_o_004_aspdn_is_acknowledged_in_every_state() {
    let mut one = TestNode::active_sgp();
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspDown))), [Kind::AspDownAck]);
    assert_eq!((one.link(), one.state()), (AspState::Down, ServerState::Pending));
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspDown))), [Kind::AspDownAck]);
}

#[test]
fn sgp_aspsm_i_001_aspup_of_another_version_is_refused() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    let outputs = one.receive_octets(0, &[2, 0, 3, 1, 0, 0, 0, 8]);
    assert_eq!(errors(&outputs), [0x01]);
    assert_eq!(sent(&outputs)[0].1.encode()[0], 1);
}

#[test]
fn sgp_aspsm_i_002_and_004_an_unknown_type_is_refused() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    assert_eq!(errors(&one.receive_octets(0, &[1, 0, 3, 0, 0, 0, 0, 8])), [0x04]);
    one.receive(LINK, &Message::new(Kind::AspUp));
    assert_eq!(errors(&one.receive_octets(0, &[1, 0, 3, 0, 0, 0, 0, 8])), [0x04]);
}

#[test]
fn an_unknown_class_is_refused() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    assert_eq!(errors(&one.receive_octets(0, &[1, 0, 127, 1, 0, 0, 0, 8])), [0x03]);
}

#[test]
fn aspup_without_the_required_asp_identifier_is_refused() {
    let mut settings = settings(&[Role::Sgp], vec![server(100)]);
    settings.links[0].asp_identifier = Some(7);
    let mut one = TestNode::new(settings);
    one.connect(LINK);
    assert_eq!(errors(&one.receive(LINK, &Message::new(Kind::AspUp))), [0x0e]);
    assert_eq!(errors(&one.receive(LINK, &message(Kind::AspUp, &[(tag::ASP_IDENTIFIER, 8)]))), [0x0f]);
    let outputs = one.receive(LINK, &message(Kind::AspUp, &[(tag::ASP_IDENTIFIER, 7)]));
    assert_eq!(kinds(&outputs)[0], Kind::AspUpAck);
}

#[test]
fn sgp_aspsm_o_003_aspup_while_active_is_refused_acknowledged_and_makes_inactive() {
    let mut one = TestNode::active_sgp();
    let outputs = one.receive(LINK, &Message::new(Kind::AspUp));
    assert_eq!(kinds(&outputs), [Kind::Error, Kind::AspUpAck, Kind::Notify]);
    assert_eq!(errors(&outputs), [0x06]);
    assert_eq!(one.link(), AspState::Inactive);
}

#[test]
fn sgp_aspsm_o_001_aspup_while_inactive_is_acknowledged_again() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUp));
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUp))), [Kind::AspUpAck]);
}

#[test]
fn sgp_asptm_v_001_003_and_005_aspac_is_acknowledged_with_its_parameters_and_then_notified() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUp));
    let outputs = one.receive(LINK, &aspac(2));
    let ack = &sent(&outputs)[0].1;
    assert_eq!(ack.kind(), Kind::AspActiveAck);
    assert_eq!(ack.number(tag::TRAFFIC_MODE), Ok(Some(2)));
    assert_eq!(ack.routing_contexts(), Ok(vec![100]));
    assert_eq!(notified(&outputs, LINK), [AS_ACTIVE]);
}

#[test]
fn sgp_asptm_v_006_and_008_aspia_is_acknowledged_and_the_server_is_pending() {
    let mut one = TestNode::active_sgp();
    let outputs = one.receive(LINK, &of_100(Kind::AspInactive, &[]));
    assert_eq!(sent(&outputs)[0].1, of_100(Kind::AspInactiveAck, &[]));
    assert_eq!(notified(&outputs, LINK), [AS_PENDING]);
    let outputs = one.pass(T_ACK);
    assert_eq!(notified(&outputs, LINK), [AS_INACTIVE]);
    assert_eq!(one.state(), ServerState::Inactive);
}

#[test]
fn sgp_asptm_v_010_and_011_beat_is_answered_with_its_data() {
    let mut one = TestNode::active_sgp();
    let beat = Message::new(Kind::Beat).with(tag::HEARTBEAT, &b"still there?"[..]);
    let ack = Message::new(Kind::BeatAck).with(tag::HEARTBEAT, &b"still there?"[..]);
    assert_eq!(sent(&one.receive(LINK, &beat)), [(LINK, ack)]);
}

#[test]
fn sgp_asptm_i_003_and_004_another_traffic_mode_is_refused() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUp));
    for mode in [0, 1, 3, 4] {
        assert_eq!(errors(&one.receive(LINK, &aspac(mode))), [0x05], "mode {mode}");
    }
    assert_eq!(one.link(), AspState::Inactive);
}

#[test]
fn sgp_aspsm_i_003_aspac_while_down_is_refused() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    assert_eq!(errors(&one.receive(LINK, &aspac(2))), [0x06]);
    assert_eq!(one.link(), AspState::Down);
}

#[test]
fn sgp_asptm_i_001_aspac_of_another_version_is_refused() {
    let mut one = TestNode::of(Role::Sgp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUp));
    assert_eq!(errors(&one.receive_octets(0, &[2, 0, 4, 1, 0, 0, 0, 8])), [0x01]);
    assert_eq!(one.link(), AspState::Inactive);
}

#[test]
fn sgp_asptm_i_006_and_008_an_unknown_type_is_refused() {
    let mut one = TestNode::active_sgp();
    assert_eq!(errors(&one.receive_octets(0, &[1, 0, 4, 5, 0, 0, 0, 8])), [0x04]);
    one.receive(LINK, &of_100(Kind::AspInactive, &[]));
    assert_eq!(errors(&one.receive_octets(0, &[1, 0, 4, 5, 0, 0, 0, 8])), [0x04]);
}

#[test]
fn sgp_asptm_o_001_and_003_aspac_and_aspia_are_acknowledged_again() {
    let mut one = TestNode::active_sgp();
    assert_eq!(kinds(&one.receive(LINK, &aspac(2))), [Kind::AspActiveAck]);
    one.receive(LINK, &of_100(Kind::AspInactive, &[]));
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspInactive, &[]))), [Kind::AspInactiveAck]);
}

#[test]
fn sgp_asptm_i_005_unknown_routing_contexts_are_refused_and_the_others_served() {
    let mut one = TestNode::new(settings(&[Role::Sgp], vec![server(100), server(200)]));
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUp));
    assert_eq!(errors(&one.receive(LINK, &Message::new(Kind::AspActive))), [0x1a]);
    let request = Message::new(Kind::AspActive).with(tag::ROUTING_CONTEXT, numbers(&[200, 7, 100]));
    let outputs = one.receive(LINK, &request);
    assert_eq!(only(&outputs, LINK, Kind::AspActiveAck)[0].routing_contexts(), Ok(vec![200, 100]));
    assert_eq!(only(&outputs, LINK, Kind::Error)[0].routing_contexts(), Ok(vec![7]));
    assert_eq!(errors(&outputs), [0x19]);
    let outputs = one.receive(LINK, &data(200, 1));
    assert_eq!(transfers(&outputs)[0].server, ServerId(1));
    let without = Message::new(Kind::Data).with(tag::PROTOCOL_DATA, &[0; 12][..]);
    assert_eq!(errors(&one.receive(LINK, &without)), [0x1a]);
}

#[test]
fn one_server_needs_no_routing_context_and_uses_that_of_its_peer() {
    let mut server = server(0);
    server.routing_context = None;
    let mut one = TestNode::new(settings(&[Role::Sgp], vec![server]));
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUp));
    let outputs = one.receive(LINK, &Message::new(Kind::AspActive));
    assert_eq!(only(&outputs, LINK, Kind::AspActiveAck), [Message::new(Kind::AspActiveAck)]);
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert_eq!(only(&outputs, LINK, Kind::Data)[0].routing_contexts(), Ok(Vec::new()));
    let outputs = one.receive(LINK, &message(Kind::AspActive, &[(tag::ROUTING_CONTEXT, 55)]));
    assert_eq!(only(&outputs, LINK, Kind::AspActiveAck)[0].routing_contexts(), Ok(vec![55]));
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert_eq!(only(&outputs, LINK, Kind::Data)[0].routing_contexts(), Ok(vec![55]));
    assert_eq!(transfers(&one.receive(LINK, &data(55, 1))).len(), 1);
}

#[test]
fn the_network_appearance_is_sent_and_another_one_is_refused() {
    let mut server = server(100);
    server.network_appearance = Some(3);
    let mut one = TestNode::new(settings(&[Role::Sgp], vec![server]));
    one.bring_peer_up(LINK);
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert_eq!(only(&outputs, LINK, Kind::Data)[0].network_appearance(), Ok(Some(3)));
    let with = |appearance: u32| data(100, 1).with(tag::NETWORK_APPEARANCE, numbers(&[appearance]));
    assert_eq!(transfers(&one.receive(LINK, &with(3))).len(), 1);
    assert_eq!(transfers(&one.receive(LINK, &data(100, 1))).len(), 1);
    let outputs = one.receive(LINK, &with(4));
    assert_eq!(errors(&outputs), [0x15]);
    assert_eq!(only(&outputs, LINK, Kind::Error)[0].network_appearance(), Ok(Some(4)));
}

#[test]
fn sgp_asptm_i_009_the_failure_of_another_asp_is_notified() {
    let mut one = gateway(TrafficMode::Override, 1);
    for (link, identifier) in [(LINK, 11), (OTHER, 22)] {
        up(&mut one, link, identifier);
        one.receive(link, &aspac(1));
    }
    let outputs = one.lose(LINK);
    assert_eq!(notified(&outputs, OTHER), [ASP_FAILURE]);
    assert_eq!(only(&outputs, OTHER, Kind::Notify)[0].number(tag::ASP_IDENTIFIER), Ok(Some(11)));
    assert_eq!(one.state(), ServerState::Active);
}

#[test]
fn a_second_asp_is_notified_that_the_server_is_active() {
    let mut one = gateway(TrafficMode::Loadshare, 1);
    one.bring_peer_up(LINK);
    let outputs = up(&mut one, OTHER, 2);
    assert_eq!(notified(&outputs, OTHER), [AS_ACTIVE]);
    assert_eq!(notified(&outputs, LINK), []);
}

#[test]
fn loadshare_goes_by_signalling_link_selection_to_active_asps_alone() {
    let mut one = gateway(TrafficMode::Loadshare, 1);
    one.bring_peer_up(LINK);
    up(&mut one, OTHER, 2);
    assert_eq!(links_of_selections(&mut one, 4), [[0], [0], [0], [0]]);
    one.receive(OTHER, &aspac(2));
    one.bring_peer_up(LinkId(2));
    assert_eq!(links_of_selections(&mut one, 6), [[0], [1], [2], [0], [1], [2]]);
    one.receive(OTHER, &of_100(Kind::AspInactive, &[]));
    assert_eq!(links_of_selections(&mut one, 6), [[0], [0], [2], [0], [2], [2]]);
    assert_eq!(one.state(), ServerState::Active);
}

#[test]
fn sgp_asptm_v_014_and_015_override_gives_all_traffic_to_the_last_and_notifies_the_one_before() {
    let mut one = gateway(TrafficMode::Override, 1);
    up(&mut one, LINK, 11);
    one.receive(LINK, &aspac(1));
    up(&mut one, OTHER, 22);
    let outputs = one.receive(OTHER, &aspac(1));
    assert_eq!(notified(&outputs, LINK), [ALTERNATE]);
    assert_eq!(only(&outputs, LINK, Kind::Notify)[0].number(tag::ASP_IDENTIFIER), Ok(Some(22)));
    assert_eq!((one.state(), one.link()), (ServerState::Active, AspState::Inactive));
    assert_eq!(links_of_selections(&mut one, 3), [[1], [1], [1]]);
    assert_eq!(transfers(&one.receive(LINK, &data(100, 1))).len(), 1, "sent before the override was known");
    one.pass(T_ACK);
    assert_eq!(errors(&one.receive(LINK, &data(100, 1))), [0x06]);
}

#[test]
fn broadcast_gives_every_active_asp_all_traffic() {
    let mut one = gateway(TrafficMode::Broadcast, 1);
    for link in [LINK, OTHER] {
        up(&mut one, link, 1);
        one.receive(link, &aspac(3));
    }
    assert_eq!(links_of_selections(&mut one, 2), [[0, 1], [0, 1]]);
}

#[test]
fn sgp_asptm_v_013_n_plus_k_requires_n_and_notifies_when_fewer_are_left() {
    let mut one = gateway(TrafficMode::Loadshare, 2);
    up(&mut one, LINK, 1);
    let outputs = one.receive(LINK, &aspac(2));
    assert_eq!(kinds(&outputs), [Kind::AspActiveAck]);
    assert_eq!(one.state(), ServerState::Inactive);
    up(&mut one, OTHER, 2);
    let outputs = one.receive(OTHER, &aspac(2));
    assert_eq!((notified(&outputs, LINK), notified(&outputs, OTHER)), (vec![AS_ACTIVE], vec![AS_ACTIVE]));
    up(&mut one, LinkId(2), 3);
    let outputs = one.lose(OTHER);
    assert_eq!(one.state(), ServerState::Active);
    assert_eq!(notified(&outputs, LINK), [ASP_FAILURE]);
    assert_eq!(notified(&outputs, LinkId(2)), [INSUFFICIENT, ASP_FAILURE]);
    assert_eq!(only(&outputs, LINK, Kind::Notify)[0].number(tag::ASP_IDENTIFIER), Ok(Some(2)));
}

#[test]
fn a_pending_server_holds_its_traffic_up_to_its_bound_and_no_longer_than_t_r() {
    let mut one = TestNode::active_sgp();
    one.receive(LINK, &of_100(Kind::AspInactive, &[]));
    let outputs: Vec<Output> =
        (0..105).flat_map(|sls| one.handle(Input::Transfer(transfer(SERVER, sls, vec![sls])))).collect();
    assert_eq!(discarded(&outputs).len(), 5);
    let outputs = one.receive(LINK, &aspac(2));
    let delivered: Vec<u8> = rig::arrived(&outputs).iter().map(|data| data.payload[0]).collect();
    assert_eq!(delivered, (0..100).collect::<Vec<u8>>());
    one.lose(LINK);
    one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert_eq!(discarded(&one.pass(T_ACK)).len(), 1);
    assert_eq!((one.state(), one.node.deadline()), (ServerState::Down, None));
}

#[test]
fn the_traffic_of_a_congested_link_moves_to_the_others_or_is_held() {
    let mut one = gateway(TrafficMode::Loadshare, 1);
    one.bring_peer_up(LINK);
    one.bring_peer_up(OTHER);
    one.handle(Input::Congested { link: LINK, congested: true });
    assert_eq!(links_of_selections(&mut one, 3), [[1], [1], [1]]);
    one.handle(Input::Congested { link: OTHER, congested: true });
    assert_eq!(links_of_selections(&mut one, 2), [[0_u16; 0], []]);
    let outputs = one.handle(Input::Congested { link: LINK, congested: false });
    assert_eq!(kinds(&outputs), [Kind::Data, Kind::Data]);
    one.handle(Input::Congested { link: LINK, congested: true });
    one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert_eq!(discarded(&one.pass(T_ACK)).len(), 1);
    assert_eq!(one.state(), ServerState::Active);
}

fn change(change: Availability, point_codes: &[u32]) -> Input {
    Input::PointCodes { server: SERVER, point_codes: point_codes.to_vec(), change }
}

#[test]
fn ssnm_goes_to_active_asps_and_unavailable_states_to_later_ones() {
    let mut one = gateway(TrafficMode::Loadshare, 1);
    one.bring_peer_up(LINK);
    up(&mut one, OTHER, 2);
    let cases = [
        (Availability::Unavailable, Kind::Duna, None),
        (Availability::Restricted, Kind::Drst, None),
        (Availability::Congested(3), Kind::Scon, Some(3)),
        (Availability::Available, Kind::Dava, None),
        (Availability::Congested(0), Kind::Scon, Some(0)),
        (Availability::Unavailable, Kind::Duna, None),
    ];
    for (state, kind, level) in cases {
        let outputs = one.handle(change(state, &[5, 6]));
        let [(link, message)] = &sent(&outputs)[..] else { panic!("{outputs:?}") };
        assert_eq!((*link, message.kind()), (LINK, kind));
        assert_eq!(message.affected(), Ok(vec![(0, 5), (0, 6)]));
        assert_eq!(message.number(tag::CONGESTION), Ok(level));
        assert_eq!(message.routing_contexts(), Ok(vec![100]));
    }
    let outputs = one.receive(OTHER, &aspac(2));
    assert_eq!(only(&outputs, OTHER, Kind::Duna)[0].affected(), Ok(vec![(0, 5), (0, 6)]));
    let input = Input::UserPart { server: SERVER, point_code: 6, user: 3, cause: 1 };
    let outputs = one.handle(input);
    assert_eq!(only(&outputs, LINK, Kind::Dupu)[0].number(tag::USER_CAUSE), Ok(Some(0x0001_0003)));
    assert_eq!(only(&outputs, OTHER, Kind::Dupu).len(), 1);
}

#[test]
fn an_audit_is_answered_with_congestion_before_availability() {
    let mut server = server(100);
    server.point_codes = vec![5, 6, 7];
    let mut one = TestNode::new(settings(&[Role::Sgp], vec![server]));
    one.bring_peer_up(LINK);
    one.handle(change(Availability::Congested(2), &[6]));
    one.handle(change(Availability::Restricted, &[7]));
    let daud = of_100(Kind::Daud, &[]).with(tag::AFFECTED, numbers(&[5, 6, 7, 8]));
    let outputs = one.receive(LINK, &daud);
    let messages: Vec<_> =
        sent(&outputs).iter().map(|(_, message)| (message.kind(), message.affected().unwrap())).collect();
    let expected = [
        (Kind::Scon, vec![(0, 6)]),
        (Kind::Dava, vec![(0, 5), (0, 6)]),
        (Kind::Drst, vec![(0, 7)]),
        (Kind::Duna, vec![(0, 8)]),
    ];
    assert_eq!(messages, expected);
}

#[test]
fn an_audit_of_a_range_is_answered_with_the_range_and_then_its_exceptions() {
    let mut one = TestNode::active_sgp();
    one.handle(change(Availability::Unavailable, &[0x12, 0x22]));
    let outputs = one.receive(LINK, &of_100(Kind::Daud, &[(tag::AFFECTED, 0x0400_001f)]));
    let messages: Vec<_> =
        sent(&outputs).iter().map(|(_, message)| (message.kind(), message.affected().unwrap())).collect();
    assert_eq!(messages, [(Kind::Dava, vec![(4, 0x10)]), (Kind::Duna, vec![(0, 0x12)])]);
}

#[test]
fn data_for_an_unavailable_point_code_is_answered_with_duna() {
    let mut one = TestNode::active_sgp();
    one.handle(change(Availability::Unavailable, &[1]));
    let outputs = one.receive(LINK, &data(100, 1));
    assert_eq!((kinds(&outputs), transfers(&outputs).len()), (vec![Kind::Duna], 0));
}

fn registering_gateway() -> TestNode {
    let mut first = server(0);
    first.routing_context = None;
    let key = RoutingKey { local_identifier: 1, dpc: 1, service_indicators: vec![3, 5], opcs: vec![9, 8] };
    first.registers = Some(key);
    let mut one = TestNode::new(settings(&[Role::Sgp], vec![first, server(100)]));
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUp));
    one
}

fn parameter(tag: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 4).unwrap();
    let mut octets = [tag.to_be_bytes(), length.to_be_bytes()].concat();
    octets.extend(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

fn reg_req(dpc: u8) -> Message {
    let key = [
        parameter(tag::LOCAL_KEY, &[0, 0, 0, 42]),
        parameter(tag::DPC, &[0, 0, 0, dpc]),
        parameter(0x020c, &[5, 3]),
        parameter(0x020e, &[0, 0, 0, 8, 0, 0, 0, 9]),
    ];
    Message::new(Kind::RegReq).with(tag::ROUTING_KEY, key.concat())
}

fn last_numbers(message: &Message) -> Vec<u32> {
    let value = &message.parameters()[0].value;
    value.chunks(8).map(|part| u32::from_be_bytes(part[4..].try_into().unwrap())).collect()
}

#[test]
fn a_routing_key_is_registered_once_and_deregistered_when_inactive() {
    let mut one = registering_gateway();
    let activate = message(Kind::AspActive, &[(tag::ROUTING_CONTEXT, 1)]);
    assert_eq!(errors(&one.receive(LINK, &activate)), [0x19]);
    let outputs = one.receive(LINK, &reg_req(2));
    assert_eq!(last_numbers(&only(&outputs, LINK, Kind::RegRsp)[0]), [42, 7, 0]);
    let outputs = one.receive(LINK, &reg_req(1));
    assert_eq!(last_numbers(&only(&outputs, LINK, Kind::RegRsp)[0]), [42, 0, 1]);
    let outputs = one.receive(LINK, &reg_req(1));
    assert_eq!(last_numbers(&only(&outputs, LINK, Kind::RegRsp)[0]), [42, 12, 1]);
    assert_eq!(only(&one.receive(LINK, &activate), LINK, Kind::AspActiveAck).len(), 1);
    let dereg = |context: u32| message(Kind::DeregReq, &[(tag::ROUTING_CONTEXT, context)]);
    for (context, status) in [(1, 5), (77, 2), (100, 3)] {
        let outputs = one.receive(LINK, &dereg(context));
        assert_eq!(last_numbers(&only(&outputs, LINK, Kind::DeregRsp)[0]), [context, status]);
    }
    one.receive(LINK, &message(Kind::AspInactive, &[(tag::ROUTING_CONTEXT, 1)]));
    for status in [0, 4] {
        let outputs = one.receive(LINK, &dereg(1));
        assert_eq!(last_numbers(&only(&outputs, LINK, Kind::DeregRsp)[0]), [1, status]);
    }
    assert_eq!(errors(&one.receive(LINK, &activate)), [0x19]);
    assert_eq!(errors(&one.receive(LINK, &Message::new(Kind::RegReq))), [0x16]);
}

#[test]
fn an_error_is_never_answered_with_an_error() {
    let mut one = TestNode::active_sgp();
    let outputs = one.receive(LINK, &message(Kind::Error, &[(tag::ERROR_CODE, 0x19)]));
    assert_eq!(outputs, [Output::Refused { link: LINK, code: 0x19, sent: false }]);
    for octets in
        [&[1, 0, 0, 0, 0, 0, 0, 8][..], &[9, 0, 0, 0, 0, 0, 0, 8], &[1, 0, 0, 0], &[1, 0, 0, 0, 0, 0, 0, 99]]
    {
        assert_eq!(one.receive_octets(3, octets), []);
    }
}

#[test]
fn a_gateway_that_stops_closes_its_links() {
    let mut one = TestNode::active_sgp();
    let outputs = one.handle(Input::Stop);
    assert!(outputs.contains(&Output::Close { link: LINK }));
    assert_eq!((one.state(), one.link()), (ServerState::Down, AspState::Down));
}
