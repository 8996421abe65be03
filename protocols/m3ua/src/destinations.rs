//! What one link has said of point codes that are not simply available (RFC 4666 §3.4).
//!
//! An entry may stand for a range: its mask says how many low bits are wild. What was said last holds;
//! of entries that contain each other, the narrower one was said later.

use std::collections::BTreeMap;

use crate::Availability;

/// Entries kept for one link and application server; what is said beyond that is passed on, not kept.
const ENTRIES_MAX: usize = 4_096;
const POINT_CODE_BITS: u8 = 24;

/// What is known of one point code or range. Congestion and availability are told apart, because a
/// congested destination is reported by SCON and then by DAVA (RFC 4666 §4.5.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Entry {
    restricted: bool,
    unavailable: bool,
    level: u8,
    /// Asked for since the congestion was last reported: a DAVA ends it then.
    stale: bool,
}

impl Entry {
    fn availability(self) -> Availability {
        match self {
            Self { unavailable: true, .. } => Availability::Unavailable,
            Self { level: 1.., .. } => Availability::Congested(self.level),
            Self { restricted: true, .. } => Availability::Restricted,
            _ => Availability::Available,
        }
    }

    fn told(self, said: Availability) -> Self {
        let level = if self.stale { 0 } else { self.level };
        match said {
            Availability::Available => Self { level, ..Self::default() },
            Availability::Restricted => Self { restricted: true, level, ..Self::default() },
            Availability::Unavailable => Self { unavailable: true, ..Self::default() },
            Availability::Congested(level) => Self { level, stale: false, ..self },
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations {
    entries: BTreeMap<(u32, u8), Entry>,
}

impl Destinations {
    /// Takes note of what was said of a range.
    pub(crate) fn tell(&mut self, point_code: u32, mask: u8, said: Availability) {
        let (start, mask) = range(point_code, mask);
        let entry = self.entry(start, mask).told(said);
        self.entries.retain(|&(inner, narrower), _| narrower > mask || range(inner, mask).0 != start);
        if entry != self.entry(start, mask) && self.entries.len() < ENTRIES_MAX {
            self.entries.insert((start, mask), entry);
        }
    }

    /// How the point code is reached.
    pub(crate) fn of(&self, point_code: u32) -> Availability {
        if self.entries.is_empty() {
            return Availability::Available;
        }
        self.entry(point_code, 0).availability()
    }

    /// The ranges to ask about, as mask and point code.
    pub(crate) fn take_audit(&mut self) -> Vec<(u8, u32)> {
        self.entries.values_mut().for_each(|entry| entry.stale = true);
        let asked = self.entries.iter().filter(|(_, entry)| entry.availability() != Availability::Available);
        asked.map(|(&(point_code, mask), _)| (mask, point_code)).collect()
    }

    /// Every range that something was said of, as mask and point code.
    pub(crate) fn known(&self) -> Vec<(u8, u32)> {
        self.entries.keys().map(|&(point_code, mask)| (mask, point_code)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The narrowest entry that holds the range.
    fn entry(&self, point_code: u32, mask: u8) -> Entry {
        let wider = (mask..=POINT_CODE_BITS).map(|mask| range(point_code, mask));
        wider.filter_map(|key| self.entries.get(&key)).next().copied().unwrap_or_default()
    }
}

fn range(point_code: u32, mask: u8) -> (u32, u8) {
    let mask = mask.min(POINT_CODE_BITS);
    let wild = 1_u32.checked_shl(u32::from(mask)).map_or(u32::MAX, |bit| bit.wrapping_sub(1));
    (point_code & !wild, mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_point_codes_and_a_later_word_on_one_of_them_counts() {
        let mut known = Destinations::default();
        known.tell(0x12_3456, 8, Availability::Unavailable);
        assert_eq!(known.of(0x12_34ff), Availability::Unavailable);
        assert_eq!(known.of(0x12_3500), Availability::Available);
        known.tell(0x12_3456, 0, Availability::Available);
        assert_eq!(known.of(0x12_3456), Availability::Available);
        assert_eq!(known.of(0x12_3457), Availability::Unavailable);
        known.tell(0, 255, Availability::Available);
        assert!(known.is_empty());
    }

    #[test]
    fn an_available_after_the_congestion_of_the_same_answer_does_not_end_it() {
        let mut known = Destinations::default();
        known.tell(7, 0, Availability::Congested(2));
        known.tell(7, 0, Availability::Available);
        assert_eq!(known.of(7), Availability::Congested(2));
        assert_eq!(known.take_audit(), [(0, 7)]);
        known.tell(7, 0, Availability::Congested(3));
        known.tell(7, 0, Availability::Available);
        assert_eq!(known.of(7), Availability::Congested(3));
        known.take_audit();
        known.tell(7, 0, Availability::Available);
        assert_eq!(known.of(7), Availability::Available);
        assert!(known.is_empty());
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut known = Destinations::default();
        for point_code in 0..5_000 {
            known.tell(point_code, 0, Availability::Unavailable);
        }
        assert_eq!(known.entries.len(), ENTRIES_MAX);
        assert_eq!(known.of(4_999), Availability::Available);
    }
}
