//! The checks of order: what may set out when, by what is on disk.

use smsc::queue::reassembly;
use smsc::stored::{QueueEntry, QueuedMessage, StoredMessage};

use crate::environment::Environment;

/// An attempt begins. With one open attempt to a destination no older message may wait behind it; with more,
/// none that was never tried.
///
/// # Panics
/// If a message overtakes an older one.
pub(crate) fn check(environment: &Environment, group: &[QueuedMessage], window: u16) {
    let [queued] = group else { return };
    if is_exempt(queued) {
        return;
    }
    let id = queued.message.id;
    for older in environment.disk.due.values().filter(|entry| entry.key.id < id) {
        let counts = window == 1 || !environment.tried.contains(&older.key.id);
        if counts && waits_before(environment, older, queued) {
            panic!("{id} overtook {}", older.key.id);
        }
    }
}

fn waits_before(environment: &Environment, older: &QueueEntry, queued: &QueuedMessage) -> bool {
    let StoredMessage { message, .. } = &environment.disk.messages[&older.key.id];
    older.destination == queued.entry.destination
        && !older.handed_over
        && older.expires_at > environment.now
        && began_before(environment, older, queued)
        && message.deliver_after <= message.accepted_at
        && !reassembly::is_segment(message)
}

fn began_before(environment: &Environment, older: &QueueEntry, queued: &QueuedMessage) -> bool {
    let begun = |id| environment.begun.get(id);
    begun(&older.key.id).is_some_and(|older| begun(&queued.message.id).is_none_or(|newer| older <= newer))
}

/// Segments wait for their siblings, and deferred messages for their time.
fn is_exempt(queued: &QueuedMessage) -> bool {
    let message = &queued.message;
    reassembly::is_segment(message) || message.deliver_after > message.accepted_at
}
