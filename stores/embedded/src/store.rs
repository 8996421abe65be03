//! The store as the process sees it: opened, committed to, read, closed.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;

use fjall::Database;
use parking_lot::Mutex;
use platform::ports::Table;
use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::ports::{Pressure, Store, StoreAdmin, StoreError};
use smsc::stored::{Audit, DueKey, Event, Query, QueueEntry, StoreMetrics, StoredMessage};
use smsc::timestamp::Timestamp;
use tokio::sync::oneshot;

use crate::change::{Changes, Space};
use crate::committer::{Alarm, Committer, Health};
use crate::config::{EmbeddedConfig, mebibytes};
use crate::disk::Disk;
use crate::error::{OpenError, describe, failed};
use crate::journal::{self, Broken};
use crate::key::{self, Day, Tag};
use crate::queue::{Expired, Job, Queue};
use crate::schema::{self, Refused};
use crate::spaces::Spaces;
use crate::stopwatch::Stopwatch;
use crate::sweep::{self, Sweeper};
use crate::{audit, read};

/// What to do when the disk or the engine fails for good: called at most once, from the
/// committer's thread, with a line for the log. The store refuses everything from then on.
pub type OnFatal = Alarm;

/// The engine's directory in the store's.
const ENGINE: &str = "engine";

/// The store of this process. Clones share it.
///
/// One value serves the centre ([`Store`]) and the platform ([`platform::ports::PlatformStore`]).
/// Commits are queued when `commit` is called, not when its future is first polled: a caller that
/// needs no answer may drop the future.
#[derive(Clone)]
pub struct EmbeddedStore {
    pub(crate) inner: Arc<Inner>,
}

/// What the clones share.
pub(crate) struct Inner {
    pub(crate) spaces: Arc<Spaces>,
    pub(crate) health: Arc<Health>,
    queue: Arc<Queue>,
    committer: Mutex<Option<JoinHandle<()>>>,
    /// Numbers notes: this start's number in the upper half.
    serials: AtomicU64,
    last_id: Option<MessageId>,
    lookup_days: usize,
    /// Held until the engine is gone.
    _lock: File,
}

impl EmbeddedStore {
    /// Opens the store of `config`, or makes it, and replays what a crash left in the journal.
    /// `now` decides which day's keyspaces are made ready. Blocks for as long as the disk needs.
    pub fn open(config: &EmbeddedConfig, now: Timestamp, on_fatal: OnFatal) -> Result<Self, OpenError> {
        let path = &config.data_dir;
        let trouble = |error: fjall::Error| open_error(path, &error);
        std::fs::create_dir_all(path)
            .map_err(|error| OpenError::Io { path: path.clone(), reason: error.to_string() })?;
        let lock = lock(path)?;
        let engine = path.join(ENGINE);
        if !engine.exists() {
            make(path, &engine)?;
        }
        match journal::check(&engine) {
            Ok(Ok(())) => {}
            Ok(Err(broken)) => return Err(broken_error(path, &broken)),
            Err(error) => return Err(OpenError::Io { path: path.clone(), reason: error.to_string() }),
        }
        let db = Database::builder(engine)
            .cache_size(mebibytes(config.cache_megabytes))
            .max_journaling_size(mebibytes(config.journal_megabytes.max(64)))
            .manual_journal_persist(true)
            .worker_threads(2)
            .open()
            .map_err(trouble)?;
        let spaces = Arc::new(Spaces::open(db, config).map_err(trouble)?);
        let marks = schema::enter(&spaces).map_err(|refused| refused_error(path, &refused))?;
        spaces.make(Day::of(now)).map_err(trouble)?;
        let last_id = schema::last_id(&spaces).map_err(trouble)?;
        let inner = Inner {
            health: Arc::new(Health::new(Stopwatch::start(), marks.quarantined)),
            queue: Arc::new(Queue::new(usize::try_from(config.queue_events_max).unwrap_or(usize::MAX / 4))),
            committer: Mutex::new(None),
            serials: AtomicU64::new(u64::from(marks.starts) << 32),
            lookup_days: usize::from(config.lookup_days_max),
            last_id,
            spaces,
            _lock: lock,
        };
        inner.start(config, marks.starts, on_fatal)?;
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl StoreAdmin for EmbeddedStore {
    /// The highest message id that was ever committed before this start; new ids go on above it.
    fn last_id(&self) -> Option<MessageId> {
        self.inner.last_id
    }

    /// Writes what is queued, syncs, and takes nothing more. Blocks until that is done.
    fn close(&self) {
        self.inner.close();
    }

    /// A reading of the counters.
    fn metrics(&self) -> StoreMetrics {
        let Inner { health, queue, .. } = &*self.inner;
        StoreMetrics {
            queued_events: u64::try_from(queue.events()).unwrap_or(u64::MAX),
            quarantined: u64::try_from(health.quarantined.read().len()).unwrap_or(u64::MAX),
            disk_full: health.disk_full(),
            ..health.counters.read()
        }
    }

    /// Reads everything and proves that no message is lost. Takes about a second for a million
    /// messages, and may run while messages flow.
    fn audit(&self) -> BoxFuture<'static, Result<Audit, StoreError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.blocking(audit::audit).await })
    }

    /// Drops the days that ended before `before`, and gives their number. A day with a message that
    /// still waits is kept whole until that message has ended; one that was set aside as damaged
    /// goes with its day.
    fn expire(&self, before: Timestamp) -> BoxFuture<'static, Result<usize, StoreError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let expired = inner.blocking(move |inner| expired(inner, Day::of(before))).await?;
            let count = expired.days.len();
            if count == 0 {
                return Ok(0);
            }
            let (answer, outcome) = oneshot::channel();
            inner.queue.push(Job::Drop(expired, answer))?;
            Pending(outcome).outcome().await.map(|()| count)
        })
    }
}

impl Store for EmbeddedStore {
    fn commit(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), StoreError>> {
        let changes = Changes::of_events(&events, &self.inner.serials);
        let pending = changes.and_then(|changes| self.inner.submit(changes));
        Box::pin(async move { pending?.outcome().await })
    }

    fn pressure(&self) -> Pressure {
        self.inner.health.pressure(&self.inner.queue)
    }

    fn due(
        &self,
        after: Option<DueKey>,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<QueueEntry>, StoreError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.blocking(move |inner| read::due(inner, after, until, limit)).await })
    }

    fn get(&self, id: MessageId) -> BoxFuture<'static, Result<Option<StoredMessage>, StoreError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { read::get(&inner, id) })
    }

    fn list(&self, query: Query) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.blocking(move |inner| read::list(inner, &query)).await })
    }

    fn by_remote_id(
        &self,
        link: Name,
        remote_id: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.lookup(Tag::RemoteId, &[&link, &remote_id]) })
    }

    fn by_client_key(
        &self,
        account: Name,
        key: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.lookup(Tag::ClientKey, &[&account, &key]) })
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("stats", &self.metrics()).finish_non_exhaustive()
    }
}

/// A commit without its answer yet.
pub(crate) struct Pending(oneshot::Receiver<Result<(), StoreError>>);

impl Pending {
    /// Waits for the answer. A committer that is gone took nothing.
    pub(crate) async fn outcome(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Inner {
    /// Queues changes for the committer.
    pub(crate) fn submit(&self, changes: Changes) -> Result<Pending, StoreError> {
        self.health.check()?;
        let (answer, outcome) = oneshot::channel();
        if changes.rows.is_empty() {
            // Nothing to write is written already; the receiver is right here.
            let _ = answer.send(Ok(()));
        } else {
            self.queue.push(Job::Commit(changes, answer))?;
        }
        Ok(Pending(outcome))
    }

    /// Runs a long read on the blocking pool.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || read(&inner));
        read.await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    /// Sets a damaged message aside, for good.
    pub(crate) fn quarantine(&self, id: MessageId) {
        if !self.health.quarantined.write().insert(id) {
            return;
        }
        tracing::error!(%id, "record is damaged; the message is set aside");
        // If this mark is not written, the damage is found again after the next start.
        let _ = self.submit(Changes::of_mark(&schema::quarantine_key(id), &[]));
    }

    fn lookup(&self, tag: Tag, names: &[&str]) -> Result<Option<MessageId>, StoreError> {
        read::lookup(&self.spaces, &key::term(tag, names)?, self.lookup_days)
    }

    fn start(&self, config: &EmbeddedConfig, starts: u32, on_fatal: OnFatal) -> Result<(), OpenError> {
        let outbox = self.spaces.platform(Table::Outbox);
        let committer = Committer {
            spaces: Arc::clone(&self.spaces),
            queue: Arc::clone(&self.queue),
            health: Arc::clone(&self.health),
            disk: Disk::watch(
                &config.data_dir,
                &config.data_dir.join(ENGINE),
                mebibytes(config.disk_reserve_megabytes),
            ),
            lookup_days: self.lookup_days,
            starts,
            sweepers: [
                Sweeper::new(Space::Due, self.spaces.due.clone(), sweep::AFTER),
                Sweeper::new(Space::PlatformStore(Table::Outbox), outbox.clone(), sweep::AFTER),
            ],
            alarm: Some(on_fatal),
        };
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || committer.run())
            .map_err(|error| OpenError::Io { path: config.data_dir.clone(), reason: error.to_string() })?;
        *self.committer.lock() = Some(thread);
        Ok(())
    }

    fn close(&self) {
        self.queue.close();
        if let Some(thread) = self.committer.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the committer panicked");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// The days before `before` on which nothing waits that could still be delivered.
fn expired(inner: &Inner, before: Day) -> Result<Expired, StoreError> {
    let old = inner.spaces.days().into_iter().map(|(day, _)| day).filter(|day| *day < before);
    let mut old: BTreeSet<Day> = old.collect();
    if old.is_empty() {
        return Ok(Expired::default());
    }
    let mut due = Vec::new();
    for entry in inner.spaces.due.iter() {
        let key = entry.key().map_err(failed)?;
        let Some(waiting) = key::due_of(&key) else { continue };
        if inner.health.quarantined.read().contains(&waiting.id) {
            due.push(waiting);
        } else {
            old.remove(&Day::of_id(waiting.id));
        }
    }
    due.retain(|waiting| old.contains(&Day::of_id(waiting.id)));
    Ok(Expired { days: old.into_iter().collect(), due })
}

/// Makes the engine's files under another name first: it cannot open what a crash left half made.
fn make(path: &Path, engine: &Path) -> Result<(), OpenError> {
    let io = |error: std::io::Error| OpenError::Io { path: path.to_owned(), reason: error.to_string() };
    let half_made = path.join("engine.new");
    if half_made.exists() {
        std::fs::remove_dir_all(&half_made).map_err(io)?;
    }
    drop(Database::builder(&half_made).open().map_err(|error| open_error(path, &error))?);
    std::fs::rename(&half_made, engine).map_err(io)?;
    File::open(path).and_then(|directory| directory.sync_all()).map_err(io)
}

/// Takes the directory for this process. The engine has a lock of its own, but only after it
/// would be too late to look through its journals.
fn lock(path: &Path) -> Result<File, OpenError> {
    let io = |error: std::io::Error| OpenError::Io { path: path.to_owned(), reason: error.to_string() };
    let file = File::create(path.join("lock")).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

fn broken_error(path: &Path, broken: &Broken) -> OpenError {
    let journal = broken.file.file_name().unwrap_or_default().display();
    let reason =
        format!("journal {journal} cannot be read at octet {}, with whole batches behind it", broken.at);
    OpenError::Damaged { path: path.to_owned(), reason }
}

fn open_error(path: &Path, error: &fjall::Error) -> OpenError {
    let path = path.to_owned();
    match error {
        fjall::Error::Locked => OpenError::Locked(path),
        fjall::Error::Io(error) => OpenError::Io { path, reason: error.to_string() },
        other => OpenError::Damaged { path, reason: describe(other) },
    }
}

fn refused_error(path: &Path, refused: &Refused) -> OpenError {
    match refused {
        Refused::Newer(found) => {
            OpenError::Newer { path: path.to_owned(), found: *found, known: schema::VERSION }
        }
        Refused::Damaged => {
            OpenError::Damaged { path: path.to_owned(), reason: "its marks do not read".to_owned() }
        }
        Refused::Engine(error) => open_error(path, error),
    }
}
