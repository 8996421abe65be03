//! Delivery reports to the HLR: reportSM-DeliveryStatus (TS 29.002 §12.3).

use map::operation::{ReportSmDeliveryStatusArg, SmDeliveryOutcome};
use map::{AddressString, MapError, Request};
use smsc::failure::Failure;

use crate::codes;
use crate::config::Action;
use crate::mt::context::MtContext;
use crate::network_context::NetworkContext;
use crate::signalling::stack::Opening;

/// How a delivery ended at one node, with the diagnostic of an absence.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    outcome: SmDeliveryOutcome,
    diagnostic: Option<u8>,
}

/// How a delivery ended at the nodes that concern the HLR: away there, or full.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    circuit: Option<Outcome>,
    packet: Option<Outcome>,
}

impl Outcomes {
    /// A node has answered with `error`, which leads to `action`.
    pub(crate) fn note(&mut self, error: &MapError, action: Action, is_packet_node: bool) {
        let outcome = match action {
            Action::Absent => SmDeliveryOutcome::AbsentSubscriber,
            Action::MemoryFull => SmDeliveryOutcome::MemoryCapacityExceeded,
            _ => return,
        };
        let outcome = Outcome { outcome, diagnostic: codes::diagnostic(error) };
        let place = if is_packet_node { &mut self.packet } else { &mut self.circuit };
        *place = Some(outcome);
    }

    /// The failure of a message after a node answered that the phone is absent.
    pub(crate) fn absence(&self) -> Option<Failure> {
        let absent = |outcome: &&Outcome| outcome.outcome == SmDeliveryOutcome::AbsentSubscriber;
        let found = self.circuit.iter().chain(&self.packet).find(absent)?;
        Some(Failure::AbsentSubscriber { diagnostic: found.diagnostic })
    }

    /// The report of these outcomes, if one is due. `msisdn` is the HLR's key of the subscriber.
    pub(crate) fn report(&self, msisdn: Option<AddressString>) -> Option<Report> {
        let (first, additional, first_is_packet) = match (self.circuit, self.packet) {
            (Some(circuit), packet) => (circuit, packet, false),
            (None, Some(packet)) => (packet, None, true),
            (None, None) => return None,
        };
        Some(Report { msisdn, first, first_is_packet, additional })
    }
}

/// One reportSM-DeliveryStatus.
#[derive(Debug)]
pub(crate) struct Report {
    msisdn: Option<AddressString>,
    first: Outcome,
    /// The first outcome is that of an SGSN.
    first_is_packet: bool,
    /// The outcome at the SGSN, beside that of the MSC.
    additional: Option<Outcome>,
}

impl Report {
    /// The phone takes messages again: the HLR may clear its flags.
    pub(crate) fn success(msisdn: AddressString, is_packet_node: bool) -> Self {
        let first = Outcome { outcome: SmDeliveryOutcome::SuccessfulTransfer, diagnostic: None };
        Self { msisdn: Some(msisdn), first, first_is_packet: is_packet_node, additional: None }
    }

    /// Sends the report to the HLR of `number`. After an error, the retry plan brings the message back all
    /// the same.
    pub(crate) async fn send(self, context: &MtContext, network: &NetworkContext, number: &str) {
        if !network.config.report_delivery_status {
            return;
        }
        let Ok(remote) = network.hlr_of(number) else { return };
        let Self { msisdn, first, first_is_packet, additional } = self;
        let opening = Opening {
            local: network.here(),
            remote,
            peer: network.hlr_name(number),
            request: Request::ReportSmDeliveryStatus(ReportSmDeliveryStatusArg {
                msisdn: msisdn.unwrap_or_else(|| AddressString::international(number)),
                service_centre_address: network.service_centre_address(),
                sm_delivery_outcome: Some(first.outcome),
                absent_subscriber_diagnostic_sm: first.diagnostic,
                gprs_support_indicator: network.config.packet_nodes,
                delivery_outcome_indicator: first_is_packet,
                additional_sm_delivery_outcome: additional.map(|outcome| outcome.outcome),
                additional_absent_subscriber_diagnostic_sm: additional.and_then(|outcome| outcome.diagnostic),
                ..ReportSmDeliveryStatusArg::default()
            }),
            version_max: network.version_max(),
        };
        if context.engine.open(opening).await.result.is_err() {
            context.state.count("report_failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_absences_are_one_report() {
        let mut outcomes = Outcomes::default();
        assert!(outcomes.report(None).is_none());
        outcomes.note(&MapError::absent(Some(6)), Action::Absent, true);
        let report = outcomes.report(None).unwrap();
        assert!(report.first_is_packet && report.additional.is_none());
        outcomes.note(&MapError::absent(Some(1)), Action::Absent, false);
        let report = outcomes.report(None).unwrap();
        assert!(!report.first_is_packet);
        assert_eq!(report.first.diagnostic, Some(1));
        assert_eq!(report.additional.unwrap().diagnostic, Some(6));
        assert_eq!(outcomes.absence(), Some(Failure::AbsentSubscriber { diagnostic: Some(1) }));
    }

    #[test]
    fn what_is_temporary_or_busy_is_not_reported() {
        let mut outcomes = Outcomes::default();
        let busy = MapError::SubscriberBusyForMtSms { gprs_connection_suspended: false };
        outcomes.note(&busy, Action::Busy, false);
        outcomes.note(&MapError::SystemFailure(map::SystemFailure::default()), Action::Temporary, false);
        assert!(outcomes.report(None).is_none());
        assert_eq!(outcomes.absence(), None);
    }
}
