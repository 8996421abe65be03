//! The optional parameters of reports: TP-PI, TP-PID, TP-DCS and TP-UD (3GPP TS 23.040 §9.2.3.27).

use super::reader::Reader;
use crate::coding::DataCoding;
use crate::error::Error;
use crate::protocol_identifier::ProtocolIdentifier;
use crate::user_data::UserData;

const PROTOCOL_IDENTIFIER: u8 = 1 << 0;
const DATA_CODING: u8 = 1 << 1;
const USER_DATA: u8 = 1 << 2;
const EXTENSION: u8 = 1 << 7;

/// Fields that a report may have.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Parameters {
    /// TP-PID.
    pub protocol_identifier: Option<ProtocolIdentifier>,
    /// TP-DCS; user data without it is GSM 7 bit.
    pub data_coding: Option<DataCoding>,
    /// TP-UD, such as the answer of a SIM application.
    pub user_data: Option<UserData>,
}

impl Parameters {
    /// Whether the user data has a header, for TP-UDHI.
    pub(super) fn has_header(&self) -> bool {
        self.user_data.as_ref().is_some_and(|user_data| !user_data.header.is_empty())
    }

    /// Reads TP-PI.
    pub(super) fn decode_indicator(reader: &mut Reader<'_>) -> Result<u8, Error> {
        let indicator = reader.octet()?;
        let mut extension = indicator;
        while extension & EXTENSION != 0 {
            extension = reader.octet()?;
        }
        Ok(indicator)
    }

    /// Reads the fields that `indicator` names.
    pub(super) fn decode(
        reader: &mut Reader<'_>,
        indicator: u8,
        has_header: bool,
        max: usize,
    ) -> Result<Self, Error> {
        let mut parameters = Self::default();
        if indicator & PROTOCOL_IDENTIFIER != 0 {
            parameters.protocol_identifier = Some(ProtocolIdentifier(reader.octet()?));
        }
        if indicator & DATA_CODING != 0 {
            parameters.data_coding = Some(DataCoding(reader.octet()?));
        }
        if indicator & USER_DATA != 0 {
            let coding = parameters.data_coding.unwrap_or_default();
            parameters.user_data = Some(reader.user_data(has_header, coding, max)?);
        }
        Ok(parameters)
    }

    /// TP-PI for these fields.
    pub(super) fn indicator(&self) -> u8 {
        super::flag(PROTOCOL_IDENTIFIER, self.protocol_identifier.is_some())
            | super::flag(DATA_CODING, self.data_coding.is_some())
            | super::flag(USER_DATA, self.user_data.is_some())
    }

    /// Writes the fields, without TP-PI.
    pub(super) fn encode_into(&self, octets: &mut Vec<u8>, max: usize) -> Result<(), Error> {
        octets.extend(self.protocol_identifier.map(|identifier| identifier.0));
        octets.extend(self.data_coding.map(|coding| coding.0));
        match &self.user_data {
            Some(user_data) => user_data.encode_into(octets, self.data_coding.unwrap_or_default(), max),
            None => Ok(()),
        }
    }
}
