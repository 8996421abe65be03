//! What the committer did, counted. Cheap to write, cheap to read.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets of [`Stats::sync_micros`]: bucket n counts syncs of 2^n microseconds up to the next
/// power; the last one counts all longer ones.
pub(crate) const SYNC_BUCKETS: usize = 24;

/// A reading of the store's counters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Calls of `commit` that are on disk.
    pub commits: u64,
    /// Calls of `commit` that were refused or failed after they were queued.
    pub refused: u64,
    /// Events and ledger writes that are on disk.
    pub events: u64,
    /// Batches written; each was one sync.
    pub syncs: u64,
    /// Events in the last batch.
    pub last_batch_events: u64,
    /// Microseconds that the last write and sync took together.
    pub last_sync_micros: u64,
    /// Microseconds that the longest write and sync took.
    pub max_sync_micros: u64,
    /// Write-and-sync times: bucket n counts those of at least 2^n and under 2^(n+1)
    /// microseconds; the last bucket has no upper end.
    pub sync_micros: [u64; SYNC_BUCKETS],
    /// Events that wait for the committer or are being written.
    pub queued_events: u64,
    /// Messages with a damaged record.
    pub quarantined: u64,
    /// Whether the disk is full and new submissions are refused.
    pub disk_full: bool,
}

/// The counters behind [`Stats`]. Only the committer writes.
#[derive(Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    refused: AtomicU64,
    events: AtomicU64,
    syncs: AtomicU64,
    last_batch_events: AtomicU64,
    last_sync_micros: AtomicU64,
    max_sync_micros: AtomicU64,
    sync_micros: [AtomicU64; SYNC_BUCKETS],
}

impl Counters {
    /// A batch is on disk.
    pub(crate) fn wrote(&self, commits: usize, events: usize, micros: u64) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.commits.fetch_add(u64::try_from(commits).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.last_batch_events.store(events, Ordering::Relaxed);
        self.last_sync_micros.store(micros, Ordering::Relaxed);
        self.max_sync_micros.fetch_max(micros, Ordering::Relaxed);
        let bucket = usize::try_from(micros.max(1).ilog2()).unwrap_or(SYNC_BUCKETS).min(SYNC_BUCKETS - 1);
        if let Some(count) = self.sync_micros.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A call was refused or failed.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads the counters; what others know is left at nothing.
    pub(crate) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut sync_micros = [0; SYNC_BUCKETS];
        for (place, count) in sync_micros.iter_mut().zip(&self.sync_micros) {
            *place = read(count);
        }
        Stats {
            commits: read(&self.commits),
            refused: read(&self.refused),
            events: read(&self.events),
            syncs: read(&self.syncs),
            last_batch_events: read(&self.last_batch_events),
            last_sync_micros: read(&self.last_sync_micros),
            max_sync_micros: read(&self.max_sync_micros),
            sync_micros,
            ..Stats::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syncs_fall_into_powers_of_two() {
        let counters = Counters::default();
        for micros in [0, 1, 2, 3, 4, 1_000, u64::MAX] {
            counters.wrote(1, 2, micros);
        }
        let stats = counters.read();
        assert_eq!((stats.commits, stats.events, stats.syncs), (7, 14, 7));
        assert_eq!(stats.sync_micros[..3], [2, 2, 1]);
        assert_eq!((stats.sync_micros[9], stats.sync_micros[SYNC_BUCKETS - 1]), (1, 1));
        assert_eq!(stats.max_sync_micros, u64::MAX);
    }
}
