//! The task that drives [`smsc::dispatch`]: it hands in what happened and carries out the effects.
//!
//! The state machine is one task's own, so that nothing there is locked. Attempts are tasks of their own and
//! answer through its inbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use smsc::attempt::AttemptResult;
use smsc::dispatch::{Dispatch, Effect, Input, Limits, Wakeup};
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;
use smsc::journey::Journey;
use smsc::message::Message;
use smsc::names::Name;
use smsc::ports::{Gateways, Store, StoreError};
use smsc::queue::Overdue;
use smsc::stored::{DueKey, QueueEntry, QueuedMessage};
use smsc::timestamp::{Clock, Timestamp};
use tokio::sync::{mpsc, oneshot};

/// Messages on their way to the queue before new submissions are refused.
const INBOX_MAX: usize = 200_000;
/// Inputs that are applied before effects are carried out.
const BATCH: usize = 256;

/// The exit code after a fault of our own (EX_SOFTWARE).
const EXIT_SOFTWARE: i32 = 70;

/// A handle to the task. Cheap to clone.
#[derive(Clone)]
pub struct DispatchHandle {
    inbox: mpsc::UnboundedSender<Command>,
    metrics: Arc<DispatchMetrics>,
}

/// What the state machine holds, for status and metrics.
#[derive(Debug, Default)]
pub struct DispatchMetrics {
    /// Messages that wait for an attempt.
    pub waiting: AtomicUsize,
    /// Attempts that run.
    pub open: AtomicUsize,
    /// Messages handed over, with their receipt awaited.
    pub handed_over: AtomicUsize,
    /// Messages on their way into the queue.
    inbound: AtomicUsize,
    /// Accepted messages that wait for older ones to be read from disk.
    held_back: AtomicUsize,
}

enum Command {
    Input(Input),
    Remove(QueueEntry, oneshot::Sender<Option<QueueEntry>>),
    Drain(oneshot::Sender<()>),
}

impl DispatchHandle {
    /// Starts the task on this runtime; it brings in everything that waits in the store.
    pub fn start(
        journey: Arc<Journey>,
        store: Arc<dyn Store>,
        gateways: Arc<dyn Gateways>,
        clock: Clock,
    ) -> Self {
        let (inbox, commands) = mpsc::unbounded_channel();
        let handle = Self { inbox, metrics: Arc::default() };
        let dispatch = Dispatch::new(journey.rules().clone(), gateways, Limits::default(), clock());
        let effects = Effects { journey, store, handle: handle.clone() };
        let task = DispatchTask { dispatch, effects, clock, drained: None };
        let running = tokio::spawn(task.run(commands));
        tokio::spawn(async move {
            if running.await.is_err() {
                tracing::error!("the dispatch task failed; no message would be delivered any more");
                std::process::exit(EXIT_SOFTWARE);
            }
        });
        handle
    }

    /// Lets accepted messages go.
    pub fn begin(&self, messages: Vec<QueuedMessage>) {
        if !messages.is_empty() {
            self.metrics.inbound.fetch_add(messages.len(), Ordering::Relaxed);
            self.input(Input::Accepted(messages));
        }
    }

    /// Whether so much is on its way into the queue that new submissions must wait.
    pub fn is_congested(&self) -> bool {
        let metrics = &self.metrics;
        metrics.inbound.load(Ordering::Relaxed) + metrics.held_back.load(Ordering::Relaxed) > INBOX_MAX
    }

    /// All gateways are in place: the capabilities of their endpoints count from now on.
    pub fn gateways_are_ready(&self) {
        self.input(Input::GatewaysReady);
    }

    /// An endpoint can take messages again.
    pub fn wake_endpoint(&self, endpoint: &Endpoint) {
        self.input(Input::Wakeup(Wakeup::Endpoint(endpoint.clone())));
    }

    /// The network behind an endpoint reports that a number, by its normalised digits, can be reached again.
    pub fn wake_number(&self, endpoint: &Endpoint, digits: Name) {
        self.input(Input::Wakeup(Wakeup::Number(endpoint.clone(), digits)));
    }

    /// The next hop's receipt for a message came.
    pub fn reported(&self, id: MessageId, result: AttemptResult) {
        self.input(Input::Reported(id));
        self.input(Input::Ended(result));
    }

    /// Takes a waiting message out of the queue, unless its attempt runs.
    pub async fn remove(&self, entry: QueueEntry) -> Option<QueueEntry> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Remove(entry, reply));
        answer.await.ok().flatten()
    }

    /// Begins no further attempt, and returns when none runs any more.
    pub async fn drain(&self) {
        let (reply, drained) = oneshot::channel();
        self.send(Command::Drain(reply));
        let _ = drained.await; // a task that has ended is drained
    }

    /// What the state machine holds.
    pub fn metrics(&self) -> &DispatchMetrics {
        &self.metrics
    }

    fn input(&self, input: Input) {
        self.send(Command::Input(input));
    }

    fn send(&self, command: Command) {
        let _ = self.inbox.send(command); // the task ends with the process only
    }
}

struct DispatchTask {
    dispatch: Dispatch,
    effects: Effects,
    clock: Clock,
    drained: Option<oneshot::Sender<()>>,
}

impl DispatchTask {
    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            self.carry_out();
            self.publish_metrics();
            if self.dispatch.is_drained()
                && let Some(drained) = self.drained.take()
            {
                let _ = drained.send(()); // a stop that gave up waiting needs no reply
                return;
            }
            let pause = self.dispatch.deadline().since((self.clock)());
            tokio::select! {
                biased;
                count = commands.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    batch.drain(..).for_each(|command| self.apply(command));
                    if self.dispatch.deadline() <= (self.clock)() {
                        self.dispatch.handle(Input::Tick, (self.clock)());
                    }
                }
                () = tokio::time::sleep(pause.max(Duration::from_millis(1))) => {
                    self.dispatch.handle(Input::Tick, (self.clock)());
                }
            }
        }
    }

    fn apply(&mut self, command: Command) {
        let now = (self.clock)();
        match command {
            Command::Input(input) => {
                if let Input::Accepted(messages) = &input {
                    self.effects.handle.metrics.inbound.fetch_sub(messages.len(), Ordering::Relaxed);
                }
                self.dispatch.handle(input, now);
            }
            Command::Remove(entry, reply) => {
                let _ = reply.send(self.dispatch.remove(&entry, now)); // a caller that is gone needs no reply
            }
            Command::Drain(reply) => {
                self.drained = Some(reply);
                self.dispatch.handle(Input::Drain, now);
            }
        }
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.dispatch.poll() {
            self.effects.carry_out(effect);
        }
    }

    fn publish_metrics(&self) {
        let metrics = &self.effects.handle.metrics;
        metrics.waiting.store(self.dispatch.waiting(), Ordering::Relaxed);
        metrics.open.store(self.dispatch.open(), Ordering::Relaxed);
        metrics.handed_over.store(self.dispatch.handed_over(), Ordering::Relaxed);
        metrics.held_back.store(self.dispatch.held_back(), Ordering::Relaxed);
    }
}

/// Carries out effects as tasks that answer through the inbox.
#[derive(Clone)]
struct Effects {
    journey: Arc<Journey>,
    store: Arc<dyn Store>,
    handle: DispatchHandle,
}

impl Effects {
    fn carry_out(&self, effect: Effect) {
        let effects = self.clone();
        match effect {
            Effect::Attempt(group) => launch(async move { effects.attempt(group).await }),
            Effect::Read(entry) => launch(async move { effects.read(entry).await }),
            Effect::ReadPage { after, limit } => {
                tokio::spawn(async move { effects.read_page(after, limit).await });
            }
            Effect::End(overdue) => {
                tokio::spawn(async move { effects.end(overdue).await });
            }
            Effect::Verify(entry) => {
                tokio::spawn(async move { effects.verify(entry).await });
            }
        }
    }

    async fn attempt(self, group: Vec<QueuedMessage>) {
        let input = match self.journey.attempt(&group).await {
            Ok(result) => Input::AttemptEnded(result),
            Err(error) => {
                for queued in &group {
                    tracing::error!(id = %queued.message.id, %error, "the outcome of an attempt could not be recorded");
                }
                Input::AttemptNotRecorded(group.iter().map(|queued| queued.entry).collect())
            }
        };
        self.handle.input(input);
    }

    async fn read(self, entry: QueueEntry) {
        let id = entry.key.id;
        let input = match self.waiting_message(id).await {
            Ok(message) => Input::Read(entry, message),
            Err(error) => {
                tracing::error!(%id, %error, "a waiting message cannot be read now");
                Input::ReadFailed(entry)
            }
        };
        self.handle.input(input);
    }

    async fn read_page(self, after: Option<DueKey>, limit: usize) {
        let input = match self.store.due(after, Timestamp::NEVER, limit).await {
            Ok(page) => Input::Page(page),
            Err(error) => {
                tracing::error!(%error, "the due index cannot be read");
                Input::PageFailed
            }
        };
        self.handle.input(input);
    }

    async fn end(self, overdue: Overdue) {
        let (Overdue::Expired(entry) | Overdue::Unreported(entry)) = overdue;
        let id = entry.key.id;
        let ended = match self.waiting_message(id).await {
            Ok(None) => return self.handle.input(Input::Gone(id)),
            Ok(Some(message)) => {
                let queued = QueuedMessage { message, entry };
                match overdue {
                    Overdue::Expired(_) => self.journey.expire(&queued).await,
                    Overdue::Unreported(_) => self.journey.unreported(&queued).await,
                }
            }
            Err(error) => Err(error),
        };
        let input = match ended {
            Ok(result) => Input::Ended(result),
            Err(error) => {
                tracing::error!(%id, %error, "the end of a message could not be recorded");
                Input::EndNotRecorded(entry)
            }
        };
        self.handle.input(input);
    }

    async fn verify(self, entry: QueueEntry) {
        let id = entry.key.id;
        let input = match self.waiting_message(id).await {
            Ok(message) => Input::Verified(entry, message.is_some()),
            Err(error) => {
                tracing::error!(%id, %error, "a message waits on disk alone until the store can be read");
                Input::VerifyFailed(entry)
            }
        };
        self.handle.input(input);
    }

    /// A message that waits in the store. `None` if it has ended or its record is damaged.
    async fn waiting_message(&self, id: MessageId) -> Result<Option<Arc<Message>>, StoreError> {
        match self.store.get(id).await {
            Ok(stored) => Ok(stored.filter(|stored| stored.outcome.is_none()).map(|stored| stored.message)),
            Err(StoreError::Damaged(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Runs an effect as a task of its own, but takes its first step here and now: what the state machine gives
/// first is handed to its gateway first, so that a destination with several open attempts keeps its order.
fn launch(effect: impl Future<Output = ()> + Send + 'static) {
    let mut effect = Box::pin(effect);
    // The task polls again at once, with its own waker.
    let mut context = Context::from_waker(Waker::noop());
    if effect.as_mut().poll(&mut context).is_pending() {
        tokio::spawn(effect);
    }
}

#[cfg(test)]
mod tests;
