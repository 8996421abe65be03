//! Finding messages by account, destination or sender.
//!
//! Messages of one term that were committed together share one entry, a posting: its key is the
//! term and the highest id, its value the other ids, sealed. The ids of a posting lie within one
//! second (ids that differ only in their low [`SPAN_BITS`] bits), so a reader knows how far above
//! an id it must begin so as to miss none.

use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;

use fjall::Keyspace;
use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::ports::StoreError;

use crate::change::{Posting, Row, Space};
use crate::error::failed;
use crate::key::{self, Day, Tag};
use crate::record;

/// 22 bits of node and sequence, and 10 of the milliseconds: 1.024 seconds.
const SPAN_BITS: u32 = 32;

/// Ids in one posting, at most.
const POSTING_MAX: usize = 512;

/// The entries for all messages that were committed together.
pub(crate) fn entries(postings: Vec<Posting>) -> Result<Vec<Row>, StoreError> {
    let mut groups: HashMap<(Tag, Name), Vec<MessageId>> = HashMap::new();
    for posting in postings {
        groups.entry((posting.tag, posting.name)).or_default().push(posting.id);
    }
    let mut entries = Vec::with_capacity(groups.len());
    for ((tag, name), mut ids) in groups {
        ids.sort_unstable();
        ids.dedup();
        let term = key::term(tag, &[&name])?;
        let together = ids.chunk_by(|one, other| second(*one) == second(*other));
        entries.extend(together.flat_map(|ids| ids.chunks(POSTING_MAX)).filter_map(|ids| entry(&term, ids)));
    }
    Ok(entries)
}

fn entry(term: &[u8], ids: &[MessageId]) -> Option<Row> {
    let (highest, others) = ids.split_last()?;
    let key = [term, &key::message(*highest)].concat();
    let value = if others.is_empty() {
        Vec::new()
    } else {
        let octets: Vec<u8> = others.iter().flat_map(|id| key::message(*id)).collect();
        record::seal(&key, &octets)
    };
    Some(Row { space: Space::Index(Day::of_id(*highest)), key: key.into(), value: Some(value.into()) })
}

const fn second(id: MessageId) -> u64 {
    id.get() >> SPAN_BITS
}

/// The highest ids of `term` within `ids` (as numbers), falling, at most `limit`.
///
/// A merge: no id of a posting lies above its key, so an id may be given out as soon as it is at
/// or above the key of the next posting.
pub(crate) fn find(
    index: &Keyspace,
    term: &[u8],
    ids: &Range<u64>,
    limit: usize,
) -> Result<Vec<MessageId>, StoreError> {
    let highest = (ids.end.saturating_sub(1)) | ((1 << SPAN_BITS) - 1);
    let bound = |id: u64| [term, &id.to_be_bytes()].concat();
    let mut found = Vec::new();
    let mut held = BinaryHeap::new();
    for entry in index.range(bound(ids.start)..=bound(highest)).rev() {
        let (key, value) = entry.into_inner().map_err(failed)?;
        let top = key::last_id_of(&key).ok_or_else(|| StoreError::Failed("odd index key".to_owned()))?;
        give(&mut found, &mut held, top.get(), limit);
        if found.len() >= limit {
            return Ok(found);
        }
        let others = others(&key, &value)?;
        held.extend(others.chain([top.get()]).filter(|id| ids.contains(id)));
    }
    give(&mut found, &mut held, 0, limit);
    Ok(found)
}

/// Moves ids at or above `floor` from `held` to `found`.
fn give(found: &mut Vec<MessageId>, held: &mut BinaryHeap<u64>, floor: u64, limit: usize) {
    while found.len() < limit && held.peek().is_some_and(|id| *id >= floor) {
        found.extend(held.pop().map(MessageId::from_u64));
    }
}

fn others<'a>(key: &[u8], value: &'a [u8]) -> Result<impl Iterator<Item = u64> + 'a, StoreError> {
    let octets = if value.is_empty() {
        value
    } else {
        record::open(key, value).map_err(|_| StoreError::Failed("an index entry is damaged".to_owned()))?
    };
    Ok(octets.chunks_exact(8).filter_map(key::id_of).map(MessageId::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(name: &str, id: u64) -> Posting {
        Posting { tag: Tag::Account, name: name.into(), id: MessageId::from_u64(id) }
    }

    #[test]
    fn ids_of_one_second_share_an_entry() {
        let second = 1_u64 << SPAN_BITS;
        let postings = [1, 3, 2, second - 1, second, second + 1].map(|id| posting("a", id));
        let mut entries = entries(postings.into()).unwrap();
        entries.sort_by(|one, other| one.key.cmp(&other.key));
        let highest: Vec<_> = entries.iter().filter_map(|row| key::last_id_of(&row.key)).collect();
        assert_eq!(highest, [second - 1, second + 1].map(MessageId::from_u64));
        let ids: Vec<_> = others(&entries[0].key, entries[0].value.as_ref().unwrap()).unwrap().collect();
        assert_eq!(ids, [1, 2, 3]);
    }

    #[test]
    fn a_damaged_entry_is_not_read() {
        let entries = entries(vec![posting("a", 1), posting("a", 2)]).unwrap();
        let mut value = entries[0].value.as_ref().unwrap().to_vec();
        assert!(others(&entries[0].key, &value).is_ok());
        value[7] ^= 1;
        assert!(others(&entries[0].key, &value).is_err());
    }
}
