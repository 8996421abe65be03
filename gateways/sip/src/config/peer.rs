//! One SIP platform or proxy: who it is, how it proves it, and its peculiarities.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClientTls, Network, Secret, Wire};
use crate::Error;

/// A SIP platform or proxy that we exchange messages with.
///
/// What it sends is accepted only from an address in `allowed_addresses`, or with
/// the digest credentials of `inbound`; a peer with neither is refused as a whole.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Peer {
    /// The name by which routes know it (`sip:NAME`).
    pub name: String,
    /// Where it is: `sip:host:port`. The host may be a name. Without a port that of the transport.
    pub uri: String,
    /// What carries our requests to it; one of more than 1300 octets leaves UDP for TCP.
    pub transport: Wire,
    /// How its certificate is checked, for `tls` and `wss`.
    pub tls: ClientTls,
    /// Addresses it sends from, as `192.0.2.0/24` or one address.
    pub allowed_addresses: Vec<Network>,
    /// What it must know to send to us.
    pub inbound: Option<Login>,
    /// Whether it must come from an allowed address and know the credentials, both.
    pub both_required: bool,
    /// What we answer its 401 and 407 with.
    pub outbound: Option<Login>,
    /// Whether its P-Asserted-Identity is believed, and its From may name a user of ours.
    pub trusted: bool,
    /// Requests that may be open towards it at once.
    pub window_max: u16,
    /// Messages open at once towards one destination; 1 keeps their order through failures.
    pub open_per_destination: u16,
    /// Messages a second that it may send us; 0 is no limit. Over it: 503 with Retry-After.
    pub messages_per_second_max: u32,
    /// Seconds between OPTIONS that ask whether it is there; 0 never asks.
    pub options_seconds: u16,
    /// What it does otherwise than the link's description says.
    pub quirks: Quirks,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            name: String::new(),
            uri: String::new(),
            transport: Wire::Udp,
            tls: ClientTls::default(),
            allowed_addresses: Vec::new(),
            inbound: None,
            both_required: false,
            outbound: None,
            trusted: false,
            window_max: 100,
            open_per_destination: 1,
            messages_per_second_max: 0,
            options_seconds: 30,
            quirks: Quirks::default(),
        }
    }
}

/// A user name and its password.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Login {
    /// The digest user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// What one peer does differently, and what it wants differently.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Read and write dates as the old system did: Java's `yyyyy-mm-dd hh:mm:ss` taken
    /// literally, a five-digit year, minutes in the place of the month, and a 12-hour clock.
    pub legacy_dates: bool,
    /// What to do with a text that its `X-SMS-CODING: 0` cannot carry.
    pub on_unencodable: OnUnencodable,
    /// How 8 bit data travels to and from it.
    pub binary_as: BinaryAs,
    /// Whether long messages are put together for it.
    pub segments: Segments,
    /// Acknowledge its messages with 202 instead of 200 (RFC 3428 §7).
    pub accept_202: bool,
    /// Take `X-SMS-CODING: 4` and `8` as SMPP data_coding: 8 bit and UCS2.
    pub numeric_coding: bool,
    /// A message that came from it may be routed back to it.
    pub allow_loop: bool,
    /// It sends receipts: a 2xx is not yet the end if a receipt was asked for.
    pub sends_receipts: bool,
    /// How it wants to be given receipts, and, where it sends receipts, how it is asked for them and
    /// writes them.
    pub receipts: ReceiptForm,
}

/// What to do with a text that the stated GSM alphabet cannot carry.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnencodable {
    /// Send it as UCS2.
    #[default]
    Upgrade,
    /// Replace characters by those that look alike; 488 if one remains that has none.
    Transliterate,
    /// Answer 488.
    Refuse,
}

/// How 8 bit data travels.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryAs {
    /// As `application/octet-stream`.
    #[default]
    OctetStream,
    /// As hex digits in `text/plain`, for peers that answer 406 to anything else.
    HexText,
}

/// Whether long messages are put together before they are sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segments {
    /// One MESSAGE for the whole text.
    #[default]
    Reassembled,
    /// One MESSAGE for each segment, with its `X-SMS-UDH`.
    Passthrough,
}

/// How receipts are written towards a peer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptForm {
    /// SMPP's receipt text, with `X-SMS-TYPE: receipt` and its headers.
    #[default]
    Sms,
    /// An IMDN document (RFC 5438) in a `message/cpim` envelope, with the same headers. A message of
    /// which the peer shall send a receipt goes to it in such an envelope too.
    Imdn,
}

impl Peer {
    /// Checks every peer by itself and against the others.
    pub(super) fn check_all(peers: &[Self]) -> Result<(), Error> {
        for (at, peer) in peers.iter().enumerate() {
            let wrong = |what: &str| Err(Error::config(format!("peer {}", peer.name), what));
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if peer.name.is_empty() || !peer.name.bytes().all(is_name) {
                return wrong("needs a name of letters, digits, '-', '_' and '.'");
            }
            let earlier = peers.iter().take(at);
            if earlier.clone().any(|other| other.name == peer.name) {
                return wrong("another peer has this name");
            }
            if peer.target().is_none() {
                return wrong("uri must be sip:host or sip:host:port");
            }
            if peer.allowed_addresses.is_empty() && peer.inbound.is_none() {
                return wrong("needs allowed_addresses or inbound credentials");
            }
            if peer.both_required && (peer.allowed_addresses.is_empty() || peer.inbound.is_none()) {
                return wrong("both_required needs allowed_addresses and inbound credentials");
            }
            let logins = [peer.inbound.as_ref(), peer.outbound.as_ref()];
            if logins.into_iter().flatten().any(|login| login.user.is_empty() || login.password.is_empty()) {
                return wrong("credentials need a user and a password");
            }
            let user = |peer: &Self| peer.inbound.as_ref().map(|login| login.user.clone());
            if peer.inbound.is_some() && earlier.clone().any(|other| user(other) == user(peer)) {
                return wrong("another peer has this inbound user");
            }
            if peer.window_max == 0 || peer.open_per_destination == 0 {
                return wrong("window_max and open_per_destination are at least 1");
            }
        }
        Ok(())
    }

    /// Host and port of `uri`.
    pub(crate) fn target(&self) -> Option<(String, u16)> {
        let uri = sip::Uri::parse(&self.uri).ok()?;
        if !matches!(uri.scheme, sip::uri::Scheme::Sip | sip::uri::Scheme::Sips) {
            return None;
        }
        let port = uri.port.unwrap_or_else(|| sip::Transport::from(self.transport).default_port());
        Some((uri.host.to_owned(), port))
    }
}
