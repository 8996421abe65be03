//! SMS-STATUS-REPORT (3GPP TS 23.040 §9.2.2.3).

use super::reader::Reader;
use super::{
    LOOP_PREVENTION, NO_MORE_MESSAGES, Parameters, STATUS_REPORT, STATUS_REPORT_BIT, USER_DATA_HEADER, flag,
};
use crate::address::Address;
use crate::error::Error;
use crate::status::Status;
use crate::timestamp::Timestamp;

/// Octets of user data in the longest status report.
const USER_DATA_MAX: usize = 131;

/// The outcome of a message that a phone sent before.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StatusReport {
    /// TP-SRQ: it answers an SMS-COMMAND, not an SMS-SUBMIT.
    pub answers_command: bool,
    /// More messages wait for this phone; TP-MMS is then **0** on the wire.
    pub more_messages: bool,
    /// TP-LP: it was forwarded or made by a machine.
    pub loop_prevention: bool,
    /// TP-MR of the message that this is about.
    pub message_reference: u8,
    /// TP-RA: TP-DA of the message that this is about.
    pub recipient: Address,
    /// TP-SCTS: when the centre got that message.
    pub timestamp: Timestamp,
    /// TP-DT: when it was delivered, or the centre last tried.
    pub discharge_time: Timestamp,
    /// TP-ST.
    pub status: Status,
    /// TP-PID, TP-DCS and TP-UD. Without any of them TP-PI is left out as well.
    pub parameters: Parameters,
}

impl StatusReport {
    /// Reads an SMS-STATUS-REPORT.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        let (first, mut reader) = Reader::new(octets, STATUS_REPORT)?;
        let message_reference = reader.octet()?;
        let recipient = reader.address()?;
        let timestamp = reader.timestamp()?;
        let discharge_time = reader.timestamp()?;
        let status = Status(reader.octet()?);
        let indicator = if reader.is_empty() { 0 } else { Parameters::decode_indicator(&mut reader)? };
        let has_header = first & USER_DATA_HEADER != 0;
        let parameters = Parameters::decode(&mut reader, indicator, has_header, USER_DATA_MAX)?;
        Ok(Self {
            answers_command: first & STATUS_REPORT_BIT != 0,
            more_messages: first & NO_MORE_MESSAGES == 0,
            loop_prevention: first & LOOP_PREVENTION != 0,
            message_reference,
            recipient,
            timestamp,
            discharge_time,
            status,
            parameters,
        })
    }

    /// Writes an SMS-STATUS-REPORT.
    ///
    /// # Errors
    /// As [`UserData::encode`](crate::UserData::encode), where the limit is 131 octets.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let first = STATUS_REPORT
            | flag(NO_MORE_MESSAGES, !self.more_messages)
            | flag(LOOP_PREVENTION, self.loop_prevention)
            | flag(STATUS_REPORT_BIT, self.answers_command)
            | flag(USER_DATA_HEADER, self.parameters.has_header());
        let mut octets = vec![first, self.message_reference];
        self.recipient.encode_into(&mut octets);
        octets.extend(self.timestamp.0);
        octets.extend(self.discharge_time.0);
        octets.push(self.status.0);
        let indicator = self.parameters.indicator();
        if indicator != 0 {
            octets.push(indicator);
        }
        self.parameters.encode_into(&mut octets, USER_DATA_MAX)?;
        Ok(octets)
    }
}
