//! Allocation of local transaction ids, none reused within the quarantine (Q.774 §3.3).

use std::time::{Duration, Instant};

/// Number of segments of the id range. Quarantine is recorded for a segment, not for every id.
const SEGMENTS: u32 = 256;

/// The ids of one node: a prefix and a number that counts up and wraps around.
///
/// The range is divided into segments. Allocation enters a segment only when the quarantine of the last
/// id released in it has ended, so that a free id needs no record of its own.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    prefix: u32,
    /// The highest number, and the mask of all.
    last: u32,
    next: u32,
    /// Bits of a number that give its position in its segment.
    segment_bits: u32,
    released: Vec<Option<Instant>>,
    quarantine: Duration,
}

impl Ids {
    pub(super) fn new(prefix: u32, prefix_bits: u8, first: u32, quarantine: Duration) -> Self {
        let bits = 32 - u32::from(prefix_bits.min(28));
        let last = u32::MAX >> (32 - bits);
        let segments = SEGMENTS.min(last.saturating_add(1).max(1));
        let segment_bits = bits - segments.trailing_zeros();
        Self {
            prefix: prefix.checked_shl(bits).unwrap_or(0),
            last,
            next: first & last,
            segment_bits,
            released: vec![None; usize::try_from(segments).unwrap_or_default()],
            quarantine,
        }
    }

    /// A free id. `None` if all are in use or in quarantine.
    pub(super) fn take(&mut self, now: Instant, in_use: impl Fn(u32) -> bool) -> Option<u32> {
        let mut entered = 0_usize;
        let mut tried = 0_u32;
        while entered <= self.released.len() && tried <= self.last {
            if self.is_at_segment_start() {
                entered += 1;
                if self.is_quarantined(now) {
                    self.skip_segment();
                    continue;
                }
            }
            let id = self.prefix | self.next;
            self.next = self.next.wrapping_add(1) & self.last;
            tried = tried.saturating_add(1);
            if !in_use(id) {
                return Some(id);
            }
        }
        None
    }

    /// Releases an id.
    pub(super) fn release(&mut self, id: u32, now: Instant) {
        let number = id & self.last;
        let segment = self.segment(number);
        if let Some(released) = self.released.get_mut(segment) {
            *released = Some(now);
        }
        // An id of the previous round, still ahead in this segment: skip it, for its quarantine.
        if segment == self.segment(self.next) && number >= self.next && !self.is_at_segment_start() {
            self.skip_segment();
        }
    }

    fn skip_segment(&mut self) {
        let segment = self.next >> self.segment_bits;
        self.next = segment.wrapping_add(1).wrapping_shl(self.segment_bits) & self.last;
    }

    fn is_at_segment_start(&self) -> bool {
        self.next.trailing_zeros() >= self.segment_bits
    }

    fn is_quarantined(&self, now: Instant) -> bool {
        let released = self.released.get(self.segment(self.next)).copied().flatten();
        released.is_some_and(|released| now.saturating_duration_since(released) < self.quarantine)
    }

    fn segment(&self, number: u32) -> usize {
        usize::try_from(number >> self.segment_bits).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARANTINE: Duration = Duration::from_secs(10);

    fn start() -> Instant {
        #[allow(clippy::disallowed_methods, reason = "an arbitrary point to count from")]
        Instant::now()
    }

    #[test]
    fn ids_carry_the_prefix_and_count_from_the_first() {
        let mut ids = Ids::new(0x1_5a, 8, 0xffff_fffe, QUARANTINE);
        let now = start();
        assert_eq!(ids.take(now, |_| false), Some(0x5aff_fffe));
        assert_eq!(ids.take(now, |_| false), Some(0x5aff_ffff));
        assert_eq!(ids.take(now, |_| false), Some(0x5a00_0000));
        let mut whole = Ids::new(7, 0, u32::MAX, QUARANTINE);
        assert_eq!(whole.take(now, |_| false), Some(u32::MAX));
        assert_eq!(whole.take(now, |_| false), Some(0));
    }

    #[test]
    fn no_id_comes_back_within_the_quarantine() {
        let mut ids = Ids::new(0, 28, 3, QUARANTINE);
        let mut now = start();
        let first: Vec<u32> = (0..16).filter_map(|_| ids.take(now, |_| false)).collect();
        assert_eq!(first.len(), 16);
        first.iter().for_each(|&id| ids.release(id, now));
        assert_eq!(ids.take(now, |_| false), None);
        now += QUARANTINE - Duration::from_millis(1);
        assert_eq!(ids.take(now, |_| false), None);
        now += Duration::from_millis(1);
        assert!(ids.take(now, |_| false).is_some());
    }

    #[test]
    fn an_open_id_is_skipped() {
        let mut ids = Ids::new(0, 28, 0, QUARANTINE);
        assert_eq!(ids.take(start(), |id| id < 5), Some(5));
        assert_eq!(ids.take(start(), |_| true), None);
    }

    /// An id of the previous round that is released just ahead of the counter.
    #[test]
    fn an_id_released_just_ahead_is_skipped() {
        // 2^12 numbers: segments of 16.
        let mut ids = Ids::new(0, 20, 0, QUARANTINE);
        let mut now = start();
        for _ in 0..4096 + 3 {
            ids.take(now, |_| false);
        }
        now += QUARANTINE * 2;
        ids.release(9, now);
        assert_eq!(ids.take(now, |_| false), Some(16));
    }
}
