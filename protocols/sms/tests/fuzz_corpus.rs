//! Runs every decoder on the corpus and on seeded mutants of it: no decoder
//! panics, and a value that is read can be written and then reads the same.
//!
//! `corpus/` is also where the fuzz targets start from.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::fs;
use std::path::Path;

use sms::address::Address;
use sms::alphabet::{self, Language, Shifts};
use sms::coding::{Alphabet, DataCoding};
use sms::header::{Reference, ReferenceWidth, UserDataHeader};
use sms::rpdu::Rpdu;
use sms::timestamp::Timestamp;
use sms::tpdu::{DeliverReport, MobileOriginated, MobileTerminated, SubmitReport};
use sms::validity::{EnhancedValidity, Validity};
use sms::{packing, segment, text, ucs2};

/// Mutants of each corpus file.
const MUTANTS: usize = 3_000;

/// Xorshift: the same mutants in every run.
struct Mutator(u64);

impl Mutator {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.next(256)).unwrap()
    }

    fn mutant(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut octets = seed.to_vec();
        for _ in 0..=self.next(4) {
            let at = self.next(octets.len());
            match self.next(5) {
                0 => octets.truncate(at),
                1 => octets.insert(at.min(octets.len()), self.octet()),
                2 if !octets.is_empty() => octets[at] ^= 1 << self.next(8),
                3 if !octets.is_empty() => octets[at] = [0, 1, 0x7f, 0x80, 0xff][self.next(5)],
                _ if !octets.is_empty() => octets[at] = self.octet(),
                _ => octets.push(self.octet()),
            }
        }
        octets
    }
}

/// Runs `check` on every file of `corpus/{folder}` and its mutants; returns how many it accepted.
fn run(folder: &str, check: impl Fn(&[u8]) -> bool) -> usize {
    let mut files: Vec<_> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    files.sort();
    let mut mutator = Mutator(0x5eed_5eed_5eed_5eed);
    let mut accepted = 0;
    for file in files {
        let seed = fs::read(file).unwrap();
        accepted += usize::from(check(&seed));
        for _ in 0..MUTANTS {
            accepted += usize::from(check(&mutator.mutant(&seed)));
        }
    }
    accepted
}

/// Reads, writes, reads again. `true` if it could be read at all.
fn stable<T: PartialEq + std::fmt::Debug>(
    octets: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, sms::Error>,
    encode: impl Fn(&T) -> Result<Vec<u8>, sms::Error>,
) -> bool {
    let Ok(read) = decode(octets) else { return false };
    let written = encode(&read).unwrap();
    assert_eq!(decode(&written).unwrap(), read);
    true
}

fn tpdu(octets: &[u8]) -> bool {
    let originated = stable(octets, MobileOriginated::decode, |read| match read {
        MobileOriginated::Submit(submit) => {
            assert!(
                submit.user_data.text(submit.data_coding).is_some()
                    || submit.data_coding.alphabet() == Alphabet::EightBit
            );
            let _ = submit.validity.map(|validity| validity.expires(i64::MAX));
            submit.encode()
        }
        MobileOriginated::Command(command) => command.encode(),
    });
    let terminated = stable(octets, MobileTerminated::decode, |read| match read {
        MobileTerminated::Deliver(deliver) => deliver.encode(),
        MobileTerminated::StatusReport(report) => report.encode(),
    });
    let reports = [
        stable(octets, DeliverReport::decode_in_ack, DeliverReport::encode),
        stable(octets, DeliverReport::decode_in_error, DeliverReport::encode),
        stable(octets, SubmitReport::decode_in_ack, SubmitReport::encode),
        stable(octets, SubmitReport::decode_in_error, SubmitReport::encode),
    ];
    originated || terminated || reports.contains(&true)
}

fn header(octets: &[u8]) -> bool {
    let Ok((header, _)) = UserDataHeader::split(octets) else { return false };
    let encoded = header.encode();
    assert_eq!(encoded.len(), header.encoded_len());
    if !header.is_empty() {
        assert_eq!(UserDataHeader::decode(&encoded).as_ref(), Ok(&header));
    }
    let _ = (header.concatenation(), header.ports(), header.shifts(), header.special_sms().count());
    assert_eq!(header.without_concatenation().concatenation(), None);
    let _ = segment::count(Alphabet::Ucs2, octets, &header, ReferenceWidth::Eight);
    true
}

fn address(octets: &[u8]) -> bool {
    stable(
        octets,
        |octets| Address::decode(octets).map(|(address, _)| address),
        |address| {
            let mut octets = Vec::new();
            address.encode_into(&mut octets);
            Ok(octets)
        },
    )
}

fn body(octets: &[u8]) -> bool {
    for shifts in Language::ALL.map(Shifts::both) {
        assert!(alphabet::decode(octets, shifts).chars().count() <= octets.len());
    }
    let read = ucs2::decode(octets);
    assert_eq!(ucs2::decode(&ucs2::encode(&read)), read);
    let _ = text::encode(&read, &text::Policy { look_alikes: true, ..text::Policy::default() });
    for alphabet in [Alphabet::Gsm7, Alphabet::EightBit, Alphabet::Ucs2] {
        if let Ok(segments) = segment::split(alphabet, octets, &UserDataHeader::new(), Reference::Sixteen(9))
        {
            assert_eq!(segments.iter().flat_map(|each| each.body.clone()).collect::<Vec<_>>(), octets);
        }
    }
    for (count, fill_bits) in [(0, 0), (7, 3), (octets.len(), 6), (octets.len() * 8 / 7, 0)] {
        if let Ok(septets) = packing::unpack(octets, fill_bits, count) {
            assert_eq!(packing::unpack(&packing::pack(&septets, fill_bits), fill_bits, count), Ok(septets));
        }
    }
    if let Some(&seven) = octets.first_chunk::<7>() {
        if let Some(seconds) = Timestamp(seven).to_unix() {
            let zone = Timestamp(seven).zone_quarters().unwrap();
            assert_eq!(Timestamp::from_unix(seconds, zone).unwrap().to_unix(), Some(seconds));
        }
        let _ = Validity::Enhanced(EnhancedValidity(seven)).expires(0);
    }
    let _ = DataCoding(octets.len().to_le_bytes()[0]).waiting();
    true
}

#[test]
fn rpdus() {
    assert!(run("rpdu", |octets| stable(octets, Rpdu::decode, Rpdu::encode)) > 1_000);
}

#[test]
fn tpdus() {
    assert!(run("tpdu", tpdu) > 10_000, "most mutants should get past the first octet");
}

#[test]
fn headers() {
    assert!(run("header", header) > 1_000);
}

#[test]
fn addresses() {
    assert!(run("address", address) > 1_000);
}

#[test]
fn bodies() {
    assert!(run("body", body) > 1_000);
}
