//! PDUs to submissions, deliveries to PDUs. Pure: no socket, no clock, no state.
//!
//! SMPP's data_coding and TP-DCS agree only in part, and what data_coding 0
//! means is a matter of the peer. Inside, a body is always in the centre's form
//! ([`smsc::message::Content`]); the peer's form exists in this module alone.

mod address;
mod charset;
mod coding;
mod delivery;
mod message_id;
mod receipt;
mod submission;
mod times;

pub(crate) use address::{inward as address, octets as address_octets, outward as address_outward};
pub(crate) use coding::outward;
pub(crate) use delivery::{Context, Outgoing, Scratch, Shape};
pub(crate) use message_id::{IdText, parse_id};
pub(crate) use receipt::{remote_id, remote_receipt};
pub(crate) use submission::{Fields, Reading, replacement, submission};
pub(crate) use times::{read as time, write as final_date};

#[cfg(test)]
mod tests;
