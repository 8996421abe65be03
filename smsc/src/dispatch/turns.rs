//! The order of messages to one destination of which some have to be read from disk first.
//!
//! Reads of one destination follow each other, and what is taken from the queue meanwhile follows them.
//! Destinations do not wait for each other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::hashing::Hashed;
use crate::message::Message;
use crate::stored::{QueueEntry, QueuedMessage};

/// A message that was taken from the queue.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) entry: QueueEntry,
    /// `None` if it is to be read.
    pub(super) message: Option<Arc<Message>>,
}

/// The next step of a destination.
#[derive(Debug)]
pub(super) enum Step {
    /// The message goes now.
    Go(QueuedMessage),
    /// The message is to be read; [`Turns::next`] follows the read.
    Read(QueueEntry),
}

/// Destinations that are read for, with the turns that follow. At most as many as attempts may run.
#[derive(Debug, Default)]
pub(super) struct Turns(HashMap<u64, VecDeque<Turn>, Hashed>);

impl Turns {
    /// Takes a turn in. `None` while its destination is being read for: it follows.
    pub(super) fn take(&mut self, turn: Turn) -> Option<Step> {
        if let Some(followers) = self.0.get_mut(&turn.entry.destination) {
            followers.push_back(turn);
            return None;
        }
        let step = turn.step();
        if let Step::Read(entry) = &step {
            self.0.insert(entry.destination, VecDeque::new());
        }
        Some(step)
    }

    /// The step after a read of `destination`, or after a follower that went. `None` ends the reading.
    pub(super) fn next(&mut self, destination: u64) -> Option<Step> {
        match self.0.get_mut(&destination)?.pop_front() {
            Some(turn) => Some(turn.step()),
            None => {
                self.0.remove(&destination);
                None
            }
        }
    }
}

impl Turns {
    /// Everything that follows a failed read at its destination; the reading is over.
    pub(super) fn give_up(&mut self, destination: u64) -> impl Iterator<Item = QueueEntry> + use<> {
        self.0.remove(&destination).unwrap_or_default().into_iter().map(|turn| turn.entry)
    }
}

impl Turn {
    fn step(self) -> Step {
        match self.message {
            Some(message) => Step::Go(QueuedMessage { message, entry: self.entry }),
            None => Step::Read(self.entry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MessageId;
    use crate::stored::DueKey;
    use crate::timestamp::Timestamp;

    fn turn(id: u64, destination: u64) -> Turn {
        let entry = QueueEntry {
            key: DueKey { due: Timestamp::default(), id: MessageId::from_u64(id) },
            expires_at: Timestamp::NEVER,
            destination,
            route_queue: 1,
            priority: 0,
            attempts: 0,
            handed_over: false,
        };
        Turn { entry, message: None }
    }

    #[test]
    fn one_destination_is_read_in_turn_and_no_other_waits_for_it() {
        let mut turns = Turns::default();
        assert!(matches!(turns.take(turn(1, 7)), Some(Step::Read(_))));
        assert!(turns.take(turn(2, 7)).is_none());
        assert!(matches!(turns.take(turn(3, 8)), Some(Step::Read(_))), "another destination");
        assert!(matches!(turns.next(7), Some(Step::Read(entry)) if entry.key.id.get() == 2));
        assert!(turns.next(7).is_none());
        assert!(matches!(turns.take(turn(4, 7)), Some(Step::Read(_))), "the reading had ended");
        assert!(turns.next(8).is_none());
    }
}
