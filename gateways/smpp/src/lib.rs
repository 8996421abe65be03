//! SMPP gateway over TCP and TLS: the server for ESMEs and the client links to other centres.
//!
//! [`SmppGateway::start`] opens the listeners and starts the links; [`SmppGateway::shutdown`]
//! ends them. Each connection is one task: `listen` and `bind` accept it up to the bind,
//! `session` serves the bound session. `convert` and [`codes`] translate messages and statuses
//! and are pure; the protocol states are those of [`smpp::Session`].

mod account;
mod bind;
pub mod codes;
pub mod config;
mod convert;
mod dial;
mod error;
mod gateway;
mod link;
mod listen;
mod metrics;
mod pace;
mod peer;
mod pool;
mod session;
mod state;
mod stream;
mod tls;

pub use error::Error;
pub use gateway::SmppGateway;
pub use metrics::{Counter, Metrics, SessionInfo};
pub use state::Clock;
