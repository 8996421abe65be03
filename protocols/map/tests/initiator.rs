//! Initiator tests: requests, results, further messages, informServiceCentre (TS 29.002 §7.3, §15).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use std::time::Duration;

use map::operation::{AlertServiceCentreArg, MwStatus, RoutingInfoForSmRes, SmDeliveryOutcome};
use map::{
    Error, Failure, Input, MapError, Output, Request, Response, Screening, Settings, SmDeliveryFailure,
    SmDeliveryFailureCause, SystemFailure, Version,
};
use rig::{
    CENTRE, NODE, Pair, delivered, message_waiting, mo, mt, proposed_version, report, routing_info,
    send_routing_info,
};
use tcap::{Component, DialogueAnswer, Oid, OperationClass, PAbortCause, Problem, ReturnResultProblem, Tcap};

fn pair() -> Pair {
    Pair::new(Settings::default())
}

fn alert() -> Request {
    Request::AlertServiceCentre(AlertServiceCentreArg {
        msisdn: rig::subscriber(),
        service_centre_address: rig::centre_number(),
        ..AlertServiceCentreArg::default()
    })
}

/// A peer on TCAP alone, of which the test chooses every component.
struct RawPeer {
    pair: Pair,
    tcap: Tcap<u8>,
    dialogue: tcap::DialogueId,
    acceptance: Option<DialogueAnswer>,
}

impl RawPeer {
    /// Opens a dialogue of the centre with this peer.
    fn receiving(request: Request) -> Self {
        Self::receiving_within(request, 240)
    }

    fn receiving_within(request: Request, room: usize) -> Self {
        let mut pair = pair();
        pair.drop_from_centre = true;
        pair.open_with(request, |open| open.room = room);
        let mut tcap = Tcap::new(tcap::Settings { first: 0x7000, ..tcap::Settings::default() });
        let octets = pair.sent[0].clone();
        tcap.handle(Input::Received { local: NODE, remote: CENTRE, octets }, pair.now);
        let Some(tcap::Output::Begun { dialogue, application_context, .. }) = tcap.poll() else { panic!() };
        let acceptance = application_context
            .map(|application_context| DialogueAnswer { application_context, user_information: None });
        Self { pair, tcap, dialogue, acceptance }
    }

    fn proceed(&mut self, components: Vec<Component>) {
        self.tcap.proceed(self.dialogue, self.acceptance.take(), components, self.pair.now).unwrap();
        self.carry();
    }

    fn end(&mut self, components: Vec<Component>) {
        self.tcap.end(self.dialogue, self.acceptance.take(), components, self.pair.now).unwrap();
        self.carry();
    }

    fn abort(&mut self, reason: tcap::UserAbort) {
        self.tcap.abort(self.dialogue, reason, self.pair.now);
        self.carry();
    }

    fn carry(&mut self) {
        while let Some(tcap::Output::Send { octets, .. }) = self.tcap.poll() {
            self.pair.centre_receives(octets);
        }
    }

    /// The output of the peer's TCAP for the last message of the centre.
    fn received(&mut self) -> tcap::Output<u8> {
        let octets = self.pair.sent.last().unwrap().clone();
        self.tcap.handle(Input::Received { local: NODE, remote: CENTRE, octets }, self.pair.now);
        self.tcap.poll().unwrap()
    }
}

fn result(invoke_id: i8, response: &Response, operation: i64) -> Component {
    let parameter = response.write(Version::V3).unwrap().map(Into::into);
    let operation = parameter.is_some().then_some(tcap::Code::Local(operation));
    Component::ResultLast { invoke_id, operation, parameter }
}

fn error(invoke_id: i8, error: &MapError) -> Component {
    let parameter = error.write(Version::V3).unwrap().map(Into::into);
    Component::Error { invoke_id, code: tcap::Code::Local(error.code(Version::V3)), parameter }
}

fn inform(invoke_id: i8) -> Component {
    let request = Request::InformServiceCentre(message_waiting());
    Component::Invoke {
        invoke_id,
        linked: None,
        operation: tcap::Code::Local(63),
        parameter: Some(request.write(Version::V3).unwrap().into()),
        class: OperationClass::Four,
        timeout: Duration::from_secs(5),
    }
}

#[test]
fn every_request_is_confirmed_in_each_of_its_versions() {
    for version in [Version::V3, Version::V2, Version::V1] {
        for (request, response) in [
            (send_routing_info(), routing_info()),
            (mt(20, false), delivered()),
            (mo(20), Response::MoForwardSm(Default::default())),
            (report(), Response::ReportSmDeliveryStatus(Default::default())),
        ] {
            let mut pair = pair();
            let dialogue = pair.open_with(request, |open| open.version = Some(version));
            pair.answer(Ok(response.clone()));
            let confirm = pair.confirm();
            assert_eq!(confirm.result, Ok(response));
            assert_eq!(
                (confirm.dialogue, confirm.tag, confirm.version, confirm.open),
                (dialogue, 7, version, false)
            );
            assert!(pair.centre.is_empty() && pair.node.is_empty());
            assert_eq!((pair.sent.len(), pair.returned.len()), (1, 1));
            assert!(pair.others.0.is_empty() && pair.others.1.is_empty());
        }
    }
}

#[test]
fn field_55_long_mt_splits_with_an_empty_begin() {
    // With 159 octets of TPDU a BEGIN takes 237 octets, a CONTINUE 211 and a BEGIN of version 1 205.
    for (octets, version, room, split) in [
        (100, 3, 220, false),
        (159, 3, 220, true),
        (159, 3, 240, false),
        (100, 2, 220, false),
        (159, 2, 220, true),
        (159, 1, 190, false),
    ] {
        let mut pair = pair();
        pair.open_with(mt(octets, false), |open| {
            open.version = Version::from_number(version);
            open.room = room;
        });
        assert_eq!(pair.sent.len(), if split { 2 } else { 1 }, "{octets} octets in version {version}");
        // Version 1 cannot split: it sends the whole request in one BEGIN.
        assert!(version == 1 || pair.sent.iter().all(|message| message.len() <= room));
        if split {
            assert_eq!(pair.sent[0][0], 0x62);
            assert!(!pair.sent[0].contains(&0x6c), "the first BEGIN has components");
            assert_eq!((pair.returned[0][0], pair.sent[1][0]), (0x65, 0x65));
        }
        assert_eq!(pair.indications.len(), 1);
        pair.answer(Ok(delivered()));
        assert_eq!(pair.confirm().result, Ok(delivered()));
        assert!(pair.centre.is_empty() && pair.node.is_empty());
    }
}

#[test]
fn an_empty_begin_falls_back_to_version_1() {
    let mut pair = pair();
    pair.node_version = Version::V2;
    pair.open_with(mt(159, false), |open| open.room = 220);
    assert_eq!(
        pair.sent.iter().map(|octets| proposed_version(octets)).collect::<Vec<_>>(),
        [Some(3), Some(2), None]
    );
    pair.answer(Ok(delivered()));
    assert_eq!(pair.confirm().version, Version::V2);
    pair.node_version = Version::V1;
    pair.open_with(mt(159, false), |open| open.room = 220);
    pair.answer(Ok(delivered()));
    assert_eq!(pair.confirm().version, Version::V1);
}

#[test]
fn an_acceptance_of_a_lower_version_is_followed() {
    let mut raw = RawPeer::receiving_within(mt(159, false), 220);
    let application_context = Oid::new(&[0, 4, 0, 0, 1, 0, 25, 2]).unwrap();
    raw.acceptance = Some(DialogueAnswer { application_context, user_information: None });
    raw.proceed(Vec::new());
    let tcap::Output::Continued { components, .. } = raw.received() else { panic!() };
    assert!(matches!(components[..], [Component::Invoke { operation: tcap::Code::Local(46), .. }]));
}

#[test]
fn further_messages_travel_in_one_dialogue() {
    let mut pair = pair();
    let dialogue = pair.open(mt(20, true));
    for last in [false, false, true] {
        assert!(pair.indications.front().unwrap().more);
        pair.answer(Ok(delivered()));
        let confirm = pair.confirm();
        assert_eq!((confirm.dialogue, confirm.result, confirm.open), (dialogue, Ok(delivered()), true));
        pair.centre.next(dialogue, mt(30, !last), pair.now).unwrap();
        assert_eq!(pair.centre.next(dialogue, mt(30, false), pair.now), Err(Error::NotOpen));
        pair.run();
    }
    assert!(!pair.indications.front().unwrap().more);
    pair.answer(Ok(delivered()));
    let confirm = pair.confirm();
    assert!(!confirm.open && confirm.result.is_ok());
    assert_eq!(pair.centre.next(dialogue, mt(30, false), pair.now), Err(Error::NotOpen));
    assert!(pair.centre.is_empty() && pair.node.is_empty());
    assert_eq!(pair.sent.iter().map(|octets| octets[0]).collect::<Vec<_>>(), [0x62, 0x65, 0x65, 0x65]);
    assert_eq!(pair.returned.iter().map(|octets| octets[0]).collect::<Vec<_>>(), [0x65, 0x65, 0x65, 0x64]);
}

#[test]
fn version_1_has_no_further_messages() {
    let mut pair = pair();
    pair.open_with(mt(20, true), |open| open.version = Some(Version::V1));
    assert!(!pair.indications.front().unwrap().more);
    pair.answer(Ok(delivered()));
    assert!(!pair.confirm().open);
}

#[test]
fn an_error_in_an_end_closes_the_dialogue_and_in_a_continue_does_not() {
    let failed = MapError::SubscriberBusyForMtSms { gprs_connection_suspended: false };
    let mut pair = pair();
    pair.open(mt(20, true));
    pair.answer(Err(failed.clone()));
    let confirm = pair.confirm();
    assert_eq!((confirm.result, confirm.open), (Err(Failure::User(failed.clone())), false));

    let mut raw = RawPeer::receiving(mt(20, true));
    raw.proceed(vec![error(1, &failed)]);
    let confirm = raw.pair.confirm();
    assert_eq!((confirm.result, confirm.open), (Err(Failure::User(failed)), true));
    raw.pair.centre.close(confirm.dialogue, raw.pair.now);
    raw.pair.run();
    assert!(matches!(raw.received(), tcap::Output::Ended { .. }));
    assert!(raw.pair.centre.is_empty());
}

#[test]
fn the_end_of_an_open_dialogue_is_reported() {
    for ending in 0..3 {
        let mut raw = RawPeer::receiving(mt(20, true));
        raw.proceed(vec![result(1, &delivered(), 44)]);
        let dialogue = raw.pair.confirm().dialogue;
        match ending {
            0 => raw.end(Vec::new()),
            1 => raw.abort(tcap::UserAbort::Abrt { user_information: None }),
            _ => raw.pair.pass(Duration::from_secs(600)),
        }
        assert_eq!(raw.pair.others.0, [Output::Closed { dialogue }], "{ending}");
        assert!(raw.pair.confirms.is_empty() && raw.pair.centre.is_empty());
    }
}

#[test]
fn inform_service_centre_is_joined_to_the_confirm() {
    let absent = MapError::absent(Some(1));
    for order in 0..8 {
        let mut raw = RawPeer::receiving(send_routing_info());
        match order {
            0 => raw.end(vec![result(1, &routing_info(), 45), inform(1)]),
            1 => raw.end(vec![inform(1), result(1, &routing_info(), 45)]),
            2 => {
                raw.proceed(vec![inform(1)]);
                raw.end(vec![result(1, &routing_info(), 45)]);
            }
            3 => {
                raw.proceed(vec![result(1, &routing_info(), 45)]);
                assert!(raw.pair.confirms.is_empty(), "informServiceCentre may still come");
                raw.end(vec![inform(1)]);
            }
            4 => {
                raw.proceed(vec![result(1, &routing_info(), 45)]);
                raw.proceed(vec![inform(1)]);
                assert!(matches!(raw.received(), tcap::Output::Ended { .. }));
            }
            5 => {
                raw.proceed(vec![inform(1), result(1, &routing_info(), 45)]);
                assert!(matches!(raw.received(), tcap::Output::Ended { .. }));
            }
            6 => raw.end(vec![error(1, &absent), inform(1)]),
            _ => {
                raw.proceed(vec![inform(1)]);
                raw.end(vec![error(1, &absent)]);
            }
        }
        let confirm = raw.pair.confirm();
        let expected = if order < 6 { Ok(routing_info()) } else { Err(Failure::User(absent.clone())) };
        assert_eq!(confirm.result, expected, "{order}");
        assert_eq!((confirm.informed, confirm.open), (Some(message_waiting()), false), "{order}");
        assert!(raw.pair.centre.is_empty() && raw.pair.confirms.is_empty() && raw.pair.others.0.is_empty());
    }
}

#[test]
fn a_result_is_confirmed_when_the_inform_timer_expires() {
    let mut raw = RawPeer::receiving(report());
    let stored = Response::ReportSmDeliveryStatus(Default::default());
    raw.proceed(vec![result(1, &stored, 47)]);
    raw.pair.pass(Duration::from_millis(1_999));
    assert!(raw.pair.confirms.is_empty());
    raw.pair.pass(Duration::from_millis(1));
    assert_eq!(raw.pair.confirm().result, Ok(stored));
    assert!(matches!(raw.received(), tcap::Output::Ended { .. }));
    assert!(raw.pair.centre.is_empty() && raw.pair.centre.deadline().is_none_or(|due| due > raw.pair.now));
}

#[test]
fn a_responder_sends_inform_service_centre() {
    for result in [Ok(routing_info()), Err(MapError::absent(None))] {
        let mut pair = pair();
        pair.open(send_routing_info());
        let dialogue = pair.indications.front().unwrap().dialogue;
        pair.node.inform(dialogue, message_waiting()).unwrap();
        pair.answer(result.clone());
        let confirm = pair.confirm();
        assert_eq!(confirm.result, result.map_err(Failure::User));
        assert!(confirm.informed.unwrap().mw_status.is_some_and(MwStatus::has_flag));
    }
    let mut pair = pair();
    pair.open_with(send_routing_info(), |open| open.version = Some(Version::V1));
    let dialogue = pair.indications.front().unwrap().dialogue;
    assert_eq!(pair.node.inform(dialogue, message_waiting()), Err(Error::NotOpen));
}

#[test]
fn version_1_has_mwd_set_in_the_result() {
    let mut pair = pair();
    pair.open_with(send_routing_info(), |open| open.version = Some(Version::V1));
    let Response::SendRoutingInfoForSm(found) = routing_info() else { panic!() };
    let listed =
        Response::SendRoutingInfoForSm(Box::new(RoutingInfoForSmRes { mwd_set: Some(true), ..*found }));
    pair.answer(Ok(listed.clone()));
    assert_eq!(pair.confirm().result, Ok(listed));
}

#[test]
fn an_alert_of_version_1_is_released_at_once_on_both_sides() {
    let mut pair = pair();
    pair.open_with(alert(), |open| open.version = Some(Version::V1));
    let confirm = pair.confirm();
    assert_eq!((confirm.result, confirm.open), (Ok(Response::AlertServiceCentre), false));
    let indication = pair.indications.pop_front().unwrap();
    assert_eq!((indication.version, indication.request), (Version::V1, alert()));
    assert!(pair.centre.is_empty() && pair.node.is_empty() && pair.returned.is_empty());
    let answered = pair.node.answer(
        indication.dialogue,
        indication.invoke_id,
        Ok(Response::AlertServiceCentre),
        pair.now,
    );
    assert_eq!(answered, Err(Error::NotOpen));
    // Version 2 is the highest of this operation and has a response.
    pair.open(alert());
    assert_eq!(proposed_version(pair.sent.last().unwrap()), Some(2));
    pair.answer(Err(MapError::SystemFailure(SystemFailure::default())));
    let failed = Failure::User(MapError::SystemFailure(SystemFailure::default()));
    assert_eq!(pair.confirm().result, Err(failed));
}

#[test]
fn every_failure_is_distinguished() {
    let mut raw = RawPeer::receiving(mt(20, false));
    raw.end(Vec::new());
    assert_eq!(raw.pair.confirm().result, Err(Failure::ClosedEarly));

    let mut raw = RawPeer::receiving(mt(20, false));
    let problem = Problem::Invoke(tcap::InvokeProblem::ResourceLimitation);
    raw.end(vec![Component::Reject { invoke_id: Some(1), problem }]);
    assert_eq!(raw.pair.confirm().result, Err(Failure::Rejected(problem)));

    let mut raw = RawPeer::receiving(mt(20, false));
    raw.abort(tcap::UserAbort::Abrt { user_information: None });
    assert_eq!(raw.pair.confirm().result, Err(Failure::UserAbort(tcap::AbortReason::Abrt)));
    assert_eq!(raw.pair.sent.len(), 1, "a user abort causes no version fallback");

    let mut pair = pair();
    pair.drop_from_centre = true;
    pair.open(mt(20, false));
    let octets = pair.sent[0].clone();
    pair.centre.handle(Input::Undelivered { octets, cause: 3 }, pair.now);
    pair.run();
    assert_eq!(pair.confirm().result, Err(Failure::Undelivered(3)));

    let begin = pair.sent[0].clone();
    pair.open(mt(20, false));
    let stray = rig::p_abort(&begin);
    pair.centre_receives(stray);
    assert!(pair.confirms.is_empty(), "an abort of an old dialogue ended a new one");
    let begin = pair.sent[1].clone();
    let abort = [&[0x67, 0x09, 0x49, 0x04], &begin[4..8], &[0x4a, 0x01, 0x04]].concat();
    pair.centre_receives(abort.into());
    assert_eq!(pair.confirm().result, Err(Failure::ProviderAbort(PAbortCause::ResourceLimitation)));
    assert!(pair.centre.is_empty());
}

#[test]
fn each_operation_has_its_own_timer() {
    for (request, seconds) in [(report(), 10), (send_routing_info(), 30), (mt(20, false), 120)] {
        let mut pair = pair();
        pair.drop_from_centre = true;
        pair.open(request);
        pair.pass(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert!(pair.confirms.is_empty());
        pair.pass(Duration::from_millis(1));
        assert_eq!(pair.confirm().result, Err(Failure::Timeout));
        assert!(pair.centre.is_empty());
    }
    // An empty BEGIN that the peer does not accept.
    let mut pair = pair();
    pair.drop_from_centre = true;
    pair.open_with(mt(159, false), |open| open.room = 220);
    pair.pass(Duration::from_secs(60));
    assert_eq!(pair.confirm().result, Err(Failure::Timeout));
    assert!(pair.centre.is_empty());
}

#[test]
fn a_malformed_result_is_rejected() {
    let mut raw = RawPeer::receiving(send_routing_info());
    let parameter = Some(vec![0x30, 0x03, 0x02, 0x01, 0x05].into());
    raw.end(vec![Component::ResultLast { invoke_id: 1, operation: Some(tcap::Code::Local(45)), parameter }]);
    let problem = Problem::ReturnResult(ReturnResultProblem::MistypedParameter);
    assert_eq!(raw.pair.confirm().result, Err(Failure::Rejected(problem)));
    let refused = Output::Refused { why: Screening::Component(problem), remote: Some(NODE) };
    assert_eq!(raw.pair.others.0, [refused]);
}

#[test]
fn a_responder_may_invoke_inform_service_centre_alone() {
    let mut raw = RawPeer::receiving(mt(20, false));
    raw.proceed(vec![inform(5)]);
    let refused = Output::Refused { why: Screening::Operation(63), remote: Some(NODE) };
    assert_eq!(raw.pair.others.0, [refused]);
    let tcap::Output::Continued { components, .. } = raw.received() else { panic!() };
    assert!(matches!(components[..], [Component::Reject { invoke_id: Some(5), .. }]));
    raw.end(vec![result(1, &delivered(), 44)]);
    assert_eq!(raw.pair.confirm().result, Ok(delivered()));
}

#[test]
fn an_unencodable_request_is_refused_before_it_is_sent() {
    let mut pair = pair();
    let open = |request, version| map::Open {
        local: CENTRE,
        remote: NODE,
        peer: "1".into(),
        request,
        version,
        version_max: Version::V3,
        room: 240,
        tag: 0,
    };
    let long = pair.centre.open(open(mt(201, false), None), pair.now);
    assert!(matches!(long, Err(Error::Unwritable(_))));
    let inform = pair.centre.open(open(Request::InformServiceCentre(message_waiting()), None), pair.now);
    assert_eq!(inform, Err(Error::NotInVersion));
    assert_eq!(pair.centre.open(open(alert(), Some(Version::V3)), pair.now), Err(Error::NotInVersion));
    assert!(pair.centre.is_empty() && pair.centre.poll().is_none());
}

#[test]
fn the_number_of_dialogues_is_bounded() {
    let tcap = tcap::Settings { dialogues_max: 2, ..tcap::Settings::default() };
    let mut pair = Pair::new(Settings { tcap, ..Settings::default() });
    pair.drop_from_centre = true;
    pair.open(send_routing_info());
    pair.open(send_routing_info());
    let open = map::Open {
        local: CENTRE,
        remote: NODE,
        peer: "1".into(),
        request: send_routing_info(),
        version: None,
        version_max: Version::V3,
        room: 240,
        tag: 0,
    };
    assert_eq!(pair.centre.open(open, pair.now), Err(Error::TooMany));
}

#[test]
fn a_failed_delivery_keeps_the_report_of_the_phone() {
    let tpdu = map::SignalInfo(vec![0x00, 0xd1, 0x00].into());
    let failure = |diagnostic_info| {
        MapError::SmDeliveryFailure(SmDeliveryFailure {
            sm_enumerated_delivery_failure_cause: SmDeliveryFailureCause::MemoryCapacityExceeded,
            diagnostic_info,
        })
    };
    for (version, kept) in [(Version::V3, true), (Version::V2, true), (Version::V1, false)] {
        let mut pair = pair();
        pair.open_with(mt(20, false), |open| open.version = Some(version));
        pair.answer(Err(failure(Some(tpdu.clone()))));
        let expected = failure(kept.then(|| tpdu.clone()));
        assert_eq!(pair.confirm().result, Err(Failure::User(expected)));
    }
    assert_eq!(SmDeliveryOutcome::from(9).value(), 9);
}
