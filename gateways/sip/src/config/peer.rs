//! The configuration of a SIP peer: address, credentials, limits and quirks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClientTls, Network, Secret, Wire};
use crate::Error;

/// A SIP platform or proxy that exchanges messages with this gateway.
///
/// Its requests are accepted only from an address in `allowed_addresses`, or with the digest
/// credentials of `inbound`; a peer with neither is a configuration error.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Peer {
    /// The name of the peer in routes (`sip:NAME`).
    pub name: String,
    /// Its URI: `sip:host:port`. The host may be a name. The default port is that of the transport.
    pub uri: String,
    /// The transport of requests to it; a request of more than 1300 octets uses TCP instead of UDP.
    pub transport: Wire,
    /// How its certificate is checked, for `tls` and `wss`.
    pub tls: ClientTls,
    /// Its source addresses, as `192.0.2.0/24` or one address.
    pub allowed_addresses: Vec<Network>,
    /// The credentials of its requests to this gateway.
    pub inbound: Option<Login>,
    /// Whether a request needs an allowed address and valid credentials, both.
    pub both_required: bool,
    /// The credentials for its 401 and 407 challenges.
    pub outbound: Option<Login>,
    /// Whether its P-Asserted-Identity is used, and its From may be a registered user.
    pub trusted: bool,
    /// Requests that may be open to it at once.
    pub window_max: u16,
    /// Messages open at once to one destination; 1 keeps their order after failures.
    pub open_per_destination: u16,
    /// Messages a second that it may send; 0 is no limit. Above it: 503 with Retry-After.
    pub messages_per_second_max: u32,
    /// Seconds between OPTIONS that check whether it is up; 0 disables them.
    pub options_seconds: u16,
    /// Its deviations from the description of the SIP link.
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

/// Deviations of one peer from the description of the SIP link.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Read and write dates as the legacy system: Java's `yyyyy-mm-dd hh:mm:ss` taken
    /// literally, a five-digit year, minutes in the place of the month, and a 12-hour clock.
    pub legacy_dates: bool,
    /// What to do with a text that its `X-SMS-CODING: 0` cannot carry.
    pub on_unencodable: OnUnencodable,
    /// How 8 bit data is encoded in both directions.
    pub binary_as: BinaryAs,
    /// Whether long messages are reassembled for it.
    pub segments: Segments,
    /// Acknowledge its messages with 202 instead of 200 (RFC 3428 §7).
    pub accept_202: bool,
    /// Take `X-SMS-CODING: 4` and `8` as SMPP data_coding: 8 bit and UCS2.
    pub numeric_coding: bool,
    /// A message from it may be routed back to it.
    pub allow_loop: bool,
    /// It sends receipts: a 2xx is not final if a receipt was requested.
    pub sends_receipts: bool,
    /// The form of receipts to it, and, if it sends receipts, the form in which they are requested and
    /// received.
    pub receipts: ReceiptForm,
}

/// What to do with a text that the stated GSM alphabet cannot carry.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnencodable {
    /// Send it as UCS2.
    #[default]
    Upgrade,
    /// Replace characters by similar ones; 488 if one has no replacement.
    Transliterate,
    /// Answer 488.
    Refuse,
}

/// The encoding of 8 bit data.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryAs {
    /// As `application/octet-stream`.
    #[default]
    OctetStream,
    /// As hex digits in `text/plain`, for peers that answer 406 to anything else.
    HexText,
}

/// Whether long messages are reassembled before they are sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segments {
    /// One MESSAGE for the whole text.
    #[default]
    Reassembled,
    /// One MESSAGE for each segment, with its `X-SMS-UDH`.
    Passthrough,
}

/// The form of receipts to a peer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptForm {
    /// SMPP's receipt text, with `X-SMS-TYPE: receipt` and its headers.
    #[default]
    Sms,
    /// An IMDN document (RFC 5438) in a `message/cpim` envelope, with the same headers. A message
    /// for which the peer has to send a receipt is sent in such an envelope too.
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
