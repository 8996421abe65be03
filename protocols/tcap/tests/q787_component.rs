//! The component sublayer, after the purposes of Q.787: operations of every class, and every way to break
//! the protocol.

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

/// The Rejects that travel with the next message of the dialogue.
fn rejects(rig: &mut Rig, dialogue: DialogueId) -> Vec<Component> {
    rig.tcap.proceed(dialogue, None, vec![], rig.now).unwrap();
    let (sent, _) = rig.split();
    let [Message::Continue { components, .. }] = &sent[..] else { panic!("{sent:?}") };
    components.clone()
}

fn reject(invoke_id: Option<i8>, problem: Problem) -> Component {
    Component::Reject { invoke_id, problem }
}

/// A CONTINUE from the peer, in a dialogue with this operation of ours; then what came of it.
fn after(class: OperationClass, says: Vec<Component>) -> (Vec<Output<Address>>, Vec<Component>) {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke_of(1, class)]);
    let (_, told) = rig.hear(&proceed(dialogue, None, says));
    let rejects = rejects(&mut rig, dialogue);
    (told, rejects)
}

#[test]
fn a_result_ends_an_operation_of_class_1_or_3() {
    for class in CLASSES {
        let (told, rejects) = after(class, vec![result(1)]);
        let [Output::Continued { components, .. }, rest @ ..] = &told[..] else { panic!("{told:?}") };
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
        let (told, rejects) = after(class, vec![error(1)]);
        let [Output::Continued { components, .. }, ..] = &told[..] else { panic!("{told:?}") };
        if class.reports_failure() {
            assert_eq!((components, rejects), (&vec![error(1)], vec![]));
        } else {
            let problem = Problem::ReturnError(ReturnErrorProblem::ReturnErrorUnexpected);
            assert_eq!((components, rejects), (&vec![], vec![reject(Some(1), problem)]));
        }
    }
}

#[test]
fn parts_of_a_result_leave_the_operation_open() {
    let (told, rejects) = after(OperationClass::One, vec![part(1), part(1), result(1)]);
    assert!(matches!(&told[..], [Output::Continued { components, .. }] if components.len() == 3));
    assert_eq!(rejects, []);
    let (_, rejects) = after(OperationClass::Two, vec![part(1)]);
    let problem = Problem::ReturnResult(ReturnResultProblem::ReturnResultUnexpected);
    assert_eq!(rejects, [reject(Some(1), problem)]);
}

#[test]
fn what_answers_no_operation_is_rejected() {
    let result_problem = Problem::ReturnResult(ReturnResultProblem::UnrecognizedInvokeId);
    let error_problem = Problem::ReturnError(ReturnErrorProblem::UnrecognizedInvokeId);
    for (component, problem) in
        [(result(2), result_problem), (part(2), result_problem), (error(2), error_problem)]
    {
        let (told, rejects) = after(OperationClass::One, vec![component, result(1)]);
        // What follows is heard, since each component can be told from the next.
        assert!(matches!(&told[0], Output::Continued { components, .. } if components == &[result(1)]));
        assert_eq!(rejects, [reject(Some(2), problem)]);
    }
    // The second answer to one operation is one too many.
    let (_, rejects) = after(OperationClass::One, vec![result(1), error(1)]);
    assert_eq!(rejects, [reject(Some(1), error_problem)]);
}

#[test]
fn several_operations_are_answered_in_any_order() {
    let mut rig = Rig::new();
    let dialogue = rig.begin(None, vec![invoke(1), invoke(-128), invoke(127)]);
    let components = vec![error(127), result(1), result(-128)];
    let (_, told) = rig.hear(&end(dialogue, None, components.clone()));
    assert_eq!(told, [Output::Ended { dialogue, context: None, components }]);
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
    rig.hear(&proceed(dialogue, None, vec![result(1)]));
    rig.tcap.proceed(dialogue, None, vec![invoke(1)], rig.now).unwrap();
}

#[test]
fn a_duplicate_invoke_id_is_rejected() {
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![invoke(5)]);
    rig.tcap.proceed(dialogue, None, vec![], rig.now).unwrap();
    rig.outputs();
    let (_, told) = rig.hear(&proceed(dialogue, None, vec![invoke(5), invoke(6)]));
    let problem = Problem::Invoke(InvokeProblem::DuplicateInvokeId);
    let components = vec![as_received(invoke(6))];
    assert_eq!(
        told,
        [
            Output::Continued { dialogue, context: None, components },
            Output::Rejected { dialogue, invoke_id: Some(5), problem }
        ]
    );
    assert_eq!(rejects(&mut rig, dialogue), [reject(Some(5), problem)]);
    // An answer of any kind frees it.
    for answer in
        [result(5), error(5), reject(Some(5), Problem::Invoke(InvokeProblem::UnrecognizedOperation))]
    {
        rig.tcap.proceed(dialogue, None, vec![answer], rig.now).unwrap();
        rig.outputs();
        let (_, told) = rig.hear(&proceed(dialogue, None, vec![invoke(5)]));
        assert_eq!(told.len(), 1, "{told:?}");
    }
    // A part of an answer does not.
    rig.tcap.proceed(dialogue, None, vec![part(5)], rig.now).unwrap();
    rig.outputs();
    assert_eq!(rig.hear(&proceed(dialogue, None, vec![invoke(5)])).1.len(), 2);
}

#[test]
fn a_linked_operation_needs_one_that_is_open() {
    let linked = |to| match invoke(9) {
        Component::Invoke { operation, parameter, class, timeout, invoke_id, .. } => {
            Component::Invoke { invoke_id, linked: Some(to), operation, parameter, class, timeout }
        }
        other => other,
    };
    let (told, rejects) = after(OperationClass::One, vec![linked(1)]);
    assert_eq!((told.len(), rejects), (1, vec![]));
    let (told, rejects) = after(OperationClass::One, vec![linked(2)]);
    assert_eq!(told.len(), 2);
    assert_eq!(rejects, [reject(Some(9), Problem::Invoke(InvokeProblem::UnrecognizedLinkedId))]);
}

#[test]
fn a_reject_ends_the_operation_that_it_is_about() {
    for problem in [
        Problem::Invoke(InvokeProblem::UnrecognizedOperation),
        Problem::General(GeneralProblem::MistypedComponent),
    ] {
        let mut rig = Rig::new();
        let dialogue = rig.active(vec![invoke(1)]);
        let components = vec![reject(Some(1), problem)];
        let (_, told) = rig.hear(&proceed(dialogue, None, components.clone()));
        assert_eq!(told, [Output::Continued { dialogue, context: None, components }]);
        // So its time does not run out.
        let (_, told) = rig.wait(45 * SECOND);
        assert_eq!(told, []);
    }
    // These are about an answer of ours.
    let problem = Problem::ReturnResult(ReturnResultProblem::MistypedParameter);
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke(1)]);
    rig.hear(&proceed(dialogue, None, vec![reject(Some(1), problem), reject(None, problem)]));
    assert_eq!(rig.wait(45 * SECOND).1, [Output::Unanswered { dialogue, invoke_id: 1 }]);
}

/// What the user rejects travels like any other component, and behind what TCAP rejects.
#[test]
fn rejects_of_tcap_go_first() {
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![invoke(1), result(2)]);
    let mistyped = reject(Some(1), Problem::Invoke(InvokeProblem::MistypedParameter));
    rig.tcap.end(dialogue, None, vec![mistyped.clone()], rig.now).unwrap();
    let (sent, _) = rig.split();
    let unknown = reject(Some(2), Problem::ReturnResult(ReturnResultProblem::UnrecognizedInvokeId));
    assert_eq!(sent, [Message::End { dtid: theirs(), dialogue: None, components: vec![unknown, mistyped] }]);
}

#[test]
fn rejects_that_wait_have_a_bound() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![]);
    for _ in 0..100 {
        rig.hear(&proceed(dialogue, None, vec![result(3)]));
    }
    assert_eq!(rejects(&mut rig, dialogue).len(), 16);
    assert_eq!(rejects(&mut rig, dialogue).len(), 0);
}

/// A BEGIN with a good Invoke, this component, and another Invoke; then the Reject.
fn broken(component: &str) -> (Option<i8>, Problem) {
    let mut rig = Rig::new();
    let (good, bad) = (hex("a106 020101 02012d"), hex(component));
    let components = [&good[..], &bad, &hex("a106 020102 02012d")].concat();
    let header = [0x62, 7 + components.len() as u8, 0x48, 3, 0xaa, 0xbb, 0xcc, 0x6c, components.len() as u8];
    let (_, told) = rig.hear_octets(Bytes::from([&header[..], &components].concat()));
    let [Output::Begun { dialogue, components, .. }, Output::Rejected { invoke_id, problem, .. }] = &told[..]
    else {
        panic!("{component}: {told:?}")
    };
    assert!(
        matches!(components[..], [Component::Invoke { invoke_id: 1, .. }]),
        "what was before it is heard"
    );
    let waiting = rejects(&mut rig, *dialogue);
    match component.starts_with("a4") {
        true => assert_eq!(waiting, [], "a Reject is not answered"),
        false => assert_eq!(waiting, [reject(*invoke_id, *problem)], "{component}"),
    }
    (*invoke_id, *problem)
}

#[test]
fn a_component_that_cannot_be_understood_is_rejected() {
    use GeneralProblem::{
        BadlyStructuredComponent as Badly, MistypedComponent as Mistyped,
        UnrecognizedComponent as Unrecognized,
    };
    for (component, invoke_id, problem) in [
        // No such kinds.
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
        assert_eq!(broken(component), expected, "{component}");
    }
}

#[test]
fn a_broken_answer_ends_the_operation() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke(7)]);
    let octets = hex("6515 4803 aabbcc 4904 01020304 6c08 a206 020107 02012d");
    let (_, told) = rig.hear_octets(octets);
    assert!(matches!(told[..], [Output::Continued { .. }, Output::Rejected { invoke_id: Some(7), .. }]));
    assert_eq!(rig.wait(45 * SECOND).1, []);
    assert_eq!(rejects(&mut rig, dialogue).len(), 1);
}

/// After an END there is no message left that could carry a Reject.
#[test]
fn what_an_end_breaks_is_told_here_alone() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![invoke(1)]);
    let (sent, told) = rig.hear(&end(dialogue, None, vec![result(2)]));
    assert_eq!(sent, []);
    let problem = Problem::ReturnResult(ReturnResultProblem::UnrecognizedInvokeId);
    assert_eq!(
        told,
        [
            Output::Rejected { dialogue, invoke_id: Some(2), problem },
            Output::Ended { dialogue, context: None, components: vec![] }
        ]
    );
}

#[test]
fn every_operation_has_its_time() {
    for class in CLASSES {
        let mut rig = Rig::new();
        let dialogue = rig.active(vec![invoke_of(1, class)]);
        assert_eq!(rig.wait(29 * SECOND), (vec![], vec![]));
        assert_eq!(rig.wait(SECOND), (vec![], vec![Output::Unanswered { dialogue, invoke_id: 1 }]));
        // A late answer is one to no operation.
        let (_, told) = rig.hear(&proceed(dialogue, None, vec![result(1)]));
        assert!(matches!(told[..], [_, Output::Rejected { invoke_id: Some(1), .. }]));
    }
}

/// An MT forward takes ten minutes where a dialogue may be silent for one: the operation counts.
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
    // There is a moment to say more; then silence ends it.
    rig.tcap.proceed(dialogue, None, vec![invoke(2)], rig.now).unwrap();
    rig.outputs();
    let (sent, told) = rig.wait(61 * SECOND);
    assert_eq!(told, [Output::Unanswered { dialogue, invoke_id: 2 }, Output::TimedOut { dialogue }]);
    assert_eq!(sent.len(), 1);
}

#[test]
fn each_of_several_operations_has_its_own_time() {
    let mut rig = Rig::new();
    let mut short = invoke(2);
    if let Component::Invoke { timeout, .. } = &mut short {
        *timeout = 5 * SECOND;
    }
    let dialogue = rig.active(vec![invoke(1), short]);
    assert_eq!(rig.wait(5 * SECOND).1, [Output::Unanswered { dialogue, invoke_id: 2 }]);
    assert_eq!(rig.wait(25 * SECOND).1, [Output::Unanswered { dialogue, invoke_id: 1 }]);
}
