//! The limit of associations that one listener holds at a time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::endpoint::Tuning;

/// Permits of one listener, [`Tuning::associations_max`] of them.
pub(crate) struct ConnectionLimit(Arc<Semaphore>);

/// The permit of one association, released when dropped.
pub(crate) struct ConnectionPermit(
    #[expect(dead_code, reason = "it is held, not read")] OwnedSemaphorePermit,
);

impl ConnectionLimit {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        Self(Arc::new(Semaphore::new(tuning.associations_max.max(1).into())))
    }

    /// A permit, or `None` when all are in use.
    pub(crate) fn try_acquire(&self) -> Option<ConnectionPermit> {
        self.0.clone().try_acquire_owned().ok().map(ConnectionPermit)
    }
}
