//! MT delivery: routing information, mt-forwardSM, concatenation, SGSN, LMSI and the sink.

use std::time::Duration;

use lab::mobile_network::PhoneSettings;
use map::operation::AdditionalNumber;
use map::{Lmsi, SmDeliveryFailureCause};
use sms::header::{Reference, UserDataHeader};
use sms::status::{FailureCause, Status};
use sms::tpdu::{DeliverReport, Parameters, StatusReport};
use tcap::Component;

use super::centre::{DialogueRequest, End};
use super::*;

#[tokio::test]
async fn the_hlr_returns_routing_information_in_every_version() {
    let (_network, centre) = start().await;
    for version in ALL {
        let record = request_routing_info(&centre, PHONE, version).await;
        let Ok(Response::SendRoutingInfoForSm(routing)) = record.result(version) else {
            panic!("{record:?}")
        };
        assert_eq!(routing.imsi.digits(), IMSI);
        assert_eq!(routing.location_info_with_lmsi.network_node_number.digits, MSC);
        assert_eq!((record.end, record.messages), (End::Ended, 1));
    }
    let record = request_routing_info(&centre, "15550999", Version::V3).await;
    assert_eq!(record.result(Version::V3), Err(MapError::UnknownSubscriber(None)));
}

#[tokio::test]
async fn a_message_reaches_the_inbox_in_every_version() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    for version in ALL {
        let text = format!("version {}", version.number());
        let record = centre.request(title(MSC, 8), version, forward(text_tpdu(&text))).await;
        assert!(record.result(version).is_ok(), "{record:?}");
        let message = soon(phone.wait_for_text(|one| one == text)).await;
        assert_eq!(
            (message.from.as_str(), message.segments, message.time),
            ("Fernpost", 1, Some(1_764_000_000))
        );
    }
    assert_eq!(phone.inbox().len(), 3);
    assert_eq!(network.metrics().mt_delivered, 3);
}

#[tokio::test]
async fn field_55_an_empty_begin_then_the_message() {
    let (network, centre) = start().await;
    for version in [Version::V2, Version::V3] {
        let requests = vec![forward(text_tpdu("split"))];
        let timeout = Duration::from_secs(5);
        let record = centre
            .run_dialogue(DialogueRequest {
                called: title(MSC, 8),
                version,
                requests,
                empty_begin: true,
                timeout,
            })
            .await;
        assert!(record.result(version).is_ok());
        assert_eq!((record.end, record.messages), (End::Ended, 2));
    }
    assert_eq!(network.phone(PHONE).unwrap().inbox().len(), 2);
}

#[tokio::test]
async fn more_messages_to_send_are_delivered_in_one_dialogue() {
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
    let timeout = Duration::from_secs(5);
    let dialogue = DialogueRequest {
        called: title(MSC, 8),
        version: Version::V3,
        requests: requests.collect(),
        empty_begin: false,
        timeout,
    };
    let record = centre.run_dialogue(dialogue).await;
    assert_eq!((record.end, record.messages), (End::Ended, parts.len()));
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
async fn after_roaming_the_old_msc_does_not_identify_the_phone() {
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
    let request = forward_to(SmRpDa::Lmsi(Lmsi([9; 4])), text_tpdu("unknown"), false);
    let refused = centre.request(title(MSC, 8), Version::V3, request).await.result(Version::V3);
    assert_eq!(refused, Err(MapError::UnidentifiedSubscriber));
}

#[tokio::test]
async fn busy_and_full_are_reported_with_their_own_errors() {
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
    let record = centre.request(title(MSC, 8), Version::V1, forward(text_tpdu("x"))).await;
    assert!(matches!(record.result(Version::V1), Err(MapError::SmDeliveryFailure(_))));
}

#[tokio::test]
async fn the_wrong_node_and_the_wrong_operation_are_refused() {
    let (network, centre) = start().await;
    let record = centre.request(title(HLR, 6), Version::V3, forward(text_tpdu("x"))).await;
    assert_eq!(record.result(Version::V3), Err(MapError::FacilityNotSupported));
    let record = centre.request(title("15559999999", 8), Version::V3, forward(text_tpdu("x"))).await;
    assert!(matches!(record.end, End::Aborted { .. }), "{record:?}");
    // An operation of another context.
    let Request::MtForwardSm(arg) = forward(text_tpdu("x")) else { unreachable!() };
    let request = Request::MoForwardSm(map::operation::MoForwardSmArg {
        sm_rp_da: arg.sm_rp_da,
        sm_rp_oa: arg.sm_rp_oa,
        sm_rp_ui: arg.sm_rp_ui,
        ..Default::default()
    });
    let record = centre.request(title(HLR, 6), Version::V3, request).await;
    assert!(!record.components.iter().any(|one| matches!(one, Component::ResultLast { .. })));
    assert_eq!(network.metrics().mt_delivered, 0);
    assert_eq!(network.metrics().unexpected, 2);
}

#[tokio::test]
async fn the_sink_counts_messages_and_duplicates() {
    let (network, centre) = start_with(Settings { sink_prefix: Some("4917".to_owned()), ..settings() }).await;
    for text in ["a", "b", "a"] {
        let imsi = routing(&centre, "491700000042").await.unwrap().imsi;
        let request = forward_to(SmRpDa::Imsi(imsi), text_tpdu(text), false);
        assert!(centre.request(title(MSC, 8), Version::V3, request).await.result(Version::V3).is_ok());
    }
    let metrics = network.metrics();
    assert_eq!((metrics.sink_deliveries, metrics.sink_duplicates), (3, 1));
}
