//! Token buckets: how fast an account may submit, how fast a link may send.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::names::Name;
use crate::timestamp::Timestamp;

/// A rate with room for a burst. Zero a second is no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rate {
    /// Messages a second; 0 means unlimited.
    pub per_second: u32,
    /// How many may come at once after a pause; at least one second's worth when 0.
    pub burst: u32,
}

impl Rate {
    fn capacity(self) -> u64 {
        let burst = if self.burst == 0 { self.per_second } else { self.burst };
        u64::from(burst.max(1)) * SCALE
    }
}

/// Tokens are counted in thousandths, so that a millisecond's share is whole.
const SCALE: u64 = 1000;

/// One bucket.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    tokens: u64,
    filled_at: Timestamp,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate, now: Timestamp) -> Self {
        Self { tokens: rate.capacity(), filled_at: now }
    }

    /// Takes one token, or gives the milliseconds to wait for it.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), u64> {
        if rate.per_second == 0 {
            return Ok(());
        }
        let per_milli = u64::from(rate.per_second);
        // A clock that steps back gives nothing and takes nothing.
        let elapsed = now.millis().saturating_sub(self.filled_at.millis());
        self.tokens = self.tokens.saturating_add(elapsed.saturating_mul(per_milli)).min(rate.capacity());
        self.filled_at = now;
        match self.tokens.checked_sub(SCALE) {
            Some(rest) => {
                self.tokens = rest;
                Ok(())
            }
            None => Err((SCALE - self.tokens).div_ceil(per_milli)),
        }
    }
}

/// The buckets of all accounts, in shards so that accounts do not wait for each other.
#[derive(Debug)]
pub struct Throttles {
    shards: Vec<Mutex<HashMap<Name, Bucket>>>,
}

impl Default for Throttles {
    fn default() -> Self {
        Self { shards: (0..16).map(|_| Mutex::default()).collect() }
    }
}

impl Throttles {
    /// Takes one token of `account`, or gives the milliseconds to wait for it.
    pub fn take(&self, account: &Name, rate: Rate, now: Timestamp) -> Result<(), u64> {
        if rate.per_second == 0 {
            return Ok(());
        }
        let shard = usize::try_from(crate::hashing::hash(account) & 0x0f).unwrap_or(0);
        let Some(shard) = self.shards.get(shard) else { return Ok(()) };
        shard.lock().entry(account.clone()).or_insert_with(|| Bucket::new(rate, now)).take(rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 0 };

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    #[test]
    fn a_burst_is_followed_by_the_rate() {
        let mut bucket = Bucket::new(RATE, at(0));
        let taken = (0..100).filter(|_| bucket.take(RATE, at(0)).is_ok()).count();
        assert_eq!(taken, 10);
        assert_eq!(bucket.take(RATE, at(0)), Err(100));
        assert_eq!(bucket.take(RATE, at(100)), Ok(()));
        assert_eq!(bucket.take(RATE, at(150)), Err(50));
    }

    #[test]
    fn no_window_edge_lets_twice_the_rate_through() {
        let mut bucket = Bucket::new(RATE, at(0));
        let taken = (0..2000).filter(|millis| bucket.take(RATE, at(*millis)).is_ok()).count();
        assert_eq!(taken, 10 + 19);
    }

    #[test]
    fn a_clock_that_steps_back_neither_fills_nor_empties() {
        let mut bucket = Bucket::new(RATE, at(5000));
        for _ in 0..10 {
            assert_eq!(bucket.take(RATE, at(5000)), Ok(()));
        }
        assert!(bucket.take(RATE, at(0)).is_err());
        assert_eq!(bucket.take(RATE, at(100)), Ok(()));
    }

    #[test]
    fn accounts_do_not_share_a_bucket() {
        let throttles = Throttles::default();
        let one = Rate { per_second: 1, burst: 1 };
        assert!(throttles.take(&"a".into(), one, at(0)).is_ok());
        assert!(throttles.take(&"a".into(), one, at(0)).is_err());
        assert!(throttles.take(&"b".into(), one, at(0)).is_ok());
    }
}
