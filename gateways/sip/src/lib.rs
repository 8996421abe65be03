//! The SIP gateway: peers, registered users and the X-SMS header fields.
//!
//! Inbound: a task of `transport` parses octets into SIP messages; the transaction task
//! (`transactions`) matches them to transactions, authenticates the sender (`auth`) and converts
//! MESSAGE requests to submissions ([`convert`]). Submissions that arrive together go to
//! [`Submit::accept`] in one call; each 200 is sent when its message is durable.
//!
//! Outbound: `dial` converts a delivery to requests ([`convert`]), sends them through the transaction
//! task, and maps the final response to a failure ([`codes`]).
//!
//! [`Submit::accept`]: smsc::ports::Submit::accept

mod auth;
pub mod codes;
pub mod config;
mod context;
pub mod convert;
pub mod dates;
mod dial;
mod error;
mod gateway;
mod peer;
mod registrar;
mod rng;
mod transactions;
mod transport;

pub use config::SipConfig;
pub use context::Clock;
pub use error::Error;
pub use gateway::{PartyStatus, SipGateway};
