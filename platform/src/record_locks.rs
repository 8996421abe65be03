//! Locks of records: one read-modify-write of a record at a time.
//!
//! The store reads and writes but does not compare; a task that reads a record to write it back holds the
//! record's lock meanwhile. Locks are striped: two records may share one, which costs a wait at most.

use futures_util::lock::{Mutex, MutexGuard};

use crate::sid::Sid;

const GATES: usize = 1024;

/// The gates of all records.
pub(crate) struct RecordLocks {
    gates: Vec<Mutex<()>>,
}

impl Default for RecordLocks {
    fn default() -> Self {
        Self { gates: (0..GATES).map(|_| Mutex::new(())).collect() }
    }
}

impl RecordLocks {
    /// Waits for the gate of one record. Never while holding another.
    pub(crate) async fn lock(&self, sid: Sid) -> Option<MutexGuard<'_, ()>> {
        Some(self.gates.get(gate(sid))?.lock().await)
    }

    /// Waits for the gates of many records, in an order that two callers share, so that neither waits
    /// for the other for ever.
    pub(crate) async fn lock_all(&self, sids: impl Iterator<Item = Sid>) -> Vec<MutexGuard<'_, ()>> {
        let mut wanted: Vec<usize> = sids.map(gate).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut held = Vec::with_capacity(wanted.len());
        for gate in wanted.into_iter().filter_map(|index| self.gates.get(index)) {
            held.push(gate.lock().await);
        }
        held
    }
}

/// The last octets of a SID are random.
fn gate(sid: Sid) -> usize {
    let [.., high, low] = sid.octets();
    usize::from(u16::from_be_bytes([high, low])) % GATES
}
