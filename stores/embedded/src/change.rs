//! Turns events into rows, in the thread of the caller, so that the committer only writes.

use std::sync::atomic::{AtomicU64, Ordering};

use fjall::{UserKey, UserValue};
use platform::ports::{Table, Write};
use smsc::ids::MessageId;
use smsc::message::Message;
use smsc::names::Name;
use smsc::ports::StoreError;
use smsc::stored::{Attempt, DueKey, Event, QueueEntry};
use smsc::timestamp::Timestamp;

use crate::key::{self, Day, Tag};
use crate::record;

/// Which keyspace a row belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Space {
    Messages(Day),
    Traces(Day),
    Index(Day),
    Due,
    PlatformStore(Table),
    System,
}

/// One change of one key.
pub(crate) struct Row {
    pub(crate) space: Space,
    pub(crate) key: UserKey,
    /// `None` removes the key.
    pub(crate) value: Option<UserValue>,
}

/// A message to be found by a term that it shares with many others.
pub(crate) struct Posting {
    pub(crate) tag: Tag,
    pub(crate) name: Name,
    pub(crate) id: MessageId,
}

/// A client key that must be new, or belong to the same message.
pub(crate) struct Claim {
    pub(crate) key: Vec<u8>,
    pub(crate) id: MessageId,
}

/// All that one call of `commit` changes.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) rows: Vec<Row>,
    pub(crate) postings: Vec<Posting>,
    pub(crate) claims: Vec<Claim>,
    /// Events or platform store writes in the call.
    pub(crate) events: usize,
    /// Octets of all keys and values.
    pub(crate) octets: usize,
    /// Whether it asks for something new, which a full disk refuses, or records what happened
    /// to something old, which it takes.
    pub(crate) adds: bool,
}

impl Changes {
    /// The rows of `events`. `serials` numbers the notes of this store.
    pub(crate) fn of_events(events: &[Event], serials: &AtomicU64) -> Result<Self, StoreError> {
        let mut changes = Self { events: events.len(), ..Self::default() };
        changes.rows.reserve(events.len() * 3);
        for event in events {
            changes.event(event, serials)?;
        }
        Ok(changes)
    }

    /// The rows of the platform's writes.
    pub(crate) fn of_writes(writes: Vec<Write>) -> Self {
        let mut changes = Self { events: writes.len(), ..Self::default() };
        for write in writes {
            let value = write.value.map(|value| record::seal(&write.key, &value));
            changes.adds |= value.is_some();
            changes.row(Space::PlatformStore(write.table), &write.key, value);
        }
        changes
    }

    /// One row for the store's own records.
    pub(crate) fn of_mark(key: &[u8], value: &[u8]) -> Self {
        let mut changes = Self { events: 1, ..Self::default() };
        changes.row(Space::System, key, Some(value.to_vec()));
        changes
    }

    fn event(&mut self, event: &Event, serials: &AtomicU64) -> Result<(), StoreError> {
        match event {
            Event::Accepted(message, waiting) => self.accepted(message, waiting)?,
            Event::Attempted { was_due, attempt, next } => {
                if let Some(attempt) = attempt {
                    self.attempt(next.key.id, attempt);
                }
                self.waits_on(*was_due, next);
            }
            Event::Replaced { message, was_due, next } => {
                let id = message.id;
                self.adds = true;
                let value = record::seal_message(message);
                self.row(Space::Messages(Day::of_id(id)), &key::message(id), Some(value));
                self.waits_on(*was_due, next);
            }
            Event::Finished { id, was_due, attempt, outcome } => {
                let key = key::outcome(*id);
                let value = record::seal_ending(&key, outcome, attempt.as_ref());
                self.row(Space::Traces(Day::of_id(*id)), &key, Some(value));
                self.row(Space::Due, &key::due(DueKey { due: *was_due, id: *id }), None);
            }
            Event::Correlated { link, remote_id, id } => {
                let key = key::term(Tag::RemoteId, &[link, remote_id])?;
                let value = record::seal(&key, &key::message(*id));
                self.row(Space::Index(Day::of_id(*id)), &key, Some(value));
            }
            Event::Noted { id, note } => {
                let key = key::note(*id, serials.fetch_add(1, Ordering::Relaxed));
                let value = record::seal_note(&key, note);
                self.row(Space::Traces(Day::of_id(*id)), &key, Some(value));
            }
        }
        Ok(())
    }

    fn accepted(&mut self, message: &Message, waiting: &QueueEntry) -> Result<(), StoreError> {
        let id = message.id;
        let day = Day::of_id(id);
        self.adds = true;
        self.row(Space::Messages(day), &key::message(id), Some(record::seal_message(message)));
        self.waiting(waiting);
        self.posting(Tag::Account, &message.account, id)?;
        self.posting(Tag::Source, &message.source.digits, id)?;
        // Destinations seldom repeat within a batch: their entries are written one by one.
        let mut destination = key::destination(&message.destination.digits)?;
        destination.extend_from_slice(&key::message(id));
        self.row(Space::Index(day), &destination, Some(Vec::new()));
        if let Some(client_key) = &message.client_key {
            let key = key::term(Tag::ClientKey, &[&message.account, client_key])?;
            let value = record::seal(&key, &key::message(id));
            self.row(Space::Index(day), &key, Some(value));
            self.claims.push(Claim { key, id });
        }
        Ok(())
    }

    fn waits_on(&mut self, was_due: Timestamp, next: &QueueEntry) {
        let was = DueKey { due: was_due, id: next.key.id };
        if was != next.key {
            self.row(Space::Due, &key::due(was), None);
        }
        self.waiting(next);
    }

    fn waiting(&mut self, waiting: &QueueEntry) {
        let key = key::due(waiting.key);
        let value = record::seal_waiting(&key, waiting);
        self.row(Space::Due, &key, Some(value));
    }

    fn attempt(&mut self, id: MessageId, attempt: &Attempt) {
        let key = key::attempt(id, attempt.number);
        let value = record::seal_attempt(&key, attempt);
        self.row(Space::Traces(Day::of_id(id)), &key, Some(value));
    }

    fn posting(&mut self, tag: Tag, name: &Name, id: MessageId) -> Result<(), StoreError> {
        if name.is_empty() {
            return Ok(());
        }
        key::check_name(name)?;
        self.octets += name.len() + 16;
        self.postings.push(Posting { tag, name: name.clone(), id });
        Ok(())
    }

    fn row(&mut self, space: Space, key: &[u8], value: Option<Vec<u8>>) {
        self.octets += key.len() + value.as_ref().map_or(0, Vec::len);
        self.rows.push(Row { space, key: key.into(), value: value.map(UserValue::from) });
    }
}
