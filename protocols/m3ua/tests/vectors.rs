//! Codec tests on frames of other implementations: decoding, encoding, truncation, mutation (RFC 4666 §3).
//!
//! `vectors/frames.json` contains the M3UA layer of frames encoded by pycrate and decoded by tshark.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use bytes::Bytes;
use m3ua::{Error, Kind, Message};
use proptest::prelude::*;
use rig::{TestNode, tag};
use serde_json::Value;

fn octets(hex: &str) -> Bytes {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn frames() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors/frames.json")).unwrap();
    file["frames"].as_array().unwrap().clone()
}

fn every_frame() -> Vec<Bytes> {
    frames().iter().map(|frame| octets(frame["hex"].as_str().unwrap())).collect()
}

#[test]
fn every_frame_decodes_as_in_tshark() {
    let frames = frames();
    assert_eq!(frames.len(), 233);
    for frame in frames {
        let message = Message::decode(&octets(frame["hex"].as_str().unwrap())).unwrap();
        let expected = |key: &str| frame["expect"][key].as_str().map(|text| text.parse::<u32>().unwrap());
        let (class, kind) = message.kind().octets();
        assert_eq!(Some(u32::from(class)), expected("m3ua_class"));
        assert_eq!(Some(u32::from(kind)), expected("m3ua_type"));
        let contexts = message.routing_contexts().unwrap();
        assert_eq!(contexts.first().copied(), expected("routing_context"));
        if message.kind() == Kind::Data {
            let data = message.protocol_data().unwrap();
            assert_eq!(Some(data.opc), expected("opc"));
            assert_eq!(Some(data.dpc), expected("dpc"));
            assert_eq!(Some(u32::from(data.sls)), expected("sls"));
            assert_eq!(data.payload, octets(frame["user"].as_str().unwrap()));
        }
    }
}

#[test]
fn every_frame_encodes_to_the_same_octets() {
    for frame in every_frame() {
        assert_eq!(Message::decode(&frame).unwrap().encode(), frame);
    }
}

#[test]
fn every_frame_decodes_as_in_the_other_codec() {
    for frame in every_frame() {
        let (ours, theirs) = (Message::decode(&frame).unwrap(), codec::M3uaMessage::decode(&frame).unwrap());
        assert_eq!(ours.kind().octets(), theirs.message_type.class_and_type());
        let pairs = ours.parameters().iter().map(|found| (found.tag, found.value.to_vec()));
        let others = theirs.parameters.iter().map(|found| (found.tag, found.value.clone()));
        assert!(pairs.eq(others));
        assert_eq!(ours.encode(), theirs.encode());
    }
}

#[test]
fn every_frame_is_found_at_the_head_of_a_stream() {
    for frame in every_frame() {
        let more = [frame.as_ref(), &[1, 0, 3]].concat();
        assert_eq!(m3ua::framed(&more), Ok(Some(frame.len())));
    }
}

#[test]
fn every_truncation_is_refused_except_a_missing_last_pad() {
    for frame in every_frame() {
        let whole = Message::decode(&frame).unwrap();
        for cut in 0..frame.len() {
            match Message::decode(&frame.slice(..cut)) {
                Ok(message) => {
                    assert_eq!(message, whole);
                    assert!(frame.len() - cut < 4 && frame[cut..].iter().all(|&octet| octet == 0));
                }
                Err(error) => assert!(error.code().is_some()),
            }
        }
    }
}

#[test]
fn the_last_pad_may_be_absent_also_from_the_length() {
    let padded = octets("0100030100000010000400050061626300000000");
    assert_eq!(Message::decode(&padded), Err(Error::Length), "four octets too many");
    let padded = octets("010003010000001000040005610000 00".replace(' ', "").as_str());
    let whole = Message::decode(&padded).unwrap();
    assert_eq!(whole.first(tag::INFO_STRING).unwrap().as_ref(), b"a");
    for hex in
        ["01000301000000100004000561", "0100030100000010000400056100", "0100030100000 00d0004000561000000"]
    {
        assert_eq!(Message::decode(&octets(&hex.replace(' ', ""))).unwrap(), whole, "{hex}");
    }
    assert_eq!(whole.encode(), padded);
}

#[test]
fn unknown_parameters_are_kept_and_ignored() {
    let octets = octets("01000301000000187ffe00080102030400110008 0000002a".replace(' ', "").as_str());
    let message = Message::decode(&octets).unwrap();
    assert_eq!(message.number(tag::ASP_IDENTIFIER), Ok(Some(42)));
    assert_eq!(message.first(0x7ffe).unwrap().as_ref(), [1, 2, 3, 4]);
    assert_eq!(message.encode(), octets);
}

#[test]
fn impossible_lengths_are_refused() {
    let cases = [
        ("01000301", Error::Length),
        ("0100030100000007", Error::Length),
        ("0100030100000010", Error::Length),
        ("01000301ffffffff", Error::Length),
        ("0200030100000008", Error::Version(2)),
        ("0100050100000008", Error::Class(5)),
        ("0100030900000008", Error::Type { class: 3, kind: 9 }),
        ("010003010000000c00040003", Error::Field(4)),
        ("010003010000000c00040009", Error::Field(4)),
        ("010003010000000a0004", Error::Length),
    ];
    for (hex, error) in cases {
        assert_eq!(Message::decode(&octets(hex)), Err(error), "{hex}");
    }
}

#[test]
fn numbers_of_a_wrong_length_are_field_errors() {
    let message = Message::new(Kind::AspActive).with(tag::ROUTING_CONTEXT, &[0, 0, 0, 1, 0][..]);
    assert_eq!(message.routing_contexts(), Err(Error::Field(tag::ROUTING_CONTEXT)));
    let message = Message::new(Kind::AspActive).with(tag::ROUTING_CONTEXT, Bytes::new());
    assert_eq!(message.routing_contexts(), Err(Error::Field(tag::ROUTING_CONTEXT)));
    let message = Message::new(Kind::Data).with(tag::PROTOCOL_DATA, &[0; 11][..]);
    assert_eq!(message.protocol_data(), Err(Error::Field(tag::PROTOCOL_DATA)));
    assert_eq!(Message::new(Kind::Data).protocol_data(), Err(Error::Missing(tag::PROTOCOL_DATA)));
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let frames = every_frame();
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0_u8..4);
    (prop::sample::select(frames), prop::collection::vec(edit, 0..6)).prop_map(|(frame, edits)| {
        let mut octets = frame.to_vec();
        for (place, octet, what) in edits {
            let at = place.index(octets.len().max(1));
            match what {
                0 => octets.insert(at.min(octets.len()), octet),
                1 if at < octets.len() => drop(octets.remove(at)),
                2 => octets.truncate(at.max(8)),
                _ => octets.iter_mut().skip(at).take(1).for_each(|place| *place = octet),
            }
        }
        octets
    })
}

proptest! {
    #[test]
    fn decoded_mutations_decode_alike_after_encoding(octets in mutated()) {
        if let Ok(message) = Message::decode(&Bytes::from(octets)) {
            prop_assert_eq!(Message::decode(&message.encode()).unwrap(), message);
        }
    }

    #[test]
    fn no_mutation_makes_a_node_panic(inputs in prop::collection::vec(mutated(), 1..20), streams in 0_u16..20) {
        for mut one in [TestNode::active_asp(), TestNode::active_sgp()] {
            for octets in &inputs {
                let outputs = one.receive_octets(streams, octets);
                prop_assert!(outputs.len() < 100);
            }
        }
    }
}
