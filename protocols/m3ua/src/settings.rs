//! What a node is told before it starts: its links, its application servers, its timers.

use std::time::Duration;

use crate::Error;

/// A link by its place in [`Settings::links`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkId(pub u16);

/// An application server by its place in [`Settings::servers`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerId(pub u16);

/// One node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The associations, by [`LinkId`].
    pub links: Vec<LinkSettings>,
    /// The application servers, by [`ServerId`].
    pub servers: Vec<ServerSettings>,
    /// How long to wait for what.
    pub timers: Timers,
    /// Transfers that one application server may hold while it is PENDING or its links are congested.
    pub pending_max: usize,
}

/// One association.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkSettings {
    /// A name for people.
    pub name: String,
    /// What this node is on the association.
    pub role: Role,
    /// As ASP or IPSP, the identifier to give in ASPUP. As SGP, the identifier that the ASP must give;
    /// `None` takes any and none.
    pub asp_identifier: Option<u32>,
    /// The application servers that use the association: at least one.
    pub servers: Vec<ServerId>,
}

/// What a node is on an association (RFC 4666 §1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Application server process towards a signalling gateway.
    Asp,
    /// Signalling gateway process towards an application server process.
    Sgp,
    /// One of two equal processes without a gateway.
    Ipsp {
        /// Whether one side speaks for both, or each for itself.
        exchange: Exchange,
        /// Whether this node speaks first. In a single exchange it is then the only one that asks; in a
        /// double exchange the other side asks as soon as it has been asked.
        initiates: bool,
    },
}

/// How two IPSPs make each other active (RFC 4666 §4.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exchange {
    /// One ASPUP and one ASPAC serve both directions.
    Single,
    /// Each side sends its own; a side receives traffic once its own ASPAC is acknowledged.
    Double,
}

/// One application server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerSettings {
    /// A name for people.
    pub name: String,
    /// The routing context. May be absent where a link carries this server alone.
    pub routing_context: Option<u32>,
    /// The network appearance, sent and demanded if set.
    pub network_appearance: Option<u32>,
    /// How its processes share the traffic.
    pub traffic_mode: TrafficMode,
    /// Active processes that a gateway wants before the server is ACTIVE; 0 counts as 1.
    pub minimum_active: u16,
    /// The routing key to register by RKM before becoming active. At an SGP: the key that an ASP must
    /// register before the server is its own.
    pub registers: Option<RoutingKey>,
    /// At an SGP, the point codes that can be reached. Empty means all.
    pub point_codes: Vec<u32>,
}

/// How the processes of an application server share its traffic (RFC 4666 §3.7.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TrafficMode {
    /// 1: the one that became active last has all of it.
    Override,
    /// 2: each has a part, by signalling link selection.
    Loadshare,
    /// 3: each has all of it.
    Broadcast,
}

impl TrafficMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Override, Self::Loadshare, Self::Broadcast];

    /// The number of the mode on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Override => codec::traffic_mode::OVERRIDE,
            Self::Loadshare => codec::traffic_mode::LOADSHARE,
            Self::Broadcast => codec::traffic_mode::BROADCAST,
        }
    }
}

/// Which traffic an application server asks for (RFC 4666 §3.6.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoutingKey {
    /// Local routing key identifier: joins the answer to the request.
    pub local_identifier: u32,
    /// Destination point code.
    pub dpc: u32,
    /// Service indicators; empty means all.
    pub service_indicators: Vec<u8>,
    /// Originating point codes; empty means all.
    pub opcs: Vec<u32>,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// T(ack): after this, a request is sent again.
    pub acknowledgement: Duration,
    /// T(r): how long an application server without an active process is PENDING, and holds its traffic.
    pub recovery: Duration,
    /// T(beat): the time between heartbeats; a link that leaves two unanswered is closed. `None` sends none.
    pub beat: Option<Duration>,
    /// The time between audits of destinations that are not available.
    pub audit: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            acknowledgement: Duration::from_secs(2),
            recovery: Duration::from_secs(2),
            beat: None,
            audit: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Finds what the settings contradict themselves in.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let countable = |count: usize| count > 0 && u16::try_from(count).is_ok();
        if !countable(self.links.len()) || !countable(self.servers.len()) {
            return Err(Error::Count);
        }
        for (number, link) in (0_u16..).zip(&self.links) {
            self.check_link(link, number)?;
        }
        Ok(())
    }

    fn check_link(&self, link: &LinkSettings, number: u16) -> Result<(), Error> {
        let mut contexts = Vec::new();
        let mut seen = Vec::new();
        for id in &link.servers {
            let server = self.servers.get(usize::from(id.0)).ok_or(Error::Servers(number))?;
            if seen.contains(id) {
                return Err(Error::Servers(number));
            }
            seen.push(*id);
            let context = server.routing_context;
            let distinct = match context {
                Some(_) => !contexts.contains(&context),
                None => server.registers.is_some(),
            };
            if link.servers.len() > 1 && !distinct {
                return Err(Error::RoutingContexts(number));
            }
            contexts.push(context);
        }
        if seen.is_empty() { Err(Error::Servers(number)) } else { Ok(()) }
    }
}
