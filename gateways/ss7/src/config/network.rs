//! A mobile network, as a routing domain of our signalling.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::position;
use crate::error::Error;

/// One mobile network that we are a service centre of. Routes name it as `ss7:NAME`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Its name here.
    pub name: String,
    /// Our point code in it, as a number; 3-8-3 codes are `(a << 11) | (b << 3) | c`.
    pub point_code: u32,
    /// The network indicator of our messages: 0 international, 2 national, 3 national spare.
    pub network_indicator: u8,
    /// Our global title: the number of the service centre, 5 to 15 digits of E.164 without `+`.
    pub global_title: String,
    /// Other global titles of ours that phones may have as their service centre.
    pub other_global_titles: Vec<String>,
    /// Subsystem numbers.
    pub subsystems: Subsystems,
    /// Point codes that translate global titles for us (signalling gateways): the first that is
    /// available gets everything that no translation catches.
    pub gateways: Vec<u32>,
    /// Nodes that we know more of than their point code.
    pub remotes: Vec<Remote>,
    /// The global title that is asked where a phone is, instead of the phone's own number.
    pub hlr_global_title: Option<String>,
    /// The translation type of global titles that we address.
    pub translation_type: u8,
    /// The highest MAP version that we begin with: 1, 2 or 3.
    pub map_version_max: u8,
    /// Whether HLRs are asked for the node that serves packet data, too.
    pub packet_nodes: bool,
    /// Seconds that an HLR's answer is remembered; 0 asks for every message.
    pub routing_cache_seconds: u16,
    /// Whether HLRs are told of failed deliveries, so that they alert us.
    pub report_delivery_status: bool,
    /// Whether a phone's message is refused that names a service centre which is not ours.
    pub own_service_centre_only: bool,
    /// The account that messages of its phones belong to; the network's name when empty.
    pub account: String,
    /// Messages to one phone that may be open at once: they share one dialogue.
    pub open_per_destination: u16,
    /// Messages to this network that may be open at once.
    pub window: u32,
    /// Minutes that the time stamps phones get are ahead of UTC, in quarters of an hour.
    pub time_offset_minutes: i16,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            name: String::new(),
            point_code: 0,
            network_indicator: 2,
            global_title: String::new(),
            other_global_titles: Vec::new(),
            subsystems: Subsystems::default(),
            gateways: Vec::new(),
            remotes: Vec::new(),
            hlr_global_title: None,
            translation_type: 0,
            map_version_max: 3,
            packet_nodes: true,
            routing_cache_seconds: 0,
            report_delivery_status: true,
            own_service_centre_only: true,
            account: String::new(),
            open_per_destination: 8,
            window: 20_000,
            time_offset_minutes: 0,
        }
    }
}

/// Subsystem numbers (TS 23.003 §5).
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subsystems {
    /// Ours.
    pub service_centre: u8,
    /// Home location registers.
    pub hlr: u8,
    /// Mobile switching centres.
    pub msc: u8,
    /// Nodes that serve packet data.
    pub sgsn: u8,
}

impl Default for Subsystems {
    fn default() -> Self {
        Self { service_centre: 8, hlr: 6, msc: 8, sgsn: 149 }
    }
}

/// A node that we know more of than its point code.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remote {
    /// Its point code.
    pub point_code: u32,
    /// Its subsystems whose state is watched.
    pub subsystems: Vec<u8>,
    /// Whether it takes segmented messages (XUDT).
    pub takes_extended: bool,
}

impl Network {
    /// The account that messages of its phones belong to.
    pub fn owner(&self) -> &str {
        if self.account.is_empty() { &self.name } else { &self.account }
    }

    /// Whether `digits` is a global title of ours.
    pub fn is_ours(&self, digits: &str) -> bool {
        self.global_title == digits || self.other_global_titles.iter().any(|title| title == digits)
    }

    pub(super) fn check_all(networks: &[Self]) -> Result<(), Error> {
        for (number, network) in networks.iter().enumerate() {
            let wrong = |what: &str| Error::config(format!("network {}", network.name), what);
            if network.name.is_empty() {
                return Err(wrong("needs a name"));
            }
            if position(networks, &network.name, |other| &other.name).map(usize::from) != Some(number) {
                return Err(wrong("another network has this name"));
            }
            network.check().map_err(wrong)?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.point_code == 0 || self.point_code > POINT_CODE_MAX {
            return Err("point_code is between 1 and 16383");
        }
        if self.network_indicator > 3 {
            return Err("network_indicator is between 0 and 3");
        }
        if !is_title(&self.global_title) {
            return Err("global_title has 5 to 15 digits and nothing else");
        }
        if !self.other_global_titles.iter().chain(&self.hlr_global_title).all(|title| is_title(title)) {
            return Err("each global title has 5 to 15 digits and nothing else");
        }
        if !(1..=3).contains(&self.map_version_max) {
            return Err("map_version_max is 1, 2 or 3");
        }
        if self.time_offset_minutes % 15 != 0 || self.time_offset_minutes.abs() > 14 * 60 {
            return Err("time_offset_minutes is a multiple of 15 within 14 hours");
        }
        if !(1..=OPEN_PER_DESTINATION_MAX).contains(&self.open_per_destination) || self.window == 0 {
            return Err("open_per_destination is between 1 and 256, window at least 1");
        }
        Ok(())
    }
}

/// Messages that may wait for their turn in one phone's dialogue.
const OPEN_PER_DESTINATION_MAX: u16 = 256;

/// 14 bits, as ITU-T numbers them.
const POINT_CODE_MAX: u32 = 0x3fff;

fn is_title(digits: &str) -> bool {
    (5..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}
