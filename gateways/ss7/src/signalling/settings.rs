//! The operator's tables as the settings of M3UA, SCCP, TCAP and MAP.

use std::time::Duration;

use m3ua::{LinkId, ServerId};
use sccp::{Destination, NetworkId, RoutingIndicator, TranslationRule};

use crate::config::{
    self, ApplicationServer, Association, Exchange, Role, Share, Ss7Config, TrafficMode, Translation,
    position,
};
use crate::error::Error;

/// Transfers that an application server may hold while its last association is gone.
const PENDING_MAX: usize = 4096;
/// How long an unreachable point code is believed to be so before it is asked about.
const AUDIT: Duration = Duration::from_secs(30);
/// How much longer than any dialogue its transaction id rests before it is used again.
const QUARANTINE_MARGIN: Duration = Duration::from_secs(20);
/// The high bits of transaction ids that name the node of a cluster.
const NODE_BITS: u8 = 10;

/// The network of each application server and of each point code.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The network of each application server.
    servers: Vec<NetworkId>,
    networks: Vec<NetworkLayout>,
}

#[derive(Debug)]
struct NetworkLayout {
    network_indicator: u8,
    points: Vec<u32>,
}

impl Layout {
    pub(crate) fn new(config: &Ss7Config) -> Self {
        let servers = config.application_servers.iter().map(|server| network_of(config, server)).collect();
        let networks = config
            .networks
            .iter()
            .map(|network| NetworkLayout {
                network_indicator: network.network_indicator,
                points: points(config, network),
            })
            .collect();
        Self { servers, networks }
    }

    /// How many application servers there are.
    pub(crate) fn servers(&self) -> usize {
        self.servers.len()
    }

    /// The network that an application server belongs to.
    pub(crate) fn network_of(&self, server: ServerId) -> Option<NetworkId> {
        self.servers.get(usize::from(server.0)).copied()
    }

    /// The application servers of a network.
    pub(crate) fn servers_of(&self, network: NetworkId) -> impl Iterator<Item = ServerId> {
        (0_u16..).zip(&self.servers).filter(move |(_, of)| **of == network).map(|(id, _)| ServerId(id))
    }

    /// The network indicator of a network's messages.
    pub(crate) fn network_indicator(&self, network: NetworkId) -> u8 {
        self.networks.get(usize::from(network.0)).map_or(0, |network| network.network_indicator)
    }

    /// Every point of a network that we may send to.
    pub(crate) fn points_of(&self, network: NetworkId) -> impl Iterator<Item = u32> + use<> {
        let points = self.networks.get(usize::from(network.0)).map(|network| network.points.clone());
        points.unwrap_or_default().into_iter()
    }
}

/// The settings of M3UA.
pub(crate) fn m3ua(config: &Ss7Config) -> m3ua::Settings {
    let beat = (config.beat_seconds > 0).then(|| Duration::from_secs(u64::from(config.beat_seconds)));
    m3ua::Settings {
        links: config.associations.iter().map(|association| link(config, association)).collect(),
        servers: config.application_servers.iter().map(|server| application_server(config, server)).collect(),
        timers: m3ua::Timers { beat, audit: AUDIT, ..m3ua::Timers::default() },
        pending_max: PENDING_MAX,
    }
}

fn link(config: &Ss7Config, association: &Association) -> m3ua::LinkSettings {
    let servers = association.application_servers.iter();
    m3ua::LinkSettings {
        name: association.name.clone(),
        role: match association.role {
            Role::Asp => m3ua::Role::Asp,
            Role::Ipsp => m3ua::Role::Ipsp {
                exchange: match association.exchange {
                    Exchange::Single => m3ua::Exchange::Single,
                    Exchange::Double => m3ua::Exchange::Double,
                },
                // The side that connects sends ASP up first.
                initiates: !association.remote.is_empty(),
            },
        },
        asp_identifier: association.asp_identifier,
        servers: servers
            .filter_map(|name| position(&config.application_servers, name, |server| &server.name))
            .map(ServerId)
            .collect(),
    }
}

fn application_server(config: &Ss7Config, server: &ApplicationServer) -> m3ua::ServerSettings {
    let network = config.networks.get(usize::from(network_of(config, server).0));
    let registers = server.registers.then(|| m3ua::RoutingKey {
        local_identifier: 1,
        dpc: network.map_or(0, |network| network.point_code),
        service_indicators: Vec::new(),
        opcs: Vec::new(),
    });
    m3ua::ServerSettings {
        name: server.name.clone(),
        routing_context: server.routing_context,
        network_appearance: server.network_appearance,
        traffic_mode: match server.traffic_mode {
            TrafficMode::Override => m3ua::TrafficMode::Override,
            TrafficMode::Loadshare => m3ua::TrafficMode::Loadshare,
            TrafficMode::Broadcast => m3ua::TrafficMode::Broadcast,
        },
        minimum_active: server.minimum_active,
        registers,
        point_codes: Vec::new(),
    }
}

/// The settings of SCCP.
///
/// # Errors
/// [`Error::Config`] names a translation with invalid digits.
pub(crate) fn sccp(config: &Ss7Config, random: u64) -> Result<sccp::Settings, Error> {
    let named = |network: &config::Network, error: sccp::Error| {
        Error::config(format!("network {}", network.name), error.to_string())
    };
    let mut rules = Vec::new();
    // Whatever the operator's patterns catch: what is for us is ours.
    for (network, id) in config.networks.iter().zip(0_u16..) {
        rules.extend(own_titles(network, NetworkId(id)).map_err(|error| named(network, error))?);
    }
    for (number, translation) in config.translations.iter().enumerate() {
        let rule = translated(config, translation);
        rules.push(
            rule.map_err(|error| Error::config(format!("translation {}", number + 1), error.to_string()))?,
        );
    }
    for (network, id) in config.networks.iter().zip(0_u16..) {
        rules.extend(to_gateways(network, NetworkId(id)).map_err(|error| named(network, error))?);
    }
    let networks = config.networks.iter().zip(0_u16..);
    Ok(sccp::Settings {
        networks: networks.map(|(network, id)| sccp_network(config, network, NetworkId(id))).collect(),
        rules,
        local_reference: u32::try_from(random & 0x00ff_ffff).unwrap_or_default(),
        relays: false,
        ..sccp::Settings::default()
    })
}

fn translated(config: &Ss7Config, translation: &Translation) -> Result<TranslationRule, sccp::Error> {
    let network = position(&config.networks, &translation.network, |network| &network.name);
    Ok(TranslationRule {
        network: network.map(NetworkId),
        translation_type: translation.translation_type,
        numbering_plan: translation.numbering_plan,
        nature_of_address: translation.nature_of_address,
        pattern: translation.digits.parse()?,
        digits: translation.becomes.parse()?,
        new_subsystem: translation.subsystem,
        routing: if translation.subsystem.is_some() { RoutingIndicator::Ssn } else { RoutingIndicator::Gt },
        destination: shared(&translation.point_codes, translation.share),
        ..TranslationRule::default()
    })
}

/// Our own titles lead to ourselves.
fn own_titles(network: &config::Network, id: NetworkId) -> Result<Vec<TranslationRule>, sccp::Error> {
    let titles = std::iter::once(&network.global_title).chain(&network.other_global_titles);
    let rule = |title: &String| {
        Ok(TranslationRule {
            network: Some(id),
            pattern: title.parse()?,
            destination: Destination::Local,
            ..TranslationRule::default()
        })
    };
    titles.map(rule).collect()
}

/// What nothing else catches goes to the network's gateways, if it has some.
fn to_gateways(network: &config::Network, id: NetworkId) -> Result<Option<TranslationRule>, sccp::Error> {
    if network.gateways.is_empty() {
        return Ok(None);
    }
    Ok(Some(TranslationRule {
        network: Some(id),
        pattern: "*".parse()?,
        destination: shared(&network.gateways, Share::Dominant),
        ..TranslationRule::default()
    }))
}

fn shared(point_codes: &[u32], share: Share) -> Destination {
    match (point_codes, share) {
        ([], _) => Destination::NoTranslation,
        ([only], _) => Destination::Solitary(*only),
        ([dominant, backup], Share::Dominant) => {
            Destination::DominantWithBackup { dominant: *dominant, backup: *backup }
        }
        (all, Share::Broadcast) => Destination::Broadcast(all.to_vec()),
        (all, _) => Destination::LoadShared(all.to_vec()),
    }
}

fn sccp_network(config: &Ss7Config, network: &config::Network, id: NetworkId) -> sccp::Network {
    let remote = |point_code: u32| {
        let known = network.remotes.iter().find(|remote| remote.point_code == point_code);
        sccp::Remote {
            subsystems: known.map(|remote| remote.subsystems.clone()).unwrap_or_default(),
            takes_xudt: known.is_some_and(|remote| remote.takes_extended),
            ..sccp::Remote::new(point_code)
        }
    };
    sccp::Network {
        id,
        point_codes: vec![network.point_code],
        network_indicator: network.network_indicator,
        remotes: points(config, network).into_iter().map(remote).collect(),
        subsystems: vec![network.subsystems.service_centre],
    }
}

/// The settings of MAP and TCAP. `random` makes transaction ids of this start differ from those of the last.
pub(crate) fn map(config: &Ss7Config, node: u16, random: u64) -> map::Settings {
    let seconds = |count: u16| Duration::from_secs(u64::from(count));
    map::Settings {
        tcap: tcap::Settings {
            prefix: u32::from(node) << (32 - u32::from(NODE_BITS)),
            prefix_bits: NODE_BITS,
            first: u32::try_from(random >> 32).unwrap_or_default(),
            dialogues_max: usize::try_from(config.dialogues_max).unwrap_or(usize::MAX),
            peer_dialogues_max: usize::try_from(peer_dialogues_max(config)).unwrap_or(usize::MAX),
            idle: seconds(config.dialogue_seconds),
            // 22 bits are left for ids: this gives 20,000 dialogues a second.
            quarantine: seconds(config.dialogue_seconds) + QUARANTINE_MARGIN,
        },
        timers: map::Timers {
            medium: seconds(config.routing_seconds),
            long: seconds(config.forwarding_seconds),
            ..map::Timers::default()
        },
        versions: map::VersionSettings {
            entries_max: usize::try_from(config.versions_max).unwrap_or(usize::MAX),
            age: Duration::from_secs(u64::from(config.version_hours) * 3600),
            ..map::VersionSettings::default()
        },
    }
}

/// Dialogues that peers may open: as many again as messages of theirs may be open, so that
/// those beyond get an error.
fn peer_dialogues_max(config: &Ss7Config) -> u32 {
    config.originating_max.saturating_mul(2)
}

/// Every point of a network that we may send to, each once.
fn points(config: &Ss7Config, network: &config::Network) -> Vec<u32> {
    let translated = config.translations.iter().filter(|translation| translation.network == network.name);
    let mut points: Vec<u32> = network
        .gateways
        .iter()
        .copied()
        .chain(network.remotes.iter().map(|remote| remote.point_code))
        .chain(translated.flat_map(|translation| translation.point_codes.iter().copied()))
        .filter(|point| *point != network.point_code)
        .collect();
    points.sort_unstable();
    points.dedup();
    points
}

fn network_of(config: &Ss7Config, server: &ApplicationServer) -> NetworkId {
    let place = position(&config.networks, &server.network, |network| &network.name);
    NetworkId(place.unwrap_or_default())
}

/// The links of the associations, in their order.
pub(crate) fn links(config: &Ss7Config) -> impl Iterator<Item = (LinkId, &Association)> {
    (0_u16..).zip(&config.associations).map(|(id, association)| (LinkId(id), association))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pattern_of_the_operator_takes_what_is_for_us() {
        let config: Ss7Config = toml::from_str(
            "networks = [{ name = 'home', point_code = 1, global_title = '15550001000', gateways = [2] }]\n\
             translations = [{ network = 'home', digits = '1555*', point_codes = [3] }]",
        )
        .unwrap();
        let routing_infos: Vec<Destination> =
            sccp(&config, 0).unwrap().rules.into_iter().map(|rule| rule.destination).collect();
        assert_eq!(routing_infos, [Destination::Local, Destination::Solitary(3), Destination::Solitary(2)]);
    }
}
