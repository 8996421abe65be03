//! The transfer protocol data units of the short message service (3GPP TS 23.040 §9.2.2).
//!
//! | from the phone | to the phone |
//! |---|---|
//! | [`Submit`]: a message | [`Deliver`]: a message |
//! | [`Command`]: about a message sent before | [`StatusReport`]: how a message sent before ended |
//! | [`DeliverReport`]: answer to a message | [`SubmitReport`]: answer to a message or command |
//!
//! The type indicator identifies a TPDU only together with the direction, and whether
//! a report has a failure cause depends on the layer below. So [`MobileOriginated`]
//! and [`MobileTerminated`] read the TPDU of an RP-DATA, and the reports have readers
//! of their own.
//!
//! Octets after the last field are ignored, as §9.2.2 requires of a receiver that
//! is older than the sender.

mod command;
mod deliver;
mod parameters;
mod reader;
mod report;
mod status_report;
mod submit;

pub use command::{Command, CommandType};
pub use deliver::Deliver;
pub use parameters::Parameters;
pub use report::{DeliverReport, SubmitReport};
pub use status_report::StatusReport;
pub use submit::Submit;

use crate::error::{Error, Truncated};

/// TP-Message-Type-Indicator, the two low bits of each TPDU.
const TYPE_MASK: u8 = 0b11;
const DELIVER: u8 = 0b00;
const SUBMIT: u8 = 0b01;
const STATUS_REPORT: u8 = 0b10;
const COMMAND: u8 = 0b10;

/// TP-More-Messages-to-Send: **0** means that more are waiting (§9.2.3.2).
const NO_MORE_MESSAGES: u8 = 1 << 2;
/// TP-Loop-Prevention (§9.2.3.28).
const LOOP_PREVENTION: u8 = 1 << 3;
/// TP-Status-Report-Request (§9.2.3.5), -Indication (§9.2.3.4), -Qualifier (§9.2.3.26).
const STATUS_REPORT_BIT: u8 = 1 << 5;
/// TP-User-Data-Header-Indicator (§9.2.3.23).
const USER_DATA_HEADER: u8 = 1 << 6;
/// TP-Reply-Path (§9.2.3.17).
const REPLY_PATH: u8 = 1 << 7;

/// A TPDU from a phone to a service centre, in RP-DATA.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum MobileOriginated {
    /// SMS-SUBMIT.
    Submit(Submit),
    /// SMS-COMMAND.
    Command(Command),
}

impl MobileOriginated {
    /// Reads either one.
    ///
    /// # Errors
    /// [`Error::MessageType`] for anything else, and what their own `decode` finds.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        match message_type(octets)? {
            SUBMIT => Submit::decode(octets).map(Self::Submit),
            COMMAND => Command::decode(octets).map(Self::Command),
            other => Err(Error::MessageType(other)),
        }
    }
}

/// A TPDU from a service centre to a phone, in RP-DATA.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum MobileTerminated {
    /// SMS-DELIVER.
    Deliver(Deliver),
    /// SMS-STATUS-REPORT.
    StatusReport(StatusReport),
}

impl MobileTerminated {
    /// Reads either one.
    ///
    /// # Errors
    /// [`Error::MessageType`] for anything else, and what their own `decode` finds.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        match message_type(octets)? {
            DELIVER => Deliver::decode(octets).map(Self::Deliver),
            STATUS_REPORT => StatusReport::decode(octets).map(Self::StatusReport),
            other => Err(Error::MessageType(other)),
        }
    }
}

fn message_type(octets: &[u8]) -> Result<u8, Truncated> {
    let first = octets.first().ok_or(Truncated { needed: 1, present: 0 })?;
    Ok(first & TYPE_MASK)
}

/// `bit` if `on`, else nothing.
const fn flag(bit: u8, on: bool) -> u8 {
    if on { bit } else { 0 }
}
