//! A network as its messages need it: its names, its addresses, its numbers.

use std::sync::Arc;

use compact_str::CompactString;
use map::{AddressString, Version};
use sccp::{Address, GlobalTitle, NetworkId};
use smsc::endpoint::Endpoint;
use smsc::names::Name;

use crate::config;
use crate::signalling::stack::Node;

/// One network that we serve.
#[derive(Debug)]
pub(crate) struct NetworkContext {
    /// Its number in the stack.
    pub(crate) id: NetworkId,
    /// Its name as an endpoint.
    pub(crate) endpoint: Endpoint,
    /// Its name.
    pub(crate) name: Name,
    /// The account of its phones.
    pub(crate) account: Name,
    /// What the operator set.
    pub(crate) config: config::Network,
    /// Our address in it.
    pub(crate) own: Address,
}

/// All networks that we serve.
#[derive(Clone, Debug, Default)]
pub(crate) struct Networks(Arc<[Arc<NetworkContext>]>);

impl Networks {
    /// The networks of a checked configuration.
    ///
    /// # Errors
    /// If a global title has no form in SCCP.
    pub(crate) fn new(networks: &[config::Network]) -> Result<Self, sccp::Error> {
        let context = |(network, id): (&config::Network, u16)| {
            NetworkContext::new(network, NetworkId(id)).map(Arc::new)
        };
        networks.iter().zip(0..).map(context).collect::<Result<Vec<_>, _>>().map(|all| Self(all.into()))
    }

    /// The network that an endpoint is.
    pub(crate) fn of_endpoint(&self, endpoint: &Endpoint) -> Option<&Arc<NetworkContext>> {
        self.0.iter().find(|network| network.endpoint == *endpoint)
    }

    /// The network of this number in the stack.
    pub(crate) fn of_id(&self, id: NetworkId) -> Option<&Arc<NetworkContext>> {
        self.0.get(usize::from(id.0))
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<NetworkContext>> {
        self.0.iter()
    }
}

impl NetworkContext {
    fn new(network: &config::Network, id: NetworkId) -> Result<Self, sccp::Error> {
        let name = Name::from(network.name.as_str());
        Ok(Self {
            id,
            endpoint: Endpoint::Ss7(name.clone()),
            name,
            account: network.owner().into(),
            own: titled(&network.global_title, 0, network.subsystems.service_centre)?,
            config: network.clone(),
        })
    }

    /// We ourselves, as a node.
    pub(crate) fn here(&self) -> Node {
        Node { network: self.id, address: self.own.clone() }
    }

    /// A node of the network by its global title.
    ///
    /// # Errors
    /// If the digits are no global title.
    pub(crate) fn node(&self, digits: &str, subsystem: u8) -> Result<Node, sccp::Error> {
        let address = titled(digits, self.config.translation_type, subsystem)?;
        Ok(Node { network: self.id, address })
    }

    /// The HLR of the phone with this number.
    ///
    /// # Errors
    /// If the digits are no global title.
    pub(crate) fn hlr_of(&self, digits: &str) -> Result<Node, sccp::Error> {
        let title = self.config.hlr_global_title.as_deref().unwrap_or(digits);
        self.node(title, self.config.subsystems.hlr)
    }

    /// What the HLR of this number is called where MAP versions are remembered: numbers of one range
    /// have one HLR, as a rule.
    pub(crate) fn hlr_name(&self, digits: &str) -> CompactString {
        match &self.config.hlr_global_title {
            Some(title) => compact_str::format_compact!("{}/{title}", self.name),
            None => {
                let range: String = digits.chars().take(digits.chars().count().saturating_sub(4)).collect();
                compact_str::format_compact!("{}/{range}*", self.name)
            }
        }
    }

    /// Our address as MAP writes it.
    pub(crate) fn service_centre_address(&self) -> AddressString {
        AddressString::international(&self.config.global_title)
    }

    /// The highest MAP version that we begin with.
    pub(crate) fn version_max(&self) -> Version {
        Version::from_number(self.config.map_version_max).unwrap_or(Version::V3)
    }

    /// Quarters of an hour that phones' time stamps are ahead of UTC.
    pub(crate) fn zone_quarters(&self) -> i8 {
        i8::try_from(self.config.time_offset_minutes / 15).unwrap_or_default()
    }
}

fn titled(digits: &str, translation_type: u8, subsystem: u8) -> Result<Address, sccp::Error> {
    const E164: u8 = 1;
    const INTERNATIONAL: u8 = 4;
    Ok(Address::gt(GlobalTitle::full(translation_type, E164, INTERNATIONAL, digits)?, subsystem))
}
