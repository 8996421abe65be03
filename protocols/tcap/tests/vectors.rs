//! Tests on messages of another implementation, decoded as by tshark (Q.773 §3.1).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed"
)]

use bytes::Bytes;
use tcap::{Abort, Code, Component, DialoguePortion, Message, PAbortCause};

mod samples;

use samples::{Sample, samples};

fn decoded(octets: &Bytes) -> Message {
    let decoded = Message::decode(octets).expect("a sound message");
    assert_eq!(decoded.fault, None);
    decoded.message
}

#[test]
fn every_message_is_read_and_written_back_to_the_same_octets() {
    let samples = samples();
    assert_eq!(samples.len(), 213);
    for Sample { octets, line, .. } in samples {
        assert_eq!(decoded(&octets).encode(), octets, "line {line}");
    }
}

#[test]
fn transaction_ids_are_those_that_tshark_reads() {
    for Sample { octets, otid, dtid, line, .. } in samples() {
        let (ours, theirs) = match decoded(&octets) {
            Message::Begin { otid, .. } => (Some(otid), None),
            Message::Continue { otid, dtid, .. } => (Some(otid), Some(dtid)),
            Message::End { dtid, .. } | Message::Abort { dtid, .. } => (None, Some(dtid)),
            Message::Unidirectional { .. } => (None, None),
        };
        assert_eq!(ours.map(|id| format!("{id:?}")), otid, "line {line}");
        assert_eq!(theirs.map(|id| format!("{id:?}")), dtid, "line {line}");
    }
}

#[test]
fn components_are_those_that_tshark_reads() {
    for Sample { octets, names, line, .. } in samples() {
        let components = match decoded(&octets) {
            Message::Begin { components, .. }
            | Message::Continue { components, .. }
            | Message::End { components, .. }
            | Message::Unidirectional { components, .. } => components,
            Message::Abort { .. } => {
                assert!(names.starts_with("Abort"), "line {line}");
                continue;
            }
        };
        let decoded_names: Vec<String> = components.iter().map(name).collect();
        let decoded_names = decoded_names.join(" ");
        // Operation 46 has another name in version 3.
        let names = names.replace("mo-forwardSM", "forwardSM");
        // A message without a component has the name of its type, and a result without a parameter
        // has no operation.
        let bare = ["Begin", "Continue", "End"].iter().any(|message| names.starts_with(message));
        assert!(
            if bare {
                decoded_names.is_empty() || decoded_names == "returnResultLast"
            } else {
                decoded_names == names
            },
            "line {line}: {decoded_names}"
        );
    }
}

fn name(component: &Component) -> String {
    let operation = |code: &Code| match code {
        Code::Local(44) => "mt-forwardSM",
        Code::Local(45) => "sendRoutingInfoForSM",
        Code::Local(46) => "forwardSM",
        Code::Local(47) => "reportSM-DeliveryStatus",
        Code::Local(49) => "alertServiceCentreWithoutResult",
        Code::Local(63) => "informServiceCentre",
        Code::Local(64) => "alertServiceCentre",
        Code::Local(_) | Code::Global(_) => "unknown",
    };
    match component {
        Component::Invoke { operation: code, .. } => format!("invoke {}", operation(code)),
        Component::ResultLast { operation: Some(code), .. } => {
            format!("returnResultLast {}", operation(code))
        }
        Component::ResultLast { .. } => "returnResultLast".to_owned(),
        Component::ResultNotLast { .. } => "returnResultNotLast".to_owned(),
        Component::Error { .. } => "returnError".to_owned(),
        Component::Reject { .. } => "reject".to_owned(),
    }
}

#[test]
fn aborts_have_a_source_and_a_reason() {
    let aborts: Vec<Abort> = samples()
        .iter()
        .filter_map(|sample| match decoded(&sample.octets) {
            Message::Abort { abort, .. } => Some(abort),
            _ => None,
        })
        .collect();
    let provider = |code| Abort::Provider(PAbortCause::from_code(code));
    assert_eq!(aborts[..5], [provider(0), provider(1), provider(2), provider(3), provider(4)]);
    let debug: Vec<String> = aborts[5..12].iter().map(|abort| format!("{abort:?}")).collect();
    assert_eq!(
        debug,
        [
            "User(Some(Abrt { by_provider: false, .. }))",
            "User(Some(Abrt { by_provider: false, .. }))",
            "User(Some(Abrt { by_provider: false, .. }))",
            "User(Some(Abrt { by_provider: false, .. }))",
            "User(Some(Aare { application_context: 0.4.0.0.1.0.25.3, accepted: false, diagnostic: User(1), .. }))",
            "User(Some(Aare { application_context: 0.4.0.0.1.0.25.3, accepted: false, diagnostic: User(1), .. }))",
            "User(Some(Aare { application_context: 0.4.0.0.1.0.25.2, accepted: false, diagnostic: User(2), .. }))",
        ]
    );
    let Abort::User(Some(DialoguePortion::Abrt { user_information, .. })) = &aborts[6] else {
        panic!("an abort with user information")
    };
    assert_eq!(user_information.as_ref().map(Bytes::len), Some(0x12));
}

#[test]
fn every_truncation_is_refused_with_the_readable_ids() {
    for Sample { octets, otid, dtid, line, .. } in samples() {
        for length in 0..octets.len() {
            let malformed = Message::decode(&octets.slice(..length)).expect_err("too short");
            assert_eq!(malformed.cause, PAbortCause::BadlyFormattedTransactionPortion, "line {line}");
            let header = if octets[1] < 0x80 { 2 } else { 3 };
            let ids = header + 6 * usize::from(otid.is_some()) + 6 * usize::from(dtid.is_some());
            let expected = |id: &Option<String>, end: usize| id.clone().filter(|_| length >= end);
            let read = |id: Option<tcap::TransactionId>| id.map(|id| format!("{id:?}"));
            assert_eq!(read(malformed.otid), expected(&otid, header + 6), "line {line}, {length}");
            assert_eq!(read(malformed.dtid), expected(&dtid, ids), "line {line}, {length}");
        }
    }
}
