//! The transport task's end of an association: commands to execute, events to report.
//!
//! One task of the transport drives each association. The handles know only the channels here, so
//! that they are the same for all transports.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::association::Association;
use crate::association_state::AssociationState;
use crate::command::Command;
use crate::connection_limit::ConnectionPermit;
use crate::endpoint::Tuning;
use crate::error::Error;
use crate::message::Event;
use crate::receiver::Receiver;
use crate::send_quota::SendQuota;
use crate::sender::Sender;

/// Octets that a transport reports at once, give or take one message.
pub(crate) const BATCH_OCTETS: usize = 64 * 1024;

/// Batches that wait for the receiver: 1 MiB. Beyond it the transport stops reading.
const BATCHES_MAX: usize = 16;

/// Commands that wait: more than the send quota lets through, so that the quota alone is the bound.
const COMMANDS_MAX: usize = 16 * 1_024 + 1;

/// The transport task's end.
pub(crate) struct Driver {
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) incoming: mpsc::Sender<Vec<Event>>,
    pub(crate) state: Arc<AssociationState>,
    /// Its permit of the listener, held as long as the association exists.
    permit: Option<ConnectionPermit>,
}

impl Driver {
    /// A new association and the end that its transport task keeps.
    pub(crate) fn new(streams: u16, peer: SocketAddr, tuning: Tuning) -> (Self, Association) {
        let (command, commands) = mpsc::channel(COMMANDS_MAX);
        let (incoming, events) = mpsc::channel(BATCHES_MAX);
        let (quota, congested) = SendQuota::new();
        let state = Arc::new(AssociationState::new(streams, peer, tuning, quota));
        let sender = Sender::new(command, state.clone());
        let receiver = Receiver::new(events, congested, state.clone());
        let driver = Self { commands, incoming, state, permit: None };
        (driver, Association::new(sender, receiver))
    }

    /// Keeps the permit of the listener that accepted the association.
    pub(crate) fn with_permit(mut self, permit: Option<ConnectionPermit>) -> Self {
        self.permit = permit;
        self
    }

    /// Ends the association and records the reason.
    pub(crate) fn end(self, result: Result<(), Error>) {
        self.state.set_end_reason(result.err().unwrap_or(Error::Closed));
        let why = self.state.end_reason();
        tracing::info!(peer = %self.state.peer, %why, "association ended");
    }
}

impl Drop for Driver {
    /// Reached without a reason only when the transport task panicked on the peer's input.
    fn drop(&mut self) {
        self.state.set_end_reason(Error::PeerMisbehaved);
    }
}
