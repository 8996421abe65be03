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
