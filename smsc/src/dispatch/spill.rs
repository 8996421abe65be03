//! Which destinations have messages on disk alone, so that no newer message overtakes them.

use std::collections::HashSet;

use crate::hashing::Hashed;

/// Destinations that are remembered one by one; beyond it those destinations keep no order until the next
/// reading of the index.
const DESTINATIONS_MAX: usize = 1_000_000;

/// What waits on disk alone, by destination.
#[derive(Debug, Default)]
pub(super) struct Spill {
    /// Left on disk since the last reading of the index began.
    since: HashSet<u64, Hashed>,
    /// Left on disk before; the reading that runs brings them in.
    before: HashSet<u64, Hashed>,
    /// Whether a destination was not remembered.
    unread: bool,
}

impl Spill {
    /// Whether older messages of `destination` may wait on disk alone.
    pub(super) fn holds(&self, destination: u64) -> bool {
        self.since.contains(&destination) || self.before.contains(&destination)
    }

    /// Whether a message of `destination` was left on disk since the reading began.
    pub(super) fn holds_since(&self, destination: u64) -> bool {
        self.since.contains(&destination)
    }

    /// A message of `destination` stays on disk.
    pub(super) fn add(&mut self, destination: u64) {
        if self.since.len() < DESTINATIONS_MAX {
            self.since.insert(destination);
        } else {
            self.unread = true;
        }
    }

    /// Whether a reading of the index would bring something in.
    pub(super) fn is_pending(&self) -> bool {
        self.unread || !self.since.is_empty()
    }

    /// A reading of the index begins.
    pub(super) fn reading_begins(&mut self) {
        self.before = std::mem::take(&mut self.since);
        self.unread = false;
    }

    /// The reading came to the end of the index.
    pub(super) fn reading_ends(&mut self) {
        self.before = HashSet::default();
    }
}
