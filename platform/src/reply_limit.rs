//! Ends the talk of two applications that answer each other.
//!
//! Two numbers with auto-replies would go on for ever. What one number may answer to another is bounded
//! within a short time; what is over that is dropped, and the message answered to shows error 14107.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use smsc::timestamp::Timestamp;

/// Replies that a pair may have within [`WINDOW`].
const REPLIES_MAX: u32 = 20;
const WINDOW: Duration = Duration::from_secs(30);
const SWEEP: Duration = Duration::from_secs(1);
/// Pairs that are remembered; beyond it the oldest are swept out.
const PAIRS_MAX: usize = 10_000;

/// Counts replies by sender and receiver.
#[derive(Default)]
pub(crate) struct ReplyLimit {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pairs: HashMap<(String, String), Count>,
    swept_at: Timestamp,
}

#[derive(Clone, Copy)]
struct Count {
    since: Timestamp,
    replies: u32,
}

impl ReplyLimit {
    /// Counts one reply; `false` if the pair has had enough.
    pub(crate) fn admits(&self, from: &str, to: &str, now: Timestamp) -> bool {
        let mut state = self.state.lock();
        if state.pairs.len() >= PAIRS_MAX && !state.sweep(now) {
            return true; // too busy to tell a loop from traffic
        }
        let pair = (from.to_owned(), to.to_owned());
        let count = state.pairs.entry(pair).or_insert(Count { since: now, replies: 0 });
        if now.since(count.since) >= WINDOW {
            *count = Count { since: now, replies: 0 };
        }
        count.replies = count.replies.saturating_add(1);
        count.replies <= REPLIES_MAX
    }
}

impl State {
    /// Forgets pairs that are over, once a second at most; whether that made room.
    fn sweep(&mut self, now: Timestamp) -> bool {
        if now.since(self.swept_at) < SWEEP {
            return false;
        }
        self.swept_at = now;
        self.pairs.retain(|_, count| now.since(count.since) < WINDOW);
        self.pairs.len() < PAIRS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_enough_and_starts_again_later() {
        let limit = ReplyLimit::default();
        let now = Timestamp::from_millis(1_000_000);
        let admitted = (0..50).filter(|_| limit.admits("a", "b", now)).count();
        assert_eq!(admitted, 20);
        assert!(limit.admits("b", "a", now));
        assert!(limit.admits("a", "b", now + WINDOW));
    }

    #[test]
    fn pairs_without_end_take_no_memory_without_end() {
        let limit = ReplyLimit::default();
        let mut now = Timestamp::from_millis(0);
        for number in 0..3 * PAIRS_MAX {
            now = now + Duration::from_millis(1);
            assert!(limit.admits(&number.to_string(), "b", now));
        }
        assert!(limit.state.lock().pairs.len() <= PAIRS_MAX);
    }
}
