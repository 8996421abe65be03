//! Access control of every listener: networks, secrets and wrong passwords.
//!
//! The crate opens no socket and reads no clock; it reads the files that the configuration names.

pub mod cidr;
mod error;
pub mod guessing;
pub mod secret;

pub use cidr::Network;
pub use error::Error;
pub use guessing::{Guessing, Policy, Verdict};
pub use secret::Secret;
