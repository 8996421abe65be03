//! SCCP segmentation tests, after the test purposes of Q.786: message sizes, segmentation, reassembly.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod station;

use std::time::Duration;

use bytes::Bytes;
use sccp::message::{Form, Message, Purpose};
use sccp::{Discard, Input, Limits, NetworkId, Output, ReturnCause, Settings, Unitdata};
use station::*;

/// Octets of data that fit one UDT between the local number and one of 11 digits.
const ROOM: usize = 238;
/// Octets of data that fit one segment.
const SEGMENT: usize = 229;

#[test]
fn data_that_fits_a_udt_is_sent_as_udt_to_every_peer() {
    let mut station = Station::new();
    for digits in ["21234567890", "31234567890", "41234567890"] {
        let room = station.sccp.room(NET, &title(digits, 6), &local_address());
        assert_eq!(room, if digits.starts_with('4') { 1_000 - 15 - 22 } else { ROOM });
        let (_, message) = one_sent(&station.send_unitdata(digits, ROOM));
        assert_eq!((message.form, message.encoded_len()), (Form::Basic, 268));
    }
}

#[test]
fn longer_data_is_refused_for_a_peer_with_udt_alone() {
    let mut station = Station::new();
    let outputs = station.send_unitdata("21234567890", ROOM + 1);
    assert_eq!(notice(&outputs), ReturnCause::SEGMENTATION_NOT_SUPPORTED);
}

#[test]
fn longer_data_is_sent_as_ludt_if_configured_and_beyond_that_in_segments() {
    let mut station = Station::new();
    let room = 1_000 - 15 - 22;
    for octets in [ROOM + 1, room] {
        let (dpc, message) = one_sent(&station.send_unitdata("41234567890", octets));
        assert_eq!((dpc, message.form, message.data), (LONG, Form::Long, numbered(octets)));
    }
    assert_eq!(sent(&station.send_unitdata("41234567890", room + 1)).len(), 5);
}

#[test]
fn a_translation_that_lengthens_the_address_counts() {
    let longer = sccp::TranslationRule {
        digits: "0000$0".parse().unwrap(),
        ..rule("2*", sccp::Destination::Solitary(PLAIN))
    };
    let mut station = Station::with(Settings { rules: vec![longer], ..settings() });
    let room = station.sccp.room(NET, &title("21234567890", 6), &local_address());
    assert_eq!(room, ROOM - 2);
    assert_eq!(one_sent(&station.send_unitdata("21234567890", room)).1.encoded_len(), 268);
    assert_eq!(
        notice(&station.send_unitdata("21234567890", room + 1)),
        ReturnCause::SEGMENTATION_NOT_SUPPORTED
    );
    assert_eq!(station.sccp.room(NetworkId(9), &title("21234567890", 6), &local_address()), ROOM);
}

#[test]
fn segments_share_sls_class_1_and_reference_and_count_down() {
    let mut station = Station::with(Settings { local_reference: 0x00ff_fffe, ..settings() });
    for (in_sequence, reference) in [(true, 0x00ff_ffff), (false, 0)] {
        let whole = Unitdata { in_sequence, ..unitdata(title("31234567890", 6), 2 * SEGMENT + 1) };
        let segments = sent(&station.input(Input::Unitdata(whole)));
        assert_eq!(segments.len(), 3);
        let mut data = Vec::new();
        for (at, (dpc, sls, message)) in segments.iter().enumerate() {
            let segmentation = message.segmentation.unwrap();
            assert_eq!((*dpc, *sls, message.form, message.hop_counter), (EXTENDED, 9, Form::Extended, 15));
            // The first alone has the return option.
            assert_eq!(message.purpose, Purpose::Data { in_sequence: true, return_on_error: at == 0 });
            assert_eq!((segmentation.first, usize::from(segmentation.remaining)), (at == 0, 2 - at));
            assert_eq!((segmentation.in_sequence, segmentation.reference), (in_sequence, reference));
            assert!(message.encoded_len() <= 268);
            data.extend_from_slice(&message.data);
        }
        assert_eq!(data, numbered(2 * SEGMENT + 1));
    }
}

#[test]
fn sixteen_segments_are_sent_and_seventeen_are_refused() {
    let mut station = Station::new();
    let segments = sent(&station.send_unitdata("31234567890", 16 * SEGMENT));
    assert_eq!(segments.len(), 16);
    assert!(segments.iter().all(|(_, _, message)| message.encoded_len() == 268));
    let outputs = station.send_unitdata("31234567890", 16 * SEGMENT + 1);
    assert_eq!(notice(&outputs), ReturnCause::SEGMENTATION_FAILURE);
}

#[test]
fn segments_in_order_are_one_message() {
    let mut station = Station::new();
    let whole = numbered(1_000);
    let segments = segments_of(&whole, 100, 7);
    for segment in &segments[..9] {
        assert_eq!(station.receive(EXTENDED, segment), []);
    }
    let outputs = station.receive(EXTENDED, &segments[9]);
    let indication = one_indication(&outputs);
    assert_eq!((&indication.data, indication.opc), (&whole, EXTENDED));
    assert_eq!((indication.in_sequence, indication.return_on_error), (false, true));
    assert_eq!(station.sccp.deadline(), None);
}

#[test]
fn a_message_of_one_segment_needs_no_reassembly() {
    let mut station = Station::new();
    let segment = &segments_of(&numbered(20), 100, 7)[0];
    assert_eq!(one_indication(&station.receive(EXTENDED, segment)).data, numbered(20));
    assert_eq!(station.sccp.deadline(), None);
}

#[test]
fn segments_of_several_messages_may_be_interleaved() {
    let mut station = Station::new();
    let whole = |length| numbered(300 + length);
    let mut messages: Vec<_> = (0..4).map(|at| segments_of(&whole(at), 100, u32::from(at > 0))).collect();
    // The second differs in its reference, the third in its sender, the fourth in its point code.
    messages[2].iter_mut().for_each(|segment| segment.calling = title("21", 6));
    let mut complete = 0;
    for at in 0..4 {
        for (number, segments) in messages.iter().enumerate() {
            let opc = if number == 3 { PLAIN } else { EXTENDED };
            let Some(segment) = segments.get(at) else { continue };
            if let [Output::Unitdata(indication)] = station.receive(opc, segment).as_slice() {
                assert_eq!(indication.data, whole(number));
                complete += 1;
            }
        }
    }
    assert_eq!(complete, 4);
}

#[test]
fn a_lost_segment_ends_the_reassembly_and_the_first_is_returned() {
    let mut station = Station::new();
    let segments = segments_of(&numbered(500), 100, 7);
    station.receive(EXTENDED, &segments[0]);
    station.receive(EXTENDED, &segments[1]);
    let (_, service, cause) = returned(&station.receive(EXTENDED, &segments[3]));
    assert_eq!((cause, service.form), (ReturnCause::ERROR_IN_MESSAGE_TRANSPORT, Form::Extended));
    assert_eq!((service.data, service.segmentation), (segments[0].data.clone(), segments[0].segmentation));
    assert_eq!(refused(&station.receive(EXTENDED, &segments[4])), ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
    assert_eq!(station.sccp.deadline(), None);
}

#[test]
fn a_duplicate_segment_ends_the_reassembly() {
    let mut station = Station::new();
    let segments = segments_of(&numbered(300), 100, 7);
    station.receive(EXTENDED, &segments[0]);
    station.receive(EXTENDED, &segments[1]);
    let cause = returned(&station.receive(EXTENDED, &segments[1])).2;
    assert_eq!(cause, ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
}

#[test]
fn a_repeated_first_segment_restarts_the_reassembly() {
    let mut station = Station::new();
    let segments = segments_of(&numbered(200), 100, 7);
    station.receive(EXTENDED, &segments[0]);
    assert_eq!(refused(&station.receive(EXTENDED, &segments[0])), ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
    assert_eq!(one_indication(&station.receive(EXTENDED, &segments[1])).data, numbered(200));
}

#[test]
fn a_later_segment_without_a_first_is_refused() {
    let mut station = Station::new();
    let segments = segments_of(&numbered(200), 100, 7);
    assert_eq!(refused(&station.receive(EXTENDED, &segments[1])), ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
}

#[test]
fn data_beyond_the_announced_segments_is_refused() {
    let mut station = Station::new();
    let mut segments = segments_of(&numbered(200), 100, 7);
    segments[1].data = numbered(101);
    station.receive(EXTENDED, &segments[0]);
    let cause = returned(&station.receive(EXTENDED, &segments[1])).2;
    assert_eq!(cause, ReturnCause::ERROR_IN_MESSAGE_TRANSPORT);
}

#[test]
fn the_reassembly_timer_returns_the_first_segment() {
    let mut station = Station::new();
    let segments = segments_of(&numbered(300), 100, 7);
    station.receive(EXTENDED, &segments[0]);
    station.pass(Duration::from_secs(10));
    station.receive(EXTENDED, &segments[1]);
    assert_eq!(station.pass(Duration::from_millis(4_999)), []);
    let (dpc, service, cause) = returned(&station.pass(Duration::from_millis(1)));
    assert_eq!((dpc, cause), (PLAIN, ReturnCause::ERROR_IN_MESSAGE_TRANSPORT));
    assert_eq!(service.data, segments[0].data);
    assert_eq!(station.sccp.deadline(), None);
}

#[test]
fn a_full_reassembly_table_refuses_messages_until_one_ends() {
    let cannot = ReturnCause::DESTINATION_CANNOT_REASSEMBLE;
    for limits in [
        Limits { reassemblies_max: 2, ..Limits::default() },
        Limits { reassembly_octets_max: 500, ..Limits::default() },
    ] {
        let mut station = Station::with(Settings { limits, ..settings() });
        let messages: Vec<_> = (0..3).map(|reference| segments_of(&numbered(200), 100, reference)).collect();
        station.receive(EXTENDED, &messages[0][0]);
        station.receive(EXTENDED, &messages[1][0]);
        assert_eq!(returned(&station.receive(EXTENDED, &messages[2][0])).2, cannot);
        one_indication(&station.receive(EXTENDED, &messages[0][1]));
        assert_eq!(station.receive(EXTENDED, &messages[2][0]), []);
    }
}

#[test]
fn a_returned_segmented_message_causes_one_notice() {
    let mut station = Station::new();
    let segments = sent(&station.send_unitdata("31234567890", 500));
    let back = |message: &Message| Message {
        purpose: Purpose::Service(ReturnCause::SUBSYSTEM_FAILURE),
        called: message.calling.clone(),
        calling: message.called.clone(),
        ..message.clone()
    };
    let outputs = station.receive(EXTENDED, &back(&segments[0].2));
    let [Output::Notice { called, data, .. }] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!((called, data), (&title("31234567890", 6), &numbered(500).slice(..SEGMENT)));
    let outputs = station.receive(EXTENDED, &back(&segments[1].2));
    assert!(matches!(outputs.as_slice(), [Output::Discarded { reason: Discard::LaterSegment, .. }]));
}

#[test]
fn a_malformed_optional_part_is_refused() {
    let mut wrong = segments_of(&numbered(4), 100, 7)[0].encode().unwrap().to_vec();
    let at = wrong.len() - 6;
    for (length, accepted) in [(3, false), (4, true), (5, false), (200, false)] {
        wrong[at] = length;
        let read = Message::decode(&Bytes::from(wrong.clone()));
        assert_eq!(read.is_ok(), accepted, "{length}");
    }
}
