//! `fernpost lab`: everything on loopback, ready within seconds.
//!
//! The centre, the platform, an account for an ESME, a SIP user, and a number with an
//! application behind it that answers. `flows` sends one message through each flow, as
//! partners of the lab's own, so that the accounts it prints belong to you alone.

mod flows;
pub mod network;
mod setup;

use std::io;
use std::path::PathBuf;

use lab::application::Application;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::wiring::{self, StartError, System};

pub use flows::run as run_flows;
use network::Phones;
pub use setup::Credentials;

/// What a lab is started with.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Where its store and credentials are kept.
    pub data: PathBuf,
    /// Added to every port, so that several labs run side by side.
    pub port_offset: u16,
    /// The application behind the number, instead of the built-in one.
    pub webhook: Option<String>,
    /// What stands at the other end of the signalling association.
    pub network: network::Choice,
}

/// A running lab.
pub struct Lab {
    /// The system.
    pub system: System,
    /// The built-in application.
    pub application: Application,
    /// The simulated mobile network, unless another one is to come.
    pub phones: Option<Phones>,
    /// Credentials and addresses.
    pub credentials: Credentials,
}

/// What the built-in application answers to every message.
pub const REPLY: &str = "Thank you. Fernpost got your message.";

/// Why a lab did not start.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A part did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file or socket of the lab failed.
    #[error("{0}; another lab may be running: try --port-offset 100 --data DIR")]
    Io(#[from] io::Error),
}

impl Lab {
    /// Starts everything.
    pub async fn start(capabilities: &Capabilities) -> Result<Self, LabError> {
        std::fs::create_dir_all(&capabilities.data)?;
        let credentials = Credentials::load_or_make(&capabilities.data)?;
        let port = setup::port(setup::APPLICATION_PORT, capabilities.port_offset)?;
        let application = Application::start(TcpListener::bind(("127.0.0.1", port)).await?, REPLY)?;
        let sms_url = capabilities.webhook.clone().unwrap_or_else(|| application.url("/sms"));
        let phones =
            Phones::start(capabilities.network, capabilities.port_offset, &capabilities.data).await?;
        let config = setup::config(capabilities, &credentials, &sms_url, &application.url("/sms"))?;
        let system = wiring::start(config).await?;
        Ok(Self { system, application, phones, credentials })
    }

    /// Where everything is, for scripts.
    pub fn describe(&self) -> Value {
        let smpp = self.system.smpp.iter().flat_map(|smpp| smpp.local_addresses().first().copied()).next();
        let sip = self.system.sip.iter().flat_map(|sip| sip.local_addresses()).next();
        json!({
            "http": { "base_url": format!("http://{}", self.system.http) },
            "api": {
                "account_sid": self.credentials.account_sid,
                "auth_token": self.credentials.auth_token,
                "number": setup::APPLICATION_NUMBER,
            },
            "smpp": {
                "host": smpp.map(|address| address.ip().to_string()),
                "port": smpp.map(|address| address.port()),
                "system_id": setup::ESME,
                "password": self.credentials.smpp_password,
                "address": setup::ESME_ADDRESS,
            },
            "sip": {
                "host": sip.map(|(_, address)| address.ip().to_string()),
                "port": sip.map(|(_, address)| address.port()),
                "transport": "udp",
                "user": setup::SIP_USER,
                "password": self.credentials.sip_password,
                "number": setup::SIP_NUMBER,
            },
            "m3ua": network::describe(&self.system.config.ss7),
            "phones": self.phones.as_ref().map(Phones::describe).unwrap_or_default(),
            "webhook": { "received_url": self.application.url("/received") },
            "data_dir": self.system.config.store.data_dir,
        })
    }
}
