//! What a node answers: the subscriber model in the words of MAP (3GPP TS 29.002).
//!
//! Pure: a request and the world go in, an answer and the faults on order come out.

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

use super::register::{Delivered, Identity};
use super::rule::{Fault, Operation};
use super::settings::NodeKind;
use super::subscriber::{DeliveryOutcome, Refusal, Routing, RoutingQuestion, WaitingStatus};
use super::world::World;

/// What a node does about a request.
#[derive(Debug)]
pub(super) struct Reaction {
    /// The answer, were there no fault.
    pub(super) result: Result<Response, MapError>,
    /// informServiceCentre, to be sent in the same dialogue before the answer.
    pub(super) inform: Option<InformServiceCentreArg>,
    /// What goes wrong.
    pub(super) fault: Option<Fault>,
}

/// What `node` (its place in [`World::nodes`]) does about `request`.
pub(super) fn react(world: &mut World, node: usize, request: &Request, version: Version) -> Reaction {
    let Some(kind) = world.nodes.get(node).map(|node| node.kind) else {
        return Reaction::unexpected(world);
    };
    match (kind, request) {
        (NodeKind::Hlr, Request::SendRoutingInfoForSm(arg)) => routing(world, node, arg, version),
        (NodeKind::Hlr, Request::ReportSmDeliveryStatus(arg)) => report(world, node, arg),
        (NodeKind::Msc | NodeKind::Sgsn, Request::MtForwardSm(arg)) => deliver(world, node, arg),
        _ => Reaction::unexpected(world),
    }
}

impl Reaction {
    fn unexpected(world: &mut World) -> Self {
        world.counters.unexpected += 1;
        Self { result: Err(MapError::FacilityNotSupported), inform: None, fault: None }
    }

    /// An error that was ordered takes the place of the answer.
    fn ordered(fault: Fault) -> Option<MapError> {
        match fault {
            Fault::Error(code) => Some(error_of(code)),
            Fault::Absent(diagnostic) => Some(MapError::absent(Some(diagnostic))),
            Fault::DeliveryFailure(cause) => Some(delivery_failure(SmDeliveryFailureCause::from(cause))),
            _ => None,
        }
    }
}

/// Whether the fault comes before the node has looked at the message, which then is not delivered.
fn prevents(fault: Fault) -> bool {
    !matches!(fault, Fault::Delay(_) | Fault::DropAnswer | Fault::SplitResult | Fault::WrongComponent)
}

/// The fault that is due, if the phone or the node has one on order; the phone's first.
fn fault_of(world: &mut World, node: usize, operation: Operation, phone: Phone<'_>) -> Option<Fault> {
    let rules = match phone {
        Phone::Number(number) => world.register.phone_mut(number),
        Phone::Identity(identity) => world.register.visitor_mut(identity),
    };
    let fault = rules.and_then(|phone| phone.rules.apply(operation));
    let fault = fault.or_else(|| world.nodes.get_mut(node)?.rules.apply(operation));
    world.counters.faults += u64::from(fault.is_some());
    fault
}

/// How a request names a phone.
#[derive(Clone, Copy)]
enum Phone<'a> {
    Number(&'a str),
    Identity(Identity<'a>),
}

fn routing(world: &mut World, node: usize, arg: &RoutingInfoForSmArg, version: Version) -> Reaction {
    world.counters.send_routing_info += 1;
    let number = arg.msisdn.digits.as_str();
    let fault = fault_of(world, node, Operation::SendRoutingInfoForSm, Phone::Number(number));
    if let Some(error) = fault.and_then(Reaction::ordered) {
        return Reaction { result: Err(error), inform: None, fault };
    }
    let question = RoutingQuestion {
        is_priority: arg.sm_rp_pri,
        gprs_support: arg.gprs_support_indicator,
        single_attempt: arg.single_attempt_delivery,
        service_centre: &arg.service_centre_address.digits,
    };
    let (answer, status) = world.register.routing(number, question);
    let is_listed = status.is_some_and(|status| status.is_listed);
    let result = match answer {
        Ok(routing) => Ok(Response::SendRoutingInfoForSm(Box::new(routing_result(&routing, is_listed)))),
        Err(refusal) => Err(error(refusal)),
    };
    // Version 1 has no informServiceCentre; its result says mwd-Set instead.
    let inform = status.filter(|_| version != Version::V1).map(|status| inform(number, status));
    Reaction { result, inform, fault }
}

fn routing_result(routing: &Routing, is_listed: bool) -> RoutingInfoForSmRes {
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

fn report(world: &mut World, node: usize, arg: &ReportSmDeliveryStatusArg) -> Reaction {
    world.counters.reports += 1;
    let number = arg.msisdn.digits.as_str();
    let fault = fault_of(world, node, Operation::ReportSmDeliveryStatus, Phone::Number(number));
    if let Some(error) = fault.and_then(Reaction::ordered) {
        return Reaction { result: Err(error), inform: None, fault };
    }
    let centre = arg.service_centre_address.digits.as_str();
    // Version 1 may leave the outcome out; it reports nothing but absence then.
    let outcome = arg.sm_delivery_outcome.unwrap_or(SmDeliveryOutcome::AbsentSubscriber);
    let mut answer = reported(world, number, centre, outcome, arg.delivery_outcome_indicator);
    if let (Ok(()), Some(additional)) = (answer, arg.additional_sm_delivery_outcome) {
        answer = reported(world, number, centre, additional, true);
    }
    let stored_msisdn = Some(AddressString::international(number));
    Reaction {
        result: match answer {
            Ok(()) => Ok(Response::ReportSmDeliveryStatus(ReportSmDeliveryStatusRes { stored_msisdn })),
            Err(refusal) => Err(error(refusal)),
        },
        inform: None,
        fault,
    }
}

fn reported(
    world: &mut World,
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
    world.register.report(number, centre, outcome, via_sgsn)
}

fn deliver(world: &mut World, node: usize, arg: &MtForwardSmArg) -> Reaction {
    world.counters.mt_forward += 1;
    let identity = match &arg.sm_rp_da {
        SmRpDa::Imsi(imsi) => Identity::Imsi(imsi.digits()),
        SmRpDa::Lmsi(lmsi) => Identity::Lmsi(lmsi.0),
        _ => {
            let result = Err(MapError::UnexpectedDataValue { unexpected_subscriber: false });
            return Reaction { result, inform: None, fault: None };
        }
    };
    let fault = fault_of(world, node, Operation::MtForwardSm, Phone::Identity(identity));
    if let Some(fault) = fault.filter(|fault| prevents(*fault)) {
        let error = Reaction::ordered(fault).unwrap_or(MapError::FacilityNotSupported);
        return Reaction { result: Err(error), inform: None, fault: Some(fault) };
    }
    let World { register, nodes, sink, counters, .. } = world;
    let title = nodes.get(node).map(|node| node.global_title.as_str()).unwrap_or_default();
    let delivered = register.deliver(title, identity, &arg.sm_rp_ui.0);
    let result = match delivered {
        Ok(to) => {
            counters.mt_delivered += 1;
            if let (Delivered::Sink, Identity::Imsi(imsi)) = (to, identity) {
                sink.count(imsi, &arg.sm_rp_ui.0);
            }
            Ok(Response::MtForwardSm(ForwardSmRes::default()))
        }
        Err(refusal) => Err(error(refusal)),
    };
    Reaction { result, inform: None, fault }
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

/// sm-DeliveryFailure with the SMS-DELIVER-REPORT in which a phone says why.
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
