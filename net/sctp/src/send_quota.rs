//! The quota of octets that may be queued for sending on one association, with congestion reports.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Octets that may be queued in front of one association. At 20,000 messages of 200 octets a
/// second it is a quarter of a second.
pub(crate) const QUOTA_OCTETS: u32 = 1 << 20;

/// What a message costs beside its octets, so that many short ones are bounded too.
const MESSAGE_COST: usize = 64;

/// The quota of one association.
pub(crate) struct SendQuota {
    free: Arc<Semaphore>,
    congested: watch::Sender<bool>,
}

/// A reserved part of the quota, released when dropped.
pub(crate) struct Reservation {
    quota: Arc<SendQuota>,
    permit: Option<OwnedSemaphorePermit>,
}

impl SendQuota {
    pub(crate) fn new() -> (Arc<Self>, watch::Receiver<bool>) {
        let (congested, changes) = watch::channel(false);
        let free = Arc::new(Semaphore::new(usize::try_from(QUOTA_OCTETS).unwrap_or(usize::MAX)));
        (Arc::new(Self { free, congested }), changes)
    }

    /// What a message of so many octets reserves.
    pub(crate) fn cost(octets: usize) -> u32 {
        u32::try_from(octets.saturating_add(MESSAGE_COST)).unwrap_or(QUOTA_OCTETS)
    }

    /// Waits until so much is free, and reserves it.
    pub(crate) async fn reserve(self: &Arc<Self>, cost: u32) -> Reservation {
        // The semaphore is never closed: an error cannot be.
        let permit = self.free.clone().acquire_many_owned(cost.min(QUOTA_OCTETS)).await.ok();
        if self.free.available_permits() < Self::fraction(1, 4) {
            self.set_congested(true);
        }
        Reservation { quota: self.clone(), permit }
    }

    fn fraction(numerator: usize, denominator: usize) -> usize {
        usize::try_from(QUOTA_OCTETS).unwrap_or(usize::MAX) / denominator * numerator
    }

    fn set_congested(&self, congested: bool) {
        self.congested.send_if_modified(|present| std::mem::replace(present, congested) != congested);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.permit = None;
        if self.quota.free.available_permits() > SendQuota::fraction(1, 2) {
            self.quota.set_congested(false);
        }
    }
}
