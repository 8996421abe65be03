//! What an attempt leads to, as events for the store and steps for the schedule.

use std::sync::Arc;

use crate::attempt::{AttemptResult, NextStep, TargetAttempt};
use crate::endpoint::Endpoint;
use crate::ids::{Ids, MessageId};
use crate::message::{Message, Mode};
use crate::metrics::Metrics;
use crate::names::Name;
use crate::optional;
use crate::ports::{Store, StoreError};
use crate::receipt::{Outcome, State};
use crate::rules::routing::table::Route;
use crate::rules::{Decision, Rules};
use crate::stored::{Attempt, DueKey, Event, Note, QueueEntry, QueuedMessage};
use crate::timestamp::Timestamp;

/// Collects the events of one delivery, so that they are committed together.
pub(crate) struct OutcomeWriter<'a> {
    rules: &'a Rules,
    ids: &'a Ids,
    now: Timestamp,
    events: Vec<Event>,
    attempted: AttemptResult,
    /// Final states of the messages that end.
    ended: Vec<State>,
    /// Messages that await the same receipt.
    correlated: usize,
}

impl<'a> OutcomeWriter<'a> {
    pub(crate) fn new(rules: &'a Rules, ids: &'a Ids, now: Timestamp) -> Self {
        let (events, attempted) = (Vec::new(), AttemptResult::default());
        Self { rules, ids, now, events, attempted, ended: Vec::new(), correlated: 0 }
    }

    /// Commits all events, counts them, and gives the result.
    pub(crate) async fn commit(
        self,
        store: &dyn Store,
        metrics: &Metrics,
    ) -> Result<AttemptResult, StoreError> {
        if !self.events.is_empty() {
            store.commit(self.events).await?;
        }
        self.ended.into_iter().for_each(|state| metrics.ended(state));
        self.attempted.receipts.iter().for_each(|_| metrics.receipt());
        Ok(self.attempted)
    }

    /// `part` was tried, and goes on by `decision`.
    pub(crate) fn attempt(&mut self, part: &QueuedMessage, tries: &[TargetAttempt], decision: &Decision) {
        let Some((last, before)) = tries.split_last() else { return };
        if part.message.mode != Mode::StoreAndForward {
            return self.unstored(part, last, decision);
        }
        let mut number = part.entry.attempts;
        for one in before {
            number = number.saturating_add(1);
            let attempt = Some(one.attempt(number));
            self.events.push(Event::Attempted { was_due: part.entry.key.due, attempt, next: part.entry });
        }
        number = number.saturating_add(1);
        let attempt = last.attempt(number);
        let waiting = QueueEntry { attempts: last.count_after(part.entry.attempts, number), ..part.entry };
        match decision {
            Decision::End { state, error } => {
                let outcome = Outcome { state: *state, at: self.now, error: *error };
                self.end(part, outcome, Some(attempt));
            }
            Decision::AwaitReceipt(until) => {
                self.correlate(part, last);
                let key = DueKey { due: part.message.expires_at, id: part.message.id };
                let handed_over = QueueEntry { key, expires_at: *until, handed_over: true, ..waiting };
                self.go_on(part, NextStep::HandedOver(handed_over), attempt);
            }
            Decision::Retry(at) => {
                // A second ENROUTE would add nothing.
                if part.message.receipt.wants_intermediate() && part.entry.attempts == 0 {
                    let status = Outcome { state: State::Enroute, at: self.now, error: attempt.error };
                    self.receipt(part, &status);
                }
                let waiting = QueueEntry { key: DueKey { due: *at, id: part.message.id }, ..waiting };
                let next = if last.mends_by_opening() { NextStep::AgainOnceOpen } else { NextStep::Again };
                self.go_on(part, next(waiting), attempt);
            }
        }
    }

    /// `part` has ended: a receipt that was requested sets out, as a message of its own.
    pub(crate) fn end(&mut self, part: &QueuedMessage, outcome: Outcome, attempt: Option<Attempt>) {
        self.ended.push(outcome.state);
        if part.message.receipt.wants(outcome.state) {
            self.receipt(part, &outcome);
        }
        let id = part.message.id;
        if part.message.mode == Mode::StoreAndForward {
            self.events.push(Event::Finished { id, was_due: part.entry.key.due, attempt, outcome });
        }
        self.attempted.next.push((id, NextStep::Ended));
    }

    /// Sends the submitter the state of its message, under the reference of its request.
    pub(crate) fn status_report(&mut self, message: &Message, outcome: &Outcome, reference: u16) {
        let expires_at = self.now + self.rules.receipt_validity;
        let Some(told) = message.receipt_message(self.ids.next(self.now), outcome, expires_at) else {
            return;
        };
        self.send(
            Message { accepted_at: self.now, optional: optional::answering_command(reference), ..told },
            &message.origin,
        );
    }

    /// The next hop's receipt will find the message by this. Segments that went as one have one
    /// remote id: the first gets it, the others are found by their place after it.
    fn correlate(&mut self, part: &QueuedMessage, last: &TargetAttempt) {
        if let Some((link, remote_id)) = last.correlation() {
            let remote_id = sibling_id(&remote_id, self.correlated);
            self.correlated += 1;
            self.events.push(Event::Correlated { link, remote_id, id: part.message.id });
        }
    }

    fn go_on(&mut self, part: &QueuedMessage, next: NextStep, attempt: Attempt) {
        if let NextStep::Again(waiting) | NextStep::AgainOnceOpen(waiting) | NextStep::HandedOver(waiting) =
            next
        {
            let was_due = part.entry.key.due;
            self.events.push(Event::Attempted { was_due, attempt: Some(attempt), next: waiting });
        }
        self.attempted.next.push((part.message.id, next));
    }

    /// A datagram has its one attempt: what failed for now has failed.
    fn unstored(&mut self, part: &QueuedMessage, last: &TargetAttempt, decision: &Decision) {
        let (state, error) = match (decision, &last.result) {
            (Decision::End { state, error }, _) => (*state, *error),
            (_, Ok(_)) => (State::Delivered, 0),
            (_, Err(failure)) => (State::Undeliverable, failure.number()),
        };
        self.end(part, Outcome { state, at: self.now, error }, None);
    }

    fn receipt(&mut self, part: &QueuedMessage, outcome: &Outcome) {
        let expires_at = self.now + self.rules.receipt_validity;
        let Some(message) = part.message.receipt_message(self.ids.next(self.now), outcome, expires_at) else {
            return;
        };
        let receipt_id = self.send(message, &part.message.origin);
        // The id comes first: a trace follows it to the receipt's own attempts.
        let text = format!("{receipt_id} {:?} to {}", outcome.state, part.message.origin);
        let note = Note { at: self.now, station: "receipt".into(), text: text.to_lowercase() };
        if part.message.mode == Mode::StoreAndForward {
            self.events.push(Event::Noted { id: part.message.id, note });
        }
    }

    /// A receipt sets out.
    fn send(&mut self, message: Message, to: &Endpoint) -> MessageId {
        let queue = Route::queue_to(to);
        let receipt = QueuedMessage { entry: QueueEntry::of(&message, queue), message: Arc::new(message) };
        let id = receipt.message.id;
        self.events.push(Event::Accepted(Arc::clone(&receipt.message), receipt.entry));
        self.attempted.receipts.push(receipt);
        id
    }
}

/// Under which remote id the `place`th of several messages with one receipt is found; the first is 0.
pub(crate) fn sibling_id(remote_id: &Name, place: usize) -> Name {
    if place == 0 { remote_id.clone() } else { compact_str::format_compact!("{remote_id}+{place}") }
}
