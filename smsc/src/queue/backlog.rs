//! What waits for one destination: nearly always one message, sometimes a million.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::ids::MessageId;
use crate::stored::{DueKey, QueueEntry};
use crate::timestamp::Timestamp;

/// A waiting message without what its destination knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) id: MessageId,
    /// Its key in the due index of the store.
    due: Timestamp,
    expires_at: Timestamp,
    attempts: u16,
    priority: u8,
}

/// The highest priority_flag (SMPP 3.4 §5.2.14).
const PRIORITY_MAX: u8 = 3;

/// Higher priority first, then the older message.
type Rank = (Reverse<u8>, MessageId);

impl Entry {
    pub(super) fn of(waiting: &QueueEntry) -> Self {
        Self {
            id: waiting.key.id,
            due: waiting.key.due,
            expires_at: waiting.expires_at,
            attempts: waiting.attempts,
            priority: waiting.priority.min(PRIORITY_MAX),
        }
    }

    pub(super) fn waiting(&self, destination: u64, route_queue: u64) -> QueueEntry {
        QueueEntry {
            key: DueKey { due: self.due, id: self.id },
            expires_at: self.expires_at,
            destination,
            route_queue,
            priority: self.priority,
            attempts: self.attempts,
            handed_over: false,
        }
    }

    /// When it may go. The time of a retry belongs to the destination, not to the message.
    fn eligible_at(&self) -> Timestamp {
        if self.attempts > 0 { Timestamp::default() } else { self.due }
    }

    fn rank(&self) -> Rank {
        (Reverse(self.priority), self.id)
    }
}

/// The messages of one destination, in the order in which they go.
#[derive(Debug)]
pub(super) enum Backlog {
    /// None.
    Empty,
    /// The usual case, without an allocation.
    One(Entry),
    /// Two or more.
    Many(Box<Many>),
}

#[derive(Debug)]
pub(super) struct Many {
    eligible: BTreeMap<Rank, Entry>,
    deferred: BTreeMap<(Timestamp, MessageId), Entry>,
    /// No entry expires before this.
    expiry_floor: Timestamp,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Many(many) => many.eligible.len() + many.deferred.len(),
        }
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        match self {
            Self::Empty => *self = Self::One(entry),
            Self::One(first) => {
                let mut many = Many {
                    eligible: BTreeMap::new(),
                    deferred: BTreeMap::new(),
                    expiry_floor: Timestamp::NEVER,
                };
                many.insert(*first);
                many.insert(entry);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(many) => many.insert(entry),
        }
    }

    /// Takes the next message that may go at `now`.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Entry> {
        match self {
            Self::Empty => None,
            Self::One(entry) => {
                let entry = *entry;
                (entry.eligible_at() <= now).then(|| {
                    *self = Self::Empty;
                    entry
                })
            }
            Self::Many(many) => {
                many.promote(now);
                many.eligible.pop_first().map(|(_, entry)| entry)
            }
        }
    }

    /// When the next message may go.
    pub(super) fn eligible_at(&self) -> Timestamp {
        match self {
            Self::Empty => Timestamp::NEVER,
            Self::One(entry) => entry.eligible_at(),
            Self::Many(many) if !many.eligible.is_empty() => Timestamp::default(),
            Self::Many(many) => many.deferred.keys().next().map_or(Timestamp::NEVER, |key| key.0),
        }
    }

    /// No message expires before this time.
    pub(super) fn expires_at(&self) -> Timestamp {
        match self {
            Self::Empty => Timestamp::NEVER,
            Self::One(entry) => entry.expires_at,
            // To the full second: a large backlog is looked through once a second at most.
            Self::Many(many) => {
                let millis = many.expiry_floor.millis();
                Timestamp::from_millis(millis.div_ceil(1000).saturating_mul(1000)).min(Timestamp::NEVER)
            }
        }
    }

    /// Takes out what has expired by `now`.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<Entry> {
        match self {
            Self::One(entry) if entry.expires_at <= now => {
                let expired = vec![*entry];
                *self = Self::Empty;
                expired
            }
            Self::Empty | Self::One(_) => Vec::new(),
            Self::Many(many) => many.expire(now),
        }
    }

    /// Takes out one message.
    pub(super) fn remove(&mut self, id: MessageId, now: Timestamp) -> Option<Entry> {
        match self {
            Self::One(entry) if entry.id == id => {
                let entry = *entry;
                *self = Self::Empty;
                Some(entry)
            }
            Self::Empty | Self::One(_) => None,
            Self::Many(many) => {
                many.promote(now);
                let ranks = (0..=PRIORITY_MAX).map(|priority| (Reverse(priority), id));
                if let Some(entry) = ranks.into_iter().find_map(|rank| many.eligible.remove(&rank)) {
                    return Some(entry);
                }
                let key = *many.deferred.keys().find(|key| key.1 == id)?;
                many.deferred.remove(&key)
            }
        }
    }

    /// Whether this message is here, under whatever due time. Cheap however many wait: a restart
    /// asks it of every one.
    pub(super) fn contains(&self, waiting: &QueueEntry) -> bool {
        match self {
            Self::Empty => false,
            Self::One(entry) => entry.id == waiting.key.id,
            Self::Many(many) => {
                let entry = Entry::of(waiting);
                // Only what was never tried is deferred, and its time does not change.
                many.eligible.contains_key(&entry.rank())
                    || many.deferred.contains_key(&(entry.due, entry.id))
            }
        }
    }
}

impl Many {
    fn insert(&mut self, entry: Entry) {
        self.expiry_floor = self.expiry_floor.min(entry.expires_at);
        if entry.eligible_at() == Timestamp::default() {
            self.eligible.insert(entry.rank(), entry);
        } else {
            self.deferred.insert((entry.due, entry.id), entry);
        }
    }

    fn promote(&mut self, now: Timestamp) {
        while let Some(first) = self.deferred.first_entry() {
            if first.key().0 > now {
                break;
            }
            let entry = first.remove();
            self.eligible.insert(entry.rank(), entry);
        }
    }

    fn expire(&mut self, now: Timestamp) -> Vec<Entry> {
        let mut expired = Vec::new();
        if self.expiry_floor > now {
            return expired; // nothing can have expired: spare the walk
        }
        let mut floor = Timestamp::NEVER;
        let mut stays = |entry: &Entry| {
            if entry.expires_at <= now {
                expired.push(*entry);
                return false;
            }
            floor = floor.min(entry.expires_at);
            true
        };
        self.eligible.retain(|_, entry| stays(entry));
        self.deferred.retain(|_, entry| stays(entry));
        self.expiry_floor = floor;
        expired
    }
}
