//! What happens, when, and what must hold whatever happens.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use smsc::address::Address;
use smsc::failure::Failure;
use smsc::message::{Content, Endpoint, MessageId, Submission, Timestamp, Validity};
use smsc::ports::{Delivery, DeliveryAck, Event, QueueEntry, StoreError};
use smsc::reassembly::QueuedMessage;
use smsc::receipt::{ReceiptRequest, RemoteReceipt};
use smsc::routing::matcher::{Destination, Source};
use smsc::routing::table::{RouteTable, Rule};
use smsc::rules::Rules;

use crate::centre::Centre;
use crate::endpoints::{Around, CARRIER, Word};
use crate::random::Random;
use crate::store::Disk;

const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);
/// Submissions come and faults strike for this long; after it all is calm.
const STORM_MILLIS: u64 = 120_000;
/// By then every message must have ended: the longest validity, grace and patience are over.
const END_MILLIS: u64 = 3_600_000;

/// Something that happens at its time.
#[derive(Debug)]
pub(crate) enum Action {
    Submit(Vec<Submission>),
    Begin(Vec<QueuedMessage>),
    Committed(Vec<Event>, Word<Result<(), StoreError>>),
    Page(Vec<QueueEntry>, Word<Result<Vec<QueueEntry>, StoreError>>),
    Answered(Endpoint, Result<DeliveryAck, Failure>, Word<Result<DeliveryAck, Failure>>),
    Receipt(RemoteReceipt),
    Down(Endpoint),
    Up(Endpoint),
    Crash,
    Recheck,
}

/// All that is not the centre.
pub(crate) struct Nature {
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) disk: Disk,
    pub(crate) down: HashSet<Endpoint>,
    pub(crate) calm: bool,
    pub(crate) attempts: u64,
    pub(crate) remote_ids: u64,
    /// What the process holds, for the order of destinations.
    pub(crate) moving: BTreeMap<MessageId, QueueEntry>,
    actions: BTreeMap<(Timestamp, u64), Action>,
    actions_made: u64,
    open: HashMap<Endpoint, usize>,
    /// How often an endpoint took a message, and how often it may.
    taken: HashMap<MessageId, (u32, u32)>,
}

impl Nature {
    /// Plans an action in so many milliseconds.
    pub(crate) fn at(&mut self, millis: u64, action: Action) {
        self.actions_made += 1;
        self.actions.insert((self.now + Duration::from_millis(millis), self.actions_made), action);
    }

    pub(crate) fn open_at(&self, endpoint: &Endpoint) -> usize {
        self.open.get(endpoint).copied().unwrap_or(0)
    }

    pub(crate) fn open_more(&mut self, endpoint: &Endpoint) {
        *self.open.entry(endpoint.clone()).or_default() += 1;
    }

    /// An endpoint took a message. A second time only after a lost answer or a crash.
    pub(crate) fn took(
        &mut self,
        id: MessageId,
        endpoint: &Endpoint,
        delivery: &Delivery,
        answer_lost: bool,
    ) {
        assert!(self.disk.messages.contains_key(&id), "{id} was delivered before it was durable");
        assert!(delivery.message.expires_at + Duration::from_secs(1) > self.now, "{id} went after its time");
        let (times, allowed) = self.taken.entry(id).or_insert((0, 1));
        *times += 1;
        assert!(times <= allowed, "{endpoint} got {id} {times} times");
        *allowed += u32::from(answer_lost);
    }

    /// The process is gone, and with it all that it waited for.
    fn crash(&mut self) {
        let actions = std::mem::take(&mut self.actions);
        for (when, action) in actions {
            match action {
                // Written just before, or just not.
                Action::Committed(events, _) if self.random.chance(50) => self.disk.apply(&events),
                Action::Committed(..) | Action::Page(..) | Action::Answered(..) | Action::Begin(_) => {}
                other => {
                    self.actions.insert(when, other);
                }
            }
        }
        self.open.clear();
        self.moving.clear();
        let handed_over: HashSet<MessageId> = self
            .disk
            .due
            .values()
            .filter(|waiting| waiting.handed_over)
            .map(|waiting| waiting.key.id)
            .collect();
        for (id, (times, allowed)) in &mut self.taken {
            let is_recorded = handed_over.contains(id)
                || self.disk.messages.get(id).is_some_and(|stored| stored.outcome.is_some());
            if !is_recorded {
                *allowed = (*times + 1).max(*allowed);
            }
        }
    }
}

/// What one life came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Life {
    /// Messages that were accepted, receipts among them.
    pub messages: usize,
    /// Submissions that were acknowledged.
    pub acknowledged: usize,
    /// Deliveries that were tried.
    pub attempts: u64,
    /// Crashes.
    pub crashes: usize,
}

/// Lives the life of `seed`.
///
/// # Panics
/// If a promise is broken; the message names the seed and how to see it again.
pub fn run(seed: u64) -> Life {
    catch_unwind(AssertUnwindSafe(|| World::new(seed).live())).unwrap_or_else(|broken| {
        let why = broken.downcast_ref::<String>().map(String::as_str);
        let why = why.or(broken.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        panic!("seed {seed}: {why}\nagain: cargo run -p fernpost-simulator -- {seed}")
    })
}

struct World {
    around: Around,
    centre: Centre,
    acknowledged: Vec<MessageId>,
    crashes: usize,
}

fn endpoints() -> [Endpoint; 3] {
    [Endpoint::Smpp(CARRIER.into()), Endpoint::SipPeer("platform".into()), Endpoint::Esme("acme".into())]
}

fn rules() -> Rules {
    let [carrier, platform, _] = endpoints();
    let rule = |name: &str, prefix: &str, targets: &[Endpoint]| Rule {
        name: name.into(),
        priority: 1,
        source: Source::default(),
        destination: Destination::Prefix(vec![prefix.into()]),
        targets: targets.to_vec(),
        allow_return: false,
        retry: None,
    };
    Rules {
        table: RouteTable::new(vec![
            rule("mobile", "49151", std::slice::from_ref(&carrier)),
            rule("either", "49152", &[carrier, platform.clone()]),
            rule("platform", "49153", &[platform]),
        ]),
        receipt_grace: Duration::from_secs(120),
        receipt_validity: Duration::from_secs(1200),
        ..Rules::default()
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let nature = Nature {
            now: START,
            random: Random::new(seed),
            disk: Disk::default(),
            down: HashSet::new(),
            calm: false,
            attempts: 0,
            remote_ids: 0,
            moving: BTreeMap::new(),
            actions: BTreeMap::new(),
            actions_made: 0,
            open: HashMap::new(),
            taken: HashMap::new(),
        };
        let around = Around(Arc::new(Mutex::new(nature)));
        let centre = Centre::start(&around, rules(), None);
        let world = Self { around, centre, acknowledged: Vec::new(), crashes: 0 };
        world.plan();
        world
    }

    /// Writes the fate of this life down.
    fn plan(&self) {
        let mut nature = self.around.nature();
        for _ in 0..20 {
            let batch = submissions(&mut nature.random);
            let when = nature.random.below(STORM_MILLIS);
            nature.at(when, Action::Submit(batch));
        }
        for endpoint in endpoints() {
            for _ in 0..nature.random.below(3) {
                let when = nature.random.below(STORM_MILLIS);
                let back = when + nature.random.below(40_000);
                nature.at(when, Action::Down(endpoint.clone()));
                nature.at(back, Action::Up(endpoint.clone()));
            }
            nature.at(STORM_MILLIS + 40_000, Action::Up(endpoint));
        }
        for _ in 0..nature.random.below(4) {
            let when = nature.random.below(STORM_MILLIS);
            nature.at(when, Action::Crash);
        }
        nature.at(1000, Action::Recheck);
    }

    fn live(mut self) -> Life {
        loop {
            self.centre.settle();
            self.acknowledge();
            let wakes_at = self.centre.queue.deadline();
            let mut nature = self.around.nature();
            let elapsed = nature.now.since(START);
            nature.calm = elapsed > Duration::from_millis(STORM_MILLIS);
            assert!(elapsed < Duration::from_millis(END_MILLIS), "something never ends");
            let Some(((at, _), _)) = nature.actions.first_key_value() else { break };
            let at = *at;
            if let Some(wakes_at) = wakes_at.filter(|wakes_at| *wakes_at < at) {
                nature.now = nature.now.max(wakes_at);
                continue;
            }
            let (_, action) = nature.actions.pop_first().expect("it was there");
            nature.now = nature.now.max(at);
            drop(nature);
            self.act(action);
        }
        self.judge()
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Submit(batch) => self.centre.submit(batch),
            Action::Begin(parts) => self.centre.begin(parts),
            Action::Committed(events, word) => {
                self.around.nature().disk.apply(&events);
                word.say(Ok(()));
            }
            Action::Page(page, word) => word.say(Ok(page)),
            Action::Answered(endpoint, answer, word) => {
                let now = self.around.nature().now;
                if let Some(open) = self.around.nature().open.get_mut(&endpoint) {
                    *open -= 1;
                }
                word.say(answer);
                self.centre.queue.opened(&endpoint, now);
            }
            Action::Receipt(receipt) => self.centre.remote_receipt(receipt),
            Action::Down(endpoint) => {
                self.around.nature().down.insert(endpoint);
            }
            Action::Up(endpoint) => {
                let now = self.around.nature().now;
                self.around.nature().down.remove(&endpoint);
                self.centre.queue.opened(&endpoint, now);
            }
            Action::Crash => self.crash(),
            Action::Recheck => {
                self.centre.recheck();
                let mut nature = self.around.nature();
                if !self.centre.is_idle() || !nature.actions.is_empty() {
                    nature.at(1000, Action::Recheck);
                }
            }
        }
    }

    /// Answers submitters; their messages begin a moment after.
    fn acknowledge(&mut self) {
        for accepted in std::mem::take(&mut self.centre.answered) {
            let ids =
                accepted.answers.iter().map(|answer| *answer.as_ref().expect("nothing is refused here"));
            self.acknowledged.extend(ids);
            let mut nature = self.around.nature();
            let pause = nature.random.below(2000);
            nature.at(pause, Action::Begin(accepted.parts));
        }
    }

    fn crash(&mut self) {
        self.crashes += 1;
        let last_id = {
            let mut nature = self.around.nature();
            nature.crash();
            nature.disk.messages.last_key_value().map(|(id, _)| *id)
        };
        self.centre = Centre::start(&self.around, rules(), last_id);
    }

    fn judge(self) -> Life {
        let nature = self.around.nature();
        let disk = &nature.disk;
        for id in &self.acknowledged {
            assert!(disk.messages.contains_key(id), "{id} was acknowledged and is lost");
        }
        assert!(disk.due.is_empty(), "{} still wait", disk.due.len());
        assert_eq!(disk.ended, disk.messages.len(), "every message ends");
        let mut receipts: HashMap<MessageId, u32> = HashMap::new();
        for receipt in disk.messages.values().filter_map(|stored| stored.message.as_receipt()) {
            *receipts.entry(receipt.about).or_default() += u32::from(receipt.state.is_final());
        }
        for (id, stored) in &disk.messages {
            let wanted =
                u32::from(stored.message.receipt.wants_any() && stored.message.as_receipt().is_none());
            assert_eq!(receipts.get(id).copied().unwrap_or(0), wanted, "final receipts about {id}");
        }
        assert!(self.centre.is_idle(), "the queue still holds something");
        assert!(nature.moving.is_empty(), "the loop never heard of {} ends", nature.moving.len());
        Life {
            messages: disk.messages.len(),
            acknowledged: self.acknowledged.len(),
            attempts: nature.attempts,
            crashes: self.crashes,
        }
    }
}

/// A batch to a handful of phones: plain messages, segments, deferred ones, short validities.
fn submissions(random: &mut Random) -> Vec<Submission> {
    let count = 1 + random.below(4);
    let prefix = ["49151", "49152", "49153"][random.below(3) as usize];
    let segments = random.chance(30);
    let destination = Address::international(&format!("{prefix}000000{}", random.below(3)));
    let reference = random.below(3) as u8;
    let one = |n: u64, random: &mut Random| {
        let text = format!("{} of {}", n, random.next());
        let mut content = Content { body: Bytes::from(text), ..Content::default() };
        if segments && count > 1 {
            content.header = Bytes::from(vec![5, 0, 3, reference, count as u8, n as u8 + 1]);
        }
        let [_, _, esme] = endpoints();
        let source = Address::international("4930123456");
        let mut submission = Submission::new(esme, source, destination.clone(), content);
        submission.account = "acme".into();
        submission.receipt = ReceiptRequest(if random.chance(70) { 1 } else { 0x10 });
        submission.validity = Some(Validity::For(Duration::from_secs(5 + random.below(900))));
        if random.chance(10) {
            submission.deliver_after = Some(START + Duration::from_millis(STORM_MILLIS + 1000));
            submission.validity = Some(Validity::For(Duration::from_secs(900)));
        }
        submission
    };
    (0..count).map(|n| one(n, random)).collect()
}
