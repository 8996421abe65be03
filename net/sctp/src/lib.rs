//! Associations that carry signalling: SCTP of the kernel, SCTP over UDP, and TCP in their place.
//!
//! An [`Endpoint`] names the transport, the addresses and the protocol parameters. [`connect`] and
//! [`Listener::accept`] make an [`Association`], which carries whole messages and is the same over
//! each of the three. Its two halves can run in two tasks:
//!
//! ```no_run
//! # async fn example(endpoint: sctp::Endpoint, framing: sctp::Framing) -> Result<(), sctp::Error> {
//! use std::time::Duration;
//!
//! let association = sctp::connect(&endpoint, framing, Duration::from_secs(5)).await?;
//! let (sender, mut receiver) = association.split();
//! sender.send(0, 3, "a message".into()).await?;
//! while let sctp::Event::Message(message) = receiver.receive().await? {
//!     println!("{} octets on stream {}", message.octets.len(), message.stream);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The crate depends on no protocol above: over TCP the caller supplies a [`Framing`]. Every queue has a bound in octets, so that a peer that does not read costs
//! bounded memory, and every wait has a deadline.

mod association;
mod association_state;
mod command;
mod connection_limit;
mod deadline;
mod driver;
mod endpoint;
mod error;
mod framing;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "unsupported.rs"]
mod kernel;
mod listener;
mod message;
mod receiver;
mod send_quota;
mod sender;
mod tcp;
mod udp;

pub use association::Association;
pub use endpoint::{Endpoint, Transport, Tuning};
pub use error::Error;
pub use framing::{BadFrame, Framing};
pub use listener::{Listener, connect, kernel_has_sctp};
pub use message::{Event, MESSAGE_OCTETS_MAX, Message};
pub use receiver::Receiver;
pub use sender::Sender;
