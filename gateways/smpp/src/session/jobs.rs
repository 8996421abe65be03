//! Deliveries that a session has taken: cut into parts, sent as the window allows,
//! answered when all parts are.

use std::collections::VecDeque;

use smsc::failure::Failure;
use smsc::names::Name;
use smsc::delivery::{Delivery, DeliveryAck};
use tokio::sync::oneshot;

use crate::convert::Outgoing;
use crate::lane::Outcome;

/// One delivery under way.
pub(super) struct Job {
    pub(super) delivery: Delivery,
    pub(super) outgoing: Outgoing,
    answer: oneshot::Sender<Outcome>,
    /// The part to be sent next.
    next: usize,
    /// Parts sent and not answered.
    unanswered: usize,
    /// The first failure; the parts after it are not sent.
    failure: Option<Failure>,
    /// The peer's id for the first part.
    remote_id: Option<Name>,
}

/// All deliveries of one session. A token names one until it ends.
#[derive(Default)]
pub(super) struct Jobs {
    slots: Vec<Option<Job>>,
    free: Vec<usize>,
    /// Those with parts to send, in the order of their arrival.
    waiting: VecDeque<usize>,
    /// How many have ended since [`Jobs::take_ended`].
    ended: usize,
}

impl Jobs {
    /// Takes a delivery.
    pub(super) fn insert(
        &mut self,
        delivery: Delivery,
        outgoing: Outgoing,
        answer: oneshot::Sender<Outcome>,
    ) {
        let job = Job { delivery, outgoing, answer, next: 0, unanswered: 0, failure: None, remote_id: None };
        let token = match self.free.pop() {
            Some(token) => token,
            None => {
                self.slots.push(None);
                self.slots.len() - 1
            }
        };
        if let Some(slot) = self.slots.get_mut(token) {
            *slot = Some(job);
            self.waiting.push_back(token);
        }
    }

    /// Answers a delivery that was never taken.
    pub(super) fn refuse(&mut self, answer: oneshot::Sender<Outcome>, failure: Failure) {
        self.ended += 1;
        // Nobody may be waiting any more.
        let _gone = answer.send(Err(failure));
    }

    /// Whether parts wait to be sent.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The delivery whose part is to be sent next, and the number of that part.
    pub(super) fn front(&self) -> Option<(usize, usize, &Job)> {
        let token = *self.waiting.front()?;
        let job = self.slots.get(token)?.as_ref()?;
        Some((token, job.next, job))
    }

    /// The part that [`Jobs::front`] gave is on its way.
    pub(super) fn sent(&mut self) {
        let Some(&token) = self.waiting.front() else { return };
        let Some(job) = self.slots.get_mut(token).and_then(Option::as_mut) else { return };
        job.next += 1;
        job.unanswered += 1;
        if job.next >= job.outgoing.len() {
            self.waiting.pop_front();
        }
    }

    /// The part that [`Jobs::front`] gave cannot be sent.
    pub(super) fn unsendable(&mut self, failure: Failure) {
        let Some(token) = self.waiting.pop_front() else { return };
        if let Some(job) = self.slots.get_mut(token).and_then(Option::as_mut) {
            job.failure.get_or_insert(failure);
            self.end_if_done(token, &Name::default());
        }
    }

    /// One part of a delivery was answered. `via` names the session.
    pub(super) fn answered(&mut self, token: u64, result: Result<Option<Name>, Failure>, via: &Name) {
        let Ok(token) = usize::try_from(token) else { return };
        let Some(job) = self.slots.get_mut(token).and_then(Option::as_mut) else { return };
        job.unanswered = job.unanswered.saturating_sub(1);
        match result {
            Ok(remote_id) => job.remote_id = job.remote_id.take().or(remote_id),
            Err(failure) => {
                job.failure.get_or_insert(failure);
                if job.next < job.outgoing.len() {
                    self.waiting.retain(|&other| other != token);
                }
            }
        }
        self.end_if_done(token, via);
    }

    /// Ends everything: the session is over.
    pub(super) fn abandon(&mut self) {
        self.waiting.clear();
        for job in self.slots.drain(..).flatten() {
            self.ended += 1;
            let _gone = job.answer.send(Err(job.failure.unwrap_or(Failure::NoPeer)));
        }
        self.free.clear();
    }

    /// How many have ended since the last call.
    pub(super) fn take_ended(&mut self) -> usize {
        std::mem::take(&mut self.ended)
    }

    fn end_if_done(&mut self, token: usize, via: &Name) {
        let is_done =
            |job: &Job| job.unanswered == 0 && (job.failure.is_some() || job.next >= job.outgoing.len());
        let Some(slot) = self.slots.get_mut(token) else { return };
        let Some(job) = slot.take_if(|job| is_done(job)) else { return };
        self.free.push(token);
        self.ended += 1;
        let outcome = match job.failure {
            Some(failure) => Err(failure),
            None => Ok(DeliveryAck { remote_id: job.remote_id, via: via.clone() }),
        };
        let _gone = job.answer.send(outcome);
    }
}
