//! Responder tests: indications, refusals, rejects and the end of a peer's dialogue (TS 29.002 §7.3, §15).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use std::time::Duration;

use bytes::Bytes;
use map::operation::{AlertReason, ForwardSmRes, ReadyForSmArg};
use map::{
    Context, Error, Imsi, MapError, Output, Refuse, Request, Response, Screening, Settings, SignalInfo,
    Version,
};
use rig::{CENTRE, NODE, Pair, delivered, mo, mt, routing_info, send_routing_info};
use tcap::{AbortReason, Begin, Code, Component, Input, InvokeProblem, Oid, OperationClass, Problem, Tcap};

/// A peer on TCAP alone, of which the test chooses every component, towards the node of a [`Pair`].
struct Peer {
    pair: Pair,
    tcap: Tcap<u8>,
    outputs: Vec<tcap::Output<u8>>,
    dialogue: Option<tcap::DialogueId>,
}

impl Peer {
    fn new() -> Self {
        let tcap = Tcap::new(tcap::Settings { first: 0x7000, ..tcap::Settings::default() });
        let pair = Pair { withhold_from_node: true, ..Pair::new(Settings::default()) };
        Self { pair, tcap, outputs: Vec::new(), dialogue: None }
    }

    fn begin(context: Option<[u32; 2]>, components: Vec<Component>) -> Self {
        let mut peer = Self::new();
        let application_context =
            context.map(|[number, version]| Oid::new(&[0, 4, 0, 0, 1, 0, number, version]).unwrap());
        let begin = Begin {
            local: CENTRE,
            remote: NODE,
            application_context,
            user_information: None,
            components,
            idle: None,
        };
        peer.dialogue = Some(peer.tcap.begin(begin, peer.pair.now).unwrap());
        peer.carry();
        peer
    }

    fn proceed(&mut self, components: Vec<Component>) {
        self.tcap.proceed(self.dialogue.unwrap(), None, components, self.pair.now).unwrap();
        self.carry();
    }

    fn carry(&mut self) {
        while let Some(output) = self.tcap.poll() {
            match output {
                tcap::Output::Send { octets, .. } => self.pair.node_receives(octets),
                other => self.outputs.push(other),
            }
        }
        for octets in std::mem::take(&mut self.pair.returned) {
            self.tcap.handle(Input::Received { local: CENTRE, remote: NODE, octets }, self.pair.now);
        }
        while let Some(output) = self.tcap.poll() {
            self.outputs.push(output);
        }
    }

    fn refusals(&self) -> Vec<Screening> {
        let reason = |output: &Output<u8>| match output {
            Output::Refused { why: reason, .. } => Some(*reason),
            _ => None,
        };
        self.pair.others.1.iter().filter_map(reason).collect()
    }

    /// The components of an END, and whether the dialogue was accepted in it.
    fn ended(&self) -> (&[Component], bool) {
        match self.outputs.last() {
            Some(tcap::Output::Ended { components, context, .. }) => (components, context.is_some()),
            other => panic!("{other:?}"),
        }
    }
}

fn invoke_of(invoke_id: i8, code: i64, parameter: Option<Vec<u8>>) -> Component {
    Component::Invoke {
        invoke_id,
        linked: None,
        operation: Code::Local(code),
        parameter: parameter.map(Into::into),
        class: OperationClass::One,
        timeout: Duration::from_secs(30),
    }
}

fn invoke(invoke_id: i8, request: &Request, version: Version) -> Component {
    invoke_of(invoke_id, request.code(version).unwrap(), Some(request.write(version).unwrap()))
}

#[test]
fn an_unknown_version_is_refused_with_the_highest_one_offered() {
    for (number, version, highest) in [(25, 4, 3), (25, 0, 3), (20, 9, 3), (23, 3, 2), (21, 127, 3)] {
        let peer = Peer::begin(Some([number, version]), vec![invoke(1, &send_routing_info(), Version::V3)]);
        let [tcap::Output::UserAborted { reason, application_context, .. }] = &peer.outputs[..] else {
            panic!()
        };
        assert_eq!(*reason, AbortReason::ContextNotSupported);
        assert_eq!(*application_context, Oid::new(&[0, 4, 0, 0, 1, 0, number, highest]));
        let context = Context::from_number(number.try_into().unwrap()).unwrap();
        assert_eq!(peer.refusals(), [Screening::Version(context)]);
        assert!(peer.pair.node.is_empty());
    }
}

#[test]
fn an_unknown_context_is_refused() {
    // networkLocUpContext, version 3.
    let peer = Peer::begin(Some([1, 3]), vec![invoke_of(1, 2, Some(vec![0x30, 0]))]);
    assert!(matches!(
        peer.outputs[..],
        [tcap::Output::UserAborted { reason: AbortReason::ContextNotSupported, .. }]
    ));
    assert_eq!(peer.refusals(), [Screening::Context]);
    assert!(peer.pair.node.is_empty() && peer.pair.indications.is_empty());
}

#[test]
fn an_operation_of_another_context_is_rejected() {
    let cases = [
        (Some([25, 3]), 2),
        (Some([25, 3]), 45),
        (Some([25, 2]), 44),
        (Some([24, 3]), 47),
        (Some([23, 2]), 49),
        (Some([20, 3]), 63),
        (None, 2),
        (None, 64),
    ];
    for (context, code) in cases {
        let peer = Peer::begin(context, vec![invoke_of(9, code, None)]);
        let problem = Problem::Invoke(InvokeProblem::UnrecognizedOperation);
        let reject = Component::Reject { invoke_id: Some(9), problem };
        assert_eq!(peer.ended(), (&[reject][..], context.is_some()), "{context:?} {code}");
        assert_eq!(peer.refusals(), [Screening::Operation(code)]);
        assert!(peer.pair.node.is_empty() && peer.pair.indications.is_empty());
    }
}

#[test]
fn a_mistyped_argument_is_rejected() {
    for parameter in [None, Some(vec![0x04, 0]), Some(vec![0x30, 0]), Some(vec![0x30, 3, 0x80, 1, 0])] {
        let peer = Peer::begin(Some([25, 3]), vec![invoke_of(1, 44, parameter)]);
        let problem = Problem::Invoke(InvokeProblem::MistypedParameter);
        assert_eq!(peer.ended(), (&[Component::Reject { invoke_id: Some(1), problem }][..], true));
        assert_eq!(peer.refusals(), [Screening::Mistyped(44)]);
    }
}

#[test]
fn several_components_are_refused() {
    let both = |version| vec![invoke(1, &mo(20), version), invoke(2, &mo(20), version)];
    for (context, version) in
        [(Some([21, 3]), Version::V3), (Some([21, 2]), Version::V2), (None, Version::V1)]
    {
        let peer = Peer::begin(context, both(version));
        assert!(matches!(peer.outputs[..], [tcap::Output::UserAborted { .. }]), "{:?}", peer.outputs);
        assert_eq!(peer.refusals(), [Screening::SeveralComponents]);
        assert!(peer.pair.node.is_empty() && peer.pair.indications.is_empty());
    }
    // The second arrives while the first is pending.
    let mut peer = Peer::begin(Some([21, 3]), Vec::new());
    peer.proceed(vec![invoke(1, &mo(20), Version::V3)]);
    peer.proceed(vec![invoke(2, &mo(20), Version::V3)]);
    assert_eq!(peer.refusals(), [Screening::SeveralComponents]);
    let indication = peer.pair.indications.pop_front().unwrap();
    assert_eq!(peer.pair.others.1.last(), Some(&Output::Closed { dialogue: indication.dialogue }));
    assert!(peer.pair.node.is_empty() && peer.pair.indications.is_empty());
}

#[test]
fn an_empty_begin_is_accepted_in_relay_contexts_alone() {
    for number in [21, 25] {
        for version in [Version::V2, Version::V3] {
            let request = if number == 21 { mo(150) } else { mt(150, false) };
            let mut peer = Peer::begin(Some([number, u32::from(version.number())]), Vec::new());
            assert!(matches!(peer.outputs[..], [tcap::Output::Continued { context: Some(_), .. }]));
            peer.proceed(vec![invoke(1, &request, version)]);
            let indication = peer.pair.indications.front().unwrap();
            assert_eq!((&indication.request, indication.version), (&request, version));
            peer.pair.answer(Ok(delivered()));
            peer.carry();
            assert_eq!(peer.ended().0.len(), 1);
            assert!(peer.refusals().is_empty() && peer.pair.node.is_empty());
        }
    }
    for context in [Some([20, 3]), Some([23, 2]), Some([24, 3]), None] {
        let peer = Peer::begin(context, Vec::new());
        assert!(matches!(peer.outputs[..], [tcap::Output::UserAborted { .. }]));
        assert_eq!(peer.refusals(), [Screening::NoComponent]);
        assert!(peer.pair.node.is_empty());
    }
}

#[test]
fn the_addresses_of_forward_sm_give_its_direction() {
    for context in [None, Some([21, 2]), Some([25, 2]), Some([21, 3]), Some([25, 3])] {
        for request in [mo(20), mt(20, false)] {
            let component = invoke_of(1, 46, Some(request.write(Version::V2).unwrap()));
            let peer = Peer::begin(context, vec![component]);
            assert_eq!(peer.pair.indications.front().unwrap().request, request, "{context:?}");
        }
    }
}

#[test]
fn the_delivery_report_of_a_result_is_encoded_in_version_3_alone() {
    let report = Response::MoForwardSm(ForwardSmRes { sm_rp_ui: Some(SignalInfo(vec![1, 0, 0].into())) });
    for (number, octets) in [(3, Some(vec![0x30, 0x05, 0x04, 0x03, 1, 0, 0])), (2, None)] {
        let version = Version::from_number(number).unwrap();
        let mut peer = Peer::begin(Some([21, u32::from(number)]), vec![invoke(1, &mo(20), version)]);
        peer.pair.answer(Ok(report.clone()));
        peer.carry();
        let ([Component::ResultLast { parameter, operation, .. }], true) = peer.ended() else { panic!() };
        assert_eq!((parameter.clone(), operation.is_some()), (octets.map(Bytes::from), number == 3));
    }
}

#[test]
fn a_refusal_by_the_user_ends_the_dialogue() {
    let mut peer = Peer::begin(Some([21, 3]), vec![invoke(1, &mo(20), Version::V3)]);
    let indication = peer.pair.indications.pop_front().unwrap();
    peer.pair.node.refuse(
        indication.dialogue,
        Refuse::Reject(InvokeProblem::ResourceLimitation),
        peer.pair.now,
    );
    peer.pair.run();
    peer.carry();
    let problem = Problem::Invoke(InvokeProblem::ResourceLimitation);
    assert_eq!(peer.ended(), (&[Component::Reject { invoke_id: Some(1), problem }][..], true));

    let mut peer = Peer::begin(Some([21, 3]), vec![invoke(1, &mo(20), Version::V3)]);
    let indication = peer.pair.indications.pop_front().unwrap();
    peer.pair.node.refuse(indication.dialogue, Refuse::Abort, peer.pair.now);
    peer.pair.run();
    peer.carry();
    assert!(matches!(peer.outputs[..], [tcap::Output::UserAborted { reason: AbortReason::Abrt, .. }]));
    assert_eq!(
        peer.pair.node.answer(indication.dialogue, 1, Ok(delivered()), peer.pair.now),
        Err(Error::NotOpen)
    );
    assert!(peer.pair.node.is_empty());
}

#[test]
fn an_unencodable_answer_leaves_the_request_pending() {
    let mut peer = Peer::begin(Some([20, 3]), vec![invoke(1, &send_routing_info(), Version::V3)]);
    let indication = peer.pair.indications.front().unwrap().clone();
    let Response::SendRoutingInfoForSm(mut invalid) = routing_info() else { panic!() };
    invalid.imsi = Imsi::new("not a number");
    let refused = Ok(Response::SendRoutingInfoForSm(invalid));
    let now = peer.pair.now;
    assert!(matches!(peer.pair.node.answer(indication.dialogue, 1, refused, now), Err(Error::Unwritable(_))));
    assert_eq!(peer.pair.node.answer(indication.dialogue, 2, Ok(routing_info()), now), Err(Error::NotOpen));
    peer.pair.answer(Err(MapError::UnknownSubscriber(None)));
    peer.carry();
    assert!(matches!(peer.ended().0, [Component::Error { code: Code::Local(1), .. }]));
}

#[test]
fn an_abort_by_the_peer_is_reported_to_the_user() {
    let mut peer = Peer::begin(Some([21, 3]), Vec::new());
    peer.proceed(vec![invoke(1, &mo(20), Version::V3)]);
    let indication = peer.pair.indications.pop_front().unwrap();
    peer.tcap.end(peer.dialogue.unwrap(), None, Vec::new(), peer.pair.now).unwrap();
    peer.carry();
    assert_eq!(peer.pair.others.1, [Output::Closed { dialogue: indication.dialogue }]);
    assert_eq!(
        peer.pair.node.answer(indication.dialogue, 1, Ok(delivered()), peer.pair.now),
        Err(Error::NotOpen)
    );
}

#[test]
fn a_request_without_an_answer_is_aborted() {
    let mut peer = Peer::begin(Some([21, 3]), vec![invoke(1, &mo(20), Version::V3)]);
    let indication = peer.pair.indications.pop_front().unwrap();
    peer.pair.pass(Duration::from_secs(60));
    assert_eq!(peer.pair.others.1, [Output::Closed { dialogue: indication.dialogue }]);
    peer.carry();
    assert!(matches!(peer.outputs[..], [tcap::Output::UserAborted { .. }]));
}

#[test]
fn ready_for_sm_is_indicated() {
    let ready = |alert_reason| {
        Request::ReadyForSm(ReadyForSmArg {
            imsi: Imsi::new("001010155551234"),
            alert_reason,
            alert_reason_indicator: false,
            additional_alert_reason_indicator: false,
            maximum_ue_availability_time: None,
        })
    };
    for version in [Version::V3, Version::V2, Version::V1] {
        let mut pair = Pair::new(Settings::default());
        pair.open_with(ready(AlertReason::MemoryAvailable), |open| open.version = Some(version));
        let indication = pair.indications.front().unwrap();
        if version == Version::V1 {
            assert_eq!(indication.request, ready(AlertReason::MsPresent));
        } else {
            assert_eq!(indication.request, ready(AlertReason::MemoryAvailable));
            pair.answer(Ok(Response::ReadyForSm));
        }
        assert_eq!(pair.confirm().result, Ok(Response::ReadyForSm));
        assert!(pair.centre.is_empty() && pair.node.is_empty());
    }
}

#[test]
fn messages_outside_dialogues_are_counted() {
    let mut pair = Pair::new(Settings::default());
    // A CONTINUE of an unknown transaction, and octets that are no message.
    pair.node_receives(Bytes::from_static(&[0x65, 0x0c, 0x48, 0x04, 0, 0, 0, 1, 0x49, 0x04, 0, 0, 0, 2]));
    pair.node_receives(Bytes::from_static(&[0xff]));
    assert_eq!(pair.others.1.len(), 2);
    assert!(pair.others.1.iter().all(|output| {
        matches!(output, Output::Refused { why: Screening::Message(_), remote: Some(CENTRE) })
    }));
}
