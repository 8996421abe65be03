//! MO submission: SMS-SUBMIT and SMS-COMMAND of phones, version fallback and errors.

use std::time::Duration;

use lab::mobile_network::{SendError, SmsCommand, Submission};
use map::operation::{SmRpDa, SmRpOa};
use map::{MapError, Request, SmDeliveryFailure, SmDeliveryFailureCause, Version};
use sms::status::FailureCause;
use sms::tpdu::{CommandType, MobileOriginated, SubmitReport};

use super::*;

fn decode_submit(request: &Request) -> sms::tpdu::Submit {
    let Request::MoForwardSm(arg) = request else { panic!("{request:?}") };
    let SmRpDa::ServiceCentreAddress(centre) = &arg.sm_rp_da else { panic!("{arg:?}") };
    assert_eq!(centre.digits, centre::TITLE);
    let SmRpOa::Msisdn(from) = &arg.sm_rp_oa else { panic!("{arg:?}") };
    assert_eq!(from.digits, PHONE);
    match MobileOriginated::decode(&arg.sm_rp_ui.0) {
        Ok(MobileOriginated::Submit(submit)) => submit,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_reaches_the_centre_in_every_version() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    for version in ALL {
        network.change_node(MSC, |node| node.map_version_max = version.number());
        let sent = soon(phone.send("BALANCE", "7777")).await.unwrap();
        assert_eq!(sent.map_version, version.number());
        let (version_used, request) = centre.received().await;
        assert_eq!(version_used, version);
        let submit = decode_submit(&request);
        assert_eq!(submit.destination.value(), "7777");
        assert_eq!(vec![submit.message_reference], sent.message_references);
        assert_eq!(submit.user_data.text(submit.data_coding).as_deref(), Some("BALANCE"));
    }
    assert_eq!(network.metrics().mo_accepted, 3);
}

#[tokio::test]
async fn a_long_message_is_segmented_and_sent_after_an_empty_begin() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    let text = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ".repeat(5);
    let sent = soon(phone.send(&text, "+15550000000000")).await.unwrap();
    assert_eq!(sent.message_references, [0, 1, 2]);
    let mut parts = Vec::new();
    for _ in 0..3 {
        parts.push(decode_submit(&centre.received().await.1));
    }
    let data: Vec<_> = parts.iter().map(|part| part.user_data.clone()).collect();
    assert_eq!(sms::segment::join(&data).unwrap().text(parts[0].data_coding).unwrap(), text);
}

#[tokio::test]
async fn a_command_reaches_the_centre() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    let to = "+15550202".to_owned();
    let command =
        SmsCommand { command_type: CommandType::ENQUIRY, message_number: 9, to, status_report: true };
    soon(phone.command(command)).await.unwrap();
    let (_, Request::MoForwardSm(arg)) = centre.received().await else { panic!("no mo-forwardSM") };
    let Ok(MobileOriginated::Command(command)) = MobileOriginated::decode(&arg.sm_rp_ui.0) else {
        panic!("no SMS-COMMAND")
    };
    assert_eq!((command.message_number, command.command_type), (9, CommandType::ENQUIRY));
}

#[tokio::test]
async fn a_refusal_is_reported_with_its_cause() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    let report = SubmitReport { failure_cause: Some(FailureCause::SC_BUSY), ..SubmitReport::default() };
    let failure = SmDeliveryFailure {
        sm_enumerated_delivery_failure_cause: SmDeliveryFailureCause::ScCongestion,
        diagnostic_info: Some(SignalInfo(report.encode().unwrap().into())),
    };
    centre.policy.lock().unwrap().answer = Err(MapError::SmDeliveryFailure(failure));
    let refused = soon(phone.send("x", "7777")).await;
    let name = "sm-DeliveryFailure sc-Congestion";
    assert_eq!(refused, Err(SendError::Refused { name, code: 32, failure_cause: Some(0xc0) }));
    centre.policy.lock().unwrap().answer = Err(MapError::FacilityNotSupported);
    let refused = soon(phone.send("x", "7777")).await.unwrap_err();
    assert_eq!(refused.to_string(), "facilityNotSupported");
}

#[tokio::test]
async fn a_phone_that_is_off_sends_nothing() {
    let (network, _centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    phone.off();
    assert_eq!(soon(phone.send("x", "7777")).await, Err(SendError::Off));
    phone.on();
    assert!(soon(phone.send("x", "7777")).await.is_ok());
    assert!(matches!(soon(phone.send("x", "no number")).await, Err(SendError::Unwritable(_))));
}

#[tokio::test]
async fn a_phone_falls_back_to_the_version_of_the_centre() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    for (version_max, plain_refusal, expected) in [(2, false, 2), (1, false, 1), (1, true, 1)] {
        {
            let mut policy = centre.policy.lock().unwrap();
            (policy.version_max, policy.plain_refusal) = (version_max, plain_refusal);
        }
        let sent = soon(phone.send("x", "7777")).await.unwrap();
        assert_eq!(sent.map_version, expected, "{version_max} {plain_refusal}");
        assert_eq!(centre.received().await.0, Version::from_number(expected).unwrap());
    }
}

#[tokio::test]
async fn without_an_association_a_submission_fails() {
    let network = MobileNetwork::start(&settings()).unwrap();
    let phone = network.phone(PHONE).unwrap();
    let error = soon(phone.send("x", "7777")).await.unwrap_err();
    assert_eq!(error, SendError::Failed("the centre cannot be reached"));
}

#[tokio::test]
async fn all_options_of_a_submission_are_sent() {
    let (network, mut centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    let submission = Submission {
        status_report: true,
        reject_duplicates: true,
        reply_path: true,
        protocol_identifier: 0x41,
        data_coding: Some(0x10),
        message_reference: Some(200),
        ..Submission::text("x", "+4915112345678")
    };
    let sent = soon(phone.submit(submission.valid_for(Duration::from_secs(3600)))).await.unwrap();
    assert_eq!(sent.message_references, [200]);
    let submit = decode_submit(&centre.received().await.1);
    assert!(submit.status_report_request && submit.reject_duplicates && submit.reply_path);
    assert_eq!(
        (submit.protocol_identifier.0, submit.data_coding.0, submit.message_reference),
        (0x41, 0x10, 200)
    );
    assert_eq!(submit.validity.unwrap().expires(0), Ok(Some(3600)));
}
