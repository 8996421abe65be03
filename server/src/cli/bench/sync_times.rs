//! How long syncs took, and what that means for a request at any moment.

use std::collections::BTreeMap;
use std::time::Duration;

/// Microseconds, and how many syncs took as long.
#[derive(Debug, Default)]
pub struct SyncTimes(BTreeMap<u64, u64>);

impl SyncTimes {
    /// From pairs of microseconds and counts.
    pub fn new(counted: Vec<(u64, u64)>) -> Self {
        Self(counted.into_iter().collect())
    }

    /// One more.
    pub fn note(&mut self, time: Duration) {
        *self.0.entry(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)).or_default() += 1;
    }

    /// What came after `earlier`.
    pub fn since(mut self, earlier: &Self) -> Self {
        for (micros, count) in &mut self.0 {
            *count -= earlier.0.get(micros).copied().unwrap_or(0).min(*count);
        }
        self.0.retain(|_, count| *count > 0);
        self
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The time that a share of `quantile` (0 to 1) of the syncs stayed under, in milliseconds.
    pub fn ms_at(&self, quantile: f64) -> f64 {
        let wanted = self.count() as f64 * quantile;
        let mut seen = 0;
        let found = self.0.iter().find(|(_, count)| {
            seen += **count;
            seen as f64 >= wanted
        });
        found.map_or(0.0, |(micros, _)| *micros as f64 / 1000.0)
    }

    /// The longest, in milliseconds.
    pub fn ms_max(&self) -> f64 {
        self.0.last_key_value().map_or(0.0, |(micros, _)| *micros as f64 / 1000.0)
    }

    /// What a share of `quantile` of all that arrive at any moment of a run have to wait at most
    /// until the sync ends that runs just then, in milliseconds.
    ///
    /// One sync of 500 ms among ten thousand is nothing by count, but at a steady rate every
    /// message that arrives in that half second waits for its end.
    pub fn wait_ms_at(&self, quantile: f64, run: Duration) -> f64 {
        let share = (1.0 - quantile) * run.as_micros() as f64;
        // How much of the run is more than `wait` before the end of a sync falls as `wait` grows.
        let over = |wait: f64| -> f64 {
            self.0.iter().map(|(micros, count)| (*micros as f64 - wait).max(0.0) * *count as f64).sum()
        };
        let (mut least, mut most) = (0.0, self.ms_max() * 1000.0);
        while most - least > 1.0 {
            let middle = f64::midpoint(least, most);
            if over(middle) > share { least = middle } else { most = middle }
        }
        (most / 10.0).round() / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thousand_and_a_stall() -> SyncTimes {
        SyncTimes::new(vec![(200, 999), (500_000, 1)])
    }

    #[test]
    fn quantiles_count_syncs() {
        let times = thousand_and_a_stall();
        assert_eq!(
            (times.count(), times.ms_at(0.5), times.ms_at(0.99), times.ms_max()),
            (1_000, 0.2, 0.2, 500.0)
        );
        let none = SyncTimes::default();
        assert_eq!((none.ms_at(0.99), none.wait_ms_at(0.99, Duration::from_secs(1))), (0.0, 0.0));
    }

    #[test]
    fn a_stall_weighs_as_long_as_it_lasts() {
        let times = thousand_and_a_stall();
        // Half a second of ten: one in a hundred arrives more than 400 ms before its end.
        assert_eq!(times.wait_ms_at(0.99, Duration::from_secs(10)), 400.0);
        assert!(times.wait_ms_at(0.5, Duration::from_secs(10)) < 0.2);
    }

    #[test]
    fn what_came_before_a_run_is_not_of_it() {
        let times = thousand_and_a_stall().since(&SyncTimes::new(vec![(200, 900), (500_000, 1)]));
        assert_eq!((times.count(), times.ms_max()), (99, 0.2));
    }
}
