//! Finds the fields of a receipt in whatever order and dress a centre sends them.

use super::ReceivedReceipt;

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

/// Reads what is there; the first of several equal keys counts.
pub(super) fn read(text: &[u8]) -> ReceivedReceipt<'_> {
    let mut receipt = ReceivedReceipt::default();
    let mut rest = text;
    while let Some((key, after)) = next_key(rest) {
        rest = after;
        if slot(&mut receipt, key).is_some() {
            continue;
        }
        let value = if key == Key::Text {
            let value;
            (value, rest) = split_text(&mut receipt, after);
            value
        } else {
            first_word(after)
        };
        *slot(&mut receipt, key) = Some(value);
    }
    for key in KEYS {
        let slot = slot(&mut receipt, key);
        *slot = slot.filter(|value| !value.is_empty());
    }
    receipt
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
        Some(before) => before.is_ascii_whitespace() || matches!(before, b',' | b';' | b'|' | 0),
        None => true,
    };
    let rest = text.get(at..).filter(|_| starts_word)?;
    SPELLINGS.iter().find_map(|(spelling, key)| {
        let (word, rest) = rest.split_at_checked(spelling.len())?;
        let (colon, rest) = rest.split_first()?;
        (word.eq_ignore_ascii_case(spelling.as_bytes()) && *colon == b':').then_some((*key, rest))
    })
}

fn first_word(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii_start();
    // "id: sub:001" is an empty id.
    if key_at(value, 0).is_some() {
        return &[];
    }
    let is_end = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b',' | b';' | b'|' | 0);
    value.split(is_end).next().unwrap_or_default()
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
