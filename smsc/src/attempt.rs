//! One attempt to hand a message on: the targets that were tried, and what the attempt leads to.

use crate::delivery::{Capabilities, DeliveryAck};
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::ids::MessageId;
use crate::names::Name;
use crate::stored::{Attempt, QueueEntry, QueuedMessage};
use crate::timestamp::Timestamp;

/// What an attempt has led to.
#[derive(Debug, Default)]
pub struct AttemptResult {
    /// How each part of the delivery goes on.
    pub next: Vec<(MessageId, NextStep)>,
    /// Receipts that set out.
    pub receipts: Vec<QueuedMessage>,
}

/// How an attempt left its message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextStep {
    /// It has ended.
    Ended,
    /// The next hop has it and will send a receipt; wait for that until the key's time.
    HandedOver(QueueEntry),
    /// It waits on, and its destination with it.
    Again(QueueEntry),
    /// The same, but it need not wait so long: it goes as soon as one of its targets opens.
    AgainOnceOpen(QueueEntry),
}

/// One target that was tried.
#[derive(Debug)]
pub(crate) struct TargetAttempt {
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) capabilities: Capabilities,
    pub(crate) began_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) result: Result<DeliveryAck, Failure>,
}

impl TargetAttempt {
    /// An attempt for which there was no target.
    pub(crate) fn without_endpoint(failure: Failure, now: Timestamp) -> Self {
        let capabilities =
            Capabilities { open_per_destination: 1, reassembled: false, sends_receipts: false };
        Self { endpoint: None, capabilities, began_at: now, ended_at: now, result: Err(failure) }
    }

    /// The attempt as the store keeps it, as attempt `number` of its message.
    pub(crate) fn attempt(&self, number: u16) -> Attempt {
        let took = self.ended_at.since(self.began_at).as_millis();
        let handover = self.result.as_ref().ok();
        let failure = self.result.as_ref().err();
        Attempt {
            number,
            at: self.began_at,
            took_ms: u32::try_from(took).unwrap_or(u32::MAX),
            endpoint: self
                .endpoint
                .as_ref()
                .map(|endpoint| compact_str::format_compact!("{endpoint}"))
                .unwrap_or_default(),
            via: handover.map(|handover| handover.via.clone()).unwrap_or_default(),
            remote_id: handover.and_then(|handover| handover.remote_id.clone()),
            error: failure.map_or(0, Failure::number),
            reason: failure.map(Failure::to_string).unwrap_or_default(),
        }
    }

    /// The attempts of a message that had `before`, after this one got `number`. While the link fails
    /// the count stays, but for the first, which marks the message as tried.
    pub(crate) fn count_after(&self, before: u16, number: u16) -> u16 {
        let link_failed = self.result.as_ref().is_err_and(Failure::is_congestion);
        if link_failed { before.max(1) } else { number }
    }

    /// Whether the failure is over when the endpoint opens: it was not connected, or the endpoint is itself
    /// the receiver that was away. A link that frees a place changes nothing for the phones behind it.
    pub(crate) fn mends_by_opening(&self) -> bool {
        match &self.result {
            Err(Failure::NoPeer) => true,
            Err(Failure::AbsentSubscriber { .. }) => {
                matches!(self.endpoint, Some(Endpoint::SipUser(_) | Endpoint::Esme(_)))
            }
            _ => false,
        }
    }

    /// Under which link and remote id the next hop's receipt will come.
    pub(crate) fn correlation(&self) -> Option<(Name, Name)> {
        let handover = self.result.as_ref().ok()?;
        Some((handover.via.clone(), handover.remote_id.clone()?))
    }
}
