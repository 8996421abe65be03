//! Settings of the mobile network: transport, addresses, nodes and phones. Every field has a default.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::rule::Rules;

/// Settings of the network.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What carries M3UA.
    pub transport: sctp::Transport,
    /// The signalling gateway's listen address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Parameters of the associations.
    pub tuning: sctp::Tuning,
    /// Routing context of the centre; `None` leaves it out.
    pub routing_context: Option<u32>,
    /// Network appearance; `None` leaves it out.
    pub network_appearance: Option<u32>,
    /// How several processes of the centre share the traffic.
    pub traffic_mode: m3ua::TrafficMode,
    /// Network indicator, 0 to 3.
    pub network_indicator: u8,
    /// The network's point code.
    pub point_code: u32,
    /// The centre's point code.
    pub peer_point_code: u32,
    /// The centre's global title, digits: the service centre address of the phones.
    pub global_title: String,
    /// Other global titles of the centre, or patterns such as `1555000100*`.
    pub other_global_titles: Vec<String>,
    /// The nodes. The first HLR answers for every number, and the first MSC serves every phone
    /// that names none.
    pub nodes: Vec<NodeSettings>,
    /// The phones.
    pub phones: Vec<PhoneSettings>,
    /// Every number that begins with these digits has a phone that counts messages and discards
    /// them; for load.
    pub sink_prefix: Option<String>,
    /// Whether the sink measures the age of each message, by the timestamp at the head of its text.
    pub sink_is_timed: bool,
    /// The first transaction identifier and local reference.
    pub seed: u64,
}

/// One node.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// Its kind.
    pub kind: NodeKind,
    /// Its global title, digits.
    pub global_title: String,
    /// The highest MAP version that it supports, 1 to 3.
    pub map_version_max: u8,
    /// How it refuses a higher one.
    pub refusal: VersionRefusal,
    /// Configured faults.
    pub rules: Rules,
}

/// The kind of a node.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Home location register.
    Hlr,
    /// Mobile switching centre with its visitor location register.
    Msc,
    /// Serving GPRS support node.
    Sgsn,
}

/// How a node refuses a MAP version that it does not support.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionRefusal {
    /// application-context-name-not-supported, with the context that it supports instead.
    #[default]
    Alternative,
    /// TC-P-ABORT incorrectTransactionPortion, as nodes without support for the dialogue portion.
    ProviderAbort,
    /// TC-U-ABORT without a dialogue portion.
    PlainAbort,
}

/// One phone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhoneSettings {
    /// MSISDN, digits with or without `+`.
    pub number: String,
    /// IMSI; made from the number if empty.
    pub imsi: String,
    /// The MSC's global title; the first MSC if empty.
    pub msc: String,
    /// The SGSN's global title, if one serves it too.
    pub sgsn: Option<String>,
    /// Whether the VLR gives a local MSC id.
    pub has_lmsi: bool,
}

impl NodeKind {
    /// The subsystem number under which it is reached.
    pub const fn subsystem(self) -> u8 {
        match self {
            Self::Hlr => 6,
            Self::Msc => 8,
            Self::Sgsn => 149,
        }
    }
}

impl NodeSettings {
    /// A node with MAP version 3 and no faults.
    pub fn new(kind: NodeKind, global_title: &str) -> Self {
        Self {
            kind,
            global_title: global_title.to_owned(),
            map_version_max: 3,
            refusal: VersionRefusal::default(),
            rules: Rules::default(),
        }
    }
}

impl PhoneSettings {
    /// A phone of the first MSC.
    pub fn new(number: &str) -> Self {
        Self { number: number.to_owned(), ..Self::default() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let nodes = [
            (NodeKind::Hlr, "15550000001"),
            (NodeKind::Msc, "15550000002"),
            (NodeKind::Msc, "15550000003"),
            (NodeKind::Sgsn, "15550000004"),
        ];
        Self {
            transport: sctp::Transport::Tcp,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 2905)),
            tuning: sctp::Tuning::default(),
            routing_context: Some(100),
            network_appearance: None,
            traffic_mode: m3ua::TrafficMode::Loadshare,
            network_indicator: 2,
            point_code: 2,
            peer_point_code: 1,
            global_title: "15550001000".to_owned(),
            other_global_titles: Vec::new(),
            nodes: nodes.into_iter().map(|(kind, title)| NodeSettings::new(kind, title)).collect(),
            phones: ["+15550201", "+15550202", "+15550203"].map(PhoneSettings::new).to_vec(),
            sink_prefix: None,
            sink_is_timed: false,
            seed: 1,
        }
    }
}
