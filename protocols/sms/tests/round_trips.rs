//! Property tests: any text and any body is written, split, joined and read back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use proptest::prelude::*;
use sms::alphabet::{self, ESCAPE, Language, Shifts};
use sms::coding::{Alphabet, DataCoding};
use sms::header::{Reference, ReferenceWidth, UserDataHeader};
use sms::{segment, text, ucs2};

fn shifts() -> impl Strategy<Value = Shifts> {
    let language = || prop::option::of(prop::sample::select(&Language::ALL[..]));
    (language(), language()).prop_map(|(locking, single)| Shifts { locking, single })
}

fn reference() -> impl Strategy<Value = Reference> {
    prop_oneof![any::<u8>().prop_map(Reference::Eight), any::<u16>().prop_map(Reference::Sixteen)]
}

/// A body of characters, and where each of them starts.
fn units(alphabet: Alphabet, body: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut at = 0;
    while at < body.len() {
        at += match alphabet {
            Alphabet::Gsm7 if body[at] == ESCAPE => 2,
            Alphabet::Gsm7 | Alphabet::EightBit => 1,
            Alphabet::Ucs2 if (0xd8..=0xdb).contains(&body[at]) => 4,
            Alphabet::Ucs2 => 2,
        };
        starts.push(at);
    }
    starts
}

fn check_split(alphabet: Alphabet, body: &[u8], header: &UserDataHeader, reference: Reference) {
    let segments = segment::split(alphabet, body, header, reference).unwrap();
    let starts = units(alphabet, body);
    let mut at = 0;
    for each in &segments {
        assert!(starts.contains(&at), "a character is cut");
        at += each.body.len();
        assert!(each.encode(DataCoding::of(alphabet)).unwrap().len() <= 141);
    }
    assert_eq!(segment::count(alphabet, body, header, reference.width()), Ok(segments.len()));
    if segments.len() > 1 {
        let joined = segment::join(&segments).unwrap();
        assert_eq!((&joined.body[..], &joined.header), (body, header));
        // Fewest possible: all but the last are so full that no two-unit character fits.
        let room = segment::capacity(alphabet, segments[0].header.encoded_len());
        let least = body.len().div_ceil(room);
        let slack = 2 * alphabet.unit_octets() - alphabet.unit_octets();
        assert!(segments.len() <= body.len().div_ceil(room - slack).max(least));
    }
}

proptest! {
    #[test]
    fn any_text_is_carried(text in any::<String>(), look_alikes in any::<bool>()) {
        let policy = text::Policy { look_alikes, languages: &Language::ALL, ..text::Policy::default() };
        let encoded = text::encode(&text, &policy).unwrap();
        let read = text::decode(encoded.alphabet, encoded.shifts, &encoded.body).unwrap();
        let replaced = text::replace_look_alikes(&text);
        prop_assert!(read == text || look_alikes && read == replaced);
        prop_assert_eq!(encoded.header().shifts(), encoded.shifts);
    }

    #[test]
    fn any_septets_read_and_write_again_in_every_language(body in prop::collection::vec(0_u8..0x80, 0..200), shifts in shifts()) {
        let text = alphabet::decode(&body, shifts);
        let written = alphabet::encode(&text, shifts).unwrap();
        prop_assert_eq!(alphabet::decode(&written, shifts), text.clone());
        prop_assert!(written.len() <= body.len(), "a receiver's reading is never longer to write");
        let septets: Option<usize> = text.chars().map(|each| alphabet::septets_of(each, shifts)).sum();
        prop_assert_eq!(septets, Some(written.len()));
    }

    #[test]
    fn ucs2_round_trips(text in any::<String>()) {
        prop_assert_eq!(ucs2::decode(&ucs2::encode(&text)), text);
    }

    #[test]
    fn splitting_gsm7(text in "[a-z€\\[\\]{}]{0,1000}", shifts in shifts(), reference in reference()) {
        let mut header = UserDataHeader::new();
        header.set_shifts(shifts).unwrap();
        let body = alphabet::encode(&text, Shifts::NONE).unwrap();
        check_split(Alphabet::Gsm7, &body, &header, reference);
    }

    #[test]
    fn splitting_ucs2(text in "[дж😀👍🏽\u{200d}❤\u{fe0f}🇩🇪]{0,400}", reference in reference()) {
        check_split(Alphabet::Ucs2, &ucs2::encode(&text), &UserDataHeader::new(), reference);
    }

    #[test]
    fn splitting_octets(body in prop::collection::vec(any::<u8>(), 0..2000), data in prop::collection::vec(any::<u8>(), 0..100), reference in reference()) {
        let mut header = UserDataHeader::new();
        header.push(0x70, &data).unwrap();
        check_split(Alphabet::EightBit, &body, &header, reference);
    }

    #[test]
    fn counting_any_body_ends(body in prop::collection::vec(any::<u8>(), 0..2000), data in prop::collection::vec(any::<u8>(), 0..137)) {
        let mut header = UserDataHeader::new();
        header.push(0x70, &data).unwrap();
        for alphabet in [Alphabet::Gsm7, Alphabet::EightBit, Alphabet::Ucs2] {
            let count = segment::count(alphabet, &body, &header, ReferenceWidth::Sixteen);
            let split = segment::split(alphabet, &body, &header, Reference::Sixteen(1)).map(|each| each.len());
            prop_assert!(split == count || split == Err(sms::Error::OddUcs2));
        }
    }
}
