//! What the committer did, counted. Cheap to write, cheap to read.

use std::sync::atomic::{AtomicU64, Ordering};

use smsc::stored::StoreMetrics;

/// Each power of two is cut into so many buckets.
const PARTS: u64 = 1 << PARTS_LOG2;
const PARTS_LOG2: u32 = 4;

/// Buckets of sync times: the last one begins at two minutes, and has no upper end.
const BUCKETS: usize = 24 * (1 << PARTS_LOG2);

/// The counters behind [`StoreMetrics`]. Only the committer writes.
pub(crate) struct CommitMetrics {
    commits: AtomicU64,
    refused: AtomicU64,
    events: AtomicU64,
    syncs: AtomicU64,
    last_batch_events: AtomicU64,
    max_sync_micros: AtomicU64,
    sync_micros: [AtomicU64; BUCKETS],
}

impl Default for CommitMetrics {
    fn default() -> Self {
        Self {
            commits: AtomicU64::default(),
            refused: AtomicU64::default(),
            events: AtomicU64::default(),
            syncs: AtomicU64::default(),
            last_batch_events: AtomicU64::default(),
            max_sync_micros: AtomicU64::default(),
            sync_micros: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }
}

impl CommitMetrics {
    /// A batch is on disk, `micros` after its write was begun.
    pub(crate) fn wrote(&self, commits: usize, events: usize, micros: u64) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.commits.fetch_add(u64::try_from(commits).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.last_batch_events.store(events, Ordering::Relaxed);
        self.max_sync_micros.fetch_max(micros, Ordering::Relaxed);
        if let Some(count) = self.sync_micros.get(bucket(micros)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A call was refused or failed.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads the counters; what others know is left at nothing.
    pub(crate) fn read(&self) -> StoreMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counted = self.sync_micros.iter().enumerate().map(|(bucket, count)| (floor(bucket), read(count)));
        StoreMetrics {
            commits: read(&self.commits),
            refused: read(&self.refused),
            events: read(&self.events),
            syncs: read(&self.syncs),
            last_batch_events: read(&self.last_batch_events),
            max_sync_micros: read(&self.max_sync_micros),
            sync_micros: counted.filter(|(_, count)| *count > 0).collect(),
            ..StoreMetrics::default()
        }
    }
}

/// Which bucket a time falls into.
fn bucket(micros: u64) -> usize {
    let shift = micros.max(PARTS).ilog2() - PARTS_LOG2;
    let bucket = u64::from(shift) * PARTS + (micros >> shift);
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The least time that falls into a bucket.
fn floor(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    match bucket / PARTS {
        0 => bucket,
        octave => (PARTS + bucket % PARTS) << (octave - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_a_sixteenth_wide_at_most() {
        for micros in
            (0..5_000).chain((0..34).map(|power| (1 << power) - 1).filter(|micros| *micros < 1 << 27))
        {
            let bucket = bucket(micros);
            let (floor, next) = (floor(bucket), floor(bucket + 1));
            assert!((floor..next).contains(&micros), "{micros} is not in {floor}..{next}");
            assert!(next - floor <= (floor / 16).max(1), "{floor}..{next}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn what_was_written_is_counted() {
        let counters = CommitMetrics::default();
        for micros in [0, 1, 1, 1_000, 1_001, u64::MAX] {
            counters.wrote(1, 2, micros);
        }
        let stats = counters.read();
        assert_eq!((stats.commits, stats.events, stats.syncs), (6, 12, 6));
        assert_eq!(stats.sync_micros[..3], [(0, 1), (1, 2), (992, 2)]);
        assert_eq!(stats.sync_micros[3..], [(floor(BUCKETS - 1), 1)]);
        assert_eq!(stats.max_sync_micros, u64::MAX);
    }
}
