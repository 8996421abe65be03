//! A message on its way to a phone: SMS-DELIVER, segment by segment, or SMS-STATUS-REPORT.

use sms::coding::DataCoding;
use sms::header::{Reference, UserDataHeader};
use sms::protocol_identifier::ProtocolIdentifier;
use sms::segment;
use sms::tpdu::{Deliver, StatusReport};
use smsc::failure::Failure;
use smsc::ids::MessageId;
use smsc::message::Message;

use super::timestamp::stamp;
use super::{address, status_report};

/// What a phone is given about one message, in order.
#[derive(Debug)]
pub(crate) enum Terminating {
    /// The segments of a message; most have one.
    Deliver(Vec<Deliver>),
    /// How a message of its own fared.
    StatusReport(Box<StatusReport>),
}

impl Terminating {
    /// Puts a message into the form of a phone, with time stamps `zone_quarters` quarters of an hour
    /// ahead of UTC.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] if no TPDU can carry it.
    pub(crate) fn new(message: &Message, zone_quarters: i8) -> Result<Self, Failure> {
        if let Some(receipt) = message.as_receipt() {
            return status_report::of(message, receipt, zone_quarters)
                .map(|report| Self::StatusReport(Box::new(report)));
        }
        let data_coding = DataCoding(message.content.data_coding);
        let header = UserDataHeader::decode(&message.content.header).unwrap_or_default();
        let segments =
            segment::split(data_coding.alphabet(), &message.content.body, &header, reference(message.id))
                .map_err(|_| Failure::Unsupported)?;
        let originator = address::outward(&message.source)?;
        let timestamp = stamp(message.accepted_at, zone_quarters)?;
        let deliver = |user_data| Deliver {
            more_messages: false,
            loop_prevention: false,
            status_report_indication: message.receipt.wants_any(),
            reply_path: message.reply_path,
            originator: originator.clone(),
            protocol_identifier: ProtocolIdentifier(message.protocol_id),
            data_coding,
            timestamp,
            user_data,
        };
        Ok(Self::Deliver(segments.into_iter().map(deliver).collect()))
    }

    /// How many TPDUs it takes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Deliver(segments) => segments.len(),
            Self::StatusReport(_) => 1,
        }
    }

    /// The octets of TPDU `number`, counted from 0; `more` sets TP-MMS for the phone.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] if it does not fit into its TPDU.
    pub(crate) fn octets(&self, number: usize, more: bool) -> Result<Vec<u8>, Failure> {
        let encoded = match self {
            Self::Deliver(segments) => {
                let segment = segments.get(number).ok_or(Failure::Unsupported)?;
                Deliver { more_messages: more, ..segment.clone() }.encode()
            }
            Self::StatusReport(report) => StatusReport { more_messages: more, ..(**report).clone() }.encode(),
        };
        encoded.map_err(|_| Failure::Unsupported)
    }
}

/// The reference that joins the segments of one message. It depends on the id alone: a message that
/// is sent again has the same one, so that a phone drops what it has already.
fn reference(id: MessageId) -> Reference {
    let [mixed, ..] = id.get().wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    Reference::Eight(mixed)
}
