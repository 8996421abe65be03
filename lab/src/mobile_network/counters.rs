//! What the network has seen so far.

use serde::Serialize;

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Counters {
    /// sendRoutingInfoForSM that came in.
    pub send_routing_info: u64,
    /// mt-forwardSM that came in.
    pub mt_forward: u64,
    /// Of these, how many reached a phone or the sink.
    pub mt_delivered: u64,
    /// reportSM-DeliveryStatus that came in.
    pub reports: u64,
    /// Operations that no node here has.
    pub unexpected: u64,
    /// mo-forwardSM that phones sent.
    pub mo_forward: u64,
    /// Of these, how many the centre accepted.
    pub mo_accepted: u64,
    /// alertServiceCentre that the HLR sent.
    pub alerts: u64,
    /// Of these, how many the centre answered, or took in version 1.
    pub alerts_accepted: u64,
    /// Rules that were applied.
    pub faults: u64,
    /// Versions of MAP that nodes refused.
    pub versions_refused: u64,
    /// Deliveries to the sink.
    pub sink_deliveries: u64,
    /// Copies among them.
    pub sink_duplicates: u64,
    /// Messages that were not written, for lack of an active association or of room.
    pub dropped: u64,
}

/// An association as it stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AssociationState {
    /// Its number, for [`kill`](super::MobileNetwork::kill).
    pub number: u16,
    /// The peer's address.
    pub peer: std::net::SocketAddr,
    /// down, inactive or active.
    pub state: &'static str,
}
