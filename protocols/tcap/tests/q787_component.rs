//! Component sublayer tests, after the test purposes of Q.787: operations of every class, faulty components.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed"
)]

use bytes::Bytes;
use tcap::{
    Component, DialogueId, Error, GeneralProblem, InvokeProblem, Message, OperationClass, Output, Problem,
    ReturnErrorProblem, ReturnResultProblem,
};

mod rig;
mod samples;

use rig::*;
use samples::hex;

const CLASSES: [OperationClass; 4] =
    [OperationClass::One, OperationClass::Two, OperationClass::Three, OperationClass::Four];

/// The Rejects in the next message of the dialogue.
fn rejects(rig: &mut Rig, dialogue: DialogueId) -> Vec<Component> {
    rig.tcap.proceed(dialogue, None, vec![], rig.now).unwrap();
    let (sent, _) = rig.split();
    let [Message::Continue { components, .. }] = &sent[..] else { panic!("{sent:?}") };
    components.clone()
}

fn reject(invoke_id: Option<i8>, problem: Problem) -> Component {
    Component::Reject { invoke_id, problem }
}

/// The outputs and Rejects after a CONTINUE of the peer, in a dialogue with an open operation.
fn after(class: OperationClass, components: Vec<Component>) -> (Vec<Output<Address>>, Vec<Component>) {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke_of(1, class)]);
    let (_, outputs) = rig.receive(&proceed(dialogue, None, components));
    let rejects = rejects(&mut rig, dialogue);
    (outputs, rejects)
}

#[test]
fn a_result_ends_an_operation_of_class_1_or_3() {
    for class in CLASSES {
        let (outputs, rejects) = after(class, vec![result(1)]);
        let [Output::Continued { components, .. }, rest @ ..] = &outputs[..] else { panic!("{outputs:?}") };
        if class.reports_success() {
            assert_eq!((components, rest, rejects), (&vec![result(1)], &[][..], vec![]));
        } else {
            let problem = Problem::ReturnResult(ReturnResultProblem::ReturnResultUnexpected);
            assert_eq!((components, rejects), (&vec![], vec![reject(Some(1), problem)]));
            assert!(matches!(rest, [Output::Rejected { invoke_id: Some(1), .. }]));
        }
    }
}

#[test]
fn an_error_ends_an_operation_of_class_1_or_2() {
    for class in CLASSES {
        let (outputs, rejects) = after(class, vec![error(1)]);
        let [Output::Continued { components, .. }, ..] = &outputs[..] else { panic!("{outputs:?}") };
        if class.reports_failure() {
            assert_eq!((components, rejects), (&vec![error(1)], vec![]));
        } else {
            let problem = Problem::ReturnError(ReturnErrorProblem::ReturnErrorUnexpected);
            assert_eq!((components, rejects), (&vec![], vec![reject(Some(1), problem)]));
        }
    }
}

#[test]
fn result_segments_leave_the_operation_open() {
    let (outputs, rejects) = after(OperationClass::One, vec![part(1), part(1), result(1)]);
    assert!(matches!(&outputs[..], [Output::Continued { components, .. }] if components.len() == 3));
    assert_eq!(rejects, []);
    let (_, rejects) = after(OperationClass::Two, vec![part(1)]);
    let problem = Problem::ReturnResult(ReturnResultProblem::ReturnResultUnexpected);
    assert_eq!(rejects, [reject(Some(1), problem)]);
}

#[test]
fn an_answer_to_no_operation_is_rejected() {
    let result_problem = Problem::ReturnResult(ReturnResultProblem::UnrecognizedInvokeId);
    let error_problem = Problem::ReturnError(ReturnErrorProblem::UnrecognizedInvokeId);
    for (component, problem) in
        [(result(2), result_problem), (part(2), result_problem), (error(2), error_problem)]
    {
        let (outputs, rejects) = after(OperationClass::One, vec![component, result(1)]);
        // The components after it are accepted, since its length is valid.
        assert!(matches!(&outputs[0], Output::Continued { components, .. } if components == &[result(1)]));
        assert_eq!(rejects, [reject(Some(2), problem)]);
    }
    // A second answer to one operation is rejected.
    let (_, rejects) = after(OperationClass::One, vec![result(1), error(1)]);
    assert_eq!(rejects, [reject(Some(1), error_problem)]);
}

#[test]
fn several_operations_are_answered_in_any_order() {
    let mut rig = Rig::new();
    let dialogue = rig.begin(None, vec![invoke(1), invoke(-128), invoke(127)]);
    let components = vec![error(127), result(1), result(-128)];
    let (_, outputs) = rig.receive(&end(dialogue, None, components.clone()));
    assert_eq!(outputs, [Output::Ended { dialogue, context: None, components }]);
}

#[test]
fn an_invoke_id_is_used_once_at_a_time() {
    let mut rig = Rig::new();
    assert_eq!(rig.try_begin(None, vec![invoke(1), invoke(1)]), Err(Error::InvokeIdInUse(1)));
    assert!(rig.tcap.is_empty());
    let dialogue = rig.active(vec![invoke(1)]);
    assert_eq!(rig.tcap.proceed(dialogue, None, vec![invoke(1)], rig.now), Err(Error::InvokeIdInUse(1)));
    assert_eq!(rig.tcap.end(dialogue, None, vec![invoke(1)], rig.now), Err(Error::InvokeIdInUse(1)));
    assert_eq!(rig.outputs(), []);
    rig.receive(&proceed(dialogue, None, vec![result(1)]));
    rig.tcap.proceed(dialogue, None, vec![invoke(1)], rig.now).unwrap();
}

#[test]
fn a_duplicate_invoke_id_is_rejected() {
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![invoke(5)]);
    rig.tcap.proceed(dialogue, None, vec![], rig.now).unwrap();
    rig.outputs();
    let (_, outputs) = rig.receive(&proceed(dialogue, None, vec![invoke(5), invoke(6)]));
    let problem = Problem::Invoke(InvokeProblem::DuplicateInvokeId);
    let components = vec![as_received(invoke(6))];
    assert_eq!(
        outputs,
        [
            Output::Continued { dialogue, context: None, components },
            Output::Rejected { dialogue, invoke_id: Some(5), problem }
        ]
    );
    assert_eq!(rejects(&mut rig, dialogue), [reject(Some(5), problem)]);
    // An answer of any kind frees the id.
    for answer in
        [result(5), error(5), reject(Some(5), Problem::Invoke(InvokeProblem::UnrecognizedOperation))]
    {
        rig.tcap.proceed(dialogue, None, vec![answer], rig.now).unwrap();
        rig.outputs();
        let (_, outputs) = rig.receive(&proceed(dialogue, None, vec![invoke(5)]));
        assert_eq!(outputs.len(), 1, "{outputs:?}");
    }
    // A result segment does not.
    rig.tcap.proceed(dialogue, None, vec![part(5)], rig.now).unwrap();
    rig.outputs();
    assert_eq!(rig.receive(&proceed(dialogue, None, vec![invoke(5)])).1.len(), 2);
}

#[test]
fn a_linked_operation_requires_an_open_one() {
    let linked = |to| match invoke(9) {
        Component::Invoke { operation, parameter, class, timeout, invoke_id, .. } => {
            Component::Invoke { invoke_id, linked: Some(to), operation, parameter, class, timeout }
        }
        other => other,
    };
    let (outputs, rejects) = after(OperationClass::One, vec![linked(1)]);
    assert_eq!((outputs.len(), rejects), (1, vec![]));
    let (outputs, rejects) = after(OperationClass::One, vec![linked(2)]);
    assert_eq!(outputs.len(), 2);
    assert_eq!(rejects, [reject(Some(9), Problem::Invoke(InvokeProblem::UnrecognizedLinkedId))]);
}

#[test]
fn a_reject_ends_its_operation() {
    for problem in [
        Problem::Invoke(InvokeProblem::UnrecognizedOperation),
        Problem::General(GeneralProblem::MistypedComponent),
    ] {
        let mut rig = Rig::new();
        let dialogue = rig.active(vec![invoke(1)]);
        let components = vec![reject(Some(1), problem)];
        let (_, outputs) = rig.receive(&proceed(dialogue, None, components.clone()));
        assert_eq!(outputs, [Output::Continued { dialogue, context: None, components }]);
        // So its timer does not expire.
        let (_, outputs) = rig.wait(45 * SECOND);
        assert_eq!(outputs, []);
    }
    // These concern an answer of the local user.
    let problem = Problem::ReturnResult(ReturnResultProblem::MistypedParameter);
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke(1)]);
    rig.receive(&proceed(dialogue, None, vec![reject(Some(1), problem), reject(None, problem)]));
    assert_eq!(rig.wait(45 * SECOND).1, [Output::Unanswered { dialogue, invoke_id: 1 }]);
}

/// A Reject of the user is sent like any other component, after those of TCAP.
#[test]
fn rejects_of_tcap_are_sent_first() {
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![invoke(1), result(2)]);
    let mistyped = reject(Some(1), Problem::Invoke(InvokeProblem::MistypedParameter));
    rig.tcap.end(dialogue, None, vec![mistyped.clone()], rig.now).unwrap();
    let (sent, _) = rig.split();
    let unknown = reject(Some(2), Problem::ReturnResult(ReturnResultProblem::UnrecognizedInvokeId));
    assert_eq!(sent, [Message::End { dtid: theirs(), dialogue: None, components: vec![unknown, mistyped] }]);
}

#[test]
fn queued_rejects_are_bounded() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![]);
    for _ in 0..100 {
        rig.receive(&proceed(dialogue, None, vec![result(3)]));
    }
    assert_eq!(rejects(&mut rig, dialogue).len(), 16);
    assert_eq!(rejects(&mut rig, dialogue).len(), 0);
}

/// A BEGIN with a good Invoke, this component, and another Invoke; then the Reject.
fn faulty(component: &str) -> (Option<i8>, Problem) {
    let mut rig = Rig::new();
    let (good, bad) = (hex("a106 020101 02012d"), hex(component));
    let components = [&good[..], &bad, &hex("a106 020102 02012d")].concat();
    let header = [0x62, 7 + components.len() as u8, 0x48, 3, 0xaa, 0xbb, 0xcc, 0x6c, components.len() as u8];
    let (_, outputs) = rig.receive_octets(Bytes::from([&header[..], &components].concat()));
    let [Output::Begun { dialogue, components, .. }, Output::Rejected { invoke_id, problem, .. }] =
        &outputs[..]
    else {
        panic!("{component}: {outputs:?}")
    };
    assert!(
        matches!(components[..], [Component::Invoke { invoke_id: 1, .. }]),
        "the components before it are accepted"
    );
    let waiting = rejects(&mut rig, *dialogue);
    match component.starts_with("a4") {
        true => assert_eq!(waiting, [], "a Reject is not answered"),
        false => assert_eq!(waiting, [reject(*invoke_id, *problem)], "{component}"),
    }
    (*invoke_id, *problem)
}

#[test]
fn an_undecodable_component_is_rejected() {
    use GeneralProblem::{
        BadlyStructuredComponent as Badly, MistypedComponent as Mistyped,
        UnrecognizedComponent as Unrecognized,
    };
    for (component, invoke_id, problem) in [
        // Unknown kinds.
        ("a506 020107 02012d", Some(7), Unrecognized),
        ("a603 020107", Some(7), Unrecognized),
        ("3003 020107", Some(7), Unrecognized),
        ("8503 020107", None, Unrecognized),
        // An Invoke without a code, with an id that is none, with a code that is none, with two parameters.
        ("a103 020107", Some(7), Mistyped),
        ("a107 02020080 02012d", None, Mistyped),
        ("a103 02012d", Some(45), Mistyped),
        ("a106 020107 0a012d", Some(7), Mistyped),
        ("a10a 020107 02012d 3000 3000", Some(7), Mistyped),
        ("8106 020107 02012d", None, Mistyped),
        ("a100", None, Mistyped),
        // A result with a code and no sequence, an error without a code.
        ("a206 020107 02012d", Some(7), Mistyped),
        ("a205 020107 3000", Some(7), Mistyped),
        ("a303 020107", Some(7), Mistyped),
        // A Reject without a problem, with a problem of no kind.
        ("a403 020107", Some(7), Mistyped),
        ("a406 020107 840100", Some(7), Mistyped),
        ("a405 050100 800100", None, Mistyped),
        // Lengths that reach beyond the component.
        ("a105 020107 0204", Some(7), Badly),
        ("a107 020107 02012d 30", Some(7), Badly),
        ("a108 020107 02012d 3001", Some(7), Badly),
        ("a205 020107 3005", Some(7), Badly),
    ] {
        let expected = (invoke_id, Problem::General(problem));
        assert_eq!(faulty(component), expected, "{component}");
    }
}

#[test]
fn a_faulty_answer_ends_the_operation() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke(7)]);
    let octets = hex("6515 4803 aabbcc 4904 01020304 6c08 a206 020107 02012d");
    let (_, outputs) = rig.receive_octets(octets);
    assert!(matches!(outputs[..], [Output::Continued { .. }, Output::Rejected { invoke_id: Some(7), .. }]));
    assert_eq!(rig.wait(45 * SECOND).1, []);
    assert_eq!(rejects(&mut rig, dialogue).len(), 1);
}

/// After an END there is no message left that could carry a Reject.
#[test]
fn a_faulty_component_in_an_end_is_reported_locally() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke(1)]);
    let (sent, outputs) = rig.receive(&end(dialogue, None, vec![result(2)]));
    assert_eq!(sent, []);
    let problem = Problem::ReturnResult(ReturnResultProblem::UnrecognizedInvokeId);
    assert_eq!(
        outputs,
        [
            Output::Rejected { dialogue, invoke_id: Some(2), problem },
            Output::Ended { dialogue, context: None, components: vec![] }
        ]
    );
}

#[test]
fn every_operation_has_a_timer() {
    for class in CLASSES {
        let mut rig = Rig::new();
        let dialogue = rig.active(vec![invoke_of(1, class)]);
        assert_eq!(rig.wait(29 * SECOND), (vec![], vec![]));
        assert_eq!(rig.wait(SECOND), (vec![], vec![Output::Unanswered { dialogue, invoke_id: 1 }]));
        // A late answer belongs to no operation.
        let (_, outputs) = rig.receive(&proceed(dialogue, None, vec![result(1)]));
        assert!(matches!(outputs[..], [_, Output::Rejected { invoke_id: Some(1), .. }]));
    }
}

/// An invocation timer of ten minutes outlasts an idle timer of one.
#[test]
fn a_dialogue_outlives_its_operations() {
    let mut rig = Rig::new();
    let mut long = invoke(1);
    if let Component::Invoke { timeout, .. } = &mut long {
        *timeout = 600 * SECOND;
    }
    let dialogue = rig.active(vec![long]);
    assert_eq!(rig.wait(599 * SECOND), (vec![], vec![]));
    assert_eq!(rig.wait(SECOND), (vec![], vec![Output::Unanswered { dialogue, invoke_id: 1 }]));
    // The user has a moment to continue; then the idle timer expires.
    rig.tcap.proceed(dialogue, None, vec![invoke(2)], rig.now).unwrap();
    rig.outputs();
    let (sent, outputs) = rig.wait(61 * SECOND);
    assert_eq!(outputs, [Output::Unanswered { dialogue, invoke_id: 2 }, Output::TimedOut { dialogue }]);
    assert_eq!(sent.len(), 1);
}

#[test]
fn each_of_several_operations_has_its_own_timer() {
    let mut rig = Rig::new();
    let mut short = invoke(2);
    if let Component::Invoke { timeout, .. } = &mut short {
        *timeout = 5 * SECOND;
    }
    let dialogue = rig.active(vec![invoke(1), short]);
    assert_eq!(rig.wait(5 * SECOND).1, [Output::Unanswered { dialogue, invoke_id: 2 }]);
    assert_eq!(rig.wait(25 * SECOND).1, [Output::Unanswered { dialogue, invoke_id: 1 }]);
}
