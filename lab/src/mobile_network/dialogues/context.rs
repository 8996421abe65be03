//! The environment of a MAP procedure: TCAP, delayed actions, the SCCP stack and the network state.

use std::time::Instant;

use sccp::Address;
use tcap::Tcap;

use super::delayed::DelayedActions;
use crate::mobile_network::network_state::NetworkState;
use crate::mobile_network::stack::Stack;

/// What one step of a procedure works with.
pub(super) struct DialogueContext<'a> {
    pub(super) tcap: &'a mut Tcap<Address>,
    pub(super) delayed: &'a mut DelayedActions,
    pub(super) stack: &'a mut Stack,
    pub(super) state: &'a mut NetworkState,
    pub(super) now: Instant,
}
