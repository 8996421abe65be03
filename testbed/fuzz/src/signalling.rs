//! Fuzz targets for SS7 signalling: SCCP, TCAP and MAP.

mod adaptation;

use std::time::Instant;

use bytes::Bytes;
use map::operation::{self, MtForwardSmArg, RoutingInfoForSmArg, SmRpDa, SmRpOa};
use map::{AddressString, Context, Imsi, Map, MapError, Request, Response, SignalInfo, Version};
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
        assert!(
            Message::decode(&written).as_ref() == Ok(&message),
            "a value that was read is written differently"
        );
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
            assert!(Message::decode(&payload).is_ok(), "an output cannot be read");
        }
    }
    // A status test repeats without end; every other procedure ends.
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
        assert!(
            again.is_ok_and(|again| again.message == read.message),
            "a value that was read is written differently"
        );
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
                    assert!(tcap::Message::decode(&octets).is_ok(), "an output cannot be read");
                }
                tcap::Output::Begun { dialogue, components, .. } => {
                    let _ = element.proceed(dialogue, None, components, now);
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

/// A message of TCAP, between two elements that have a dialogue open; and the same as a parameter.
pub(crate) fn map(octets: &[u8]) {
    parameter(octets);
    let request = Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
        msisdn: AddressString::international("14155551234"),
        service_centre_address: AddressString::international("15550000001"),
        ..RoutingInfoForSmArg::default()
    });
    dialogue(octets, request);
    let request = Request::MtForwardSm(MtForwardSmArg {
        sm_rp_da: SmRpDa::Imsi(Imsi::new("001010155551234")),
        sm_rp_oa: SmRpOa::ServiceCentreAddress(AddressString::international("15550000001")),
        sm_rp_ui: SignalInfo(Bytes::from_static(&[0x04; 140])),
        more_messages_to_send: true,
        ..MtForwardSmArg::default()
    });
    dialogue(octets, request);
}

/// A parameter that is read as one operation's is written so that it reads and writes the same.
fn parameter(octets: &[u8]) {
    let contexts = [20, 21, 23, 24, 25].map(Context::from_number).into_iter().chain([None]);
    for context in contexts {
        for version in [Version::V1, Version::V2, Version::V3] {
            for code in operation::MT_FORWARD_SM..=operation::READY_FOR_SM {
                let Ok(request) = Request::read(code, context, version, Some(octets)) else { continue };
                let (Ok(written), Ok(code)) = (request.write(version), request.code(version)) else {
                    continue;
                };
                let again = Request::read(code, Some(request.context()), version, Some(&written))
                    .or_else(|_| Request::read(code, None, version, Some(&written)))
                    .and_then(|again| again.write(version));
                assert!(again.as_ref() == Ok(&written), "operation {code} is written differently");
                let Ok(response) = Response::read(&request, Some(octets)) else { continue };
                let Ok(written) = response.write(version) else { continue };
                let again =
                    Response::read(&request, written.as_deref()).and_then(|again| again.write(version));
                assert!(
                    written.is_none() || again == Ok(written),
                    "a result of {code} is written differently"
                );
            }
        }
    }
    for code in 0..=72 {
        for version in [Version::V1, Version::V2, Version::V3] {
            let error = MapError::read(code, Some(octets));
            let Ok(written) = error.write(version) else { continue };
            let again = MapError::read(error.code(version), written.as_deref()).write(version);
            assert!(again == Ok(written), "error {code} is written differently");
        }
    }
}

/// Each request is confirmed once, for any components of the peer, and no dialogue stays open.
fn dialogue(octets: &[u8], request: Request) {
    // The transaction id that the answers in the corpus are for.
    let mut settings = map::Settings::default();
    settings.tcap.first = 0x2720_d91c;
    let mut element = Map::new(settings);
    #[expect(clippy::disallowed_methods, reason = "one instant to begin with")]
    let mut now = Instant::now();
    let version_max = Version::V3;
    let open = map::Open {
        local: 1,
        remote: 2,
        peer: "2".into(),
        request,
        version: None,
        version_max,
        room: 200,
        tag: 0,
    };
    let Ok(opened) = element.open(open, now) else { return };
    let payload = Bytes::copy_from_slice(octets);
    element.handle(map::Input::Received { local: 1, remote: 2, octets: payload.clone() }, now);
    element.handle(map::Input::Undelivered { octets: payload, cause: 3 }, now);
    let mut confirms = 0;
    for _ in 0..8 {
        while let Some(output) = element.poll() {
            match output {
                map::Output::Confirm { dialogue, .. } => {
                    assert!(dialogue == opened, "another dialogue is confirmed");
                    confirms += 1;
                }
                map::Output::Indication { dialogue, invoke_id, .. } => {
                    let _ = element.answer(dialogue, invoke_id, Err(MapError::DataMissing), now);
                }
                _ => {}
            }
        }
        now = element.deadline().unwrap_or(now);
        element.handle(map::Input::Tick, now);
    }
    assert!(confirms == 1, "a request is confirmed {confirms} times");
    assert!(element.is_empty(), "a dialogue stays open");
}
