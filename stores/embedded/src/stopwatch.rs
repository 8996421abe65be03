//! Measures the disk: how long a sync takes, and whether the committer is stuck.
//!
//! The one place of the store that reads a clock. It is monotonic, never reaches a record, and
//! decides nothing about a message.

use std::time::{Duration, Instant};

/// Time since the store was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[allow(clippy::disallowed_methods, reason = "measures the disk with a monotonic clock; see above")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// What it shows.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// What it shows, in microseconds.
    pub(crate) fn micros(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
