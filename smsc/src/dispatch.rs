//! Keeps messages moving: takes from the queue what may go, asks for its attempts, and applies their results.
//!
//! A state machine without a runtime. The loop around it: [`Dispatch::handle`] what happened, carry out what
//! [`Dispatch::poll`] gives until it is empty, and wait for the next input or for [`Dispatch::deadline`]. Each
//! [`Effect`] names the input that answers it. The node and the simulator drive this same type.

mod spill;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::attempt::{AttemptResult, NextStep};
use crate::endpoint::Endpoint;
use crate::hashing::Hashed;
use crate::ids::MessageId;
use crate::message::{Message, Mode};
use crate::names::Name;
use crate::ports::Gateways;
use crate::queue::reassembly::{self, Assembled, Reassembly};
use crate::queue::{Overdue, Queue};
use crate::rules::RulesHandle;
use crate::rules::routing::table::Route;
use crate::stored::{DueKey, QueueEntry, QueuedMessage};
use crate::timestamp::Timestamp;
use spill::Spill;
use turns::{Step, Turn, Turns};

/// Bounds of one [`Dispatch`].
#[derive(Clone, Debug)]
pub struct Limits {
    /// Attempts that may run at once.
    pub open_max: usize,
    /// Messages that wait in memory; the rest waits on disk alone.
    pub waiting_max: usize,
    /// Bodies kept for messages that wait; others are read again when their turn comes.
    pub bodies_max: usize,
    /// Wakeups during a reading of the index that are applied once more after it; beyond it the retry plan
    /// alone brings messages back.
    pub early_max: usize,
    /// Segments that wait for their siblings.
    pub segments_max: usize,
    /// How long a segment waits for its siblings.
    pub segment_wait: Duration,
    /// How often route queues are looked at without a cause.
    pub recheck: Duration,
    /// How long a message rests that could not be read or recorded.
    pub again_after: Duration,
    /// Entries of one page of the due index.
    pub page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open_max: 8192,
            waiting_max: 2_000_000,
            bodies_max: 16_384,
            early_max: 100_000,
            segments_max: 100_000,
            segment_wait: Duration::from_secs(300),
            recheck: Duration::from_secs(1),
            again_after: Duration::from_secs(5),
            page: 8192,
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// Messages were accepted and their submitters have their answers.
    Accepted(Vec<QueuedMessage>),
    /// Answers [`Effect::ReadPage`].
    Page(Vec<QueueEntry>),
    /// Answers [`Effect::ReadPage`]: the index cannot be read now.
    PageFailed,
    /// Answers [`Effect::Read`]: the message, or `None` if it has ended or is damaged.
    Read(QueueEntry, Option<Arc<Message>>),
    /// Answers [`Effect::Read`]: the message cannot be read now.
    ReadFailed(QueueEntry),
    /// Answers [`Effect::Attempt`], with what was attempted.
    AttemptEnded(AttemptResult),
    /// Answers [`Effect::Attempt`]: the outcome could not be recorded.
    AttemptNotRecorded(Vec<QueueEntry>),
    /// Answers [`Effect::End`], or reports a result that no effect asked for.
    Ended(AttemptResult),
    /// Answers [`Effect::End`]: the end could not be read or recorded now.
    EndNotRecorded(QueueEntry),
    /// Answers [`Effect::Verify`]: whether the message still waits on disk.
    Verified(QueueEntry, bool),
    /// Answers [`Effect::Verify`]: the store cannot be read now.
    VerifyFailed(QueueEntry),
    /// The message ended elsewhere.
    Gone(MessageId),
    /// The gateways are in place: their capabilities count from now on.
    GatewaysReady,
    /// Messages may go.
    Wakeup(Wakeup),
    /// The next hop's receipt for a message came; [`Input::Ended`] follows.
    Reported(MessageId),
    /// Begin no further attempt.
    Drain,
    /// [`Dispatch::deadline`] has come.
    Tick,
}

/// A cause for waiting messages to go.
#[derive(Debug)]
pub enum Wakeup {
    /// An endpoint can take messages again.
    Endpoint(Endpoint),
    /// The network behind an endpoint reports that a number, by its normalised digits, can be reached again.
    Number(Endpoint, Name),
}

/// What is to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Read a page of the due index after this key.
    ReadPage {
        /// The last key of the page before.
        after: Option<DueKey>,
        /// Entries of the page at most.
        limit: usize,
    },
    /// Read a message that was not kept in memory.
    Read(QueueEntry),
    /// Attempt a message, or all segments of one. Attempts begin in the order in which they are given.
    Attempt(Vec<QueuedMessage>),
    /// End a message that is overdue.
    End(Overdue),
    /// Look whether a message still waits on disk.
    Verify(QueueEntry),
}

/// The state machine.
pub struct Dispatch {
    rules: RulesHandle,
    gateways: Arc<dyn Gateways>,
    limits: Limits,
    queue: Queue,
    turns: Turns,
    reassembly: Reassembly,
    bodies: HashMap<u64, Arc<Message>, Hashed>,
    spill: Spill,
    /// Until when the due index was being read; `None` while it is.
    read_at: Option<Timestamp>,
    /// Whether the index was read to its end, or to the bound of memory, once.
    started: bool,
    /// Accepted while the index was being read for the first time: older messages come first.
    held_back: Vec<QueuedMessage>,
    /// Wakeups that came while the index was being read: they are applied once more after it.
    early: Vec<Wakeup>,
    /// Entries that the reading of the index has found, while it is not the first one.
    found: Vec<QueueEntry>,
    /// The destinations of `found`.
    found_destinations: HashSet<u64, Hashed>,
    /// When messages are looked for again of which the end could not be recorded.
    again: BTreeMap<Timestamp, Vec<QueueEntry>>,
    /// When a page that could not be read is read again.
    page_again: Option<Timestamp>,
    cursor: Option<DueKey>,
    recheck_at: Timestamp,
    /// Attempts that run, those without a place in the queue included.
    attempts: usize,
    draining: bool,
    /// Whether something happened since the queue was looked at.
    changed: bool,
    now: Timestamp,
    effects: VecDeque<Effect>,
}

impl Dispatch {
    /// Begins with the reading of everything that waits in the store.
    pub fn new(rules: RulesHandle, gateways: Arc<dyn Gateways>, limits: Limits, now: Timestamp) -> Self {
        let mut dispatch = Self {
            rules,
            gateways,
            queue: Queue::new(limits.open_max),
            turns: Turns::default(),
            reassembly: Reassembly::new(limits.segments_max, limits.segment_wait),
            bodies: HashMap::default(),
            spill: Spill::default(),
            read_at: None,
            started: false,
            held_back: Vec::new(),
            early: Vec::new(),
            found: Vec::new(),
            found_destinations: HashSet::default(),
            again: BTreeMap::new(),
            page_again: None,
            cursor: None,
            recheck_at: now + limits.recheck,
            attempts: 0,
            draining: false,
            changed: true,
            now,
            effects: VecDeque::new(),
            limits,
        };
        dispatch.learn_routes();
        dispatch.read_page(None);
        dispatch
    }

    /// Applies one input.
    pub fn handle(&mut self, input: Input, now: Timestamp) {
        self.now = now;
        self.changed = true;
        match input {
            Input::Accepted(messages) => messages.into_iter().for_each(|message| self.accept(message)),
            Input::Page(page) => self.take_page(&page),
            Input::PageFailed => self.page_again = Some(now + self.limits.recheck),
            Input::Read(entry, message) => self.take_read(&entry, message),
            Input::ReadFailed(entry) => {
                // What follows it waits with it, so that nothing overtakes.
                self.rest(&entry);
                self.turns.give_up(entry.destination).for_each(|follower| self.rest(&follower));
            }
            Input::AttemptEnded(result) => {
                self.attempts = self.attempts.saturating_sub(1);
                self.apply(result);
            }
            Input::AttemptNotRecorded(entries) => {
                self.attempts = self.attempts.saturating_sub(1);
                entries.iter().for_each(|entry| self.rest(entry));
            }
            Input::Ended(result) => self.apply(result),
            Input::EndNotRecorded(entry) | Input::VerifyFailed(entry) => self.verify_later(entry),
            Input::Verified(entry, waits) if waits => self.queue.add(&entry, now),
            Input::Verified(..) => {}
            Input::Gone(id) => self.queue.ended(id, &NextStep::Ended, now),
            Input::GatewaysReady => self.learn_routes(),
            Input::Wakeup(wakeup) => self.take_wakeup(wakeup),
            Input::Reported(id) => {
                self.queue.reported(id);
            }
            Input::Drain => self.draining = true,
            Input::Tick => self.tick(),
        }
    }

    /// The next thing to do, or `None` when it is time to wait.
    pub fn poll(&mut self) -> Option<Effect> {
        if self.effects.is_empty() && self.changed {
            self.changed = false;
            self.end_overdue();
            self.send_out();
        }
        self.effects.pop_front()
    }

    /// When [`Input::Tick`] is due.
    pub fn deadline(&self) -> Timestamp {
        let again = self.again.keys().next().copied();
        [self.queue.deadline(), again, self.page_again]
            .into_iter()
            .flatten()
            .fold(self.recheck_at, Timestamp::min)
    }

    /// Takes a waiting message out of the queue, unless its attempt runs. [`Input::Ended`] follows.
    pub fn remove(&mut self, entry: &QueueEntry, now: Timestamp) -> Option<QueueEntry> {
        self.changed = true;
        self.bodies.remove(&entry.key.id.get());
        self.queue.remove(entry.destination, entry.key.id, now)
    }

    /// Messages that wait for an attempt.
    pub fn waiting(&self) -> usize {
        self.queue.waiting() + self.reassembly.held() + self.held_back.len()
    }

    /// Attempts that run.
    pub fn open(&self) -> usize {
        self.queue.open()
    }

    /// Messages handed over, with their receipt awaited.
    pub fn handed_over(&self) -> usize {
        self.queue.handed_over()
    }

    /// Messages accepted that older messages on disk hold back.
    pub fn held_back(&self) -> usize {
        self.held_back.len()
    }

    /// Whether no attempt runs after [`Input::Drain`].
    pub fn is_drained(&self) -> bool {
        self.draining && self.attempts == 0 && self.queue.open() == 0
    }

    /// What waits from before the start finds its route queue by the configured routes.
    fn learn_routes(&mut self) {
        for route in self.rules.load().table.routes() {
            let window = self.open_per_destination(route);
            self.queue.set_route_queue(route.queue, &route.targets, window);
        }
    }

    fn open_per_destination(&self, route: &Route) -> u16 {
        let capabilities = route.targets.iter().map(|target| self.gateways.capabilities(target));
        capabilities.map(|capabilities| capabilities.open_per_destination).min().unwrap_or(1)
    }

    fn accept(&mut self, queued: QueuedMessage) {
        if queued.message.mode != Mode::StoreAndForward {
            self.attempt(vec![queued]); // never stored, so it cannot wait
        } else if self.started {
            self.add(queued);
        } else {
            self.held_back.push(queued);
        }
    }

    fn add(&mut self, queued: QueuedMessage) {
        let QueuedMessage { message, entry } = queued;
        if self.queue.holds(&entry) {
            return; // a page of the due index was faster
        }
        if self.queue.waiting() >= self.limits.waiting_max || self.spill.holds(entry.destination) {
            self.spill.add(entry.destination);
            return;
        }
        self.introduce(&entry, &message);
        self.queue.add(&entry, self.now);
        // What a page may have brought in before is read again: it may have ended meanwhile.
        let is_new = self.read_at.is_some_and(|read_at| message.accepted_at > read_at);
        if is_new && self.bodies.len() < self.limits.bodies_max {
            self.bodies.insert(message.id.get(), message);
        }
    }

    /// After a start the targets of a route queue are unknown until a message of it is at hand.
    fn introduce(&mut self, entry: &QueueEntry, message: &Message) {
        if self.queue.knows_route_queue(entry.route_queue) {
            return;
        }
        let route = self.rules.load().route_of(message);
        let window = route.as_deref().map_or(1, |route| self.open_per_destination(route));
        let targets = route.map(|route| route.targets.clone()).unwrap_or_default();
        self.queue.set_route_queue(entry.route_queue, &targets, window);
    }

    fn read_page(&mut self, after: Option<DueKey>) {
        self.cursor = after;
        self.effects.push_back(Effect::ReadPage { after, limit: self.limits.page });
    }

    fn take_page(&mut self, page: &[QueueEntry]) {
        page.iter().for_each(|entry| self.find(entry));
        match page.last() {
            Some(last) => self.read_page(Some(last.key)),
            None => self.end_reading(),
        }
    }

    fn end_reading(&mut self) {
        self.read_at = Some(self.now);
        self.started = true;
        self.spill.reading_ends();
        self.found_destinations = HashSet::default();
        for entry in std::mem::take(&mut self.found) {
            self.queue.add(&entry, self.now);
        }
        std::mem::take(&mut self.held_back).into_iter().for_each(|queued| self.add(queued));
        for wakeup in std::mem::take(&mut self.early) {
            self.wake(&wakeup);
        }
    }

    /// The index is in the order of due times, and a destination keeps the order of acceptance: nothing that
    /// a reading finds goes before the reading is over.
    fn find(&mut self, entry: &QueueEntry) {
        if self.queue.holds(entry) {
            return;
        }
        let is_full = self.queue.waiting() + self.found.len() >= self.limits.waiting_max;
        // A retry lies late in the index, and newer messages to its destination may be in already.
        let is_awaited = entry.attempts > 0
            && (self.queue.has_destination(entry.destination)
                || self.found_destinations.contains(&entry.destination));
        if !is_awaited && (is_full || self.spill.holds_since(entry.destination)) {
            self.spill.add(entry.destination);
        } else if self.started {
            self.found_destinations.insert(entry.destination);
            self.found.push(*entry);
        } else {
            self.queue.add(entry, self.now);
        }
    }

    fn take_read(&mut self, entry: &QueueEntry, message: Option<Arc<Message>>) {
        match message {
            Some(message) => {
                self.introduce(entry, &message);
                self.set_out(QueuedMessage { message, entry: *entry });
            }
            None => self.queue.ended(entry.key.id, &NextStep::Ended, self.now),
        }
        self.follow(entry.destination);
    }

    /// What follows a read at its destination, up to the next read.
    fn follow(&mut self, destination: u64) {
        while let Some(step) = self.turns.next(destination) {
            match step {
                Step::Go(queued) => self.set_out(queued),
                Step::Read(entry) => {
                    self.effects.push_back(Effect::Read(entry));
                    return;
                }
            }
        }
    }

    /// What could not be read or recorded is read again after a while, unless it has ended by then: a message
    /// is rather delivered twice than never.
    fn rest(&mut self, entry: &QueueEntry) {
        self.queue.rest(entry, self.now + self.limits.again_after, self.now);
    }

    /// A message is looked for in the store after a while if its end could not be recorded.
    fn verify_later(&mut self, entry: QueueEntry) {
        self.queue.ended(entry.key.id, &NextStep::Ended, self.now);
        self.again.entry(self.now + self.limits.again_after).or_default().push(entry);
    }

    fn apply(&mut self, result: AttemptResult) {
        for (id, next) in &result.next {
            self.queue.ended(*id, next, self.now);
        }
        result.receipts.into_iter().for_each(|receipt| self.accept(receipt));
    }

    fn take_wakeup(&mut self, wakeup: Wakeup) {
        self.wake(&wakeup);
        // What it is about may be on its way from the store.
        if self.read_at.is_none() && self.early.len() < self.limits.early_max {
            self.early.push(wakeup);
        }
    }

    fn wake(&mut self, wakeup: &Wakeup) {
        match wakeup {
            Wakeup::Endpoint(endpoint) => self.queue.wake_endpoint(endpoint, self.now),
            Wakeup::Number(endpoint, digits) => {
                self.queue.wake_number(endpoint, digits, self.now);
            }
        }
    }

    fn tick(&mut self) {
        let now = self.now;
        while let Some(first) = self.again.first_entry().filter(|first| *first.key() <= now) {
            self.effects.extend(first.remove().into_iter().map(Effect::Verify));
        }
        if self.page_again.take_if(|at| *at <= now).is_some() {
            self.read_page(self.cursor);
        }
        if self.recheck_at <= now {
            self.recheck_at = now + self.limits.recheck;
            self.recheck();
        }
    }

    fn recheck(&mut self) {
        self.queue.recheck();
        for queued in self.reassembly.tick(self.now) {
            self.attempt(vec![queued]);
        }
        let has_space = self.queue.waiting() < self.limits.waiting_max.div_ceil(2);
        if self.spill.is_pending() && self.read_at.is_some() && has_space {
            self.read_at = None;
            self.spill.reading_begins();
            self.read_page(None);
        }
    }

    fn end_overdue(&mut self) {
        for overdue in self.queue.tick(self.now) {
            let (Overdue::Expired(entry) | Overdue::Unreported(entry)) = overdue;
            self.bodies.remove(&entry.key.id.get());
            self.effects.push_back(Effect::End(overdue));
        }
    }

    fn send_out(&mut self) {
        if self.draining || !self.started {
            return;
        }
        let gateways = Arc::clone(&self.gateways);
        let available = |targets: &[Endpoint]| targets.iter().map(|target| gateways.available(target)).sum();
        for entry in self.queue.take(self.now, available) {
            let message = self.bodies.remove(&entry.key.id.get());
            match self.turns.take(Turn { entry, message }) {
                Some(Step::Go(queued)) => self.set_out(queued),
                Some(Step::Read(entry)) => self.effects.push_back(Effect::Read(entry)),
                None => {}
            }
        }
    }

    /// A message is attempted in its turn, or waits for its siblings if it is a segment and its
    /// target wants whole messages.
    fn set_out(&mut self, queued: QueuedMessage) {
        if !self.wants_siblings(&queued.message) {
            return self.attempt(vec![queued]);
        }
        // It gives its place in the destination's window to its siblings.
        self.queue.set_aside(queued.message.id, self.now);
        match self.reassembly.offer(queued, self.now) {
            Assembled::Incomplete => {}
            Assembled::Whole(segments) => self.attempt(segments),
            Assembled::Alone(segment) => self.attempt(vec![segment]),
        }
    }

    fn wants_siblings(&self, message: &Message) -> bool {
        if !reassembly::is_segment(message) {
            return false;
        }
        let route = self.rules.load().route_of(message);
        let target = route.as_ref().and_then(|route| route.targets.first());
        target.is_some_and(|target| self.gateways.capabilities(target).reassembled)
    }

    fn attempt(&mut self, group: Vec<QueuedMessage>) {
        self.attempts += 1;
        self.effects.push_back(Effect::Attempt(group));
    }
}

impl std::fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatch")
            .field("waiting", &self.waiting())
            .field("open", &self.open())
            .field("handed_over", &self.handed_over())
            .finish_non_exhaustive()
    }
}
