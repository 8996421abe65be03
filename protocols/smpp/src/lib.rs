//! SMPP 3.3, 3.4 and 5.0: PDUs and sessions, without sockets or a clock.

mod codes;
mod command;
mod error;
mod field;
mod frame;
pub mod pdu;
mod reader;
mod status;
pub mod tlv;
mod writer;

pub use command::{CommandId, Header};
pub use error::Error;
pub use frame::{BadLength, Batch, COMMAND_LENGTH_MAX, Frame, Frames, Framing};
pub use pdu::Pdu;
pub use status::Status;
pub use tlv::{Tag, Tlv, TlvBuffer, Tlvs};
