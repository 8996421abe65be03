//! Everything that waits in this process, as small as it can be.
//!
//! Messages wait by destination, so that one destination's messages keep their
//! order and its retry timer holds all of them. Destinations wait by lane: the
//! targets of their route. A lane whose targets have no room costs nothing until
//! one of them opens; it never slows another lane down.
//!
//! The loop around it: [`Queue::add`] what is accepted, call [`Queue::tick`] at
//! [`Queue::deadline`], [`Queue::take`] what may go now, and tell
//! [`Queue::ended`] how it went. What the queue has given out it still knows
//! ([`Queue::holds`]) until it hears that word.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use smallvec::SmallVec;

use super::backlog::{Backlog, Entry};
use super::roll::Roll;
use crate::message::{Endpoint, MessageId, Name, Timestamp};
use crate::ports::QueueEntry;
use crate::routing::Hashed;
use crate::routing::table::Route;

/// How an attempt left its message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextStep {
    /// It has ended.
    Ended,
    /// The next hop has it and will send a receipt; wait for that until the key's time.
    HandedOver(QueueEntry),
    /// It waits on, and its destination with it.
    Again(QueueEntry),
    /// The same, but it need not wait so long: it goes as soon as one of its targets opens.
    AgainOnceOpen(QueueEntry),
}

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
    lanes: Vec<Lane>,
    lane_numbers: HashMap<u64, u32, Hashed>,
    endpoint_queues: HashMap<Endpoint, SmallVec<[u32; 2]>>,
    /// Lanes that may have something to send, in turn.
    active: VecDeque<u32>,
    /// Messages that were given out and of which no word has come yet.
    in_hand: HashMap<u64, InHand, Hashed>,
    /// How many of them have an attempt that runs.
    open: usize,
    open_max: usize,
    /// Messages that ended by a receipt which was faster than the word of their attempt.
    overtaken: HashSet<u64, Hashed>,
    handed_over: HashMap<u64, QueueEntry, Hashed>,
    timers: BinaryHeap<Reverse<(Timestamp, u64)>>,
    receipt_timers: BinaryHeap<Reverse<(Timestamp, u64)>>,
    waiting: usize,
    /// Counts the turns of lanes.
    turns: u64,
}

#[derive(Clone, Copy, Debug)]
struct InHand {
    /// The destination whose window it takes a place of, while an attempt runs.
    destination: Option<u64>,
    /// Whether the next hop's receipt came already.
    reported: bool,
    /// Whether it is being taken back: its only word is that of whoever does it.
    removed: bool,
    /// Whether its network said, while its attempt ran, that the destination can be reached: if it
    /// fails, it fails for what was true before.
    forgiven: bool,
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

impl InHand {
    /// With an attempt that takes a place of `destination`, or without one.
    const fn at(destination: Option<u64>) -> Self {
        Self { destination, reported: false, removed: false, forgiven: false }
    }
}

#[derive(Debug)]
struct Destination {
    lane: u32,
    /// Attempts that run.
    open: u16,
    /// Whether it stands in its lane's `ready`.
    ready: bool,
    /// Whether it stands in its lane's `parked`.
    parked: bool,
    /// After a failure nothing goes before this time.
    parked_until: Timestamp,
    /// The timer that is set for it; older ones in the heap are void.
    timer: Timestamp,
    backlog: Backlog,
}

#[derive(Debug)]
struct Lane {
    key: u64,
    /// Unknown after a restart until the first message of the lane has been read.
    endpoints: Option<Vec<Endpoint>>,
    open_per_destination: u16,
    ready: Roll,
    /// Destinations that an opening endpoint wakes.
    parked: Roll,
    /// Whether it stands in `active`.
    active: bool,
    /// When it had its last turn: among lanes that share an endpoint, the longest without goes first.
    turn: u64,
}

/// How many messages of one lane go before the next lane's turn.
const TURN: usize = 64;

impl Queue {
    /// An empty queue that lets at most `open_max` attempts run at once.
    pub fn new(open_max: usize) -> Self {
        Self {
            destinations: HashMap::default(),
            lanes: Vec::new(),
            lane_numbers: HashMap::default(),
            endpoint_queues: HashMap::new(),
            active: VecDeque::new(),
            in_hand: HashMap::default(),
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

    /// Whether this message waits here, or was given out and no word of it has come yet.
    pub fn holds(&self, waiting: &QueueEntry) -> bool {
        let id = waiting.key.id.get();
        self.in_hand.contains_key(&id)
            || self.handed_over.contains_key(&id)
            || self
                .destinations
                .get(&waiting.destination)
                .is_some_and(|destination| destination.backlog.contains(waiting))
    }

    /// Says who stands behind a lane. Later words replace earlier ones.
    pub fn learn_lane(&mut self, key: u64, endpoints: &[Endpoint], open_per_destination: u16) {
        let number = self.lane_number(key);
        let Some(lane) = self.lane_mut(number) else { return };
        lane.open_per_destination = open_per_destination.max(1);
        if lane.endpoints.as_deref() == Some(endpoints) {
            return;
        }
        lane.endpoints = Some(endpoints.to_vec());
        for endpoint in endpoints {
            let lanes = self.endpoint_queues.entry(endpoint.clone()).or_default();
            if !lanes.contains(&number) {
                lanes.push(number);
            }
        }
        self.activate(number);
    }

    /// Whether the endpoints of a lane are known.
    pub fn knows_lane(&self, key: u64) -> bool {
        self.lane_numbers
            .get(&key)
            .and_then(|number| self.lane(*number))
            .is_some_and(|lane| lane.endpoints.is_some())
    }

    /// Forgets who stands behind the lanes, as after a change of the route table.
    pub fn forget_lanes(&mut self) {
        self.endpoint_queues.clear();
        self.lanes.iter_mut().for_each(|lane| lane.endpoints = None);
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
        let lane = self.lane_number(waiting.lane);
        let destination = self.destinations.entry(waiting.destination).or_insert_with(|| Destination {
            lane,
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
            self.park(waiting.destination, lane);
        }
        self.waiting += 1;
        self.touch(waiting.destination, now);
    }

    /// Takes what may go now. `room` says how many more deliveries the endpoints of a lane can take.
    pub fn take(&mut self, now: Timestamp, mut room: impl FnMut(&[Endpoint]) -> usize) -> Vec<QueueEntry> {
        let mut taken = Vec::new();
        let mut budgets: HashMap<u32, usize, Hashed> = HashMap::default();
        while self.open < self.open_max {
            let Some(number) = self.active.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(number as usize) else { continue };
            let budget = *budgets.entry(number).or_insert_with(|| match &lane.endpoints {
                Some(endpoints) if !endpoints.is_empty() => room(endpoints),
                // The first message tells who stands behind the lane, or that nobody does.
                _ => 1,
            });
            let turn = budget.min(TURN).min(self.open_max - self.open);
            let gone = self.take_of_lane(number, turn, now, &mut taken);
            budgets.insert(number, budget - gone);
            self.turns += 1;
            let turns = self.turns;
            let Some(lane) = self.lanes.get_mut(number as usize) else { continue };
            if gone > 0 {
                lane.turn = turns;
            }
            if lane.ready.is_empty() || gone == budget {
                lane.active = false; // until something is added, ends or opens
            } else {
                self.active.push_back(number);
            }
        }
        taken
    }

    /// The last word about a message that was given out: its attempt is over, or it has ended. A
    /// message that was not taken from here comes in if it is to wait on.
    pub fn ended(&mut self, id: MessageId, next: &NextStep, now: Timestamp) {
        let held = self.in_hand.remove(&id.get());
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
            NextStep::Again(waiting) if held.is_some_and(|held| held.forgiven) => {
                self.insert(waiting, Park::Not, now);
            }
            NextStep::Again(waiting) => self.insert(waiting, Park::UntilDue, now),
            NextStep::AgainOnceOpen(waiting) => self.insert(waiting, Park::UntilOpened, now),
        }
        if let Some(key) = place {
            let lane = self.destinations.get(&key).map(|destination| destination.lane);
            self.touch(key, now);
            if let Some(lane) = lane {
                self.activate(lane);
            }
        }
    }

    /// A message whose attempt was to run waits elsewhere: a segment for its siblings. It gives its
    /// place to the next one, and is held until [`Queue::ended`] tells of it.
    pub fn set_aside(&mut self, id: MessageId, now: Timestamp) {
        if self.in_hand.contains_key(&id.get()) {
            self.ended(id, &NextStep::Ended, now);
            self.in_hand.insert(id.get(), InHand::at(None));
        }
    }

    /// An endpoint can take messages again: what failed for want of it goes at once, in order.
    pub fn opened(&mut self, endpoint: &Endpoint, now: Timestamp) {
        let lanes = self.lanes_to(endpoint);
        for number in &lanes {
            let parked = self.lane_mut(*number).map(|lane| lane.parked.take());
            for key in parked.unwrap_or_default() {
                if let Some(destination) = self.destinations.get_mut(&key).filter(|found| found.parked) {
                    destination.parked = false;
                    destination.parked_until = Timestamp::default();
                    self.touch(key, now);
                }
            }
        }
        self.activate_in_turn(lanes.into_vec());
    }

    /// The network behind `endpoint` says that a number can be reached again: what waits for it goes at
    /// once, in order. Answers whether anything waits or is under way.
    ///
    /// An attempt that runs may fail for what was true before. Its message goes again at once, one time.
    pub fn reachable(&mut self, endpoint: &Endpoint, digits: &Name, now: Timestamp) -> bool {
        let mut found = false;
        for number in self.lanes_to(endpoint) {
            let Some(lane) = self.lane(number) else { continue };
            let key = QueueEntry::destination_key(digits, lane.key);
            let Some(destination) = self.destinations.get_mut(&key) else { continue };
            found = true;
            destination.parked = false;
            destination.parked_until = Timestamp::default();
            if destination.open > 0 {
                let attempts = self.in_hand.values_mut().filter(|held| held.destination == Some(key));
                attempts.for_each(|held| held.forgiven = true);
            }
            self.touch(key, now);
        }
        found
    }

    /// Wakes every lane, for changes of which nobody told.
    pub fn recheck(&mut self) {
        let lanes = (0_u32..).zip(&self.lanes);
        self.activate_in_turn(
            lanes.filter(|(_, lane)| !lane.active && !lane.ready.is_empty()).map(|(n, _)| n).collect(),
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
                self.in_hand.insert(id, InHand::at(None));
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
        let lane_key = self.lane_key_of(destination);
        let found = self.destinations.get_mut(&destination)?;
        let entry = found.backlog.remove(id, now)?;
        self.waiting -= 1;
        self.in_hand.insert(id.get(), InHand { removed: true, ..InHand::at(None) });
        self.touch(destination, now);
        Some(entry.waiting(destination, lane_key))
    }

    /// The next hop's receipt came: the message waits for it no longer. A [`Queue::ended`] of its own
    /// follows, beside the one of an attempt that was not told yet.
    pub fn reported(&mut self, id: MessageId) -> Option<QueueEntry> {
        if let Some(held) = self.in_hand.get_mut(&id.get()) {
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

    /// Moves up to `turn` messages of a lane into `taken`.
    fn take_of_lane(
        &mut self,
        number: u32,
        turn: usize,
        now: Timestamp,
        taken: &mut Vec<QueueEntry>,
    ) -> usize {
        let mut gone = 0;
        while gone < turn {
            let Some(lane) = self.lanes.get_mut(number as usize) else { break };
            let Some(key) = lane.ready.pop() else { break };
            let (lane_key, per_destination) = (lane.key, lane.open_per_destination);
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
            self.in_hand.insert(entry.id.get(), InHand::at(Some(key)));
            if per_destination > 1 {
                self.touch(key, now);
            }
            taken.push(entry.waiting(key, lane_key));
            gone += 1;
        }
        gone
    }

    fn expire(&mut self, key: u64, now: Timestamp, overdue: &mut Vec<Overdue>) {
        let lane_key = self.lane_key_of(key);
        let Some(destination) = self.destinations.get_mut(&key) else { return };
        destination.timer = Timestamp::NEVER;
        let expired = destination.backlog.expire(now);
        self.waiting -= expired.len();
        for entry in &expired {
            self.in_hand.insert(entry.id.get(), InHand::at(None));
        }
        overdue.extend(expired.iter().map(|entry| Overdue::Expired(entry.waiting(key, lane_key))));
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
        let number = destination.lane;
        let Some(lane) = self.lanes.get_mut(number as usize) else { return };
        let has_place = destination.open < lane.open_per_destination;
        let becomes_ready = !destination.ready && has_place && destination.may_go(now);
        destination.ready |= becomes_ready;
        let wake_at = destination.wake_at(has_place);
        if wake_at < destination.timer {
            destination.timer = wake_at;
            self.timers.push(Reverse((wake_at, key)));
        }
        if becomes_ready {
            let destinations = &self.destinations;
            lane.ready.push(key, |key| destinations.get(&key).is_some_and(|found| found.ready));
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

    /// The lanes that lead to an endpoint.
    fn lanes_to(&self, endpoint: &Endpoint) -> SmallVec<[u32; 2]> {
        let mut lanes = self.endpoint_queues.get(endpoint).cloned().unwrap_or_default();
        // The lane of the endpoint itself is known by its name, even if nothing has gone there yet.
        let own = self.lane_numbers.get(&Route::lane_to(endpoint)).copied();
        lanes.extend(own.filter(|own| !lanes.contains(own)));
        lanes
    }

    fn park(&mut self, key: u64, number: u32) {
        let destinations = &self.destinations;
        if let Some(lane) = self.lanes.get_mut(number as usize) {
            lane.parked.push(key, |key| destinations.get(&key).is_some_and(|found| found.parked));
        }
    }

    fn activate_in_turn(&mut self, mut lanes: Vec<u32>) {
        lanes.sort_by_key(|number| self.lane(*number).map_or(0, |lane| lane.turn));
        lanes.into_iter().for_each(|number| self.activate(number));
    }

    fn activate(&mut self, number: u32) {
        let Some(lane) = self.lanes.get_mut(number as usize) else { return };
        if !lane.active && !lane.ready.is_empty() {
            lane.active = true;
            self.active.push_back(number);
        }
    }

    fn lane_number(&mut self, key: u64) -> u32 {
        if let Some(number) = self.lane_numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.lanes.len()).unwrap_or(u32::MAX);
        self.lanes.push(Lane {
            key,
            endpoints: None,
            open_per_destination: 1,
            ready: Roll::default(),
            parked: Roll::default(),
            active: false,
            turn: 0,
        });
        self.lane_numbers.insert(key, number);
        number
    }

    fn lane(&self, number: u32) -> Option<&Lane> {
        self.lanes.get(number as usize)
    }

    fn lane_mut(&mut self, number: u32) -> Option<&mut Lane> {
        self.lanes.get_mut(number as usize)
    }

    fn lane_key_of(&self, destination: u64) -> u64 {
        self.destinations.get(&destination).and_then(|found| self.lane(found.lane)).map_or(0, |lane| lane.key)
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
