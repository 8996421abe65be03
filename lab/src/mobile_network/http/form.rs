//! JSON forms of the HTTP interface: requests and results.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sms::timestamp::Timestamp;
use sms::tpdu::CommandType;
use sms::validity::{EnhancedValidity, Validity};

use crate::mobile_network::settings::VersionRefusal;
use crate::mobile_network::submission::{Content, SmsCommand, Submission};
use crate::mobile_network::{Acknowledgement, SendError};

/// A message to send.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendRequest {
    /// The destination; international with `+`.
    pub to: String,
    /// The text.
    pub text: String,
    /// Octets in hexadecimal, instead of the text.
    pub data: Option<String>,
    /// Whether a status report is requested.
    pub status_report: bool,
    /// TP-VP in relative format: seconds, rounded up to the next value of the format.
    pub validity: Option<u64>,
    /// TP-VP in enhanced format: seconds, 1 to 255.
    pub validity_enhanced: Option<u8>,
    /// TP-VP in absolute format: seconds after 1970-01-01T00:00:00Z.
    pub validity_absolute: Option<i64>,
    /// TP-PID.
    pub protocol_id: u8,
    /// TP-DCS, if not that of the content.
    pub data_coding: Option<u8>,
    /// TP-RD.
    pub reject_duplicates: bool,
    /// TP-RP.
    pub reply_path: bool,
    /// TP-MR of the first segment, if not the phone's next.
    pub message_reference: Option<u8>,
}

/// An SMS-COMMAND to send.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// TP-DA of the message that it is about.
    pub to: String,
    /// TP-CT: 0 enquiry, 1 cancel the status report, 2 delete, 3 enable the status report.
    pub command_type: u8,
    /// TP-MN: TP-MR of the message that it is about.
    pub message_number: u8,
    /// Whether a status report is requested.
    #[serde(default)]
    pub status_report: bool,
}

/// The nodes that a phone moves to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoamRequest {
    /// The MSC's global title; empty if only an SGSN serves it.
    pub msc: String,
    /// The SGSN's global title.
    #[serde(default)]
    pub sgsn: Option<String>,
}

/// The MAP version of a node, and how it refuses higher ones.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeChange {
    /// The highest version, 1 to 3.
    pub map_version_max: u8,
    /// How it refuses a higher one.
    pub refusal: VersionRefusal,
}

impl Default for NodeChange {
    fn default() -> Self {
        Self { map_version_max: 3, refusal: VersionRefusal::default() }
    }
}

/// The result of a message.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct SendResult {
    /// accepted, refused or failed.
    pub result: &'static str,
    /// The reason why it was refused or failed: the MAP error if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The MAP error's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
    /// TP-FCS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tp_failure_cause: Option<u8>,
    /// TP-MR of every segment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub message_references: Vec<u8>,
    /// The MAP version of the dialogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_version: Option<u8>,
}

impl SendRequest {
    /// The submission, or the fault of the request.
    pub(super) fn submission(self) -> Result<Submission, &'static str> {
        let validity = match (self.validity, self.validity_enhanced, self.validity_absolute) {
            (None, None, None) => None,
            (Some(seconds), None, None) => {
                Submission::default().valid_for(Duration::from_secs(seconds)).validity
            }
            (None, Some(seconds), None) => Some(Validity::Enhanced(EnhancedValidity::seconds(seconds))),
            (None, None, Some(moment)) => {
                let moment = Timestamp::from_unix(moment, 0).map_err(|_| "validity_absolute has no form")?;
                Some(Validity::Absolute(moment))
            }
            _ => return Err("a message has one validity"),
        };
        let content = match self.data {
            None => Content::Text(self.text),
            Some(data) if self.text.is_empty() => {
                Content::Data(octets(&data).ok_or("data is not hexadecimal")?)
            }
            Some(_) => return Err("a message has text or data"),
        };
        Ok(Submission {
            to: self.to,
            content,
            status_report: self.status_report,
            validity,
            protocol_identifier: self.protocol_id,
            data_coding: self.data_coding,
            reject_duplicates: self.reject_duplicates,
            reply_path: self.reply_path,
            message_reference: self.message_reference,
            ..Submission::default()
        })
    }
}

impl From<Result<Acknowledgement, SendError>> for SendResult {
    fn from(result: Result<Acknowledgement, SendError>) -> Self {
        match result {
            Ok(sent) => Self {
                result: "accepted",
                message_references: sent.message_references,
                map_version: Some(sent.map_version),
                ..Self::default()
            },
            Err(SendError::Refused { name, code, failure_cause }) => Self {
                result: "refused",
                error: Some(name.to_owned()),
                code: Some(code),
                tp_failure_cause: failure_cause,
                ..Self::default()
            },
            Err(error) => Self { result: "failed", error: Some(error.to_string()), ..Self::default() },
        }
    }
}

impl From<CommandRequest> for SmsCommand {
    fn from(request: CommandRequest) -> Self {
        Self {
            command_type: CommandType(request.command_type),
            message_number: request.message_number,
            to: request.to,
            status_report: request.status_report,
        }
    }
}

fn octets(hexadecimal: &str) -> Option<Vec<u8>> {
    if !hexadecimal.len().is_multiple_of(2) || !hexadecimal.is_ascii() {
        return None;
    }
    let pair = |at| u8::from_str_radix(hexadecimal.get(at..at + 2)?, 16).ok();
    (0..hexadecimal.len()).step_by(2).map(pair).collect()
}
