//! Where applications reach the API, and how far the platform goes to reach them.

use std::net::{Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The HTTP gateway.
///
/// Every field has a default that is safe on a laptop, so an empty table is a valid configuration. An
/// unknown key is an error.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port of the API. Only this machine by default. TLS is the business of the proxy in
    /// front of it.
    pub listen: SocketAddr,
    /// Octets that the body of one request may have.
    pub request_octets_max: usize,
    /// Connections that may be open at one time; more wait to be accepted.
    pub connections_max: usize,
    /// Seconds that a client may take for the head of a request, idle time before it included, and for
    /// its body.
    pub request_seconds_max: u16,
    /// Seconds that open requests have to finish when the gateway stops.
    pub drain_seconds_max: u16,
    /// Requests that one account may make a second; 0 is no limit. What is over it gets 429.
    pub account_requests_per_second: u32,
    /// Calls to applications.
    pub webhooks: Webhooks,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            request_octets_max: 64 * 1024,
            connections_max: 4096,
            request_seconds_max: 30,
            drain_seconds_max: 10,
            account_requests_per_second: 10_000,
            webhooks: Webhooks::default(),
        }
    }
}

/// How applications are called.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Whether applications may live in private networks, on this machine or at addresses of the local
    /// link. Whoever has an account chooses the URLs, so this lets them reach what the operator's own
    /// machines can reach.
    pub allow_private_targets: bool,
    /// Redirects that one call follows.
    pub redirects_max: usize,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { allow_private_targets: false, redirects_max: 5 }
    }
}
