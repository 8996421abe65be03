//! The pacing loop of a load run: sends in a window or at a rate, and waits for the last responses.

use std::io;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{LoadMetrics, Pace};

/// When requests of one connection are due.
pub(super) struct Schedule {
    pace: Pace,
    connections: usize,
    start: Instant,
    sent: u64,
}

impl Schedule {
    /// The schedule of one of `connections`, from now on.
    pub(super) fn new(pace: Pace, connections: usize) -> Self {
        Self { pace, connections, start: Instant::now(), sent: 0 }
    }

    /// When sending ends.
    pub(super) fn end(&self) -> Instant {
        self.start + self.pace.duration
    }

    /// Takes the requests that are due at `now`: until the window is full or the rate is kept.
    pub(super) fn take_due(&mut self, now: Instant, unanswered: usize) -> usize {
        let total = self.pace.requests_by(now - self.start, self.connections);
        let due = usize::try_from(total.saturating_sub(self.sent)).unwrap_or(usize::MAX);
        let due = self.pace.window.saturating_sub(unanswered).min(due);
        self.sent += due as u64;
        due
    }

    /// How long to wait for responses: a rate needs the clock every millisecond, without one
    /// responses set the pace.
    fn wait(&self) -> Duration {
        Duration::from_millis(if self.pace.per_second.is_some() { 1 } else { 100 })
    }
}

/// One connection of a load run.
pub(super) trait Connection: Sized {
    /// Why the run ends early.
    type Error;

    /// How many requests have no response.
    fn unanswered(&self) -> usize;

    /// Sends or queues `count` requests.
    fn send(&mut self, count: usize, now: Instant) -> Result<(), Self::Error>;

    /// Writes what is queued, and handles responses that arrive within `wait`.
    fn receive(
        &mut self,
        wait: Duration,
        end: Instant,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Whether everything is answered that the run waits for.
    fn is_done(&self) -> bool {
        self.unanswered() == 0
    }

    /// What it measured.
    fn into_metrics(self) -> LoadMetrics;
}

/// Runs one of `connections` until the pace is done, then waits at most `tail` for the last
/// responses.
pub(super) async fn run<C: Connection>(
    mut connection: C,
    pace: Pace,
    connections: usize,
    tail: Duration,
) -> Result<LoadMetrics, C::Error> {
    let mut schedule = Schedule::new(pace, connections);
    let (end, wait) = (schedule.end(), schedule.wait());
    loop {
        let now = Instant::now();
        if now < end {
            let due = schedule.take_due(now, connection.unanswered());
            connection.send(due, now)?;
        } else if connection.is_done() || now > end + tail {
            let mut metrics = connection.into_metrics();
            metrics.elapsed = pace.duration;
            return Ok(metrics);
        }
        connection.receive(wait, end).await?;
    }
}

/// Waits for all connections of a run, and adds up what they measured.
pub(super) async fn merge<E: From<io::Error>>(
    tasks: Vec<JoinHandle<Result<LoadMetrics, E>>>,
) -> Result<LoadMetrics, E> {
    let mut all = LoadMetrics::new()?;
    for task in tasks {
        all.merge(&task.await.map_err(io::Error::other)??);
    }
    Ok(all)
}
