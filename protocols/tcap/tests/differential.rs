//! Differential tests of the TCAP codec against the crate `tcap` 3.0.0, here called `codec`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed"
)]

use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use tcap::{
    Abort, Code, Component, Diagnostic, DialoguePortion, GeneralProblem, InvokeProblem, Message, Oid,
    OperationClass, PAbortCause, Problem, Proposal, ReturnErrorProblem, ReturnResultProblem, TransactionId,
};

mod samples;

use samples::samples;

/// The message of the other codec as one of this crate.
fn translated(theirs: codec::TcapMessage) -> Message {
    use codec::TcapMessage::{Abort as Aborted, Begin, Continue, End, Unidirectional};
    let id = |id: &codec::TransactionId| TransactionId::from_octets(id).unwrap();
    match theirs {
        Begin(codec::Begin { otid, dialogue_portion, components }) => Message::Begin {
            otid: id(&otid),
            dialogue: dialogue_portion.as_ref().map(portion),
            components: components.unwrap_or_default().into_iter().map(component).collect(),
        },
        Continue(codec::Continue { otid, dtid, dialogue_portion, components }) => Message::Continue {
            otid: id(&otid),
            dtid: id(&dtid),
            dialogue: dialogue_portion.as_ref().map(portion),
            components: components.unwrap_or_default().into_iter().map(component).collect(),
        },
        End(codec::End { dtid, dialogue_portion, components }) => Message::End {
            dtid: id(&dtid),
            dialogue: dialogue_portion.as_ref().map(portion),
            components: components.unwrap_or_default().into_iter().map(component).collect(),
        },
        Unidirectional(codec::Unidirectional { dialogue_portion, components }) => Message::Unidirectional {
            dialogue: dialogue_portion.as_ref().map(portion),
            components: components.into_iter().map(component).collect(),
        },
        Aborted(codec::Abort { dtid, reason }) => Message::Abort {
            dtid: id(&dtid),
            abort: match reason {
                None => Abort::User(None),
                Some(codec::AbortReason::UAbort(user)) => Abort::User(Some(portion(&user))),
                Some(codec::AbortReason::PAbort(cause)) => {
                    Abort::Provider(PAbortCause::from_code(u8::try_from(cause.value()).unwrap_or(u8::MAX)))
                }
            },
        },
    }
}

fn portion(theirs: &codec::DialoguePortion) -> DialoguePortion {
    let external = Bytes::copy_from_slice(theirs.external.as_bytes());
    let Some(pdu) = theirs.dialogue_pdu().unwrap() else { return DialoguePortion::Foreign(external) };
    let information = |externals: Option<Vec<codec::External>>| {
        externals.map(|externals| externals.iter().flat_map(codec::External::encode).collect::<Bytes>())
    };
    let proposal = |version: codec::ProtocolVersion, context: &[u32], externals| Proposal {
        version_1: version == codec::ProtocolVersion::Version1,
        application_context: Oid::new(context).unwrap(),
        user_information: information(externals),
    };
    match pdu {
        codec::DialoguePdu::Aarq { protocol_version, application_context_name, user_information } => {
            DialoguePortion::Aarq(proposal(protocol_version, &application_context_name, user_information))
        }
        codec::DialoguePdu::Audt { protocol_version, application_context_name, user_information } => {
            DialoguePortion::Audt(proposal(protocol_version, &application_context_name, user_information))
        }
        codec::DialoguePdu::Aare {
            application_context_name,
            result,
            result_source_diagnostic,
            user_information,
            ..
        } => DialoguePortion::Aare {
            application_context: Oid::new(&application_context_name).unwrap(),
            accepted: result == codec::AssociateResult::Accepted,
            diagnostic: match result_source_diagnostic {
                codec::AssociateSourceDiagnostic::DialogueServiceUser(code) => Diagnostic::User(code),
                codec::AssociateSourceDiagnostic::DialogueServiceProvider(code) => Diagnostic::Provider(code),
            },
            user_information: information(user_information),
        },
        codec::DialoguePdu::Abrt { abort_source, user_information } => DialoguePortion::Abrt {
            by_provider: abort_source == codec::AbortSource::DialogueServiceProvider,
            user_information: information(user_information),
        },
    }
}

fn component(theirs: codec::Component) -> Component {
    let operation = |code: codec::OperationCode| match code {
        codec::OperationCode::Local(code) => Code::Local(code),
        codec::OperationCode::Global(oid) => Code::Global(Oid::new(&oid).unwrap()),
    };
    let both = |value: Option<codec::ReturnResultValue>| match value {
        Some(value) => {
            let parameter = value.parameter.map(|any| Bytes::copy_from_slice(any.as_bytes()));
            (Some(operation(value.operation_code)), parameter)
        }
        None => (None, None),
    };
    match theirs {
        codec::Component::Invoke(codec::Invoke { invoke_id, linked_id, operation_code, parameter }) => {
            Component::Invoke {
                invoke_id,
                linked: linked_id,
                operation: operation(operation_code),
                parameter: parameter.map(|any| Bytes::copy_from_slice(any.as_bytes())),
                class: OperationClass::One,
                timeout: Duration::ZERO,
            }
        }
        codec::Component::ReturnResultLast(codec::ReturnResult { invoke_id, result }) => {
            let (operation, parameter) = both(result);
            Component::ResultLast { invoke_id, operation, parameter }
        }
        codec::Component::ReturnResultNotLast(codec::ReturnResult { invoke_id, result }) => {
            let (operation, parameter) = both(result);
            Component::ResultNotLast { invoke_id, operation, parameter }
        }
        codec::Component::ReturnError(codec::ReturnError { invoke_id, error_code, parameter }) => {
            Component::Error {
                invoke_id,
                code: match error_code {
                    codec::ErrorCode::Local(code) => Code::Local(code),
                    codec::ErrorCode::Global(oid) => Code::Global(Oid::new(&oid).unwrap()),
                },
                parameter: parameter.map(|any| Bytes::copy_from_slice(any.as_bytes())),
            }
        }
        codec::Component::Reject(codec::Reject { invoke_id, problem }) => {
            let problem = match problem {
                codec::Problem::General(code) => Problem::General(GeneralProblem::from_code(code.value())),
                codec::Problem::Invoke(code) => Problem::Invoke(InvokeProblem::from_code(code.value())),
                codec::Problem::ReturnResult(code) => {
                    Problem::ReturnResult(ReturnResultProblem::from_code(code.value()))
                }
                codec::Problem::ReturnError(code) => {
                    Problem::ReturnError(ReturnErrorProblem::from_code(code.value()))
                }
            };
            Component::Reject { invoke_id, problem }
        }
    }
}

fn is_malformed(message: &Message) -> bool {
    let dialogue = match message {
        Message::Begin { dialogue, .. }
        | Message::Continue { dialogue, .. }
        | Message::End { dialogue, .. }
        | Message::Unidirectional { dialogue, .. }
        | Message::Abort { abort: Abort::User(dialogue), .. } => dialogue.as_ref(),
        Message::Abort { .. } => None,
    };
    dialogue == Some(&DialoguePortion::Malformed)
}

fn a_code() -> impl Strategy<Value = Code> {
    let global = vec(any::<u32>(), 1..4).prop_map(|rest| {
        let arcs = [&[2, 999][..], &rest].concat();
        Code::Global(Oid::new(&arcs).unwrap())
    });
    prop_oneof![any::<i64>().prop_map(Code::Local), (-1000..1000_i64).prop_map(Code::Local), global]
}

fn an_element() -> impl Strategy<Value = Bytes> {
    (0..30_u8, vec(any::<u8>(), 0..200)).prop_map(|(tag, content)| {
        let mut writer = tcap::ber::Writer::new();
        writer.primitive(tcap::ber::Tag::context(u32::from(tag) * 7), &content);
        writer.into_bytes()
    })
}

fn a_problem() -> impl Strategy<Value = Problem> {
    (0..4_u8, 0..10_i64).prop_map(|(kind, code)| match kind {
        0 => Problem::General(GeneralProblem::from_code(code)),
        1 => Problem::Invoke(InvokeProblem::from_code(code)),
        2 => Problem::ReturnResult(ReturnResultProblem::from_code(code)),
        _ => Problem::ReturnError(ReturnErrorProblem::from_code(code)),
    })
}

fn a_component() -> impl Strategy<Value = Component> {
    let id = any::<i8>;
    let parameter = || proptest::option::of(an_element());
    // The other codec encodes no operation without a parameter.
    let reported = || proptest::option::of((a_code(), an_element()));
    prop_oneof![
        (id(), proptest::option::of(id()), a_code(), parameter()).prop_map(
            |(invoke_id, linked, operation, parameter)| {
                let (class, timeout) = (OperationClass::One, Duration::ZERO);
                Component::Invoke { invoke_id, linked, operation, parameter, class, timeout }
            }
        ),
        (id(), reported()).prop_map(|(invoke_id, reported)| {
            let (operation, parameter) = reported.unzip();
            Component::ResultLast { invoke_id, operation, parameter }
        }),
        (id(), reported()).prop_map(|(invoke_id, reported)| {
            let (operation, parameter) = reported.unzip();
            Component::ResultNotLast { invoke_id, operation, parameter }
        }),
        (id(), a_code(), parameter()).prop_map(|(invoke_id, code, parameter)| Component::Error {
            invoke_id,
            code,
            parameter
        }),
        (proptest::option::of(id()), a_problem())
            .prop_map(|(invoke_id, problem)| Component::Reject { invoke_id, problem }),
    ]
}

fn some_information() -> impl Strategy<Value = Option<Bytes>> {
    let external = an_element().prop_map(|value| {
        let mut writer = tcap::ber::Writer::new();
        writer.constructed(tcap::ber::Tag::EXTERNAL, |w| {
            w.oid(tcap::ber::Tag::OBJECT_IDENTIFIER, &Oid::new(&[0, 4, 0, 0, 1, 1, 1, 1]).unwrap());
            w.constructed(tcap::ber::Tag::context(0), |w| w.raw(&value));
        });
        writer.into_vec()
    });
    proptest::option::of(vec(external, 1..3).prop_map(|externals| Bytes::from(externals.concat())))
}

fn a_proposal() -> impl Strategy<Value = Proposal> {
    (0..40_u32, some_information()).prop_map(|(name, user_information)| {
        let application_context = Oid::new(&[0, 4, 0, 0, 1, 0, name, 3]).unwrap();
        Proposal { version_1: true, application_context, user_information }
    })
}

fn a_portion() -> impl Strategy<Value = DialoguePortion> {
    let response = (a_proposal(), any::<bool>(), any::<bool>(), 0..5_i64);
    prop_oneof![
        a_proposal().prop_map(DialoguePortion::Aarq),
        response.prop_map(|(proposal, accepted, user, code)| DialoguePortion::Aare {
            application_context: proposal.application_context,
            accepted,
            diagnostic: if user { Diagnostic::User(code) } else { Diagnostic::Provider(code) },
            user_information: proposal.user_information,
        }),
        (any::<bool>(), some_information()).prop_map(|(by_provider, user_information)| {
            DialoguePortion::Abrt { by_provider, user_information }
        }),
    ]
}

fn an_id() -> impl Strategy<Value = TransactionId> {
    vec(any::<u8>(), 1..=4).prop_map(|octets| TransactionId::from_octets(&octets).unwrap())
}

fn a_message() -> impl Strategy<Value = Message> {
    let contents = || (proptest::option::of(a_portion()), vec(a_component(), 0..4));
    prop_oneof![
        (an_id(), contents()).prop_map(|(otid, (dialogue, components))| Message::Begin {
            otid,
            dialogue,
            components
        }),
        (an_id(), an_id(), contents()).prop_map(|(otid, dtid, (dialogue, components))| {
            Message::Continue { otid, dtid, dialogue, components }
        }),
        (an_id(), contents()).prop_map(|(dtid, (dialogue, components))| Message::End {
            dtid,
            dialogue,
            components
        }),
        (proptest::option::of(a_proposal()), vec(a_component(), 1..3)).prop_map(|(proposal, components)| {
            Message::Unidirectional { dialogue: proposal.map(DialoguePortion::Audt), components }
        }),
        (an_id(), 0..5_u8).prop_map(|(dtid, code)| {
            Message::Abort { dtid, abort: Abort::Provider(PAbortCause::from_code(code)) }
        }),
        (an_id(), proptest::option::of(a_portion()))
            .prop_map(|(dtid, portion)| Message::Abort { dtid, abort: Abort::User(portion) }),
    ]
}

#[test]
fn both_codecs_decode_every_sample_to_the_same_message() {
    for sample in samples() {
        let theirs = codec::decode(&sample.octets).unwrap();
        let ours = Message::decode(&sample.octets).unwrap();
        assert_eq!(translated(theirs), ours.message, "line {}", sample.line);
    }
}

proptest! {
    #[test]
    fn the_other_codec_decodes_and_reencodes_our_encoding(message in a_message()) {
        let octets = message.encode();
        let theirs = codec::decode(&octets).unwrap();
        prop_assert_eq!(codec::encode(&theirs).unwrap(), &octets[..]);
        prop_assert_eq!(translated(theirs), message.clone());
        let ours = Message::decode(&octets).unwrap();
        prop_assert_eq!(ours.message, message);
        prop_assert_eq!(ours.fault, None);
    }

    #[test]
    fn damaged_messages_decode_to_the_same_message(
        place in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let samples = samples();
        let mut octets = samples[place.index(samples.len())].octets.to_vec();
        for (at, octet) in damage {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        let octets = Bytes::from(octets);
        let ours = Message::decode(&octets);
        match codec::decode_detailed(&octets) {
            codec::Decoded::Complete(theirs) => {
                let (ours, theirs) = (ours.unwrap(), translated(theirs));
                prop_assert_eq!(ours.fault, None);
                // This codec accepts no ACSE PDUs that TCAP does not use.
                if !is_malformed(&ours.message) {
                    prop_assert_eq!(ours.message, theirs);
                }
            }
            codec::Decoded::Problem(problem) => match problem.fault {
                codec::Fault::TransactionPortion { .. } => prop_assert!(ours.is_err()),
                codec::Fault::Component { .. } => {
                    prop_assert!(ours.map_or(true, |ours| ours.fault.is_some()));
                }
                // The other codec is stricter: this one skips unknown elements.
                codec::Fault::DialoguePortion => {}
            },
        }
    }
}
