//! The message sink for load: counts deliveries and duplicates in bounded memory.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;

use hdrhistogram::Histogram;
use sms::tpdu::Deliver;

use crate::load::stamp;

/// Digests of one generation. Two are kept, so a duplicate is found among the last two million messages.
const GENERATION: usize = 2_000_000;

/// Counts messages, and duplicates among them.
///
/// Two TPDUs to one IMSI count as copies if they are equal octet for octet, time stamp included. So
/// what a centre sends again after a failure is found; two messages of different text are not.
#[derive(Debug, Default)]
pub struct Sink {
    /// Ages of messages at arrival in microseconds, if they are measured.
    ages_us: Option<Histogram<u64>>,
    /// Messages with an earlier timestamp are not measured.
    timed_from: u64,
    deliveries: u64,
    duplicates: u64,
    recent: HashSet<u64>,
    older: HashSet<u64>,
    keys: RandomState,
}

impl Sink {
    /// A sink that also measures the age of each message: its text needs a
    /// [timestamp](stamp::stamped).
    ///
    /// # Errors
    /// The histogram cannot be created.
    pub fn timed() -> io::Result<Self> {
        let ages_us = Some(Histogram::new(3).map_err(io::Error::other)?);
        Ok(Self { ages_us, ..Self::default() })
    }

    /// Ages of messages at arrival in microseconds: of those sent since the last call.
    pub fn take_ages_us(&mut self) -> Option<Histogram<u64>> {
        self.timed_from = stamp::micros();
        let empty = Histogram::new_from(self.ages_us.as_ref()?);
        self.ages_us.replace(empty)
    }

    /// Counts a message.
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
            let age = stamp::micros().saturating_sub(at).max(1);
            let _ = ages_us.record(age); // the histogram resizes itself
        }
    }

    /// Messages that arrived, duplicates included.
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Duplicates of messages that arrived before.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }
}

/// The timestamp in the text of a TPDU.
fn stamped_at(tpdu: &[u8]) -> Option<u64> {
    let deliver = Deliver::decode(tpdu).ok()?;
    stamp::stamped_at(&deliver.user_data.text(deliver.data_coding)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_is_counted_as_one() {
        let mut sink = Sink::default();
        sink.count("1", b"a");
        sink.count("2", b"a");
        sink.count("1", b"b");
        assert_eq!((sink.deliveries(), sink.duplicates()), (3, 0));
        sink.count("2", b"a");
        assert_eq!((sink.deliveries(), sink.duplicates()), (4, 1));
    }

    #[test]
    fn memory_is_bounded_and_a_duplicate_of_the_generation_before_is_found() {
        let mut sink = Sink::default();
        for number in 0..GENERATION as u64 + 10 {
            sink.count("1", &number.to_be_bytes());
        }
        assert!(sink.recent.len() + sink.older.len() <= 2 * GENERATION);
        sink.count("1", &7_u64.to_be_bytes());
        assert_eq!(sink.duplicates(), 1);
    }
}
