//! Everything around the centre: time, randomness, the disk, the endpoints, and the actions that are planned.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use smsc::delivery::{Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::ids::MessageId;
use smsc::message::Submission;
use smsc::names::Name;
use smsc::ports::StoreError;
use smsc::receipt::RemoteReceipt;
use smsc::stored::{Event, QueueEntry, QueuedMessage, StoredMessage};
use smsc::timestamp::Timestamp;

use crate::disk::Disk;
use crate::random::Random;
use crate::reply::Reply;

/// Messages that wait in the memory of a process: few, so that others wait on disk alone.
pub(crate) const WAITING_MAX: usize = 14;

/// Something that happens at its time.
#[derive(Debug)]
pub(crate) enum Action {
    Submit(Vec<Submission>),
    Begin(Vec<QueuedMessage>),
    Committed(Vec<Event>, Reply<Result<(), StoreError>>),
    Refused(Vec<Event>, Reply<Result<(), StoreError>>),
    Page(Vec<QueueEntry>, Reply<Result<Vec<QueueEntry>, StoreError>>),
    PageFailed(Reply<Result<Vec<QueueEntry>, StoreError>>),
    Read(Result<Option<StoredMessage>, StoreError>, Reply<Result<Option<StoredMessage>, StoreError>>),
    Answered(Endpoint, Result<DeliveryAck, Failure>, Reply<Result<DeliveryAck, Failure>>),
    Receipt(RemoteReceipt),
    GatewaysReady,
    Alert(Name),
    AlertDue(Name, Timestamp),
    Down(Endpoint),
    Up(Endpoint),
    Crash,
    Drain,
}

/// All that is not the centre.
pub(crate) struct Environment {
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) disk: Disk,
    pub(crate) down: HashSet<Endpoint>,
    /// Whether the gateways of the process are in place.
    pub(crate) gateways_ready: bool,
    /// Whether faults are over.
    pub(crate) calm: bool,
    pub(crate) attempts: u64,
    pub(crate) remote_ids: u64,
    /// When messages began: when their submitters had their answers, or when a start found them on disk.
    pub(crate) begun: HashMap<MessageId, Timestamp>,
    /// Messages that were attempted since they were accepted.
    pub(crate) tried: HashSet<MessageId>,
    /// Open attempts by destination, and how many began while others were open.
    pub(crate) open_to: HashMap<u64, usize>,
    pub(crate) overlaps: usize,
    /// When numbers were reported as reachable to which nothing has gone since.
    pub(crate) alerted: HashMap<Name, Timestamp>,
    /// Failures of the store.
    pub(crate) store_errors: u64,
    actions: BTreeMap<(Timestamp, u64), Action>,
    actions_made: u64,
    open: HashMap<Endpoint, usize>,
    /// How often an endpoint took a message, and how often it may.
    taken: HashMap<MessageId, (u32, u32)>,
}

impl Environment {
    pub(crate) fn new(seed: u64, start: Timestamp) -> Self {
        Self {
            now: start,
            random: Random::new(seed),
            disk: Disk::default(),
            down: HashSet::new(),
            gateways_ready: false,
            calm: false,
            attempts: 0,
            remote_ids: 0,
            begun: HashMap::new(),
            tried: HashSet::new(),
            open_to: HashMap::new(),
            overlaps: 0,
            alerted: HashMap::new(),
            store_errors: 0,
            actions: BTreeMap::new(),
            actions_made: 0,
            open: HashMap::new(),
            taken: HashMap::new(),
        }
    }

    /// Plans an action in so many milliseconds.
    pub(crate) fn at(&mut self, millis: u64, action: Action) {
        self.actions_made += 1;
        self.actions.insert((self.now + Duration::from_millis(millis), self.actions_made), action);
    }

    /// When the next action is due.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.actions.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_first().map(|(_, action)| action)
    }

    /// Whether a fault of so many in a hundred strikes now.
    pub(crate) fn strikes(&mut self, percent: u64) -> bool {
        !self.calm && self.random.chance(percent)
    }

    pub(crate) fn open_at(&self, endpoint: &Endpoint) -> usize {
        self.open.get(endpoint).copied().unwrap_or(0)
    }

    pub(crate) fn opens(&mut self, endpoint: &Endpoint) {
        *self.open.entry(endpoint.clone()).or_default() += 1;
    }

    pub(crate) fn closes(&mut self, endpoint: &Endpoint) {
        if let Some(open) = self.open.get_mut(endpoint) {
            *open -= 1;
        }
    }

    /// Whether a message that was tried before and is not under way waits for `number` at `endpoint`, and could
    /// go for as long as `millis`.
    pub(crate) fn waits_for_alert(&self, endpoint: &Endpoint, number: &Name, millis: u64) -> bool {
        let until = self.now + Duration::from_millis(millis);
        // What waits on disk alone is not woken.
        !self.down.contains(endpoint)
            && self.disk.due.len() <= WAITING_MAX
            && self.disk.due.values().any(|entry| {
                let message = &self.disk.messages[&entry.key.id].message;
                message.destination.digits == *number
                    && entry.attempts > 0
                    && entry.expires_at > until
                    && self.begun.contains_key(&entry.key.id)
            })
            && self.open_to.values().all(|open| *open == 0)
    }

    /// An endpoint took a message. A second time only after a lost answer, a crash, or an outcome that could
    /// not be recorded.
    pub(crate) fn took(&mut self, id: MessageId, endpoint: &Endpoint, delivery: &Delivery, answer_lost: bool) {
        assert!(self.disk.messages.contains_key(&id), "{id} was delivered before it was durable");
        assert!(delivery.message.expires_at + Duration::from_secs(1) > self.now, "{id} went after its time");
        let (times, allowed) = self.taken.entry(id).or_insert((0, 1));
        *times += 1;
        assert!(times <= allowed, "{endpoint} got {id} {times} times");
        *allowed += u32::from(answer_lost);
    }

    /// A commit failed: what it would have recorded may be delivered again.
    pub(crate) fn not_recorded(&mut self, events: &[Event]) {
        for event in events {
            let id = match event {
                Event::Attempted { next, .. } => next.key.id,
                Event::Finished { id, .. } => *id,
                _ => continue,
            };
            // Segments that went as one were taken under the id of the first.
            for (times, allowed) in self.group_of(id) {
                *allowed = (*times + 1).max(*allowed);
            }
        }
    }

    /// The process is gone, and with it all that it waited for. After a crash it is unknown what of the last
    /// commits is on disk; after a drain nothing was open.
    pub(crate) fn process_ends(&mut self, crashed: bool) {
        for (when, action) in std::mem::take(&mut self.actions) {
            match action {
                Action::Committed(events, _) if !crashed || self.random.chance(50) => {
                    self.disk.apply(&events);
                }
                Action::Committed(..)
                | Action::Refused(..)
                | Action::Page(..)
                | Action::PageFailed(_)
                | Action::Read(..)
                | Action::Answered(..)
                | Action::GatewaysReady
                | Action::AlertDue(..)
                | Action::Begin(_) => {}
                other => {
                    self.actions.insert(when, other);
                }
            }
        }
        self.open.clear();
        self.open_to.clear();
        self.alerted.clear();
        self.gateways_ready = false;
        let now = self.now;
        self.begun = self.disk.due.values().map(|entry| (entry.key.id, now)).collect();
        if crashed {
            self.allow_repeats();
        }
    }

    /// What was taken and not recorded before a crash may be taken again.
    fn allow_repeats(&mut self) {
        let waiting = self.disk.due.values();
        let handed_over: HashSet<MessageId> =
            waiting.filter(|entry| entry.handed_over).map(|entry| entry.key.id).collect();
        for (id, (times, allowed)) in &mut self.taken {
            let is_recorded = handed_over.contains(id)
                || self.disk.messages.get(id).is_some_and(|stored| stored.outcome.is_some());
            if !is_recorded {
                *allowed = (*times + 1).max(*allowed);
            }
        }
    }

    /// The counts of a message and of all that share its submitter's batch, as segments do.
    fn group_of(&mut self, id: MessageId) -> impl Iterator<Item = &mut (u32, u32)> {
        let near = move |other: &MessageId| other.get().abs_diff(id.get()) < 8;
        self.taken.iter_mut().filter(move |(other, _)| near(other)).map(|(_, counts)| counts)
    }
}
