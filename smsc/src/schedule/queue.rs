//! Everything that waits in this process, as small as it can be.
//!
//! Messages wait by destination, so that one destination's messages keep their
//! order and its retry timer holds all of them. Destinations wait by lane: the
//! targets of their route. A lane whose targets have no room costs nothing until
//! one of them opens; it never slows another lane down.
//!
//! The loop around it: [`Queue::add`] what is accepted, [`Queue::take`] what may
//! go now, tell [`Queue::ended`] how it went, and call [`Queue::tick`] at
//! [`Queue::deadline`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use smallvec::SmallVec;

use super::backlog::{Backlog, Entry};
use crate::message::{MessageId, Party, Timestamp};
use crate::ports::Waiting;
use crate::routing::Hashed;

/// How an attempt left its message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// It has ended.
    Ended,
    /// The next hop has it and will send a receipt; wait for that until the key's time.
    HandedOver(Waiting),
    /// It waits on, and its destination with it.
    Again(Waiting),
}

/// What [`Queue::tick`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Overdue {
    /// The validity of a waiting message ran out.
    Expired(Waiting),
    /// The next hop's receipt for a message never came.
    Unreported(Waiting),
}

/// The waiting messages of one process.
#[derive(Debug)]
pub struct Queue {
    destinations: HashMap<u64, Destination, Hashed>,
    lanes: Vec<Lane>,
    lane_numbers: HashMap<u64, u32, Hashed>,
    party_lanes: HashMap<Party, SmallVec<[u32; 2]>>,
    /// Lanes that may have something to send, in turn.
    active: VecDeque<u32>,
    /// Messages whose attempt runs, with the key of their destination.
    open: HashMap<u64, (u64, Entry), Hashed>,
    open_max: usize,
    handed_over: HashMap<u64, Waiting, Hashed>,
    timers: BinaryHeap<Reverse<(Timestamp, u64)>>,
    receipt_timers: BinaryHeap<Reverse<(Timestamp, u64)>>,
    waiting: usize,
}

#[derive(Debug)]
struct Destination {
    lane: u32,
    /// Attempts that run.
    open: u16,
    /// Whether it stands in its lane's `ready`.
    ready: bool,
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
    parties: Option<Vec<Party>>,
    open_per_destination: u16,
    ready: VecDeque<u64>,
    /// Destinations that wait after a failure; an opening lane wakes them.
    parked: Vec<u64>,
    /// Whether it stands in `active`.
    active: bool,
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
            party_lanes: HashMap::new(),
            active: VecDeque::new(),
            open: HashMap::default(),
            open_max,
            handed_over: HashMap::default(),
            timers: BinaryHeap::new(),
            receipt_timers: BinaryHeap::new(),
            waiting: 0,
        }
    }

    /// Messages that wait for an attempt.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Attempts that run.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Messages that wait for the next hop's receipt.
    pub fn handed_over(&self) -> usize {
        self.handed_over.len()
    }

    /// Whether this message waits or runs here.
    pub fn holds(&self, waiting: &Waiting) -> bool {
        let id = waiting.key.id;
        self.open.contains_key(&id.get())
            || self.handed_over.contains_key(&id.get())
            || self
                .destinations
                .get(&waiting.destination)
                .is_some_and(|destination| destination.backlog.contains(id))
    }

    /// Says who stands behind a lane. Later words replace earlier ones.
    pub fn learn_lane(&mut self, key: u64, parties: &[Party], open_per_destination: u16) {
        let number = self.lane_number(key);
        let Some(lane) = self.lane_mut(number) else { return };
        lane.open_per_destination = open_per_destination.max(1);
        if lane.parties.as_deref() == Some(parties) {
            return;
        }
        lane.parties = Some(parties.to_vec());
        for party in parties {
            let lanes = self.party_lanes.entry(party.clone()).or_default();
            if !lanes.contains(&number) {
                lanes.push(number);
            }
        }
        self.activate(number);
    }

    /// Whether the parties of a lane are known.
    pub fn knows_lane(&self, key: u64) -> bool {
        self.lane_numbers
            .get(&key)
            .and_then(|number| self.lane(*number))
            .is_some_and(|lane| lane.parties.is_some())
    }

    /// A message waits from now on.
    pub fn add(&mut self, waiting: &Waiting, now: Timestamp) {
        if waiting.handed_over {
            self.await_receipt(*waiting);
            return;
        }
        let lane = self.lane_number(waiting.lane);
        let destination = self.destinations.entry(waiting.destination).or_insert_with(|| Destination {
            lane,
            open: 0,
            ready: false,
            parked_until: Timestamp::default(),
            timer: Timestamp::NEVER,
            backlog: Backlog::Empty,
        });
        destination.insert(waiting);
        self.waiting += 1;
        self.touch(waiting.destination, now);
    }

    /// Takes what may go now. `room` says how many more deliveries the parties of a lane can take.
    pub fn take(&mut self, now: Timestamp, mut room: impl FnMut(&[Party]) -> usize) -> Vec<Waiting> {
        let mut taken = Vec::new();
        let mut budgets: HashMap<u32, usize, Hashed> = HashMap::default();
        while self.open.len() < self.open_max {
            let Some(number) = self.active.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(number as usize) else { continue };
            let budget = *budgets.entry(number).or_insert_with(|| match &lane.parties {
                Some(parties) => room(parties),
                None => 1, // the first message tells who stands behind the lane
            });
            let turn = budget.min(TURN).min(self.open_max - self.open.len());
            let gone = self.take_of_lane(number, turn, now, &mut taken);
            budgets.insert(number, budget - gone);
            let Some(lane) = self.lanes.get_mut(number as usize) else { continue };
            if lane.ready.is_empty() || gone == budget {
                lane.active = false; // until something is added, ends or opens
            } else {
                self.active.push_back(number);
            }
        }
        taken
    }

    /// An attempt is over. A message that was not taken from here, such as a segment that was held
    /// elsewhere, comes back if it is to wait on.
    pub fn ended(&mut self, id: MessageId, next: &Next, now: Timestamp) {
        let Some((key, _)) = self.open.remove(&id.get()) else {
            if let Next::HandedOver(waiting) | Next::Again(waiting) = next {
                self.add(waiting, now);
            }
            return;
        };
        let Some(destination) = self.destinations.get_mut(&key) else { return };
        destination.open = destination.open.saturating_sub(1);
        let lane = destination.lane;
        match next {
            Next::Ended => {}
            Next::HandedOver(waiting) => self.await_receipt(*waiting),
            Next::Again(waiting) => {
                destination.insert(waiting);
                self.waiting += 1;
                if let Some(lane) = self.lane_mut(lane) {
                    lane.parked.push(key);
                }
            }
        }
        self.touch(key, now);
        self.activate(lane);
    }

    /// A party can take messages again: what was parked before it goes at once, in order.
    pub fn opened(&mut self, party: &Party, now: Timestamp) {
        let lanes = self.party_lanes.get(party).cloned().unwrap_or_default();
        for number in lanes {
            let parked = self.lane_mut(number).map(|lane| std::mem::take(&mut lane.parked));
            for key in parked.unwrap_or_default() {
                if let Some(destination) = self.destinations.get_mut(&key) {
                    destination.parked_until = Timestamp::default();
                    self.touch(key, now);
                }
            }
            self.activate(number);
        }
    }

    /// Wakes every lane, for changes of which nobody told.
    pub fn recheck(&mut self) {
        for number in (0_u32..).take(self.lanes.len()) {
            self.activate(number);
        }
    }

    /// What ran out by `now`. Those messages have left the queue.
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
            if self.handed_over.get(&id).is_some_and(|waiting| waiting.key.due == at) {
                overdue.extend(self.handed_over.remove(&id).map(Overdue::Unreported));
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

    /// Takes a waiting message out, unless its attempt runs.
    pub fn remove(&mut self, destination: u64, id: MessageId, now: Timestamp) -> Option<Waiting> {
        let lane_key = self.lane_key_of(destination);
        let found = self.destinations.get_mut(&destination)?;
        let entry = found.backlog.remove(id)?;
        self.waiting -= 1;
        self.touch(destination, now);
        Some(entry.waiting(destination, lane_key))
    }

    /// The next hop's receipt came: the message waits for it no longer.
    pub fn reported(&mut self, id: MessageId) -> Option<Waiting> {
        self.handed_over.remove(&id.get())
    }

    fn await_receipt(&mut self, waiting: Waiting) {
        self.receipt_timers.push(Reverse((waiting.key.due, waiting.key.id.get())));
        self.handed_over.insert(waiting.key.id.get(), waiting);
        if self.receipt_timers.len() > 2 * self.handed_over.len() + 1024 {
            let handed_over = &self.handed_over;
            self.receipt_timers.retain(|Reverse((_, id))| handed_over.contains_key(id));
        }
    }

    /// Moves up to `turn` messages of a lane into `taken`.
    fn take_of_lane(&mut self, number: u32, turn: usize, now: Timestamp, taken: &mut Vec<Waiting>) -> usize {
        let mut gone = 0;
        while gone < turn {
            let Some(lane) = self.lanes.get_mut(number as usize) else { break };
            let Some(key) = lane.ready.pop_front() else { break };
            let (lane_key, per_destination) = (lane.key, lane.open_per_destination);
            let Some(destination) = self.destinations.get_mut(&key) else { continue };
            destination.ready = false;
            let Some(entry) = destination.take(now) else {
                self.touch(key, now);
                continue;
            };
            destination.open += 1;
            if destination.open < per_destination && destination.may_go(now) {
                destination.ready = true;
                lane.ready.push_back(key);
            }
            self.waiting -= 1;
            self.open.insert(entry.id.get(), (key, entry));
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
        if !destination.ready && destination.open < lane.open_per_destination && destination.may_go(now) {
            destination.ready = true;
            lane.ready.push_back(key);
        }
        let wake_at = destination.wake_at();
        if wake_at < destination.timer {
            destination.timer = wake_at;
            self.timers.push(Reverse((wake_at, key)));
        }
        if destination.ready {
            self.activate(number);
        }
        self.sweep_timers();
    }

    /// Void timers of destinations long gone must not pile up.
    fn sweep_timers(&mut self) {
        if self.timers.len() > 2 * self.destinations.len() + 4096 {
            let destinations = &self.destinations;
            self.timers.retain(|Reverse((at, key))| {
                destinations.get(key).is_some_and(|destination| destination.timer == *at)
            });
        }
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
            parties: None,
            open_per_destination: 1,
            ready: VecDeque::new(),
            parked: Vec::new(),
            active: false,
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
    fn insert(&mut self, waiting: &Waiting) {
        if waiting.attempts > 0 {
            self.parked_until = self.parked_until.max(waiting.key.due);
        }
        self.backlog.insert(Entry::of(waiting));
    }

    fn may_go(&self, now: Timestamp) -> bool {
        self.parked_until <= now && self.backlog.eligible_at() <= now
    }

    fn take(&mut self, now: Timestamp) -> Option<Entry> {
        if self.parked_until <= now { self.backlog.take(now) } else { None }
    }

    fn wake_at(&self) -> Timestamp {
        let expiry = self.backlog.expires_at();
        if self.ready || self.open > 0 {
            return expiry;
        }
        self.backlog.eligible_at().max(self.parked_until).min(expiry)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ports::DueKey;

    const ESME: &str = "esme:a";

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn waiting(id: u64, destination: u64) -> Waiting {
        Waiting {
            key: DueKey { due: at(0), id: MessageId::from_u64(id) },
            expires_at: at(0) + Duration::from_secs(60),
            destination,
            lane: 1,
            priority: 0,
            attempts: 0,
            handed_over: false,
        }
    }

    fn queue() -> Queue {
        let mut queue = Queue::new(1000);
        queue.learn_lane(1, &[ESME.parse().unwrap()], 1);
        queue
    }

    fn take(queue: &mut Queue, now: Timestamp, room: usize) -> Vec<u64> {
        queue.take(now, |_| room).iter().map(|waiting| waiting.key.id.get()).collect()
    }

    fn end(queue: &mut Queue, id: u64, now: Timestamp) {
        queue.ended(MessageId::from_u64(id), &Next::Ended, now);
    }

    #[test]
    fn one_destination_goes_in_order_one_at_a_time() {
        let mut queue = queue();
        for id in [3, 1, 2] {
            queue.add(&waiting(id, 7), at(0));
        }
        assert_eq!(take(&mut queue, at(0), 10), [1]);
        assert_eq!(take(&mut queue, at(0), 10), [0_u64; 0]);
        end(&mut queue, 1, at(1));
        assert_eq!(take(&mut queue, at(1), 10), [2]);
        end(&mut queue, 2, at(2));
        assert_eq!(take(&mut queue, at(2), 10), [3]);
        end(&mut queue, 3, at(3));
        assert_eq!((queue.waiting(), queue.open(), queue.destinations.len()), (0, 0, 0));
    }

    #[test]
    fn a_higher_priority_goes_first() {
        let mut queue = queue();
        queue.add(&waiting(1, 7), at(0));
        queue.add(&Waiting { priority: 2, ..waiting(2, 7) }, at(0));
        queue.add(&Waiting { priority: 3, ..waiting(3, 7) }, at(0));
        let mut order = vec![];
        for now in 0..3 {
            let id = take(&mut queue, at(now), 1)[0];
            end(&mut queue, id, at(now));
            order.push(id);
        }
        assert_eq!(order, [3, 2, 1]);
    }

    #[test]
    fn a_lane_without_room_costs_nothing_until_it_opens() {
        let mut queue = queue();
        for id in 0..100 {
            queue.add(&waiting(id, id), at(0));
        }
        assert!(take(&mut queue, at(0), 0).is_empty());
        let mut asked = 0;
        queue.take(at(0), |_| {
            asked += 1;
            0
        });
        assert_eq!(asked, 0, "a closed lane is not asked again");
        queue.opened(&ESME.parse().unwrap(), at(1));
        assert_eq!(take(&mut queue, at(1), 30).len(), 30);
        end(&mut queue, 0, at(2));
        assert_eq!(take(&mut queue, at(2), 1).len(), 1);
    }

    #[test]
    fn a_failure_parks_its_destination_and_no_other() {
        let mut queue = queue();
        for (id, destination) in [(1, 7), (2, 7), (3, 8)] {
            queue.add(&waiting(id, destination), at(0));
        }
        assert_eq!(take(&mut queue, at(0), 10), [1, 3]);
        let retry = Waiting {
            key: DueKey { due: at(20_000), id: MessageId::from_u64(1) },
            attempts: 1,
            ..waiting(1, 7)
        };
        queue.ended(retry.key.id, &Next::Again(retry), at(1));
        assert!(take(&mut queue, at(10_000), 10).is_empty());
        assert_eq!(queue.deadline(), Some(at(20_000)));
        assert!(queue.tick(at(20_000)).is_empty());
        let again = queue.take(at(20_000), |_| 10);
        assert_eq!(again, [retry], "the stored due time is kept");
        end(&mut queue, 1, at(20_001));
        assert_eq!(take(&mut queue, at(20_001), 10), [2]);
    }

    #[test]
    fn an_opening_party_wakes_what_was_parked_before_it_in_order() {
        let mut queue = queue();
        queue.add(&waiting(1, 7), at(0));
        queue.add(&waiting(2, 7), at(0));
        assert_eq!(take(&mut queue, at(0), 10), [1]);
        let retry = Waiting {
            key: DueKey { due: at(50_000), id: MessageId::from_u64(1) },
            attempts: 1,
            ..waiting(1, 7)
        };
        queue.ended(retry.key.id, &Next::Again(retry), at(1));
        queue.opened(&ESME.parse().unwrap(), at(2));
        assert_eq!(queue.take(at(2), |_| 10), [retry]);
    }

    #[test]
    fn a_deferred_message_holds_nobody_up() {
        let mut queue = queue();
        let later = Waiting { key: DueKey { due: at(5000), id: MessageId::from_u64(1) }, ..waiting(1, 7) };
        queue.add(&later, at(0));
        queue.add(&waiting(2, 7), at(0));
        assert_eq!(take(&mut queue, at(0), 10), [2]);
        end(&mut queue, 2, at(1));
        assert!(take(&mut queue, at(1), 10).is_empty());
        assert_eq!(queue.deadline(), Some(at(5000)));
        queue.tick(at(5000));
        assert_eq!(take(&mut queue, at(5000), 10), [1]);
    }

    #[test]
    fn what_expires_leaves_in_time_even_without_room() {
        let mut queue = queue();
        queue.add(&waiting(1, 7), at(0));
        queue.add(&waiting(2, 7), at(0));
        queue.add(&waiting(3, 8), at(0));
        assert!(take(&mut queue, at(0), 0).is_empty());
        let overdue = queue.tick(at(60_000));
        assert_eq!(overdue.len(), 3);
        assert!(overdue.contains(&Overdue::Expired(waiting(3, 8))));
        assert_eq!((queue.waiting(), queue.destinations.len()), (0, 0));
    }

    #[test]
    fn a_restart_keeps_retry_times() {
        let mut queue = queue();
        let retry = Waiting {
            key: DueKey { due: at(9000), id: MessageId::from_u64(1) },
            attempts: 3,
            ..waiting(1, 7)
        };
        queue.add(&retry, at(0));
        assert!(take(&mut queue, at(0), 10).is_empty());
        queue.tick(at(9000));
        assert_eq!(take(&mut queue, at(9000), 10), [1]);
    }

    #[test]
    fn a_handed_over_message_waits_for_its_receipt_only() {
        let mut queue = queue();
        queue.add(&waiting(1, 7), at(0));
        assert_eq!(take(&mut queue, at(0), 10), [1]);
        let held = Waiting {
            key: DueKey { due: at(70_000), id: MessageId::from_u64(1) },
            handed_over: true,
            ..waiting(1, 7)
        };
        queue.ended(held.key.id, &Next::HandedOver(held), at(1));
        assert_eq!(queue.handed_over(), 1);
        assert_eq!(queue.tick(at(70_000)), [Overdue::Unreported(held)]);
        assert_eq!(queue.reported(held.key.id), None);
    }

    #[test]
    fn a_lane_of_unknown_parties_sends_one_to_find_out() {
        let mut queue = Queue::new(1000);
        for id in 0..10 {
            queue.add(&waiting(id, id), at(0));
        }
        assert!(!queue.knows_lane(1));
        assert_eq!(take(&mut queue, at(0), 10).len(), 1);
        queue.learn_lane(1, &[ESME.parse().unwrap()], 5);
        assert_eq!(take(&mut queue, at(0), 100).len(), 9);
    }

    #[test]
    fn timers_of_the_past_do_not_pile_up() {
        let mut queue = queue();
        for id in 0..100_000 {
            queue.add(&waiting(id, id), at(0));
            assert_eq!(take(&mut queue, at(0), 10), [id]);
            end(&mut queue, id, at(0));
        }
        assert!(queue.timers.len() <= 4100, "{}", queue.timers.len());
    }

    #[test]
    fn a_million_waiting_cost_two_hundred_octets_each_at_most() {
        let bucket = size_of::<(u64, Destination)>() + 1;
        let timer = size_of::<Reverse<(Timestamp, u64)>>();
        // A hash map of a million has 2^21 buckets at most, a heap twice its length.
        assert!(bucket * (1 << 21) + 2 * timer * 1_000_000 <= 200 * 1_000_000);
        assert!(size_of::<Destination>() <= 72, "{}", size_of::<Destination>());
    }

    #[test]
    fn a_cancelled_message_is_gone() {
        let mut queue = queue();
        queue.add(&waiting(1, 7), at(0));
        queue.add(&waiting(2, 7), at(0));
        assert_eq!(queue.remove(7, MessageId::from_u64(2), at(0)), Some(waiting(2, 7)));
        assert_eq!(queue.remove(7, MessageId::from_u64(2), at(0)), None);
        assert_eq!(take(&mut queue, at(0), 10), [1]);
        assert_eq!(queue.remove(7, MessageId::from_u64(1), at(0)), None, "its attempt runs");
    }
}
