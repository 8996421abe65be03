//! Messages of the centre to TPDUs and back. Pure: no dialogue, no clock, no socket.

mod address;
mod originating;
mod status_report;
mod terminating;
mod timestamp;

pub(crate) use address::inward as address_inward;
pub(crate) use originating::{Sender, submission};
pub(crate) use terminating::Terminating;
