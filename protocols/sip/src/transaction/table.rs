//! The table of open transactions, by key and by deadline.
//!
//! A hash map finds a transaction, a slab holds it, a heap gives the next deadline. Deadlines mostly move
//! later, so the heap keeps one entry a transaction and looks at the true deadline when
//! that entry comes up.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// Names one transaction; never reused for another one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Id {
    index: u32,
    generation: u32,
}

pub(super) struct Table<T> {
    by_key: HashMap<Arc<str>, Id>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    schedule: BinaryHeap<Reverse<(Instant, Id)>>,
}

struct Slot<T> {
    generation: u32,
    entry: Option<Entry<T>>,
}

struct Entry<T> {
    key: Arc<str>,
    value: T,
    deadline: Instant,
    /// The time of the one heap entry that counts.
    scheduled: Option<Instant>,
}

impl<T> Table<T> {
    pub(super) fn new() -> Self {
        Self { by_key: HashMap::new(), slots: Vec::new(), free: Vec::new(), schedule: BinaryHeap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn find(&self, key: &str) -> Option<Id> {
        self.by_key.get(key).copied()
    }

    /// Holds `value`. The caller has made sure that `key` is free; `None` if ids ran out.
    pub(super) fn insert(&mut self, key: &str, value: T, deadline: Instant) -> Option<Id> {
        let key: Arc<str> = key.into();
        let entry = Entry { key: key.clone(), value, deadline, scheduled: None };
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.slots.len()).ok()?;
                self.slots.push(Slot { generation: 0, entry: None });
                index
            }
        };
        let slot = self.slots.get_mut(usize::try_from(index).ok()?)?;
        slot.entry = Some(entry);
        let id = Id { index, generation: slot.generation };
        self.by_key.insert(key, id);
        self.set_deadline(id, deadline);
        Some(id)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        self.entry(id).map(|entry| &mut entry.value)
    }

    pub(super) fn set_deadline(&mut self, id: Id, deadline: Instant) {
        let Some(entry) = self.entry(id) else { return };
        entry.deadline = deadline;
        if entry.scheduled.is_none_or(|scheduled| deadline < scheduled) {
            entry.scheduled = Some(deadline);
            self.schedule.push(Reverse((deadline, id)));
        }
    }

    pub(super) fn remove(&mut self, id: Id) -> Option<T> {
        let slot = self.slots.get_mut(usize::try_from(id.index).ok()?)?;
        if slot.generation != id.generation {
            return None;
        }
        let entry = slot.entry.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        self.by_key.remove(&entry.key);
        Some(entry.value)
    }

    /// One transaction with its deadline reached. It must be given a new deadline or removed.
    pub(super) fn due(&mut self, now: Instant) -> Option<Id> {
        while let Some(&Reverse((when, id))) = self.schedule.peek() {
            if now < when {
                return None;
            }
            self.schedule.pop();
            let Some(entry) = self.entry(id) else { continue };
            if entry.scheduled != Some(when) {
                continue;
            }
            entry.scheduled = None;
            let deadline = entry.deadline;
            if deadline <= now {
                return Some(id);
            }
            self.set_deadline(id, deadline);
        }
        None
    }

    /// The earliest deadline; it may turn out to be early.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.schedule.peek().map(|Reverse((when, _))| *when)
    }

    fn entry(&mut self, id: Id) -> Option<&mut Entry<T>> {
        let slot = self.slots.get_mut(usize::try_from(id.index).ok()?)?;
        if slot.generation == id.generation { slot.entry.as_mut() } else { None }
    }
}
