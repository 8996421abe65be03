//! The queue in front of the committer: bounded, in order of arrival, taken whole.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use smsc::ports::StoreError;
use smsc::stored::DueKey;
use tokio::sync::oneshot;

use crate::change::Changes;
use crate::key::Day;

/// Octets that may wait in the queue, whatever the number of events.
const OCTETS_MAX: usize = 64 << 20;

/// How an answer travels back.
pub(crate) type Answer = oneshot::Sender<Result<(), StoreError>>;

/// What the committer is asked to do.
pub(crate) enum Job {
    /// Write these changes, all or nothing.
    Commit(Changes, Answer),
    /// Drop these days with all that is in them, and these keys of the due index.
    Drop(Expired, Answer),
}

/// Days that are over.
#[derive(Default)]
pub(crate) struct Expired {
    /// The days.
    pub(crate) days: Vec<Day>,
    /// Due entries of messages that were set aside on these days, and will never be delivered.
    pub(crate) due: Vec<DueKey>,
}

/// What the committer finds when it looks.
pub(crate) enum Taken {
    /// Everything that waited.
    Jobs(Vec<Job>),
    /// Nothing came within the time.
    Nothing,
    /// Nothing waits, and nothing will come.
    Closed,
}

/// The queue. A mutex is held only to push one job or to swap the whole vector.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    events_max: usize,
    /// Events pushed and not yet answered.
    events: AtomicUsize,
    octets: AtomicUsize,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    closed: bool,
    /// Whether the committer sleeps and must be woken.
    asleep: bool,
}

impl Queue {
    /// An empty queue for so many events.
    pub(crate) fn new(events_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            events_max: events_max.max(1),
            events: AtomicUsize::new(0),
            octets: AtomicUsize::new(0),
        }
    }

    /// Queues a job, or refuses: new submissions when the queue is full, outcomes when it is
    /// twice full.
    pub(crate) fn push(&self, job: Job) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        if let Job::Commit(changes, _) = &job {
            let fold = if changes.adds { 1 } else { 2 };
            if self.events() >= self.events_max * fold || self.octets() >= OCTETS_MAX * fold {
                return Err(StoreError::Congested);
            }
            self.events.fetch_add(changes.events, Ordering::Relaxed);
            self.octets.fetch_add(changes.octets, Ordering::Relaxed);
        }
        state.jobs.push(job);
        let asleep = std::mem::take(&mut state.asleep);
        drop(state);
        if asleep {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Takes all that waits; sleeps up to `wait` if that is nothing.
    pub(crate) fn take(&self, wait: Duration) -> Taken {
        let mut state = self.state.lock();
        if state.jobs.is_empty() && !state.closed {
            state.asleep = true;
            self.wake.wait_for(&mut state, wait);
            state.asleep = false;
        }
        match (state.jobs.is_empty(), state.closed) {
            (false, _) => Taken::Jobs(std::mem::take(&mut state.jobs)),
            (true, true) => Taken::Closed,
            (true, false) => Taken::Nothing,
        }
    }

    /// So much has been answered.
    pub(crate) fn done(&self, events: usize, octets: usize) {
        self.events.fetch_sub(events, Ordering::Relaxed);
        self.octets.fetch_sub(octets, Ordering::Relaxed);
    }

    /// Takes no more jobs; what waits is still done.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_one();
    }

    /// Closes the queue and forgets what waits: pending callers are answered that there is
    /// none.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let forgotten = std::mem::take(&mut state.jobs);
        drop(state);
        drop(forgotten);
    }

    /// Events pushed and not yet answered.
    pub(crate) fn events(&self) -> usize {
        self.events.load(Ordering::Relaxed)
    }

    /// Whether more than half of the room is taken.
    pub(crate) fn over_half(&self) -> bool {
        self.events() > self.events_max / 2 || self.octets() > OCTETS_MAX / 2
    }

    fn octets(&self) -> usize {
        self.octets.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(events: usize, adds: bool) -> Job {
        Job::Commit(Changes { events, adds, ..Changes::default() }, oneshot::channel().0)
    }

    #[test]
    fn submissions_are_refused_when_full_and_outcomes_when_twice_full() {
        let queue = Queue::new(10);
        assert_eq!(queue.push(job(5, true)), Ok(()));
        assert!(!queue.over_half());
        assert_eq!(queue.push(job(5, true)), Ok(()));
        assert!(queue.over_half());
        assert_eq!(queue.push(job(1, true)), Err(StoreError::Congested));
        assert_eq!(queue.push(job(10, false)), Ok(()));
        assert_eq!(queue.push(job(1, false)), Err(StoreError::Congested));
        queue.done(20, 0);
        assert_eq!(queue.push(job(1, true)), Ok(()));
    }

    #[test]
    fn an_abandoned_queue_leaves_nobody_waiting() {
        let queue = Queue::new(10);
        let (answer, mut outcome) = oneshot::channel();
        queue.push(Job::Commit(Changes::default(), answer)).unwrap();
        queue.abandon();
        assert_eq!(outcome.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(queue.push(job(1, true)), Err(StoreError::Closed));
    }

    #[test]
    fn a_closed_queue_is_drained_and_takes_nothing() {
        let queue = Queue::new(10);
        queue.push(job(1, true)).unwrap();
        queue.close();
        assert_eq!(queue.push(job(1, true)), Err(StoreError::Closed));
        assert!(matches!(queue.take(Duration::ZERO), Taken::Jobs(jobs) if jobs.len() == 1));
        assert!(matches!(queue.take(Duration::ZERO), Taken::Closed));
    }
}
