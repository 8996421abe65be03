//! Robustness tests: random and mutated octets cause no panic, and decoded messages encode again (Q.713).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod station;

use bytes::Bytes;
use proptest::prelude::*;
use sccp::message::{Form, Message};
use sccp::{Input, Output};
use station::{EXTENDED, NET, OWN, Station, from_peer, local_address, management, numbered, segments_of};

fn valid_messages() -> Vec<Bytes> {
    let messages =
        [Form::Basic, Form::Extended, Form::Long].map(|form| from_peer(form, local_address(), true));
    let segments = segments_of(&numbered(90), 40, 7);
    let all = messages.into_iter().chain(segments).chain([management(1, 6, 5), management(3, 8, 1)]);
    all.map(|message| message.encode().unwrap()).collect()
}

fn check(octets: &Bytes) {
    let Ok(message) = Message::decode(octets) else { return };
    if let Ok(again) = message.encode() {
        assert_eq!(again.len(), message.encoded_len());
        assert_eq!(Message::decode(&again).unwrap(), message);
    }
}

proptest! {
    #[test]
    fn random_octets_cause_no_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&Bytes::from(octets));
    }

    #[test]
    fn sequences_of_mutated_messages_cause_no_panic(
        changes in prop::collection::vec((0..8_usize, any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..40)
    ) {
        let good = valid_messages();
        let mut station = Station::new();
        for (which, at, octet, cut) in changes {
            let mut octets = good[which % good.len()].to_vec();
            let at = at.index(octets.len());
            octets[at] = octet;
            if cut {
                octets.truncate(at);
            }
            let payload = Bytes::from(octets);
            check(&payload);
            let input = Input::Transfer { network: NET, opc: EXTENDED, dpc: OWN, sls: octet, payload };
            for output in station.input(input) {
                if let Output::Transfer { payload, .. } = output {
                    prop_assert!(Message::decode(&payload).is_ok());
                }
            }
        }
        station.pass(std::time::Duration::from_secs(3_600));
    }
}
