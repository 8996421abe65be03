//! SIP on sockets: peers, registered users and the seven X-SMS headers.
//!
//! A message comes in: a task of `transport` turns octets into SIP messages; the `element`
//! finds their transactions, `listen` knows their sender by the `door` and reads them with
//! [`convert`]; everything that arrived together goes to [`Submit::accept`] in one call, and each
//! 200 leaves when its message is durable.
//!
//! A message goes out: `dial` writes it with [`convert`], hands the request to the element,
//! and reads the answer by the tables of [`codes`].
//!
//! [`Submit::accept`]: smsc::ports::Submit::accept

mod chance;
pub mod codes;
pub mod config;
pub mod convert;
pub mod dates;
mod dial;
mod door;
mod element;
mod error;
mod gateway;
mod listen;
mod peer;
mod registrar;
mod repeats;
mod site;
mod transport;

pub use config::SipConfig;
pub use error::Error;
pub use gateway::{PartyStatus, SipGateway};
pub use site::Clock;
