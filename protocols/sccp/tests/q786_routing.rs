//! Purposes of the SCCP test specification Q.786: routing, translation and return of messages.

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
    let (dpc, message) = one_sent(&Station::new().sends("2123", 10));
    assert_eq!((dpc, message.form), (PLAIN, Form::Basic));
    assert_eq!(message.purpose, Purpose::Data { in_sequence: false, return_on_error: true });
    assert_eq!((&message.called, &message.calling), (&title("2123", 6), &ours()));
}

#[test]
fn a_title_translated_to_ourselves_and_an_ssn_here_reach_the_user() {
    let mut station = Station::new();
    for called in [ours(), Address::ssn(Some(OWN), 8), Address::ssn(None, 8)] {
        let message = from_peer(Form::Basic, called.clone(), false);
        let outputs = station.arrives(PLAIN, &message);
        let indication = one_indication(&outputs);
        assert_eq!((&indication.called, &indication.data), (&called, &message.data));
        assert_eq!((indication.opc, indication.sls), (PLAIN, 5));
    }
}

#[test]
fn a_node_that_is_no_transfer_point_passes_nothing_on() {
    for (relays, refused_with) in [(true, None), (false, Some(ReturnCause::NO_TRANSLATION_OF_ADDRESS))] {
        let mut station = Station::with(Settings { relays, ..settings() });
        let for_another = from_peer(Form::Basic, title("3123", 6), true);
        let outputs = station.arrives(PLAIN, &for_another);
        match refused_with {
            None => assert_eq!(one_sent(&outputs).1.called, for_another.called),
            Some(expected) => assert_eq!(returned(&outputs).2, expected),
        }
        // What is for ourselves, and what our own users send, is not concerned.
        one_indication(&station.arrives(PLAIN, &from_peer(Form::Basic, ours(), false)));
        one_sent(&station.sends("2123", 10));
    }
}

#[test]
fn local_users_reach_each_other_without_the_network() {
    let outputs = Station::new().give(Input::Unitdata(unitdata(title("15557", 8), 3_000)));
    let indication = one_indication(&outputs);
    assert_eq!((indication.opc, indication.data.len()), (OWN, 3_000));
    let outputs = Station::new().give(Input::Unitdata(unitdata(Address::ssn(Some(OWN), 99), 1)));
    assert_eq!(notice(&outputs), ReturnCause::UNEQUIPPED_USER);
}

#[test]
fn a_reply_goes_to_the_calling_address_exactly_as_it_came() {
    // Translation type 17, national, filler 15 where the standard has 0, a point code too.
    let odd = [0x13, 0xff, 0x3f, 0x06, 0x11, 0x11, 0x03, 0x12, 0x32, 0xf5];
    let mut station =
        Station::with(Settings { rules: vec![rule("*", Destination::Solitary(PLAIN))], ..settings() });
    let mut message = from_peer(Form::Basic, Address::ssn(None, 8), false);
    message.calling = Address::decode(&odd).unwrap();
    let outputs = station.arrives(PLAIN, &message);
    let calling = one_indication(&outputs).calling.clone();
    let mut written = bytes::BytesMut::new();
    calling.encode(&mut written).unwrap();
    assert_eq!(written, odd.as_slice());
    // The point code is a stranger's: the reply is on its way by the title, which stays as it is.
    let (dpc, reply) = one_sent(&station.give(Input::Unitdata(unitdata(calling.clone(), 9))));
    assert_eq!((dpc, reply.called.global_title), (PLAIN, calling.global_title));
}

#[test]
fn without_a_translation_the_user_hears_which_kind_of_it_is_missing() {
    let mut station = Station::new();
    let outputs = station.sends("99", 10);
    assert_eq!(notice(&outputs), ReturnCause::NO_TRANSLATION_OF_ADDRESS);
    let [Output::Notice { called, calling, data, .. }] = outputs.as_slice() else { panic!() };
    assert_eq!((called, calling, data.len()), (&title("99", 6), &ours(), 10));
    let no_title = Address { routing: RoutingIndicator::Gt, ..Address::ssn(None, 6) };
    for called in [no_title, Address::ssn(None, 6)] {
        let outputs = station.give(Input::Unitdata(unitdata(called, 1)));
        assert_eq!(notice(&outputs), ReturnCause::NO_TRANSLATION_OF_NATURE);
    }
}

#[test]
fn a_message_that_cannot_be_delivered_is_returned_where_the_sender_asked_for_it() {
    for (called, cause) in [
        (title("15551", 7), ReturnCause::UNEQUIPPED_USER),
        (Address::ssn(None, 7), ReturnCause::UNEQUIPPED_USER),
        (title("99", 8), ReturnCause::NO_TRANSLATION_OF_ADDRESS),
    ] {
        for form in [Form::Basic, Form::Extended, Form::Long] {
            let mut station = Station::new();
            let message = from_peer(form, called.clone(), true);
            let (dpc, service, why) = returned(&station.arrives(PLAIN, &message));
            assert_eq!((dpc, service.form, why), (PLAIN, form, cause));
            assert_eq!((&service.called, &service.calling), (&message.calling, &message.called));
            assert_eq!(service.data, message.data);
            let silent = from_peer(form, called.clone(), false);
            assert_eq!(refused(&station.arrives(PLAIN, &silent)), cause);
        }
    }
}

#[test]
fn a_sender_without_a_translation_gets_its_message_back_at_its_point_code() {
    let mut message = from_peer(Form::Basic, Address::ssn(None, 7), true);
    for calling in [title("99", 6), Address::ssn(None, 6), Address::default()] {
        message.calling = calling;
        assert_eq!(returned(&Station::new().arrives(4_711, &message)).0, 4_711);
    }
    message.calling = Address::ssn(Some(EXTENDED), 6);
    assert_eq!(returned(&Station::new().arrives(4_711, &message)).0, EXTENDED);
}

#[test]
fn a_service_message_is_never_answered() {
    let mut station = Station::new();
    for form in [Form::Basic, Form::Extended, Form::Long] {
        let mut message = from_peer(form, title("99", 7), true);
        message.purpose = Purpose::Service(ReturnCause::MTP_FAILURE);
        assert_eq!(refused(&station.arrives(PLAIN, &message)), ReturnCause::NO_TRANSLATION_OF_ADDRESS);
        message.called = ours();
        let outputs = station.arrives(PLAIN, &message);
        let [Output::Notice { called, calling, cause, .. }] = outputs.as_slice() else {
            panic!("{outputs:?}")
        };
        assert_eq!((called, calling, *cause), (&message.calling, &ours(), ReturnCause::MTP_FAILURE));
    }
}

#[test]
fn a_message_for_somebody_else_is_passed_on_with_one_hop_less() {
    let mut message = from_peer(Form::Extended, title("3123", 6), true);
    message.hop_counter = 2;
    message.importance = Some(6);
    message.other_parameters = Bytes::from_static(&[0x77, 2, 1, 2]);
    let (dpc, passed) = one_sent(&Station::new().arrives(PLAIN, &message));
    assert_eq!(dpc, EXTENDED);
    assert_eq!(passed, Message { hop_counter: 1, ..message.clone() });
    message.hop_counter = 1;
    let (_, service, cause) = returned(&Station::new().arrives(PLAIN, &message));
    assert_eq!((cause, service.hop_counter), (ReturnCause::HOP_COUNTER_VIOLATION, 15));
    message.called = Address::ssn(None, 8);
    assert_eq!(one_indication(&Station::new().arrives(PLAIN, &message)).data, message.data);
}

#[test]
fn a_udt_that_is_passed_on_may_have_to_be_segmented_and_does_not_go_to_and_fro() {
    let insert = TranslationRule {
        digits: "300000000$0".parse().unwrap(),
        ..rule("8*", Destination::Solitary(EXTENDED))
    };
    let mut station = Station::with(Settings { rules: vec![insert], ..settings() });
    let mut message = from_peer(Form::Basic, title("8123", 6), true);
    message.data = numbered(238);
    assert_eq!(sent(&station.arrives(PLAIN, &message)).len(), 2);
    let mut station = Station::new();
    let back = from_peer(Form::Basic, title("2123", 6), true);
    assert_eq!(returned(&station.arrives(PLAIN, &back)).2, ReturnCause::HOP_COUNTER_VIOLATION);
}

#[test]
fn a_long_message_is_not_passed_on_to_a_point_that_does_not_take_it() {
    let mut station = Station::new();
    let to = |digits| from_peer(Form::Long, title(digits, 6), true);
    let cause = returned(&station.arrives(PLAIN, &to("3123"))).2;
    assert_eq!(cause, ReturnCause::SEGMENTATION_NOT_SUPPORTED);
    assert_eq!(one_sent(&station.arrives(PLAIN, &to("4123"))).0, LONG);
    let mut long = to("4123");
    long.data = numbered(1_000);
    assert_eq!(returned(&station.arrives(PLAIN, &long)).2, ReturnCause::SEGMENTATION_FAILURE);
}

#[test]
fn the_backup_is_taken_while_the_dominant_point_is_away() {
    let both = Destination::DominantWithBackup { dominant: PLAIN, backup: EXTENDED };
    let mut station = Station::with(Settings { rules: vec![rule("*", both)], ..settings() });
    assert_eq!(one_sent(&station.sends("7", 1)).0, PLAIN);
    station.point(NET, PLAIN, PointCodeState::Unavailable);
    assert_eq!(one_sent(&station.sends("7", 1)).0, EXTENDED);
    station.point(NET, PLAIN, PointCodeState::Available);
    assert_eq!(one_sent(&station.sends("7", 1)).0, PLAIN);
    station.point(NET, PLAIN, PointCodeState::Congested(3));
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    assert_eq!(notice(&station.sends("7", 1)), ReturnCause::NETWORK_CONGESTION);
}

#[test]
fn load_is_shared_by_the_sls_among_the_points_that_can_be_reached() {
    let all = Destination::LoadShared(vec![PLAIN, EXTENDED, LONG]);
    let mut station = Station::with(Settings { rules: vec![rule("*", all)], ..settings() });
    let by_sls = |station: &mut Station| -> Vec<u32> {
        let to = |sls| Input::Unitdata(Unitdata { sls, ..unitdata(title("7", 6), 1) });
        (0..6).map(|sls| one_sent(&station.give(to(sls))).0).collect()
    };
    assert_eq!(by_sls(&mut station), [PLAIN, EXTENDED, LONG, PLAIN, EXTENDED, LONG]);
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    assert_eq!(by_sls(&mut station), [PLAIN, LONG, PLAIN, LONG, PLAIN, LONG]);
}

#[test]
fn a_broadcast_goes_to_all_that_can_be_reached() {
    let all = Destination::Broadcast(vec![PLAIN, EXTENDED, LONG, OWN]);
    let mut station = Station::with(Settings { rules: vec![rule("*", all)], ..settings() });
    station.point(NET, EXTENDED, PointCodeState::Unavailable);
    let outputs = station.give(Input::Unitdata(unitdata(title("7", 8), 1)));
    assert_eq!(sent(&outputs).iter().map(|(dpc, ..)| *dpc).collect::<Vec<_>>(), [PLAIN, LONG]);
    assert!(matches!(outputs.as_slice(), [_, _, Output::Unitdata(_)]));
}

#[test]
fn a_user_may_name_the_point_that_translates() {
    let called = Address { point_code: Some(EXTENDED), ..title("99", 6) };
    let (dpc, message) = one_sent(&Station::new().give(Input::Unitdata(unitdata(called.clone(), 1))));
    assert_eq!((dpc, message.called), (EXTENDED, called));
}

#[test]
fn a_message_leaves_from_the_point_code_of_its_calling_address() {
    let mut settings = settings();
    settings.networks[0].point_codes = vec![OWN, 77];
    let mut station = Station::with(settings);
    for (point_code, opc) in [(Some(77), 77), (Some(OWN), OWN), (None, OWN), (Some(99), OWN)] {
        let calling = Address { point_code, ..ours() };
        let outputs = station.give(Input::Unitdata(Unitdata { calling, ..unitdata(title("2", 6), 1) }));
        assert!(matches!(outputs.as_slice(), [Output::Transfer { opc: from, .. }] if *from == opc));
    }
}

#[test]
fn routing_domains_do_not_mix() {
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
    let outputs = station.give(Input::Unitdata(there));
    assert!(
        matches!(outputs.as_slice(), [Output::Transfer { network, opc: PLAIN, dpc: OWN, .. }] if *network == other)
    );
    assert_eq!(one_sent(&station.sends("2123", 1)).0, PLAIN);
    let nowhere = Unitdata { network: NetworkId(9), ..unitdata(title("2123", 6), 1) };
    assert_eq!(notice(&station.give(Input::Unitdata(nowhere))), ReturnCause::UNQUALIFIED);
}

#[test]
fn what_is_not_for_us_or_not_connectionless_is_counted() {
    let mut station = Station::new();
    let payload = from_peer(Form::Basic, ours(), true).encode().unwrap();
    let outputs = station.give(Input::Transfer { network: NET, opc: PLAIN, dpc: 99, sls: 0, payload });
    assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::NotOurs, .. }]));
    for octets in
        [&b""[..], b"\x01\x00", b"\x09\x02\x03\x05\x09\x01\x00\x01\x00\x01\x00", b"\x09\x80\x00\x05\x09"]
    {
        let outputs = station.octets(PLAIN, Bytes::from_static(octets));
        assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::Malformed(_), .. }]));
    }
}

#[test]
fn pointers_are_honoured_in_any_order() {
    // UDT: the data first, then the calling, then the called address, with a gap between.
    let udt = b"\x09\x80\x0b\x06\x01\x03abc\x02\x42\x06\xff\x02\x42\x08";
    let outputs = Station::new().octets(PLAIN, Bytes::from_static(udt));
    let indication = one_indication(&outputs);
    assert_eq!((&indication.called, &indication.calling), (&Address::ssn(None, 8), &Address::ssn(None, 6)));
    assert_eq!(indication.data, &b"abc"[..]);
}
