//! Associations, and the application servers that are served over them (RFC 4666 §1.2).

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::position;
use super::network::Network;
use crate::error::Error;

/// One association with a signalling gateway or another signalling point.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Association {
    /// Its name here.
    pub name: String,
    /// What carries it.
    pub transport: Transport,
    /// What we are on it.
    pub role: Role,
    /// Between two IPSPs: whether one exchange of states serves both directions.
    pub exchange: Exchange,
    /// Our addresses. Without `remote` we listen on them; several need kernel SCTP (multihoming).
    pub local: Vec<SocketAddr>,
    /// The peer's addresses. With them we connect; several need kernel SCTP (multihoming).
    pub remote: Vec<SocketAddr>,
    /// Our ASP identifier, where the peer asks for one.
    pub asp_identifier: Option<u32>,
    /// What is served over it, by name.
    pub application_servers: Vec<String>,
    /// Most seconds between two attempts to connect; the first wait is half a second.
    pub reconnect_seconds_max: u16,
    /// Timers of SCTP.
    pub tuning: Tuning,
}

impl Default for Association {
    fn default() -> Self {
        Self {
            name: String::new(),
            transport: Transport::Sctp,
            role: Role::Asp,
            exchange: Exchange::Single,
            local: Vec::new(),
            remote: Vec::new(),
            asp_identifier: None,
            application_servers: Vec::new(),
            reconnect_seconds_max: 10,
            tuning: Tuning::default(),
        }
    }
}

/// What carries an association.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// SCTP of the kernel (RFC 9260).
    #[default]
    Sctp,
    /// SCTP inside UDP (RFC 6951), for kernels that have none; one address each.
    SctpUdp,
    /// TCP, with M3UA's own lengths: for development and for peers that speak it.
    Tcp,
}

/// What we are on an association.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The application: the peer is a signalling gateway.
    #[default]
    Asp,
    /// One of two equals.
    Ipsp,
}

/// How two IPSPs tell each other their states (RFC 4666 §4.3).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exchange {
    /// One side's messages serve both directions.
    #[default]
    Single,
    /// Each direction has its own.
    Double,
}

/// Timers of SCTP. The kernel's own defaults stall for a second at every lost packet.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tuning {
    /// Least milliseconds before a packet is sent again.
    pub rto_min_ms: u32,
    /// Most milliseconds before a packet is sent again.
    pub rto_max_ms: u32,
    /// Milliseconds that an acknowledgement may wait for company.
    pub sack_delay_ms: u32,
    /// Milliseconds between signs of life on an idle path.
    pub heartbeat_ms: u32,
    /// Packets that may go unanswered on one path before another is used.
    pub path_retransmissions_max: u16,
    /// Packets that may go unanswered before the association is over.
    pub association_retransmissions_max: u16,
    /// Attempts to set an association up before it is begun anew.
    pub init_attempts: u16,
    /// Streams that we ask for.
    pub streams: u16,
    /// The UDP port of `sctp-udp` on the peer's side; 9899 is what IANA assigned.
    pub udp_port: u16,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            rto_min_ms: 250,
            rto_max_ms: 3000,
            sack_delay_ms: 50,
            heartbeat_ms: 5000,
            path_retransmissions_max: 3,
            association_retransmissions_max: 6,
            init_attempts: 4,
            streams: 17,
            udp_port: 9899,
        }
    }
}

/// A point code of ours as peers see it: an application server (RFC 4666 §1.2).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationServer {
    /// Its name here.
    pub name: String,
    /// The network that it belongs to, by name.
    pub network: String,
    /// Its routing context; may be left out where it is the only one on its associations.
    pub routing_context: Option<u32>,
    /// The network appearance, where the peer wants one.
    pub network_appearance: Option<u32>,
    /// How traffic is shared among associations.
    pub traffic_mode: TrafficMode,
    /// Associations that must be active before it serves.
    pub minimum_active: u16,
    /// Whether we register the routing key with the gateway first (RFC 4666 §4.4).
    pub registers: bool,
}

impl Default for ApplicationServer {
    fn default() -> Self {
        Self {
            name: String::new(),
            network: String::new(),
            routing_context: None,
            network_appearance: None,
            traffic_mode: TrafficMode::Loadshare,
            minimum_active: 1,
            registers: false,
        }
    }
}

/// How traffic is shared among the associations of an application server (RFC 4666 §3.7.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficMode {
    /// The newest active one takes all.
    Override,
    /// All active ones share it by signalling link selection.
    #[default]
    Loadshare,
    /// All active ones get all of it.
    Broadcast,
}

impl Association {
    pub(super) fn check_all(associations: &[Self], servers: &[ApplicationServer]) -> Result<(), Error> {
        for (number, association) in associations.iter().enumerate() {
            let wrong = |what: &str| Error::config(format!("association {}", association.name), what);
            if association.name.is_empty() {
                return Err(wrong("needs a name"));
            }
            if position(associations, &association.name, |other| &other.name).map(usize::from) != Some(number)
            {
                return Err(wrong("another association has this name"));
            }
            if association.local.is_empty() && association.remote.is_empty() {
                return Err(wrong("needs an address in local or in remote"));
            }
            let homes = association.local.len().max(association.remote.len());
            if homes > 1 && association.transport != Transport::Sctp {
                return Err(wrong("several addresses need transport = \"sctp\""));
            }
            if association.application_servers.is_empty() {
                return Err(wrong("serves nothing: name one of the application_servers"));
            }
            for name in &association.application_servers {
                if position(servers, name, |server| &server.name).is_none() {
                    return Err(wrong(&format!("no application server is called {name}")));
                }
            }
        }
        Ok(())
    }
}

impl ApplicationServer {
    pub(super) fn check_all(servers: &[Self], networks: &[Network]) -> Result<(), Error> {
        for (number, server) in servers.iter().enumerate() {
            let wrong = |what: &str| Error::config(format!("application server {}", server.name), what);
            if server.name.is_empty() {
                return Err(wrong("needs a name"));
            }
            if position(servers, &server.name, |other| &other.name).map(usize::from) != Some(number) {
                return Err(wrong("another application server has this name"));
            }
            if position(networks, &server.network, |network| &network.name).is_none() {
                return Err(wrong(&format!("no network is called {}", server.network)));
            }
        }
        Ok(())
    }
}
