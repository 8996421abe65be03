//! Robustness tests: random and damaged messages cause no panic and leave no dialogue (Q.774 §3.3.4).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed"
)]

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use tcap::{Input, Message, Output};

mod rig;
mod samples;

use rig::{CENTRE, PEER, Rig, SECOND, invoke};
use samples::samples;

/// A node with an open dialogue receives these octets, and its user continues every dialogue.
fn survives(octets: &Bytes) {
    let mut rig = Rig::new();
    rig.begin(None, vec![invoke(1)]);
    rig.tcap.handle(Input::Received { local: CENTRE, remote: PEER, octets: octets.clone() }, rig.now);
    rig.tcap.handle(Input::Undelivered { octets: octets.clone(), cause: 1 }, rig.now);
    for output in rig.outputs() {
        if let Output::Begun { dialogue, components, .. } | Output::Continued { dialogue, components, .. } =
            output
        {
            // Received components can be sent.
            let _ = rig.tcap.proceed(dialogue, None, components, rig.now);
        }
    }
    rig.wait(400 * SECOND);
    assert!(rig.tcap.is_empty());
}

/// A decoded message decodes to the same value from its own encoding.
fn stable(octets: &Bytes) -> Result<(), TestCaseError> {
    if let Ok(decoded) = Message::decode(octets) {
        let again = Message::decode(&decoded.message.encode());
        prop_assert_eq!(again.map(|again| again.message), Ok(decoded.message));
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_octets_cause_no_panic(octets in vec(any::<u8>(), 0..300)) {
        let octets = Bytes::from(octets);
        survives(&octets);
        stable(&octets)?;
    }

    #[test]
    fn damaged_messages_cause_no_panic(
        place in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let samples = samples();
        let mut octets = samples[place.index(samples.len())].octets.to_vec();
        for (at, octet) in damage {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        if cuts {
            octets.truncate(cut.index(octets.len()));
        }
        let octets = Bytes::from(octets);
        survives(&octets);
        stable(&octets)?;
    }

    #[test]
    fn damaged_messages_to_an_open_dialogue_cause_no_panic(
        rest in vec(any::<u8>(), 0..60),
        kind in prop::sample::select(vec![0x64_u8, 0x65, 0x67]),
        damage in any::<prop::sample::Index>(),
        octet in any::<u8>(),
    ) {
        let otid: &[u8] = if kind == 0x65 { &[0x48, 1, 9] } else { &[] };
        let inside = [otid, &[0x49, 4, 1, 2, 3, 4, 0x6c, u8::try_from(rest.len()).unwrap()], &rest].concat();
        let mut octets = [&[kind, u8::try_from(inside.len()).unwrap()], &inside[..]].concat();
        let at = damage.index(octets.len());
        octets[at] = octet;
        survives(&Bytes::from(octets));
    }
}
