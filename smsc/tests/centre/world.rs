//! A centre with a store in memory, gateways that answer by script, and a clock of its own.

pub(crate) mod store;

use std::collections::{HashMap, VecDeque};
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::store::MemoryStore;
use bytes::Bytes;
use smsc::address::Address;
use smsc::attempt::AttemptResult;
use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::journey::Journey;
use smsc::message::{Content, Submission};
use smsc::ports::Gateways;
use smsc::receipt::{ReceiptRequest, RemoteReceipt, State};
use smsc::rejection::Rejection;
use smsc::rules::routing::matcher::{Destination, Source};
use smsc::rules::routing::table::{RouteTable, Rule};
use smsc::rules::{Rules, RulesHandle};
use smsc::stored::QueuedMessage;
use smsc::timestamp::Timestamp;

pub(crate) const START: u64 = 1_795_000_000_000;

/// Gateways that answer by script: the next word for an endpoint, or success.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<HashMap<Endpoint, VecDeque<Result<DeliveryAck, Failure>>>>,
    pub(crate) deliveries: Mutex<Vec<(Endpoint, Delivery)>>,
}

impl Gateways for Script {
    fn available(&self, _party: &Endpoint) -> usize {
        10
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        self.deliveries.lock().unwrap().push((endpoint.clone(), delivery));
        let answer = self.answers.lock().unwrap().get_mut(endpoint).and_then(VecDeque::pop_front);
        Box::pin(ready(answer.unwrap_or(Ok(DeliveryAck { remote_id: None, via: "link-1".into() }))))
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        let sends_receipts = matches!(endpoint, Endpoint::Smpp(_));
        Capabilities { open_per_destination: 1, reassembled: false, sends_receipts }
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) script: Arc<Script>,
    pub(crate) journey: Journey,
    clock: Arc<AtomicU64>,
}

pub(crate) fn carrier(name: &str) -> Endpoint {
    Endpoint::Smpp(name.into())
}

pub(crate) fn esme() -> Endpoint {
    Endpoint::Esme("acme".into())
}

/// The response of a next hop that takes a message and will send a receipt.
pub(crate) fn taken(remote_id: &str) -> Result<DeliveryAck, Failure> {
    Ok(DeliveryAck { remote_id: Some(remote_id.into()), via: "link-1".into() })
}

pub(crate) fn remote(remote_id: &str, state: State) -> RemoteReceipt {
    RemoteReceipt { link: "link-1".into(), remote_ids: vec![remote_id.into()], state, error: 0 }
}

pub(crate) fn rule(name: &str, prefix: &str, targets: &[Endpoint]) -> Rule {
    Rule {
        name: name.into(),
        priority: 1,
        source: Source::default(),
        destination: Destination::Prefix(vec![prefix.into()]),
        targets: targets.to_vec(),
        allow_return: false,
        retry: None,
    }
}

pub(crate) fn rules() -> Rules {
    Rules {
        table: RouteTable::new(vec![
            rule("germany", "49", &[carrier("a"), carrier("b")]),
            rule("nowhere", "4999", &[]),
        ]),
        ..Rules::default()
    }
}

pub(crate) fn submission(destination: &str) -> Submission {
    let content = Content { body: Bytes::from_static(b"hello"), ..Content::default() };
    let source = Address::international("4930123456");
    let mut submission = Submission::new(esme(), source, Address::international(destination), content);
    submission.account = "acme".into();
    submission.receipt = ReceiptRequest::ALWAYS;
    submission
}

impl World {
    pub(crate) fn new(rules: Rules) -> Self {
        let (store, script) = (Arc::new(MemoryStore::new()), Arc::new(Script::default()));
        let clock = Arc::new(AtomicU64::new(START));
        let hand = Arc::clone(&clock);
        let clock_face = Arc::new(move || Timestamp::from_millis(hand.load(Ordering::Relaxed)));
        let (stored, gateways) = (Arc::clone(&store), Arc::clone(&script));
        let journey = Journey::new(stored, gateways, RulesHandle::new(rules), clock_face, 1, None);
        Self { store, script, journey, clock }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn wait_until(&self, at: Timestamp) {
        self.clock.store(at.millis(), Ordering::Relaxed);
    }

    pub(crate) fn wait(&self, span: Duration) {
        self.wait_until(self.now() + span);
    }

    /// `endpoint` gives these answers next.
    pub(crate) fn answers(
        &self,
        endpoint: &Endpoint,
        answers: impl IntoIterator<Item = Result<DeliveryAck, Failure>>,
    ) {
        self.script.answers.lock().unwrap().entry(endpoint.clone()).or_default().extend(answers);
    }

    pub(crate) fn submit(
        &self,
        submission: Submission,
    ) -> Result<(MessageId, Option<QueuedMessage>), Rejection> {
        let mut accepted = pollster::block_on(self.journey.accept(vec![submission]));
        accepted.answers.remove(0).map(|id| (id, accepted.queued.pop()))
    }

    /// A message that is ours and wants to move.
    pub(crate) fn accept(&self, submission: Submission) -> QueuedMessage {
        self.submit(submission).unwrap().1.unwrap()
    }

    pub(crate) fn attempt(&self, parts: &[QueuedMessage]) -> AttemptResult {
        pollster::block_on(self.journey.attempt(parts)).unwrap()
    }

    pub(crate) fn remote_receipt(&self, receipt: &RemoteReceipt) -> Option<AttemptResult> {
        pollster::block_on(self.journey.remote_receipt(receipt)).unwrap()
    }

    pub(crate) fn state(&self, id: MessageId) -> Option<State> {
        self.store.read(id).outcome.map(|outcome| outcome.state)
    }

    /// The endpoints to which deliveries were tried, in order.
    pub(crate) fn tried(&self) -> Vec<Endpoint> {
        self.script.deliveries.lock().unwrap().iter().map(|(endpoint, _)| endpoint.clone()).collect()
    }
}
