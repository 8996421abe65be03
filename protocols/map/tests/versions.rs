//! Version fallback tests: lower versions, the cache of peer versions, forced versions (TS 29.002 §15).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use std::time::Duration;

use map::operation::{ReportSmDeliveryStatusRes, SmRpDa};
use map::{Failure, MapError, Request, Response, Settings, Version, VersionSettings};
use rig::{
    Pair, delivered, mt, offer_version, p_abort, proposed_version, report, routing_info, send_routing_info,
};
use tcap::{AbortReason, PAbortCause};

/// One mt-forwardSM that the node accepts: the versions proposed, and the one of the confirmation.
fn deliver(pair: &mut Pair) -> (Vec<Option<u8>>, Version) {
    pair.sent.clear();
    pair.open(mt(20, false));
    let proposed = pair.sent.iter().map(|octets| proposed_version(octets)).collect();
    pair.answer(Ok(delivered()));
    let confirm = pair.confirm();
    assert_eq!(confirm.result, Ok(delivered()));
    assert!(!confirm.open && pair.confirms.is_empty());
    assert!(pair.centre.is_empty() && pair.node.is_empty());
    (proposed, confirm.version)
}

#[test]
fn field_56_map_version_falls_back_and_is_remembered() {
    let mut pair = Pair::new(Settings::default());
    assert_eq!(deliver(&mut pair), (vec![Some(3)], Version::V3));
    pair.node_version = Version::V2;
    assert_eq!(deliver(&mut pair), (vec![Some(3), Some(2)], Version::V2));
    assert_eq!(deliver(&mut pair), (vec![Some(2)], Version::V2));
    // The highest version is proposed again after a number of uses.
    pair.node_version = Version::V3;
    for _ in 0..998 {
        assert_eq!(deliver(&mut pair), (vec![Some(2)], Version::V2));
    }
    assert_eq!(deliver(&mut pair).1, Version::V2);
    assert_eq!(deliver(&mut pair), (vec![Some(3)], Version::V3));
    assert_eq!(deliver(&mut pair), (vec![Some(3)], Version::V3));
}

#[test]
fn the_second_refusal_records_version_1() {
    for v1_refusal in [p_abort, rig::plain_abort, rig::null_refusal] {
        let mut pair = Pair::new(Settings::default());
        pair.node_version = Version::V1;
        pair.v1_refusal = v1_refusal;
        assert_eq!(deliver(&mut pair), (vec![Some(3), None], Version::V1));
        assert_eq!(deliver(&mut pair), (vec![Some(3), None], Version::V1));
        for _ in 0..100 {
            assert_eq!(deliver(&mut pair), (vec![None], Version::V1));
        }
        assert_eq!(deliver(&mut pair), (vec![Some(3), None], Version::V1));
        assert_eq!(deliver(&mut pair), (vec![None], Version::V1));
    }
}

#[test]
fn a_single_refusal_does_not_record_version_1() {
    let mut pair = Pair::new(Settings::default());
    pair.node_version = Version::V1;
    assert_eq!(deliver(&mut pair).1, Version::V1);
    pair.node_version = Version::V3;
    assert_eq!(deliver(&mut pair), (vec![Some(3)], Version::V3));
    pair.node_version = Version::V1;
    assert_eq!(deliver(&mut pair).0, [Some(3), None]);
    assert_eq!(deliver(&mut pair).0, [Some(3), None]);
    assert_eq!(deliver(&mut pair).0, [None]);
}

#[test]
fn recorded_versions_expire() {
    let versions = VersionSettings { age: Duration::from_secs(60), ..VersionSettings::default() };
    let mut pair = Pair::new(Settings { versions, ..Settings::default() });
    pair.node_version = Version::V2;
    deliver(&mut pair);
    pair.pass(Duration::from_secs(59));
    assert_eq!(deliver(&mut pair).0, [Some(2)]);
    pair.pass(Duration::from_secs(1));
    assert_eq!(deliver(&mut pair).0, [Some(3), Some(2)]);
}

#[test]
fn a_lower_offered_version_is_used_and_any_other_is_ignored() {
    for (offered, proposed) in
        [(1, vec![Some(3), None]), (2, vec![Some(3), Some(2)]), (3, vec![Some(3), Some(2)])]
    {
        let mut pair = Pair::new(Settings::default());
        pair.drop_from_centre = true;
        pair.open(mt(20, false));
        pair.drop_from_centre = false;
        let refusal = offer_version(&pair.sent[0], offered);
        pair.centre_receives(refusal);
        let sent: Vec<_> = pair.sent.iter().map(|octets| proposed_version(octets)).collect();
        assert_eq!(sent, proposed, "offered {offered}");
        pair.answer(Ok(delivered()));
        assert_eq!(pair.confirm().result, Ok(delivered()));
    }
}

#[test]
fn each_version_is_tried_once() {
    let mut pair = Pair::new(Settings::default());
    pair.drop_from_centre = true;
    pair.open(mt(20, false));
    for begin in 0..3 {
        assert!(pair.confirms.is_empty());
        let refusal = match begin {
            2 => rig::plain_abort(&pair.sent[begin]),
            _ => offer_version(&pair.sent[begin], 3),
        };
        pair.centre_receives(refusal);
    }
    assert_eq!(
        pair.sent.iter().map(|octets| proposed_version(octets)).collect::<Vec<_>>(),
        [Some(3), Some(2), None]
    );
    assert_eq!(pair.confirm().result, Err(Failure::UserAbort(AbortReason::Plain)));
    assert!(pair.centre.is_empty());
}

#[test]
fn a_forced_version_is_the_only_one_proposed() {
    let mut pair = Pair::new(Settings::default());
    pair.node_version = Version::V2;
    pair.open_with(send_routing_info(), |open| open.version = Some(Version::V3));
    assert_eq!(pair.confirm().result, Err(Failure::VersionUnsupported));
    pair.node_version = Version::V1;
    pair.open_with(send_routing_info(), |open| open.version = Some(Version::V3));
    let failure = Failure::ProviderAbort(PAbortCause::IncorrectTransactionPortion);
    assert_eq!(pair.confirm().result, Err(failure));
    pair.open_with(send_routing_info(), |open| open.version = Some(Version::V1));
    pair.answer(Ok(routing_info()));
    assert_eq!(pair.confirm().version, Version::V1);
    pair.open_with(send_routing_info(), |open| open.version_max = Version::V1);
    pair.answer(Ok(routing_info()));
    assert_eq!(pair.confirm().version, Version::V1);
}

#[test]
fn the_request_is_encoded_for_each_version() {
    let mut pair = Pair::new(Settings::default());
    for (version, code) in [(Version::V3, 44), (Version::V2, 46), (Version::V1, 46)] {
        pair.node_version = version;
        pair.open_with(mt(20, false), |open| open.version = Some(version));
        let invoke = pair.sent.last().unwrap().windows(3).any(|part| part == [0x02, 0x01, code]);
        assert!(invoke, "{version:?}");
        let indication = pair.indications.front().unwrap();
        assert_eq!(indication.version, version);
        let Request::MtForwardSm(arg) = &indication.request else { panic!("{version:?}") };
        assert!(matches!(arg.sm_rp_da, SmRpDa::Imsi(_)));
        pair.answer(Ok(delivered()));
        pair.confirm();
    }
    for (version, gprs) in [(Version::V3, true), (Version::V2, false), (Version::V1, false)] {
        pair.node_version = version;
        pair.open_with(send_routing_info(), |open| open.version = Some(version));
        let Request::SendRoutingInfoForSm(arg) = &pair.indications.front().unwrap().request else { panic!() };
        assert_eq!(arg.gprs_support_indicator, gprs);
        pair.answer(Err(MapError::absent(Some(5))));
        let absent = match version {
            Version::V3 => MapError::absent(Some(5)),
            _ => MapError::AbsentSubscriber { mwd_set: None, absent_subscriber_reason: None },
        };
        assert_eq!(pair.confirm().result, Err(Failure::User(absent)));
    }
    for (version, stored) in [(Version::V3, true), (Version::V2, true), (Version::V1, false)] {
        pair.node_version = version;
        pair.open_with(report(), |open| open.version = Some(version));
        let stored_msisdn = Some(rig::subscriber());
        pair.answer(Ok(Response::ReportSmDeliveryStatus(ReportSmDeliveryStatusRes { stored_msisdn })));
        let Ok(Response::ReportSmDeliveryStatus(res)) = pair.confirm().result else { panic!() };
        assert_eq!(res.stored_msisdn.is_some(), stored);
    }
}

#[test]
fn a_refusal_with_a_map_reason_causes_no_fallback() {
    let mut pair = Pair::new(Settings::default());
    pair.drop_from_centre = true;
    pair.open(mt(20, false));
    // Frame 177 of the vectors, for this transaction: MAP-RefuseInfo, reason invalidDestinationReference.
    let portion = [
        0x6b, 0x3e, 0x28, 0x3c, 0x06, 0x07, 0x00, 0x11, 0x86, 0x05, 0x01, 0x01, 0x01, 0xa0, 0x31, 0x61, 0x2f,
        0x80, 0x02, 0x07, 0x80, 0xa1, 0x09, 0x06, 0x07, 0x04, 0x00, 0x00, 0x01, 0x00, 0x19, 0x03, 0xa2, 0x03,
        0x02, 0x01, 0x01, 0xa3, 0x05, 0xa1, 0x03, 0x02, 0x01, 0x01, 0xbe, 0x12, 0x28, 0x10, 0x06, 0x07, 0x04,
        0x00, 0x00, 0x01, 0x01, 0x01, 0x01, 0xa0, 0x05, 0xa3, 0x03, 0x0a, 0x01, 0x01,
    ];
    let begin = &pair.sent[0];
    let refusal = [&[0x67, 0x46, 0x49, 0x04], &begin[4..8], &portion[..]].concat();
    pair.centre_receives(refusal.into());
    assert!(matches!(pair.confirm().result, Err(Failure::UserAbort(AbortReason::DialogueRefused(_)))));
    assert_eq!(pair.sent.len(), 1);
}
