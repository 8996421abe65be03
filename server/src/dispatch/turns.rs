//! Messages of one destination set out in their turn, although some have to be read from disk first.
//!
//! Reads of one destination follow each other, and whatever is taken from the queue meanwhile waits
//! behind them. Destinations do not wait for each other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use smsc::message::Message;
use smsc::ports::QueueEntry;
use smsc::routing::Hashed;

/// A message whose turn has come.
pub(super) struct Turn {
    pub(super) waiting: QueueEntry,
    /// `None` if it is to be read.
    pub(super) message: Option<Arc<Message>>,
}

/// What to do with a turn.
pub(super) enum Step {
    /// It can set out now.
    SetOut(Arc<Message>, QueueEntry),
    /// It is to be read, and then whatever [`Turns::next`] gives, until nothing is left.
    Read(Turn),
    /// Who reads for its destination takes it along.
    Follows,
}

/// Destinations that are read for, with the turns that follow. At most as many as attempts may run.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<u64, VecDeque<Turn>, Hashed>>>);

impl Turns {
    /// A turn has come.
    pub(super) fn take(&self, turn: Turn) -> Step {
        let mut reading = self.0.lock();
        if let Some(followers) = reading.get_mut(&turn.waiting.destination) {
            followers.push_back(turn);
            return Step::Follows;
        }
        match turn.message {
            Some(message) => Step::SetOut(message, turn.waiting),
            None => {
                reading.insert(turn.waiting.destination, VecDeque::new());
                Step::Read(turn)
            }
        }
    }

    /// What follows at a destination; without anything, nobody reads for it any more.
    pub(super) fn next(&self, destination: u64) -> Option<Turn> {
        let mut reading = self.0.lock();
        let next = reading.get_mut(&destination)?.pop_front();
        if next.is_none() {
            reading.remove(&destination);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smsc::message::{MessageId, Timestamp};
    use smsc::ports::DueKey;

    fn turn(id: u64, destination: u64) -> Turn {
        let key = DueKey { due: Timestamp::default(), id: MessageId::from_u64(id) };
        let waiting = QueueEntry {
            key,
            expires_at: Timestamp::NEVER,
            destination,
            lane: 1,
            priority: 0,
            attempts: 0,
            handed_over: false,
        };
        Turn { waiting, message: None }
    }

    #[test]
    fn one_destination_is_read_in_turn_and_no_other_waits_for_it() {
        let turns = Turns::default();
        assert!(matches!(turns.take(turn(1, 7)), Step::Read(_)));
        assert!(matches!(turns.take(turn(2, 7)), Step::Follows));
        assert!(matches!(turns.take(turn(3, 8)), Step::Read(_)), "another destination");
        let next = turns.next(7).map(|turn| turn.waiting.key.id.get());
        assert_eq!((next, turns.next(7).is_none()), (Some(2), true));
        assert!(matches!(turns.take(turn(4, 7)), Step::Read(_)), "nobody reads for it any more");
        assert!(turns.next(8).is_none());
    }
}
