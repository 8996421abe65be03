//! Everything that waits in this process, as small as it can be.
//!
//! Messages wait by destination, so that one destination's messages keep their
//! order and its retry timer holds all of them. Destinations wait by route queue: the
//! targets of their route. A route queue without room at its targets costs nothing until
//! one of them opens; it never slows another route queue down.
//!
//! The loop around it: [`Queue::add`] what is accepted, call [`Queue::tick`] at
//! [`Queue::deadline`], [`Queue::take`] what may go now, and report to
//! [`Queue::ended`] how it went. What the queue has given out it still knows
//! ([`Queue::holds`]) until that report.

mod backlog;
mod key_queue;
pub mod reassembly;
pub mod throttle;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use smallvec::SmallVec;

use crate::attempt::NextStep;
use crate::endpoint::Endpoint;
use crate::hashing::Hashed;
use crate::ids::MessageId;
use crate::names::Name;
use crate::rules::routing::table::Route;
use crate::stored::QueueEntry;
use crate::timestamp::Timestamp;
use backlog::{Backlog, Entry};
use key_queue::KeyQueue;

/// What [`Queue::tick`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Overdue {
    /// The validity of a waiting message ran out.
    Expired(QueueEntry),
    /// The next hop's receipt for a message never came.
    Unreported(QueueEntry),
}

/// The waiting messages of one process.
#[derive(Debug)]
pub struct Queue {
    destinations: HashMap<u64, Destination, Hashed>,
    route_queues: Vec<RouteQueue>,
    route_queue_numbers: HashMap<u64, u32, Hashed>,
    endpoint_queues: HashMap<Endpoint, SmallVec<[u32; 2]>>,
    /// Lanes that may have something to send, in turn.
    active: VecDeque<u32>,
    /// Messages that were given out and of which no word has come yet.
    given_out: HashMap<u64, GivenOut, Hashed>,
    /// How many of them have an attempt that runs.
    open: usize,
    open_max: usize,
    /// Messages that ended by a receipt which was faster than the result of their attempt.
    overtaken: HashSet<u64, Hashed>,
    handed_over: HashMap<u64, QueueEntry, Hashed>,
    timers: BinaryHeap<Reverse<(Timestamp, u64)>>,
    receipt_timers: BinaryHeap<Reverse<(Timestamp, u64)>>,
    waiting: usize,
    /// Counts the turns of route queues.
    turns: u64,
}

#[derive(Clone, Copy, Debug)]
struct GivenOut {
    /// The destination in the window of which it takes a place, while an attempt runs.
    destination: Option<u64>,
    /// Whether the next hop's receipt came already.
    reported: bool,
    /// Whether it is being taken back: the only report is that of the removal.
    removed: bool,
    /// Whether its network reported, while its attempt ran, that the destination can be reached: if it
    /// fails, it fails for what was true before.
    retry_at_once: bool,
}

/// What a failed attempt means for the destination of its message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Park {
    /// Nothing.
    Not,
    /// Nothing goes there before the message's time.
    UntilDue,
    /// The same, but an opening endpoint ends the wait.
    UntilOpened,
}

impl GivenOut {
    /// With an attempt that takes a place of `destination`, or without one.
    const fn at(destination: Option<u64>) -> Self {
        Self { destination, reported: false, removed: false, retry_at_once: false }
    }
}

#[derive(Debug)]
struct Destination {
    route_queue: u32,
    /// Attempts that run.
    open: u16,
    /// Whether it stands in its route queue's `ready`.
    ready: bool,
    /// Whether it stands in its route queue's `parked`.
    parked: bool,
    /// After a failure nothing goes before this time.
    parked_until: Timestamp,
    /// The timer that is set for it; older ones in the heap are void.
    timer: Timestamp,
    backlog: Backlog,
}

#[derive(Debug)]
struct RouteQueue {
    key: u64,
    /// Unknown after a restart until the first message of the route queue has been read.
    endpoints: Option<Vec<Endpoint>>,
    open_per_destination: u16,
    ready: KeyQueue,
    /// Destinations that an opening endpoint wakes.
    parked: KeyQueue,
    /// Whether it stands in `active`.
    active: bool,
    /// When it had its last turn: among route queues that share an endpoint, the longest without goes first.
    turn: u64,
}

/// How many messages of one route queue go before the next route queue's turn.
const TURN: usize = 64;

impl Queue {
    /// An empty queue that lets at most `open_max` attempts run at once.
    pub fn new(open_max: usize) -> Self {
        Self {
            destinations: HashMap::default(),
            route_queues: Vec::new(),
            route_queue_numbers: HashMap::default(),
            endpoint_queues: HashMap::new(),
            active: VecDeque::new(),
            given_out: HashMap::default(),
            open: 0,
            open_max,
            overtaken: HashSet::default(),
            handed_over: HashMap::default(),
            timers: BinaryHeap::new(),
            receipt_timers: BinaryHeap::new(),
            waiting: 0,
            turns: 0,
        }
    }

    /// Messages that wait for an attempt.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Attempts that run.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Messages that wait for the next hop's receipt.
    pub fn handed_over(&self) -> usize {
        self.handed_over.len()
    }

    /// Whether this message waits here, or was given out and is not reported yet.
    pub fn holds(&self, waiting: &QueueEntry) -> bool {
        let id = waiting.key.id.get();
        self.given_out.contains_key(&id)
            || self.handed_over.contains_key(&id)
            || self
                .destinations
                .get(&waiting.destination)
                .is_some_and(|destination| destination.backlog.contains(waiting))
    }

    /// Whether anything waits for a destination, or is under way to it.
    pub fn has_destination(&self, destination: u64) -> bool {
        self.destinations.contains_key(&destination)
    }

    /// Sets the targets of a route queue; they replace those of before.
    pub fn set_route_queue(&mut self, key: u64, endpoints: &[Endpoint], open_per_destination: u16) {
        let number = self.route_queue_number(key);
        let Some(route_queue) = self.route_queue_mut(number) else { return };
        route_queue.open_per_destination = open_per_destination.max(1);
        if route_queue.endpoints.as_deref() == Some(endpoints) {
            return;
        }
        route_queue.endpoints = Some(endpoints.to_vec());
        for endpoint in endpoints {
            let route_queues = self.endpoint_queues.entry(endpoint.clone()).or_default();
            if !route_queues.contains(&number) {
                route_queues.push(number);
            }
        }
        self.activate(number);
    }

    /// Whether the endpoints of a route queue are known.
    pub fn knows_route_queue(&self, key: u64) -> bool {
        self.route_queue_numbers
            .get(&key)
            .and_then(|number| self.route_queue(*number))
            .is_some_and(|route_queue| route_queue.endpoints.is_some())
    }

    /// Forgets the targets of the route queues, as after a change of the route table.
    pub fn forget_route_queues(&mut self) {
        self.endpoint_queues.clear();
        self.route_queues.iter_mut().for_each(|route_queue| route_queue.endpoints = None);
        self.recheck();
    }

    /// A message waits from now on. One that is held already is passed over.
    ///
    /// A message that was tried before waits for its time. Why the attempt failed is not known here,
    /// so that an opening endpoint wakes it.
    pub fn add(&mut self, waiting: &QueueEntry, now: Timestamp) {
        if self.holds(waiting) {
            return;
        }
        if waiting.handed_over {
            self.await_receipt(*waiting);
        } else {
            self.insert(waiting, Park::UntilOpened, now);
        }
    }

    fn insert(&mut self, waiting: &QueueEntry, park: Park, now: Timestamp) {
        let route_queue = self.route_queue_number(waiting.route_queue);
        let destination = self.destinations.entry(waiting.destination).or_insert_with(|| Destination {
            route_queue,
            open: 0,
            ready: false,
            parked: false,
            parked_until: Timestamp::default(),
            timer: Timestamp::NEVER,
            backlog: Backlog::Empty,
        });
        let was_parked = destination.parked;
        destination.insert(waiting, park, now);
        if destination.parked && !was_parked {
            self.park(waiting.destination, route_queue);
        }
        self.waiting += 1;
        self.touch(waiting.destination, now);
    }

    /// Takes what may go now. `room` gives how many more deliveries the endpoints of a route queue can take.
    pub fn take(&mut self, now: Timestamp, mut room: impl FnMut(&[Endpoint]) -> usize) -> Vec<QueueEntry> {
        let mut taken = Vec::new();
        let mut budgets: HashMap<u32, usize, Hashed> = HashMap::default();
        while self.open < self.open_max {
            let Some(number) = self.active.pop_front() else { break };
            let Some(route_queue) = self.route_queues.get_mut(number as usize) else { continue };
            let budget = *budgets.entry(number).or_insert_with(|| match &route_queue.endpoints {
                Some(endpoints) if !endpoints.is_empty() => room(endpoints),
                // The first message shows the targets of the route queue, or that there are none.
                _ => 1,
            });
            let turn = budget.min(TURN).min(self.open_max - self.open);
            let gone = self.take_of_route_queue(number, turn, now, &mut taken);
            budgets.insert(number, budget - gone);
            self.turns += 1;
            let turns = self.turns;
            let Some(route_queue) = self.route_queues.get_mut(number as usize) else { continue };
            if gone > 0 {
                route_queue.turn = turns;
            }
            if route_queue.ready.is_empty() || gone == budget {
                route_queue.active = false; // until something is added, ends or opens
            } else {
                self.active.push_back(number);
            }
        }
        taken
    }

    /// The last report about a message that was given out: its attempt is over, or it has ended. A
    /// message that was not taken from here comes in if it is to wait on.
    pub fn ended(&mut self, id: MessageId, next: &NextStep, now: Timestamp) {
        let held = self.given_out.remove(&id.get());
        match held {
            None if self.overtaken.remove(&id.get()) => return,
            // Two words follow a receipt that came in between: its own, and that of the attempt.
            Some(held) if held.reported && *next == NextStep::Ended => {
                self.overtaken.insert(id.get());
            }
            _ => {}
        }
        let place = held.and_then(|held| held.destination);
        if let Some(destination) = place.and_then(|key| self.destinations.get_mut(&key)) {
            destination.open = destination.open.saturating_sub(1);
            self.open = self.open.saturating_sub(1);
        }
        match next {
            NextStep::HandedOver(waiting) if held.is_none_or(|held| !held.reported) => self.add(waiting, now),
            NextStep::Ended | NextStep::HandedOver(_) => {
                self.handed_over.remove(&id.get());
            }
            NextStep::Again(waiting) if held.is_some_and(|held| held.retry_at_once) => {
                self.insert(waiting, Park::Not, now);
            }
            NextStep::Again(waiting) => self.insert(waiting, Park::UntilDue, now),
            NextStep::AgainOnceOpen(waiting) => self.insert(waiting, Park::UntilOpened, now),
        }
        if let Some(key) = place {
            let route_queue = self.destinations.get(&key).map(|destination| destination.route_queue);
            self.touch(key, now);
            if let Some(route_queue) = route_queue {
                self.activate(route_queue);
            }
        }
    }

    /// A message that was given out could not be read, or its outcome could not be recorded: it waits as it
    /// waited before, and nothing goes to its destination before `until`.
    pub fn rest(&mut self, entry: &QueueEntry, until: Timestamp, now: Timestamp) {
        self.ended(entry.key.id, &NextStep::Ended, now);
        if self.holds(entry) {
            return;
        }
        self.insert(entry, Park::Not, now);
        if let Some(destination) = self.destinations.get_mut(&entry.destination) {
            destination.parked_until = destination.parked_until.max(until);
        }
        self.touch(entry.destination, now);
    }

    /// A message that was given out waits elsewhere: a segment for its siblings. It gives its
    /// place to the next one, and is held until [`Queue::ended`].
    pub fn set_aside(&mut self, id: MessageId, now: Timestamp) {
        if self.given_out.contains_key(&id.get()) {
            self.ended(id, &NextStep::Ended, now);
            self.given_out.insert(id.get(), GivenOut::at(None));
        }
    }

    /// An endpoint can take messages again: what failed for want of it goes at once, in order.
    pub fn wake_endpoint(&mut self, endpoint: &Endpoint, now: Timestamp) {
        let route_queues = self.route_queues_to(endpoint);
        for number in &route_queues {
            let parked = self.route_queue_mut(*number).map(|route_queue| route_queue.parked.take());
            for key in parked.unwrap_or_default() {
                if let Some(destination) = self.destinations.get_mut(&key).filter(|found| found.parked) {
                    destination.parked = false;
                    destination.parked_until = Timestamp::default();
                    self.touch(key, now);
                }
            }
        }
        self.activate_in_turn(route_queues.into_vec());
    }

    /// The network behind `endpoint` reports that a number can be reached again: what waits for it goes at
    /// once, in order. Answers whether anything waits or is under way.
    ///
    /// An attempt that runs may fail for what was true before. Its message goes again at once, one time.
    pub fn wake_number(&mut self, endpoint: &Endpoint, digits: &Name, now: Timestamp) -> bool {
        let mut found = false;
        for number in self.route_queues_to(endpoint) {
            let Some(route_queue) = self.route_queue(number) else { continue };
            let key = QueueEntry::destination_key(digits, route_queue.key);
            let Some(destination) = self.destinations.get_mut(&key) else { continue };
            found = true;
            destination.parked = false;
            destination.parked_until = Timestamp::default();
            if destination.open > 0 {
                let attempts = self.given_out.values_mut().filter(|held| held.destination == Some(key));
                attempts.for_each(|held| held.retry_at_once = true);
            }
            self.touch(key, now);
        }
        found
    }

    /// Wakes every route queue, for changes that were not reported.
    pub fn recheck(&mut self) {
        let route_queues = (0_u32..).zip(&self.route_queues);
        self.activate_in_turn(
            route_queues
                .filter(|(_, route_queue)| !route_queue.active && !route_queue.ready.is_empty())
                .map(|(n, _)| n)
                .collect(),
        );
    }

    /// What ran out by `now`. Those messages wait no longer; [`Queue::ended`] follows when that is on record.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Overdue> {
        let mut overdue = Vec::new();
        while let Some(Reverse((at, key))) = self.timers.peek().copied() {
            if at > now {
                break;
            }
            self.timers.pop();
            if self.destinations.get(&key).is_some_and(|destination| destination.timer == at) {
                self.expire(key, now, &mut overdue);
            }
        }
        while let Some(Reverse((at, id))) = self.receipt_timers.peek().copied() {
            if at > now {
                break;
            }
            self.receipt_timers.pop();
            if self.handed_over.get(&id).is_some_and(|waiting| waiting.expires_at == at) {
                overdue.extend(self.handed_over.remove(&id).map(Overdue::Unreported));
                self.given_out.insert(id, GivenOut::at(None));
            }
        }
        overdue
    }

    /// When [`Queue::tick`] is due, if at all.
    pub fn deadline(&self) -> Option<Timestamp> {
        let first = |timers: &BinaryHeap<Reverse<(Timestamp, u64)>>| timers.peek().map(|timer| timer.0.0);
        match (first(&self.timers), first(&self.receipt_timers)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Takes a waiting message out, unless its attempt runs. [`Queue::ended`] follows.
    pub fn remove(&mut self, destination: u64, id: MessageId, now: Timestamp) -> Option<QueueEntry> {
        let route_queue_key = self.route_queue_of(destination);
        let found = self.destinations.get_mut(&destination)?;
        let entry = found.backlog.remove(id, now)?;
        self.waiting -= 1;
        self.given_out.insert(id.get(), GivenOut { removed: true, ..GivenOut::at(None) });
        self.touch(destination, now);
        Some(entry.waiting(destination, route_queue_key))
    }

    /// The next hop's receipt came: the message waits for it no longer. A [`Queue::ended`] of its own
    /// follows, beside the one of an attempt that was not reported yet.
    pub fn reported(&mut self, id: MessageId) -> Option<QueueEntry> {
        if let Some(held) = self.given_out.get_mut(&id.get()) {
            held.reported = !held.removed;
        }
        self.handed_over.remove(&id.get())
    }

    fn await_receipt(&mut self, waiting: QueueEntry) {
        self.receipt_timers.push(Reverse((waiting.expires_at, waiting.key.id.get())));
        self.handed_over.insert(waiting.key.id.get(), waiting);
        if self.receipt_timers.len() > 2 * self.handed_over.len() + 1024 {
            let handed_over = &self.handed_over;
            self.receipt_timers.retain(|Reverse((_, id))| handed_over.contains_key(id));
        }
    }

    /// Moves up to `turn` messages of a route queue into `taken`.
    fn take_of_route_queue(
        &mut self,
        number: u32,
        turn: usize,
        now: Timestamp,
        taken: &mut Vec<QueueEntry>,
    ) -> usize {
        let mut gone = 0;
        while gone < turn {
            let Some(route_queue) = self.route_queues.get_mut(number as usize) else { break };
            let Some(key) = route_queue.ready.pop() else { break };
            let (route_queue_key, per_destination) = (route_queue.key, route_queue.open_per_destination);
            let Some(destination) = self.destinations.get_mut(&key).filter(|found| found.ready) else {
                continue; // it went and came again: its newer place counts
            };
            destination.ready = false;
            let Some(entry) = destination.take(now) else {
                self.touch(key, now);
                continue;
            };
            destination.open += 1;
            self.open += 1;
            self.waiting -= 1;
            self.given_out.insert(entry.id.get(), GivenOut::at(Some(key)));
            if per_destination > 1 {
                self.touch(key, now);
            }
            taken.push(entry.waiting(key, route_queue_key));
            gone += 1;
        }
        gone
    }

    fn expire(&mut self, key: u64, now: Timestamp, overdue: &mut Vec<Overdue>) {
        let route_queue_key = self.route_queue_of(key);
        let Some(destination) = self.destinations.get_mut(&key) else { return };
        destination.timer = Timestamp::NEVER;
        let expired = destination.backlog.expire(now);
        self.waiting -= expired.len();
        for entry in &expired {
            self.given_out.insert(entry.id.get(), GivenOut::at(None));
        }
        overdue.extend(expired.iter().map(|entry| Overdue::Expired(entry.waiting(key, route_queue_key))));
        self.touch(key, now);
    }

    /// Brings a destination to where it belongs: gone, ready, or waiting for its timer.
    fn touch(&mut self, key: u64, now: Timestamp) {
        let Some(destination) = self.destinations.get_mut(&key) else { return };
        if destination.backlog.is_empty() {
            if destination.open == 0 {
                self.destinations.remove(&key);
            }
            return;
        }
        let number = destination.route_queue;
        let Some(route_queue) = self.route_queues.get_mut(number as usize) else { return };
        let has_place = destination.open < route_queue.open_per_destination;
        let becomes_ready = !destination.ready && has_place && destination.may_go(now);
        destination.ready |= becomes_ready;
        let wake_at = destination.wake_at(has_place);
        if wake_at < destination.timer {
            destination.timer = wake_at;
            self.timers.push(Reverse((wake_at, key)));
        }
        if becomes_ready {
            let destinations = &self.destinations;
            route_queue.ready.push(key, |key| destinations.get(&key).is_some_and(|found| found.ready));
        }
        self.activate(number);
        self.sweep_timers();
    }

    /// Void timers of destinations long gone must not pile up.
    fn sweep_timers(&mut self) {
        if self.timers.len() > 2 * self.destinations.len() + 4096 {
            let mut timers = std::mem::take(&mut self.timers).into_vec();
            timers.retain(|Reverse((at, key))| {
                self.destinations.get(key).is_some_and(|destination| destination.timer == *at)
            });
            // A destination that comes and goes may have set the same one many times.
            timers.sort_unstable();
            timers.dedup();
            self.timers = timers.into();
        }
    }

    /// The route queues that lead to an endpoint.
    fn route_queues_to(&self, endpoint: &Endpoint) -> SmallVec<[u32; 2]> {
        let mut route_queues = self.endpoint_queues.get(endpoint).cloned().unwrap_or_default();
        // The route queue of the endpoint itself is known by its name, even if nothing has gone there yet.
        let own = self.route_queue_numbers.get(&Route::queue_to(endpoint)).copied();
        route_queues.extend(own.filter(|own| !route_queues.contains(own)));
        route_queues
    }

    fn park(&mut self, key: u64, number: u32) {
        let destinations = &self.destinations;
        if let Some(route_queue) = self.route_queues.get_mut(number as usize) {
            route_queue.parked.push(key, |key| destinations.get(&key).is_some_and(|found| found.parked));
        }
    }

    fn activate_in_turn(&mut self, mut route_queues: Vec<u32>) {
        route_queues
            .sort_by_key(|number| self.route_queue(*number).map_or(0, |route_queue| route_queue.turn));
        route_queues.into_iter().for_each(|number| self.activate(number));
    }

    fn activate(&mut self, number: u32) {
        let Some(route_queue) = self.route_queues.get_mut(number as usize) else { return };
        if !route_queue.active && !route_queue.ready.is_empty() {
            route_queue.active = true;
            self.active.push_back(number);
        }
    }

    fn route_queue_number(&mut self, key: u64) -> u32 {
        if let Some(number) = self.route_queue_numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.route_queues.len()).unwrap_or(u32::MAX);
        self.route_queues.push(RouteQueue {
            key,
            endpoints: None,
            open_per_destination: 1,
            ready: KeyQueue::default(),
            parked: KeyQueue::default(),
            active: false,
            turn: 0,
        });
        self.route_queue_numbers.insert(key, number);
        number
    }

    fn route_queue(&self, number: u32) -> Option<&RouteQueue> {
        self.route_queues.get(number as usize)
    }

    fn route_queue_mut(&mut self, number: u32) -> Option<&mut RouteQueue> {
        self.route_queues.get_mut(number as usize)
    }

    fn route_queue_of(&self, destination: u64) -> u64 {
        self.destinations
            .get(&destination)
            .and_then(|found| self.route_queue(found.route_queue))
            .map_or(0, |route_queue| route_queue.key)
    }
}

impl Destination {
    fn insert(&mut self, waiting: &QueueEntry, park: Park, now: Timestamp) {
        if waiting.attempts > 0 && park != Park::Not {
            self.parked_until = self.parked_until.max(waiting.key.due);
            self.parked = park == Park::UntilOpened && self.parked_until > now;
        }
        self.backlog.insert(Entry::of(waiting));
    }

    fn may_go(&self, now: Timestamp) -> bool {
        self.parked_until <= now && self.backlog.eligible_at() <= now
    }

    fn take(&mut self, now: Timestamp) -> Option<Entry> {
        if self.parked_until <= now { self.backlog.take(now) } else { None }
    }

    fn wake_at(&self, has_place: bool) -> Timestamp {
        let expiry = self.backlog.expires_at();
        if self.ready || !has_place {
            return expiry;
        }
        self.backlog.eligible_at().max(self.parked_until).min(expiry)
    }
}

#[cfg(test)]
mod tests;
