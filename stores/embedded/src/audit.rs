//! The proof of conservation: every message that was accepted has ended or waits.

use std::collections::BTreeMap;

use fjall::{Readable, Snapshot};
use smsc::ids::MessageId;
use smsc::ports::StoreError;
use smsc::stored::Audit;

use crate::error::failed;
use crate::key::{self, Day};
use crate::record;
use crate::spaces::{DaySpaces, Spaces};
use crate::store::Inner;

/// Damaged messages that an audit lists, at most.
const LISTED_MAX: usize = 1_000;

fn note_damage(audit: &mut Audit, id: MessageId) {
    audit.damaged += 1;
    if audit.damaged_ids.len() < LISTED_MAX && audit.damaged_ids.last() != Some(&id) {
        audit.damaged_ids.push(id);
    }
}

/// Reads every record of one snapshot, so that it may run while messages flow.
pub(crate) fn audit(inner: &Inner) -> Result<Audit, StoreError> {
    let snapshot = inner.spaces.db.snapshot();
    let days = inner.spaces.days();
    let mut audit = Audit::default();
    let mut waiting = waiting(&snapshot, &inner.spaces, &mut audit).map_err(failed)?;
    for (day, spaces) in days {
        let waiting = waiting.remove(&day).unwrap_or_default();
        self::day(&snapshot, &spaces, &waiting, &mut audit).map_err(failed)?;
    }
    // What waits on days that do not exist.
    audit.orphans += waiting.values().map(|ids| count(ids.len())).sum::<u64>();
    audit.holds = audit.accepted == audit.ended + audit.waiting
        && [audit.lost, audit.undead, audit.orphans, audit.doubles] == [0; 4];
    Ok(audit)
}

/// All that waits, sorted, by day.
fn waiting(
    snapshot: &Snapshot,
    spaces: &Spaces,
    audit: &mut Audit,
) -> fjall::Result<BTreeMap<Day, Vec<MessageId>>> {
    let mut days: BTreeMap<Day, Vec<MessageId>> = BTreeMap::new();
    for entry in snapshot.iter(&spaces.due) {
        let (key, value) = entry.into_inner()?;
        let Some(due) = key::due_of(&key) else {
            audit.orphans += 1;
            continue;
        };
        if record::open_waiting(&key, due, &value).is_err() {
            note_damage(audit, due.id);
        }
        days.entry(Day::of_id(due.id)).or_default().push(due.id);
    }
    for ids in days.values_mut() {
        ids.sort_unstable();
        let before = ids.len();
        ids.dedup();
        audit.doubles += count(before - ids.len());
    }
    Ok(days)
}

/// Walks messages, outcomes and waiting entries of one day side by side.
fn day(
    snapshot: &Snapshot,
    spaces: &DaySpaces,
    waiting: &[MessageId],
    audit: &mut Audit,
) -> fjall::Result<()> {
    let mut waiting = waiting.iter().copied().peekable();
    let ended = ended(snapshot, spaces, audit)?;
    let mut ended = ended.into_iter().peekable();
    for entry in snapshot.iter(&spaces.messages) {
        let (key, value) = entry.into_inner()?;
        let Some(id) = key::id_of(&key) else { continue };
        audit.accepted += 1;
        if record::open_message(id, &value).is_err() {
            note_damage(audit, id);
        }
        while waiting.next_if(|other| *other < id).is_some() || ended.next_if(|other| *other < id).is_some() {
            audit.orphans += 1;
        }
        let waits = waiting.next_if_eq(&id).is_some();
        let has_ended = ended.next_if_eq(&id).is_some();
        match (has_ended, waits) {
            (true, false) => audit.ended += 1,
            (false, true) => audit.waiting += 1,
            (false, false) => audit.lost += 1,
            (true, true) => audit.undead += 1,
        }
    }
    audit.orphans += count(waiting.count()) + count(ended.count());
    Ok(())
}

/// The messages of a day that have an outcome, sorted.
fn ended(snapshot: &Snapshot, spaces: &DaySpaces, audit: &mut Audit) -> fjall::Result<Vec<MessageId>> {
    let mut ended = Vec::new();
    for entry in snapshot.iter(&spaces.traces) {
        let (key, value) = entry.into_inner()?;
        let Some(id) = key::id_of(&key) else { continue };
        let intact = match key.get(8) {
            Some(&key::OUTCOME) => {
                ended.push(id);
                record::open_ending(&key, &value).is_ok()
            }
            Some(&key::ATTEMPT) => record::open_attempt(&key, &value).is_ok(),
            Some(&key::NOTE) => record::open_note(&key, &value).is_ok(),
            _ => false,
        };
        if !intact {
            note_damage(audit, id);
        }
    }
    Ok(ended)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
