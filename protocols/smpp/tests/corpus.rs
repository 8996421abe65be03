//! Runs every decoder on every file of `corpus/` and on thousands of mutations of
//! each: no decoder panics, and every PDU that is read can be written.
//!
//! [`exercise`] is the body of a fuzz target as a plain function; a file that
//! a fuzzer finds goes into `corpus/` and is replayed here from then on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use std::time::Instant;

use bytes::BytesMut;
use smpp::pdu::Sm;
use smpp::receipt::{IdMatch, ReceivedReceipt};
use smpp::session::{Config, Input, Side, Verdict};
use smpp::{Framing, Pdu, Session, time};

fn exercise(octets: &[u8], now: Instant) {
    frames(octets);
    for side in [Side::Centre, Side::Esme] {
        session(octets, side, now);
    }
    let receipt = ReceivedReceipt::parse(octets);
    let _ = (receipt.state(), receipt.error_code(), receipt.submitted(), receipt.delivered());
    if let Some(id) = receipt.id {
        for rule in [IdMatch::Auto, IdMatch::Exact, IdMatch::HexThenDecimal, IdMatch::DecimalThenHex] {
            assert!(rule.candidates(id).len() <= 3);
        }
    }
    for date in [receipt.submit_date, receipt.done_date].into_iter().flatten() {
        let _ = time::parse_receipt_date(date, 60);
    }
    let _ = time::parse(octets, i64::MAX);
}

fn frames(octets: &[u8]) {
    let mut buffer = BytesMut::from(octets);
    let batch = Framing::default().take(&mut buffer);
    let taken: usize = batch.frames().map(|frame| frame.octets().len()).sum();
    assert!(taken + buffer.len() == octets.len() || batch.fault().is_some());
    for frame in batch.frames() {
        let Ok(pdu) = frame.decode() else { continue };
        let mut again = BytesMut::new();
        let header = frame.header;
        pdu.encode(header.sequence_number, header.command_status, &mut again).unwrap();
        // Only octets after an absent body of a response may be lost.
        assert_eq!(again, frame.octets());
        if let Pdu::SubmitSm(sm) | Pdu::DeliverSm(sm) = pdu {
            message(&sm);
        }
    }
}

fn message(sm: &Sm<'_>) {
    let _ = (sm.check(), sm.esm_class.message_type(), format!("{sm:?}"));
    let _ = ReceivedReceipt::from_deliver_sm(sm).map(|receipt| receipt.state());
    for tlv in sm.tlvs {
        let _ = (tlv.u8(), tlv.u16(), tlv.u32(), tlv.c_octets(), tlv.check());
    }
}

fn session(octets: &[u8], side: Side, now: Instant) {
    let mut session = Session::new(Config::new(side), now);
    let batch = Framing::default().take(&mut BytesMut::from(octets));
    for frame in batch.frames() {
        match session.received(&frame.header, now) {
            Verdict::Bind(_) => drop(session.accept(0x34, now)),
            Verdict::Request => session.answered(now),
            _ => {}
        }
    }
    session.handle(batch.fault().map_or(Input::Tick, Input::BadLength), now);
    let outputs = std::iter::from_fn(|| session.poll()).count();
    assert!(outputs <= batch.frames().count() + 2, "at most one for each PDU, and the end");
}

/// A small generator of pseudo-random numbers, the same in every run.
struct Mutator(u64);

impl Mutator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn octet(&mut self) -> u8 {
        const LIKELY: [u8; 8] = [0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff];
        match self.below(2) {
            0 => LIKELY[self.below(8)],
            _ => u8::try_from(self.below(256)).unwrap(),
        }
    }

    fn mutate(&mut self, octets: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(octets.len() + 1);
        match self.below(6) {
            0 => octets.truncate(at),
            1 => octets.insert(at, self.octet()),
            2 if at < octets.len() => drop(octets.remove(at)),
            3 => octets.extend_from_slice(other),
            // Cuts anywhere and corrects the length, so that the body is read.
            4 if at >= 16 => {
                octets.truncate(at);
                octets[..4].copy_from_slice(&u32::try_from(at).unwrap().to_be_bytes());
            }
            _ if at < octets.len() => octets[at] = self.octet(),
            _ => {}
        }
    }
}

#[test]
fn corpus_and_its_mutations() {
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    let now = Instant::now();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 60);
    let corpus: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let mut mutator = Mutator(0x5eed_5eed_5eed_5eed);
    for octets in &corpus {
        exercise(octets, now);
        for _ in 0..500 {
            let mut mutant = octets.clone();
            for _ in 0..=mutator.below(4) {
                let other = mutator.below(corpus.len());
                mutator.mutate(&mut mutant, &corpus[other]);
            }
            exercise(&mutant, now);
        }
    }
}
