//! The answer to sendRoutingInfoForSM: the nodes that serve a phone (TS 29.002 §12.1).

use map::operation::{
    AdditionalNumber, InformServiceCentreArg, LocationInfoWithLmsi, MwStatus, RoutingInfoForSmRes,
};
use map::{AddressString, Imsi, Lmsi};

use crate::network_context::NetworkContext;

/// The nodes that serve a phone.
#[derive(Clone, Debug)]
pub struct RoutingInfo {
    /// The subscriber's IMSI.
    pub imsi: Imsi,
    /// The subscriber's number in the HLR.
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
    /// The subscriber's local identity at this node.
    pub lmsi: Option<Lmsi>,
}

impl RoutingInfo {
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

    /// The routing information of an answer, with what informServiceCentre added to it.
    pub(crate) fn new(
        network: &NetworkContext,
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
