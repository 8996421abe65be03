//! Metrics of the mobile network: operations, deliveries, faults.

use serde::Serialize;

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Metrics {
    /// sendRoutingInfoForSM received.
    pub send_routing_info: u64,
    /// mt-forwardSM received.
    pub mt_forward: u64,
    /// Of these, how many reached a phone or the sink.
    pub mt_delivered: u64,
    /// reportSM-DeliveryStatus received.
    pub reports: u64,
    /// Operations that the addressed node does not support.
    pub unexpected: u64,
    /// mo-forwardSM that phones sent.
    pub mo_forward: u64,
    /// Of these, how many the centre accepted.
    pub mo_accepted: u64,
    /// alertServiceCentre that the HLR sent.
    pub alerts: u64,
    /// Of these, how many the centre answered, or received in version 1.
    pub alerts_accepted: u64,
    /// Rules that were applied.
    pub faults: u64,
    /// Versions of MAP that nodes refused.
    pub versions_refused: u64,
    /// Deliveries to the sink.
    pub sink_deliveries: u64,
    /// Copies among them.
    pub sink_duplicates: u64,
    /// Messages that were not written: no association was active, or its queue was full.
    pub dropped: u64,
}
