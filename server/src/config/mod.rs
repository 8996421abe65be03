//! `fernpost.toml`: one file, in which every key has a safe default.
//!
//! Each gateway and store owns a documented table of its own; here they are put
//! together with what belongs to the centre. The reference page, the JSON schema and
//! `fernpost config explain` come from these types.

mod centre;
mod load;
mod reference;

use std::path::PathBuf;

use gateway_sip::SipConfig;
use gateway_smpp::SmppConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store_embedded::EmbeddedConfig;

pub use centre::{AccountConfig, NumberingConfig, RetryConfig, RouteConfig, To, ValidityConfig};
pub use load::{ConfigError, check, load, parse};
pub use reference::{explain, reference, schema};

/// All that an operator can set.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What this process is: the service centre, the messaging platform, or both.
    pub roles: Vec<Role>,
    /// The number of this node, 0 to 1023; part of every message id.
    pub node: u16,
    /// Where messages rest.
    pub store: EmbeddedConfig,
    /// How numbers are read.
    pub numbering: NumberingConfig,
    /// How long messages are tried.
    pub validity: ValidityConfig,
    /// When failed deliveries are tried again.
    pub retry: RetryConfig,
    /// Where messages go. Tried by priority, then in this order; what matches none is refused.
    pub routes: Vec<RouteConfig>,
    /// Limits of accounts: ESMEs by their account, SIP peers and users by their name.
    pub accounts: Vec<AccountConfig>,
    /// SMPP: the server, the accounts that may bind, the links to other centres.
    pub smpp: SmppConfig,
    /// SIP: listeners, peers, registered users.
    pub sip: SipConfig,
    /// The messaging platform.
    pub platform: PlatformConfig,
    /// What is logged.
    pub log: LogConfig,
    /// Listeners beyond this machine need TLS and authentication; this says that something else
    /// protects them, for instance a private network.
    pub insecure: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            roles: vec![Role::Smsc, Role::Platform],
            node: 0,
            store: EmbeddedConfig::default(),
            numbering: NumberingConfig::default(),
            validity: ValidityConfig::default(),
            retry: RetryConfig::default(),
            routes: Vec::new(),
            accounts: Vec::new(),
            smpp: SmppConfig::default(),
            sip: SipConfig::default(),
            platform: PlatformConfig::default(),
            log: LogConfig::default(),
            insecure: false,
        }
    }
}

impl Config {
    /// Whether this process plays `role`.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// A part that a process can play.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The service centre.
    Smsc,
    /// The messaging platform.
    Platform,
}

/// The messaging platform.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformConfig {
    /// Accounts that exist from the start. Without any, one is made at the first start and its
    /// token is printed once.
    pub accounts: Vec<PlatformAccount>,
    /// Numbers that exist from the start.
    pub numbers: Vec<PlatformNumber>,
    /// Where the platform alone (`roles = ["platform"]`) finds its service centre: the name of a SIP peer.
    pub centre: String,
}

/// An account of the platform.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformAccount {
    /// `AC` and 32 hexadecimal digits.
    pub sid: String,
    /// Its primary token, or with `auth_token_file` the file that holds it in its first line.
    pub auth_token: gateway_sip::config::Secret,
    /// A file that holds the token in its first line.
    pub auth_token_file: Option<PathBuf>,
    /// A name for people.
    pub friendly_name: String,
}

/// A number of the platform and the application behind it.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformNumber {
    /// The number, `+` and country code first, or a short code.
    pub number: String,
    /// The account that it belongs to.
    pub account: String,
    /// The application's address for incoming messages.
    pub sms_url: String,
    /// `POST` or `GET`.
    pub sms_method: String,
    /// The address that is called when `sms_url` fails.
    pub sms_fallback_url: String,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,gateway_smpp=debug`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned() }
    }
}
