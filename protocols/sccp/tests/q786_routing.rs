//! SCCP routing control tests, after the test purposes of Q.786: routing, translation, return of messages.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod station;

use bytes::Bytes;
use sccp::message::{Form, Message, Purpose};
use sccp::{
    Address, Destination, Discard, Input, Network, NetworkId, Output, PointCodeState, Remote, ReturnCause,
    RoutingIndicator, Settings, TranslationRule, Unitdata,
};
use station::*;

#[test]
fn a_title_translated_to_a_remote_point_is_sent_there() {
    let (dpc, message) = one_sent(&Station::new().send_unitdata("2123", 10));
    assert_eq!((dpc, message.form), (PLAIN, Form::Basic));
    assert_eq!(message.purpose, Purpose::Data { in_sequence: false, return_on_error: true });
    assert_eq!((&message.called, &message.calling), (&title("2123", 6), &local_address()));
}

#[test]
fn a_title_translated_locally_and_a_local_ssn_reach_the_user() {
    let mut station = Station::new();
    for called in [local_address(), Address::ssn(Some(OWN), 8), Address::ssn(None, 8)] {
        let message = from_peer(Form::Basic, called.clone(), false);
        let outputs = station.receive(PLAIN, &message);
        let indication = one_indication(&outputs);
        assert_eq!((&indication.called, &indication.data), (&called, &message.data));
        assert_eq!((indication.opc, indication.sls), (PLAIN, 5));
    }
}

#[test]
fn a_node_that_is_no_transfer_point_relays_nothing() {
    for (relays, refused_with) in [(true, None), (false, Some(ReturnCause::NO_TRANSLATION_OF_ADDRESS))] {
        let mut station = Station::with(Settings { relays, ..settings() });
        let for_another = from_peer(Form::Basic, title("3123", 6), true);
        let outputs = station.receive(PLAIN, &for_another);
        match refused_with {
            None => assert_eq!(one_sent(&outputs).1.called, for_another.called),
            Some(expected) => assert_eq!(returned(&outputs).2, expected),
        }
        // Messages to this node and from its own users are not affected.
        one_indication(&station.receive(PLAIN, &from_peer(Form::Basic, local_address(), false)));
        one_sent(&station.send_unitdata("2123", 10));
    }
}

#[test]
fn messages_between_local_users_stay_in_the_node() {
    let outputs = Station::new().input(Input::Unitdata(unitdata(title("15557", 8), 3_000)));
    let indication = one_indication(&outputs);
    assert_eq!((indication.opc, indication.data.len()), (OWN, 3_000));
    let outputs = Station::new().input(Input::Unitdata(unitdata(Address::ssn(Some(OWN), 99), 1)));
    assert_eq!(notice(&outputs), ReturnCause::UNEQUIPPED_USER);
}

#[test]
fn a_reply_goes_to_the_calling_address_exactly_as_received() {
    // Translation type 17, national, filler 15 where the standard has 0, a point code too.
    let odd = [0x13, 0xff, 0x3f, 0x06, 0x11, 0x11, 0x03, 0x12, 0x32, 0xf5];
    let mut station =
        Station::with(Settings { rules: vec![rule("*", Destination::Solitary(PLAIN))], ..settings() });
    let mut message = from_peer(Form::Basic, Address::ssn(None, 8), false);
    message.calling = Address::decode(&odd).unwrap();
    let outputs = station.receive(PLAIN, &message);
    let calling = one_indication(&outputs).calling.clone();
    let mut written = bytes::BytesMut::new();
    calling.encode(&mut written).unwrap();
    assert_eq!(written, odd.as_slice());
    // The point code is unknown: the reply is routed by the title, which stays unchanged.
    let (dpc, reply) = one_sent(&station.input(Input::Unitdata(unitdata(calling.clone(), 9))));
    assert_eq!((dpc, reply.called.global_title), (PLAIN, calling.global_title));
}

#[test]
fn without_a_translation_the_cause_distinguishes_nature_and_address() {
    let mut station = Station::new();
    let outputs = station.send_unitdata("99", 10);
    assert_eq!(notice(&outputs), ReturnCause::NO_TRANSLATION_OF_ADDRESS);
    let [Output::Notice { called, calling, data, .. }] = outputs.as_slice() else { panic!() };
    assert_eq!((called, calling, data.len()), (&title("99", 6), &local_address(), 10));
    let no_title = Address { routing: RoutingIndicator::Gt, ..Address::ssn(None, 6) };
    for called in [no_title, Address::ssn(None, 6)] {
        let outputs = station.input(Input::Unitdata(unitdata(called, 1)));
        assert_eq!(notice(&outputs), ReturnCause::NO_TRANSLATION_OF_NATURE);
    }
}

#[test]
fn an_undeliverable_message_with_the_return_option_is_returned() {
    for (called, cause) in [
        (title("15551", 7), ReturnCause::UNEQUIPPED_USER),
        (Address::ssn(None, 7), ReturnCause::UNEQUIPPED_USER),
        (title("99", 8), ReturnCause::NO_TRANSLATION_OF_ADDRESS),
    ] {
        for form in [Form::Basic, Form::Extended, Form::Long] {
            let mut station = Station::new();
            let message = from_peer(form, called.clone(), true);
            let (dpc, service, why) = returned(&station.receive(PLAIN, &message));
            assert_eq!((dpc, service.form, why), (PLAIN, form, cause));
            assert_eq!((&service.called, &service.calling), (&message.calling, &message.called));
            assert_eq!(service.data, message.data);
            let silent = from_peer(form, called.clone(), false);
            assert_eq!(refused(&station.receive(PLAIN, &silent)), cause);
        }
    }
}

#[test]
fn a_sender_without_a_translation_gets_its_message_back_at_its_point_code() {
    let mut message = from_peer(Form::Basic, Address::ssn(None, 7), true);
    for calling in [title("99", 6), Address::ssn(None, 6), Address::default()] {
        message.calling = calling;
        assert_eq!(returned(&Station::new().receive(4_711, &message)).0, 4_711);
    }
    message.calling = Address::ssn(Some(EXTENDED), 6);
    assert_eq!(returned(&Station::new().receive(4_711, &message)).0, EXTENDED);
}

#[test]
fn a_service_message_is_never_answered() {
    let mut station = Station::new();
    for form in [Form::Basic, Form::Extended, Form::Long] {
        let mut message = from_peer(form, title("99", 7), true);
        message.purpose = Purpose::Service(ReturnCause::MTP_FAILURE);
        assert_eq!(refused(&station.receive(PLAIN, &message)), ReturnCause::NO_TRANSLATION_OF_ADDRESS);
        message.called = local_address();
        let outputs = station.receive(PLAIN, &message);
        let [Output::Notice { called, calling, cause, .. }] = outputs.as_slice() else {
            panic!("{outputs:?}")
        };
        assert_eq!((called, calling, *cause), (&message.calling, &local_address(), ReturnCause::MTP_FAILURE));
    }
}

#[test]
fn a_relayed_message_has_one_hop_less() {
    let mut message = from_peer(Form::Extended, title("3123", 6), true);
    message.hop_counter = 2;
    message.importance = Some(6);
    message.other_parameters = Bytes::from_static(&[0x77, 2, 1, 2]);
    let (dpc, passed) = one_sent(&Station::new().receive(PLAIN, &message));
    assert_eq!(dpc, EXTENDED);
    assert_eq!(passed, Message { hop_counter: 1, ..message.clone() });
    message.hop_counter = 1;
    let (_, service, cause) = returned(&Station::new().receive(PLAIN, &message));
    assert_eq!((cause, service.hop_counter), (ReturnCause::HOP_COUNTER_VIOLATION, 15));
    message.called = Address::ssn(None, 8);
    assert_eq!(one_indication(&Station::new().receive(PLAIN, &message)).data, message.data);
}

#[test]
fn a_relayed_udt_may_be_segmented_and_does_not_loop() {
    let insert = TranslationRule {
        digits: "300000000$0".parse().unwrap(),
        ..rule("8*", Destination::Solitary(EXTENDED))
    };
    let mut station = Station::with(Settings { rules: vec![insert], ..settings() });
    let mut message = from_peer(Form::Basic, title("8123", 6), true);
    message.data = numbered(238);
    assert_eq!(sent(&station.receive(PLAIN, &message)).len(), 2);
    let mut station = Station::new();
    let back = from_peer(Form::Basic, title("2123", 6), true);
    assert_eq!(returned(&station.receive(PLAIN, &back)).2, ReturnCause::HOP_COUNTER_VIOLATION);
}

#[test]
fn a_long_message_is_not_relayed_to_a_point_without_support() {
    let mut station = Station::new();
    let to = |digits| from_peer(Form::Long, title(digits, 6), true);
    let cause = returned(&station.receive(PLAIN, &to("3123"))).2;
    assert_eq!(cause, ReturnCause::SEGMENTATION_NOT_SUPPORTED);
    assert_eq!(one_sent(&station.receive(PLAIN, &to("4123"))).0, LONG);
    let mut long = to("4123");
    long.data = numbered(1_000);
    assert_eq!(returned(&station.receive(PLAIN, &long)).2, ReturnCause::SEGMENTATION_FAILURE);
}

#[test]
fn the_backup_is_used_while_the_dominant_point_is_inaccessible() {
    let both = Destination::DominantWithBackup { dominant: PLAIN, backup: EXTENDED };
    let mut station = Station::with(Settings { rules: vec![rule("*", both)], ..settings() });
    assert_eq!(one_sent(&station.send_unitdata("7", 1)).0, PLAIN);
    station.point(NET, PLAIN, PointCodeState::Unavailable);
    assert_eq!(one_sent(&station.send_unitdata("7", 1)).0, EXTENDED);
    station.point(NET, PLAIN, PointCodeState::Available);
    assert_eq!(one_sent(&station.send_unitdata("7", 1)).0, PLAIN);
    station.point(NET, PLAIN, PointCodeState::Congested(3));
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    assert_eq!(notice(&station.send_unitdata("7", 1)), ReturnCause::NETWORK_CONGESTION);
}

#[test]
fn load_is_shared_by_the_sls_among_accessible_points() {
    let all = Destination::LoadShared(vec![PLAIN, EXTENDED, LONG]);
    let mut station = Station::with(Settings { rules: vec![rule("*", all)], ..settings() });
    let by_sls = |station: &mut Station| -> Vec<u32> {
        let to = |sls| Input::Unitdata(Unitdata { sls, ..unitdata(title("7", 6), 1) });
        (0..6).map(|sls| one_sent(&station.input(to(sls))).0).collect()
    };
    assert_eq!(by_sls(&mut station), [PLAIN, EXTENDED, LONG, PLAIN, EXTENDED, LONG]);
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    assert_eq!(by_sls(&mut station), [PLAIN, LONG, PLAIN, LONG, PLAIN, LONG]);
}

#[test]
fn a_broadcast_goes_to_all_accessible_points() {
    let all = Destination::Broadcast(vec![PLAIN, EXTENDED, LONG, OWN]);
    let mut station = Station::with(Settings { rules: vec![rule("*", all)], ..settings() });
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    let outputs = station.input(Input::Unitdata(unitdata(title("7", 8), 1)));
    assert_eq!(sent(&outputs).iter().map(|(dpc, ..)| *dpc).collect::<Vec<_>>(), [PLAIN, LONG]);
    assert!(matches!(outputs.as_slice(), [_, _, Output::Unitdata(_)]));
}

#[test]
fn a_user_may_give_the_point_that_translates() {
    let called = Address { point_code: Some(EXTENDED), ..title("99", 6) };
    let (dpc, message) = one_sent(&Station::new().input(Input::Unitdata(unitdata(called.clone(), 1))));
    assert_eq!((dpc, message.called), (EXTENDED, called));
}

#[test]
fn the_point_code_of_the_calling_address_is_the_opc() {
    let mut settings = settings();
    settings.networks[0].point_codes = vec![OWN, 77];
    let mut station = Station::with(settings);
    for (point_code, opc) in [(Some(77), 77), (Some(OWN), OWN), (None, OWN), (Some(99), OWN)] {
        let calling = Address { point_code, ..local_address() };
        let outputs = station.input(Input::Unitdata(Unitdata { calling, ..unitdata(title("2", 6), 1) }));
        assert!(matches!(outputs.as_slice(), [Output::Transfer { opc: from, .. }] if *from == opc));
    }
}

#[test]
fn routing_domains_are_separate() {
    let mut both = settings();
    let other = NetworkId(2);
    both.networks.push(Network {
        id: other,
        point_codes: vec![PLAIN],
        remotes: vec![Remote::new(OWN)],
        ..Network::default()
    });
    both.rules.insert(0, TranslationRule { network: Some(other), ..rule("*", Destination::Solitary(OWN)) });
    let mut station = Station::with(both);
    let there = Unitdata { network: other, ..unitdata(title("2123", 6), 1) };
    let outputs = station.input(Input::Unitdata(there));
    assert!(
        matches!(outputs.as_slice(), [Output::Transfer { network, opc: PLAIN, dpc: OWN, .. }] if *network == other)
    );
    assert_eq!(one_sent(&station.send_unitdata("2123", 1)).0, PLAIN);
    let nowhere = Unitdata { network: NetworkId(9), ..unitdata(title("2123", 6), 1) };
    assert_eq!(notice(&station.input(Input::Unitdata(nowhere))), ReturnCause::UNQUALIFIED);
}

#[test]
fn misdirected_and_connection_oriented_messages_are_counted() {
    let mut station = Station::new();
    let payload = from_peer(Form::Basic, local_address(), true).encode().unwrap();
    let outputs = station.input(Input::Transfer { network: NET, opc: PLAIN, dpc: 99, sls: 0, payload });
    assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::NotOurs, .. }]));
    for octets in
        [&b""[..], b"\x01\x00", b"\x09\x02\x03\x05\x09\x01\x00\x01\x00\x01\x00", b"\x09\x80\x00\x05\x09"]
    {
        let outputs = station.octets(PLAIN, Bytes::from_static(octets));
        assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Malformed(_), .. }]));
    }
}

#[test]
fn parameters_are_found_by_pointers_in_any_order() {
    // UDT: the data first, then the calling, then the called address, with a gap between.
    let udt = b"\x09\x80\x0b\x06\x01\x03abc\x02\x42\x06\xff\x02\x42\x08";
    let outputs = Station::new().octets(PLAIN, Bytes::from_static(udt));
    let indication = one_indication(&outputs);
    assert_eq!((&indication.called, &indication.calling), (&Address::ssn(None, 8), &Address::ssn(None, 6)));
    assert_eq!(indication.data, &b"abc"[..]);
}
