//! Compares every alphabet table (3GPP TS 23.038), entry by entry, with two published sources:
//!
//! - `vectors/gsm0338-tables.json`: github.com/warthog618/sms (MIT), commit 5a8659af;
//! - `vectors/gsm0338-gsmcodecs.json`: gsmcodecs 1.0.0 (PyPI, MIT), made from Release 18.
//!
//! Where they contradict each other, the tables of Mozilla's radio interface layer decided;
//! [`WRONG`] lists each case.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use serde_json::Value;
use sms::alphabet::{ESCAPE, Language, Shifts, decode, encode};

#[derive(Clone, Copy, Eq, PartialEq)]
enum Source {
    Warthog,
    Gsmcodecs,
}
use Source::{Gsmcodecs, Warthog};

/// The errors of a source: language or `*`, table, septet, and the character of the septet.
const WRONG: [(Source, &str, &str, u8, &str); 9] = [
    // Signs of Bengali in the Devanagari table.
    (Warthog, "hindi", "locking_shift", 0x00, "\u{901}"),
    (Warthog, "hindi", "locking_shift", 0x01, "\u{902}"),
    (Warthog, "hindi", "locking_shift", 0x02, "\u{903}"),
    // A comma became an apostrophe, which these languages have in the single shift table.
    (Gsmcodecs, "*", "locking_shift", 0x2c, ","),
    (Gsmcodecs, "kannada", "locking_shift", 0x24, "\u{ca1}"),
    // The two controls that are no characters. CR2 reads as the base table's character.
    (Gsmcodecs, "*", "locking_shift", ESCAPE, " "),
    (Gsmcodecs, "*", "single_shift", ESCAPE, " "),
    (Warthog, "*", "single_shift", 0x0d, "\r"),
    (Gsmcodecs, "*", "single_shift", 0x0d, "\r"),
];

/// The entries of the standard that a source lacks: language or `*`, table, septet, character.
const MISSING: [(Source, &str, &str, u8, &str); 2] =
    [(Warthog, "*", "locking_shift", 0x20, " "), (Gsmcodecs, "telugu", "single_shift", 0x65, "€")];

fn exception(
    list: &[(Source, &str, &str, u8, &'static str)],
    at: (Source, &str, &str, u8),
) -> Option<&'static str> {
    let found = list
        .iter()
        .find(|each| each.0 == at.0 && (each.1 == "*" || each.1 == at.1) && each.2 == at.2 && each.3 == at.3);
    found.map(|each| each.4)
}

fn tables(source: Source) -> Value {
    let file = match source {
        Warthog => include_str!("vectors/gsm0338-tables.json"),
        Gsmcodecs => include_str!("vectors/gsm0338-gsmcodecs.json"),
    };
    serde_json::from_str(file).unwrap()
}

fn entry(table: &Value, septet: u8) -> Option<String> {
    let point = table.get(format!("{septet:02x}"))?.as_str().unwrap();
    let point = u32::from_str_radix(point.strip_prefix("U+").unwrap(), 16).unwrap();
    Some(char::from_u32(point).unwrap().to_string())
}

fn languages() -> Vec<(String, Option<Language>)> {
    let named = Language::ALL.map(|language| (format!("{language:?}").to_lowercase(), Some(language)));
    named.into_iter().chain([("default".to_owned(), None)]).collect()
}

/// Compares each septet of one kind of table; returns how many a source names.
fn compare(source: Source, kind: &str, read: impl Fn(u8, Option<Language>) -> (String, String)) -> usize {
    let tables = tables(source);
    let mut named = 0;
    for (name, language) in languages() {
        let Some(table) = tables["tables"][&name].get(kind) else {
            assert_eq!(
                (language, kind),
                (Some(Language::Spanish), "locking_shift"),
                "shares the default alphabet"
            );
            continue;
        };
        for septet in 0..0x80 {
            let (found, if_empty) = read(septet, language);
            let at = (source, name.as_str(), kind, septet);
            let given = entry(table, septet);
            named += usize::from(given.is_some());
            let expected = match given {
                Some(given) => exception(&WRONG, at).map_or(given, str::to_owned),
                None => exception(&MISSING, at).map_or(if_empty, str::to_owned),
            };
            assert_eq!(found, expected, "{name} {kind} {septet:#04x}");
        }
    }
    named
}

#[test]
fn locking_shift_tables_match_both_sources() {
    let read = |septet, locking| (decode(&[septet], Shifts { locking, single: None }), " ".to_owned());
    assert_eq!(compare(Warthog, "locking_shift", read), 1547);
    assert_eq!(compare(Gsmcodecs, "locking_shift", read), 1570);
}

#[test]
fn single_shift_tables_match_both_sources() {
    let read = |septet, single| {
        let base = if septet == ESCAPE { " ".to_owned() } else { decode(&[septet], Shifts::NONE) };
        (decode(&[ESCAPE, septet], Shifts { locking: None, single }), base)
    };
    assert_eq!(compare(Warthog, "single_shift", read), 888);
    assert_eq!(compare(Gsmcodecs, "single_shift", read), 887);
}

#[test]
fn every_character_is_written_as_it_is_read() {
    for (name, language) in languages() {
        for shifts in [Shifts { locking: language, single: None }, Shifts { locking: None, single: language }]
        {
            let septets = (0..0x80_u8).flat_map(|septet| [vec![septet], vec![ESCAPE, septet]]);
            for wire in septets.filter(|wire| wire != &[ESCAPE]) {
                let text = decode(&wire, shifts);
                let written = encode(&text, shifts).unwrap();
                assert!(written.len() <= wire.len(), "{name} {wire:02x?}");
                assert_eq!(decode(&written, shifts), text, "{name} {wire:02x?}");
            }
        }
    }
}
