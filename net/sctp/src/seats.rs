//! How many associations one listener holds.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::endpoint::Tuning;

/// The seats of one listener.
pub(crate) struct Seats(Arc<Semaphore>);

/// One of them, given back when dropped.
pub(crate) struct Seat(#[expect(dead_code, reason = "it is held, not read")] OwnedSemaphorePermit);

impl Seats {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        Self(Arc::new(Semaphore::new(tuning.associations_max.max(1).into())))
    }

    /// A seat, if there is one.
    pub(crate) fn take(&self) -> Option<Seat> {
        self.0.clone().try_acquire_owned().ok().map(Seat)
    }
}
