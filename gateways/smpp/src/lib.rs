//! SMPP on sockets: the server that ESMEs bind to and the binds to other centres.
//!
//! Begin with [`SmppGateway::start`]. A connection is one task, from its first octet
//! to its end: `listen` brings it to a bind, `session` serves it. Everything about the
//! form of messages is in `convert` and [`codes`], which are pure; everything about the
//! protocol's states is in [`smpp::Session`].

mod account;
pub mod codes;
pub mod config;
mod convert;
mod dial;
mod error;
mod gateway;
mod greet;
mod handshake;
mod lane;
mod link;
mod listen;
mod login;
mod pace;
mod peer;
mod session;
mod stats;
mod stream;
mod tls;

pub use error::Error;
pub use gateway::{Clock, SmppGateway};
pub use stats::{Counter, SessionInfo, Stats};
