//! An account that binds to us.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smpp::Version;
use smpp::pdu::BindKind;
use smsc::endpoint::Endpoint;

use super::{LongMessages, Network, Secret, TextCoding};
use crate::Error;

/// One ESME: who it is, what it may do, and what it wants.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EsmeAccount {
    /// The name it binds with, at most 15 octets. Routes name it as `esme:SYSTEM_ID`.
    pub system_id: String,
    /// Its password, 1 to 8 octets.
    pub password: Secret,
    /// A file that holds the password in its first line, instead of `password`.
    pub password_file: Option<PathBuf>,
    /// The account that its messages belong to; the system_id when empty.
    pub account: String,
    /// Sessions that it may hold at the same time.
    pub binds_max: u16,
    /// The kinds of bind it may use.
    pub bind_types: Vec<BindType>,
    /// Addresses it may connect from; from anywhere when empty.
    pub allowed: Vec<Network>,
    /// Requests of the ESME in one session that may wait for our answer; one more is
    /// answered ESME_RTHROTTLED.
    pub window: u16,
    /// Deliveries in one session that may wait for the ESME's answer.
    pub delivery_window: u16,
    /// Seconds of silence before we send enquire_link; 0 never sends it.
    pub enquire_link_seconds: u16,
    /// Seconds without a message in either direction before we unbind; 0 never does.
    pub inactivity_seconds: u32,
    /// The latest version we speak with it: `3.3`, `3.4` or `5.0`.
    pub version_max: InterfaceVersion,
    /// What data_coding 0 means in what it sends.
    pub text_coding: TextCoding,
    /// What data_coding 0 means in what it is sent; as `text_coding` when absent.
    pub delivery_text_coding: Option<TextCoding>,
    /// How it gets long messages.
    pub long_messages: LongMessages,
    /// Whether concatenated messages are put together before it gets them.
    pub reassembled: bool,
    /// Deliveries to one address that may be open at once; 1 keeps strict order through failures.
    pub open_per_destination: u16,
    /// Whether it gets optional parameters, where its version has them.
    pub optional_parameters: bool,
    /// How it is shown message ids.
    pub message_id_format: MessageIdFormat,
    /// Octets of the message's text that a receipt repeats, 0 to 20.
    pub receipt_text_octets: u8,
    /// Minutes that the dates in its receipts are ahead of UTC.
    pub receipt_offset_minutes: i16,
    /// Numbers and short codes that lead to this account: digits, or a prefix with `*` at its end.
    pub addresses: Vec<String>,
}

impl Default for EsmeAccount {
    fn default() -> Self {
        Self {
            system_id: String::new(),
            password: Secret::default(),
            password_file: None,
            account: String::new(),
            binds_max: 8,
            bind_types: vec![BindType::Transmitter, BindType::Receiver, BindType::Transceiver],
            allowed: Vec::new(),
            window: 100,
            delivery_window: 100,
            enquire_link_seconds: 30,
            inactivity_seconds: 0,
            version_max: InterfaceVersion::V5_0,
            text_coding: TextCoding::Gsm7,
            delivery_text_coding: None,
            long_messages: LongMessages::Split,
            reassembled: false,
            open_per_destination: 100,
            optional_parameters: true,
            message_id_format: MessageIdFormat::Decimal,
            receipt_text_octets: 20,
            receipt_offset_minutes: 0,
            addresses: Vec::new(),
        }
    }
}

impl EsmeAccount {
    /// An account with a name and a password, and all else as by default.
    pub fn new(system_id: &str, password: &str) -> Self {
        Self { system_id: system_id.to_owned(), password: Secret::new(password), ..Self::default() }
    }

    /// The account that its messages belong to.
    pub fn owner(&self) -> &str {
        if self.account.is_empty() { &self.system_id } else { &self.account }
    }

    /// How routes and the centre name it.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Esme(self.system_id.as_str().into())
    }

    /// Whether it may bind as `kind`.
    pub fn may_bind(&self, kind: BindKind) -> bool {
        self.bind_types.iter().any(|&allowed| BindKind::from(allowed) == kind)
    }

    pub(crate) fn check_all(accounts: &[Self]) -> Result<(), Error> {
        for (number, account) in accounts.iter().enumerate() {
            let wrong = |what| Error::config(format!("account {}", account.system_id), what);
            if account.system_id.is_empty() || account.system_id.len() > 15 || !account.system_id.is_ascii() {
                return Err(wrong("a system_id has 1 to 15 ASCII characters"));
            }
            if accounts.iter().take(number).any(|other| other.system_id == account.system_id) {
                return Err(wrong("another account has this system_id"));
            }
            match (account.password.reveal().len(), &account.password_file) {
                (0, None) => return Err(wrong("needs a password or a password_file")),
                (9.., _) => return Err(wrong("SMPP passwords have 1 to 8 octets")),
                _ => {}
            }
            if account.receipt_offset_minutes.abs() > 14 * 60 {
                return Err(wrong("no place is more than 14 hours from UTC"));
            }
            if account.window == 0 || account.delivery_window == 0 || account.binds_max == 0 {
                return Err(wrong("window, delivery_window and binds_max are at least 1"));
            }
        }
        Ok(())
    }
}

/// A kind of bind.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindType {
    /// The ESME only submits.
    Transmitter,
    /// The ESME only receives.
    Receiver,
    /// Both.
    Transceiver,
}

impl From<BindType> for BindKind {
    fn from(bind_type: BindType) -> Self {
        match bind_type {
            BindType::Transmitter => Self::Transmitter,
            BindType::Receiver => Self::Receiver,
            BindType::Transceiver => Self::Transceiver,
        }
    }
}

/// A version of SMPP.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InterfaceVersion {
    /// 3.3: no optional parameters.
    #[serde(rename = "3.3")]
    V3_3,
    /// 3.4.
    #[default]
    #[serde(rename = "3.4")]
    V3_4,
    /// 5.0.
    #[serde(rename = "5.0")]
    V5_0,
}

impl From<InterfaceVersion> for Version {
    fn from(version: InterfaceVersion) -> Self {
        match version {
            InterfaceVersion::V3_3 => Self::V3_3,
            InterfaceVersion::V3_4 => Self::V3_4,
            InterfaceVersion::V5_0 => Self::V5_0,
        }
    }
}

/// How message ids are written to a peer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageIdFormat {
    /// 19 decimal digits.
    #[default]
    Decimal,
    /// 16 hexadecimal digits, lower case.
    Hex,
}
