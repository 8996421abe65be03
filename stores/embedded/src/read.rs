//! Reads of messages.
//!
//! Reads of one message run where they are asked for: what waits was mostly written a moment ago
//! or lies in the page cache, and costs microseconds. Reads of many go to the blocking pool.

use std::ops::{Bound, Range};
use std::sync::Arc;

use smsc::ids::MessageId;
use smsc::ports::StoreError;
use smsc::stored::{DueKey, Query, QueryBy, QueueEntry, StoredMessage};
use smsc::timestamp::Timestamp;

use crate::error::{failed, is_damage};
use crate::index;
use crate::key::{self, Day, Tag};
use crate::record::{self, Damaged};
use crate::spaces::{DaySpaces, Spaces};
use crate::store::Inner;

/// Body, state and attempts of one message.
pub(crate) fn get(inner: &Inner, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
    if inner.health.quarantined.read().contains(&id) {
        return Err(StoreError::Damaged(id));
    }
    let Some(day) = inner.spaces.day(Day::of_id(id)) else { return Ok(None) };
    let found = match read(&day, id) {
        Ok(found) => found,
        Err(Trouble::Engine(error)) if !is_damage(&error) => return Err(failed(error)),
        Err(_) => {
            inner.quarantine(id);
            return Err(StoreError::Damaged(id));
        }
    };
    Ok(found)
}

/// QueueEntry entries from a cursor on. Damaged ones are set aside.
pub(crate) fn due(
    inner: &Inner,
    after: Option<DueKey>,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<QueueEntry>, StoreError> {
    let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(key::due(after)));
    let end = DueKey { due: until, id: MessageId::from_u64(u64::MAX) };
    if after.is_some_and(|after| after >= end) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in inner.spaces.due.range((from, Bound::Included(key::due(end)))) {
        if found.len() >= limit {
            break;
        }
        let (key, value) = entry.into_inner().map_err(failed)?;
        let Some(due) = key::due_of(&key) else { continue };
        match record::open_waiting(&key, due, &value) {
            Ok(waiting) if !inner.health.quarantined.read().contains(&due.id) => found.push(waiting),
            Ok(_) => {}
            Err(Damaged) => inner.quarantine(due.id),
        }
    }
    Ok(found)
}

/// Messages, newest first.
pub(crate) fn list(inner: &Inner, query: &Query) -> Result<Vec<MessageId>, StoreError> {
    let ids = id_range(query);
    let mut found = Vec::new();
    for (day, spaces) in inner.spaces.days() {
        if found.len() >= query.limit || day < day_of(ids.start) {
            break;
        }
        if day > day_of(ids.end) {
            continue;
        }
        let limit = query.limit - found.len();
        found.extend(match &query.by {
            QueryBy::Any => list_any(&spaces, &ids, limit)?,
            QueryBy::Account(name) => list_term(&spaces, &key::term(Tag::Account, &[name])?, &ids, limit)?,
            QueryBy::Destination(digits) => list_term(&spaces, &key::destination(digits)?, &ids, limit)?,
            QueryBy::Source(name) => list_term(&spaces, &key::term(Tag::Source, &[name])?, &ids, limit)?,
        });
    }
    Ok(found)
}

/// The message that an index key names, in the newest days first.
pub(crate) fn lookup(spaces: &Spaces, key: &[u8], days: usize) -> Result<Option<MessageId>, StoreError> {
    for (_, day) in spaces.days().into_iter().take(days) {
        if let Some(value) = day.index.get(key).map_err(failed)? {
            let damaged = || StoreError::Failed("an index entry is damaged".to_owned());
            let id = record::open(key, &value).ok().and_then(key::id_of);
            return id.ok_or_else(damaged).map(Some);
        }
    }
    Ok(None)
}

enum Trouble {
    Engine(fjall::Error),
    Damaged,
}

impl From<fjall::Error> for Trouble {
    fn from(error: fjall::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Damaged> for Trouble {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

fn read(day: &DaySpaces, id: MessageId) -> Result<Option<StoredMessage>, Trouble> {
    let Some(value) = day.messages.get(key::message(id))? else { return Ok(None) };
    let message = Arc::new(record::open_message(id, &value)?);
    let mut stored = StoredMessage { message, attempts: Vec::new(), notes: Vec::new(), outcome: None };
    for entry in day.traces.prefix(key::message(id)) {
        let (key, value) = entry.into_inner()?;
        match key.get(8) {
            Some(&key::ATTEMPT) => stored.attempts.push(record::open_attempt(&key, &value)?),
            Some(&key::NOTE) => stored.notes.push(record::open_note(&key, &value)?),
            Some(&key::OUTCOME) => {
                let ending = record::open_ending(&key, &value)?;
                stored.attempts.extend(ending.attempt);
                stored.outcome = Some(ending.outcome);
            }
            _ => return Err(Trouble::Damaged),
        }
    }
    Ok(Some(stored))
}

/// The ids that a query can mean, as numbers.
fn id_range(query: &Query) -> Range<u64> {
    let end = first_id_at(query.until);
    let end = query.before.map_or(end, |before| end.min(before.get()));
    first_id_at(query.from)..end
}

/// The lowest id that can be given out at a time.
fn first_id_at(time: Timestamp) -> u64 {
    let epoch = MessageId::from_u64(0).time();
    let millis = time.millis().saturating_sub(epoch.millis());
    if millis >= 1 << 42 { u64::MAX } else { millis << 22 }
}

fn day_of(id: u64) -> Day {
    Day::of_id(MessageId::from_u64(id))
}

fn list_any(day: &DaySpaces, ids: &Range<u64>, limit: usize) -> Result<Vec<MessageId>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let range = day.messages.range(ids.start.to_be_bytes()..ids.end.to_be_bytes());
    let keys = range.rev().take(limit).map(|entry| entry.key().map_err(failed));
    keys.filter_map(|key| key.map(|key| key::id_of(&key)).transpose()).collect()
}

fn list_term(
    day: &DaySpaces,
    term: &[u8],
    ids: &Range<u64>,
    limit: usize,
) -> Result<Vec<MessageId>, StoreError> {
    if ids.is_empty() { Ok(Vec::new()) } else { index::find(&day.index, term, ids, limit) }
}
