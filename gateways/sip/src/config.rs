//! The configuration: listeners, peers, registered users and limits.
//!
//! Every field has a default that is safe on a laptop, so an empty table is valid:
//! UDP and TCP on loopback, and no allowed sender. An unknown key is an error, since a typing mistake
//! must not disable a limit.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sip::transaction::Timers;

mod peer;

pub use access::{Network, Secret};
pub use peer::{BinaryAs, Login, OnUnencodable, Peer, Quirks, ReceiptForm, Segments};

use crate::Error;

/// All of SIP: listeners, peers, registered users, limits.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipConfig {
    /// The addresses to listen on.
    pub listeners: Vec<Listener>,
    /// The name or address under which peers reach the gateway, for Via, From and Contact; the address
    /// of the listener when empty.
    pub host: String,
    /// The realm of digest challenges to users and peers.
    pub realm: String,
    /// SIP platforms and proxies.
    pub peers: Vec<Peer>,
    /// Users that may register, send and receive.
    pub users: Vec<User>,
    /// How long registrations last.
    pub registration: Registration,
    /// The longest time that delivery of a message may be tried, in seconds; a later
    /// X-SMS-VALIDITY is reduced to it.
    pub validity_seconds_max: u64,
    /// T1 of RFC 3261 §17.1.1.1 in milliseconds: the estimated round trip. All other timers
    /// follow from it; a request without answer ends after 64 times this.
    pub t1_ms: u16,
    /// Limits of one process.
    pub limits: Limits,
}

impl Default for SipConfig {
    fn default() -> Self {
        Self {
            listeners: vec![Listener::default(), Listener { transport: Wire::Tcp, ..Listener::default() }],
            host: String::new(),
            realm: "fernpost".to_owned(),
            peers: Vec::new(),
            users: Vec::new(),
            registration: Registration::default(),
            validity_seconds_max: 7 * 24 * 3600,
            t1_ms: 500,
            limits: Limits::default(),
        }
    }
}

impl SipConfig {
    /// Checks the rules that the types do not enforce.
    ///
    /// # Errors
    /// [`Error::Config`] names the entry and what is wrong with it.
    pub fn check(&self) -> Result<(), Error> {
        if self.realm.is_empty() || self.realm.chars().any(|each| each.is_control() || each == '"') {
            return Err(Error::config("realm", "needs a text without quotes"));
        }
        if self.t1_ms == 0 {
            return Err(Error::config("t1_ms", "is at least 1"));
        }
        for listener in &self.listeners {
            let secure = matches!(listener.transport, Wire::Tls | Wire::Wss);
            if secure != listener.tls.is_some() {
                let entry = format!("listener {}", listener.address);
                return Err(Error::config(entry, "tls and wss need a certificate, and the others have none"));
            }
        }
        User::check_all(&self.users)?;
        Peer::check_all(&self.peers)?;
        let inbound = |name: &str| {
            self.peers.iter().any(|peer| peer.inbound.as_ref().is_some_and(|login| login.user == name))
        };
        match self.users.iter().find(|user| inbound(&user.user)) {
            Some(user) => Err(Error::config(format!("user {}", user.user), "a peer has this user name")),
            None => Ok(()),
        }
    }

    pub(crate) fn timers(&self) -> Timers {
        let t1 = Duration::from_millis(self.t1_ms.into());
        Timers { t1, t2: t1 * 8, t4: t1 * 10 }
    }
}

/// A transport of SIP.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
    /// TLS over a stream.
    Tls,
    /// WebSocket with the subprotocol `sip` (RFC 7118).
    Ws,
    /// The same over TLS.
    Wss,
}

impl From<Wire> for sip::Transport {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Udp => Self::Udp,
            Wire::Tcp => Self::Tcp,
            Wire::Tls => Self::Tls,
            Wire::Ws => Self::Ws,
            Wire::Wss => Self::Wss,
        }
    }
}

/// One address to listen on.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    /// The transport.
    pub transport: Wire,
    /// Address and port. Only this machine by default; 5060 is the port of SIP and 5061 that
    /// of SIP over TLS. Port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate and key, for `tls` and `wss`.
    pub tls: Option<ServerTls>,
}

impl Default for Listener {
    fn default() -> Self {
        Self { transport: Wire::Udp, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)), tls: None }
    }
}

/// The certificate of a listener.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTls {
    /// PEM file with the certificate and the intermediate certificates.
    pub certificate_file: PathBuf,
    /// PEM file with the private key.
    pub key_file: PathBuf,
}

/// How a peer's certificate is checked.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTls {
    /// PEM file with the authorities that may have signed the peer's certificate.
    pub authorities_file: PathBuf,
    /// The name that the certificate must have; the host of the peer's URI when empty.
    pub server_name: String,
}

/// A user with a SIP phone or a soft client.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct User {
    /// The name it registers and authenticates with.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Its telephone number in E.164 form, `+4915112345678`. Without one its name is its address.
    pub number: String,
}

impl User {
    /// The name of the user in routes (`user:NAME`): the digits of its number, or its name.
    pub(crate) fn party_name(&self) -> &str {
        if self.number.is_empty() { &self.user } else { self.number.trim_start_matches('+') }
    }

    fn check_all(users: &[Self]) -> Result<(), Error> {
        for (at, user) in users.iter().enumerate() {
            let wrong = |what: &str| Err(Error::config(format!("user {}", user.user), what));
            if user.user.is_empty() || user.password.is_empty() {
                return wrong("needs a user name and a password");
            }
            let digits = user.number.trim_start_matches('+');
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.len() > 15 {
                return wrong("number must be E.164: + and at most 15 digits");
            }
            let earlier = users.iter().take(at);
            if earlier.clone().any(|other| other.user == user.user) {
                return wrong("another user has this name");
            }
            if earlier.clone().any(|other| other.party_name() == user.party_name()) {
                return wrong("another user has this number");
            }
        }
        Ok(())
    }
}

/// How long registrations last (RFC 3261 §10.3).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// The shortest, in seconds; a shorter one is answered with 423.
    pub seconds_min: u32,
    /// The longest, in seconds; a longer one is reduced to it.
    pub seconds_max: u32,
    /// Contacts that one user may have at once.
    pub contacts_max: u16,
}

impl Default for Registration {
    fn default() -> Self {
        Self { seconds_min: 10, seconds_max: 3600, contacts_max: 8 }
    }
}

/// Limits of one process. Requests above a limit are refused, never queued.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Client or server transactions; a new request above it is answered 503.
    pub transactions_max: u32,
    /// Messages that wait for the store at once; a message above it is answered 503.
    pub accepting_max: u32,
    /// Messages that are kept for five minutes to detect duplicates: a client that repeats one in a new
    /// transaction gets the same response. The oldest are dropped first.
    pub remembered_max: u32,
    /// Connections at once.
    pub connections_max: u32,
    /// Connections at once from one address.
    pub connections_per_address_max: u32,
    /// Octets that one SIP message on a stream may have.
    pub message_octets_max: u32,
    /// Seconds that a connection may stay open without an authenticated request.
    pub unproven_seconds: u16,
    /// Seconds that a connection may stay idle; a keep-alive resets the timer.
    pub idle_seconds: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions_max: 400_000,
            accepting_max: 20_000,
            remembered_max: 1_000_000,
            connections_max: 10_000,
            connections_per_address_max: 64,
            message_octets_max: 65_536,
            unproven_seconds: 10,
            idle_seconds: 600,
        }
    }
}

#[cfg(test)]
mod tests;
