//! One run from a seed: what is planned, how it is carried out, and the promises that are checked at the end.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use smsc::address::Address;
use smsc::dispatch::{Input, Wakeup};
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;
use smsc::message::{Content, Submission, Validity};
use smsc::names::Name;
use smsc::ports::StoreError;
use smsc::receipt::ReceiptRequest;
use smsc::rules::Rules;
use smsc::rules::routing::matcher::{Destination, Source};
use smsc::rules::routing::table::{RouteTable, Rule};
use smsc::timestamp::Timestamp;

use crate::environment::{Action, Environment};
use crate::ports::{CARRIER, Ports};
use crate::process::Process;
use crate::random::Random;

const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);
/// Submissions come and faults strike for this long; after it all is calm.
const FAULTS_MILLIS: u64 = 120_000;
/// By then every message must have ended: the longest validity and every wait are over.
const END_MILLIS: u64 = 3_600_000;
/// Within this time after an alert something goes to the number.
const ALERT_MILLIS: u64 = 20_000;

/// What one run came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RunSummary {
    /// Messages that were accepted, receipts among them.
    pub messages: usize,
    /// Submissions that were acknowledged.
    pub acknowledged: usize,
    /// Deliveries that were tried.
    pub attempts: u64,
    /// Crashes.
    pub crashes: usize,
    /// Graceful stops that came to their end.
    pub drains: usize,
    /// Reads of the store that failed.
    pub store_errors: u64,
    /// Alerts after which a message was waited for.
    pub alerts: usize,
    /// Attempts that began while others were open to the same destination.
    pub overlaps: usize,
}

/// Runs from `seed`.
///
/// # Panics
/// If a promise is broken; the message names the seed and how to see it again.
pub fn run(seed: u64) -> RunSummary {
    catch_unwind(AssertUnwindSafe(|| Simulation::new(seed).run())).unwrap_or_else(|broken| {
        let why = broken.downcast_ref::<String>().map(String::as_str);
        let why = why.or(broken.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        panic!("seed {seed}: {why}\nagain: cargo run -p fernpost-simulator -- {seed}")
    })
}

struct Simulation {
    ports: Ports,
    process: Process,
    acknowledged: Vec<MessageId>,
    crashes: usize,
    drains: usize,
    alerts: usize,
    draining: bool,
}

fn endpoints() -> [Endpoint; 4] {
    [
        Endpoint::Smpp(CARRIER.into()),
        Endpoint::SipPeer("platform".into()),
        Endpoint::Esme("acme".into()),
        network(),
    ]
}

/// A mobile network, which sends alerts.
fn network() -> Endpoint {
    Endpoint::Ss7("home".into())
}

fn rules() -> Rules {
    let [carrier, platform, _, network] = endpoints();
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
            rule("phones", "49154", &[network]),
        ]),
        receipt_grace: Duration::from_secs(120),
        receipt_validity: Duration::from_secs(1200),
        ..Rules::default()
    }
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let ports = Ports(Arc::new(Mutex::new(Environment::new(seed, START))));
        let process = Process::start(&ports, rules(), None);
        let simulation = Self {
            ports,
            process,
            acknowledged: Vec::new(),
            crashes: 0,
            drains: 0,
            alerts: 0,
            draining: false,
        };
        simulation.plan();
        simulation
    }

    /// Plans submissions, outages, alerts, crashes and stops.
    fn plan(&self) {
        let mut environment = self.ports.environment();
        for _ in 0..20 {
            let batch = submissions(&mut environment.random);
            let when = environment.random.below(FAULTS_MILLIS);
            environment.at(when, Action::Submit(batch));
        }
        for endpoint in endpoints() {
            for _ in 0..environment.random.below(3) {
                let when = environment.random.below(FAULTS_MILLIS);
                let back = when + environment.random.below(40_000);
                environment.at(when, Action::Down(endpoint.clone()));
                environment.at(back, Action::Up(endpoint.clone()));
            }
            environment.at(FAULTS_MILLIS + 40_000, Action::Up(endpoint));
        }
        for _ in 0..environment.random.below(4) {
            let when = environment.random.below(FAULTS_MILLIS);
            let action = if environment.random.chance(70) { Action::Crash } else { Action::Drain };
            environment.at(when, action);
            // An alert may come while a starting process still reads what waits.
            for number in (0..3).map(phone) {
                let early = environment.random.below(1200);
                environment.at(when + early, Action::Alert(number));
            }
        }
        for _ in 0..6 {
            let when = environment.random.below(FAULTS_MILLIS);
            let number = phone(environment.random.below(3));
            environment.at(when, Action::Alert(number));
        }
        environment.at(300, Action::GatewaysReady);
    }

    fn run(mut self) -> RunSummary {
        loop {
            self.process.run();
            self.acknowledge();
            self.restart_if_drained();
            let is_over = self.process.is_idle() && self.process.answered.is_empty();
            let wakes_at = self.process.deadline();
            let mut environment = self.ports.environment();
            let elapsed = environment.now.since(START);
            environment.calm = elapsed > Duration::from_millis(FAULTS_MILLIS);
            assert!(elapsed < Duration::from_millis(END_MILLIS), "something never ends");
            let Some(at) = environment.next_at() else {
                if is_over && environment.disk.due.is_empty() {
                    break;
                }
                environment.now = environment.now.max(wakes_at);
                continue;
            };
            if wakes_at < at {
                environment.now = environment.now.max(wakes_at);
                continue;
            }
            environment.now = environment.now.max(at);
            let action = environment.next_action();
            drop(environment);
            action.into_iter().for_each(|action| self.act(action));
        }
        self.check()
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Submit(batch) => self.process.submit(batch),
            Action::Begin(queued) => {
                let mut environment = self.ports.environment();
                let now = environment.now;
                environment.begun.extend(queued.iter().map(|queued| (queued.message.id, now)));
                drop(environment);
                self.process.handle(Input::Accepted(queued));
            }
            Action::Committed(events, reply) => {
                self.ports.environment().disk.apply(&events);
                reply.give(Ok(()));
            }
            Action::Refused(events, reply) => {
                let mut environment = self.ports.environment();
                environment.store_errors += 1;
                environment.not_recorded(&events);
                reply.give(Err(StoreError::Congested));
            }
            Action::Page(page, reply) => reply.give(Ok(page)),
            Action::PageFailed(reply) => reply.give(Err(StoreError::Failed("simulated".to_owned()))),
            Action::Read(found, reply) => reply.give(found),
            Action::Answered(endpoint, answer, reply) => {
                self.ports.environment().closes(&endpoint);
                reply.give(answer);
                // An answer of the network for one phone changes nothing for the others.
                if endpoint != network() {
                    self.process.handle(Input::Wakeup(Wakeup::Endpoint(endpoint)));
                }
            }
            Action::Receipt(receipt) => self.process.remote_receipt(receipt),
            Action::GatewaysReady => {
                self.ports.environment().gateways_ready = true;
                self.process.handle(Input::GatewaysReady);
                for endpoint in endpoints() {
                    self.process.handle(Input::Wakeup(Wakeup::Endpoint(endpoint)));
                }
            }
            Action::Alert(number) => self.alert(number),
            Action::AlertDue(number, at) => {
                let is_missed = self.ports.environment().alerted.get(&number) == Some(&at);
                assert!(!is_missed, "an alert for {number} woke nothing");
            }
            Action::Down(endpoint) => {
                let mut environment = self.ports.environment();
                environment.alerted.clear();
                environment.down.insert(endpoint);
            }
            Action::Up(endpoint) => {
                self.ports.environment().down.remove(&endpoint);
                self.process.handle(Input::Wakeup(Wakeup::Endpoint(endpoint)));
            }
            Action::Crash => self.crash(),
            Action::Drain => {
                self.draining = true;
                self.ports.environment().alerted.clear();
                self.process.handle(Input::Drain);
            }
        }
    }

    /// The network reports a number; what was tried before and waits for it goes within a while.
    fn alert(&mut self, number: Name) {
        let mut environment = self.ports.environment();
        let is_awaited = !self.draining && environment.waits_for_alert(&network(), &number, ALERT_MILLIS);
        if is_awaited {
            let now = environment.now;
            self.alerts += 1;
            environment.alerted.insert(number.clone(), now);
            environment.at(ALERT_MILLIS, Action::AlertDue(number.clone(), now));
        }
        drop(environment);
        self.process.handle(Input::Wakeup(Wakeup::Number(network(), number)));
    }

    /// Answers submitters; their messages begin a moment after. What the store refused is not acknowledged.
    fn acknowledge(&mut self) {
        for accepted in std::mem::take(&mut self.process.answered) {
            self.acknowledged.extend(accepted.answers.iter().flatten());
            let mut environment = self.ports.environment();
            let pause = environment.random.below(2000);
            environment.at(pause, Action::Begin(accepted.queued));
        }
    }

    fn crash(&mut self) {
        self.crashes += 1;
        self.ports.environment().process_ends(true);
        self.restart();
    }

    fn restart_if_drained(&mut self) {
        if self.draining && self.process.is_drained() {
            self.drains += 1;
            self.ports.environment().process_ends(false);
            self.restart();
        }
    }

    fn restart(&mut self) {
        self.draining = false;
        let mut environment = self.ports.environment();
        let last_id = environment.disk.messages.last_key_value().map(|(id, _)| *id);
        environment.at(300, Action::GatewaysReady);
        drop(environment);
        self.process = Process::start(&self.ports, rules(), last_id);
    }

    fn check(self) -> RunSummary {
        let environment = self.ports.environment();
        let disk = &environment.disk;
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
        assert!(self.process.is_idle(), "the process still holds something");
        RunSummary {
            messages: disk.messages.len(),
            acknowledged: self.acknowledged.len(),
            attempts: environment.attempts,
            crashes: self.crashes,
            drains: self.drains,
            store_errors: environment.store_errors,
            alerts: self.alerts,
            overlaps: environment.overlaps,
        }
    }
}

/// The digits of a phone of the network.
fn phone(number: u64) -> Name {
    Name::from(format!("49154000000{number}"))
}

/// A batch to a handful of phones: plain messages, segments, deferred ones, short validities.
fn submissions(random: &mut Random) -> Vec<Submission> {
    let count = 1 + random.below(4);
    let prefix = ["49151", "49152", "49153", "49154"][random.below(4) as usize];
    let segments = random.chance(30);
    let destination = Address::international(&format!("{prefix}000000{}", random.below(3)));
    let reference = random.below(3) as u8;
    let validity = 5 + random.below(900);
    let one = |n: u64, random: &mut Random| {
        let text = format!("{} of {}", n, random.next());
        let mut content = Content { body: Bytes::from(text), ..Content::default() };
        if segments && count > 1 {
            content.header = Bytes::from(vec![5, 0, 3, reference, count as u8, n as u8 + 1]);
        }
        let [_, _, esme, _] = endpoints();
        let source = Address::international("4930123456");
        let mut submission = Submission::new(esme, source, destination.clone(), content);
        submission.account = "acme".into();
        submission.receipt = ReceiptRequest(if random.chance(70) { 1 } else { 0x10 });
        submission.validity = Some(Validity::For(Duration::from_secs(match segments {
            true => validity, // segments of one message share it
            false => 5 + random.below(900),
        })));
        if random.chance(10) {
            submission.deliver_after = Some(START + Duration::from_millis(FAULTS_MILLIS + 1000));
            submission.validity = Some(Validity::For(Duration::from_secs(900)));
        }
        submission
    };
    (0..count).map(|n| one(n, random)).collect()
}
