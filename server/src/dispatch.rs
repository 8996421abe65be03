//! The loop that keeps messages moving: takes from the queue what may go, runs
//! its attempts, and tells the queue how they went.
//!
//! The queue is one task's own, so that nothing here is locked. Attempts are tasks
//! of their own and speak to it through its inbox.

mod turns;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use smsc::journey::{AttemptResult, Clock, Journey};
use smsc::message::{Endpoint, Message, MessageId, Name, Timestamp};
use smsc::ports::{DueKey, QueueEntry, StoreError};
use smsc::reassembly::{self, Assembled, QueuedMessage, Reassembly};
use smsc::routing::Hashed;
use smsc::routing::table::Route;
use smsc::schedule::queue::{NextStep, Overdue, Queue};
use tokio::sync::{mpsc, oneshot};
use turns::{Step, Turn, Turns};

/// Attempts that may run at once.
const OPEN_MAX: usize = 8192;
/// Messages that wait in memory; the rest waits on disk alone.
const WAITING_MAX: usize = 2_000_000;
/// Bodies kept for messages that wait; others are read again when their turn comes.
const BODIES_MAX: usize = 16_384;
/// Parts on their way to the queue before new submissions are refused.
const INBOX_MAX: usize = 200_000;
/// Words that are heard once more after a start; beyond it the retry plan alone brings messages back.
const EARLY_MAX: usize = 100_000;
/// Segments that wait for their siblings, and how long.
const SEGMENTS_MAX: usize = 100_000;
const SEGMENT_PATIENCE: Duration = Duration::from_secs(300);
/// How often lanes are looked at without a cause.
const RECHECK: Duration = Duration::from_secs(1);
/// How long a message rests that could not be read or recorded.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Entries of one page of the due index.
const PAGE: usize = 8192;

/// The exit code after a fault of our own (EX_SOFTWARE).
const EXIT_SOFTWARE: i32 = 70;

/// A handle to the loop. Cheap to clone.
#[derive(Clone)]
pub struct Dispatch {
    inbox: mpsc::UnboundedSender<Input>,
    gauges: Arc<Gauges>,
}

/// What the loop holds, for status and metrics.
#[derive(Debug, Default)]
pub struct Gauges {
    /// Messages that wait for an attempt.
    pub waiting: AtomicUsize,
    /// Attempts that run.
    pub open: AtomicUsize,
    /// Messages handed over whose receipt is awaited.
    pub handed_over: AtomicUsize,
    /// Parts on their way into the queue.
    inbound: AtomicUsize,
}

enum Input {
    Start(Vec<QueuedMessage>),
    Resume(Vec<QueueEntry>),
    Refilled { all: bool },
    Ended(AttemptResult),
    Lost(MessageId),
    Segment(QueuedMessage),
    Lane { key: u64, endpoints: Vec<Endpoint>, open_per_destination: u16 },
    Gateways,
    Woken(Word),
    Reported(MessageId),
    Remove { destination: u64, id: MessageId, reply: oneshot::Sender<Option<QueueEntry>> },
    Drain(oneshot::Sender<()>),
}

/// Somebody says that messages can go.
enum Word {
    /// An endpoint can take messages again.
    Opened(Endpoint),
    /// The network behind an endpoint says that a number can be reached again.
    Reachable(Endpoint, Name),
}

impl Dispatch {
    /// Starts the loop on this runtime and brings in everything that waits in the store.
    pub fn start(journey: Arc<Journey>, clock: Clock) -> Self {
        let (inbox, inputs) = mpsc::unbounded_channel();
        let dispatch = Self { inbox, gauges: Arc::default() };
        let worker = Loop {
            queue: Queue::new(OPEN_MAX),
            turns: Turns::default(),
            reassembly: Reassembly::new(SEGMENTS_MAX, SEGMENT_PATIENCE),
            bodies: HashMap::default(),
            spilled: false,
            refilled_at: None,
            early: Vec::new(),
            loose: Arc::default(),
            draining: None,
            handle: dispatch.clone(),
            journey: Arc::clone(&journey),
            clock,
        };
        let running = tokio::spawn(worker.run(inputs));
        tokio::spawn(async move {
            if running.await.is_err() {
                tracing::error!("the dispatch loop broke down; nothing would be delivered any more");
                std::process::exit(EXIT_SOFTWARE);
            }
        });
        tokio::spawn(dispatch.clone().refill(journey));
        dispatch
    }

    /// Lets accepted parts move.
    pub fn begin(&self, parts: Vec<QueuedMessage>) {
        if !parts.is_empty() {
            self.gauges.inbound.fetch_add(parts.len(), Ordering::Relaxed);
            self.say(Input::Start(parts));
        }
    }

    /// Whether so much is on its way into the queue that new submissions must wait.
    pub fn is_congested(&self) -> bool {
        self.gauges.inbound.load(Ordering::Relaxed) > INBOX_MAX
    }

    /// All gateways are in place: what their endpoints wish counts from now on.
    pub fn gateways_are_ready(&self) {
        self.say(Input::Gateways);
    }

    /// An endpoint can take messages again.
    pub fn opened(&self, endpoint: &Endpoint) {
        self.say(Input::Woken(Word::Opened(endpoint.clone())));
    }

    /// The network behind an endpoint says that a number, by its normalised digits, can be reached again.
    pub fn reachable(&self, endpoint: &Endpoint, digits: Name) {
        self.say(Input::Woken(Word::Reachable(endpoint.clone(), digits)));
    }

    /// The next hop's receipt for a message came.
    pub fn reported(&self, id: MessageId, attempted: AttemptResult) {
        self.say(Input::Reported(id));
        self.say(Input::Ended(attempted));
    }

    /// Takes a waiting message out of the queue, unless its attempt runs.
    pub async fn remove(&self, waiting: &QueueEntry) -> Option<QueueEntry> {
        let (reply, answer) = oneshot::channel();
        self.say(Input::Remove { destination: waiting.destination, id: waiting.key.id, reply });
        answer.await.ok().flatten()
    }

    /// Begins no further attempt, and returns when none runs any more.
    pub async fn drain(&self) {
        let (reply, drained) = oneshot::channel();
        self.say(Input::Drain(reply));
        let _closed_is_drained = drained.await;
    }

    /// What the loop holds.
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    fn say(&self, input: Input) {
        // The loop ends with the process only; then there is nobody left to tell.
        let _ended = self.inbox.send(input);
    }

    /// Reads the due index from its beginning and hands it to the queue, page by page.
    async fn refill(self, journey: Arc<Journey>) {
        let mut cursor: Option<DueKey> = None;
        loop {
            match journey.store.due(cursor, Timestamp::NEVER, PAGE).await {
                Ok(page) if page.is_empty() => break,
                Ok(page) => {
                    cursor = page.last().map(|waiting| waiting.key);
                    self.say(Input::Resume(page));
                    if self.gauges.waiting.load(Ordering::Relaxed) >= WAITING_MAX {
                        self.say(Input::Refilled { all: false }); // the queue asks again when it has room
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the due index cannot be read");
                    tokio::time::sleep(RECHECK).await;
                }
            }
        }
        self.say(Input::Refilled { all: true });
    }

    /// What could not be read or recorded comes back from the store after a while, unless it has
    /// ended there: rather twice than never.
    fn try_again(&self, journey: &Arc<Journey>, waiting: QueueEntry) {
        self.say(Input::Lost(waiting.key.id));
        let (handle, journey) = (self.clone(), Arc::clone(journey));
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN_AFTER).await;
            match journey.store.get(waiting.key.id).await {
                Ok(Some(stored)) if stored.outcome.is_none() => handle.say(Input::Resume(vec![waiting])),
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(id = %waiting.key.id, %error, "a message waits on disk alone, until the next start");
                }
            }
        });
    }
}

struct Loop {
    queue: Queue,
    turns: Turns,
    reassembly: Reassembly,
    bodies: HashMap<u64, Arc<Message>, Hashed>,
    /// Whether some of what waits is on disk alone.
    spilled: bool,
    /// Until when the store's own list of what waits was being read; `None` while it is.
    refilled_at: Option<Timestamp>,
    /// Words that came while that list was being read: they are heard once more after it.
    early: Vec<Word>,
    /// Attempts that run without a place in the queue: datagrams and reassembled messages.
    loose: Arc<AtomicUsize>,
    draining: Option<oneshot::Sender<()>>,
    handle: Dispatch,
    journey: Arc<Journey>,
    clock: Clock,
}

impl Loop {
    async fn run(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) {
        self.learn_routes();
        let mut batch = Vec::with_capacity(256);
        let mut recheck = tokio::time::interval(RECHECK);
        recheck.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                count = inputs.recv_many(&mut batch, 256) => {
                    if count == 0 {
                        return;
                    }
                    batch.drain(..).for_each(|input| self.take_in(input));
                }
                _ = recheck.tick() => self.recheck(),
                () = self.deadline() => {}
            }
            self.overdue();
            self.send_out();
            self.show();
            if self.queue.open() == 0
                && let Some(drained) = self.draining.take()
            {
                let _nobody_waits = drained.send(());
                return;
            }
        }
    }

    /// What waits from before the start finds its lanes by the configured routes.
    fn learn_routes(&mut self) {
        for route in self.journey.rules.load().table.routes() {
            let per_destination = open_per_destination(&self.journey, route);
            self.queue.learn_lane(route.lane, &route.targets, per_destination);
        }
    }

    /// Sleeps until the queue wants its tick.
    async fn deadline(&self) {
        match self.queue.deadline() {
            Some(at) => tokio::time::sleep(at.since((self.clock)())).await,
            None => std::future::pending().await,
        }
    }

    fn take_in(&mut self, input: Input) {
        let now = (self.clock)();
        match input {
            Input::Start(parts) => {
                self.handle.gauges.inbound.fetch_sub(parts.len(), Ordering::Relaxed);
                parts.into_iter().for_each(|part| self.add(part));
            }
            Input::Resume(page) => self.resume(&page),
            Input::Refilled { all } => {
                self.refilled_at = Some(now);
                self.spilled |= !all;
                for word in std::mem::take(&mut self.early) {
                    self.wake(&word, now);
                }
            }
            Input::Ended(attempted) => {
                for (id, next) in &attempted.next {
                    self.queue.ended(*id, next, now);
                }
                attempted.receipts.into_iter().for_each(|receipt| self.add(receipt));
            }
            // It ended elsewhere, or rests in the store until it is tried again.
            Input::Lost(id) => self.queue.ended(id, &NextStep::Ended, now),
            Input::Segment(part) => self.assemble(part),
            Input::Lane { key, endpoints, open_per_destination } => {
                self.queue.learn_lane(key, &endpoints, open_per_destination);
            }
            Input::Gateways => self.learn_routes(),
            Input::Woken(word) => {
                self.wake(&word, now);
                // What it is about may be on its way from the store.
                if self.refilled_at.is_none() && self.early.len() < EARLY_MAX {
                    self.early.push(word);
                }
            }
            Input::Reported(id) => {
                self.queue.reported(id);
            }
            Input::Remove { destination, id, reply } => {
                let removed = self.queue.remove(destination, id, now);
                self.bodies.remove(&id.get());
                let _gone = reply.send(removed);
            }
            Input::Drain(reply) => self.draining = Some(reply),
        }
    }

    fn wake(&mut self, word: &Word, now: Timestamp) {
        match word {
            Word::Opened(endpoint) => self.queue.opened(endpoint, now),
            Word::Reachable(endpoint, digits) => {
                self.queue.reachable(endpoint, digits, now);
            }
        }
    }

    fn add(&mut self, part: QueuedMessage) {
        if part.message.mode != smsc::message::Mode::StoreAndForward {
            self.attempt(vec![part]); // never stored, so it cannot wait
            return;
        }
        if self.queue.holds(&part.waiting) {
            return; // a page of the due index was faster
        }
        if self.queue.waiting() >= WAITING_MAX {
            self.spilled = true;
            return;
        }
        if !self.queue.knows_lane(part.waiting.lane) {
            let rules = self.journey.rules.load();
            if let Some(route) = rules.route_of(&part.message) {
                let per_destination = open_per_destination(&self.journey, &route);
                self.queue.learn_lane(part.waiting.lane, &route.targets, per_destination);
            }
        }
        self.queue.add(&part.waiting, (self.clock)());
        // What a page may have brought in before is read again: it may have ended meanwhile.
        let is_new = self.refilled_at.is_some_and(|refilled_at| part.message.accepted_at > refilled_at);
        if is_new && self.bodies.len() < BODIES_MAX {
            self.bodies.insert(part.message.id.get(), part.message);
        }
    }

    fn resume(&mut self, page: &[QueueEntry]) {
        let now = (self.clock)();
        for waiting in page {
            if self.queue.waiting() >= WAITING_MAX {
                self.spilled = true;
                return;
            }
            if !self.queue.holds(waiting) {
                self.queue.add(waiting, now);
            }
        }
    }

    fn recheck(&mut self) {
        self.queue.recheck();
        for part in self.reassembly.tick((self.clock)()) {
            self.attempt(vec![part]);
        }
        if self.spilled && self.refilled_at.is_some() && self.queue.waiting() < WAITING_MAX / 2 {
            self.refilled_at = None;
            self.spilled = false;
            tokio::spawn(self.handle.clone().refill(Arc::clone(&self.journey)));
        }
    }

    fn overdue(&mut self) {
        for overdue in self.queue.tick((self.clock)()) {
            let (Overdue::Expired(waiting) | Overdue::Unreported(waiting)) = overdue;
            self.bodies.remove(&waiting.key.id.get());
            let (journey, handle) = (Arc::clone(&self.journey), self.handle.clone());
            tokio::spawn(async move {
                let Some(message) = read(&journey, &handle, &waiting).await else { return };
                let part = QueuedMessage { message, waiting };
                let ended = match overdue {
                    Overdue::Expired(_) => journey.expire(&part).await,
                    Overdue::Unreported(_) => journey.unreported(&part).await,
                };
                match ended {
                    Ok(attempted) => handle.say(Input::Ended(attempted)),
                    Err(error) => {
                        tracing::error!(id = %part.message.id, %error, "the end of a message could not be recorded");
                        handle.try_again(&journey, part.waiting);
                    }
                }
            });
        }
    }

    fn send_out(&mut self) {
        if self.draining.is_some() {
            return;
        }
        let gateways = &self.journey.gateways;
        let room =
            |endpoints: &[Endpoint]| endpoints.iter().map(|endpoint| gateways.available(endpoint)).sum();
        for waiting in self.queue.take((self.clock)(), room) {
            let message = self.bodies.remove(&waiting.key.id.get());
            let is_stranger = !self.queue.knows_lane(waiting.lane);
            let (journey, handle) = (Arc::clone(&self.journey), self.handle.clone());
            match self.turns.take(Turn { waiting, message }) {
                Step::SetOut(message, waiting) => {
                    launch(set_out(journey, handle, QueuedMessage { message, waiting }))
                }
                Step::Read(turn) => {
                    launch(read_in_turn(self.turns.clone(), journey, handle, turn, is_stranger));
                }
                Step::Follows => {}
            }
        }
    }

    /// An attempt without a place in the queue; a graceful stop waits for it all the same.
    fn attempt(&self, parts: Vec<QueuedMessage>) {
        let (journey, handle) = (Arc::clone(&self.journey), self.handle.clone());
        let loose = Arc::clone(&self.loose);
        loose.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            attempt(journey, handle, parts).await;
            loose.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// A segment for an endpoint that wants whole messages.
    fn assemble(&mut self, part: QueuedMessage) {
        let now = (self.clock)();
        // It gives its place in the destination's window to its siblings.
        self.queue.set_aside(part.message.id, now);
        match self.reassembly.offer(part, now) {
            Assembled::Held => {}
            Assembled::Whole(parts) => self.attempt(parts),
            Assembled::Alone(part) => self.attempt(vec![part]),
        }
    }

    fn show(&self) {
        let gauges = &self.handle.gauges;
        gauges.waiting.store(self.queue.waiting() + self.reassembly.held(), Ordering::Relaxed);
        gauges.open.store(self.queue.open(), Ordering::Relaxed);
        gauges.handed_over.store(self.queue.handed_over(), Ordering::Relaxed);
    }
}

/// Runs an attempt as a task of its own, but takes its first step here and now: what is taken from the
/// queue first is handed to its gateway first, so that a destination with several open attempts
/// keeps its order.
fn launch(attempt: impl Future<Output = ()> + Send + 'static) {
    let mut attempt = Box::pin(attempt);
    // The task polls again at once, with its own waker.
    let mut nobody_waits = Context::from_waker(Waker::noop());
    if attempt.as_mut().poll(&mut nobody_waits).is_pending() {
        tokio::spawn(attempt);
    }
}

/// The first step of a message that comes from the queue: a segment may have to wait for its siblings.
async fn set_out(journey: Arc<Journey>, handle: Dispatch, part: QueuedMessage) {
    if wants_siblings(&journey, &part) {
        handle.say(Input::Segment(part));
    } else {
        attempt(journey, handle, vec![part]).await;
    }
}

async fn attempt(journey: Arc<Journey>, handle: Dispatch, parts: Vec<QueuedMessage>) {
    match journey.attempt(&parts).await {
        Ok(attempted) => handle.say(Input::Ended(attempted)),
        Err(error) => {
            for part in &parts {
                tracing::error!(id = %part.message.id, %error, "the outcome of an attempt could not be recorded");
                handle.try_again(&journey, part.waiting);
            }
        }
    }
}

/// Reads a message that was not kept in memory and lets it set out, then those that follow it at its
/// destination.
async fn read_in_turn(turns: Turns, journey: Arc<Journey>, handle: Dispatch, first: Turn, is_stranger: bool) {
    let destination = first.waiting.destination;
    let mut turn = Some(first);
    while let Some(Turn { waiting, message }) = turn {
        let message = match message {
            Some(message) => Some(message),
            None => read(&journey, &handle, &waiting).await,
        };
        if let Some(message) = message {
            let part = QueuedMessage { message, waiting };
            if is_stranger {
                introduce(&journey, &handle, &part);
            }
            launch(set_out(Arc::clone(&journey), handle.clone(), part));
        }
        turn = turns.next(destination);
    }
}

/// Whether this is a segment for an endpoint that wants whole messages.
fn wants_siblings(journey: &Journey, part: &QueuedMessage) -> bool {
    if !reassembly::is_segment(&part.message) {
        return false;
    }
    let route = journey.rules.load().route_of(&part.message);
    let endpoint = route.as_ref().and_then(|route| route.targets.first());
    endpoint.is_some_and(|endpoint| journey.gateways.capabilities(endpoint).reassembled)
}

/// After a restart the queue does not know who stands behind a lane: its first message tells.
fn introduce(journey: &Journey, handle: &Dispatch, part: &QueuedMessage) {
    let endpoints = journey.rules.load().route_of(&part.message).map(|route| {
        let open_per_destination = open_per_destination(journey, &route);
        (route.targets.clone(), open_per_destination)
    });
    let (endpoints, open_per_destination) = endpoints.unwrap_or_default();
    handle.say(Input::Lane { key: part.waiting.lane, endpoints, open_per_destination });
}

/// Reads a message that was not kept in memory. `None` if it has ended or cannot be read.
async fn read(journey: &Arc<Journey>, handle: &Dispatch, waiting: &QueueEntry) -> Option<Arc<Message>> {
    let id = waiting.key.id;
    match journey.store.get(id).await {
        Ok(Some(stored)) if stored.outcome.is_none() => return Some(stored.message),
        Ok(_) | Err(StoreError::Damaged(_)) => handle.say(Input::Lost(id)),
        Err(error) => {
            tracing::error!(%id, %error, "a waiting message cannot be read now");
            handle.try_again(journey, *waiting);
        }
    }
    None
}

fn open_per_destination(journey: &Journey, route: &Route) -> u16 {
    let capabilities =
        route.targets.iter().map(|endpoint| journey.gateways.capabilities(endpoint).open_per_destination);
    capabilities.min().unwrap_or(1)
}

#[cfg(test)]
mod tests;
