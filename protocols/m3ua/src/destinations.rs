//! Destination states reported on one link, for point codes that are not available (RFC 4666 §3.4).
//!
//! An entry may be a range: its mask is the number of low wildcard bits. The last report applies; of
//! entries that contain each other, the narrower one is the later.

use std::collections::BTreeMap;

use crate::Availability;

/// Entries stored for one link and application server; reports beyond that are indicated, not stored.
const ENTRIES_MAX: usize = 4_096;
const POINT_CODE_BITS: u8 = 24;

/// The state of one point code or range. Congestion and availability are separate, because a congested
/// destination is reported by SCON and then by DAVA (RFC 4666 §4.5.3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Entry {
    restricted: bool,
    unavailable: bool,
    level: u8,
    /// Audited since the last congestion report: a DAVA then ends the congestion.
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

    fn updated(self, reported: Availability) -> Self {
        let level = if self.stale { 0 } else { self.level };
        match reported {
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
    /// Records the reported state of a range.
    pub(crate) fn record(&mut self, point_code: u32, mask: u8, reported: Availability) {
        let (start, mask) = range(point_code, mask);
        let entry = self.entry(start, mask).updated(reported);
        self.entries.retain(|&(inner, narrower), _| narrower > mask || range(inner, mask).0 != start);
        if entry != self.entry(start, mask) && self.entries.len() < ENTRIES_MAX {
            self.entries.insert((start, mask), entry);
        }
    }

    /// The state of the point code.
    pub(crate) fn of(&self, point_code: u32) -> Availability {
        if self.entries.is_empty() {
            return Availability::Available;
        }
        self.entry(point_code, 0).availability()
    }

    /// The ranges to audit, as mask and point code.
    pub(crate) fn take_audit(&mut self) -> Vec<(u8, u32)> {
        self.entries.values_mut().for_each(|entry| entry.stale = true);
        let ranges = self.entries.iter().filter(|(_, entry)| entry.availability() != Availability::Available);
        ranges.map(|(&(point_code, mask), _)| (mask, point_code)).collect()
    }

    /// Every range with an entry, as mask and point code.
    pub(crate) fn known(&self) -> Vec<(u8, u32)> {
        self.entries.keys().map(|&(point_code, mask)| (mask, point_code)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The narrowest entry that contains the range.
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
    fn a_later_entry_overrides_the_range_that_contains_it() {
        let mut known = Destinations::default();
        known.record(0x12_3456, 8, Availability::Unavailable);
        assert_eq!(known.of(0x12_34ff), Availability::Unavailable);
        assert_eq!(known.of(0x12_3500), Availability::Available);
        known.record(0x12_3456, 0, Availability::Available);
        assert_eq!(known.of(0x12_3456), Availability::Available);
        assert_eq!(known.of(0x12_3457), Availability::Unavailable);
        known.record(0, 255, Availability::Available);
        assert!(known.is_empty());
    }

    #[test]
    fn an_available_in_the_same_answer_does_not_end_the_congestion() {
        let mut known = Destinations::default();
        known.record(7, 0, Availability::Congested(2));
        known.record(7, 0, Availability::Available);
        assert_eq!(known.of(7), Availability::Congested(2));
        assert_eq!(known.take_audit(), [(0, 7)]);
        known.record(7, 0, Availability::Congested(3));
        known.record(7, 0, Availability::Available);
        assert_eq!(known.of(7), Availability::Congested(3));
        known.take_audit();
        known.record(7, 0, Availability::Available);
        assert_eq!(known.of(7), Availability::Available);
        assert!(known.is_empty());
    }

    #[test]
    fn entries_are_bounded() {
        let mut known = Destinations::default();
        for point_code in 0..5_000 {
            known.record(point_code, 0, Availability::Unavailable);
        }
        assert_eq!(known.entries.len(), ENTRIES_MAX);
        assert_eq!(known.of(4_999), Availability::Available);
    }
}
