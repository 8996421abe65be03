//! What all MT deliveries of the gateway share.

use std::sync::Arc;

use smsc::failure::Failure;

use crate::codes::{self, Actions};
use crate::mt::routing_cache::RoutingInfoCache;
use crate::network_context::NetworkContext;
use crate::signalling::confirmation::Fault;
use crate::signalling::engine::Engine;
use crate::state::GatewayState;

/// The parts of the gateway that MT deliveries use.
pub(crate) struct MtContext {
    pub(crate) engine: Engine,
    pub(crate) actions: Actions,
    pub(crate) routing_infos: RoutingInfoCache,
    pub(crate) state: Arc<GatewayState>,
}

impl MtContext {
    /// The failure of a message after its dialogue ended without an answer.
    pub(crate) fn failure(&self, network: &NetworkContext, fault: Fault) -> Failure {
        match fault {
            Fault::Local(failure) => failure,
            Fault::NotOpen => codes::not_sent(map::Error::NotOpen),
            Fault::LinkLost => Failure::Timeout,
            // Our own SCCP returned it, since every association is down.
            Fault::Peer(map::Failure::Undelivered(_)) if !self.state.serves(network.id) => Failure::NoPeer,
            Fault::Peer(failure) => codes::dialogue_failure(&failure),
        }
    }
}
