//! Every table, compared entry by entry with github.com/warthog618/sms (MIT),
//! commit 5a8659af, as `vectors/gsm0338-tables.json` holds it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use serde_json::Value;
use sms::alphabet::{ESCAPE, Language, Shifts, decode, encode};

fn tables() -> Value {
    serde_json::from_str(include_str!("vectors/gsm0338-tables.json")).unwrap()
}

fn entries(table: &Value) -> Vec<(u8, char)> {
    let entries = table.as_object().unwrap().iter();
    entries
        .map(|(septet, point)| {
            let point = u32::from_str_radix(point.as_str().unwrap().strip_prefix("U+").unwrap(), 16).unwrap();
            (u8::from_str_radix(septet, 16).unwrap(), char::from_u32(point).unwrap())
        })
        .collect()
}

fn languages() -> Vec<(String, Option<Language>)> {
    let named = Language::ALL.map(|language| (format!("{language:?}").to_lowercase(), Some(language)));
    named.into_iter().chain([("default".to_owned(), None)]).collect()
}

#[test]
fn locking_shift_tables_match() {
    let tables = tables();
    let mut compared = 0;
    for (name, locking) in languages() {
        let shifts = Shifts { locking, single: None };
        let Some(table) = tables["tables"][&name].get("locking_shift") else {
            assert_eq!(locking, Some(Language::Spanish), "only Spanish shares the default alphabet");
            continue;
        };
        let entries = entries(table);
        for &(septet, character) in &entries {
            assert_eq!(decode(&[septet], shifts), character.to_string(), "{name} {septet:#04x}");
            let first = entries.iter().find(|entry| entry.1 == character).unwrap().0;
            assert_eq!(encode(&character.to_string(), shifts).unwrap(), [first], "{name} {character:?}");
            compared += 1;
        }
        for septet in (0..0x80).filter(|septet| entries.iter().all(|entry| entry.0 != *septet)) {
            assert_eq!(decode(&[septet], shifts), " ", "{name} {septet:#04x} is an empty place");
        }
        // The source leaves the space out of the Indic tables; annex A.3 has it in all of them.
        assert_eq!(encode(" ", shifts).unwrap(), [0x20], "{name}");
    }
    assert_eq!(compared, 1547);
}

#[test]
fn single_shift_tables_match() {
    let tables = tables();
    let mut compared = 0;
    for (name, single) in languages() {
        let shifts = Shifts { locking: None, single };
        let entries = entries(&tables["tables"][&name]["single_shift"]);
        for &(septet, character) in &entries {
            // CR2 is a control, not a character. The source reads it as LF in some tables and
            // as CR in the others; here an unknown escape is the base table's character: CR.
            let character = if septet == 0x0d { '\r' } else { character };
            assert_eq!(decode(&[ESCAPE, septet], shifts), character.to_string(), "{name} {septet:#04x}");
            let written = encode(&character.to_string(), shifts).unwrap();
            assert_eq!(decode(&written, shifts), character.to_string());
            compared += 1;
        }
        let base = |septet| decode(&[septet], Shifts::NONE);
        for septet in (0..0x80).filter(|septet| entries.iter().all(|entry| entry.0 != *septet)) {
            assert_eq!(
                decode(&[ESCAPE, septet], shifts),
                base(septet),
                "{name} {septet:#04x} is an empty place"
            );
        }
    }
    assert_eq!(compared, 888);
}
