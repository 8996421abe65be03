//! Transaction sublayer tests, after the test purposes of Q.787: valid, invalid and inopportune behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed"
)]

use bytes::Bytes;
use tcap::{Abort, Error, Input, Message, Output, PAbortCause, Refusal, Settings, TransactionId, UserAbort};

mod rig;
mod samples;

use rig::*;
use samples::hex;

fn p_abort(cause: PAbortCause) -> Message {
    Message::Abort { dtid: theirs(), abort: Abort::Provider(cause) }
}

fn refused(refusal: Refusal) -> Output<Address> {
    Output::Refused { remote: Some(PEER), refusal }
}

#[test]
fn a_local_begin_is_ended_by_the_peer() {
    let mut rig = Rig::new();
    let dialogue = rig.try_begin(None, vec![invoke(1)]).unwrap();
    let outputs = rig.outputs();
    let [Output::Send { local: CENTRE, remote: PEER, octets, sequence: 0x04, first: true }] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(octets, &hex("6215 4804 01020304 6c0d a10b 020101 02012d 3003800100"));
    let (sent, outputs) = rig.receive(&end(dialogue, None, vec![result(1)]));
    assert_eq!(sent, []);
    assert_eq!(outputs, [Output::Ended { dialogue, context: None, components: vec![result(1)] }]);
    assert!(rig.tcap.is_empty() && rig.tcap.deadline().is_none());
}

#[test]
fn a_begin_of_the_peer_is_ended_locally() {
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![invoke(1)]);
    rig.tcap.end(dialogue, None, vec![result(1)], rig.now).unwrap();
    let (sent, _) = rig.split();
    assert_eq!(sent, [Message::End { dtid: theirs(), dialogue: None, components: vec![result(1)] }]);
    assert!(rig.tcap.is_empty());
}

#[test]
fn both_sides_continue() {
    let mut rig = Rig::new();
    let dialogue = rig.begin(None, vec![]);
    for _ in 0..3 {
        let (_, outputs) = rig.receive(&proceed(dialogue, None, vec![]));
        assert_eq!(outputs, [Output::Continued { dialogue, context: None, components: vec![] }]);
        rig.tcap.proceed(dialogue, None, vec![], rig.now).unwrap();
        let (sent, _) = rig.split();
        let (otid, dtid) = (ours(dialogue), theirs());
        assert_eq!(sent, [Message::Continue { otid, dtid, dialogue: None, components: vec![] }]);
    }
    rig.tcap.end(dialogue, None, vec![], rig.now).unwrap();
    assert!(rig.tcap.is_empty());
}

#[test]
fn a_prearranged_end_sends_and_indicates_nothing() {
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![invoke(1)]);
    rig.tcap.release(dialogue, rig.now);
    assert_eq!(rig.outputs(), []);
    assert!(rig.tcap.is_empty());
    assert_eq!(rig.tcap.proceed(dialogue, None, vec![], rig.now), Err(Error::UnknownDialogue));
    rig.tcap.release(dialogue, rig.now);
    rig.tcap.abort(dialogue, UserAbort::Plain, rig.now);
    assert_eq!(rig.outputs(), []);
}

#[test]
fn before_the_first_answer_only_a_prearranged_end_is_possible() {
    let mut rig = Rig::new();
    let dialogue = rig.begin(None, vec![invoke(1)]);
    assert_eq!(rig.tcap.proceed(dialogue, None, vec![], rig.now), Err(Error::NotAnswered));
    assert_eq!(rig.tcap.end(dialogue, None, vec![], rig.now), Err(Error::NotAnswered));
    rig.tcap.abort(dialogue, UserAbort::Plain, rig.now);
    assert_eq!(rig.outputs(), []);
    assert!(rig.tcap.is_empty());
}

#[test]
fn a_local_abort_is_sent_to_a_known_peer() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![]);
    rig.tcap.abort(dialogue, UserAbort::DialogueRefused, rig.now);
    let (sent, outputs) = rig.split();
    assert_eq!((sent, outputs), (vec![Message::Abort { dtid: theirs(), abort: Abort::User(None) }], vec![]));
    assert!(rig.tcap.is_empty());
}

#[test]
fn every_p_abort_cause_is_indicated() {
    use PAbortCause::{BadlyFormattedTransactionPortion, IncorrectTransactionPortion, Other};
    for (code, cause) in [
        (0, PAbortCause::UnrecognizedMessageType),
        (1, PAbortCause::UnrecognizedTransactionId),
        (2, BadlyFormattedTransactionPortion),
        (3, IncorrectTransactionPortion),
        (4, PAbortCause::ResourceLimitation),
        (99, Other(99)),
    ] {
        let mut rig = Rig::new();
        let dialogue = rig.begin(None, vec![]);
        let (sent, outputs) =
            rig.receive_octets(Bytes::from([&hex("6709 4904 01020304 4a01")[..], &[code]].concat()));
        assert_eq!(sent, []);
        assert_eq!(outputs, [Output::ProviderAborted { dialogue, cause }]);
        assert!(rig.tcap.is_empty());
    }
}

#[test]
fn an_unknown_transaction_id_is_answered_in_a_continue_alone() {
    let mut rig = Rig::new();
    let unknown = tcap::DialogueId(0x0909_0909);
    let (sent, outputs) = rig.receive(&proceed(unknown, None, vec![]));
    assert_eq!(sent, [p_abort(PAbortCause::UnrecognizedTransactionId)]);
    assert_eq!(outputs, [refused(Refusal::UnknownTransaction)]);
    let abort = Message::Abort { dtid: ours(unknown), abort: Abort::User(None) };
    for message in [end(unknown, None, vec![]), abort] {
        let (sent, outputs) = rig.receive(&message);
        assert_eq!(sent, []);
        assert_eq!(outputs, [refused(Refusal::UnknownTransaction)]);
    }
}

/// The id of an unanswered dialogue was never sent, so a message that contains it is not the peer's.
#[test]
fn the_id_of_an_unanswered_dialogue_is_not_accepted() {
    let mut rig = Rig::new();
    let dialogue = rig.begun(None, vec![invoke(1)]);
    let abort = Message::Abort { dtid: ours(dialogue), abort: Abort::User(None) };
    for message in [end(dialogue, None, vec![]), abort, proceed(dialogue, None, vec![])] {
        let (_, outputs) = rig.receive(&message);
        assert_eq!(outputs, [refused(Refusal::UnknownTransaction)]);
    }
    rig.receive_octets(hex("6406 4904 01020304"));
    assert_eq!(rig.tcap.len(), 1);
}

#[test]
fn an_answer_of_a_second_peer_is_aborted() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![]);
    let otid = TransactionId::from(7);
    let second = Message::Continue { otid, dtid: ours(dialogue), dialogue: None, components: vec![] };
    let (sent, _) = rig.receive(&second);
    let cause = PAbortCause::UnrecognizedTransactionId;
    assert_eq!(sent, [Message::Abort { dtid: otid, abort: Abort::Provider(cause) }]);
    assert_eq!(rig.tcap.len(), 1);
}

#[test]
fn a_malformed_message_with_an_otid_is_answered() {
    use PAbortCause::{
        BadlyFormattedTransactionPortion as Badly, IncorrectTransactionPortion as Incorrect,
        UnrecognizedMessageType,
    };
    for (octets, cause) in [
        // A length beyond the end, or short of it.
        ("6206 4803 aabbcc", Badly),
        ("6205 4803 aabbcc 00", Badly),
        // A truncated component portion, and end-of-contents octets without an indefinite length.
        ("6207 4803 aabbcc 6c05", Badly),
        ("6207 4803 aabbcc 0000", Badly),
        // A private element, a second otid, a primitive component portion, elements out of order.
        ("6208 4803 aabbcc c10100", Incorrect),
        ("620a 4803 aabbcc 4803aabbcc", Incorrect),
        ("6208 4803 aabbcc 4c0100", Incorrect),
        ("6209 4803 aabbcc 6c00 6b00", Incorrect),
        // A CONTINUE without the receiver's id, or with one of five octets.
        ("6505 4803 aabbcc", Incorrect),
        ("650c 4803 aabbcc 4905 0102030405", Incorrect),
        // Unknown message types.
        ("6305 4803 aabbcc", UnrecognizedMessageType),
        ("7f2105 4803 aabbcc", UnrecognizedMessageType),
        ("0205 4803 aabbcc", UnrecognizedMessageType),
    ] {
        let (sent, outputs) = Rig::new().receive_octets(hex(octets));
        assert_eq!(sent, [p_abort(cause)], "{octets}");
        assert_eq!(outputs, [refused(Refusal::Malformed(cause))], "{octets}");
    }
}

#[test]
fn a_malformed_message_without_an_otid_is_only_counted() {
    for octets in ["", "62", "6200", "6202 4800", "6207 4805 0102030405", "640a", "00", "ff", "6303 020101"] {
        let (sent, outputs) = Rig::new().receive_octets(hex(octets));
        assert_eq!(sent, [], "{octets}");
        assert!(matches!(outputs[..], [Output::Refused { refusal: Refusal::Malformed(_), .. }]), "{octets}");
    }
    // A message that ends the transaction for its sender is not answered either.
    for octets in ["6405 4803 aabbcc", "6705 4803 aabbcc", "6105 4803 aabbcc"] {
        assert_eq!(Rig::new().receive_octets(hex(octets)).0, [], "{octets}");
    }
}

#[test]
fn a_malformed_message_ends_the_dialogue_of_its_dtid() {
    for (octets, answered) in [
        ("650d 4803 aabbcc 4904 01020304 c100", true),
        ("6408 4904 01020304 c100", false),
        ("6408 4904 01020304 6c05", false),
        ("6708 4904 01020304 4a00", false),
    ] {
        let mut rig = Rig::new();
        let dialogue = rig.begin(None, vec![]);
        let (sent, outputs) = rig.receive_octets(hex(octets));
        assert_eq!(sent.len(), usize::from(answered), "{octets}");
        assert!(matches!(outputs[..], [Output::ProviderAborted { dialogue: over, .. }] if over == dialogue));
        assert!(rig.tcap.is_empty());
    }
}

#[test]
fn the_transaction_id_of_the_peer_is_returned_unchanged() {
    for otid in [&[0x00][..], &[0x00, 0x01], &[0, 0, 1], &[0, 0, 0, 1]] {
        let otid = TransactionId::from_octets(otid).unwrap();
        let mut rig = Rig::new();
        rig.receive(&Message::Begin { otid, dialogue: None, components: vec![] });
        rig.tcap.end(tcap::DialogueId(0x0102_0304), None, vec![], rig.now).unwrap();
        let (sent, _) = rig.split();
        assert_eq!(sent, [Message::End { dtid: otid, dialogue: None, components: vec![] }]);
    }
    assert_eq!(TransactionId::from_octets(&[]), None);
    assert_eq!(TransactionId::from_octets(&[0; 5]), None);
}

#[test]
fn every_length_form_is_decoded() {
    for octets in [
        "6280 4803 aabbcc 6c80 a180 020101 02012d 3000 0000 0000 0000",
        "628113 4803 aabbcc 6c810b a18108 020101 02012d 3000",
        "62830000 11 4803 aabbcc 6c0a a108 020101 02012d 3000",
    ] {
        let (sent, outputs) = Rig::new().receive_octets(hex(octets));
        assert_eq!(sent, [], "{octets}");
        let [Output::Begun { components, .. }] = &outputs[..] else { panic!("{octets}: {outputs:?}") };
        assert_eq!(components.len(), 1);
    }
}

#[test]
fn the_answer_may_come_from_another_address() {
    let mut rig = Rig::new();
    let dialogue = rig.begin(None, vec![]);
    for (from, used) in [("node 1", "node 1"), ("node 2", "node 1")] {
        let octets = proceed(dialogue, None, vec![]).encode();
        rig.tcap.handle(Input::Received { local: CENTRE, remote: from, octets }, rig.now);
        rig.tcap.proceed(dialogue, None, vec![], rig.now).unwrap();
        let outputs = rig.outputs();
        assert!(
            matches!(outputs[..], [_, Output::Send { remote, local: CENTRE, .. }] if remote == used),
            "{outputs:?}"
        );
    }
}

#[test]
fn a_full_table_refuses_local_and_remote_begins() {
    let mut rig = Rig::with(Settings { dialogues_max: 2, ..Settings::default() });
    rig.begin(None, vec![]);
    let theirs = rig.begun(None, vec![]);
    assert_eq!(rig.try_begin(None, vec![]), Err(Error::TableFull));
    let (sent, outputs) = rig.receive(&begin(None, vec![invoke(1)]));
    assert_eq!(sent, [p_abort(PAbortCause::ResourceLimitation)]);
    assert_eq!(outputs, [refused(Refusal::TableFull)]);
    rig.tcap.release(theirs, rig.now);
    rig.begin(None, vec![]);
}

#[test]
fn dialogues_opened_by_peers_have_their_own_limit() {
    let mut rig = Rig::with(Settings { dialogues_max: 3, peer_dialogues_max: 2, ..Settings::default() });
    let first = rig.begun(None, vec![]);
    rig.begun(None, vec![]);
    let (sent, outputs) = rig.receive(&begin(None, vec![invoke(1)]));
    assert_eq!(sent, [p_abort(PAbortCause::ResourceLimitation)]);
    assert_eq!(outputs, [refused(Refusal::TableFull)]);
    let ours = rig.begin(None, vec![]);
    assert_eq!(rig.try_begin(None, vec![]), Err(Error::TableFull));
    rig.tcap.release(ours, rig.now);
    rig.tcap.release(first, rig.now);
    rig.begun(None, vec![]);
}

#[test]
fn no_id_is_used_again_within_the_quarantine() {
    let settings =
        Settings { prefix: 0x00ab_cdef, prefix_bits: 28, quarantine: 10 * SECOND, ..Settings::default() };
    let mut rig = Rig::with(settings);
    let mut seen = Vec::new();
    for _ in 0..16 {
        let dialogue = rig.begin(None, vec![]);
        rig.tcap.release(dialogue, rig.now);
        seen.push(dialogue.0);
    }
    assert_eq!(seen, (0x0abc_def0..=0x0abc_deff).collect::<Vec<u32>>());
    assert_eq!(rig.try_begin(None, vec![]), Err(Error::TableFull));
    rig.wait(10 * SECOND);
    rig.begin(None, vec![]);
}

#[test]
fn an_idle_dialogue_times_out() {
    let mut rig = Rig::new();
    let unanswered = rig.begin(None, vec![]);
    assert_eq!(rig.wait(59 * SECOND), (vec![], vec![]));
    assert_eq!(rig.wait(SECOND), (vec![], vec![Output::TimedOut { dialogue: unanswered }]));
    // A peer that awaits an answer is sent an ABORT.
    let theirs_too = rig.begun(None, vec![invoke(1)]);
    let (sent, outputs) = rig.wait(60 * SECOND);
    assert_eq!(sent, [Message::Abort { dtid: theirs(), abort: Abort::User(None) }]);
    assert_eq!(outputs, [Output::TimedOut { dialogue: theirs_too }]);
    // Each message restarts the timer.
    let active = rig.active(vec![]);
    rig.wait(40 * SECOND);
    rig.receive(&proceed(active, None, vec![]));
    rig.wait(40 * SECOND);
    rig.tcap.proceed(active, None, vec![], rig.now).unwrap();
    rig.outputs();
    assert_eq!(rig.wait(59 * SECOND), (vec![], vec![]));
    let (sent, outputs) = rig.wait(SECOND);
    assert_eq!((sent.len(), outputs), (1, vec![Output::TimedOut { dialogue: active }]));
    assert!(rig.tcap.is_empty());
}

/// One tick processes a bounded number of due dialogues, and the next is due at once.
#[test]
fn a_tick_processes_a_bounded_number_of_dialogues() {
    let mut rig = Rig::with(Settings { dialogues_max: 10_000, ..Settings::default() });
    for _ in 0..10_000 {
        rig.begin(None, vec![]);
    }
    rig.now += 61 * SECOND;
    for left in [5_904, 1_808, 0] {
        assert!(rig.tcap.deadline().is_some_and(|due| due <= rig.now));
        rig.tcap.handle(Input::Tick, rig.now);
        assert_eq!(rig.tcap.len(), left);
    }
    assert_eq!(rig.outputs().len(), 10_000);
}

#[test]
fn a_returned_begin_ends_its_dialogue() {
    let mut rig = Rig::new();
    let dialogue = rig.try_begin(None, vec![invoke(1)]).unwrap();
    let outputs = rig.outputs();
    let [Output::Send { octets, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    // The network may return no more than the transaction id.
    let octets = octets.slice(..8);
    rig.tcap.handle(Input::Undelivered { octets: octets.slice(..7), cause: 1 }, rig.now);
    assert_eq!(rig.outputs(), [Output::Refused { remote: None, refusal: Refusal::ReturnedStray }]);
    rig.tcap.handle(Input::Undelivered { octets, cause: 1 }, rig.now);
    assert_eq!(rig.outputs(), [Output::Undelivered { dialogue, cause: 1 }]);
    assert!(rig.tcap.is_empty() && rig.tcap.deadline().is_none());
}

#[test]
fn a_returned_continue_is_indicated() {
    let mut rig = Rig::new();
    let dialogue = rig.active(vec![]);
    rig.tcap.proceed(dialogue, None, vec![invoke(1)], rig.now).unwrap();
    let outputs = rig.outputs();
    let [Output::Send { octets, first: false, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    rig.tcap.handle(Input::Undelivered { octets: octets.clone(), cause: 3 }, rig.now);
    assert_eq!(rig.outputs(), [Output::Undelivered { dialogue, cause: 3 }]);
    assert_eq!(rig.tcap.len(), 1);
    // Its BEGIN was answered, so the network cannot return it.
    let begin = Message::Begin { otid: ours(dialogue), dialogue: None, components: vec![] }.encode();
    rig.tcap.handle(Input::Undelivered { octets: begin, cause: 3 }, rig.now);
    assert_eq!(rig.outputs(), [Output::Refused { remote: None, refusal: Refusal::ReturnedStray }]);
}

#[test]
fn the_computed_size_is_the_encoded_size() {
    let mut rig = Rig::new();
    let components = vec![invoke(1), invoke(2)];
    for context in [None, Some(context(3))] {
        let begin = rig.tcap.size_of_begin(context, None, &components);
        let dialogue = rig.try_begin(context, components.clone()).unwrap();
        let outputs = rig.outputs();
        assert!(matches!(&outputs[..], [Output::Send { octets, .. }] if octets.len() == begin));
        // Here the peer's transaction id is one octet shorter than the longest.
        let proceed = rig.tcap.size_of_continue(None, &components);
        rig.receive(&rig::proceed(dialogue, None, vec![result(1), result(2)]));
        rig.tcap.proceed(dialogue, None, components.clone(), rig.now).unwrap();
        let outputs = rig.outputs();
        assert!(matches!(&outputs[..], [Output::Send { octets, .. }] if octets.len() + 1 == proceed));
    }
}
