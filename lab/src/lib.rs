//! Simulated peers of the centre: an ESME, a SIP user agent, a mobile network, an application and
//! load generators.
//!
//! Used by `fernpost lab`, `fernpost bench` and the tests. Peers depend on the protocol crates and on
//! no code of the centre, so that they share none of its decisions.

pub mod application;
pub mod esme;
pub mod load;
pub mod mobile_network;
pub mod user_agent;
