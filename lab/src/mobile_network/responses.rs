//! MAP responses of HLR, MSC and SGSN, from the subscriber model (3GPP TS 29.002).
//!
//! Pure: a request and the network state go in, a response and the configured fault come out.

use map::operation::{
    AdditionalNumber, ForwardSmRes, InformServiceCentreArg, LocationInfoWithLmsi, MtForwardSmArg, MwStatus,
    ReportSmDeliveryStatusArg, ReportSmDeliveryStatusRes, RoutingInfoForSmArg, RoutingInfoForSmRes,
    SmDeliveryOutcome, SmRpDa,
};
use map::{
    AddressString, Imsi, Lmsi, MapError, Request, Response, SignalInfo, SmDeliveryFailure,
    SmDeliveryFailureCause, Version,
};
use sms::status::FailureCause;
use sms::tpdu::DeliverReport;

use super::network_state::NetworkState;
use super::register::{DeliveryTarget, SubscriberIdentity};
use super::rule::{Fault, Operation};
use super::settings::NodeKind;
use super::subscriber::{DeliveryOutcome, Refusal, RoutingInfo, RoutingInfoRequest, WaitingStatus};

/// The response of a node to a request.
#[derive(Debug)]
pub(super) struct NodeResponse {
    /// The result, without a fault.
    pub(super) result: Result<Response, MapError>,
    /// informServiceCentre, sent in the same dialogue before the result.
    pub(super) inform: Option<InformServiceCentreArg>,
    /// The fault to apply.
    pub(super) fault: Option<Fault>,
}

/// The response of `node` (its index in [`NetworkState::nodes`]) to `request`.
pub(super) fn respond(
    state: &mut NetworkState,
    node: usize,
    request: &Request,
    version: Version,
) -> NodeResponse {
    let Some(kind) = state.nodes.get(node).map(|node| node.kind) else {
        return NodeResponse::unexpected(state);
    };
    match (kind, request) {
        (NodeKind::Hlr, Request::SendRoutingInfoForSm(arg)) => routing(state, node, arg, version),
        (NodeKind::Hlr, Request::ReportSmDeliveryStatus(arg)) => report(state, node, arg),
        (NodeKind::Msc | NodeKind::Sgsn, Request::MtForwardSm(arg)) => deliver(state, node, arg),
        _ => NodeResponse::unexpected(state),
    }
}

impl NodeResponse {
    fn unexpected(state: &mut NetworkState) -> Self {
        state.metrics.unexpected += 1;
        Self { result: Err(MapError::FacilityNotSupported), inform: None, fault: None }
    }

    /// The error that a fault puts in place of the result.
    fn error_of_fault(fault: Fault) -> Option<MapError> {
        match fault {
            Fault::Error(code) => Some(error_of(code)),
            Fault::Absent(diagnostic) => Some(MapError::absent(Some(diagnostic))),
            Fault::DeliveryFailure(cause) => Some(delivery_failure(SmDeliveryFailureCause::from(cause))),
            _ => None,
        }
    }
}

/// Whether the fault prevents the delivery of the message.
fn prevents(fault: Fault) -> bool {
    !matches!(fault, Fault::Delay(_) | Fault::DropAnswer | Fault::SplitResult | Fault::WrongComponent)
}

/// The fault to apply, if the phone or the node has one configured; the phone's first.
fn fault_of(state: &mut NetworkState, node: usize, operation: Operation, phone: Phone<'_>) -> Option<Fault> {
    let rules = match phone {
        Phone::Number(number) => state.register.phone_mut(number),
        Phone::SubscriberIdentity(identity) => state.register.visitor_mut(identity),
    };
    let fault = rules.and_then(|phone| phone.rules.apply(operation));
    let fault = fault.or_else(|| state.nodes.get_mut(node)?.rules.apply(operation));
    state.metrics.faults += u64::from(fault.is_some());
    fault
}

/// How a request identifies a phone.
#[derive(Clone, Copy)]
enum Phone<'a> {
    Number(&'a str),
    SubscriberIdentity(SubscriberIdentity<'a>),
}

fn routing(
    state: &mut NetworkState,
    node: usize,
    arg: &RoutingInfoForSmArg,
    version: Version,
) -> NodeResponse {
    state.metrics.send_routing_info += 1;
    let number = arg.msisdn.digits.as_str();
    let fault = fault_of(state, node, Operation::SendRoutingInfoForSm, Phone::Number(number));
    if let Some(error) = fault.and_then(NodeResponse::error_of_fault) {
        return NodeResponse { result: Err(error), inform: None, fault };
    }
    let request = RoutingInfoRequest {
        is_priority: arg.sm_rp_pri,
        gprs_support: arg.gprs_support_indicator,
        single_attempt: arg.single_attempt_delivery,
        service_centre: &arg.service_centre_address.digits,
    };
    let (answer, status) = state.register.routing(number, request);
    let is_listed = status.is_some_and(|status| status.is_listed);
    let result = match answer {
        Ok(routing) => Ok(Response::SendRoutingInfoForSm(Box::new(routing_result(&routing, is_listed)))),
        Err(refusal) => Err(error(refusal)),
    };
    // Version 1 has no informServiceCentre; its result has mwd-Set instead.
    let inform = status.filter(|_| version != Version::V1).map(|status| inform(number, status));
    NodeResponse { result, inform, fault }
}

fn routing_result(routing: &RoutingInfo, is_listed: bool) -> RoutingInfoForSmRes {
    let additional = routing.additional.as_deref().map(AddressString::international);
    RoutingInfoForSmRes {
        imsi: Imsi::new(&routing.imsi),
        location_info_with_lmsi: LocationInfoWithLmsi {
            network_node_number: AddressString::international(&routing.node),
            lmsi: routing.lmsi.map(Lmsi),
            gprs_node_indicator: routing.node_is_sgsn,
            additional_number: additional.map(AdditionalNumber::Sgsn),
            ..LocationInfoWithLmsi::default()
        },
        mwd_set: is_listed.then_some(true),
        ..RoutingInfoForSmRes::default()
    }
}

fn report(state: &mut NetworkState, node: usize, arg: &ReportSmDeliveryStatusArg) -> NodeResponse {
    state.metrics.reports += 1;
    let number = arg.msisdn.digits.as_str();
    let fault = fault_of(state, node, Operation::ReportSmDeliveryStatus, Phone::Number(number));
    if let Some(error) = fault.and_then(NodeResponse::error_of_fault) {
        return NodeResponse { result: Err(error), inform: None, fault };
    }
    let centre = arg.service_centre_address.digits.as_str();
    // Version 1 may leave the outcome out, which means absence.
    let outcome = arg.sm_delivery_outcome.unwrap_or(SmDeliveryOutcome::AbsentSubscriber);
    let mut answer = apply_report(state, number, centre, outcome, arg.delivery_outcome_indicator);
    if let (Ok(()), Some(additional)) = (answer, arg.additional_sm_delivery_outcome) {
        answer = apply_report(state, number, centre, additional, true);
    }
    let stored_msisdn = Some(AddressString::international(number));
    NodeResponse {
        result: match answer {
            Ok(()) => Ok(Response::ReportSmDeliveryStatus(ReportSmDeliveryStatusRes { stored_msisdn })),
            Err(refusal) => Err(error(refusal)),
        },
        inform: None,
        fault,
    }
}

fn apply_report(
    state: &mut NetworkState,
    number: &str,
    centre: &str,
    outcome: SmDeliveryOutcome,
    via_sgsn: bool,
) -> Result<(), Refusal> {
    let outcome = match outcome {
        SmDeliveryOutcome::MemoryCapacityExceeded => DeliveryOutcome::MemoryCapacityExceeded,
        SmDeliveryOutcome::AbsentSubscriber => DeliveryOutcome::AbsentSubscriber,
        SmDeliveryOutcome::SuccessfulTransfer => DeliveryOutcome::SuccessfulTransfer,
        SmDeliveryOutcome::Other(_) => return Err(Refusal::UnexpectedDataValue),
    };
    state.register.report(number, centre, outcome, via_sgsn)
}

fn deliver(state: &mut NetworkState, node: usize, arg: &MtForwardSmArg) -> NodeResponse {
    state.metrics.mt_forward += 1;
    let identity = match &arg.sm_rp_da {
        SmRpDa::Imsi(imsi) => SubscriberIdentity::Imsi(imsi.digits()),
        SmRpDa::Lmsi(lmsi) => SubscriberIdentity::Lmsi(lmsi.0),
        _ => {
            let result = Err(MapError::UnexpectedDataValue { unexpected_subscriber: false });
            return NodeResponse { result, inform: None, fault: None };
        }
    };
    let fault = fault_of(state, node, Operation::MtForwardSm, Phone::SubscriberIdentity(identity));
    if let Some(fault) = fault.filter(|fault| prevents(*fault)) {
        let error = NodeResponse::error_of_fault(fault).unwrap_or(MapError::FacilityNotSupported);
        return NodeResponse { result: Err(error), inform: None, fault: Some(fault) };
    }
    let NetworkState { register, nodes, sink, metrics, .. } = state;
    let title = nodes.get(node).map(|node| node.global_title.as_str()).unwrap_or_default();
    let delivered = register.deliver(title, identity, &arg.sm_rp_ui.0);
    let result = match delivered {
        Ok(to) => {
            metrics.mt_delivered += 1;
            if let (DeliveryTarget::Sink, SubscriberIdentity::Imsi(imsi)) = (to, identity) {
                sink.count(imsi, &arg.sm_rp_ui.0);
            }
            Ok(Response::MtForwardSm(ForwardSmRes::default()))
        }
        Err(refusal) => Err(error(refusal)),
    };
    NodeResponse { result, inform: None, fault }
}

fn inform(number: &str, status: WaitingStatus) -> InformServiceCentreArg {
    InformServiceCentreArg {
        stored_msisdn: Some(AddressString::international(number)),
        mw_status: Some(MwStatus {
            sc_address_not_included: !status.is_listed,
            mnrf_set: status.not_reachable,
            mcef_set: status.memory_capacity_exceeded,
            mnrg_set: status.not_reachable_for_gprs,
            ..MwStatus::default()
        }),
        ..InformServiceCentreArg::default()
    }
}

/// A refusal of the model as an error of MAP.
fn error(refusal: Refusal) -> MapError {
    match refusal {
        Refusal::UnknownSubscriber => MapError::UnknownSubscriber(None),
        Refusal::UnidentifiedSubscriber => MapError::UnidentifiedSubscriber,
        Refusal::AbsentSubscriber(diagnostic) => MapError::absent(Some(diagnostic)),
        Refusal::SubscriberBusy => MapError::SubscriberBusyForMtSms { gprs_connection_suspended: false },
        Refusal::MemoryCapacityExceeded => delivery_failure(SmDeliveryFailureCause::MemoryCapacityExceeded),
        Refusal::EquipmentProtocolError => delivery_failure(SmDeliveryFailureCause::EquipmentProtocolError),
        Refusal::MessageWaitingListFull => MapError::MessageWaitingListFull,
        Refusal::UnexpectedDataValue => MapError::UnexpectedDataValue { unexpected_subscriber: false },
    }
}

/// An error by its code alone. sm-DeliveryFailure has a cause always: equipmentProtocolError here.
fn error_of(code: u8) -> MapError {
    match MapError::read(i64::from(code), None) {
        MapError::SmDeliveryFailure(_) => delivery_failure(SmDeliveryFailureCause::EquipmentProtocolError),
        error => error,
    }
}

/// sm-DeliveryFailure with the phone's SMS-DELIVER-REPORT, which has the cause.
fn delivery_failure(cause: SmDeliveryFailureCause) -> MapError {
    let failure_cause = match cause {
        SmDeliveryFailureCause::MemoryCapacityExceeded => Some(FailureCause::MEMORY_CAPACITY_EXCEEDED),
        SmDeliveryFailureCause::EquipmentProtocolError => Some(FailureCause::UNSPECIFIED),
        _ => None,
    };
    let report = failure_cause.and_then(|cause| {
        DeliverReport { failure_cause: Some(cause), ..DeliverReport::default() }.encode().ok()
    });
    MapError::SmDeliveryFailure(SmDeliveryFailure {
        sm_enumerated_delivery_failure_cause: cause,
        diagnostic_info: report.map(|octets| SignalInfo(octets.into())),
    })
}

/// The name that TS 29.002 gives to an error.
pub(super) fn name(error: &MapError) -> &'static str {
    match error {
        MapError::UnknownSubscriber(_) => "unknownSubscriber",
        MapError::UnidentifiedSubscriber => "unidentifiedSubscriber",
        MapError::AbsentSubscriberSm(_) => "absentSubscriberSM",
        MapError::IllegalSubscriber => "illegalSubscriber",
        MapError::TeleserviceNotProvisioned => "teleserviceNotProvisioned",
        MapError::IllegalEquipment => "illegalEquipment",
        MapError::CallBarred(_) => "callBarred",
        MapError::FacilityNotSupported => "facilityNotSupported",
        MapError::AbsentSubscriber { .. } => "absentSubscriber",
        MapError::SubscriberBusyForMtSms { .. } => "subscriberBusyForMT-SMS",
        MapError::SmDeliveryFailure(failure) => match failure.sm_enumerated_delivery_failure_cause {
            SmDeliveryFailureCause::MemoryCapacityExceeded => "sm-DeliveryFailure memoryCapacityExceeded",
            SmDeliveryFailureCause::EquipmentProtocolError => "sm-DeliveryFailure equipmentProtocolError",
            SmDeliveryFailureCause::EquipmentNotSmEquipped => "sm-DeliveryFailure equipmentNotSM-Equipped",
            SmDeliveryFailureCause::UnknownServiceCentre => "sm-DeliveryFailure unknownServiceCentre",
            SmDeliveryFailureCause::ScCongestion => "sm-DeliveryFailure sc-Congestion",
            SmDeliveryFailureCause::InvalidSmeAddress => "sm-DeliveryFailure invalidSME-Address",
            SmDeliveryFailureCause::SubscriberNotScSubscriber => {
                "sm-DeliveryFailure subscriberNotSC-Subscriber"
            }
            SmDeliveryFailureCause::Other(_) => "sm-DeliveryFailure",
        },
        MapError::MessageWaitingListFull => "messageWaitingListFull",
        MapError::SystemFailure(_) => "systemFailure",
        MapError::DataMissing => "dataMissing",
        MapError::UnexpectedDataValue { .. } => "unexpectedDataValue",
        MapError::ResourceLimitation => "resourceLimitation",
        _ => "an error that short messages do not have",
    }
}
