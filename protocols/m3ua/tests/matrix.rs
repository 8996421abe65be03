//! State matrix tests: the outputs for every message in every state of every role (RFC 4666 §4.3).
//!
//! A cell lists the kinds sent, `E6` for an ERR of code 6, and `transfer`, `point code` or `user part`
//! for indications to the user.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use m3ua::{AspState, Error, Exchange, Kind, M3ua, Message, Output, Role, ServerId, Settings};
use rig::{AS_ACTIVE, LINK, TestNode, data, message, of_100, server, settings, tag};

type Row = (Kind, [&'static str; 3]);

/// A valid example of each kind.
fn example(kind: Kind) -> Message {
    match kind {
        Kind::Error => message(kind, &[(tag::ERROR_CODE, 7)]),
        Kind::Notify => of_100(kind, &[(tag::STATUS, AS_ACTIVE)]),
        Kind::Data => data(100, 3),
        Kind::Duna | Kind::Dava | Kind::Daud | Kind::Scon | Kind::Drst => of_100(kind, &[(tag::AFFECTED, 5)]),
        Kind::Dupu => of_100(kind, &[(tag::AFFECTED, 5), (tag::USER_CAUSE, 0x0001_0003)]),
        Kind::AspActive | Kind::AspInactive | Kind::AspActiveAck | Kind::AspInactiveAck => of_100(kind, &[]),
        _ => Message::new(kind),
    }
}

fn summary(outputs: &[Output]) -> String {
    let name = |output: &Output| match output {
        Output::Send { octets, .. } => {
            let message = Message::decode(octets).unwrap();
            Some(match message.kind() {
                Kind::Error => format!("E{:x}", message.error_code().unwrap()),
                kind => format!("{kind:?}"),
            })
        }
        Output::Transfer { .. } => Some("transfer".into()),
        Output::PointCode { .. } => Some("point code".into()),
        Output::UserUnavailable { .. } => Some("user part".into()),
        _ => None,
    };
    outputs.iter().filter_map(name).collect::<Vec<String>>().join(" ")
}

fn check(table: &[Row], prepare: impl Fn(usize) -> TestNode) {
    assert_eq!(table.len(), Kind::ALL.len());
    for (kind, ..) in Kind::ALL {
        let (_, cells) = table.iter().find(|row| row.0 == kind).unwrap();
        for (column, cell) in cells.iter().enumerate() {
            let mut one = prepare(column);
            assert_eq!(summary(&one.receive(LINK, &example(kind))), *cell, "{kind:?} in column {column}");
            // Timers stay bounded after every message.
            assert!(one.pass(rig::T_ACK * 3).len() < 50);
        }
    }
}

#[test]
fn an_asp_handles_every_message_in_every_state() {
    let table: [Row; 23] = [
        (Kind::Error, ["", "", ""]),
        (Kind::Notify, ["", "", ""]),
        (Kind::Data, ["E6", "transfer", "transfer"]),
        (Kind::Duna, ["", "", "point code"]),
        (Kind::Dava, ["", "", "point code"]),
        (Kind::Daud, ["E6", "E6", "E6"]),
        (Kind::Scon, ["", "", "point code"]),
        (Kind::Dupu, ["", "", "user part"]),
        (Kind::Drst, ["", "", "point code"]),
        (Kind::AspUp, ["E6", "E6", "E6"]),
        (Kind::AspDown, ["E6", "E6", "E6"]),
        (Kind::Beat, ["BeatAck", "BeatAck", "BeatAck"]),
        (Kind::AspUpAck, ["AspActive", "", "AspActive E6"]),
        (Kind::AspDownAck, ["", "AspUp", "AspUp"]),
        (Kind::BeatAck, ["", "", ""]),
        (Kind::AspActive, ["E6", "E6", "E6"]),
        (Kind::AspInactive, ["E6", "E6", "E6"]),
        (Kind::AspActiveAck, ["E6", "", ""]),
        (Kind::AspInactiveAck, ["E6", "", "AspActive"]),
        (Kind::RegReq, ["E4", "E4", "E4"]),
        (Kind::RegRsp, ["E6", "", ""]),
        (Kind::DeregReq, ["E4", "E4", "E4"]),
        (Kind::DeregRsp, ["E6", "E6", "E6"]),
    ];
    check(&table, |column| {
        let mut one = TestNode::of(Role::Asp);
        one.connect(LINK);
        let acks = [Message::new(Kind::AspUpAck), of_100(Kind::AspActiveAck, &[])];
        acks.iter().take(column).for_each(|ack| drop(one.receive(LINK, ack)));
        assert_eq!(one.link(), [AspState::Down, AspState::Inactive, AspState::Active][column]);
        one
    });
}

#[test]
fn an_sgp_handles_every_message_in_every_state() {
    let table: [Row; 23] = [
        (Kind::Error, ["", "", ""]),
        (Kind::Notify, ["E6", "E6", "E6"]),
        (Kind::Data, ["E6", "E6", "transfer"]),
        (Kind::Duna, ["E6", "E6", "E6"]),
        (Kind::Dava, ["E6", "E6", "E6"]),
        (Kind::Daud, ["", "", "Dava"]),
        (Kind::Scon, ["", "", "point code"]),
        (Kind::Dupu, ["E6", "E6", "E6"]),
        (Kind::Drst, ["E6", "E6", "E6"]),
        (Kind::AspUp, ["AspUpAck Notify", "AspUpAck", "E6 AspUpAck Notify"]),
        (Kind::AspDown, ["AspDownAck", "AspDownAck", "AspDownAck"]),
        (Kind::Beat, ["BeatAck", "BeatAck", "BeatAck"]),
        (Kind::AspUpAck, ["E6", "E6", "E6"]),
        (Kind::AspDownAck, ["E6", "E6", "E6"]),
        (Kind::BeatAck, ["", "", ""]),
        (Kind::AspActive, ["E6", "AspActiveAck Notify", "AspActiveAck"]),
        (Kind::AspInactive, ["E6", "AspInactiveAck", "AspInactiveAck Notify"]),
        (Kind::AspActiveAck, ["E6", "E6", "E6"]),
        (Kind::AspInactiveAck, ["E6", "E6", "E6"]),
        (Kind::RegReq, ["E4", "E4", "E4"]),
        (Kind::RegRsp, ["E6", "E6", "E6"]),
        (Kind::DeregReq, ["E4", "E4", "E4"]),
        (Kind::DeregRsp, ["E6", "E6", "E6"]),
    ];
    check(&table, |column| responder(Role::Sgp, column));
}

#[test]
fn an_ipsp_responder_handles_every_message_in_every_state() {
    let table: [Row; 23] = [
        (Kind::Error, ["", "", ""]),
        (Kind::Notify, ["E6", "E6", "E6"]),
        (Kind::Data, ["E6", "E6", "transfer"]),
        (Kind::Duna, ["", "", "point code"]),
        (Kind::Dava, ["", "", "point code"]),
        (Kind::Daud, ["", "", "Dava"]),
        (Kind::Scon, ["", "", "point code"]),
        (Kind::Dupu, ["", "", "user part"]),
        (Kind::Drst, ["", "", "point code"]),
        (Kind::AspUp, ["AspUpAck", "AspUpAck", "E6 AspUpAck"]),
        (Kind::AspDown, ["AspDownAck", "AspDownAck", "AspDownAck"]),
        (Kind::Beat, ["BeatAck", "BeatAck", "BeatAck"]),
        (Kind::AspUpAck, ["E6", "E6", "E6"]),
        (Kind::AspDownAck, ["E6", "E6", "E6"]),
        (Kind::BeatAck, ["", "", ""]),
        (Kind::AspActive, ["E6", "AspActiveAck", "AspActiveAck"]),
        (Kind::AspInactive, ["E6", "AspInactiveAck", "AspInactiveAck"]),
        (Kind::AspActiveAck, ["E6", "E6", "E6"]),
        (Kind::AspInactiveAck, ["E6", "E6", "E6"]),
        (Kind::RegReq, ["E4", "E4", "E4"]),
        (Kind::RegRsp, ["E6", "E6", "E6"]),
        (Kind::DeregReq, ["E4", "E4", "E4"]),
        (Kind::DeregRsp, ["E6", "E6", "E6"]),
    ];
    check(&table, |column| responder(Role::Ipsp { exchange: Exchange::Single, initiates: false }, column));
}

#[test]
fn an_ipsp_of_a_double_exchange_handles_every_message_in_every_state() {
    // Columns: the local process down, inactive, active; the peer's down.
    let table: [Row; 23] = [
        (Kind::Error, ["", "", ""]),
        (Kind::Notify, ["", "", ""]),
        (Kind::Data, ["E6", "transfer", "transfer"]),
        (Kind::Duna, ["", "", "point code"]),
        (Kind::Dava, ["", "", "point code"]),
        (Kind::Daud, ["", "", "Dava"]),
        (Kind::Scon, ["", "", "point code"]),
        (Kind::Dupu, ["", "", "user part"]),
        (Kind::Drst, ["", "", "point code"]),
        (Kind::AspUp, ["AspUpAck", "AspUpAck", "AspUpAck"]),
        (Kind::AspDown, ["AspDownAck", "AspDownAck", "AspDownAck"]),
        (Kind::Beat, ["BeatAck", "BeatAck", "BeatAck"]),
        (Kind::AspUpAck, ["AspActive", "", "AspActive E6"]),
        (Kind::AspDownAck, ["", "AspUp", "AspUp"]),
        (Kind::BeatAck, ["", "", ""]),
        (Kind::AspActive, ["E6", "E6", "E6"]),
        (Kind::AspInactive, ["E6", "E6", "E6"]),
        (Kind::AspActiveAck, ["E6", "", ""]),
        (Kind::AspInactiveAck, ["E6", "", "AspActive"]),
        (Kind::RegReq, ["E4", "E4", "E4"]),
        (Kind::RegRsp, ["E6", "", ""]),
        (Kind::DeregReq, ["E4", "E4", "E4"]),
        (Kind::DeregRsp, ["E6", "E6", "E6"]),
    ];
    check(&table, |column| {
        let mut one = TestNode::of(Role::Ipsp { exchange: Exchange::Double, initiates: true });
        one.connect(LINK);
        let acks = [Message::new(Kind::AspUpAck), of_100(Kind::AspActiveAck, &[])];
        acks.iter().take(column).for_each(|ack| drop(one.receive(LINK, ack)));
        one
    });
}

#[test]
fn without_an_association_nothing_is_answered() {
    for role in [Role::Asp, Role::Sgp] {
        let mut one = TestNode::of(role);
        for (kind, ..) in Kind::ALL {
            assert_eq!(one.receive(LINK, &example(kind)), []);
        }
    }
}

fn responder(role: Role, column: usize) -> TestNode {
    let mut one = TestNode::of(role);
    one.connect(LINK);
    let requests = [Message::new(Kind::AspUp), of_100(Kind::AspActive, &[])];
    requests.iter().take(column).for_each(|request| drop(one.receive(LINK, request)));
    assert_eq!(one.link(), [AspState::Down, AspState::Inactive, AspState::Active][column]);
    one
}

#[test]
fn contradictory_settings_are_refused() {
    let refused = |settings: Settings| M3ua::new(settings).unwrap_err();
    assert_eq!(refused(settings(&[], vec![server(1)])), Error::Count);
    assert_eq!(refused(settings(&[Role::Asp], vec![])), Error::Count);
    let mut unknown = settings(&[Role::Asp], vec![server(1)]);
    unknown.links[0].servers = vec![ServerId(1)];
    assert_eq!(refused(unknown.clone()), Error::Servers(0));
    unknown.links[0].servers = vec![ServerId(0), ServerId(0)];
    assert_eq!(refused(unknown.clone()), Error::Servers(0));
    unknown.links[0].servers = Vec::new();
    assert_eq!(refused(unknown), Error::Servers(0));
    let twice = settings(&[Role::Asp], vec![server(1), server(1)]);
    assert_eq!(refused(twice), Error::RoutingContexts(0));
    let mut without = settings(&[Role::Asp], vec![server(1), server(2)]);
    without.servers[1].routing_context = None;
    assert_eq!(refused(without), Error::RoutingContexts(0));
}

#[test]
fn debug_omits_payloads() {
    let mut one = TestNode::active_asp();
    let transfer = rig::transfer(rig::SERVER, 1, "confidential");
    let input = m3ua::Input::Transfer(transfer.clone());
    let printed = format!("{input:?} {:?} {:?}", one.handle(input.clone()), one.node);
    let received = m3ua::Input::Received { link: LINK, stream: 1, octets: "confidential".into() };
    let message = Message::new(Kind::Data).with(tag::PROTOCOL_DATA, "confidential");
    let printed = format!("{printed} {received:?} {message:?} {:?}", Output::Discarded(transfer));
    assert!(!printed.contains("confidential") && !printed.contains("99, 111, 110"));
}
