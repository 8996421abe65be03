//! Every decision of the service centre. Read [`journey`] first: it tells the life
//! of a message from acceptance to its receipt.
//!
//! Nothing here opens a socket, reads a clock or touches a disk. Time is an
//! argument; effects wait behind the traits of [`ports`].

pub mod address;
pub mod failure;
pub mod ids;
pub mod message;
pub mod numbering;
pub mod ports;
pub mod receipt;
pub mod rejection;
pub mod routing;
pub mod schedule;
