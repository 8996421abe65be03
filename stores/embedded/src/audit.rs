//! The proof of conservation: every message that was accepted has ended or waits.

use std::collections::BTreeMap;

use fjall::{Readable, Snapshot};
use smsc::message::MessageId;
use smsc::ports::StoreError;

use crate::error::failed;
use crate::key::{self, Day};
use crate::record;
use crate::spaces::{DaySpaces, Spaces};
use crate::store::Inner;

/// Damaged messages that an audit lists, at most.
const LISTED_MAX: usize = 1_000;

/// What an audit found, at one moment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Audit {
    /// Messages on record.
    pub accepted: u64,
    /// Messages that have ended.
    pub ended: u64,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that neither ended nor wait: they are lost.
    pub lost: u64,
    /// Messages that ended and wait all the same: they would be delivered again.
    pub undead: u64,
    /// Outcomes and waiting entries without a message.
    pub orphans: u64,
    /// QueueEntry entries beyond the first of a message.
    pub doubles: u64,
    /// Records that do not match their checksum.
    pub damaged: u64,
    /// The messages that damaged records belong to, at most 1,000 of them.
    pub damaged_ids: Vec<MessageId>,
    /// Whether accepted = ended + waiting, with none lost, undead, orphaned or double. Damaged
    /// records do not break it as long as they can be counted.
    pub holds: bool,
}

impl Audit {
    fn damage(&mut self, id: MessageId) {
        self.damaged += 1;
        if self.damaged_ids.len() < LISTED_MAX && self.damaged_ids.last() != Some(&id) {
            self.damaged_ids.push(id);
        }
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
            audit.damage(due.id);
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
            audit.damage(id);
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
            audit.damage(id);
        }
    }
    Ok(ended)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
