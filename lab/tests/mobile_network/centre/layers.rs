//! The M3UA and SCCP layers of the scripted centre, configured towards the mobile network.

use m3ua::{LinkSettings, M3ua, Role, ServerSettings, Timers, TrafficMode};
use sccp::{Destination, Network, Remote, Sccp, TranslationRule};

use super::{NETWORK, SERVER};

pub(super) fn m3ua() -> M3ua {
    M3ua::new(m3ua::Settings {
        links: vec![LinkSettings {
            name: "gateway".into(),
            role: Role::Asp,
            asp_identifier: None,
            servers: vec![SERVER],
        }],
        servers: vec![ServerSettings {
            name: "centre".into(),
            routing_context: Some(100),
            network_appearance: None,
            traffic_mode: TrafficMode::Loadshare,
            minimum_active: 1,
            registers: None,
            point_codes: Vec::new(),
        }],
        timers: Timers::default(),
        pending_max: 1000,
    })
    .unwrap()
}

pub(super) fn sccp() -> Sccp {
    let local = TranslationRule {
        pattern: "1555000100?".parse().unwrap(),
        destination: Destination::Local,
        ..TranslationRule::default()
    };
    let network = TranslationRule { destination: Destination::Solitary(2), ..TranslationRule::default() };
    Sccp::new(sccp::Settings {
        networks: vec![Network {
            id: NETWORK,
            point_codes: vec![1],
            network_indicator: 2,
            remotes: vec![Remote { takes_xudt: true, ..Remote::new(2) }],
            subsystems: vec![8],
        }],
        rules: vec![local, network],
        ..sccp::Settings::default()
    })
    .unwrap()
}
