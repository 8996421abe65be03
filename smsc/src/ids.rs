//! Message ids: unique, sortable by time, never given twice, even when the clock steps back.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::timestamp::Timestamp;

/// 2020-01-01T00:00:00Z in milliseconds since 1970: where the time in an id begins.
const EPOCH_MILLIS: u64 = 1_577_836_800_000;

const SEQUENCE_BITS: u32 = 12;
const NODE_BITS: u32 = 10;

/// The one id of a message, from submission to receipt, on every wire.
///
/// 64 bits, sortable by time of acceptance: milliseconds since 2020-01-01 (42
/// bits), node (10 bits), sequence (12 bits). Shown as 19 decimal digits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(u64);

impl MessageId {
    /// An id by its number, as a store or a wire kept it.
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// When the centre gave this id out.
    pub const fn time(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> 22) + EPOCH_MILLIS)
    }

    /// Reads the decimal form; leading zeros do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse().ok().map(Self) } else { None }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:019}", self.0)
    }
}

/// The source of one node's message ids.
#[derive(Debug)]
pub struct Ids {
    node: u64,
    /// Milliseconds and sequence of the last id: the id without its node bits.
    last: AtomicU64,
}

impl Ids {
    /// Ids of `node` (0 to 1023; the rest is cut off), each above `after`.
    pub fn new(node: u16, after: Option<MessageId>) -> Self {
        let node = u64::from(node) & ((1 << NODE_BITS) - 1);
        Self { node, last: AtomicU64::new(after.map_or(0, Self::without_node)) }
    }

    /// The next id. At most 4,096 in a millisecond; the 4,097th borrows from the next one.
    pub fn next(&self, now: Timestamp) -> MessageId {
        let floor = now.millis().saturating_sub(EPOCH_MILLIS) << SEQUENCE_BITS;
        let step = |last: u64| Some(floor.max(last + 1));
        let last = match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(last) | Err(last) => last,
        };
        let moment = floor.max(last + 1);
        let millis = moment >> SEQUENCE_BITS;
        let sequence = moment & ((1 << SEQUENCE_BITS) - 1);
        MessageId::from_u64((millis << NODE_BITS | self.node) << SEQUENCE_BITS | sequence)
    }

    fn without_node(id: MessageId) -> u64 {
        let sequence = id.get() & ((1 << SEQUENCE_BITS) - 1);
        id.get() >> (SEQUENCE_BITS + NODE_BITS) << SEQUENCE_BITS | sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    #[test]
    fn ids_rise_and_carry_their_time() {
        let ids = Ids::new(7, None);
        let first = ids.next(NOON);
        let second = ids.next(NOON);
        assert!(second > first);
        assert_eq!(first.time(), NOON);
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_id_twice() {
        let ids = Ids::new(0, None);
        let before = ids.next(NOON);
        let after = ids.next(Timestamp::from_millis(0));
        assert!(after > before);
        let restarted = Ids::new(0, Some(after));
        assert!(restarted.next(Timestamp::from_millis(5)) > after);
    }

    #[test]
    fn a_busy_millisecond_overflows_into_the_next() {
        let ids = Ids::new(1023, None);
        let mut last = ids.next(NOON);
        for _ in 0..10_000 {
            let next = ids.next(NOON);
            assert!(next > last);
            last = next;
        }
        assert_eq!(last.time().millis(), NOON.millis() + 2);
    }

    #[test]
    fn an_id_reads_with_and_without_leading_zeros() {
        let id = MessageId::from_u64(42);
        assert_eq!(id.to_string(), "0000000000000000042");
        assert_eq!(MessageId::parse("0000000000000000042"), Some(id));
        assert_eq!(MessageId::parse("42"), Some(id));
        for wrong in ["", "4 2", "-1", "0x2a", "99999999999999999999", "123456789012345678901"] {
            assert_eq!(MessageId::parse(wrong), None, "{wrong}");
        }
    }
}
