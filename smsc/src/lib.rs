//! Every decision of the service centre. Read [`journey`] first: it tells the life
//! of a message from acceptance to its receipt.
//!
//! Nothing here opens a socket, reads a clock or touches a disk. Time is an
//! argument; effects wait behind the traits of [`ports`].

pub mod address;
mod admission;
mod correlation;
pub mod failure;
pub mod ids;
pub mod journey;
pub mod message;
pub mod metrics;
pub mod numbering;
pub mod optional;
mod outcome_writer;
pub mod ports;
pub mod reassembly;
pub mod receipt;
pub mod rejection;
pub mod replacement;
pub mod routing;
pub mod rules;
pub mod schedule;
