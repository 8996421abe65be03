//! Message waiting data: delivery reports, informServiceCentre and alerts.

use map::operation::{MwStatus, ReportSmDeliveryStatusArg, SmDeliveryOutcome};

use super::*;

async fn report(centre: &Centre, outcome: SmDeliveryOutcome, version: Version) -> Result<Response, MapError> {
    let request = Request::ReportSmDeliveryStatus(ReportSmDeliveryStatusArg {
        msisdn: AddressString::international(PHONE),
        service_centre_address: AddressString::international(centre::TITLE),
        sm_delivery_outcome: Some(outcome),
        ..ReportSmDeliveryStatusArg::default()
    });
    centre.request(title(PHONE, 6), version, request).await.result(version)
}

async fn receive_alert(centre: &mut Centre) -> Version {
    let (version, Request::AlertServiceCentre(alert)) = centre.received().await else { panic!("no alert") };
    assert_eq!(alert.msisdn.digits, PHONE);
    assert_eq!(alert.service_centre_address.digits, centre::TITLE);
    version
}

#[tokio::test]
async fn field_54_absence_is_reported_and_informed_and_ends_with_an_alert() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    phone.off();
    assert_eq!(deliver(&centre, MSC, text_tpdu("x")).await, Err(MapError::absent(Some(1))));
    assert!(report(&centre, SmDeliveryOutcome::AbsentSubscriber, Version::V3).await.is_ok());
    let record = request_routing_info(&centre, PHONE, Version::V3).await;
    assert_eq!(record.result(Version::V3), Err(MapError::absent(Some(1))));
    let [Request::InformServiceCentre(inform)] = &record.invocations(Version::V3)[..] else {
        panic!("{record:?}")
    };
    assert_eq!(inform.mw_status, Some(MwStatus { mnrf_set: true, ..MwStatus::default() }));
    assert!(phone.state().unwrap().not_reachable);
    phone.on();
    assert_eq!(receive_alert(&mut centre).await, Version::V2);
    assert!(phone.state().unwrap().service_centres.is_empty());
    assert!(deliver(&centre, MSC, text_tpdu("x")).await.is_ok());
    soon(network.wait_until(|network| network.metrics().alerts_accepted == 1)).await;
}

#[tokio::test]
async fn a_centre_of_version_1_is_alerted_without_a_result() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    centre.policy.lock().unwrap().version_max = 1;
    phone.full(true);
    assert!(report(&centre, SmDeliveryOutcome::MemoryCapacityExceeded, Version::V1).await.is_ok());
    // A result of version 1 has no informServiceCentre, but mwd-Set.
    let record = request_routing_info(&centre, PHONE, Version::V1).await;
    assert!(record.invocations(Version::V1).is_empty());
    let Ok(Response::SendRoutingInfoForSm(routing)) = record.result(Version::V1) else {
        panic!("{record:?}")
    };
    assert_eq!(routing.mwd_set, Some(true));
    phone.full(false);
    assert_eq!(receive_alert(&mut centre).await, Version::V1);
}

#[tokio::test]
async fn an_alert_that_is_refused_is_repeated() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    assert!(report(&centre, SmDeliveryOutcome::AbsentSubscriber, Version::V3).await.is_ok());
    let busy = Err(MapError::SystemFailure(map::SystemFailure::default()));
    let usual = std::mem::replace(&mut centre.policy.lock().unwrap().answer, busy);
    phone.on();
    receive_alert(&mut centre).await;
    centre.policy.lock().unwrap().answer = usual;
    receive_alert(&mut centre).await;
    soon(network.wait_until(|network| network.metrics().alerts_accepted == 1)).await;
    assert_eq!(network.metrics().alerts, 1);
}

#[tokio::test]
async fn a_report_of_success_clears_the_list() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    assert!(report(&centre, SmDeliveryOutcome::AbsentSubscriber, Version::V2).await.is_ok());
    assert_eq!(phone.state().unwrap().service_centres, [centre::TITLE]);
    assert!(report(&centre, SmDeliveryOutcome::SuccessfulTransfer, Version::V3).await.is_ok());
    let state = phone.state().unwrap();
    assert!(!state.not_reachable && state.service_centres.is_empty());
    phone.on();
    assert_eq!(network.metrics().alerts, 0);
}

#[tokio::test]
async fn a_purged_phone_is_absent_at_once() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    phone.purge();
    for version in ALL {
        let refused = request_routing_info(&centre, PHONE, version).await.result(version).unwrap_err();
        let expected = if version == Version::V3 { 6 } else { 27 };
        assert_eq!(refused.code(version), expected);
    }
    phone.on();
    receive_alert(&mut centre).await;
}

#[tokio::test]
async fn a_report_for_an_unknown_number_is_refused() {
    let (_network, centre) = start().await;
    let request = Request::ReportSmDeliveryStatus(ReportSmDeliveryStatusArg {
        msisdn: AddressString::international("15550999"),
        service_centre_address: AddressString::international(centre::TITLE),
        sm_delivery_outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        ..ReportSmDeliveryStatusArg::default()
    });
    let refused = centre.request(title("15550999", 6), Version::V3, request).await.result(Version::V3);
    assert_eq!(refused, Err(MapError::UnknownSubscriber(None)));
}
