//! Settings of an M3UA node: links, application servers, routing keys and timers (RFC 4666 §1.2).

use std::time::Duration;

use crate::Error;

/// A link by its index in [`Settings::links`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkId(pub u16);

/// An application server by its index in [`Settings::servers`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerId(pub u16);

/// One node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The associations, by [`LinkId`].
    pub links: Vec<LinkSettings>,
    /// The application servers, by [`ServerId`].
    pub servers: Vec<ServerSettings>,
    /// Timers.
    pub timers: Timers,
    /// Transfers that one application server may hold while it is PENDING or its links are congested.
    pub pending_max: usize,
}

/// One association.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkSettings {
    /// A name for logs.
    pub name: String,
    /// The role of this node on the association.
    pub role: Role,
    /// As ASP or IPSP, the identifier to send in ASPUP. As SGP, the identifier required of the ASP;
    /// `None` accepts any or none.
    pub asp_identifier: Option<u32>,
    /// The application servers that use the association: at least one.
    pub servers: Vec<ServerId>,
}

/// The role of a node on an association (RFC 4666 §1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Application server process towards a signalling gateway.
    Asp,
    /// Signalling gateway process towards an application server process.
    Sgp,
    /// One of two equal processes without a gateway.
    Ipsp {
        /// Single or double exchange.
        exchange: Exchange,
        /// Whether this node sends the first ASPUP. In a single exchange it is then the only sender; in a
        /// double exchange the other side follows after that ASPUP.
        initiates: bool,
    },
}

/// The activation procedure between two IPSPs (RFC 4666 §4.3).
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
    /// A name for logs.
    pub name: String,
    /// The routing context. May be absent where a link carries this server alone.
    pub routing_context: Option<u32>,
    /// The network appearance, sent and required if set.
    pub network_appearance: Option<u32>,
    /// The traffic mode.
    pub traffic_mode: TrafficMode,
    /// Active processes that a gateway requires for AS-ACTIVE; 0 counts as 1.
    pub minimum_active: u16,
    /// The routing key to register by RKM before activation. At an SGP: the key that an ASP must register
    /// to serve this application server.
    pub registers: Option<RoutingKey>,
    /// At an SGP, the accessible point codes. Empty means all.
    pub point_codes: Vec<u32>,
}

/// The traffic mode of an application server (RFC 4666 §3.7.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TrafficMode {
    /// 1: the process that became active last carries all traffic.
    Override,
    /// 2: each process carries a part, by signalling link selection.
    Loadshare,
    /// 3: each process carries all traffic.
    Broadcast,
}

impl TrafficMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Override, Self::Loadshare, Self::Broadcast];

    /// The encoded number of the mode.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Override => codec::traffic_mode::OVERRIDE,
            Self::Loadshare => codec::traffic_mode::LOADSHARE,
            Self::Broadcast => codec::traffic_mode::BROADCAST,
        }
    }
}

/// A routing key: the traffic of an application server (RFC 4666 §3.6.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoutingKey {
    /// Local routing key identifier: matches the response to the request.
    pub local_identifier: u32,
    /// Destination point code.
    pub dpc: u32,
    /// Service indicators; empty means all.
    pub service_indicators: Vec<u8>,
    /// Originating point codes; empty means all.
    pub opcs: Vec<u32>,
}

/// Timers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// T(ack): time to the repetition of a request.
    pub acknowledgement: Duration,
    /// T(r): time for which an application server without an active process is PENDING and holds its traffic.
    pub recovery: Duration,
    /// T(beat): the time between heartbeats; a link with two unanswered is closed. `None` sends none.
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
    /// The first contradiction, if any.
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
