//! What stands around the centre, scripted: ESMEs, SIP user agents, a mobile network,
//! applications and their load.
//!
//! Used by `fernpost lab`, `fernpost bench` and the tests. A peer knows the protocols
//! and nothing of the centre, so that it shares none of its decisions: where both
//! agree, the standard is what they agree on.

pub mod application;
pub mod esme;
pub mod load;
pub mod mobile_network;
pub mod user_agent;
