//! The state that the handles of one association share with its transport task.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::sync::{Notify, mpsc};

use crate::endpoint::Tuning;
use crate::error::Error;
use crate::message::Event;
use crate::send_quota::SendQuota;

/// State of one association.
pub(crate) struct AssociationState {
    pub(crate) streams: u16,
    pub(crate) peer: SocketAddr,
    pub(crate) tuning: Tuning,
    pub(crate) quota: Arc<SendQuota>,
    /// Why it ended; set before the channels close.
    end_reason: OnceLock<Error>,
    /// Notified when the association is to be aborted.
    abort: Notify,
}

impl AssociationState {
    pub(crate) fn new(streams: u16, peer: SocketAddr, tuning: Tuning, quota: Arc<SendQuota>) -> Self {
        Self { streams, peer, tuning, quota, end_reason: OnceLock::new(), abort: Notify::new() }
    }

    /// Why the association ended. [`Error::Closed`] where it ended in good order.
    pub(crate) fn end_reason(&self) -> Error {
        self.end_reason.get().copied().unwrap_or(Error::Closed)
    }

    /// Sets why the association ended; the first reason stands.
    pub(crate) fn set_end_reason(&self, reason: Error) {
        let _ = self.end_reason.set(reason); // fails where an earlier reason stands
    }

    /// Requests an abort; `reason` is what the end is reported as.
    pub(crate) fn abort_for(&self, reason: Error) {
        self.set_end_reason(reason);
        self.abort.notify_one();
    }

    /// Returns when the association is to be aborted: on request, or because its receiver is gone.
    pub(crate) async fn aborted(&self, incoming: &mpsc::Sender<Vec<Event>>) {
        tokio::select! {
            () = self.abort.notified() => {}
            () = incoming.closed() => {}
        }
    }
}
