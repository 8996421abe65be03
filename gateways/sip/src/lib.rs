//! SIP on sockets: peers, registered users and the seven X-SMS headers.
//!
//! A message comes in: a task of `transport` turns octets into SIP messages; the `element`
//! finds their transactions, `listen` knows their sender by the `door` and reads them with
//! [`convert`]; everything that arrived together goes to [`Centre::accept`] in one call, and each
//! 200 leaves when its message is durable.
//!
//! A message goes out: `dial` writes it with [`convert`], hands the request to the transaction task,
//! and reads the answer by the tables of [`codes`].
//!
//! [`Centre::accept`]: smsc::ports::Centre::accept

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
