//! The mobile network: MAP over SIGTRAN, on sockets.
//!
//! Begin with [`Ss7Gateway::start`]. One task owns the [`stack`](crate), which is pure: M3UA, SCCP and
//! MAP joined. Each association is a task that carries octets to it and back.
//!
//! | file | does |
//! |---|---|
//! | `listen` | messages of phones and alerts of HLRs, to the centre |
//! | `dial`, `visit`, `routing`, `report` | messages to phones: one visit for each phone that has some |
//! | `convert` | messages to TPDUs and back; pure |
//! | `codes` | errors of MAP to failures and back; pure |
//! | `stack`, `settings` | the protocols joined; pure |
//! | `engine`, `waiting`, `association` | the tasks |

mod association;
mod codes;
mod command;
pub mod config;
mod confirmation;
mod convert;
mod dial;
mod engine;
mod error;
mod gateway;
mod listen;
mod report;
mod routing;
mod served;
mod settings;
mod stack;
mod state;
mod visit;
mod waiting;

pub use error::Error;
pub use gateway::{Clock, Ss7Gateway};
pub use routing::{Place, ServingNode};
pub use state::Ss7Status;
