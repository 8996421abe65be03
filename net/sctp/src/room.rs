//! How many octets may wait to be sent, and who is told when it becomes tight.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Octets that may wait in front of one association. At 20,000 messages of 200 octets a second it
/// is a quarter of a second.
pub(crate) const ROOM_OCTETS: u32 = 1 << 20;

/// What a message costs beside its octets, so that many short ones are bounded too.
const MESSAGE_COST: usize = 64;

/// The room in front of one association.
pub(crate) struct Room {
    free: Arc<Semaphore>,
    congested: watch::Sender<bool>,
}

/// A part of it, given back when dropped.
pub(crate) struct Held {
    room: Arc<Room>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(crate) fn new() -> (Arc<Self>, watch::Receiver<bool>) {
        let (congested, told) = watch::channel(false);
        let free = Arc::new(Semaphore::new(usize::try_from(ROOM_OCTETS).unwrap_or(usize::MAX)));
        (Arc::new(Self { free, congested }), told)
    }

    /// What a message of so many octets takes.
    pub(crate) fn cost(octets: usize) -> u32 {
        u32::try_from(octets.saturating_add(MESSAGE_COST)).unwrap_or(ROOM_OCTETS)
    }

    /// Waits for room.
    pub(crate) async fn take(self: &Arc<Self>, cost: u32) -> Held {
        // The semaphore is never closed: an error cannot be.
        let permit = self.free.clone().acquire_many_owned(cost.min(ROOM_OCTETS)).await.ok();
        if self.free.available_permits() < Self::of_all(1, 4) {
            self.tell(true);
        }
        Held { room: self.clone(), permit }
    }

    fn of_all(part: usize, of: usize) -> usize {
        usize::try_from(ROOM_OCTETS).unwrap_or(usize::MAX) / of * part
    }

    fn tell(&self, congested: bool) {
        self.congested.send_if_modified(|told| std::mem::replace(told, congested) != congested);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.permit = None;
        if self.room.free.available_permits() > Room::of_all(1, 2) {
            self.room.tell(false);
        }
    }
}
