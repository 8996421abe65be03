//! What phones are sent.

use std::time::Duration;

use lab::mobile_network::PhoneSettings;
use map::operation::AdditionalNumber;
use map::{Lmsi, SmDeliveryFailureCause};
use sms::header::{Reference, UserDataHeader};
use sms::status::{FailureCause, Status};
use sms::tpdu::{DeliverReport, Parameters, StatusReport};
use tcap::Component;

use super::centre::{Ask, End};
use super::*;

#[tokio::test]
async fn the_hlr_says_where_a_phone_is_in_every_version() {
    let (_network, centre) = start().await;
    for version in ALL {
        let said = ask_routing(&centre, PHONE, version).await;
        let Ok(Response::SendRoutingInfoForSm(routing)) = said.result(version) else { panic!("{said:?}") };
        assert_eq!(routing.imsi.digits(), IMSI);
        assert_eq!(routing.location_info_with_lmsi.network_node_number.digits, MSC);
        assert_eq!((said.end, said.messages), (End::Ended, 1));
    }
    let said = ask_routing(&centre, "15550999", Version::V3).await;
    assert_eq!(said.result(Version::V3), Err(MapError::UnknownSubscriber(None)));
}

#[tokio::test]
async fn a_message_reaches_the_inbox_in_every_version() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    for version in ALL {
        let text = format!("version {}", version.number());
        let said = centre.request(title(MSC, 8), version, forward(text_tpdu(&text))).await;
        assert!(said.result(version).is_ok(), "{said:?}");
        let message = soon(phone.wait_for_text(|one| one == text)).await;
        assert_eq!(
            (message.from.as_str(), message.segments, message.time),
            ("Fernpost", 1, Some(1_764_000_000))
        );
    }
    assert_eq!(phone.inbox().len(), 3);
    assert_eq!(network.counters().mt_delivered, 3);
}

#[tokio::test]
async fn field_55_an_empty_begin_then_the_message() {
    let (network, centre) = start().await;
    for version in [Version::V2, Version::V3] {
        let requests = vec![forward(text_tpdu("split"))];
        let patience = Duration::from_secs(5);
        let said =
            centre.ask(Ask { called: title(MSC, 8), version, requests, empty_begin: true, patience }).await;
        assert!(said.result(version).is_ok());
        assert_eq!((said.end, said.messages), (End::Ended, 2));
    }
    assert_eq!(network.phone(PHONE).unwrap().inbox().len(), 2);
}

#[tokio::test]
async fn more_messages_to_send_come_in_one_dialogue() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    let content = "0123456789".repeat(40);
    let body = sms::alphabet::encode(&content, sms::alphabet::Shifts::NONE).unwrap();
    let header = UserDataHeader::new();
    let parts =
        sms::segment::split(sms::coding::Alphabet::Gsm7, &body, &header, Reference::Sixteen(4711)).unwrap();
    let last = parts.len() - 1;
    let tpdu = |user_data: &sms::UserData, more| {
        let originator = Address::international("15550777").unwrap();
        let user_data = user_data.clone();
        Deliver { originator, more_messages: more, user_data, ..Deliver::default() }.encode().unwrap()
    };
    let requests = parts.iter().enumerate().map(|(place, part)| {
        forward_to(SmRpDa::Imsi(Imsi::new(IMSI)), tpdu(part, place < last), place < last)
    });
    let patience = Duration::from_secs(5);
    let ask = Ask {
        called: title(MSC, 8),
        version: Version::V3,
        requests: requests.collect(),
        empty_begin: false,
        patience,
    };
    let said = centre.ask(ask).await;
    assert_eq!((said.end, said.messages), (End::Ended, parts.len()));
    let message = soon(phone.wait_for_text(|text| text == content)).await;
    assert_eq!((message.segments, message.from.as_str()), (3, "+15550777"));
}

#[tokio::test]
async fn a_status_report_reaches_the_inbox() {
    let (network, centre) = start().await;
    let report = StatusReport {
        answers_command: false,
        more_messages: false,
        loop_prevention: false,
        message_reference: 17,
        recipient: Address::international("15550202").unwrap(),
        timestamp: Timestamp::from_unix(1_764_000_000, 0).unwrap(),
        discharge_time: Timestamp::from_unix(1_764_000_005, 0).unwrap(),
        status: Status::RECEIVED,
        parameters: Parameters::default(),
    };
    assert!(deliver(&centre, MSC, report.encode().unwrap()).await.is_ok());
    let report = soon(network.phone(PHONE).unwrap().wait_for_report(17)).await;
    assert_eq!((report.tp_status, report.recipient.as_str()), (0, "+15550202"));
}

#[tokio::test]
async fn field_56_the_sgsn_is_the_second_node() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    phone.roam(MSC, Some(SGSN));
    let found = routing(&centre, PHONE).await.unwrap().location_info_with_lmsi;
    let Some(AdditionalNumber::Sgsn(sgsn)) = found.additional_number else { panic!("{found:?}") };
    assert_eq!(sgsn.digits, SGSN);
    phone.reached_by(false, true);
    assert_eq!(deliver(&centre, MSC, text_tpdu("x")).await, Err(MapError::absent(Some(1))));
    assert!(deliver(&centre, SGSN, text_tpdu("x")).await.is_ok());
}

#[tokio::test]
async fn after_roaming_the_old_msc_does_not_know_the_phone() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    assert_eq!(
        routing(&centre, PHONE).await.unwrap().location_info_with_lmsi.network_node_number.digits,
        MSC
    );
    phone.roam(OTHER_MSC, None);
    assert_eq!(deliver(&centre, MSC, text_tpdu("stale")).await, Err(MapError::UnidentifiedSubscriber));
    let found = routing(&centre, PHONE).await.unwrap().location_info_with_lmsi.network_node_number;
    assert_eq!(found.digits, OTHER_MSC);
    assert!(deliver(&centre, OTHER_MSC, text_tpdu("found")).await.is_ok());
}

#[tokio::test]
async fn field_57_a_phone_is_found_by_its_lmsi() {
    let (network, centre) = start().await;
    let phone = network.add_phone(&PhoneSettings { has_lmsi: true, ..PhoneSettings::new("+15550205") });
    let lmsi = routing(&centre, "15550205").await.unwrap().location_info_with_lmsi.lmsi.unwrap();
    let request = forward_to(SmRpDa::Lmsi(lmsi), text_tpdu("by LMSI"), false);
    assert!(centre.request(title(MSC, 8), Version::V3, request).await.result(Version::V3).is_ok());
    soon(phone.wait_for_text(|text| text == "by LMSI")).await;
    let request = forward_to(SmRpDa::Lmsi(Lmsi([9; 4])), text_tpdu("stranger"), false);
    let refused = centre.request(title(MSC, 8), Version::V3, request).await.result(Version::V3);
    assert_eq!(refused, Err(MapError::UnidentifiedSubscriber));
}

#[tokio::test]
async fn busy_and_full_are_told_each_by_its_name() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    phone.busy(true);
    let busy = MapError::SubscriberBusyForMtSms { gprs_connection_suspended: false };
    assert_eq!(deliver(&centre, MSC, text_tpdu("x")).await, Err(busy));
    phone.busy(false);
    phone.full(true);
    let Err(MapError::SmDeliveryFailure(failure)) = deliver(&centre, MSC, text_tpdu("x")).await else {
        panic!("delivered")
    };
    assert_eq!(failure.sm_enumerated_delivery_failure_cause, SmDeliveryFailureCause::MemoryCapacityExceeded);
    let report = DeliverReport::decode_in_error(&failure.diagnostic_info.unwrap().0).unwrap();
    assert_eq!(report.failure_cause, Some(FailureCause::MEMORY_CAPACITY_EXCEEDED));
    // Version 1 has the cause alone.
    let said = centre.request(title(MSC, 8), Version::V1, forward(text_tpdu("x"))).await;
    assert!(matches!(said.result(Version::V1), Err(MapError::SmDeliveryFailure(_))));
}

#[tokio::test]
async fn the_wrong_node_and_the_wrong_operation_are_refused() {
    let (network, centre) = start().await;
    let said = centre.request(title(HLR, 6), Version::V3, forward(text_tpdu("x"))).await;
    assert_eq!(said.result(Version::V3), Err(MapError::FacilityNotSupported));
    let said = centre.request(title("15559999999", 8), Version::V3, forward(text_tpdu("x"))).await;
    assert!(matches!(said.end, End::Aborted { .. }), "{said:?}");
    // An operation of another context.
    let Request::MtForwardSm(arg) = forward(text_tpdu("x")) else { unreachable!() };
    let request = Request::MoForwardSm(map::operation::MoForwardSmArg {
        sm_rp_da: arg.sm_rp_da,
        sm_rp_oa: arg.sm_rp_oa,
        sm_rp_ui: arg.sm_rp_ui,
        ..Default::default()
    });
    let said = centre.request(title(HLR, 6), Version::V3, request).await;
    assert!(!said.components.iter().any(|one| matches!(one, Component::ResultLast { .. })));
    assert_eq!(network.counters().mt_delivered, 0);
    assert_eq!(network.counters().unexpected, 2);
}

#[tokio::test]
async fn the_sink_counts_and_finds_copies() {
    let (network, centre) = start_with(Settings { sink_prefix: Some("4917".to_owned()), ..settings() }).await;
    for text in ["a", "b", "a"] {
        let imsi = routing(&centre, "491700000042").await.unwrap().imsi;
        let request = forward_to(SmRpDa::Imsi(imsi), text_tpdu(text), false);
        assert!(centre.request(title(MSC, 8), Version::V3, request).await.result(Version::V3).is_ok());
    }
    let counters = network.counters();
    assert_eq!((counters.sink_deliveries, counters.sink_duplicates), (3, 1));
}
