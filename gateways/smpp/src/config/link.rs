//! A link: other centres that we bind to, alone or in a group.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClientTls, InterfaceVersion, LongMessages, Secret, TextCoding};
use crate::Error;

/// One centre that we bind to as an ESME. Routes name it as `smpp:NAME`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Link {
    /// Its name here.
    pub name: String,
    /// Host name or address of the centre.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS towards it; plain TCP when absent.
    pub tls: Option<ClientTls>,
    /// Our name there, at most 15 octets.
    pub system_id: String,
    /// Our password there, at most 8 octets.
    pub password: Secret,
    /// A file that holds the password in its first line, instead of `password`.
    pub password_file: Option<PathBuf>,
    /// The system_type that the centre expects; often empty.
    pub system_type: String,
    /// The address_range that the centre expects; often empty.
    pub address_range: String,
    /// One session for both directions, or a pair.
    pub bind: LinkBind,
    /// How many such sessions, or pairs.
    pub binds: u16,
    /// The version we ask for.
    pub version: InterfaceVersion,
    /// Messages in one session that may wait for the centre's answer.
    pub window: u16,
    /// Messages a second over the whole link; 0 sets no limit.
    pub messages_per_second: u32,
    /// Seconds of silence before we send enquire_link; 0 never sends it.
    pub enquire_link_seconds: u16,
    /// Most seconds between two attempts to connect; the first wait is one second.
    pub reconnect_seconds_max: u16,
    /// The account that messages from this centre belong to; the link's name when empty.
    pub account: String,
    /// What data_coding 0 means to the centre, both ways.
    pub text_coding: TextCoding,
    /// How it gets long messages.
    pub long_messages: LongMessages,
    /// Whether it is sent optional parameters, where its version has them.
    pub optional_parameters: bool,
    /// Whether the centre sends receipts, so that its answer is not the end of a message.
    pub sends_receipts: bool,
    /// How its receipts write the id that its answer gave.
    pub receipt_ids: ReceiptIds,
    /// Messages to one address that may be open at once; 1 keeps strict order through failures.
    pub open_per_destination: u16,
    /// Whether the end of a message's validity is told to the centre.
    pub forward_validity: bool,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            name: String::new(),
            host: String::new(),
            port: 2775,
            tls: None,
            system_id: String::new(),
            password: Secret::default(),
            password_file: None,
            system_type: String::new(),
            address_range: String::new(),
            bind: LinkBind::Transceiver,
            binds: 1,
            version: InterfaceVersion::V3_4,
            window: 50,
            messages_per_second: 0,
            enquire_link_seconds: 30,
            reconnect_seconds_max: 60,
            account: String::new(),
            text_coding: TextCoding::Gsm7,
            long_messages: LongMessages::Split,
            optional_parameters: true,
            sends_receipts: true,
            receipt_ids: ReceiptIds::Auto,
            open_per_destination: 16,
            forward_validity: true,
        }
    }
}

impl Link {
    /// The account that messages from this centre belong to.
    pub fn owner(&self) -> &str {
        if self.account.is_empty() { &self.name } else { &self.account }
    }

    pub(crate) fn check_all(links: &[Self], groups: &[Group]) -> Result<(), Error> {
        for (number, link) in links.iter().enumerate() {
            let wrong = |what| Error::config(format!("link {}", link.name), what);
            if link.name.is_empty() {
                return Err(wrong("needs a name"));
            }
            if links.iter().take(number).any(|other| other.name == link.name) {
                return Err(wrong("another link has this name"));
            }
            if link.host.is_empty() {
                return Err(wrong("needs a host"));
            }
            if link.system_id.len() > 15 || link.password.reveal().len() > 8 {
                return Err(wrong("a system_id has at most 15 octets, a password at most 8"));
            }
            if link.system_type.len() > 12 || link.address_range.len() > 40 {
                return Err(wrong("a system_type has at most 12 octets, an address_range at most 40"));
            }
            if link.window == 0 || link.binds == 0 {
                return Err(wrong("window and binds are at least 1"));
            }
        }
        groups.iter().try_for_each(|group| group.check(links))
    }
}

/// How a link binds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkBind {
    /// One session for both directions.
    #[default]
    Transceiver,
    /// A transmitter and a receiver, for centres that want it so.
    Pair,
    /// A transmitter alone.
    Transmitter,
    /// A receiver alone.
    Receiver,
}

/// How a centre's receipts write the message id that its submit_sm_resp gave.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptIds {
    /// Unknown: every plausible form is tried.
    #[default]
    Auto,
    /// The same text.
    Same,
    /// The receipt is decimal, the answer was hexadecimal.
    DecimalOfHex,
    /// The receipt is hexadecimal, the answer was decimal.
    HexOfDecimal,
}

/// Links that serve one destination together. Routes name it as `smpp:NAME`.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// Its name, which no link has.
    pub name: String,
    /// The links in it.
    pub members: Vec<Member>,
}

impl Group {
    fn check(&self, links: &[Link]) -> Result<(), Error> {
        let wrong = |what: String| Error::config(format!("group {}", self.name), what);
        if self.name.is_empty() || links.iter().any(|link| link.name == self.name) {
            return Err(wrong("needs a name that no link has".to_owned()));
        }
        let stray = self.members.iter().find(|member| links.iter().all(|link| link.name != member.link));
        match stray {
            Some(stray) => Err(wrong(format!("no link is called {}", stray.link))),
            None => Ok(()),
        }
    }
}

/// One link in a group.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The link's name.
    pub link: String,
    /// Its share among links of the same rank, 1 or more.
    #[serde(default = "one")]
    pub weight: u16,
    /// Links of rank 0 come first; the next rank serves while no link before it is bound.
    #[serde(default)]
    pub rank: u8,
}

const fn one() -> u16 {
    1
}
