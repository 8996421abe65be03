//! SS7 gateway: MAP over SIGTRAN, between the centre and mobile networks.
//!
//! Begin with [`Ss7Gateway::start`]. One task owns the stack, which is pure: M3UA, SCCP and MAP
//! joined. Each association is a task that carries octets to it and back.
//!
//! | module | does |
//! |---|---|
//! | `signalling` | the protocols joined (pure), the engine task that owns them, the association tasks |
//! | `mt` | messages to phones: routing information, mt-forwardSM, delivery reports |
//! | `mo` | messages and commands of phones, alerts of HLRs |
//! | `convert` | messages to TPDUs and back; pure |
//! | `codes` | errors of MAP to failures and back; pure |

mod clock;
mod codes;
pub mod config;
mod convert;
mod error;
mod gateway;
mod mo;
mod mt;
mod network_context;
mod signalling;
mod state;

pub use clock::Clock;
pub use error::Error;
pub use gateway::Ss7Gateway;
pub use mt::routing_info::{RoutingInfo, ServingNode};
pub use state::Ss7Status;
