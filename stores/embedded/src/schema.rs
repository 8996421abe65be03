//! The store's own records: the version of its form, how often it was started, the highest id
//! that left with a dropped day, and what is quarantined.
//!
//! | key in `sys` | value |
//! |---|---|
//! | `schema` | version, u32 |
//! | `starts` | how often the store was opened, u32 |
//! | `last` | the highest id of all dropped days |
//! | `closed` | the number of the last start that was closed in order, u32 |
//! | `q` ‖ id | nothing: the record of this message is damaged |

use std::collections::BTreeSet;

use fjall::PersistMode;
use smsc::ids::MessageId;

use crate::key;
use crate::spaces::Spaces;

/// The version that this program writes, and the newest that it reads.
pub(crate) const VERSION: u32 = 1;

const SCHEMA: &[u8] = b"schema";
const STARTS: &[u8] = b"starts";
/// Key of the highest id of all dropped days.
pub(crate) const LAST: &[u8] = b"last";
const CLOSED: &[u8] = b"closed";
const QUARANTINED: u8 = b'q';

/// What `sys` held when the store was opened.
pub(crate) struct Marks {
    /// This start's number, 1 for the first.
    pub(crate) starts: u32,
    /// Messages with a damaged record.
    pub(crate) quarantined: BTreeSet<MessageId>,
}

/// Why `sys` cannot be used.
pub(crate) enum Refused {
    /// A newer program wrote it.
    Newer(u32),
    /// A mark does not read.
    Damaged,
    /// The engine failed.
    Engine(fjall::Error),
}

impl From<fjall::Error> for Refused {
    fn from(error: fjall::Error) -> Self {
        Self::Engine(error)
    }
}

/// Checks the version, and counts this start.
pub(crate) fn enter(spaces: &Spaces) -> Result<Marks, Refused> {
    match number(spaces, SCHEMA)? {
        Some(found) if found > VERSION => return Err(Refused::Newer(found)),
        Some(_) | None => {}
    }
    let starts = number(spaces, STARTS)?.unwrap_or(0).saturating_add(1);
    let mut batch = spaces.db.batch();
    batch.insert(&spaces.system, SCHEMA, VERSION.to_be_bytes());
    batch.insert(&spaces.system, STARTS, starts.to_be_bytes());
    batch.durability(Some(PersistMode::SyncAll)).commit()?;
    let mut quarantined = BTreeSet::new();
    for entry in spaces.system.prefix([QUARANTINED]) {
        quarantined.extend(key::last_id_of(&entry.key()?));
    }
    Ok(Marks { starts, quarantined })
}

/// The highest id that was ever committed.
pub(crate) fn last_id(spaces: &Spaces) -> fjall::Result<Option<MessageId>> {
    let dropped = spaces.system.get(LAST)?.and_then(|value| key::id_of(&value));
    for (_, day) in spaces.days() {
        if let Some(newest) = day.messages.last_key_value() {
            return Ok(key::id_of(&newest.key()?).max(dropped));
        }
    }
    Ok(dropped)
}

/// Notes that this start ended in order. It is the last batch of the journal, see `journal`.
pub(crate) fn leave(spaces: &Spaces, starts: u32) -> fjall::Result<()> {
    let mut batch = spaces.db.batch();
    batch.insert(&spaces.system, CLOSED, starts.to_be_bytes());
    batch.durability(Some(PersistMode::SyncAll)).commit()
}

/// The key that marks a message as quarantined.
pub(crate) fn quarantine_key(id: MessageId) -> Vec<u8> {
    [[QUARANTINED].as_slice(), &key::message(id)].concat()
}

fn number(spaces: &Spaces, name: &[u8]) -> Result<Option<u32>, Refused> {
    let Some(value) = spaces.system.get(name)? else { return Ok(None) };
    let octets = value.as_ref().try_into().map_err(|_| Refused::Damaged)?;
    Ok(Some(u32::from_be_bytes(octets)))
}
