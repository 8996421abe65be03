//! Dialogue portion tests, after the test purposes of Q.787: application contexts.

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
    Abort, AbortReason, Begin, Diagnostic, DialogueAnswer, DialogueId, DialoguePortion, DialogueResult,
    Message, Output, PAbortCause, Proposal, Refusal, UserAbort,
};

mod rig;
mod samples;

use rig::*;
use samples::{hex, samples};

/// An arbitrary EXTERNAL.
fn information() -> Option<Bytes> {
    Some(hex("2809 0603 2a0304 a002 3000"))
}

fn aborts(portion: Option<DialoguePortion>) -> Message {
    Message::Abort { dtid: theirs(), abort: Abort::User(portion) }
}

fn refuses(context: tcap::Oid, diagnostic: Diagnostic) -> DialoguePortion {
    DialoguePortion::Aare {
        application_context: context,
        accepted: false,
        diagnostic,
        user_information: None,
    }
}

fn abrt(by_provider: bool) -> DialoguePortion {
    DialoguePortion::Abrt { by_provider, user_information: None }
}

#[test]
fn a_context_is_proposed_and_accepted() {
    let mut rig = Rig::new();
    let begin = Begin {
        local: CENTRE,
        remote: PEER,
        application_context: Some(context(3)),
        user_information: information(),
        components: vec![],
        idle: None,
    };
    let dialogue = rig.tcap.begin(begin, rig.now).unwrap();
    let (sent, _) = rig.split();
    let proposal =
        Proposal { version_1: true, application_context: context(3), user_information: information() };
    let aarq = Some(DialoguePortion::Aarq(proposal));
    assert_eq!(sent, [Message::Begin { otid: ours(dialogue), dialogue: aarq, components: vec![] }]);
    let accepted = DialoguePortion::Aare {
        application_context: context(3),
        accepted: true,
        diagnostic: Diagnostic::User(0),
        user_information: information(),
    };
    let (_, outputs) = rig.receive(&proceed(dialogue, Some(accepted), vec![]));
    let result = DialogueResult { application_context: context(3), user_information: information() };
    assert_eq!(outputs, [Output::Continued { dialogue, context: Some(result), components: vec![] }]);
}

/// MAP version 1 has no dialogue portion, and some nodes omit it in their answer.
#[test]
fn the_dialogue_portion_is_optional_on_both_sides() {
    for proposed in [None, Some(context(2))] {
        for message in [proceed, end] {
            let mut rig = Rig::new();
            let dialogue = rig.begin(proposed, vec![]);
            let (sent, outputs) = rig.receive(&message(dialogue, None, vec![]));
            assert_eq!(sent, []);
            assert!(matches!(
                outputs[..],
                [Output::Continued { context: None, .. } | Output::Ended { context: None, .. }]
            ));
        }
    }
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![]);
    rig.tcap.end(dialogue, answer(context(1)), vec![], rig.now).unwrap();
    assert_eq!(rig.split().0, [Message::End { dtid: theirs(), dialogue: None, components: vec![] }]);
}

#[test]
fn the_acceptance_is_sent_once_in_the_first_backward_message() {
    let mut rig = Rig::new();
    let (_, outputs) = rig.receive(&begin(Some(aarq(context(3))), vec![]));
    let [Output::Begun { dialogue, application_context, .. }] = outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(application_context, Some(context(3)));
    for expected in [Some(aare(context(3))), None] {
        rig.tcap.proceed(dialogue, answer(context(3)), vec![], rig.now).unwrap();
        let (otid, dtid, components) = (ours(dialogue), theirs(), vec![]);
        assert_eq!(rig.split().0, [Message::Continue { otid, dtid, dialogue: expected, components }]);
    }
    // The same in an END as the first backward message.
    let dialogue = rig.begun(Some(context(3)), vec![]);
    let user_information = information();
    let with_information = Some(DialogueAnswer { application_context: context(3), user_information });
    rig.tcap.end(dialogue, with_information, vec![], rig.now).unwrap();
    let (sent, _) = rig.split();
    assert!(matches!(
        &sent[..],
        [Message::End { dialogue: Some(DialoguePortion::Aare { user_information: Some(_), .. }), .. }]
    ));
}

/// Another implementation encodes the same refusal to these octets.
#[test]
fn a_refusal_offers_another_context() {
    let expected = samples().into_iter().find(|sample| sample.dtid.as_deref() == Some("2720d972")).unwrap();
    let mut rig = Rig::new();
    let otid = tcap::TransactionId::from(0x2720_d972);
    rig.receive(&Message::Begin { otid, dialogue: Some(aarq(context(3))), components: vec![] });
    let refusal = UserAbort::RefuseContext { offered: Some(context(2)) };
    rig.tcap.abort(DialogueId(0x0102_0304), refusal, rig.now);
    let outputs = rig.outputs();
    assert!(matches!(&outputs[..], [Output::Send { octets, .. }] if *octets == expected.octets));
    assert!(rig.tcap.is_empty());
}

#[test]
fn every_local_abort_matches_the_state_of_the_dialogue() {
    let offer = UserAbort::RefuseContext { offered: None };
    let abrt_with = UserAbort::Abrt { user_information: information() };
    let with = DialoguePortion::Abrt { by_provider: false, user_information: information() };
    for (reason, unanswered, answered) in [
        (offer, Some(refuses(context(3), Diagnostic::User(2))), Some(abrt(false))),
        (UserAbort::DialogueRefused, Some(refuses(context(3), Diagnostic::User(1))), Some(abrt(false))),
        (abrt_with, Some(with.clone()), Some(with)),
        (UserAbort::Plain, None, None),
    ] {
        let mut rig = Rig::new();
        let dialogue = rig.begun(Some(context(3)), vec![]);
        rig.tcap.abort(dialogue, reason.clone(), rig.now);
        assert_eq!(rig.split().0, [aborts(unanswered)]);
        let dialogue = rig.begun(Some(context(3)), vec![]);
        rig.tcap.proceed(dialogue, answer(context(3)), vec![], rig.now).unwrap();
        rig.outputs();
        rig.tcap.abort(dialogue, reason.clone(), rig.now);
        assert_eq!(rig.split().0, [aborts(answered)]);
        // Without a dialogue portion there is only a plain ABORT.
        let dialogue = rig.begun(None, vec![]);
        rig.tcap.abort(dialogue, reason, rig.now);
        assert_eq!(rig.split().0, [aborts(None)]);
    }
}

#[test]
fn every_abort_of_the_peer_is_indicated_with_its_reason() {
    let user = |reason, application_context| (Some((reason, application_context)), None);
    let provider = |cause| (None, Some(cause));
    let offered = Some(context(2));
    for (portion, (by_user, by_provider)) in [
        (None, user(AbortReason::Plain, None)),
        (Some(DialoguePortion::Foreign(information().unwrap())), user(AbortReason::Plain, None)),
        (Some(abrt(false)), user(AbortReason::Abrt, None)),
        (Some(abrt(true)), provider(PAbortCause::AbnormalDialogue)),
        (Some(refuses(context(2), Diagnostic::User(2))), user(AbortReason::ContextNotSupported, offered)),
        (
            Some(refuses(context(2), Diagnostic::User(1))),
            user(AbortReason::DialogueRefused(Diagnostic::User(1)), offered),
        ),
        (
            Some(refuses(context(2), Diagnostic::Provider(1))),
            user(AbortReason::DialogueRefused(Diagnostic::Provider(1)), offered),
        ),
        (Some(refuses(context(2), Diagnostic::Provider(2))), provider(PAbortCause::NoCommonDialoguePortion)),
        (Some(aare(context(2))), provider(PAbortCause::AbnormalDialogue)),
        (Some(aarq(context(2))), provider(PAbortCause::AbnormalDialogue)),
    ] {
        let mut rig = Rig::new();
        let dialogue = rig.begin(Some(context(3)), vec![]);
        let (sent, outputs) =
            rig.receive(&Message::Abort { dtid: ours(dialogue), abort: Abort::User(portion) });
        assert_eq!(sent, []);
        let expected = match (by_user, by_provider) {
            (Some((reason, application_context)), _) => {
                Output::UserAborted { dialogue, reason, application_context, user_information: None }
            }
            (None, cause) => Output::ProviderAborted { dialogue, cause: cause.unwrap() },
        };
        assert_eq!(outputs, [expected]);
        assert!(rig.tcap.is_empty());
    }
}

#[test]
fn a_begin_with_a_faulty_dialogue_portion_is_aborted() {
    let abnormal = PAbortCause::AbnormalDialogue;
    let old = Proposal { version_1: false, application_context: context(3), user_information: None };
    for (portion, answer, cause) in [
        (aare(context(3)), abrt(true), abnormal),
        (abrt(false), abrt(true), abnormal),
        (DialoguePortion::Malformed, abrt(true), abnormal),
        (DialoguePortion::Foreign(information().unwrap()), abrt(true), abnormal),
        (
            DialoguePortion::Aarq(old),
            refuses(context(3), Diagnostic::Provider(2)),
            PAbortCause::NoCommonDialoguePortion,
        ),
    ] {
        let mut rig = Rig::new();
        let (sent, outputs) = rig.receive(&begin(Some(portion), vec![invoke(1)]));
        assert_eq!(sent, [aborts(Some(answer))]);
        assert_eq!(outputs, [Output::Refused { remote: Some(PEER), refusal: Refusal::Dialogue(cause) }]);
        assert!(rig.tcap.is_empty());
    }
}

#[test]
fn an_unexpected_dialogue_portion_ends_the_dialogue() {
    let cause = PAbortCause::AbnormalDialogue;
    let rejected = refuses(context(3), Diagnostic::User(1));
    for (proposed, portion) in [
        (Some(context(3)), aarq(context(3))),
        (Some(context(3)), rejected),
        (Some(context(3)), DialoguePortion::Malformed),
        (None, aare(context(3))),
    ] {
        let mut rig = Rig::new();
        let dialogue = rig.begin(proposed, vec![]);
        let (sent, outputs) = rig.receive(&proceed(dialogue, Some(portion.clone()), vec![]));
        assert_eq!(sent, [aborts(Some(abrt(true)))]);
        assert_eq!(outputs, [Output::ProviderAborted { dialogue, cause }]);
        let dialogue = rig.begin(proposed, vec![]);
        let (sent, outputs) = rig.receive(&end(dialogue, Some(portion), vec![]));
        assert_eq!(sent, []);
        assert_eq!(outputs, [Output::ProviderAborted { dialogue, cause }]);
        assert!(rig.tcap.is_empty());
    }
}

#[test]
fn a_repeated_acceptance_is_ignored() {
    let mut rig = Rig::new();
    let dialogue = rig.begin(Some(context(3)), vec![]);
    rig.receive(&proceed(dialogue, Some(aare(context(3))), vec![]));
    let (_, outputs) = rig.receive(&end(dialogue, Some(aare(context(3))), vec![]));
    assert_eq!(outputs, [Output::Ended { dialogue, context: None, components: vec![] }]);
}

/// Unknown elements, an absent version, and the other encoding of an EXTERNAL.
#[test]
fn an_aarq_is_decoded_in_every_form() {
    for (portion, version_1) in [
        // protocol-version absent
        ("6b1a 2818 0607 00118605010101 a00d 600b a109 0607 04000001001903", true),
        // an unknown element [5]
        ("6b21 281f 0607 00118605010101 a014 6012 80020780 a109 0607 04000001001903 850101", true),
        // octet-aligned
        ("6b1e 281c 0607 00118605010101 8111 600f 80020780 a109 0607 04000001001903", true),
        // versions 1 and 2, version 2 alone
        ("6b1e 281c 0607 00118605010101 a011 600f 800206c0 a109 0607 04000001001903", true),
        ("6b1e 281c 0607 00118605010101 a011 600f 80020640 a109 0607 04000001001903", false),
    ] {
        let portion = hex(portion);
        let header = [0x62, 5 + portion.len() as u8, 0x48, 3, 0xaa, 0xbb, 0xcc];
        let message = read(&Bytes::from([&header[..], &portion].concat()));
        let proposal = Proposal { version_1, application_context: context(3), user_information: None };
        let expected = begin(Some(DialoguePortion::Aarq(proposal)), vec![]);
        assert_eq!(message, expected, "{portion:x}");
    }
}

#[test]
fn a_unidirectional_message_opens_no_dialogue() {
    let proposal = Proposal { version_1: true, application_context: context(3), user_information: None };
    let components = vec![invoke(1)];
    let dialogue = Some(DialoguePortion::Audt(proposal));
    let mut rig = Rig::new();
    let (sent, outputs) = rig.receive(&Message::Unidirectional { dialogue, components: components.clone() });
    let components = components.into_iter().map(as_received).collect();
    let application_context = Some(context(3));
    let expected = Output::Unidirectional { local: CENTRE, remote: PEER, application_context, components };
    assert_eq!((sent, outputs), (vec![], vec![expected]));
    let (_, outputs) =
        rig.receive(&Message::Unidirectional { dialogue: Some(abrt(false)), components: vec![] });
    assert!(matches!(outputs[..], [Output::Refused { refusal: Refusal::Dialogue(_), .. }]));
    assert!(rig.tcap.is_empty());
}

#[test]
fn debug_omits_parameters_and_user_information() {
    let secret = Some(hex("0403 736563"));
    let user_information = secret.clone();
    let proposal = Proposal { version_1: true, application_context: context(3), user_information };
    let mut component = invoke(1);
    if let tcap::Component::Invoke { parameter, .. } = &mut component {
        parameter.clone_from(&secret);
    }
    let message = begin(Some(DialoguePortion::Aarq(proposal)), vec![component]);
    let mut rig = Rig::new();
    let input = tcap::Input::Received { local: CENTRE, remote: PEER, octets: message.encode() };
    let mut shown = format!("{message:?} {input:?}");
    rig.tcap.handle(input, rig.now);
    rig.tcap
        .end(
            DialogueId(0x0102_0304),
            Some(DialogueAnswer { application_context: context(3), user_information: secret.clone() }),
            vec![],
            rig.now,
        )
        .unwrap();
    shown += &format!("{:?} {:?}", rig.outputs(), UserAbort::Abrt { user_information: secret });
    for digits in ["sec", "736563", "115, 101"] {
        assert!(!shown.contains(digits), "{shown}");
    }
}
