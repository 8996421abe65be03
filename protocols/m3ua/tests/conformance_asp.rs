//! ASP conformance tests, after the test purposes of ETSI TS 102 381, and procedures beyond them (RFC 4666).
//!
//! A test with a purpose's name is that purpose; "v" is valid, "i" invalid, "o" inopportune behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use std::time::Duration;

use bytes::Bytes;
use m3ua::{AspState, Availability, Input, Kind, Message, Output, Role, RoutingKey, ServerId, ServerState};
use rig::{
    ALTERNATE, AS_ACTIVE, LINK, SERVER, T_ACK, TestNode, arrived, data, errors, kinds, message, numbers,
    of_100, only, sent, server, settings, tag, transfer, transfers,
};

/// The message with another version.
fn version_2(message: &Message) -> Vec<u8> {
    let mut octets = message.encode().to_vec();
    octets[0] = 2;
    octets
}

fn with_registration() -> TestNode {
    let mut server = server(100);
    server.routing_context = None;
    server.registers =
        Some(RoutingKey { local_identifier: 9, dpc: 1, service_indicators: vec![3], opcs: Vec::new() });
    TestNode::new(settings(&[Role::Asp], vec![server]))
}

fn registered(status: u32, context: u32) -> Message {
    let mut result = Vec::new();
    for (tag, value) in
        [(tag::LOCAL_KEY, 9), (tag::REGISTRATION_STATUS, status), (tag::ROUTING_CONTEXT, context)]
    {
        result.extend([u16::to_be_bytes(tag), [0, 8]].concat());
        result.extend(value.to_be_bytes());
    }
    Message::new(Kind::RegRsp).with(tag::REGISTRATION_RESULT, result)
}

#[test]
fn asp_aspsm_v_002_aspup_is_sent_when_the_association_is_up() {
    let mut one = TestNode::of(Role::Asp);
    let outputs = one.connect(LINK);
    let expected = Bytes::from_static(&[1, 0, 3, 1, 0, 0, 0, 8]);
    assert_eq!(outputs, [Output::Send { link: LINK, stream: 0, octets: expected }]);
}

#[test]
fn aspup_carries_the_asp_identifier_that_is_set() {
    let mut settings = settings(&[Role::Asp], vec![server(100)]);
    settings.links[0].asp_identifier = Some(77);
    let outputs = TestNode::new(settings).connect(LINK);
    assert_eq!(only(&outputs, LINK, Kind::AspUp)[0].number(tag::ASP_IDENTIFIER), Ok(Some(77)));
}

#[test]
fn aspup_is_repeated_at_every_t_ack() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    let outputs = one.pass(T_ACK * 100);
    assert_eq!(kinds(&outputs), vec![Kind::AspUp; 100]);
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::AspUpAck))), [Kind::AspActive]);
}

#[test]
fn asp_aspsm_v_005_aspdn_is_sent_on_stop_after_aspia_and_then_the_link_is_closed() {
    let mut one = TestNode::active_asp();
    assert_eq!(kinds(&one.handle(Input::Stop)), [Kind::AspInactive]);
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspInactiveAck, &[]))), [Kind::AspDown]);
    let outputs = one.receive(LINK, &Message::new(Kind::AspDownAck));
    assert!(outputs.contains(&Output::Close { link: LINK }));
    assert_eq!(one.link(), AspState::Down);
    assert_eq!(one.connect(LINK), [Output::Close { link: LINK }]);
    assert_eq!(one.node.deadline(), None);
}

#[test]
fn stop_ends_without_acknowledgements() {
    let mut one = TestNode::active_asp();
    one.handle(Input::Stop);
    one.handle(Input::Stop);
    let outputs = one.pass(T_ACK * 2);
    assert_eq!(kinds(&outputs), [Kind::AspDown]);
    assert!(outputs.contains(&Output::Close { link: LINK }));
}

#[test]
fn asp_aspsm_i_001_aspup_ack_of_another_version_is_refused() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    let outputs = one.receive_octets(0, &version_2(&Message::new(Kind::AspUpAck)));
    assert_eq!(errors(&outputs), [0x01]);
    assert_eq!(one.link(), AspState::Down);
}

#[test]
fn asp_aspsm_i_002_aspdn_ack_of_another_version_is_refused() {
    let mut one = TestNode::active_asp();
    one.handle(Input::Stop);
    one.receive(LINK, &of_100(Kind::AspInactiveAck, &[]));
    assert_eq!(errors(&one.receive_octets(0, &version_2(&Message::new(Kind::AspDownAck)))), [0x01]);
}

#[test]
fn asp_aspsm_i_003_an_unknown_type_is_refused() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    let octets = [1, 0, 3, 7, 0, 0, 0, 8];
    let outputs = one.receive_octets(0, &octets);
    assert_eq!(errors(&outputs), [0x04]);
    let error = &only(&outputs, LINK, Kind::Error)[0];
    assert_eq!(error.first(tag::DIAGNOSTIC).unwrap().as_ref(), octets);
    assert!(outputs.contains(&Output::Refused { link: LINK, code: 4, sent: true }));
}

#[test]
fn management_on_another_stream_than_0_is_refused() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    assert_eq!(errors(&one.receive_octets(1, &Message::new(Kind::AspUpAck).encode())), [0x09]);
    assert_eq!(kinds(&one.receive_octets(1, &Message::new(Kind::Beat).encode())), [Kind::BeatAck]);
}

#[test]
fn asp_aspsm_o_001_aspdn_ack_instead_of_aspup_ack_does_not_make_active() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    assert_eq!(one.receive(LINK, &Message::new(Kind::AspDownAck)), []);
    assert_eq!(kinds(&one.pass(T_ACK)), [Kind::AspUp]);
}

#[test]
fn asp_aspsm_o_002_aspac_ack_while_down_is_refused() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    assert_eq!(errors(&one.receive(LINK, &of_100(Kind::AspActiveAck, &[]))), [0x06]);
    assert_eq!(one.link(), AspState::Down);
}

#[test]
fn asp_asptm_v_001_and_002_aspac_follows_aspup_ack_with_mode_and_routing_context() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    let outputs = one.receive(LINK, &Message::new(Kind::AspUpAck));
    let aspac = &only(&outputs, LINK, Kind::AspActive)[0];
    assert_eq!(aspac.number(tag::TRAFFIC_MODE), Ok(Some(2)));
    assert_eq!(aspac.routing_contexts(), Ok(vec![100]));
}

#[test]
fn one_aspac_carries_several_routing_contexts() {
    let mut one = TestNode::new(settings(&[Role::Asp], vec![server(100), server(200)]));
    one.connect(LINK);
    let outputs = one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(only(&outputs, LINK, Kind::AspActive)[0].routing_contexts(), Ok(vec![100, 200]));
    one.receive(LINK, &of_100(Kind::AspActiveAck, &[]));
    let again = one.pass(T_ACK);
    assert_eq!(only(&again, LINK, Kind::AspActive)[0].routing_contexts(), Ok(vec![200]));
    one.receive(LINK, &message(Kind::AspActiveAck, &[(tag::ROUTING_CONTEXT, 200)]));
    assert_eq!(one.node.server_state(ServerId(1)), ServerState::Active);
    assert_eq!(one.pass(T_ACK * 2), []);
}

#[test]
fn aspac_is_repeated_at_every_t_ack() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(kinds(&one.pass(T_ACK * 50)), vec![Kind::AspActive; 50]);
}

#[test]
fn notify_as_active_before_the_ack_has_no_effect() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(one.receive(LINK, &of_100(Kind::Notify, &[(tag::STATUS, AS_ACTIVE)])), []);
    assert_eq!(one.link(), AspState::Inactive);
    one.receive(LINK, &of_100(Kind::AspActiveAck, &[]));
    assert_eq!((one.link(), one.state()), (AspState::Active, ServerState::Active));
}

#[test]
fn an_overridden_asp_is_on_standby_until_the_other_is_lost() {
    let mut server = server(100);
    server.traffic_mode = m3ua::TrafficMode::Override;
    let mut one = TestNode::new(settings(&[Role::Asp], vec![server]));
    one.bring_asp_up(LINK);
    one.receive(LINK, &of_100(Kind::Notify, &[(tag::STATUS, ALTERNATE)]));
    assert_eq!(one.link(), AspState::Inactive);
    assert_eq!(kinds(&one.pass(T_ACK * 3)), []);
    let outputs = one.receive(LINK, &of_100(Kind::Notify, &[(tag::STATUS, rig::AS_PENDING)]));
    assert_eq!(kinds(&outputs), [Kind::AspActive]);
}

#[test]
fn asp_asptm_v_005_aspia_carries_the_active_routing_contexts() {
    let mut one = TestNode::active_asp();
    let outputs = one.handle(Input::Stop);
    assert_eq!(only(&outputs, LINK, Kind::AspInactive)[0].routing_contexts(), Ok(vec![100]));
}

#[test]
fn an_unsolicited_aspia_ack_is_followed_by_aspac() {
    let mut one = TestNode::active_asp();
    assert_eq!(kinds(&one.receive(LINK, &of_100(Kind::AspInactiveAck, &[]))), [Kind::AspActive]);
    assert_eq!(one.state(), ServerState::Pending);
    one.receive(LINK, &of_100(Kind::AspActiveAck, &[]));
    assert_eq!(one.state(), ServerState::Active);
}

#[test]
fn asp_asptm_v_007_beat_is_answered() {
    let mut one = TestNode::active_asp();
    let beat = Message::new(Kind::Beat).with(tag::HEARTBEAT, vec![0xa5; 5_000]);
    assert_eq!(kinds(&one.receive(LINK, &beat)), [Kind::BeatAck]);
}

#[test]
fn asp_asptm_v_008_beat_ack_has_the_data_of_the_beat() {
    let mut one = TestNode::active_asp();
    for length in [0, 1, 2, 3, 600] {
        let beat = Message::new(Kind::Beat).with(tag::HEARTBEAT, vec![0xa5; length]);
        let ack = Message::new(Kind::BeatAck).with(tag::HEARTBEAT, vec![0xa5; length]);
        assert_eq!(sent(&one.receive(LINK, &beat)), [(LINK, ack)]);
    }
    assert_eq!(sent(&one.receive(LINK, &Message::new(Kind::Beat))), [(LINK, Message::new(Kind::BeatAck))]);
}

#[test]
fn asp_asptm_i_001_aspac_ack_of_another_version_is_refused() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(errors(&one.receive_octets(0, &version_2(&of_100(Kind::AspActiveAck, &[])))), [0x01]);
    assert_eq!(one.link(), AspState::Inactive);
}

#[test]
fn asp_asptm_i_002_aspia_ack_of_another_version_is_refused() {
    let mut one = TestNode::active_asp();
    one.handle(Input::Stop);
    assert_eq!(errors(&one.receive_octets(0, &version_2(&of_100(Kind::AspInactiveAck, &[])))), [0x01]);
}

#[test]
fn asp_asptm_i_003_an_unknown_type_is_refused() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(errors(&one.receive_octets(0, &[1, 0, 4, 5, 0, 0, 0, 8])), [0x04]);
}

#[test]
fn an_ack_for_another_routing_context_is_refused() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    let outputs = one.receive(LINK, &message(Kind::AspActiveAck, &[(tag::ROUTING_CONTEXT, 7)]));
    assert_eq!(errors(&outputs), [0x19]);
    assert_eq!(only(&outputs, LINK, Kind::Error)[0].routing_contexts(), Ok(vec![7]));
    assert_eq!(one.link(), AspState::Inactive);
}

#[test]
fn asp_asptm_o_001_aspup_ack_instead_of_aspac_ack_does_not_make_active() {
    let mut one = TestNode::of(Role::Asp);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(one.receive(LINK, &Message::new(Kind::AspUpAck)), []);
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert!(matches!(outputs.as_slice(), [Output::Discarded(_)]));
}

#[test]
fn asp_mtr_v_001_data_carries_the_routing_context() {
    let mut one = TestNode::active_asp();
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert_eq!(only(&outputs, LINK, Kind::Data)[0].routing_contexts(), Ok(vec![100]));
}

#[test]
fn asp_mtr_v_002_data_carries_the_label_and_the_users_octets() {
    let mut one = TestNode::active_asp();
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "users octets")));
    let data = &arrived(&outputs)[0];
    assert_eq!((data.opc, data.dpc, data.service_indicator, data.network_indicator), (1, 2, 3, 2));
    assert_eq!((data.priority, data.sls, data.payload.as_ref()), (0, 1, &b"users octets"[..]));
}

#[test]
fn asp_mtr_v_003_data_is_never_on_stream_0_and_never_on_one_that_does_not_exist() {
    for streams in [0, 1, 2, 3, 17, 300] {
        let mut one = TestNode::of(Role::Asp);
        one.handle(Input::Connected { link: LINK, streams });
        one.receive(LINK, &Message::new(Kind::AspUpAck));
        one.receive(LINK, &of_100(Kind::AspActiveAck, &[]));
        for sls in 0..=u8::MAX {
            let outputs = one.handle(Input::Transfer(transfer(SERVER, sls, "x")));
            let [Output::Send { stream, .. }] = outputs.as_slice() else { panic!("{outputs:?}") };
            let expected = if streams < 2 { 0 } else { 1 + u16::from(sls) % (streams - 1) };
            assert_eq!(*stream, expected);
        }
    }
}

#[test]
fn data_goes_to_the_user() {
    let mut one = TestNode::active_asp();
    let outputs = one.receive(LINK, &data(100, 9));
    let transfer = &transfers(&outputs)[0];
    assert_eq!((transfer.server, transfer.opc, transfer.dpc, transfer.sls), (SERVER, 2, 1, 9));
    assert_eq!(transfer.payload.as_ref(), b"user");
}

#[test]
fn asp_mtr_i_001_data_of_another_version_is_refused() {
    let mut one = TestNode::active_asp();
    assert_eq!(errors(&one.receive_octets(1, &version_2(&data(100, 1)))), [0x01]);
}

#[test]
fn asp_mtr_i_002_an_unknown_class_is_refused() {
    let mut one = TestNode::active_asp();
    assert_eq!(errors(&one.receive_octets(1, &[1, 0, 8, 0, 0, 0, 0, 8])), [0x03]);
}

#[test]
fn asp_mtr_i_003_an_unknown_type_is_refused() {
    let mut one = TestNode::active_asp();
    assert_eq!(errors(&one.receive_octets(1, &[1, 0, 1, 0, 0, 0, 0, 8])), [0x04]);
}

#[test]
fn data_for_another_routing_context_is_refused() {
    let mut one = TestNode::active_asp();
    assert_eq!(errors(&one.receive(LINK, &data(7, 1))), [0x19]);
}

#[test]
fn data_without_protocol_data_is_refused() {
    let mut one = TestNode::active_asp();
    assert_eq!(errors(&one.receive(LINK, &of_100(Kind::Data, &[]))), [0x16]);
    let short = of_100(Kind::Data, &[(tag::PROTOCOL_DATA, 1)]);
    assert_eq!(errors(&one.receive(LINK, &short)), [0x12]);
}

#[test]
fn asp_rkm_v_002_the_routing_key_is_registered_before_aspac() {
    let mut one = with_registration();
    one.connect(LINK);
    let outputs = one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(kinds(&outputs), [Kind::RegReq]);
    let key = only(&outputs, LINK, Kind::RegReq)[0].first(tag::ROUTING_KEY).unwrap().clone();
    let expected = [
        &[2, 0x0a, 0, 8, 0, 0, 0, 9][..],
        &[0, 0x0b, 0, 8, 0, 0, 0, 2],
        &[2, 0x0b, 0, 8, 0, 0, 0, 1],
        &[2, 0x0c, 0, 5, 3, 0, 0, 0],
    ];
    assert_eq!(key.as_ref(), expected.concat());
    let outputs = one.receive(LINK, &registered(0, 321));
    assert_eq!(only(&outputs, LINK, Kind::AspActive)[0].routing_contexts(), Ok(vec![321]));
    one.receive(LINK, &message(Kind::AspActiveAck, &[(tag::ROUTING_CONTEXT, 321)]));
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert_eq!(only(&outputs, LINK, Kind::Data)[0].routing_contexts(), Ok(vec![321]));
}

#[test]
fn a_refused_registration_is_tried_again() {
    let mut one = with_registration();
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(one.receive(LINK, &registered(7, 0)), []);
    assert_eq!(kinds(&one.pass(T_ACK)), [Kind::RegReq]);
    assert_eq!(kinds(&one.receive(LINK, &registered(12, 321))), [Kind::AspActive]);
}

#[test]
fn asp_rkm_v_003_and_004_deregistration_follows_aspia_with_the_routing_context() {
    let mut one = with_registration();
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    one.receive(LINK, &registered(0, 321));
    one.receive(LINK, &message(Kind::AspActiveAck, &[(tag::ROUTING_CONTEXT, 321)]));
    assert_eq!(kinds(&one.handle(Input::Stop)), [Kind::AspInactive]);
    let outputs = one.receive(LINK, &message(Kind::AspInactiveAck, &[(tag::ROUTING_CONTEXT, 321)]));
    assert_eq!(only(&outputs, LINK, Kind::DeregReq)[0].routing_contexts(), Ok(vec![321]));
    assert_eq!(kinds(&one.receive(LINK, &Message::new(Kind::DeregRsp))), [Kind::AspDown]);
}

#[test]
fn asp_rkm_i_001_an_unknown_type_is_refused() {
    let mut one = with_registration();
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    assert_eq!(errors(&one.receive_octets(0, &[1, 0, 9, 5, 0, 0, 0, 8])), [0x04]);
}

fn ssnm_outputs(kind: Kind, affected: &[u32], more: &[(u16, u32)]) -> Vec<Output> {
    let mut one = TestNode::active_asp();
    let outputs = one.receive(LINK, &of_100(kind, more).with(tag::AFFECTED, numbers(affected)));
    // Destinations that are not available are audited on a timer, until a DAVA.
    let audit = one.pass(Duration::from_secs(60));
    let audits = only(&audit, LINK, Kind::Daud);
    if kind != Kind::Dupu {
        assert_eq!(audits.len(), 2, "{kind:?}");
        let dava = of_100(Kind::Dava, &[]).with(tag::AFFECTED, numbers(affected));
        assert!(matches!(one.receive(LINK, &dava).as_slice(), [Output::PointCode { state, .. }, ..]
            if *state == Availability::Available));
        assert_eq!(kinds(&one.pass(Duration::from_secs(60))), []);
    }
    outputs
}

fn point_code(point_code: u32, mask: u8, state: Availability) -> Output {
    Output::PointCode { server: SERVER, point_code, mask, state }
}

#[test]
fn asp_ssnm_001_and_002_duna_pauses_a_point_code_or_a_range() {
    let outputs = ssnm_outputs(Kind::Duna, &[5, 0xff00_0006], &[]);
    let expected =
        [point_code(5, 0, Availability::Unavailable), point_code(6, 255, Availability::Unavailable)];
    assert_eq!(outputs, expected);
}

#[test]
fn asp_ssnm_003_and_004_drst_restricts_a_point_code_or_a_range() {
    let outputs = ssnm_outputs(Kind::Drst, &[0x0200_0008], &[]);
    assert_eq!(outputs, [point_code(8, 2, Availability::Restricted)]);
}

#[test]
fn asp_ssnm_005_and_006_scon_reports_a_congested_point_code() {
    let outputs = ssnm_outputs(Kind::Scon, &[5], &[(tag::CONGESTION, 2)]);
    assert_eq!(outputs, [point_code(5, 0, Availability::Congested(2))]);
    assert_eq!(ssnm_outputs(Kind::Scon, &[5], &[]), [point_code(5, 0, Availability::Congested(1))]);
}

#[test]
fn asp_ssnm_007_dupu_reports_an_unavailable_user_part() {
    let outputs = ssnm_outputs(Kind::Dupu, &[5], &[(tag::USER_CAUSE, 0x0001_0003)]);
    assert_eq!(outputs, [Output::UserUnavailable { server: SERVER, point_code: 5, user: 3, cause: 1 }]);
}

#[test]
fn asp_ssnm_008_dupu_for_a_range_is_refused() {
    let outputs = ssnm_outputs(Kind::Dupu, &[0xff00_0005], &[(tag::USER_CAUSE, 0x0001_0003)]);
    assert_eq!(errors(&outputs), [0x11]);
}

#[test]
fn a_point_code_is_unavailable_only_if_no_gateway_reaches_it() {
    let mut one = TestNode::new(settings(&[Role::Asp; 2], vec![server(100)]));
    one.bring_asp_up(LINK);
    one.bring_asp_up(rig::OTHER);
    let duna = of_100(Kind::Duna, &[(tag::AFFECTED, 2)]);
    assert_eq!(one.receive(LINK, &duna), [], "the other gateway reaches it");
    for sls in 0..4 {
        let outputs = one.handle(Input::Transfer(transfer(SERVER, sls, "x")));
        assert_eq!(only(&outputs, rig::OTHER, Kind::Data).len(), 1);
    }
    assert!(one.lose(rig::OTHER).contains(&point_code(2, 0, Availability::Unavailable)));
    let outputs = one.handle(Input::Transfer(transfer(SERVER, 1, "x")));
    assert!(matches!(outputs.as_slice(), [Output::Discarded(_)]));
    one.connect(rig::OTHER);
    one.receive(rig::OTHER, &Message::new(Kind::AspUpAck));
    let outputs = one.receive(rig::OTHER, &of_100(Kind::AspActiveAck, &[]));
    assert!(outputs.contains(&point_code(2, 0, Availability::Available)));
}

#[test]
fn destinations_unavailable_before_a_loss_are_audited_after_reactivation() {
    let mut one = TestNode::active_asp();
    one.receive(LINK, &of_100(Kind::Duna, &[(tag::AFFECTED, 5)]));
    one.lose(LINK);
    one.connect(LINK);
    one.receive(LINK, &Message::new(Kind::AspUpAck));
    let outputs = one.receive(LINK, &of_100(Kind::AspActiveAck, &[]));
    assert_eq!(only(&outputs, LINK, Kind::Daud)[0].affected(), Ok(vec![(0, 5)]));
}
