//! Tests of the subscriber model: routing, delivery, reports and alerts.

use sms::tpdu::Deliver;

use super::*;

const MSC: &str = "15550000002";
const SGSN: &str = "15550000004";
const CENTRE: &str = "15550001000";

fn subscriber() -> Subscriber {
    Subscriber::new("15550201", "001010000000201", MSC)
}

fn request() -> RoutingInfoRequest<'static> {
    RoutingInfoRequest {
        is_priority: false,
        gprs_support: false,
        single_attempt: false,
        service_centre: CENTRE,
    }
}

fn tpdu() -> Vec<u8> {
    Deliver::default().encode().unwrap()
}

#[test]
fn a_phone_that_is_on_receives_messages_at_its_msc() {
    let mut phone = subscriber();
    let (routing, inform) = phone.routing(request());
    let routing = routing.unwrap();
    assert_eq!((routing.node.as_str(), routing.additional, inform), (MSC, None, None));
    assert_eq!(phone.deliver(MSC, &tpdu()), Ok(()));
    assert_eq!(phone.deliver(SGSN, &tpdu()), Err(Refusal::UnidentifiedSubscriber));
    assert_eq!(phone.inbox.entries().count(), 1);
}

#[test]
fn the_sgsn_is_named_to_a_centre_that_can_use_it() {
    let mut phone = subscriber();
    phone.roam(MSC, Some(SGSN));
    assert_eq!(phone.routing(request()).0.unwrap().additional, None);
    let asked = RoutingInfoRequest { gprs_support: true, ..request() };
    assert_eq!(phone.routing(asked).0.unwrap().additional.as_deref(), Some(SGSN));
    phone.reached_by_msc = false;
    assert_eq!(phone.deliver(MSC, &tpdu()), Err(Refusal::AbsentSubscriber(1)));
    assert_eq!(phone.deliver(SGSN, &tpdu()), Ok(()));
}

#[test]
fn an_sgsn_alone_is_the_first_node_and_so_it_is_when_the_msc_has_failed() {
    let asked = RoutingInfoRequest { gprs_support: true, ..request() };
    let mut phone = subscriber();
    phone.roam("", Some(SGSN));
    let routing = phone.routing(asked).0.unwrap();
    assert_eq!((routing.node.as_str(), routing.node_is_sgsn, routing.additional), (SGSN, true, None));
    assert_eq!(phone.routing(request()).0, Err(Refusal::AbsentSubscriber(6)));
    assert_eq!(phone.deliver("", &tpdu()), Err(Refusal::UnidentifiedSubscriber));
    let mut phone = subscriber();
    phone.roam(MSC, Some(SGSN));
    phone.report(CENTRE, DeliveryOutcome::AbsentSubscriber, false, &mut Vec::new()).unwrap();
    assert_eq!(phone.routing(asked).0.unwrap().node, SGSN);
    assert_eq!(phone.routing(RoutingInfoRequest { is_priority: true, ..asked }).0.unwrap().node, MSC);
    phone.report(CENTRE, DeliveryOutcome::AbsentSubscriber, true, &mut Vec::new()).unwrap();
    assert_eq!(phone.routing(asked).0, Err(Refusal::AbsentSubscriber(1)));
}

#[test]
fn absence_is_reported_by_the_msc_first_and_by_the_hlr_after_the_report() {
    let mut phone = subscriber();
    let mut alerts = Vec::new();
    phone.off();
    assert!(phone.routing(request()).0.is_ok());
    assert_eq!(phone.deliver(MSC, &tpdu()), Err(Refusal::AbsentSubscriber(1)));
    phone.report(CENTRE, DeliveryOutcome::AbsentSubscriber, false, &mut alerts).unwrap();
    assert!(phone.waiting.not_reachable);
    let once = RoutingInfoRequest { service_centre: "1998", single_attempt: true, ..request() };
    let (refused, inform) = phone.routing(once);
    assert_eq!((refused, inform.unwrap().is_listed), (Err(Refusal::AbsentSubscriber(1)), false));
    let (refused, inform) = phone.routing(RoutingInfoRequest { service_centre: "1999", ..request() });
    assert_eq!(refused, Err(Refusal::AbsentSubscriber(1)));
    assert!(inform.unwrap().is_listed);
    assert!(phone.routing(RoutingInfoRequest { is_priority: true, ..request() }).0.is_ok());
    phone.on(&mut alerts);
    assert_eq!(alerts, [CENTRE, "1999"]);
    assert_eq!(phone.waiting, MessageWaiting::default());
    phone.on(&mut alerts);
    assert_eq!(alerts.len(), 2);
}

#[test]
fn a_full_phone_alerts_its_centres_when_it_has_free_memory() {
    let mut phone = subscriber();
    let mut alerts = Vec::new();
    phone.is_full = true;
    assert_eq!(phone.deliver(MSC, &tpdu()), Err(Refusal::MemoryCapacityExceeded));
    phone.report(CENTRE, DeliveryOutcome::MemoryCapacityExceeded, false, &mut alerts).unwrap();
    let (routing, inform) = phone.routing(request());
    assert!(routing.is_ok() && inform.unwrap().memory_capacity_exceeded);
    phone.on(&mut alerts);
    assert!(alerts.is_empty());
    phone.empty(&mut alerts);
    assert_eq!(alerts, [CENTRE]);
}

#[test]
fn a_report_of_success_clears_the_flags_and_alerts_the_others() {
    let mut phone = subscriber();
    let mut alerts = Vec::new();
    for centre in [CENTRE, "1999"] {
        phone.report(centre, DeliveryOutcome::AbsentSubscriber, false, &mut alerts).unwrap();
    }
    let answer = phone.report(CENTRE, DeliveryOutcome::SuccessfulTransfer, false, &mut alerts);
    assert_eq!((answer, alerts), (Ok(()), vec!["1999".to_owned()]));
    assert!(phone.routing(request()).0.is_ok());
}

#[test]
fn the_list_is_bounded() {
    let mut phone = subscriber();
    let mut alerts = Vec::new();
    for number in 0..WAITING_MAX {
        let centre = number.to_string();
        phone.report(&centre, DeliveryOutcome::AbsentSubscriber, true, &mut alerts).unwrap();
    }
    let refused = phone.report("99", DeliveryOutcome::AbsentSubscriber, true, &mut alerts);
    assert_eq!(refused, Err(Refusal::MessageWaitingListFull));
    assert!(phone.report("0", DeliveryOutcome::AbsentSubscriber, true, &mut alerts).is_ok());
}

#[test]
fn after_roaming_the_old_msc_and_the_old_lmsi_are_stale() {
    let mut phone = subscriber();
    phone.lmsi = Some([0, 0, 0, 1]);
    phone.roam("15550000003", None);
    assert_ne!(phone.lmsi, Some([0, 0, 0, 1]));
    assert_eq!(phone.deliver(MSC, &tpdu()), Err(Refusal::UnidentifiedSubscriber));
    assert_eq!(phone.deliver("15550000003", &tpdu()), Ok(()));
}

#[test]
fn busy_phones_and_invalid_tpdus_are_refused_with_their_own_errors() {
    let mut phone = subscriber();
    assert_eq!(phone.deliver(MSC, &[0xff]), Err(Refusal::EquipmentProtocolError));
    phone.is_busy = true;
    assert_eq!(phone.deliver(MSC, &tpdu()), Err(Refusal::SubscriberBusy));
    phone.is_purged = true;
    assert_eq!(phone.routing(request()).0, Err(Refusal::AbsentSubscriber(4)));
}
