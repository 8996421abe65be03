//! A list of keys in turn, some of which have become void since.

use std::collections::{HashSet, VecDeque};

use crate::hashing::Hashed;

/// Lists no longer than this are never swept.
const SWEEP_MIN: usize = 64;

/// Keys in turn. Void ones are passed over when they are taken, and swept out when the list
/// has doubled, so that it never holds more than twice the valid ones for long.
#[derive(Debug, Default)]
pub(super) struct KeyQueue {
    keys: VecDeque<u64>,
    sweep_at: usize,
}

impl KeyQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Adds a key at the end.
    pub(super) fn push(&mut self, key: u64, is_valid: impl Fn(u64) -> bool) {
        self.keys.push_back(key);
        if self.keys.len() > self.sweep_at.max(SWEEP_MIN) {
            let mut seen: HashSet<u64, Hashed> = HashSet::default();
            self.keys.retain(|key| is_valid(*key) && seen.insert(*key));
            self.sweep_at = 2 * self.keys.len();
        }
    }

    /// Takes the first key.
    pub(super) fn pop(&mut self) -> Option<u64> {
        self.keys.pop_front()
    }

    /// Takes all keys.
    pub(super) fn take(&mut self) -> VecDeque<u64> {
        self.sweep_at = 0;
        std::mem::take(&mut self.keys)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}
