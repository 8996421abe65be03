//! Tests on frames of another implementation, decoded as by tshark, encoded to the same octets (Q.713 §4).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::time::Instant;

use bytes::Bytes;
use sccp::message::{Form, Message, Purpose};
use sccp::{
    Address, Destination, GlobalTitle, Input, Network, NetworkId, Output, PointCodeState, Remote,
    RoutingIndicator, Sccp, Settings, TranslationRule, Unitdata,
};
use serde_json::Value;

fn frames() -> Vec<Value> {
    let frames: Vec<Value> = serde_json::from_str(include_str!("vectors/frames.json")).unwrap();
    assert_eq!(frames.len(), 218);
    frames
}

fn octets(frame: &Value, name: &str) -> Bytes {
    let text = frame[name].as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn number(frame: &Value, name: &str) -> u32 {
    u32::try_from(frame[name].as_u64().unwrap()).unwrap()
}

fn is(address: &Address, frame: &Value, party: &str) {
    assert_eq!(address.routing, RoutingIndicator::Gt);
    assert_eq!(address.digits(), frame[format!("{party}_digits")].as_str());
    assert_eq!(address.subsystem.map(u64::from), frame[format!("{party}_ssn")].as_u64());
    let title = address.global_title.as_ref().unwrap();
    assert_eq!((title.indicator(), title.translation_type()), (4, Some(0)));
    assert_eq!((title.numbering_plan(), title.nature_of_address()), (Some(1), Some(4)));
    // The local encoding equals that of the other implementation.
    assert_eq!(title, &GlobalTitle::e164(title.digits()).unwrap());
}

#[test]
fn every_frame_decodes_as_in_tshark() {
    for frame in frames() {
        let wire = octets(&frame, "hex");
        let message = Message::decode(&wire).unwrap();
        let (form, service) = match frame["type"].as_str().unwrap() {
            "0x09" => (Form::Basic, false),
            "0x0a" => (Form::Basic, true),
            "0x11" => (Form::Extended, false),
            "0x13" => (Form::Long, false),
            other => panic!("{other}"),
        };
        assert_eq!(message.form, form);
        match message.purpose {
            Purpose::Data { in_sequence, return_on_error } => {
                assert!(!service && !return_on_error);
                assert_eq!(in_sequence, frame["class"] == "0x01");
            }
            Purpose::Service(cause) => {
                assert!(service);
                assert_eq!(cause, sccp::ReturnCause::NO_TRANSLATION_OF_ADDRESS);
            }
        }
        is(&message.called, &frame, "called");
        is(&message.calling, &frame, "calling");
        if message.segmentation.is_none() {
            assert_eq!(message.data, octets(&frame, "tcap"));
        }
    }
}

#[test]
fn every_frame_encodes_to_the_same_octets() {
    for frame in frames() {
        let wire = octets(&frame, "hex");
        let message = Message::decode(&wire).unwrap();
        assert_eq!(message.encode().unwrap(), wire);
        assert_eq!(message.encoded_len(), wire.len());
    }
}

#[test]
fn every_truncation_of_every_frame_is_refused() {
    for frame in frames() {
        let wire = octets(&frame, "hex");
        for length in 0..wire.len() {
            assert!(Message::decode(&wire.slice(..length)).is_err(), "{length} of {frame}");
        }
    }
}

/// The decoding of another codec.
#[test]
fn every_frame_decodes_alike_in_another_codec() {
    for frame in frames() {
        let wire = octets(&frame, "hex");
        let local_address = Message::decode(&wire).unwrap();
        let theirs = codec::SccpMessage::decode(&wire).unwrap();
        assert_eq!(local_address.data, theirs.data());
        assert_eq!(local_address.called.digits(), theirs.called_party().global_title.digits());
        assert_eq!(local_address.calling.digits(), theirs.calling_party().global_title.digits());
        assert_eq!(
            theirs.hop_counter(),
            (local_address.form != Form::Basic).then_some(local_address.hop_counter)
        );
    }
}

const NETWORK: NetworkId = NetworkId(3);

/// A node at `own` with the point `remote`; every number has the destination `destination`.
fn node(own: u32, remote: Remote, destination: Destination) -> Sccp {
    Sccp::new(Settings {
        networks: vec![Network {
            id: NETWORK,
            point_codes: vec![own],
            network_indicator: 2,
            remotes: vec![remote],
            subsystems: vec![6, 7, 8, 149],
        }],
        rules: vec![TranslationRule { destination, ..TranslationRule::default() }],
        ..Settings::default()
    })
    .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "one instant to begin with")]
fn start() -> Instant {
    Instant::now()
}

fn outputs(node: &mut Sccp) -> Vec<Output> {
    std::iter::from_fn(|| node.poll()).collect()
}

#[test]
fn the_tcap_message_of_every_frame_is_indicated() {
    let now = start();
    let (mut whole, mut back) = (0, 0);
    let mut nodes =
        [node(1, Remote::new(2), Destination::Local), node(2, Remote::new(1), Destination::Local)];
    for frame in frames() {
        let dpc = number(&frame, "dpc");
        let node = &mut nodes[usize::try_from(dpc - 1).unwrap()];
        node.handle(
            Input::Transfer {
                network: NETWORK,
                opc: number(&frame, "opc"),
                dpc,
                sls: u8::try_from(number(&frame, "sls")).unwrap(),
                payload: octets(&frame, "hex"),
            },
            now,
        );
        match outputs(node).as_slice() {
            [] => assert_eq!(frame["summary"], "XUDT (Message fragment)"),
            [Output::Unitdata(indication)] => {
                assert_eq!(indication.data, octets(&frame, "tcap"));
                is(&indication.calling, &frame, "calling");
                whole += 1;
            }
            [Output::Notice { called, calling, data, .. }] => {
                // It comes back: what it was sent to is what calls now.
                is(called, &frame, "calling");
                is(calling, &frame, "called");
                assert_eq!(*data, octets(&frame, "tcap"));
                back += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((whole, back), (213, 1));
    assert!(nodes.iter().all(|node| node.deadline().is_none()), "a reassembly is left");
}

/// A local message encodes to the octets of the other implementation.
#[test]
fn a_local_message_encodes_as_in_the_other_implementation() {
    let now = start();
    for frame in frames().iter().filter(|frame| frame["type"] == "0x09") {
        let (own, remote) = (number(frame, "opc"), number(frame, "dpc"));
        let mut node = node(own, Remote::new(remote), Destination::Solitary(remote));
        let state = PointCodeState::Available;
        node.handle(Input::PointCode { network: NETWORK, point_code: remote, state }, now);
        let party = |party: &str| {
            let title = GlobalTitle::e164(frame[format!("{party}_digits")].as_str().unwrap()).unwrap();
            let subsystem = frame[format!("{party}_ssn")].as_u64().unwrap();
            Address::gt(title, u8::try_from(subsystem).unwrap())
        };
        node.handle(
            Input::Unitdata(Unitdata {
                network: NETWORK,
                called: party("called"),
                calling: party("calling"),
                sls: 1,
                in_sequence: frame["class"] == "0x01",
                return_on_error: false,
                data: octets(frame, "tcap"),
            }),
            now,
        );
        let sent = outputs(&mut node);
        let [Output::Transfer { opc, dpc, payload, .. }] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!((*opc, *dpc, payload), (own, remote, &octets(frame, "hex")));
    }
}
