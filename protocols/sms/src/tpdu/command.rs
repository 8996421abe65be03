//! SMS-COMMAND (3GPP TS 23.040 §9.2.2.4).

use std::fmt;

use super::reader::Reader;
use super::{COMMAND, STATUS_REPORT_BIT, USER_DATA_HEADER, flag};
use crate::address::Address;
use crate::error::Error;
use crate::protocol_identifier::ProtocolIdentifier;

/// TP-Command-Type (§9.2.3.19), kept as it came.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct CommandType(pub u8);

impl CommandType {
    /// Enquiry about a message sent before; asks for a status report.
    pub const ENQUIRY: Self = Self(0x00);
    /// Cancels the status report that was asked for.
    pub const CANCEL_STATUS_REPORT: Self = Self(0x01);
    /// Deletes a message sent before.
    pub const DELETE: Self = Self(0x02);
    /// Asks for a status report about a message sent before.
    pub const ENABLE_STATUS_REPORT: Self = Self(0x03);
}

/// A phone's command about a message that it sent before.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Command {
    /// TP-SRR: an SMS-STATUS-REPORT is wanted.
    pub status_report_request: bool,
    /// TP-UDHI: `data` starts with a user data header.
    pub has_header: bool,
    /// TP-MR of this command.
    pub message_reference: u8,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
    /// TP-CT.
    pub command_type: CommandType,
    /// TP-MN: TP-MR of the message that this is about.
    pub message_number: u8,
    /// TP-DA of the message that this is about.
    pub destination: Address,
    /// TP-CD.
    pub data: Vec<u8>,
}

impl Command {
    /// Octets in TP-CD: what a TPDU of 164 octets leaves beside the shortest address.
    pub const DATA_MAX: usize = 156;

    /// Reads an SMS-COMMAND.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        let (first, mut reader) = Reader::new(octets, COMMAND)?;
        let [message_reference, protocol_identifier, command_type, message_number] = reader.array()?;
        let destination = reader.address()?;
        let length = usize::from(reader.octet()?);
        if length > Self::DATA_MAX {
            return Err(Error::UserDataTooLong { octets: length, max: Self::DATA_MAX });
        }
        Ok(Self {
            status_report_request: first & STATUS_REPORT_BIT != 0,
            has_header: first & USER_DATA_HEADER != 0,
            message_reference,
            protocol_identifier: ProtocolIdentifier(protocol_identifier),
            command_type: CommandType(command_type),
            message_number,
            destination,
            data: reader.slice(length)?.to_vec(),
        })
    }

    /// Writes an SMS-COMMAND.
    ///
    /// # Errors
    /// [`Error::UserDataTooLong`] if `data` exceeds [`DATA_MAX`](Self::DATA_MAX).
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let too_long = Error::UserDataTooLong { octets: self.data.len(), max: Self::DATA_MAX };
        let length =
            u8::try_from(self.data.len()).ok().filter(|&length| usize::from(length) <= Self::DATA_MAX);
        let length = length.ok_or(too_long)?;
        let first = COMMAND
            | flag(STATUS_REPORT_BIT, self.status_report_request)
            | flag(USER_DATA_HEADER, self.has_header);
        let mut octets = vec![
            first,
            self.message_reference,
            self.protocol_identifier.0,
            self.command_type.0,
            self.message_number,
        ];
        self.destination.encode_into(&mut octets);
        octets.push(length);
        octets.extend_from_slice(&self.data);
        Ok(octets)
    }
}

impl fmt::Debug for Command {
    /// Shows the length of the data, never the data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("status_report_request", &self.status_report_request)
            .field("has_header", &self.has_header)
            .field("message_reference", &self.message_reference)
            .field("protocol_identifier", &self.protocol_identifier)
            .field("command_type", &self.command_type)
            .field("message_number", &self.message_number)
            .field("destination", &self.destination)
            .field("data_octets", &self.data.len())
            .finish()
    }
}
