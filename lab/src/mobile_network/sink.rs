//! Counts what arrives under load, and copies of it, in bounded memory.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;

use hdrhistogram::Histogram;
use sms::tpdu::Deliver;

use crate::load::stamp;

/// Digests of one generation. Two are held, so a copy is known among the last two million messages.
const GENERATION: usize = 2_000_000;

/// A count of messages, and of those that were there before.
///
/// Two TPDUs to one IMSI count as copies if they are equal octet for octet, time stamp included. So
/// what a centre sends once more after a failure is found; two messages of different text are not.
#[derive(Debug, Default)]
pub struct Sink {
    /// How old stamped messages were when they arrived, in microseconds, if that is wanted.
    ages_us: Option<Histogram<u64>>,
    /// Messages that were stamped before this are not looked at.
    timed_from: u64,
    deliveries: u64,
    duplicates: u64,
    recent: HashSet<u64>,
    older: HashSet<u64>,
    keys: RandomState,
}

impl Sink {
    /// A sink that also notes how old each message is: its text has to be [stamped](stamp::stamped).
    ///
    /// # Errors
    /// The histogram cannot be made.
    pub fn timed() -> io::Result<Self> {
        let ages_us = Some(Histogram::new(3).map_err(io::Error::other)?);
        Ok(Self { ages_us, ..Self::default() })
    }

    /// How old messages were when they arrived, in microseconds: those that were sent since this was
    /// asked the last time.
    pub fn take_ages_us(&mut self) -> Option<Histogram<u64>> {
        self.timed_from = stamp::micros();
        let empty = Histogram::new_from(self.ages_us.as_ref()?);
        self.ages_us.replace(empty)
    }

    /// Counts one.
    pub fn count(&mut self, imsi: &str, tpdu: &[u8]) {
        let mut hasher = self.keys.build_hasher();
        hasher.write(imsi.as_bytes());
        hasher.write(tpdu);
        let digest = hasher.finish();
        self.deliveries += 1;
        if self.older.contains(&digest) || !self.recent.insert(digest) {
            self.duplicates += 1;
        }
        if self.recent.len() >= GENERATION {
            self.older = std::mem::take(&mut self.recent);
        }
        if let Some(ages_us) = &mut self.ages_us
            && let Some(at) = stamped_at(tpdu).filter(|at| *at >= self.timed_from)
        {
            let _histogram_grows_by_itself = ages_us.record(stamp::micros().saturating_sub(at).max(1));
        }
    }

    /// Messages that arrived, copies included.
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Copies of messages that arrived before.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }
}

/// When the message in a TPDU was stamped.
fn stamped_at(tpdu: &[u8]) -> Option<u64> {
    let deliver = Deliver::decode(tpdu).ok()?;
    stamp::stamped_at(&deliver.user_data.text(deliver.data_coding)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_counted_as_one() {
        let mut sink = Sink::default();
        sink.count("1", b"a");
        sink.count("2", b"a");
        sink.count("1", b"b");
        assert_eq!((sink.deliveries(), sink.duplicates()), (3, 0));
        sink.count("2", b"a");
        assert_eq!((sink.deliveries(), sink.duplicates()), (4, 1));
    }

    #[test]
    fn memory_has_a_bound_and_a_copy_of_the_generation_before_is_known() {
        let mut sink = Sink::default();
        for number in 0..GENERATION as u64 + 10 {
            sink.count("1", &number.to_be_bytes());
        }
        assert!(sink.recent.len() + sink.older.len() <= 2 * GENERATION);
        sink.count("1", &7_u64.to_be_bytes());
        assert_eq!(sink.duplicates(), 1);
    }
}
