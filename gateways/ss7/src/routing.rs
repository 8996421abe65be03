//! Where a phone is: sendRoutingInfoForSM (TS 29.002 §12.1), and what is remembered of its answers.

use std::collections::HashMap;
use std::time::Duration;

use map::operation::{
    AdditionalNumber, InformServiceCentreArg, LocationInfoWithLmsi, MwStatus, RoutingInfoForSmArg,
    RoutingInfoForSmRes,
};
use map::{AddressString, Imsi, Lmsi, Request, Response};
use parking_lot::Mutex;
use sccp::NetworkId;
use smsc::failure::Failure;
use smsc::names::Name;
use smsc::timestamp::Timestamp;

use crate::codes;
use crate::config::Phase;
use crate::confirmation::Fault;
use crate::gateway::Clock;
use crate::served::Served;
use crate::stack::Opening;
use crate::visit::Desk;

/// Places that are remembered; beyond it none is added until old ones have gone.
const REMEMBERED_MAX: usize = 100_000;
/// The least time between two looks for old ones.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// Where a phone is.
#[derive(Clone, Debug)]
pub struct Place {
    /// Who the subscriber is.
    pub imsi: Imsi,
    /// Under which number the HLR keeps him.
    pub msisdn: AddressString,
    /// Whether the HLR has flags set that a successful delivery clears.
    pub waits: bool,
    nodes: Vec<ServingNode>,
}

/// A node that serves a phone.
#[derive(Clone, Debug)]
pub struct ServingNode {
    /// Its number.
    pub number: AddressString,
    /// Its subsystem: that of an MSC or of an SGSN.
    pub subsystem: u8,
    /// How it finds the subscriber fastest.
    pub lmsi: Option<Lmsi>,
}

impl Place {
    /// The node to try at this turn, from 0.
    pub fn node(&self, turn: usize) -> Option<&ServingNode> {
        self.nodes.get(turn)
    }

    /// All nodes, in the order in which they are tried.
    pub fn nodes(&self) -> &[ServingNode] {
        &self.nodes
    }

    pub(crate) fn forget_lmsi(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.lmsi = None);
    }

    fn new(
        network: &Served,
        number: &str,
        found: RoutingInfoForSmRes,
        informed: Option<&InformServiceCentreArg>,
    ) -> Self {
        let subsystems = network.config.subsystems;
        let kind = |is_packet_node| if is_packet_node { subsystems.sgsn } else { subsystems.msc };
        let LocationInfoWithLmsi {
            network_node_number,
            lmsi,
            gprs_node_indicator,
            additional_number,
            third_number,
            ..
        } = found.location_info_with_lmsi;
        let first = ServingNode { number: network_node_number, subsystem: kind(gprs_node_indicator), lmsi };
        let others = additional_number.into_iter().chain(third_number).map(|other| ServingNode {
            subsystem: kind(matches!(other, AdditionalNumber::Sgsn(_))),
            number: other.number().clone(),
            lmsi: None,
        });
        let stored = informed.and_then(|informed| informed.stored_msisdn.clone());
        let flagged = informed.and_then(|informed| informed.mw_status).is_some_and(MwStatus::has_flag);
        Self {
            imsi: found.imsi,
            msisdn: stored.unwrap_or_else(|| AddressString::international(number)),
            waits: flagged || found.mwd_set.unwrap_or_default(),
            nodes: std::iter::once(first).chain(others).collect(),
        }
    }
}

/// Asks HLRs, and remembers for as long as the operator wants.
pub(crate) struct Places {
    clock: Clock,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    /// Where phones are, and until when that counts.
    known: HashMap<(NetworkId, Name), (Timestamp, Place)>,
    /// When it was last looked through for what no longer counts.
    swept_at: Timestamp,
}

impl Places {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, remembered: Mutex::default() }
    }

    /// Where the phone with this number is.
    ///
    /// # Errors
    /// Why the HLR did not say it.
    pub(crate) async fn of(&self, desk: &Desk, network: &Served, number: &Name) -> Result<Place, Failure> {
        if let Some(place) = self.remembered(network, number) {
            return Ok(place);
        }
        let place = ask(desk, network, number).await?;
        self.remember(network, number, &place);
        Ok(place)
    }

    /// The HLR has been told that the phone takes messages again.
    pub(crate) fn told(&self, network: &Served, number: &Name) {
        if network.config.routing_cache_seconds > 0
            && let Some((_, place)) = self.remembered.lock().known.get_mut(&(network.id, number.clone()))
        {
            place.waits = false;
        }
    }

    /// The phone is not where it was said to be.
    pub(crate) fn forget(&self, network: &Served, number: &Name) {
        if network.config.routing_cache_seconds > 0 {
            self.remembered.lock().known.remove(&(network.id, number.clone()));
        }
    }

    fn remembered(&self, network: &Served, number: &Name) -> Option<Place> {
        if network.config.routing_cache_seconds == 0 {
            return None;
        }
        let now = (self.clock)();
        let remembered = self.remembered.lock();
        let (until, place) = remembered.known.get(&(network.id, number.clone()))?;
        (*until > now).then(|| place.clone())
    }

    fn remember(&self, network: &Served, number: &Name, place: &Place) {
        let seconds = u64::from(network.config.routing_cache_seconds);
        if seconds == 0 {
            return;
        }
        let now = (self.clock)();
        let mut remembered = self.remembered.lock();
        // Looking through all of them is dear: once a second is enough.
        if remembered.known.len() >= REMEMBERED_MAX && now.since(remembered.swept_at) >= SWEEP_PAUSE {
            remembered.known.retain(|_, (until, _)| *until > now);
            remembered.swept_at = now;
        }
        if remembered.known.len() < REMEMBERED_MAX {
            let until = now + Duration::from_secs(seconds);
            remembered.known.insert((network.id, number.clone()), (until, place.clone()));
        }
    }
}

/// Asks the HLR, whatever is remembered.
///
/// # Errors
/// Why the HLR did not say it.
pub(crate) async fn ask(desk: &Desk, network: &Served, number: &Name) -> Result<Place, Failure> {
    let remote = network.hlr_of(number).map_err(|_| Failure::Unsupported)?;
    let opening = Opening {
        local: network.here(),
        remote,
        peer: network.hlr_name(number),
        request: Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
            msisdn: AddressString::international(number),
            // We try even if the phone is known to be away, and hear of it when it comes back.
            sm_rp_pri: true,
            service_centre_address: network.service_centre_address(),
            gprs_support_indicator: network.config.packet_nodes,
            ..RoutingInfoForSmArg::default()
        }),
        version_max: network.version_max(),
    };
    let confirmation = desk.engine.open(opening).await;
    match confirmation.result {
        Ok(Response::SendRoutingInfoForSm(found)) => {
            Ok(Place::new(network, number, *found, confirmation.informed.as_ref()))
        }
        Ok(_) => Err(Failure::PeerMisbehaved("the HLR answered another question")),
        Err(Fault::Peer(map::Failure::User(error))) => {
            let action = desk.actions.of(&error, Phase::Routing);
            Err(codes::failure(&error, action))
        }
        Err(fault) => Err(desk.failure(network, fault)),
    }
}
