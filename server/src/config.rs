//! `fernpost.toml`: one file, in which every key has a safe default.
//!
//! Each gateway and store owns a documented table of its own; here they are put
//! together with what belongs to the centre. The reference page, the JSON schema and
//! `fernpost config explain` come from these types.

mod centre;
mod load;
mod platform;
mod reference;

use gateway_sip::config::SipConfig;
use gateway_sip::SipConfig;
use gateway_smpp::config::SmppConfig;
use gateway_ss7::config::Ss7Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store_embedded::EmbeddedConfig;

pub use centre::{AccountConfig, NumberingConfig, RetryConfig, RouteConfig, To, ValidityConfig};
pub use load::{ConfigError, check, load};
pub use platform::{PlatformAccount, PlatformConfig, PlatformNumber};
pub use reference::{explain, reference, schema};

/// All that an operator can set.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What this process is: the service centre, the messaging platform, or both.
    pub roles: Vec<Role>,
    /// The number of this node, 0 to 1023; part of every message id.
    pub node: u16,
    /// Where messages rest.
    pub store: EmbeddedConfig,
    /// Days that messages which have ended are kept; 0 keeps them for ever.
    pub retention_days: u16,
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
    /// SS7: mobile networks, and the associations that lead to them.
    pub ss7: Ss7Config,
    /// HTTP: the API, health, metrics and administration.
    pub http: gateway_http::Http,
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
            retention_days: 30,
            numbering: NumberingConfig::default(),
            validity: ValidityConfig::default(),
            retry: RetryConfig::default(),
            routes: Vec::new(),
            accounts: Vec::new(),
            smpp: SmppConfig::default(),
            sip: SipConfig::default(),
            ss7: Ss7Config::default(),
            http: gateway_http::Http::default(),
            platform: PlatformConfig::default(),
            log: LogConfig::default(),
            insecure: false,
        }
    }
}

impl Config {
    /// What the SIP gateway of a platform alone is started with: the configuration's own, and the
    /// centre's peer sends receipts.
    ///
    /// # Errors
    /// [`ConfigError`] if the configuration names no peer as the centre.
    pub fn sip_of_a_platform_alone(&self) -> Result<SipConfig, ConfigError> {
        let (mut sip, name) = (self.sip.clone(), &self.platform.centre);
        let centre = sip.peers.iter_mut().find(|peer| peer.name == *name).ok_or_else(|| {
            ConfigError::entry("platform", None, "centre", "a platform alone needs the name of a SIP peer here")
        })?;
        centre.quirks.sends_receipts = true;
        Ok(sip)
    }

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
