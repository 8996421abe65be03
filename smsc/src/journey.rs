//! The journey of one message. Read this file first.
//!
//! A message travels three legs. [`Journey::accept`] makes it ours: admit → route
//! exists? → store, and only then is it acknowledged. [`Journey::attempt`] tries to
//! hand it on: route → deliver → decide → record, repeated until it has ended. Then
//! it is closed: its receipt sets out, a message of its own, in the same commit
//! that records the end.
//!
//! What the layout cannot show: a crash between *deliver* and *record* repeats the
//! delivery, so delivery is at least once. A message starts to move only when its
//! submitter has been answered ([`StartGuard`](crate::ports::StartGuard)), so no receipt overtakes an answer.

use std::sync::Arc;
use std::task::Poll;

use crate::attempt::{AttemptResult, NextStep, TargetAttempt};
use crate::correlation::{Claims, EarlyReceipts};
use crate::delivery::Delivery;
use crate::endpoint::Endpoint;
use crate::failure::{EXPIRED_NUMBER, Failure};
use crate::future::BoxFuture;
use crate::ids::{Ids, MessageId};
use crate::message::{Message, Mode, Submission};
use crate::metrics::Metrics;
use crate::outcome_writer::{OutcomeWriter, sibling_id};
use crate::ports::{Gateways, Pressure, Store, StoreError};
use crate::queue::reassembly;
use crate::queue::throttle::Throttles;
use crate::receipt::{Outcome, RemoteReceipt, State};
use crate::rejection::Rejection;
use crate::rules::replacement::replaced_entry;
use crate::rules::routing::table::Route;
use crate::rules::{Rules, RulesHandle};
use crate::stored::{Event, MessageStatus, Note, QueueEntry, QueuedMessage};
use crate::timestamp::{Clock, Timestamp};

/// What one node needs to carry messages.
pub struct Journey {
    /// Where messages rest.
    store: Arc<dyn Store>,
    /// The way out.
    gateways: Arc<dyn Gateways>,
    /// Every decision that an operator can configure; replaced as a whole.
    rules: RulesHandle,
    /// What has been counted.
    metrics: Metrics,
    clock: Clock,
    ids: Ids,
    throttles: Throttles,
    early: EarlyReceipts,
    closing: Claims,
}

/// A batch of submissions after the first leg.
#[derive(Debug, Default)]
pub struct Accepted {
    /// One answer for each submission, in order.
    pub answers: Vec<Result<MessageId, Rejection>>,
    /// What is ours now and wants to move.
    pub queued: Vec<QueuedMessage>,
}

impl Journey {
    /// A journey over `store` and `gateways`; ids go on above `last_id`.
    pub fn new(
        store: Arc<dyn Store>,
        gateways: Arc<dyn Gateways>,
        rules: RulesHandle,
        clock: Clock,
        node: u16,
        last_id: Option<MessageId>,
    ) -> Self {
        Self {
            store,
            gateways,
            rules,
            metrics: Metrics::default(),
            clock,
            ids: Ids::new(node, last_id),
            throttles: Throttles::default(),
            early: EarlyReceipts::default(),
            closing: Claims::default(),
        }
    }

    /// The rules that apply now, to be read or replaced.
    pub fn rules(&self) -> &RulesHandle {
        &self.rules
    }

    /// What has been counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// First leg. Where this answers with an id, the message is on disk, and only
    /// then may the gateway acknowledge it.
    pub async fn accept(&self, batch: Vec<Submission>) -> Accepted {
        let now = (self.clock)();
        let rules = self.rules.load();
        let mut accepted = Accepted::default();
        let mut ready = Vec::with_capacity(batch.len());
        for submission in batch {
            let admitted = self.admit(&rules, submission, now);
            accepted.answers.push(admitted.as_ref().map(|part| part.message.id).map_err(Clone::clone));
            if let Ok(part) = admitted {
                ready.push((accepted.answers.len() - 1, part));
            }
        }
        let settled = self.take_over(ready).await;
        let mut repeated = 0;
        for (position, outcome) in settled {
            match outcome {
                Ok(Some(part)) => accepted.queued.push(part),
                Ok(None) => {}
                Err(answer) => {
                    repeated += usize::from(answer.is_ok());
                    if let Some(slot) = accepted.answers.get_mut(position) {
                        *slot = answer;
                    }
                }
            }
        }
        self.metrics.answered(&accepted.answers, repeated);
        accepted
    }

    /// Second leg, repeated until every part has ended. The parts are one message,
    /// or all segments of one.
    pub async fn attempt(&self, parts: &[QueuedMessage]) -> Result<AttemptResult, StoreError> {
        let rules = self.rules.load();
        let Some(first) = parts.first() else { return Ok(AttemptResult::default()) };
        let now = (self.clock)();
        if parts.iter().all(|part| part.message.expires_at <= now) {
            return self.expire_all(parts, now).await; // it waited for siblings, or for its body, too long
        }
        let route = rules.route_of(&first.message);
        let tries = self.deliver(parts, route.as_deref()).await;
        let now = (self.clock)();
        let Some(last) = tries.last() else { return Ok(AttemptResult::default()) };
        tries.iter().for_each(|one| self.metrics.attempted(&one.result));
        let mut writer = OutcomeWriter::new(&rules, &self.ids, now);
        for part in parts {
            let number = part.entry.attempts.saturating_add(1);
            let decision =
                rules.decide(&part.message, route.as_deref(), last.capabilities, number, &last.result, now);
            writer.attempt(part, &tries, &decision);
        }
        let mut attempted = writer.commit(&*self.store, &self.metrics).await?;
        self.answer_early_receipts(parts, &tries, &mut attempted).await;
        Ok(attempted)
    }

    /// The validity of a waiting message ran out.
    pub async fn expire(&self, part: &QueuedMessage) -> Result<AttemptResult, StoreError> {
        self.finish(part, State::Expired, EXPIRED_NUMBER).await
    }

    /// The next hop never reported how a message ended.
    pub async fn unreported(&self, part: &QueuedMessage) -> Result<AttemptResult, StoreError> {
        let id = part.message.id;
        let over = AttemptResult { next: vec![(id, NextStep::Ended)], receipts: Vec::new() };
        // The receipt may have come at the last moment.
        let Some(_claim) = self.closing.claim(id) else { return Ok(over) };
        match self.store.get(id).await? {
            Some(stored) if stored.outcome.is_none() => self.finish(part, State::Unknown, 0).await,
            _ => Ok(over),
        }
    }

    /// The submitter or the operator takes a waiting message back.
    pub async fn cancel(&self, part: &QueuedMessage) -> Result<AttemptResult, StoreError> {
        self.finish(part, State::Deleted, 0).await
    }

    /// Changes a message that was taken out of the queue, on disk, and gives the entry under which it waits
    /// from now on. `None` if it has ended, or `change` finds that it is not to be changed.
    pub async fn replace(
        &self,
        id: MessageId,
        entry: &QueueEntry,
        change: impl FnOnce(&Message, Timestamp) -> Result<Option<Message>, Rejection>,
    ) -> Result<Option<QueueEntry>, Rejection> {
        let now = (self.clock)();
        // Read again: another request may have changed it while it waited.
        let stored = self.store.get(id).await.map_err(|error| Rejection::from(&error))?;
        let Some(stored) = stored.filter(|stored| stored.outcome.is_none()) else { return Ok(None) };
        let Some(message) = change(&stored.message, now)? else { return Ok(None) };
        let next = replaced_entry(entry, &stored.message, &message);
        let note = Note { at: now, station: "replace".into(), text: "replaced by its submitter".to_owned() };
        let replaced = Event::Replaced { message: Arc::new(message), was_due: entry.key.due, next };
        let committed = self.store.commit(vec![replaced, Event::Noted { id, note }]).await;
        committed.map(|()| Some(next)).map_err(|error| Rejection::from(&error))
    }

    /// The submitter requests the state of a message: a receipt carries it, under the reference of the
    /// request.
    pub async fn send_status_report(
        &self,
        message: &Message,
        status: MessageStatus,
        reference: u16,
    ) -> Result<AttemptResult, StoreError> {
        let MessageStatus { state, done_at, error } = status;
        let rules = self.rules.load();
        let now = (self.clock)();
        let mut writer = OutcomeWriter::new(&rules, &self.ids, now);
        writer.status_report(message, &Outcome { state, at: done_at.unwrap_or(now), error }, reference);
        writer.commit(&*self.store, &self.metrics).await
    }

    /// Another centre reports how a message ended that was handed to it. `None` if it is none of ours, yet.
    pub async fn remote_receipt(&self, receipt: &RemoteReceipt) -> Result<Option<AttemptResult>, StoreError> {
        let mut found = self.correlated(receipt).await?;
        if found.is_none() {
            // Its answer may be on its way to the store at this moment: hold, then look again.
            self.early.hold(receipt, (self.clock)());
            found = self.correlated(receipt).await?;
        }
        let Some(id) = found else { return Ok(None) };
        for remote_id in &receipt.remote_ids {
            self.early.take(&receipt.link, remote_id);
        }
        self.apply_remote_receipt(id, receipt).await.map(Some)
    }

    fn admit(
        &self,
        rules: &Rules,
        submission: Submission,
        now: Timestamp,
    ) -> Result<QueuedMessage, Rejection> {
        match self.store.pressure() {
            Pressure::Free => {}
            Pressure::High => return Err(Rejection::Congested),
            Pressure::Closed => return Err(Rejection::StoreClosed),
        }
        let account = rules.account(&submission.account);
        self.throttles
            .take(&submission.account, account.rate, now)
            .map_err(|_wait_ms| Rejection::Throttled)?;
        let (message, route) = rules.admit(submission, self.ids.next(now), now)?;
        let entry = QueueEntry::of(&message, route.queue);
        Ok(QueuedMessage { message: Arc::new(message), entry })
    }

    /// Stores what is to be stored and gives what became of each: a part that is to move, nothing,
    /// or another answer than its id. All at once, so that they share the store's commits and
    /// nothing waits for the peer of a transaction but that transaction.
    async fn take_over(&self, ready: Vec<(usize, QueuedMessage)>) -> Vec<(usize, Settled)> {
        let mut together = Vec::with_capacity(ready.len());
        let mut work: Vec<BoxFuture<'_, Vec<(usize, Settled)>>> = Vec::new();
        for (position, part) in ready {
            match (part.message.mode, &part.message.client_key) {
                (Mode::StoreAndForward, None) => together.push((position, part)),
                (Mode::StoreAndForward, Some(_)) => {
                    work.push(Box::pin(async move { vec![(position, self.store_keyed(part).await)] }));
                }
                (Mode::Datagram, _) => work.push(Box::pin(async move { vec![(position, Ok(Some(part)))] })),
                (Mode::Transactional, _) => {
                    work.push(Box::pin(async move { vec![(position, self.transact(&part).await)] }));
                }
            }
        }
        if work.is_empty() {
            return self.store_together(together).await;
        }
        work.push(Box::pin(self.store_together(together)));
        side_by_side(work).await.into_iter().flatten().collect()
    }

    async fn store_together(&self, parts: Vec<(usize, QueuedMessage)>) -> Vec<(usize, Settled)> {
        if parts.is_empty() {
            return Vec::new();
        }
        let events =
            parts.iter().map(|(_, part)| Event::Accepted(Arc::clone(&part.message), part.entry)).collect();
        let stored = self.store.commit(events).await;
        let settle = |part| match &stored {
            Ok(()) => Ok(Some(part)),
            Err(error) => Err(Err(error.into())),
        };
        parts.into_iter().map(|(position, part)| (position, settle(part))).collect()
    }

    /// A message with a client key: the same key from the same account is the same message.
    async fn store_keyed(&self, part: QueuedMessage) -> Settled {
        let event = Event::Accepted(Arc::clone(&part.message), part.entry);
        match self.store.commit(vec![event]).await {
            Ok(()) => Ok(Some(part)),
            Err(StoreError::KeyTaken(id)) => match self.store.get(id).await {
                Ok(Some(stored)) if same_message(&stored.message, &part.message) => Err(Ok(id)),
                Ok(_) => Err(Err(Rejection::KeyReused)),
                Err(error) => Err(Err((&error).into())),
            },
            Err(error) => Err(Err((&error).into())),
        }
    }

    /// Transactional mode: one attempt; its outcome is the answer.
    async fn transact(&self, part: &QueuedMessage) -> Settled {
        let rules = self.rules.load();
        let route = rules.route_of(&part.message);
        let tries = self.deliver(std::slice::from_ref(part), route.as_deref()).await;
        tries.iter().for_each(|one| self.metrics.attempted(&one.result));
        match tries.into_iter().last().map(|last| last.result) {
            Some(Ok(_)) => Ok(None),
            Some(Err(failure)) => Err(Err(Rejection::DeliveryFailed(failure))),
            None => Err(Err(Rejection::NoRoute)),
        }
    }

    /// Tries the targets of a route in their order, until one takes the message or fails in a
    /// way that another would not mend.
    async fn deliver(&self, parts: &[QueuedMessage], route: Option<&Route>) -> Vec<TargetAttempt> {
        let Some(delivery) = delivery(parts) else { return Vec::new() };
        let Some(route) = route else {
            return vec![TargetAttempt::without_endpoint(Failure::NoRoute, (self.clock)())];
        };
        let mut candidates: Vec<&Endpoint> =
            route.targets.iter().filter(|target| route.admits(target, &delivery.message.origin)).collect();
        // Connected ones first; the order of preference stays among equals.
        candidates.sort_by_key(|target| self.gateways.available(target) == 0);
        let mut tries = Vec::with_capacity(1);
        for endpoint in candidates {
            let began_at = (self.clock)();
            let result = self.gateways.deliver(endpoint, delivery.clone()).await;
            let goes_on = matches!(result, Err(Failure::NoPeer | Failure::Throttled { .. }));
            tries.push(TargetAttempt {
                endpoint: Some(endpoint.clone()),
                capabilities: self.gateways.capabilities(endpoint),
                began_at,
                ended_at: (self.clock)(),
                result,
            });
            if !goes_on {
                break;
            }
        }
        if tries.is_empty() {
            tries.push(TargetAttempt::without_endpoint(Failure::NoRoute, (self.clock)()));
        }
        tries
    }

    async fn expire_all(&self, parts: &[QueuedMessage], now: Timestamp) -> Result<AttemptResult, StoreError> {
        let rules = self.rules.load();
        let mut writer = OutcomeWriter::new(&rules, &self.ids, now);
        let outcome = Outcome { state: State::Expired, at: now, error: EXPIRED_NUMBER };
        parts.iter().for_each(|part| writer.end(part, outcome.clone(), None));
        writer.commit(&*self.store, &self.metrics).await
    }

    async fn finish(
        &self,
        part: &QueuedMessage,
        state: State,
        error: u8,
    ) -> Result<AttemptResult, StoreError> {
        let rules = self.rules.load();
        let now = (self.clock)();
        let mut writer = OutcomeWriter::new(&rules, &self.ids, now);
        writer.end(part, Outcome { state, at: now, error }, None);
        writer.commit(&*self.store, &self.metrics).await
    }

    async fn correlated(&self, receipt: &RemoteReceipt) -> Result<Option<MessageId>, StoreError> {
        for remote_id in &receipt.remote_ids {
            let found = self.store.by_remote_id(receipt.link.clone(), remote_id.clone()).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Ends the message, and its siblings if it went as one with them. Answers whether all of it is done.
    async fn apply_remote_receipt(
        &self,
        id: MessageId,
        receipt: &RemoteReceipt,
    ) -> Result<AttemptResult, StoreError> {
        let mut attempted = AttemptResult::default();
        if !receipt.state.is_final() {
            return Ok(attempted);
        }
        let is_segment = self.end_reported(id, receipt, &mut attempted).await?;
        let mut place = 1;
        while is_segment && let Some(sibling) = self.sibling(receipt, place).await? {
            self.end_reported(sibling, receipt, &mut attempted).await?;
            place += 1;
        }
        Ok(attempted)
    }

    /// Ends one message as its next hop reported, unless it has ended. Answers whether it is a segment.
    async fn end_reported(
        &self,
        id: MessageId,
        receipt: &RemoteReceipt,
        attempted: &mut AttemptResult,
    ) -> Result<bool, StoreError> {
        let Some(_claim) = self.closing.claim(id) else { return Ok(false) };
        let Some(stored) = self.store.get(id).await? else { return Ok(false) };
        let is_segment = reassembly::is_segment(&stored.message);
        if stored.outcome.is_none() {
            // The key under which it waits since it was handed over does not depend on the rules.
            let mut waiting = QueueEntry::of(&stored.message, 0);
            waiting.key.due = stored.message.expires_at;
            let part = QueuedMessage { message: stored.message, entry: waiting };
            let ended = self.finish(&part, receipt.state, receipt.error).await?;
            attempted.next.extend(ended.next);
            attempted.receipts.extend(ended.receipts);
        }
        Ok(is_segment)
    }

    async fn sibling(&self, receipt: &RemoteReceipt, place: usize) -> Result<Option<MessageId>, StoreError> {
        for remote_id in &receipt.remote_ids {
            let found = self.store.by_remote_id(receipt.link.clone(), sibling_id(remote_id, place)).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Receipts that arrived between a peer's answer and its writer. What cannot be recorded now
    /// ends as any message does without its receipt.
    async fn answer_early_receipts(
        &self,
        parts: &[QueuedMessage],
        tries: &[TargetAttempt],
        attempted: &mut AttemptResult,
    ) {
        let correlation = tries.last().and_then(TargetAttempt::correlation);
        let Some((link, remote_id)) = correlation else { return };
        let Some(receipt) = self.early.take(&link, &remote_id).filter(|receipt| receipt.state.is_final())
        else {
            return;
        };
        for part in parts {
            let mut more = AttemptResult::default();
            let _recorded = self.end_reported(part.message.id, &receipt, &mut more).await;
            attempted.next.retain(|(id, _)| !more.next.iter().any(|(other, _)| other == id));
            attempted.next.extend(more.next);
            attempted.receipts.extend(more.receipts);
        }
    }
}

/// A part that is to move, nothing more to do, or another answer than the message's own id.
type Settled = Result<Option<QueuedMessage>, Result<MessageId, Rejection>>;

fn delivery(parts: &[QueuedMessage]) -> Option<Delivery> {
    let receipt_wanted = parts.iter().any(|part| part.message.receipt.wants_any());
    let message = match parts {
        [] => return None,
        [one] => Arc::clone(&one.message),
        [first, ..] => {
            Arc::new(Message { content: reassembly::joined(parts), ..Message::clone(&first.message) })
        }
    };
    Some(Delivery { message, receipt_wanted })
}

/// Waits for all of them at once. They are few: each word from any of them asks all that are open.
async fn side_by_side<T: Send>(mut work: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut done = Vec::with_capacity(work.len());
    std::future::poll_fn(move |context| {
        work.retain_mut(|one| match one.as_mut().poll(context) {
            Poll::Ready(value) => {
                done.push(value);
                false
            }
            Poll::Pending => true,
        });
        if work.is_empty() { Poll::Ready(std::mem::take(&mut done)) } else { Poll::Pending }
    })
    .await
}

fn same_message(one: &Message, other: &Message) -> bool {
    one.content == other.content && one.destination == other.destination && one.source == other.source
}
