//! What signalling points write.

mod adaptation;

use std::time::Instant;

use bytes::Bytes;
use sccp::message::Message;
use sccp::{
    Destination, Input, Network, NetworkId, Output, PointCodeState, Remote, Sccp, Settings, TranslationRule,
};

pub(crate) use adaptation::m3ua;

/// A message of the connection control part, in a node that delivers, passes on and reassembles.
pub(crate) fn sccp(octets: &[u8]) {
    let payload = Bytes::copy_from_slice(octets);
    if let Ok(message) = Message::decode(&payload)
        && let Ok(written) = message.encode()
    {
        assert!(written.len() == message.encoded_len());
        assert!(Message::decode(&written).as_ref() == Ok(&message), "what was read is written otherwise");
    }
    let network = NetworkId(0);
    let rule = |pattern: &str, destination| {
        let pattern = pattern.parse().unwrap_or_default();
        TranslationRule { pattern, destination, ..TranslationRule::default() }
    };
    let settings = Settings {
        networks: vec![Network {
            id: network,
            point_codes: vec![1],
            network_indicator: 2,
            remotes: vec![Remote { takes_xudt: true, subsystems: vec![6], ..Remote::new(2) }],
            subsystems: vec![8],
        }],
        rules: vec![rule("1555*", Destination::Local), rule("*", Destination::Solitary(2))],
        ..Settings::default()
    };
    let Ok(mut node) = Sccp::new(settings) else { return };
    #[expect(clippy::disallowed_methods, reason = "one instant to begin with")]
    let mut now = Instant::now();
    node.handle(Input::PointCode { network, point_code: 2, state: PointCodeState::Available }, now);
    for sls in 0..2 {
        node.handle(Input::Transfer { network, opc: 2, dpc: 1, sls, payload: payload.clone() }, now);
    }
    while let Some(output) = node.poll() {
        if let Output::Transfer { payload, .. } = output {
            assert!(Message::decode(&payload).is_ok(), "what is sent cannot be read");
        }
    }
    // A status test never ends, all else does.
    for _ in 0..8 {
        now = node.deadline().unwrap_or(now);
        node.handle(Input::Tick, now);
    }
}

/// A message of the transaction capabilities, to an element with two dialogues; then as one that came back.
pub(crate) fn tcap(octets: &[u8]) {
    let octets = Bytes::copy_from_slice(octets);
    if let Ok(read) = tcap::Message::decode(&octets) {
        let again = tcap::Message::decode(&read.message.encode());
        assert!(again.is_ok_and(|again| again.message == read.message), "what was read is written otherwise");
    }
    // The samples in the corpus answer these two.
    let settings = tcap::Settings { first: 0x2720_d966, dialogues_max: 4, ..tcap::Settings::default() };
    let mut element = tcap::Tcap::new(settings);
    #[expect(clippy::disallowed_methods, reason = "one instant to begin with")]
    let mut now = Instant::now();
    for application_context in [None, tcap::Oid::new(&[0, 4, 0, 0, 1, 0, 25, 3])] {
        let (user_information, components, idle) = (None, Vec::new(), None);
        let begin =
            tcap::Begin { local: 1, remote: 2, application_context, user_information, components, idle };
        assert!(element.begin(begin, now).is_ok(), "there is room");
    }
    for _ in 0..2 {
        element.handle(tcap::Input::Received { local: 1, remote: 2, octets: octets.clone() }, now);
        element.handle(tcap::Input::Undelivered { octets: octets.clone(), cause: 1 }, now);
        while let Some(output) = element.poll() {
            match output {
                tcap::Output::Send { octets, .. } => {
                    assert!(tcap::Message::decode(&octets).is_ok(), "what is sent cannot be read");
                }
                tcap::Output::Begun { dialogue, components, .. } => {
                    let _any = element.proceed(dialogue, None, components, now);
                }
                _ => {}
            }
        }
    }
    while let Some(due) = element.deadline() {
        now = now.max(due);
        element.handle(tcap::Input::Tick, now);
    }
    assert!(element.is_empty(), "a dialogue is left");
}
