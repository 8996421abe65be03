//! Every decision of the service centre. Read [`journey`] first: the life of a message from acceptance to its
//! receipt.
//!
//! Nothing here opens a socket, reads a clock or touches a disk. Time is an
//! argument; effects are futures behind the traits of [`ports`].

pub mod address;
pub mod attempt;
mod correlation;
pub mod delivery;
pub mod dispatch;
pub mod endpoint;
pub mod failure;
pub mod future;
pub mod hashing;
pub mod ids;
pub mod journey;
pub mod message;
pub mod metrics;
pub mod names;
pub mod optional;
mod outcome_writer;
pub mod ports;
pub mod queries;
pub mod queue;
pub mod receipt;
pub mod rejection;
pub mod rules;
pub mod stored;
pub mod timestamp;
