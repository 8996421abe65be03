//! Reads the fields of a delivery receipt's text (SMPP 3.4, appendix B) in the forms that centres send.
//!
//! | form | read as |
//! |---|---|
//! | keys in any order and case, `submit_date`, `donedate`, `status`, `error`, `message_id` | the standard's key |
//! | `msgid:7`, `sms-stat:DELIVRD`: a longer key that ends in `id`, `stat` or `err` | that field, where no key of its own is present |
//! | space after the colon | no part of the value |
//! | fields that end in a space, `,`, `;`, `\|` or NUL | separate fields |
//! | `id:a,b stat:…`: a separator inside an id, and spaces between the fields | a part of the id |
//! | a key with an empty value | a missing field |
//! | the same key twice | the first one; of several states the first that is a word, if any is |
//! | fields after `text:` | read, where the same key is not present before |

use super::ReceivedReceipt;
use crate::state::MessageState;

/// A field of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Key {
    Id,
    Sub,
    Dlvrd,
    SubmitDate,
    DoneDate,
    Stat,
    Err,
    Text,
}

const KEYS: [Key; 8] =
    [Key::Id, Key::Sub, Key::Dlvrd, Key::SubmitDate, Key::DoneDate, Key::Stat, Key::Err, Key::Text];

/// How centres spell the keys.
const SPELLINGS: [(&str, Key); 16] = [
    ("submit date", Key::SubmitDate),
    ("submit_date", Key::SubmitDate),
    ("submitdate", Key::SubmitDate),
    ("done date", Key::DoneDate),
    ("done_date", Key::DoneDate),
    ("donedate", Key::DoneDate),
    ("message_id", Key::Id),
    ("id", Key::Id),
    ("sub", Key::Sub),
    ("dlvrd", Key::Dlvrd),
    ("status", Key::Stat),
    ("state", Key::Stat),
    ("stat", Key::Stat),
    ("error", Key::Err),
    ("err", Key::Err),
    ("text", Key::Text),
];

/// Fields that a longer key may stand for, as in `msgid:` or `sms-stat:`.
const SUFFIXES: [(&str, Key); 3] = [("id:", Key::Id), ("stat:", Key::Stat), ("err:", Key::Err)];

/// Reads the fields with a known key; the first of several equal keys counts.
pub(super) fn read(text: &[u8]) -> ReceivedReceipt<'_> {
    let mut receipt = ReceivedReceipt::default();
    let mut rest = text;
    while let Some((key, after)) = next_key(rest) {
        rest = after;
        if slot(&mut receipt, key).is_some() {
            prefer_word(&mut receipt, key, after);
            continue;
        }
        let value = if key == Key::Text {
            let value;
            (value, rest) = split_text(&mut receipt, after);
            value
        } else {
            value(key, after)
        };
        *slot(&mut receipt, key) = Some(value);
    }
    for key in KEYS {
        let slot = slot(&mut receipt, key);
        *slot = slot.filter(|value| !value.is_empty());
    }
    receipt
}

/// Replaces a state that is no word, as in `status:0 stat:DELIVRD`, by a later one that is.
fn prefer_word<'a>(receipt: &mut ReceivedReceipt<'a>, key: Key, after: &'a [u8]) {
    let is_word = |stat: &[u8]| MessageState::from_word(stat).is_some();
    if key == Key::Stat && !receipt.stat.is_some_and(is_word) {
        receipt.stat = Some(value(key, after)).filter(|stat| is_word(stat)).or(receipt.stat);
    }
}

/// Reads id, stat and err from longer keys before `text:`, where `receipt` has no value yet.
pub(super) fn read_longer_keys<'a>(receipt: &mut ReceivedReceipt<'a>, text: &'a [u8]) {
    let is_text = |at: &usize| key_at(text, *at).is_some_and(|(key, _)| key == Key::Text);
    let end = (0..text.len()).find(is_text).unwrap_or(text.len());
    let fields = text.get(..end).unwrap_or(text);
    for (suffix, key) in SUFFIXES {
        let slot = slot(receipt, key);
        if slot.is_none() {
            *slot =
                after_suffix(fields, suffix).map(|after| value(key, after)).filter(|value| !value.is_empty());
        }
    }
}

fn after_suffix<'a>(fields: &'a [u8], suffix: &str) -> Option<&'a [u8]> {
    let found = |octets: &[u8]| octets.eq_ignore_ascii_case(suffix.as_bytes());
    let at = fields.windows(suffix.len()).position(found)?;
    fields.get(at + suffix.len()..)
}

fn slot<'r, 'a>(receipt: &'r mut ReceivedReceipt<'a>, key: Key) -> &'r mut Option<&'a [u8]> {
    match key {
        Key::Id => &mut receipt.id,
        Key::Sub => &mut receipt.sub,
        Key::Dlvrd => &mut receipt.dlvrd,
        Key::SubmitDate => &mut receipt.submit_date,
        Key::DoneDate => &mut receipt.done_date,
        Key::Stat => &mut receipt.stat,
        Key::Err => &mut receipt.err,
        Key::Text => &mut receipt.text,
    }
}

/// The first key in `text` and what follows its colon.
fn next_key(text: &[u8]) -> Option<(Key, &[u8])> {
    (0..text.len()).find_map(|at| key_at(text, at))
}

/// The key that starts at `at`, and what follows its colon.
fn key_at(text: &[u8], at: usize) -> Option<(Key, &[u8])> {
    let starts_word = match at.checked_sub(1).and_then(|before| text.get(before)) {
        Some(before) => is_space(*before) || is_separator(*before),
        None => true,
    };
    let rest = text.get(at..).filter(|_| starts_word)?;
    SPELLINGS.iter().find_map(|(spelling, key)| {
        let (word, rest) = rest.split_at_checked(spelling.len())?;
        let (colon, rest) = rest.split_first()?;
        (word.eq_ignore_ascii_case(spelling.as_bytes()) && *colon == b':').then_some((*key, rest))
    })
}

/// The value at the start of `after`; empty if a key follows at once, as in `id: sub:001`.
fn value(key: Key, after: &[u8]) -> &[u8] {
    let after = after.trim_ascii_start();
    if key_at(after, 0).is_some() {
        return &[];
    }
    let part = after.split(|octet| is_space(*octet) || is_separator(*octet)).next().unwrap_or_default();
    if key == Key::Id { whole_id(after).unwrap_or(part) } else { part }
}

/// An id with separators in it: it contains no field, and a space comes before the next one.
fn whole_id(after: &[u8]) -> Option<&[u8]> {
    let word = after.split(|octet| is_space(*octet)).next()?;
    let rest = after.get(word.len()..)?.trim_ascii_start();
    let is_id = !word.contains(&b':') && !word.last().is_some_and(|octet| is_separator(*octet));
    (is_id && (rest.is_empty() || starts_with_field(rest))).then_some(word)
}

fn starts_with_field(rest: &[u8]) -> bool {
    let word = rest.split(|octet| is_space(*octet) || is_separator(*octet)).next().unwrap_or_default();
    key_at(rest, 0).is_some() || SUFFIXES.iter().any(|(suffix, _)| after_suffix(word, suffix).is_some())
}

fn is_space(octet: u8) -> bool {
    octet.is_ascii_whitespace() || octet == 0
}

fn is_separator(octet: u8) -> bool {
    matches!(octet, b',' | b';' | b'|')
}

/// The message's text and what follows it. The text ends where a key starts
/// that has not been there before: few centres write it before other fields.
fn split_text<'a>(receipt: &mut ReceivedReceipt<'_>, value: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let mut unseen = |at: &usize| {
        key_at(value, *at).is_some_and(|(key, _)| key != Key::Text && slot(receipt, key).is_none())
    };
    let end = (0..value.len()).find(|at| unseen(at)).unwrap_or(value.len());
    let (text, rest) = value.split_at_checked(end).unwrap_or((value, &[]));
    (text.trim_ascii(), rest)
}
