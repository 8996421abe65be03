//! Captured dialogues: requests encode to the captured octets, captured answers decode (TS 29.002 §12).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::time::Instant;

use bytes::Bytes;
use map::operation::{AdditionalNumber, MwStatus};
use map::{
    Context, Failure, Input, Map, MapError, Open, Output, Request, Response, Settings,
    SmDeliveryFailureCause, Version,
};
use serde_json::Value;
use tcap::ber::{Reader, Tag};
use tcap::{AbortReason, Component, Message, PAbortCause};

fn octets(hex: &str) -> Bytes {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The request, version and transaction of a BEGIN.
fn request_of(begin: &Bytes) -> (Request, Version, u32) {
    let Message::Begin { components, .. } = Message::decode(begin).unwrap().message else { panic!() };
    let [Component::Invoke { operation: tcap::Code::Local(code), parameter, .. }] = &components[..] else {
        panic!()
    };
    let name = [0x06, 0x07, 0x04, 0x00, 0x00, 0x01, 0x00];
    let context = begin.windows(9).find(|part| part.starts_with(&name)).map(|name| (name[7], name[8]));
    let version = Version::from_number(context.map_or(1, |(_, version)| version)).unwrap();
    let context = context.and_then(|(number, _)| Context::from_number(number));
    let request = Request::read(*code, context, version, parameter.as_deref()).unwrap();
    let mut elements = Reader::new(begin).next().unwrap().unwrap().sequence().unwrap();
    let otid = elements.required(Tag::application(8)).unwrap();
    (request, version, u32::from_be_bytes(otid.content.try_into().unwrap()))
}

/// The result of a captured request when its captured answer arrives.
fn confirm(begin: u64, answer: u64) -> (Result<Response, Failure>, Option<MwStatus>) {
    let all: Value = serde_json::from_str(include_str!("vectors/dialogues.json")).unwrap();
    let both = [begin, answer];
    let found =
        all["dialogues"].as_array().unwrap().iter().find(|dialogue| {
            dialogue["frames"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).eq(both)
        });
    let dialogue = found.unwrap();
    let (begin, answer) =
        (octets(dialogue["begin"].as_str().unwrap()), octets(dialogue["answer"].as_str().unwrap()));
    let (request, version, first) = request_of(&begin);

    let tcap = tcap::Settings { first, ..tcap::Settings::default() };
    let mut element = Map::new(Settings { tcap, ..Settings::default() });
    #[allow(clippy::disallowed_methods, reason = "any instant will do")]
    let now = Instant::now();
    let open = Open {
        local: 1,
        remote: 2,
        peer: "2".into(),
        request,
        version: Some(version),
        version_max: Version::V3,
        room: 240,
        tag: 0,
    };
    element.open(open, now).unwrap();
    let Some(Output::Send { octets: sent, first: true, .. }) = element.poll() else { panic!() };
    assert_eq!(sent, begin, "frame {}", both[0]);
    element.handle(Input::Received { local: 1, remote: 2, octets: answer }, now);
    match element.poll() {
        Some(Output::Confirm { result, informed, open: false, .. }) => {
            assert!(element.is_empty() && element.poll().is_none());
            (result, informed.and_then(|informed| informed.mw_status))
        }
        other => panic!("{both:?}: {other:?}"),
    }
}

#[test]
fn routing_information_comes_back_in_each_version() {
    for (begin, answer) in [(6, 7), (56, 57), (106, 107)] {
        let (Ok(Response::SendRoutingInfoForSm(found)), None) = confirm(begin, answer) else { panic!() };
        assert_eq!(found.location_info_with_lmsi.network_node_number.digits, "15550000008");
    }
    let flags = Some(MwStatus { mnrf_set: true, mcef_set: true, ..MwStatus::default() });
    for (begin, answer, both) in [(182, 183, false), (184, 185, true)] {
        let (Ok(Response::SendRoutingInfoForSm(found)), informed) = confirm(begin, answer) else { panic!() };
        assert_eq!(informed, flags);
        let second = found.location_info_with_lmsi.additional_number;
        assert_eq!(matches!(second, Some(AdditionalNumber::Sgsn(_))), both);
    }
}

#[test]
fn deliveries_end_with_their_results() {
    for (begin, answer, cause) in [
        (8, 43, SmDeliveryFailureCause::MemoryCapacityExceeded),
        (58, 93, SmDeliveryFailureCause::MemoryCapacityExceeded),
        (108, 145, SmDeliveryFailureCause::EquipmentProtocolError),
    ] {
        let Err(Failure::User(MapError::SmDeliveryFailure(failure))) = confirm(begin, answer).0 else {
            panic!()
        };
        assert_eq!(failure.sm_enumerated_delivery_failure_cause, cause);
        assert_eq!(failure.diagnostic_info.is_some(), answer == 145);
    }
    let (Ok(Response::MtForwardSm(delivered)), None) = confirm(186, 187) else { panic!() };
    assert!(delivered.sm_rp_ui.is_some());
    assert!(matches!(confirm(108, 151).0, Err(Failure::Rejected(_))));
    assert_eq!(confirm(156, 165).0, Err(Failure::ProviderAbort(PAbortCause::ResourceLimitation)));
    assert_eq!(confirm(166, 167).0, Err(Failure::UserAbort(AbortReason::Abrt)));
    assert_eq!(confirm(178, 179).0, Err(Failure::VersionUnsupported));
}

#[test]
fn reports_are_confirmed() {
    let Ok(Response::ReportSmDeliveryStatus(taken)) = confirm(110, 111).0 else { panic!() };
    assert_eq!(taken.stored_msisdn, None);
    let Ok(Response::ReportSmDeliveryStatus(taken)) = confirm(188, 189).0 else { panic!() };
    assert!(taken.stored_msisdn.is_some());
}
