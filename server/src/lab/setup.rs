//! The lab's configuration: ports, numbers, and credentials that are made once and kept.

use std::io;
use std::path::Path;

use gateway_sip::config::Secret as SipSecret;
use gateway_smpp::config::EsmeAccount;
use serde::{Deserialize, Serialize};

use super::{Capabilities, network};
use crate::clock;
use crate::config::{Config, PlatformAccount, PlatformNumber, RouteConfig, To};

/// The ports before an offset is added.
const SMPP_PORT: u16 = 2775;
const SIP_PORT: u16 = 5060;
const HTTP_PORT: u16 = 8080;
/// The built-in application's.
pub const APPLICATION_PORT: u16 = 8090;

/// The number of the application.
pub const APPLICATION_NUMBER: &str = "+15550100";
/// The account of your ESME, and the short code that leads to it.
pub const ESME: &str = "demo";
/// See [`ESME`].
pub const ESME_ADDRESS: &str = "6666";
/// Your SIP user, and its number.
pub const SIP_USER: &str = "alice";
/// See [`SIP_USER`].
pub const SIP_NUMBER: &str = "+15550101";

/// The lab's own partners, by which it shows the flows.
pub const SHOW_ESME: &str = "show";
/// The short code of [`SHOW_ESME`].
pub const SHOW_ESME_ADDRESS: &str = "7777";
/// The lab's own SIP user.
pub const SHOW_SIP_USER: &str = "shirley";
/// The number of [`SHOW_SIP_USER`].
pub const SHOW_SIP_NUMBER: &str = "+15550102";
/// The number of the built-in application, whatever stands behind [`APPLICATION_NUMBER`].
pub const SHOW_NUMBER: &str = "+15550103";

/// The lab's secrets.
#[derive(Clone, Deserialize, Serialize)]
pub struct Credentials {
    /// The platform's account.
    pub account_sid: String,
    /// Its token.
    pub auth_token: String,
    /// Password of the ESME accounts.
    pub smpp_password: String,
    /// Password of the SIP users.
    pub sip_password: String,
}

impl Credentials {
    /// Reads what an earlier start in this directory made, or makes new ones.
    pub fn load_or_make(data: &Path) -> io::Result<Self> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let path = data.join("lab.json");
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(serde_json::from_str(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let made = Self {
            account_sid: format!("AC{:032x}", u128::from_le_bytes(clock::random())),
            auth_token: format!("{:032x}", u128::from_le_bytes(clock::random())),
            smpp_password: clock::random_text(8),
            sip_password: clock::random_text(12),
        };
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(serde_json::to_string(&made)?.as_bytes())?;
        Ok(made)
    }
}

/// A port with the lab's offset.
pub fn port(base: u16, offset: u16) -> io::Result<u16> {
    let beyond = || io::Error::new(io::ErrorKind::InvalidInput, "--port-offset leads beyond port 65535");
    base.checked_add(offset).ok_or_else(beyond)
}

/// The configuration of a lab; what it leaves out is as by default.
pub fn config(
    capabilities: &Capabilities,
    secrets: &Credentials,
    sms_url: &str,
    show_url: &str,
) -> io::Result<Config> {
    let mut config = Config::default();
    config.store.data_dir = capabilities.data.join("store");
    for listener in &mut config.smpp.listeners {
        listener.address.set_port(port(SMPP_PORT, capabilities.port_offset)?);
    }
    for listener in &mut config.sip.listeners {
        listener.address.set_port(port(SIP_PORT, capabilities.port_offset)?);
    }
    config.http.listen.set_port(port(HTTP_PORT, capabilities.port_offset)?);
    config.http.webhooks.allow_private_targets = true;
    config.smpp.accounts = [(ESME, ESME_ADDRESS), (SHOW_ESME, SHOW_ESME_ADDRESS)]
        .into_iter()
        .map(|(system_id, address)| EsmeAccount {
            addresses: vec![address.to_owned()],
            ..EsmeAccount::new(system_id, &secrets.smpp_password)
        })
        .collect();
    config.sip.users = [(SIP_USER, SIP_NUMBER), (SHOW_SIP_USER, SHOW_SIP_NUMBER)]
        .into_iter()
        .map(|(user, number)| gateway_sip::config::User {
            user: user.to_owned(),
            password: SipSecret::new(secrets.sip_password.clone()),
            number: number.to_owned(),
        })
        .collect();
    config.platform.accounts = vec![PlatformAccount {
        sid: secrets.account_sid.clone(),
        auth_token: SipSecret::new(secrets.auth_token.clone()),
        friendly_name: "Lab".to_owned(),
        ..PlatformAccount::default()
    }];
    config.platform.inventory = vec!["+1555".to_owned()];
    config.platform.numbers = [(APPLICATION_NUMBER, sms_url), (SHOW_NUMBER, show_url)]
        .into_iter()
        .map(|(number, sms_url)| PlatformNumber {
            number: number.to_owned(),
            account: secrets.account_sid.clone(),
            sms_url: sms_url.to_owned(),
            ..PlatformNumber::default()
        })
        .collect();
    config.ss7 = network::config(capabilities.network, capabilities.port_offset)?;
    config.routes = vec![RouteConfig {
        name: "phones".to_owned(),
        to: To { prefix: vec![network::PHONE_PREFIX.to_owned()], ..To::default() },
        targets: vec![format!("ss7:{}", network::NETWORK)],
        ..RouteConfig::default()
    }];
    config.log.filter = "warn".to_owned();
    Ok(config)
}
