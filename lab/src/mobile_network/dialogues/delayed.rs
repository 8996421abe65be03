//! The queue of delayed actions: responses that a fault delays, and alerts that are repeated.

use std::collections::BTreeMap;
use std::time::Instant;

use tcap::{Component, DialogueId};

use crate::mobile_network::register::Alert;

/// Actions that may be delayed at a time; more are executed at once or dropped.
const ACTIONS_MAX: usize = 100_000;

/// A delayed action.
pub(super) enum DelayedAction {
    /// Send this response.
    Response(DelayedResponse),
    /// Send this alert, for the attempt of this number.
    Alert(Alert, u8),
}

/// The response to the invocations of one message.
pub(super) struct DelayedResponse {
    pub(super) dialogue: DialogueId,
    pub(super) components: Vec<Component>,
    /// Whether the dialogue stays open.
    pub(super) continues: bool,
}

/// Delayed actions by due time.
#[derive(Default)]
pub(super) struct DelayedActions {
    queue: BTreeMap<(Instant, u64), DelayedAction>,
    serial: u64,
}

impl DelayedActions {
    /// Queues an action; returns it if the queue is full.
    pub(super) fn push(&mut self, due: Instant, action: DelayedAction) -> Result<(), DelayedAction> {
        if self.queue.len() >= ACTIONS_MAX {
            return Err(action);
        }
        self.serial += 1;
        self.queue.insert((due, self.serial), action);
        Ok(())
    }

    /// The next action that is due by `now`.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<DelayedAction> {
        let first = self.queue.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// When the next action is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.queue.keys().next().map(|(due, _)| *due)
    }
}
