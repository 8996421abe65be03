//! The loop around the queue, as the server's dispatch has it, but polled by hand.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use smsc::journey::{Accepted, AttemptResult, Journey};
use smsc::message::{Message, MessageId, Submission, Timestamp};
use smsc::ports::{Gateways, QueueEntry, Store};
use smsc::reassembly::{self, Assembled, QueuedMessage, Reassembly};
use smsc::receipt::RemoteReceipt;
use smsc::rules::Rules;
use smsc::schedule::queue::{NextStep, Overdue, Queue};

use crate::endpoints::Around;

/// Entries of one page of the due index.
const PAGE: usize = 7;
/// Bodies kept for messages that wait; few, so that others are read again.
const BODIES_MAX: usize = 20;

/// What a task ends with.
enum Done {
    Accepted(Accepted),
    Told(AttemptResult),
    Read(QueueEntry, Option<Arc<Message>>),
    Page(Vec<QueueEntry>),
    Reported(Option<AttemptResult>),
}

type Task = Pin<Box<dyn Future<Output = Done> + Send>>;

/// One process, from its start to its crash.
pub(crate) struct Centre {
    pub(crate) queue: Queue,
    journey: Arc<Journey>,
    around: Around,
    reassembly: Reassembly,
    bodies: HashMap<u64, Arc<Message>>,
    tasks: Vec<Task>,
    /// Until the due index has been read, what sets out may have come in by a page before.
    refilled_at: Option<Timestamp>,
    /// Accepted, and not begun before the submitter has its answer.
    pub(crate) answered: Vec<Accepted>,
}

impl Centre {
    pub(crate) fn start(around: &Around, rules: Rules, last_id: Option<MessageId>) -> Self {
        let clock = around.clone();
        let (store, gateways): (Arc<dyn Store>, Arc<dyn Gateways>) =
            (Arc::new(around.clone()), Arc::new(around.clone()));
        let face = Arc::new(move || clock.nature().now);
        let journey = Arc::new(Journey::new(store, gateways, rules, face, 1, last_id));
        let mut centre = Self {
            queue: Queue::new(30),
            journey,
            around: around.clone(),
            reassembly: Reassembly::new(50, Duration::from_secs(60)),
            bodies: HashMap::new(),
            tasks: Vec::new(),
            refilled_at: None,
            answered: Vec::new(),
        };
        for route in centre.journey.rules.load().table.routes() {
            centre.queue.learn_lane(route.lane, &route.targets, 1);
        }
        centre.read_page(None);
        centre
    }

    pub(crate) fn submit(&mut self, batch: Vec<Submission>) {
        let journey = Arc::clone(&self.journey);
        self.tasks.push(Box::pin(async move { Done::Accepted(journey.accept(batch).await) }));
    }

    pub(crate) fn remote_receipt(&mut self, receipt: RemoteReceipt) {
        let journey = Arc::clone(&self.journey);
        self.tasks.push(Box::pin(async move {
            Done::Reported(journey.remote_receipt(&receipt).await.expect("the disk never fails"))
        }));
    }

    /// The submitter has its answer: its messages move.
    pub(crate) fn begin(&mut self, parts: Vec<QueuedMessage>) {
        parts.into_iter().for_each(|part| self.add(part));
    }

    /// Runs until nothing moves any more at this moment.
    pub(crate) fn settle(&mut self) {
        loop {
            self.overdue();
            self.send_out();
            if !self.poll_tasks() {
                return;
            }
        }
    }

    pub(crate) fn recheck(&mut self) {
        self.queue.recheck();
        let now = self.now();
        for part in self.reassembly.tick(now) {
            self.attempt(vec![part]);
        }
    }

    /// Nothing waits, runs, or is held.
    pub(crate) fn is_idle(&self) -> bool {
        let queue = &self.queue;
        queue.waiting() + queue.open() + queue.handed_over() + self.reassembly.held() + self.tasks.len() == 0
    }

    fn now(&self) -> Timestamp {
        self.around.nature().now
    }

    fn poll_tasks(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let mut done = Vec::new();
        self.tasks.retain_mut(|task| match task.as_mut().poll(&mut context) {
            Poll::Ready(word) => {
                done.push(word);
                false
            }
            Poll::Pending => true,
        });
        let moved = !done.is_empty();
        done.into_iter().for_each(|word| self.take_in(word));
        moved
    }

    fn take_in(&mut self, word: Done) {
        match word {
            Done::Accepted(accepted) => self.answered.push(accepted),
            Done::Told(attempted) => self.told(attempted),
            Done::Read(waiting, Some(message)) => self.set_out(QueuedMessage { message, waiting }),
            Done::Read(waiting, None) => self.word(waiting.key.id, &NextStep::Ended),
            Done::Page(page) => self.resume(&page),
            Done::Reported(Some(attempted)) => {
                attempted.next.iter().for_each(|(id, _)| {
                    self.queue.reported(*id);
                });
                self.told(attempted);
            }
            Done::Reported(None) => {}
        }
    }

    fn told(&mut self, attempted: AttemptResult) {
        for (id, next) in &attempted.next {
            self.word(*id, next);
        }
        attempted.receipts.into_iter().for_each(|receipt| self.add(receipt));
    }

    fn word(&mut self, id: MessageId, next: &NextStep) {
        if matches!(next, NextStep::Ended | NextStep::HandedOver(_)) {
            self.around.nature().moving.remove(&id);
        }
        let now = self.now();
        self.queue.ended(id, next, now);
    }

    fn add(&mut self, part: QueuedMessage) {
        if self.queue.holds(&part.waiting) {
            return;
        }
        let now = self.now();
        self.queue.add(&part.waiting, now);
        self.around.nature().moving.insert(part.message.id, part.waiting);
        // What was accepted before all pages were in may have come, gone and ended by one of them:
        // without a body it is read again, and that tells.
        let is_new = self.refilled_at.is_some_and(|at| part.message.accepted_at > at);
        if is_new && self.bodies.len() < BODIES_MAX {
            self.bodies.insert(part.message.id.get(), part.message);
        }
    }

    fn read_page(&mut self, after: Option<smsc::ports::DueKey>) {
        let around = self.around.clone();
        self.tasks.push(Box::pin(async move {
            Done::Page(around.due(after, Timestamp::NEVER, PAGE).await.expect("the disk never fails"))
        }));
    }

    fn resume(&mut self, page: &[QueueEntry]) {
        let now = self.now();
        for waiting in page.iter().filter(|waiting| !waiting.handed_over) {
            self.around.nature().moving.insert(waiting.key.id, *waiting);
        }
        page.iter().for_each(|waiting| self.queue.add(waiting, now));
        match page.last() {
            Some(last) => self.read_page(Some(last.key)),
            None => self.refilled_at = Some(now),
        }
    }

    fn overdue(&mut self) {
        let now = self.now();
        for overdue in self.queue.tick(now) {
            let (Overdue::Expired(waiting) | Overdue::Unreported(waiting)) = overdue;
            self.bodies.remove(&waiting.key.id.get());
            let (journey, around) = (Arc::clone(&self.journey), self.around.clone());
            self.tasks.push(Box::pin(async move {
                let Some(message) = read(&around, waiting.key.id).await else {
                    return Done::Read(waiting, None);
                };
                let part = QueuedMessage { message, waiting };
                let ended = match overdue {
                    Overdue::Expired(_) => journey.expire(&part).await,
                    Overdue::Unreported(_) => journey.unreported(&part).await,
                };
                Done::Told(ended.expect("the disk never fails"))
            }));
        }
    }

    fn send_out(&mut self) {
        let around = self.around.clone();
        let room = |endpoints: &[smsc::message::Endpoint]| {
            endpoints.iter().map(|endpoint| around.available(endpoint)).sum()
        };
        let now = around.nature().now;
        for waiting in self.queue.take(now, room) {
            match self.bodies.remove(&waiting.key.id.get()) {
                Some(message) => self.set_out(QueuedMessage { message, waiting }),
                None => {
                    let around = self.around.clone();
                    self.tasks.push(Box::pin(async move {
                        Done::Read(waiting, read(&around, waiting.key.id).await)
                    }));
                }
            }
        }
    }

    fn set_out(&mut self, part: QueuedMessage) {
        let route = self.journey.rules.load().route_of(&part.message);
        if let Some(route) = &route
            && !self.queue.knows_lane(part.waiting.lane)
        {
            self.queue.learn_lane(part.waiting.lane, &route.targets, 1);
        }
        let reassembles = reassembly::is_segment(&part.message)
            && route.is_some_and(|route| self.around.capabilities(&route.targets[0]).reassembled);
        if !reassembles {
            return self.attempt(vec![part]);
        }
        let now = self.now();
        self.queue.set_aside(part.message.id, now);
        match self.reassembly.offer(part, now) {
            Assembled::Held => {}
            Assembled::Whole(parts) => self.attempt(parts),
            Assembled::Alone(part) => self.attempt(vec![part]),
        }
    }

    fn attempt(&mut self, parts: Vec<QueuedMessage>) {
        self.check_order(&parts);
        let journey = Arc::clone(&self.journey);
        self.tasks.push(Box::pin(async move {
            Done::Told(journey.attempt(&parts).await.expect("the disk never fails"))
        }));
    }

    /// No older message of the same destination may still wait when a newer one goes.
    fn check_order(&self, parts: &[QueuedMessage]) {
        let [part] = parts else { return };
        if reassembly::is_segment(&part.message) || part.message.deliver_after > part.message.accepted_at {
            return;
        }
        let nature = self.around.nature();
        for (id, waiting) in nature.moving.range(..part.message.id) {
            let stored = &nature.disk.messages[id];
            let overtaken = waiting.destination == part.waiting.destination
                && waiting.expires_at > nature.now
                && stored.outcome.is_none()
                && stored.message.deliver_after <= stored.message.accepted_at
                && !reassembly::is_segment(&stored.message);
            assert!(!overtaken, "{} overtook {id}", part.message.id);
        }
    }
}

async fn read(around: &Around, id: MessageId) -> Option<Arc<Message>> {
    let stored = around.get(id).await.expect("the disk never fails")?;
    stored.outcome.is_none().then_some(stored.message)
}
