//! Looks through the engine's journals before the engine does.
//!
//! The engine stops reading a journal at the first octet that makes no sense, and cuts the rest
//! off: right after a power cut, where the last batch may be torn, but wrong where a bit flipped
//! in the midst of batches that were acknowledged. And it refuses a torn last batch of which the parts
//! reached the disk out of order. So we look first:
//!
//! - Nonsense with nothing readable behind it is a torn batch, which was never acknowledged, since
//!   each batch is synced before the next is written: it is cut off.
//! - Nonsense with a whole batch behind it is damage: the store does not open, and reports the place.
//!
//! Only a flip in the very last batch looks like a tear; a store that was closed ends with a batch
//! of its own, so that none of a message's can be the last.
//!
//! Form of a journal (fjall 3): batches of a start (`01`, items u32, sequence u64), items (`02`,
//! kind u8, compression u8, keyspace u64, key length u16, value length u32, stored length u32, key,
//! value) or clearings (`04`, keyspace u64), and an end (`03`, XXH3 of all items u64, `FJL` `03`);
//! little-endian. Behind the last batch: zeros.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const TRAILER: &[u8] = b"FJL\x03";

/// Octets of an item before its key: tag, kind, compression, keyspace, three lengths.
const ITEM_HEAD: usize = 1 + 1 + 1 + 8 + 2 + 4 + 4;

/// Where a journal is damaged.
#[derive(Debug)]
pub(crate) struct Broken {
    /// The file.
    pub(crate) file: PathBuf,
    /// The first octet that cannot be read, and is not the torn end.
    pub(crate) at: usize,
}

/// Cuts torn ends off the journals in `directory`, and finds damaged ones.
pub(crate) fn check(directory: &Path) -> io::Result<Result<(), Broken>> {
    if !directory.try_exists()? {
        return Ok(Ok(()));
    }
    for entry in std::fs::read_dir(directory)? {
        let file = entry?.path();
        if file.extension().is_none_or(|extension| extension != "jnl") {
            continue;
        }
        let octets = std::fs::read(&file)?;
        let end = whole_batches(&octets);
        let rest = octets.get(end..).unwrap_or_default();
        if rest.iter().all(|octet| *octet == 0) {
            continue;
        }
        if has_batch(rest) {
            return Ok(Err(Broken { file, at: end }));
        }
        tracing::warn!(file = %file.display(), at = end, "cutting off a torn batch, which nobody was told of");
        cut(&file, end)?;
    }
    Ok(Ok(()))
}

/// Octets of all batches from the beginning on that can be read.
fn whole_batches(octets: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = octets.get(at..).and_then(batch) {
        at += length;
    }
    at
}

/// Whether a whole batch lies anywhere in `octets`.
fn has_batch(octets: &[u8]) -> bool {
    let mut starts = octets.iter().enumerate().filter(|(_, octet)| **octet == START);
    starts.any(|(at, _)| octets.get(at..).and_then(batch).is_some())
}

/// The length of the batch at the beginning of `octets`, if it is whole and its sum is right.
fn batch(octets: &[u8]) -> Option<usize> {
    let mut rest = Rest(octets);
    if rest.take(1)? != [START] {
        return None;
    }
    let items = u32::from_le_bytes(rest.array()?);
    let _sequence: [u8; 8] = rest.array()?;
    let mut sum = Xxh3::new();
    for _ in 0..items {
        sum.update(rest.item()?);
    }
    if rest.take(1)? != [END] || u64::from_le_bytes(rest.array()?) != sum.digest() {
        return None;
    }
    (rest.take(TRAILER.len())? == TRAILER).then_some(octets.len() - rest.0.len())
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A whole item or clearing.
    fn item(&mut self) -> Option<&'a [u8]> {
        match *self.0.first()? {
            ITEM => {
                let mut head = Rest(self.0);
                head.take(1 + 1 + 1 + 8)?;
                let key = usize::from(u16::from_le_bytes(head.array()?));
                head.take(4)?;
                let stored = usize::try_from(u32::from_le_bytes(head.array()?)).ok()?;
                self.take(ITEM_HEAD.checked_add(key)?.checked_add(stored)?)
            }
            CLEAR => self.take(1 + 8),
            _ => None,
        }
    }
}

fn cut(file: &Path, end: usize) -> io::Result<()> {
    let journal: File = OpenOptions::new().write(true).open(file)?;
    journal.set_len(u64::try_from(end).unwrap_or(u64::MAX))?;
    journal.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fjall::{Database, KeyspaceCreateOptions, PersistMode};

    /// A journal of fjall's own making, without the zeros behind it.
    fn journal() -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let db = Database::builder(directory.path()).open().unwrap();
        let keyspace = db.keyspace("a", KeyspaceCreateOptions::default).unwrap();
        for n in 0..3_u8 {
            let mut batch = db.batch();
            batch.insert(&keyspace, [n], [n; 20]);
            batch.remove(&keyspace, [n, n]);
            batch.durability(Some(PersistMode::SyncAll)).commit().unwrap();
        }
        let octets = std::fs::read(directory.path().join("0.jnl")).unwrap();
        octets.get(..whole_batches(&octets)).unwrap().to_vec()
    }

    fn check_octets(octets: &[u8]) -> (Result<(), usize>, u64) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("7.jnl");
        std::fs::write(&file, octets).unwrap();
        let found = check(directory.path()).unwrap().map_err(|broken| broken.at);
        (found, file.metadata().unwrap().len())
    }

    fn length(octets: &[u8]) -> u64 {
        u64::try_from(octets.len()).unwrap()
    }

    #[test]
    fn reads_what_the_engine_wrote() {
        let journal = journal();
        let third = journal.len() / 3;
        assert_eq!(batch(&journal), Some(third));
        let padded = [journal.clone(), vec![0; 100]].concat();
        assert_eq!(check_octets(&padded), (Ok(()), length(&padded)));
    }

    #[test]
    fn a_torn_end_is_cut_off() {
        let journal = journal();
        let whole = journal.len() / 3 * 2;
        for torn in whole + 1..journal.len() {
            assert_eq!(check_octets(&journal[..torn]), (Ok(()), length(&journal[..whole])), "{torn}");
        }
        // A sector in the midst of the last batch did not reach the disk.
        let mut holed = journal.clone();
        holed[whole + 20..whole + 30].fill(0);
        assert_eq!(check_octets(&holed), (Ok(()), length(&journal[..whole])));
    }

    #[test]
    fn every_flip_before_the_last_batch_is_found() {
        let journal = journal();
        let third = journal.len() / 3;
        for at in 0..third * 2 {
            // The sequence number of a batch is under no sum; the engine does not guard it.
            if (5..13).contains(&(at % third)) {
                continue;
            }
            for bit in 0..8 {
                let mut flipped = journal.clone();
                flipped[at] ^= 1 << bit;
                assert_eq!(check_octets(&flipped).0, Err(at / third * third), "octet {at} bit {bit}");
            }
        }
    }
}
