//! One process from its start to its end: the centre's own state machine, with its effects polled by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use smsc::dispatch::{Dispatch, Effect, Input, Limits};
use smsc::ids::MessageId;
use smsc::journey::{Accepted, Journey};
use smsc::message::{Message, Submission};
use smsc::ports::{Gateways, Store, StoreError};
use smsc::queue::Overdue;
use smsc::receipt::RemoteReceipt;
use smsc::rules::{Rules, RulesHandle};
use smsc::stored::QueuedMessage;
use smsc::timestamp::Timestamp;

use crate::environment::WAITING_MAX;
use crate::order;
use crate::ports::Ports;

/// What a task ends with.
enum Output {
    Accepted(Accepted),
    Inputs(Vec<Input>),
}

type Task = Pin<Box<dyn Future<Output = Output> + Send>>;

/// Small bounds, so that every one of them is met.
fn limits() -> Limits {
    Limits {
        open_max: 30,
        waiting_max: WAITING_MAX,
        bodies_max: 8,
        early_max: 50,
        segments_max: 50,
        segment_wait: Duration::from_secs(60),
        recheck: Duration::from_secs(1),
        again_after: Duration::from_secs(5),
        page: 7,
    }
}

/// One process.
pub(crate) struct Process {
    dispatch: Dispatch,
    journey: Arc<Journey>,
    ports: Ports,
    tasks: Vec<Task>,
    /// Accepted, and not begun before the submitter has its answer.
    pub(crate) answered: Vec<Accepted>,
}

impl Process {
    pub(crate) fn start(ports: &Ports, rules: Rules, last_id: Option<MessageId>) -> Self {
        let clock = ports.clone();
        let now = ports.environment().now;
        let (store, gateways): (Arc<dyn Store>, Arc<dyn Gateways>) =
            (Arc::new(ports.clone()), Arc::new(ports.clone()));
        let rules = RulesHandle::new(rules);
        let clock = Arc::new(move || clock.environment().now);
        let journey =
            Arc::new(Journey::new(store, Arc::clone(&gateways), rules.clone(), clock, 1, last_id));
        let dispatch = Dispatch::new(rules, gateways, limits(), now);
        Self { dispatch, journey, ports: ports.clone(), tasks: Vec::new(), answered: Vec::new() }
    }

    pub(crate) fn submit(&mut self, batch: Vec<Submission>) {
        let journey = Arc::clone(&self.journey);
        self.tasks.push(Box::pin(async move { Output::Accepted(journey.accept(batch).await) }));
    }

    pub(crate) fn remote_receipt(&mut self, receipt: RemoteReceipt) {
        let journey = Arc::clone(&self.journey);
        self.tasks.push(Box::pin(async move {
            let Ok(Some(result)) = journey.remote_receipt(&receipt).await else {
                return Output::Inputs(Vec::new()); // unknown, or the store failed and the sender repeats it
            };
            let reported = result.next.iter().map(|(id, _)| Input::Reported(*id)).collect::<Vec<_>>();
            Output::Inputs(reported.into_iter().chain([Input::Ended(result)]).collect())
        }));
    }

    pub(crate) fn handle(&mut self, input: Input) {
        let now = self.ports.environment().now;
        self.dispatch.handle(input, now);
    }

    /// Runs until nothing moves any more at this moment.
    pub(crate) fn run(&mut self) {
        loop {
            if self.dispatch.deadline() <= self.ports.environment().now {
                self.handle(Input::Tick);
            }
            while let Some(effect) = self.dispatch.poll() {
                self.carry_out(effect);
            }
            if !self.poll_tasks() {
                return;
            }
        }
    }

    pub(crate) fn deadline(&self) -> Timestamp {
        self.dispatch.deadline()
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.dispatch.is_drained()
    }

    /// Nothing waits, runs, or is held.
    pub(crate) fn is_idle(&self) -> bool {
        let dispatch = &self.dispatch;
        dispatch.waiting() + dispatch.open() + dispatch.handed_over() + self.tasks.len() == 0
    }

    fn poll_tasks(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let mut outputs = Vec::new();
        self.tasks.retain_mut(|task| match task.as_mut().poll(&mut context) {
            Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            Poll::Pending => true,
        });
        let moved = !outputs.is_empty();
        for output in outputs {
            match output {
                Output::Accepted(accepted) => self.answered.push(accepted),
                Output::Inputs(inputs) => inputs.into_iter().for_each(|input| self.handle(input)),
            }
        }
        moved
    }

    fn carry_out(&mut self, effect: Effect) {
        let (journey, ports) = (Arc::clone(&self.journey), self.ports.clone());
        let mut task: Task = match effect {
            Effect::Attempt(group) => {
                self.begin_attempt(&group);
                Box::pin(async move {
                    let result = journey.attempt(&group).await;
                    ports.attempt_ended(&group);
                    let entries = group.iter().map(|queued| queued.entry).collect();
                    let input = result.map_or(Input::AttemptNotRecorded(entries), Input::AttemptEnded);
                    Output::Inputs(vec![input])
                })
            }
            Effect::Read(entry) => Box::pin(async move {
                let read = waiting_message(&ports, entry.key.id).await;
                let input = read.map_or(Input::ReadFailed(entry), |message| Input::Read(entry, message));
                Output::Inputs(vec![input])
            }),
            Effect::ReadPage { after, limit } => Box::pin(async move {
                let page = ports.due(after, Timestamp::NEVER, limit).await;
                Output::Inputs(vec![page.map_or(Input::PageFailed, Input::Page)])
            }),
            Effect::End(overdue) => {
                Box::pin(async move { Output::Inputs(vec![end(&journey, &ports, overdue).await]) })
            }
            Effect::Verify(entry) => Box::pin(async move {
                let read = waiting_message(&ports, entry.key.id).await;
                let verified = |message: Option<_>| Input::Verified(entry, message.is_some());
                Output::Inputs(vec![read.map_or(Input::VerifyFailed(entry), verified)])
            }),
        };
        // The first step is taken here and now, as the node does.
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Output::Inputs(inputs)) => inputs.into_iter().for_each(|input| self.handle(input)),
            Poll::Ready(Output::Accepted(_)) => {}
            Poll::Pending => self.tasks.push(task),
        }
    }

    fn begin_attempt(&self, group: &[QueuedMessage]) {
        let route = group.first().and_then(|first| self.journey.rules().load().route_of(&first.message));
        let windows = route.iter().flat_map(|route| &route.targets);
        let windows = windows.map(|target| self.ports.capabilities(target).open_per_destination);
        let window = windows.min().unwrap_or(1);
        order::check(&self.ports.environment(), group, window);
        self.ports.attempt_begins(group);
    }
}

async fn end(journey: &Journey, ports: &Ports, overdue: Overdue) -> Input {
    let (Overdue::Expired(entry) | Overdue::Unreported(entry)) = overdue;
    let Ok(message) = waiting_message(ports, entry.key.id).await else { return Input::EndNotRecorded(entry) };
    let Some(message) = message else { return Input::Gone(entry.key.id) };
    let queued = QueuedMessage { message, entry };
    let ended = match overdue {
        Overdue::Expired(_) => journey.expire(&queued).await,
        Overdue::Unreported(_) => journey.unreported(&queued).await,
    };
    ended.map_or(Input::EndNotRecorded(entry), Input::Ended)
}

async fn waiting_message(ports: &Ports, id: MessageId) -> Result<Option<Arc<Message>>, StoreError> {
    let stored = ports.get(id).await?;
    Ok(stored.filter(|stored| stored.outcome.is_none()).map(|stored| stored.message))
}
