//! SMS-DELIVER-REPORT and SMS-SUBMIT-REPORT (3GPP TS 23.040 §9.2.2.1a and §9.2.2.2a).
//!
//! Either one is carried in RP-ACK, or in RP-ERROR and then has a failure cause. The
//! octets are the same; the layer below knows the carrier.

use super::reader::Reader;
use super::{DELIVER, Parameters, SUBMIT, USER_DATA_HEADER, flag};
use crate::error::Error;
use crate::status::FailureCause;
use crate::timestamp::Timestamp;

/// Bits of the first octet that are unused today. Where one is set in an RP-ERROR, the
/// rest is not read and the cause is unspecified (§9.2.2.1a, §9.2.2.2a).
const UNUSED: u8 = 0b1011_1100;

/// Octets of user data in an SMS-DELIVER-REPORT of RP-ACK; one less in RP-ERROR.
const DELIVER_REPORT_MAX: usize = 159;
/// Octets of user data in an SMS-SUBMIT-REPORT of RP-ACK; one less in RP-ERROR.
const SUBMIT_REPORT_MAX: usize = 152;

/// A phone's answer to an SMS-DELIVER or SMS-STATUS-REPORT.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct DeliverReport {
    /// TP-FCS, in RP-ERROR.
    pub failure_cause: Option<FailureCause>,
    /// TP-PID, TP-DCS and TP-UD.
    pub parameters: Parameters,
}

impl DeliverReport {
    /// Reads the one of an RP-ACK.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode_in_ack(octets: &[u8]) -> Result<Self, Error> {
        Self::decode(octets, false)
    }

    /// Reads the one of an RP-ERROR, as a MAP SM-DeliveryFailure carries it.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode_in_error(octets: &[u8]) -> Result<Self, Error> {
        Self::decode(octets, true)
    }

    /// Writes the report, for RP-ERROR if it has a failure cause, else for RP-ACK.
    ///
    /// # Errors
    /// As [`UserData::encode`](crate::UserData::encode), where the limit is 159 octets, or 158 in RP-ERROR.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut octets = vec![DELIVER | flag(USER_DATA_HEADER, self.parameters.has_header())];
        octets.extend(self.failure_cause.map(|cause| cause.0));
        octets.push(self.parameters.indicator());
        let max = DELIVER_REPORT_MAX - usize::from(self.failure_cause.is_some());
        self.parameters.encode_into(&mut octets, max)?;
        Ok(octets)
    }

    fn decode(octets: &[u8], is_error: bool) -> Result<Self, Error> {
        let (first, mut reader) = Reader::new(octets, DELIVER)?;
        if is_error && first & UNUSED != 0 {
            return Ok(Self { failure_cause: Some(FailureCause::UNSPECIFIED), ..Self::default() });
        }
        let failure_cause = decode_failure_cause(&mut reader, is_error)?;
        let indicator = Parameters::decode_indicator(&mut reader)?;
        let has_header = first & USER_DATA_HEADER != 0;
        let max = DELIVER_REPORT_MAX - usize::from(is_error);
        let parameters = Parameters::decode(&mut reader, indicator, has_header, max)?;
        Ok(Self { failure_cause, parameters })
    }
}

/// The service centre's answer to an SMS-SUBMIT or SMS-COMMAND.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct SubmitReport {
    /// TP-FCS, in RP-ERROR.
    pub failure_cause: Option<FailureCause>,
    /// TP-SCTS: when the centre got the message.
    pub timestamp: Timestamp,
    /// TP-PID, TP-DCS and TP-UD.
    pub parameters: Parameters,
}

impl SubmitReport {
    /// Reads the one of an RP-ACK.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode_in_ack(octets: &[u8]) -> Result<Self, Error> {
        Self::decode(octets, false)
    }

    /// Reads the one of an RP-ERROR.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode_in_error(octets: &[u8]) -> Result<Self, Error> {
        Self::decode(octets, true)
    }

    /// Writes the report, for RP-ERROR if it has a failure cause, else for RP-ACK.
    ///
    /// # Errors
    /// As [`UserData::encode`](crate::UserData::encode), where the limit is 152 octets, or 151 in RP-ERROR.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut octets = vec![SUBMIT | flag(USER_DATA_HEADER, self.parameters.has_header())];
        octets.extend(self.failure_cause.map(|cause| cause.0));
        octets.push(self.parameters.indicator());
        octets.extend(self.timestamp.0);
        let max = SUBMIT_REPORT_MAX - usize::from(self.failure_cause.is_some());
        self.parameters.encode_into(&mut octets, max)?;
        Ok(octets)
    }

    fn decode(octets: &[u8], is_error: bool) -> Result<Self, Error> {
        let (first, mut reader) = Reader::new(octets, SUBMIT)?;
        if is_error && first & UNUSED != 0 {
            return Ok(Self { failure_cause: Some(FailureCause::UNSPECIFIED), ..Self::default() });
        }
        let failure_cause = decode_failure_cause(&mut reader, is_error)?;
        let indicator = Parameters::decode_indicator(&mut reader)?;
        let timestamp = reader.timestamp()?;
        let has_header = first & USER_DATA_HEADER != 0;
        let max = SUBMIT_REPORT_MAX - usize::from(is_error);
        let parameters = Parameters::decode(&mut reader, indicator, has_header, max)?;
        Ok(Self { failure_cause, timestamp, parameters })
    }
}

fn decode_failure_cause(reader: &mut Reader<'_>, is_error: bool) -> Result<Option<FailureCause>, Error> {
    if is_error { Ok(Some(FailureCause(reader.octet()?))) } else { Ok(None) }
}
