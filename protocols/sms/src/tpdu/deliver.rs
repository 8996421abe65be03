//! SMS-DELIVER (3GPP TS 23.040 §9.2.2.1).

use super::reader::Reader;
use super::{
    DELIVER, LOOP_PREVENTION, NO_MORE_MESSAGES, REPLY_PATH, STATUS_REPORT_BIT, USER_DATA_HEADER, flag,
};
use crate::address::Address;
use crate::coding::DataCoding;
use crate::error::Error;
use crate::protocol_identifier::ProtocolIdentifier;
use crate::timestamp::Timestamp;
use crate::user_data::UserData;

/// A message from the service centre to a phone.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Deliver {
    /// More messages wait for this phone; TP-MMS is then **0** on the wire.
    pub more_messages: bool,
    /// TP-LP: it was forwarded or made by a machine; answer it with none.
    pub loop_prevention: bool,
    /// TP-SRI: a status report will be returned to the sender.
    pub status_report_indication: bool,
    /// TP-RP: the sender offers a reply path.
    pub reply_path: bool,
    /// TP-OA.
    pub originator: Address,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
    /// TP-DCS.
    pub data_coding: DataCoding,
    /// TP-SCTS: when the centre got the message.
    pub timestamp: Timestamp,
    /// TP-UD.
    pub user_data: UserData,
}

impl Deliver {
    /// Reads an SMS-DELIVER.
    ///
    /// # Errors
    /// What is wrong with it; [`Error::MessageType`] if it is something else.
    pub fn decode(octets: &[u8]) -> Result<Self, Error> {
        let (first, mut reader) = Reader::new(octets, DELIVER)?;
        let originator = reader.address()?;
        let protocol_identifier = ProtocolIdentifier(reader.octet()?);
        let data_coding = DataCoding(reader.octet()?);
        let timestamp = reader.timestamp()?;
        let has_header = first & USER_DATA_HEADER != 0;
        Ok(Self {
            more_messages: first & NO_MORE_MESSAGES == 0,
            loop_prevention: first & LOOP_PREVENTION != 0,
            status_report_indication: first & STATUS_REPORT_BIT != 0,
            reply_path: first & REPLY_PATH != 0,
            originator,
            protocol_identifier,
            data_coding,
            timestamp,
            user_data: reader.user_data(has_header, data_coding, UserData::OCTETS_MAX)?,
        })
    }

    /// Writes an SMS-DELIVER.
    ///
    /// # Errors
    /// As [`UserData::encode`].
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let first = DELIVER
            | flag(NO_MORE_MESSAGES, !self.more_messages)
            | flag(LOOP_PREVENTION, self.loop_prevention)
            | flag(STATUS_REPORT_BIT, self.status_report_indication)
            | flag(USER_DATA_HEADER, !self.user_data.header.is_empty())
            | flag(REPLY_PATH, self.reply_path);
        let mut octets = Vec::with_capacity(164);
        octets.push(first);
        self.originator.encode_into(&mut octets);
        octets.extend([self.protocol_identifier.0, self.data_coding.0]);
        octets.extend(self.timestamp.0);
        self.user_data.encode_into(&mut octets, self.data_coding, UserData::OCTETS_MAX)?;
        Ok(octets)
    }
}
