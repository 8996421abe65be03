//! Watches free space, keeps a reserve, and allocates the engine's journal ahead of its writes.
//!
//! A file of [`EmbeddedConfig::disk_reserve_megabytes`](crate::EmbeddedConfig) occupies space that
//! no other writer can take. When the disk is full it is given up: new submissions are refused then,
//! and the outcomes of deliveries are written into the space it leaves. It is made again when
//! space returns. Where the file system cannot reserve, the same space is only watched.
//!
//! A disk may be full before it was looked at, and a write to the journal that finds no room would
//! be the end of the store. So the journal's blocks are allocated before they are written.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// What the disk has room for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Room {
    /// Everything.
    #[default]
    Free,
    /// What happens to messages that we have.
    Reserve,
    /// Nothing at all.
    Nothing,
}

/// How often the disk is asked, at most.
const INTERVAL: Duration = Duration::from_millis(200);

/// Octets of a journal that the engine begins.
const JOURNAL: u64 = 64 << 20;

/// Octets that are allocated at once where a journal outgrows that: more than is written between
/// two looks.
const JOURNAL_AHEAD: u64 = 16 << 20;

/// Free space and the reserve file.
pub(crate) struct Disk {
    file: PathBuf,
    /// Where the engine's journals are.
    engine: PathBuf,
    /// The newest journal, and how many octets of it are allocated.
    journal: (u64, u64),
    /// Octets of the reserve.
    reserve: u64,
    /// Octets that the reserve file occupies now.
    held: u64,
    /// Whether the file system can reserve at all.
    reserves: bool,
    room: Room,
    next_look: Duration,
}

impl Disk {
    /// Watches the disk that `directory` lies on, and the journals in `engine`.
    pub(crate) fn watch(directory: &Path, engine: &Path, reserve: u64) -> Self {
        let file = directory.join("reserve");
        let held = file.metadata().map_or(0, |file| file.len());
        let mut disk = Self {
            file,
            engine: engine.to_owned(),
            journal: (0, 0),
            reserve,
            held,
            reserves: true,
            room: Room::Free,
            next_look: Duration::ZERO,
        };
        disk.look(Duration::ZERO);
        disk
    }

    /// What there is room for, asked anew if `now` is late enough.
    pub(crate) fn look(&mut self, now: Duration) -> Room {
        if now < self.next_look {
            return self.room;
        }
        self.next_look = now + INTERVAL;
        if let Err(error) = self.allocate_journal() {
            tracing::debug!(%error, "journal not allocated ahead");
        }
        let Some(available) = available(&self.file) else { return self.room };
        let room = judge(self.room, available + self.held, self.reserve);
        match room {
            Room::Free if self.reserves && self.held != self.reserve => self.hold(available),
            Room::Reserve | Room::Nothing if self.held > 0 => self.give_up(),
            _ => {}
        }
        if room != self.room {
            tracing::warn!(?room, available, "room on disk changed");
        }
        self.room = room;
        room
    }

    /// Allocates blocks for what will be written next; what is written stays as it is.
    fn allocate_journal(&mut self) -> io::Result<()> {
        let Some((number, path)) = newest_journal(&self.engine)? else { return Ok(()) };
        let journal = OpenOptions::new().write(true).open(path)?;
        let wanted = journal.metadata()?.len().max(JOURNAL).next_multiple_of(JOURNAL_AHEAD) + JOURNAL_AHEAD;
        if self.journal == (number, wanted) {
            return Ok(());
        }
        fallocate(journal, FallocateFlags::KEEP_SIZE, 0, wanted)?;
        self.journal = (number, wanted);
        Ok(())
    }

    fn hold(&mut self, available: u64) {
        if available + self.held < self.reserve {
            return;
        }
        let made = File::create(&self.file)
            .and_then(|file| Ok(fallocate(file, FallocateFlags::empty(), 0, self.reserve)?));
        match made {
            Ok(()) => self.held = self.reserve,
            Err(error) => {
                tracing::debug!(%error, "no reserve file; free space is only watched");
                self.reserves = false;
                self.give_up();
            }
        }
    }

    fn give_up(&mut self) {
        self.held = 0;
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::debug!(%error, "reserve file not removed");
        }
    }
}

/// Journals have numbers that rise.
fn newest_journal(engine: &Path) -> io::Result<Option<(u64, PathBuf)>> {
    let mut newest = None;
    for entry in std::fs::read_dir(engine)? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jnl")?.parse().ok());
        if let Some(number) = number {
            newest = newest.max(Some((number, path)));
        }
    }
    Ok(newest)
}

/// Full is under one and a half reserves, and it stays full until there are two; the last eighth
/// of the reserve is for the engine.
fn judge(before: Room, space: u64, reserve: u64) -> Room {
    let enough = if before == Room::Free { reserve + reserve / 2 } else { reserve * 2 };
    if space >= enough {
        Room::Free
    } else if space >= reserve / 8 {
        Room::Reserve
    } else {
        Room::Nothing
    }
}

fn available(file: &Path) -> Option<u64> {
    let disk = statvfs(file.parent()?).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_must_recover_well_before_it_counts_as_free() {
        let judge = |before, space| judge(before, space, 64);
        assert_eq!(judge(Room::Free, 96), Room::Free);
        assert_eq!(judge(Room::Free, 95), Room::Reserve);
        assert_eq!(judge(Room::Reserve, 127), Room::Reserve);
        assert_eq!(judge(Room::Reserve, 128), Room::Free);
        assert_eq!(judge(Room::Reserve, 8), Room::Reserve);
        assert_eq!(judge(Room::Reserve, 7), Room::Nothing);
        assert_eq!(judge(Room::Nothing, 8), Room::Reserve);
    }

    #[test]
    fn the_reserve_occupies_its_space() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::watch(directory.path(), directory.path(), 1 << 20);
        assert_eq!((disk.room, disk.held), (Room::Free, 1 << 20));
        assert_eq!(directory.path().join("reserve").metadata().unwrap().len(), 1 << 20);
    }

    #[test]
    fn the_newest_journal_is_allocated_and_not_changed() {
        use std::os::unix::fs::MetadataExt;

        let directory = tempfile::tempdir().unwrap();
        let journal = |number: u64| directory.path().join(format!("{number}.jnl"));
        std::fs::write(journal(9), b"old").unwrap();
        std::fs::write(journal(10), b"written").unwrap();
        let mut disk = Disk::watch(directory.path(), directory.path(), 0);
        assert_eq!(disk.journal, (10, JOURNAL + JOURNAL_AHEAD));
        assert_eq!(std::fs::read(journal(10)).unwrap(), b"written");
        assert!(journal(10).metadata().unwrap().blocks() * 512 >= JOURNAL + JOURNAL_AHEAD);
        OpenOptions::new().write(true).open(journal(10)).unwrap().set_len(JOURNAL + 1).unwrap();
        disk.look(INTERVAL);
        assert_eq!(disk.journal, (10, JOURNAL + 2 * JOURNAL_AHEAD));
        File::create(journal(11)).unwrap();
        disk.look(INTERVAL * 2);
        assert_eq!(disk.journal, (11, JOURNAL + JOURNAL_AHEAD));
    }

    #[test]
    fn a_reserve_larger_than_the_disk_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::watch(directory.path(), directory.path(), u64::MAX / 4);
        assert_eq!((disk.room, disk.held), (Room::Nothing, 0));
    }
}
