//! Messages of a phone: SMS-SUBMITs from text or data, and SMS-COMMAND.

use std::time::Duration;

use sms::address::{Address, NumberingPlan, TypeOfNumber};
use sms::coding::{Alphabet, DataCoding};
use sms::header::{Reference, UserDataHeader};
use sms::protocol_identifier::ProtocolIdentifier;
use sms::tpdu::{Command, CommandType, Submit};
use sms::validity::Validity;
use sms::{Error, UserData, segment, text};

use super::subscriber::Subscriber;

/// A message to send.
#[derive(Clone, Default)]
pub struct Submission {
    /// TP-DA: international if it begins with `+`, else of unknown type.
    pub to: String,
    /// The content.
    pub content: Content,
    /// TP-SRR.
    pub status_report: bool,
    /// TP-VP in any of its three formats.
    pub validity: Option<Validity>,
    /// TP-PID.
    pub protocol_identifier: u8,
    /// TP-DCS; that of the content if `None`.
    pub data_coding: Option<u8>,
    /// TP-RD.
    pub reject_duplicates: bool,
    /// TP-RP.
    pub reply_path: bool,
    /// Whether segments have a reference of 16 bits.
    pub wide_reference: bool,
    /// TP-MR of the first segment; the phone's next if `None`.
    pub message_reference: Option<u8>,
}

/// The body of a message.
#[derive(Clone)]
pub enum Content {
    /// Text in the smallest coding that carries it.
    Text(String),
    /// Octets.
    Data(Vec<u8>),
    /// One TP-UD as it is: header, and body in the form of the data coding.
    UserData(UserData),
}

/// An SMS-COMMAND about a message that was sent before.
#[derive(Clone)]
pub struct SmsCommand {
    /// TP-CT.
    pub command_type: CommandType,
    /// TP-MN: TP-MR of that message.
    pub message_number: u8,
    /// TP-DA of that message.
    pub to: String,
    /// TP-SRR.
    pub status_report: bool,
}

/// A TPDU to send, and its reference.
#[derive(Clone, Eq, PartialEq)]
pub struct Outgoing {
    /// TP-MR.
    pub message_reference: u8,
    /// The TPDU.
    pub octets: Vec<u8>,
}

impl Submission {
    /// A text.
    pub fn text(text: &str, to: &str) -> Self {
        Self { to: to.to_owned(), content: Content::Text(text.to_owned()), ..Self::default() }
    }

    /// TP-VP of at least this, in the relative format.
    pub fn valid_for(self, duration: Duration) -> Self {
        let relative = sms::validity::RelativeValidity::at_least(duration);
        Self { validity: Some(Validity::Relative(relative)), ..self }
    }

    /// The SMS-SUBMITs, in order. References are counted by `phone`.
    ///
    /// # Errors
    /// The number or the content has no form in a TPDU.
    pub(crate) fn tpdus(&self, phone: &mut Subscriber) -> Result<Vec<Outgoing>, Error> {
        let destination = address(&self.to)?;
        let (segments, coding) = self.segments(phone)?;
        let mut tpdus = Vec::with_capacity(segments.len());
        for user_data in segments {
            let counted = phone.next_message_reference();
            let place = u8::try_from(tpdus.len()).unwrap_or(u8::MAX);
            let message_reference = self.message_reference.map_or(counted, |first| first.wrapping_add(place));
            let submit = Submit {
                reject_duplicates: self.reject_duplicates,
                status_report_request: self.status_report,
                reply_path: self.reply_path,
                message_reference,
                destination: destination.clone(),
                protocol_identifier: ProtocolIdentifier(self.protocol_identifier),
                data_coding: coding,
                validity: self.validity,
                user_data,
            };
            tpdus.push(Outgoing { message_reference, octets: submit.encode()? });
        }
        Ok(tpdus)
    }

    fn segments(&self, phone: &mut Subscriber) -> Result<(Vec<UserData>, DataCoding), Error> {
        let (alphabet, body, header) = match &self.content {
            Content::UserData(user_data) => {
                let coding = DataCoding(self.data_coding.unwrap_or_default());
                return Ok((vec![user_data.clone()], coding));
            }
            Content::Data(octets) => (Alphabet::EightBit, octets.clone(), UserDataHeader::new()),
            Content::Text(text) => {
                let encoded = text::encode(text, &text::Policy::default())?;
                let header = encoded.header();
                (encoded.alphabet, encoded.body, header)
            }
        };
        let number = phone.concatenation_reference;
        phone.concatenation_reference = number.wrapping_add(1);
        let reference = if self.wide_reference {
            Reference::Sixteen(u16::from(number) | 0x0100)
        } else {
            Reference::Eight(number)
        };
        let segments = segment::split(alphabet, &body, &header, reference)?;
        Ok((segments, self.data_coding.map_or(DataCoding::of(alphabet), DataCoding)))
    }
}

impl SmsCommand {
    /// The SMS-COMMAND. Its reference is counted by `phone`.
    pub(crate) fn tpdu(&self, phone: &mut Subscriber) -> Result<Outgoing, Error> {
        let message_reference = phone.next_message_reference();
        let command = Command {
            status_report_request: self.status_report,
            has_header: false,
            message_reference,
            protocol_identifier: ProtocolIdentifier(0),
            command_type: self.command_type,
            message_number: self.message_number,
            destination: address(&self.to)?,
            data: Vec::new(),
        };
        Ok(Outgoing { message_reference, octets: command.encode()? })
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl std::fmt::Debug for Submission {
    /// Without number and content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission")
            .field("status_report", &self.status_report)
            .field("validity", &self.validity)
            .field("data_coding", &self.data_coding)
            .finish_non_exhaustive()
    }
}

fn address(number: &str) -> Result<Address, Error> {
    match number.strip_prefix('+') {
        Some(digits) => Address::international(digits),
        None => Address::new(TypeOfNumber::Unknown, NumberingPlan::ISDN, number),
    }
}

#[cfg(test)]
mod tests {
    use sms::timestamp::Timestamp;
    use sms::tpdu::MobileOriginated;
    use sms::validity::{EnhancedValidity, RelativeValidity};

    use super::*;

    fn phone() -> Subscriber {
        Subscriber::new("15550201", "001010015550201", "15550000002")
    }

    fn submits(submission: &Submission, phone: &mut Subscriber) -> Vec<Submit> {
        let tpdus = submission.tpdus(phone).unwrap();
        let read = |outgoing: &Outgoing| match MobileOriginated::decode(&outgoing.octets) {
            Ok(MobileOriginated::Submit(submit)) => submit,
            other => panic!("{other:?}"),
        };
        tpdus.iter().map(read).collect()
    }

    #[test]
    fn the_published_submit_is_encoded() {
        // The SMS-SUBMIT of AT-command manuals, TP-MR 0, TP-VP 4 days.
        let submission = Submission {
            validity: Some(Validity::Relative(RelativeValidity(0xaa))),
            ..Submission::text("hellohello", "+46708251358")
        };
        let tpdus = submission.tpdus(&mut phone()).unwrap();
        let hex: String = tpdus[0].octets.iter().map(|octet| format!("{octet:02X}")).collect();
        assert_eq!(hex, "11000B916407281553F80000AA0AE8329BFD4697D9EC37");
    }

    #[test]
    fn every_message_has_the_next_reference() {
        let mut phone = phone();
        phone.message_reference = 255;
        let references: Vec<u8> = (0..3)
            .flat_map(|_| submits(&Submission::text("hi", "7777"), &mut phone))
            .map(|submit| submit.message_reference)
            .collect();
        assert_eq!(references, [255, 0, 1]);
    }

    #[test]
    fn a_long_text_is_segmented_and_each_segment_requests_its_report() {
        let mut phone = phone();
        let submission = Submission {
            status_report: true,
            wide_reference: true,
            ..Submission::text(&"ж".repeat(100), "+1")
        };
        let parts = submits(&submission, &mut phone);
        let data: Vec<UserData> = parts.iter().map(|part| part.user_data.clone()).collect();
        assert_eq!(segment::join(&data).unwrap().text(parts[0].data_coding).unwrap(), "ж".repeat(100));
        assert!(parts.iter().all(|part| part.status_report_request && part.data_coding == DataCoding::UCS2));
        let reference = data[0].header.concatenation().unwrap().reference;
        assert!(matches!(reference, Reference::Sixteen(_)));
    }

    #[test]
    fn all_three_validity_formats_are_sent() {
        for validity in [
            Validity::Relative(RelativeValidity(167)),
            Validity::Enhanced(EnhancedValidity::seconds(30)),
            Validity::Absolute(Timestamp::from_unix(1_764_000_000, 8).unwrap()),
        ] {
            let submission = Submission { validity: Some(validity), ..Submission::text("x", "1") };
            assert_eq!(submits(&submission, &mut phone())[0].validity, Some(validity));
        }
    }

    #[test]
    fn a_command_has_the_number_of_its_message() {
        let command = SmsCommand {
            command_type: CommandType::DELETE,
            message_number: 7,
            to: "+15550202".to_owned(),
            status_report: true,
        };
        let outgoing = command.tpdu(&mut phone()).unwrap();
        let Ok(MobileOriginated::Command(command)) = MobileOriginated::decode(&outgoing.octets) else {
            panic!("no command")
        };
        assert_eq!((command.message_number, command.command_type), (7, CommandType::DELETE));
        assert_eq!(command.destination.value(), "15550202");
    }

    #[test]
    fn an_invalid_number_is_refused() {
        assert!(Submission::text("x", "+abc!").tpdus(&mut phone()).is_err());
        assert!(Submission::text("x", &"1".repeat(21)).tpdus(&mut phone()).is_err());
    }
}
