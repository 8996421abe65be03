//! Configuration of the SMPP gateway: listeners, ESME accounts, links to other centres and groups.
//!
//! Every field has a default that is safe on a laptop, so an empty table is a
//! valid configuration: one listener on loopback, and no account. An
//! unknown key is an error: a typing mistake must not silently leave a limit off.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod account;
mod coding;
mod link;

pub use access::{Network, Secret};
pub use account::{BindType, EsmeAccount, InterfaceVersion, MessageIdFormat};
pub use coding::{LongMessages, TextCoding};
pub use link::{Group, Link, LinkBind, Member, ReceiptIds};

use crate::Error;

/// All of SMPP: the server, the accounts that may bind, and the links to other centres.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmppConfig {
    /// Where ESMEs bind.
    pub listeners: Vec<Listener>,
    /// How the centre names itself in bind responses; at most 15 octets.
    pub system_id: String,
    /// Connections from one address that have not bound yet; one more is closed at once.
    pub unbound_per_address_max: u16,
    /// Seconds that a connection may stay without a bind.
    pub bind_seconds: u16,
    /// Seconds that a peer may take to answer a request of ours.
    pub response_seconds: u16,
    /// Seconds that a peer may take no octets while we have some for it; then the session ends.
    pub write_seconds: u16,
    /// Who may bind to us.
    pub accounts: Vec<EsmeAccount>,
    /// Other centres that we bind to.
    pub links: Vec<Link>,
    /// Links that serve one destination together.
    pub groups: Vec<Group>,
}

impl Default for SmppConfig {
    fn default() -> Self {
        Self {
            listeners: vec![Listener::default()],
            system_id: "fernpost".to_owned(),
            unbound_per_address_max: 64,
            bind_seconds: 5,
            response_seconds: 30,
            write_seconds: 10,
            accounts: Vec::new(),
            links: Vec::new(),
            groups: Vec::new(),
        }
    }
}

impl SmppConfig {
    /// Checks the rules that the types do not express.
    ///
    /// # Errors
    /// [`Error::Config`] names the entry and what is wrong with it.
    pub fn check(&self) -> Result<(), Error> {
        if self.system_id.len() > 15 || !self.system_id.is_ascii() {
            return Err(Error::config("system_id", "at most 15 ASCII characters"));
        }
        EsmeAccount::check_all(&self.accounts)?;
        Link::check_all(&self.links, &self.groups)
    }
}

/// One address to listen on.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    /// Address and port. Only this machine by default; 2775 is the port that IANA
    /// assigned to SMPP, and 3550 is usual for TLS. Port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate and key; without them the listener is plain TCP.
    pub tls: Option<ServerTls>,
}

impl Default for Listener {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 2775)), tls: None }
    }
}

/// How a listener proves who it is.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTls {
    /// PEM file with our certificate and those between it and the root.
    pub certificate_file: PathBuf,
    /// PEM file with the private key.
    pub key_file: PathBuf,
    /// PEM file with the authorities whose client certificates are asked for and required.
    #[serde(default)]
    pub client_authorities_file: Option<PathBuf>,
}

/// How a link checks the centre it connects to.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTls {
    /// PEM file with the authorities that may have signed the centre's certificate.
    pub authorities_file: PathBuf,
    /// The name that the certificate must have; the host of the link when empty.
    pub server_name: String,
    /// PEM file with our own certificate, where the centre asks for one.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the key of that certificate.
    pub key_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SmppConfig, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn an_empty_table_is_valid_and_listens_on_loopback_only() {
        let config = read("").unwrap();
        assert!(config.check().is_ok());
        assert!(config.listeners.iter().all(|listener| listener.address.ip().is_loopback()));
        assert!(config.accounts.is_empty());
    }

    #[test]
    fn a_mistyped_key_is_an_error() {
        assert!(read("bind_second = 3").is_err());
        assert!(read("[[accounts]]\nsystem_id = 'a'\nwindows = 3").is_err());
    }

    #[test]
    fn a_password_is_never_shown() {
        let config = read("[[accounts]]\nsystem_id = 'a'\npassword = 'pa55word'").unwrap();
        assert!(!format!("{config:?}").contains("pa55word"));
        assert!(!serde_json::to_string(&config).unwrap().contains("pa55word"));
    }

    #[test]
    fn wrong_entries_are_named() {
        let refused = |text: &str| read(text).unwrap().check().unwrap_err().to_string();
        let twice = "[[accounts]]\nsystem_id='a'\npassword='x'\n[[accounts]]\nsystem_id='a'\npassword='y'";
        assert_eq!(refused(twice), "account a: another account has this system_id");
        assert_eq!(refused("[[accounts]]\nsystem_id='a'"), "account a: needs a password or a password_file");
        let long = "[[accounts]]\nsystem_id='a'\npassword='ninechars'";
        assert_eq!(refused(long), "account a: SMPP passwords have 1 to 8 octets");
        assert_eq!(refused("[[links]]\nname='x'"), "link x: needs a host");
        let stray = "[[groups]]\nname='g'\nmembers=[{link='nowhere'}]";
        assert_eq!(refused(stray), "group g: no link is called nowhere");
    }
}
