//! What the centre counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::delivery::DeliveryAck;
use crate::failure::Failure;
use crate::ids::MessageId;
use crate::receipt::State;
use crate::rejection::Rejection;

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub struct Metrics {
    accepted: AtomicU64,
    refused: AtomicU64,
    handed_over: AtomicU64,
    attempts_failed: AtomicU64,
    receipts: AtomicU64,
    ended: [AtomicU64; 9],
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Submissions that became messages.
    pub accepted: u64,
    /// Submissions that were refused.
    pub refused: u64,
    /// Attempts that a next hop answered with success.
    pub handed_over: u64,
    /// Attempts that failed.
    pub attempts_failed: u64,
    /// Receipts that set out.
    pub receipts: u64,
    /// Messages that ended, by the number of their final state.
    pub ended: [u64; 9],
}

impl Metrics {
    /// The counters now.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            accepted: read(&self.accepted),
            refused: read(&self.refused),
            handed_over: read(&self.handed_over),
            attempts_failed: read(&self.attempts_failed),
            receipts: read(&self.receipts),
            ended: std::array::from_fn(|number| self.ended.get(number).map_or(0, read)),
        }
    }

    /// Submissions were answered; `repeated` of the good answers name messages that were there before.
    pub(crate) fn answered(&self, answers: &[Result<MessageId, Rejection>], repeated: usize) {
        let taken = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
        self.accepted.fetch_add(taken.saturating_sub(repeated as u64), Ordering::Relaxed);
        self.refused.fetch_add(answers.len() as u64 - taken, Ordering::Relaxed);
    }

    pub(crate) fn attempted(&self, result: &Result<DeliveryAck, Failure>) {
        let counter = if result.is_ok() { &self.handed_over } else { &self.attempts_failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self, state: State) {
        if let Some(counter) = self.ended.get(usize::from(state.number())) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn receipt(&self) {
        self.receipts.fetch_add(1, Ordering::Relaxed);
    }
}
