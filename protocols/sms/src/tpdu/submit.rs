//! SMS-SUBMIT (3GPP TS 23.040 §9.2.2.2).

use super::reader::Reader;
use super::{REPLY_PATH, STATUS_REPORT_BIT, SUBMIT, USER_DATA_HEADER, flag};
use crate::address::Address;
use crate::coding::DataCoding;
use crate::error::Error;
use crate::protocol_identifier::ProtocolIdentifier;
use crate::timestamp::Timestamp;
use crate::user_data::UserData;
use crate::validity::{EnhancedValidity, RelativeValidity, Validity};

/// TP-Reject-Duplicates (§9.2.3.25).
const REJECT_DUPLICATES: u8 = 1 << 2;
/// TP-Validity-Period-Format, two bits (§9.2.3.3).
const VALIDITY_MASK: u8 = 0b11 << 3;
const VALIDITY_ENHANCED: u8 = 0b01 << 3;
const VALIDITY_RELATIVE: u8 = 0b10 << 3;
const VALIDITY_ABSOLUTE: u8 = 0b11 << 3;

/// A message from a phone to the service centre.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Submit {
    /// TP-RD: refuse it if one with the same reference from this sender to this
    /// destination is still held.
    pub reject_duplicates: bool,
    /// TP-SRR: an SMS-STATUS-REPORT is wanted.
    pub status_report_request: bool,
    /// TP-RP: the reply shall go through the same centre.
    pub reply_path: bool,
    /// TP-MR.
    pub message_reference: u8,
    /// TP-DA.
    pub destination: Address,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
    /// TP-DCS.
    pub data_coding: DataCoding,
    /// TP-VP.
    pub validity: Option<Validity>,
    /// TP-UD.
    pub user_data: UserData,
}

impl Submit {
    /// Reads an SMS-SUBMIT.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        let (first, mut reader) = Reader::new(octets, SUBMIT)?;
        let message_reference = reader.octet()?;
        let destination = reader.address()?;
        let protocol_identifier = ProtocolIdentifier(reader.octet()?);
        let data_coding = DataCoding(reader.octet()?);
        let validity = match first & VALIDITY_MASK {
            VALIDITY_RELATIVE => Some(Validity::Relative(RelativeValidity(reader.octet()?))),
            VALIDITY_ABSOLUTE => Some(Validity::Absolute(Timestamp(reader.array()?))),
            VALIDITY_ENHANCED => Some(Validity::Enhanced(EnhancedValidity(reader.array()?))),
            _ => None,
        };
        let has_header = first & USER_DATA_HEADER != 0;
        Ok(Self {
            reject_duplicates: first & REJECT_DUPLICATES != 0,
            status_report_request: first & STATUS_REPORT_BIT != 0,
            reply_path: first & REPLY_PATH != 0,
            message_reference,
            destination,
            protocol_identifier,
            data_coding,
            validity,
            user_data: reader.user_data(has_header, data_coding, UserData::OCTETS_MAX)?,
        })
    }

    /// Writes an SMS-SUBMIT.
    ///
    /// # Errors
    /// As [`UserData::encode`].
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let format = match self.validity {
            None => 0,
            Some(Validity::Relative(_)) => VALIDITY_RELATIVE,
            Some(Validity::Absolute(_)) => VALIDITY_ABSOLUTE,
            Some(Validity::Enhanced(_)) => VALIDITY_ENHANCED,
        };
        let first = SUBMIT
            | flag(REJECT_DUPLICATES, self.reject_duplicates)
            | format
            | flag(STATUS_REPORT_BIT, self.status_report_request)
            | flag(USER_DATA_HEADER, !self.user_data.header.is_empty())
            | flag(REPLY_PATH, self.reply_path);
        let mut octets = Vec::with_capacity(164);
        octets.extend([first, self.message_reference]);
        self.destination.encode_into(&mut octets);
        octets.extend([self.protocol_identifier.0, self.data_coding.0]);
        match self.validity {
            None => {}
            Some(Validity::Relative(RelativeValidity(octet))) => octets.push(octet),
            Some(Validity::Absolute(Timestamp(moment))) => octets.extend(moment),
            Some(Validity::Enhanced(EnhancedValidity(value))) => octets.extend(value),
        }
        self.user_data.encode_into(&mut octets, self.data_coding, UserData::OCTETS_MAX)?;
        Ok(octets)
    }
}
