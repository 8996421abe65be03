//! Finds the places where a long body is cut into segments (3GPP TS 23.040 §9.2.3.24.1).

use crate::alphabet::ESCAPE;
use crate::coding::Alphabet;

/// The unit that a cut must not separate.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum CutUnit {
    /// The octets of one character.
    Characters,
    /// Characters that are shown as one, within a short look back.
    Clusters,
}

/// The pieces of a body, each as long as may be.
#[derive(Clone)]
pub(super) struct Cuts<'a> {
    alphabet: Alphabet,
    left: &'a [u8],
    room: usize,
    unit: CutUnit,
}

impl<'a> Cuts<'a> {
    pub(super) fn new(alphabet: Alphabet, body: &'a [u8], room: usize, unit: CutUnit) -> Self {
        Self { alphabet, left: body, room, unit }
    }

    fn cut(&self) -> usize {
        if self.left.len() <= self.room {
            return self.left.len();
        }
        match self.alphabet {
            Alphabet::EightBit => self.room,
            Alphabet::Gsm7 => self.room - usize::from(ends_in_escape(self.left, self.room)),
            Alphabet::Ucs2 => {
                let latest = self.room - 2 * usize::from(is_within_pair(self.left, self.room));
                match self.unit {
                    CutUnit::Characters => latest,
                    CutUnit::Clusters => cluster_boundary(self.left, latest).unwrap_or(latest),
                }
            }
        }
    }
}

impl<'a> Iterator for Cuts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        let (part, left) = self.left.split_at_checked(self.cut())?;
        self.left = left;
        Some(part)
    }
}

/// Whether the septet before `end` is an escape that waits for its second half.
/// In a run of escapes every second one is such a half.
fn ends_in_escape(septets: &[u8], end: usize) -> bool {
    let run = septets.iter().take(end).rev().take_while(|&&septet| septet == ESCAPE).count();
    run % 2 == 1
}

fn is_within_pair(body: &[u8], end: usize) -> bool {
    let is = |unit: Option<u16>, surrogates: std::ops::RangeInclusive<u16>| {
        unit.is_some_and(|unit| surrogates.contains(&unit))
    };
    is(unit_at(body, end.wrapping_sub(2)), 0xd800..=0xdbff) && is(unit_at(body, end), 0xdc00..=0xdfff)
}

fn unit_at(body: &[u8], at: usize) -> Option<u16> {
    body.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// The character that starts at `at`.
fn char_at(body: &[u8], at: usize) -> Option<char> {
    let units = [unit_at(body, at), unit_at(body, at + 2)];
    char::decode_utf16(units.into_iter().flatten()).next()?.ok()
}

/// The last place at or before `latest` where no cluster of characters is cut,
/// if there is one within the 16 characters before it.
fn cluster_boundary(body: &[u8], latest: usize) -> Option<usize> {
    let mut at = latest;
    for _ in 0..16 {
        let before = at.checked_sub(if is_within_pair(body, at.checked_sub(2)?) { 4 } else { 2 })?;
        let (left, right) = (char_at(body, before), char_at(body, at));
        if !is_joined(left, right) && !is_within_flag(body, at) {
            return (at > 0).then_some(at);
        }
        at = before;
    }
    None
}

/// Whether two neighbours make one visible character.
fn is_joined(left: Option<char>, right: Option<char>) -> bool {
    const ZERO_WIDTH_JOINER: char = '\u{200d}';
    let extends = matches!(right, Some(
        ZERO_WIDTH_JOINER
        | '\u{300}'..='\u{36f}' // combining marks
        | '\u{20d0}'..='\u{20ff}' // enclosing marks, as in keycaps
        | '\u{fe00}'..='\u{fe0f}' // variation selectors
        | '\u{1f3fb}'..='\u{1f3ff}' // skin tones
        | '\u{e0020}'..='\u{e007f}' // tags, as in regional flags
    ));
    extends || left == Some(ZERO_WIDTH_JOINER)
}

/// Whether `at` is between the two regional indicators of a flag.
fn is_within_flag(body: &[u8], at: usize) -> bool {
    let is_indicator = |at: usize| matches!(char_at(body, at), Some('\u{1f1e6}'..='\u{1f1ff}'));
    let before = (1..).map_while(|n| at.checked_sub(4 * n)).take_while(|&at| is_indicator(at)).count();
    is_indicator(at) && before % 2 == 1
}
