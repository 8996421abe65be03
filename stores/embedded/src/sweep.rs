//! Sweeps out what was removed.
//!
//! Keys of the due index and of the outbox rise with time, are removed soon, and are never written
//! again. The engine moves tables with such keys down as they are, removals and all, because
//! nothing overlaps them; a day's traffic would leave tens of millions of removals behind, and a
//! restart would read them all before it found the first message that waits. So these keyspaces
//! are rewritten from time to time, by a thread of their own.

use std::thread::JoinHandle;

use fjall::Keyspace;

use crate::change::Space;
use crate::error::describe;

/// Removals after which a keyspace is rewritten, if it holds no more than twice as many entries.
pub(crate) const AFTER: usize = 500_000;

/// Counts the removals of one keyspace, and rewrites it when there are many.
pub(crate) struct Sweeper {
    space: Space,
    keyspace: Keyspace,
    after: usize,
    removed: usize,
    running: Option<JoinHandle<()>>,
}

impl Sweeper {
    /// Sweeps `keyspace` after so many removals. What a crash left unswept counts as removed.
    pub(crate) fn new(space: Space, keyspace: Keyspace, after: usize) -> Self {
        let removed = keyspace.approximate_len();
        Self { space, keyspace, after, removed, running: None }
    }

    /// A row was removed from `space`.
    pub(crate) fn removed(&mut self, space: Space) {
        if space == self.space {
            self.removed += 1;
        }
    }

    /// Begins to sweep if it is worth it.
    pub(crate) fn sweep(&mut self) {
        let busy = self.running.as_ref().is_some_and(|thread| !thread.is_finished());
        if busy || self.removed < self.after || self.removed < self.keyspace.approximate_len() / 2 {
            return;
        }
        self.removed = 0;
        let keyspace = self.keyspace.clone();
        let sweep = move || {
            if let Err(error) = keyspace.major_compact() {
                tracing::warn!(keyspace = %keyspace.name(), error = describe(&error), "not swept");
            }
        };
        match std::thread::Builder::new().name("sweeper".to_owned()).spawn(sweep) {
            Ok(thread) => self.running = Some(thread),
            Err(error) => tracing::warn!(%error, "no thread to sweep with"),
        }
    }

    /// Waits for a sweep that is under way.
    pub(crate) fn finish(&mut self) {
        if self.running.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a sweeper panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fjall::{Database, KeyspaceCreateOptions};

    #[test]
    fn removals_are_gone_after_a_sweep() {
        let directory = tempfile::tempdir().unwrap();
        let db = Database::builder(directory.path()).open().unwrap();
        let due = db.keyspace("due", KeyspaceCreateOptions::default).unwrap();
        let mut sweeper = Sweeper::new(Space::Due, due.clone(), 1_000);
        for n in 0..1_000_u32 {
            due.insert(n.to_be_bytes(), "waits").unwrap();
            due.remove(n.to_be_bytes()).unwrap();
            sweeper.removed(Space::Due);
            sweeper.removed(Space::System);
        }
        due.insert("z", "waits").unwrap();
        due.rotate_memtable_and_wait().unwrap();
        assert!(due.approximate_len() > 1_000, "nothing to sweep");
        sweeper.sweep();
        sweeper.finish();
        assert_eq!(due.approximate_len(), 1);
        assert_eq!(due.get("z").unwrap().unwrap(), b"waits");
    }
}
