//! What an attempt leads to, as events for the store and steps for the schedule.

use std::sync::Arc;

use crate::failure::Failure;
use crate::ids::Ids;
use crate::journey::Attempted;
use crate::message::{Mode, Name, Timestamp};
use crate::ports::{Attempt, DueKey, Event, Handover, Outcome, Waiting, Wishes};
use crate::reassembly::Part;
use crate::receipt::State;
use crate::routing::table::Route;
use crate::rules::{Decision, Rules};
use crate::schedule::queue::Next;
use crate::tally::Tally;

/// One target that was tried.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) party: Name,
    pub(crate) wishes: Wishes,
    pub(crate) began_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) result: Result<Handover, Failure>,
}

/// Collects the events of one delivery, so that they are committed together.
pub(crate) struct Record<'a> {
    rules: &'a Rules,
    ids: &'a Ids,
    tally: &'a Tally,
    now: Timestamp,
    events: Vec<Event>,
    attempted: Attempted,
}

impl<'a> Record<'a> {
    pub(crate) fn new(rules: &'a Rules, ids: &'a Ids, tally: &'a Tally, now: Timestamp) -> Self {
        Self { rules, ids, tally, now, events: Vec::new(), attempted: Attempted::default() }
    }

    pub(crate) fn into_parts(self) -> (Vec<Event>, Attempted) {
        (self.events, self.attempted)
    }

    /// `part` was tried, and `decision` says how it goes on.
    pub(crate) fn attempt(&mut self, part: &Part, tries: &[Try], decision: &Decision) {
        let Some((last, before)) = tries.split_last() else { return };
        if part.message.mode != Mode::StoreAndForward {
            return self.unstored(part, last, decision);
        }
        let mut number = part.waiting.attempts;
        for one in before {
            number = number.saturating_add(1);
            let attempt = Some(one.attempt(number));
            self.events.push(Event::Attempted { was_due: part.waiting.key.due, attempt, next: part.waiting });
        }
        number = number.saturating_add(1);
        let attempt = last.attempt(number);
        if let Some((link, remote_id)) = attempt.correlation() {
            self.events.push(Event::Correlated { link, remote_id, id: part.message.id });
        }
        let wait = |due: Timestamp, handed_over: bool| Waiting {
            key: DueKey { due, id: part.message.id },
            attempts: number,
            handed_over,
            ..part.waiting
        };
        match decision {
            Decision::End { state, error } => {
                let outcome = Outcome { state: *state, at: self.now, error: *error };
                self.end(part, outcome, Some(attempt));
            }
            Decision::AwaitReceipt(until) => self.go_on(part, Next::HandedOver(wait(*until, true)), attempt),
            Decision::Retry(at) => {
                if part.message.receipt.wants_intermediate() {
                    let standing = Outcome { state: State::Enroute, at: self.now, error: attempt.error };
                    self.receipt(part, &standing);
                }
                self.go_on(part, Next::Again(wait(*at, false)), attempt);
            }
        }
    }

    /// `part` has ended: whoever asked for a receipt gets one, as a message of its own.
    pub(crate) fn end(&mut self, part: &Part, outcome: Outcome, attempt: Option<Attempt>) {
        self.tally.ended(outcome.state);
        if part.message.receipt.wants(outcome.state) {
            self.receipt(part, &outcome);
        }
        let id = part.message.id;
        if part.message.mode == Mode::StoreAndForward {
            self.events.push(Event::Finished { id, was_due: part.waiting.key.due, attempt, outcome });
        }
        self.attempted.next.push((id, Next::Ended));
    }

    fn go_on(&mut self, part: &Part, next: Next, attempt: Attempt) {
        if let Next::Again(waiting) | Next::HandedOver(waiting) = next {
            let was_due = part.waiting.key.due;
            self.events.push(Event::Attempted { was_due, attempt: Some(attempt), next: waiting });
        }
        self.attempted.next.push((part.message.id, next));
    }

    /// A datagram has its one attempt: what failed for now has failed.
    fn unstored(&mut self, part: &Part, last: &Try, decision: &Decision) {
        let (state, error) = match (decision, &last.result) {
            (Decision::End { state, error }, _) => (*state, *error),
            (_, Ok(_)) => (State::Delivered, 0),
            (_, Err(failure)) => (State::Undeliverable, failure.number()),
        };
        self.end(part, Outcome { state, at: self.now, error }, None);
    }

    fn receipt(&mut self, part: &Part, outcome: &Outcome) {
        let expires_at = self.now + self.rules.receipt_validity;
        let Some(message) = part.message.receipt_message(self.ids.next(self.now), outcome, expires_at) else {
            return;
        };
        let lane = Route::to(part.message.origin.clone()).lane;
        let receipt = Part { waiting: Waiting::of(&message, lane), message: Arc::new(message) };
        self.events.push(Event::Accepted(Arc::clone(&receipt.message), receipt.waiting));
        self.tally.receipt();
        self.attempted.receipts.push(receipt);
    }
}

impl Try {
    /// A try that found nobody to hand the message to.
    pub(crate) fn without_party(failure: Failure, now: Timestamp) -> Self {
        let wishes = Wishes { open_per_destination: 1, reassembled: false, sends_receipts: false };
        Self { party: Name::default(), wishes, began_at: now, ended_at: now, result: Err(failure) }
    }

    /// The try as the store keeps it, as attempt `number` of its message.
    pub(crate) fn attempt(&self, number: u16) -> Attempt {
        let took = self.ended_at.since(self.began_at).as_millis();
        let handover = self.result.as_ref().ok();
        let failure = self.result.as_ref().err();
        Attempt {
            number,
            at: self.began_at,
            took_ms: u32::try_from(took).unwrap_or(u32::MAX),
            party: self.party.clone(),
            via: handover.map(|handover| handover.via.clone()).unwrap_or_default(),
            remote_id: handover.and_then(|handover| handover.remote_id.clone()),
            error: failure.map_or(0, Failure::number),
            reason: failure.map(Failure::to_string).unwrap_or_default(),
        }
    }

    /// Under which link and remote id the next hop's receipt will come.
    pub(crate) fn correlation(&self) -> Option<(Name, Name)> {
        let handover = self.result.as_ref().ok()?;
        Some((handover.via.clone(), handover.remote_id.clone()?))
    }
}

impl Attempt {
    fn correlation(&self) -> Option<(Name, Name)> {
        Some((self.via.clone(), self.remote_id.clone()?))
    }
}
