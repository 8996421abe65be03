//! The one thread that writes. It takes everything that waits, writes it as one batch, syncs
//! once and answers all callers; while it syncs, the next batch gathers. No artificial delay.
//!
//! A write or sync that fails is never tried again as if it could still succeed: the store
//! refuses everything from then on, and reports that to its opener, so that the process ends.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use fjall::{Keyspace, OwnedWriteBatch, PersistMode};
use parking_lot::RwLock;
use smsc::ids::MessageId;
use smsc::ports::{Pressure, StoreError};

use crate::change::{Changes, Posting, Row, Space};
use crate::disk::{Disk, Room};
use crate::error::{describe, failed};
use crate::metrics::CommitMetrics;
use crate::queue::{Answer, Expired, Job, Queue, Taken};
use crate::spaces::Spaces;
use crate::stopwatch::Stopwatch;
use crate::sweep::Sweeper;
use crate::{index, key, read, schema};

/// Events in one batch, at most; a single call may hold more.
const BATCH_EVENTS_MAX: usize = 4_096;

/// Octets in one batch, at most; a single call may hold more.
const BATCH_OCTETS_MAX: usize = 1 << 20;

/// How long the committer sleeps when nothing comes, before it looks after disk and engine.
const PATIENCE: Duration = Duration::from_millis(500);

/// A batch that takes longer than this closes the store for new submissions until it is done.
const STALL: Duration = Duration::from_secs(2);

/// What is called, once, when the disk or the engine failed for good.
pub(crate) type Alarm = Box<dyn FnOnce(&str) + Send>;

/// How the write path does, for all to see.
pub(crate) struct Health {
    pub(crate) watch: Stopwatch,
    pub(crate) counters: CommitMetrics,
    /// When the batch in hand was begun, in microseconds of `watch`; 0 when there is none.
    busy_since: AtomicU64,
    room: AtomicU8,
    /// Why the store failed for good.
    failure: RwLock<Option<String>>,
    /// Messages with a damaged record.
    pub(crate) quarantined: RwLock<BTreeSet<MessageId>>,
}

impl Health {
    /// All is well.
    pub(crate) fn new(watch: Stopwatch, quarantined: BTreeSet<MessageId>) -> Self {
        Self {
            watch,
            counters: CommitMetrics::default(),
            busy_since: AtomicU64::new(0),
            room: AtomicU8::new(Room::Free as u8),
            failure: RwLock::new(None),
            quarantined: RwLock::new(quarantined),
        }
    }

    /// How full the write path is.
    pub(crate) fn pressure(&self, queue: &Queue) -> Pressure {
        if self.disk_full() || self.stalled() || self.failure.read().is_some() {
            Pressure::Closed
        } else if queue.over_half() {
            Pressure::High
        } else {
            Pressure::Free
        }
    }

    /// Whether new submissions are refused for want of space.
    pub(crate) fn disk_full(&self) -> bool {
        self.room.load(Ordering::Relaxed) != Room::Free as u8
    }

    /// The error of a store that failed for good, if it did.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.failure.read().as_ref().map_or(Ok(()), |reason| Err(StoreError::Failed(reason.clone())))
    }

    fn stalled(&self) -> bool {
        let since = self.busy_since.load(Ordering::Relaxed);
        since != 0 && self.watch.elapsed() > Duration::from_micros(since) + STALL
    }
}

/// The committer's own things.
pub(crate) struct Committer {
    pub(crate) spaces: Arc<Spaces>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) health: Arc<Health>,
    pub(crate) disk: Disk,
    pub(crate) lookup_days: usize,
    /// The number of this start.
    pub(crate) starts: u32,
    pub(crate) sweepers: [Sweeper; 2],
    pub(crate) alarm: Option<Alarm>,
}

/// One call that waits for its answer.
struct Call {
    changes: Changes,
    answer: Answer,
}

/// What became of a batch.
struct Written {
    /// The callers that wait for the outcome.
    answers: Vec<Answer>,
    /// Events of the batch.
    events: usize,
    /// How long the write and the sync took.
    micros: u64,
    outcome: Result<(), StoreError>,
}

impl Committer {
    /// Works until the queue is closed and empty; then everything is synced.
    pub(crate) fn run(mut self) {
        self.look_after_disk();
        loop {
            match self.queue.take(PATIENCE) {
                Taken::Jobs(jobs) => self.work(jobs),
                Taken::Nothing => self.look_after_engine(),
                Taken::Closed => break,
            }
        }
        self.sweepers.iter_mut().for_each(Sweeper::finish);
        if self.health.check().is_ok()
            && let Err(error) = schema::leave(&self.spaces, self.starts)
        {
            self.fail(&describe(&error));
        }
    }

    fn work(&mut self, jobs: Vec<Job>) {
        let mut batch = Vec::new();
        let (mut events, mut octets) = (0, 0);
        for job in jobs {
            match job {
                Job::Commit(changes, answer) => {
                    let full = events + changes.events > BATCH_EVENTS_MAX
                        || octets + changes.octets > BATCH_OCTETS_MAX;
                    if full && !batch.is_empty() {
                        self.write(std::mem::take(&mut batch));
                        (events, octets) = (0, 0);
                    }
                    events += changes.events;
                    octets += changes.octets;
                    batch.push(Call { changes, answer });
                }
                Job::Drop(expired, answer) => {
                    self.write(std::mem::take(&mut batch));
                    (events, octets) = (0, 0);
                    // The caller is gone: the days are dropped all the same.
                    let _ = answer.send(self.drop_days(&expired));
                }
            }
        }
        self.write(batch);
    }

    /// Writes, syncs, answers.
    fn write(&mut self, calls: Vec<Call>) {
        if calls.is_empty() {
            return;
        }
        let begun = self.health.watch.micros().max(1);
        self.health.busy_since.store(begun, Ordering::Relaxed);
        let room = self.look_after_disk();
        let events = calls.iter().map(|call| call.changes.events).sum();
        let octets = calls.iter().map(|call| call.changes.octets).sum();
        let Written { answers, events: written, micros, outcome } = self.write_admitted(calls, room);
        if room == Room::Free {
            self.sweepers.iter_mut().for_each(Sweeper::sweep);
        }
        self.queue.done(events, octets);
        self.health.busy_since.store(0, Ordering::Relaxed);
        if outcome.is_ok() && written > 0 {
            self.health.counters.wrote(answers.len(), written, micros);
        }
        for answer in answers {
            self.answer(answer, outcome.clone());
        }
    }

    /// Writes the calls that may be written, and answers the others.
    fn write_admitted(&mut self, calls: Vec<Call>, room: Room) -> Written {
        let rows = calls.iter().map(|call| call.changes.rows.len() + call.changes.postings.len()).sum();
        let spaces = Arc::clone(&self.spaces);
        let mut batch = Batch::new(&spaces, rows);
        let mut claimed = HashMap::new();
        let mut answers = Vec::with_capacity(calls.len());
        let mut postings = Vec::new();
        let mut events = 0;
        let mut outcome = Ok(());
        for Call { changes, answer } in calls {
            match self.admit(&changes, room, &mut claimed) {
                Ok(()) => {
                    events += changes.events;
                    postings.extend(changes.postings);
                    answers.push(answer);
                    self.count_removed(&changes.rows);
                    outcome = outcome.and(batch.rows(changes.rows));
                }
                Err(error) => self.answer(answer, Err(error)),
            }
        }
        outcome = outcome.and_then(|()| batch.postings(postings));
        let begun = self.health.watch.micros();
        outcome = outcome.and_then(|()| batch.commit());
        let micros = self.health.watch.micros().saturating_sub(begun);
        if let Err(StoreError::Failed(reason)) = &outcome {
            self.fail(reason);
        }
        Written { answers, events, micros, outcome }
    }

    /// Whether a call may be written now.
    fn admit(
        &self,
        changes: &Changes,
        room: Room,
        claimed: &mut HashMap<Vec<u8>, MessageId>,
    ) -> Result<(), StoreError> {
        self.health.check()?;
        match room {
            Room::Free => {}
            Room::Reserve if !changes.adds => {}
            Room::Reserve | Room::Nothing => return Err(StoreError::DiskFull),
        }
        for claim in &changes.claims {
            let owner = match claimed.get(&claim.key) {
                Some(owner) => Some(*owner),
                None => read::lookup(&self.spaces, &claim.key, self.lookup_days)?,
            };
            match owner {
                Some(owner) if owner != claim.id => return Err(StoreError::KeyTaken(owner)),
                Some(_) | None => {}
            }
        }
        // Only now: a refused call claims nothing.
        claimed.extend(changes.claims.iter().map(|claim| (claim.key.clone(), claim.id)));
        Ok(())
    }

    fn answer(&self, answer: Answer, outcome: Result<(), StoreError>) {
        if outcome.is_err() {
            self.health.counters.refused();
        }
        // An error here means that the caller is gone, as with outcomes of deliveries.
        let _ = answer.send(outcome);
    }

    fn drop_days(&mut self, expired: &Expired) -> Result<(), StoreError> {
        self.health.check()?;
        let mut batch = self.spaces.db.batch();
        if let Some(id) = schema::last_id(&self.spaces).map_err(failed)? {
            batch.insert(&self.spaces.system, schema::LAST, key::message(id));
        }
        for due in &expired.due {
            batch.remove(&self.spaces.due, key::due(*due));
            batch.remove(&self.spaces.system, schema::quarantine_key(due.id));
            self.health.quarantined.write().remove(&due.id);
        }
        batch.durability(Some(PersistMode::SyncData)).commit().map_err(failed)?;
        expired.days.iter().try_for_each(|day| self.spaces.drop_day(*day)).map_err(failed)
    }

    fn count_removed(&mut self, rows: &[Row]) {
        for row in rows.iter().filter(|row| row.value.is_none()) {
            self.sweepers.iter_mut().for_each(|sweeper| sweeper.removed(row.space));
        }
    }

    fn look_after_disk(&mut self) -> Room {
        let room = self.disk.look(self.health.watch.elapsed());
        self.health.room.store(room as u8, Ordering::Relaxed);
        room
    }

    /// Finds out whether the engine's own threads failed, which only a write would show.
    fn look_after_engine(&mut self) {
        self.look_after_disk();
        if let Err(error) = self.spaces.db.persist(PersistMode::Buffer) {
            self.fail(&describe(&error));
        }
    }

    fn fail(&mut self, reason: &str) {
        self.health.failure.write().get_or_insert_with(|| reason.to_owned());
        if let Some(alarm) = self.alarm.take() {
            alarm(reason);
        }
    }
}

impl Drop for Committer {
    /// However the thread ends, every caller gets an answer.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.fail("the committer panicked");
        }
        self.queue.abandon();
    }
}

/// A batch of the engine, and the keyspaces that its rows went to last.
struct Batch<'a> {
    spaces: &'a Spaces,
    inner: OwnedWriteBatch,
    recent: Vec<(Space, Keyspace)>,
}

impl<'a> Batch<'a> {
    fn new(spaces: &'a Spaces, rows: usize) -> Self {
        let inner = OwnedWriteBatch::with_capacity(spaces.db.clone(), rows);
        Self { spaces, inner, recent: Vec::with_capacity(8) }
    }

    fn rows(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        rows.into_iter().try_for_each(|row| self.row(row))
    }

    fn postings(&mut self, postings: Vec<Posting>) -> Result<(), StoreError> {
        self.rows(index::entries(postings)?)
    }

    fn row(&mut self, row: Row) -> Result<(), StoreError> {
        let at = match self.recent.iter().position(|(space, _)| *space == row.space) {
            Some(at) => at,
            None => {
                self.recent.push((row.space, self.spaces.keyspace(row.space).map_err(failed)?));
                self.recent.len() - 1
            }
        };
        let Some((_, keyspace)) = self.recent.get(at) else { return Ok(()) };
        match row.value {
            Some(value) => self.inner.insert(keyspace, row.key, value),
            None => self.inner.remove(keyspace, row.key),
        }
        Ok(())
    }

    fn commit(self) -> Result<(), StoreError> {
        self.inner.durability(Some(PersistMode::SyncData)).commit().map_err(failed)
    }
}
