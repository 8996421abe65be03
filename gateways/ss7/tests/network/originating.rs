//! What phones send: taken over, refused with reasons, never answered too early.

use std::sync::atomic::Ordering;

use lab::mobile_network::{SendError, SmsCommand, Submission};
use sms::status::FailureCause;
use sms::tpdu::CommandType;
use smsc::rejection::Rejection;

use super::*;
use crate::tap::Way;

#[tokio::test]
async fn a_phone_hears_nothing_before_its_message_is_on_disk() {
    let rig = Rig::start().await;
    rig.centre.hold(true);
    let phone = rig.phone();
    let sending = tokio::spawn(async move { phone.send("BALANCE", "7777").await });
    soon(rig.centre.wait_until(|centre| centre.asked.load(Ordering::Acquire) == 1)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!sending.is_finished());
    assert!(rig.tap.tcap_messages().iter().all(|said| said.way == Way::In), "the gateway has answered");
    rig.centre.hold(false);
    soon(sending).await.unwrap().unwrap();
    let accepted = rig.centre.accepted.lock();
    let (_, submission) = &accepted[0];
    assert_eq!(submission.origin, home());
    assert_eq!(submission.source, Address::international(PHONE));
    assert_eq!(&submission.content.body[..], b"BALANCE");
    assert_eq!(rig.gateway.status().originated, 1);
}

#[tokio::test]
async fn nothing_that_a_message_starts_overtakes_its_answer() {
    let rig = Rig::start().await;
    let gateway = rig.gateway.clone();
    *rig.centre.on_start.lock() = Some(Box::new(move || {
        tokio::spawn(gateway.deliver(&home(), delivery(1, PHONE, "reply")));
    }));
    soon(rig.phone().send("BALANCE", "7777")).await.unwrap();
    soon(rig.phone().wait_for_text(|text| text == "reply")).await;
    assert_eq!(rig.centre.started.load(Ordering::Acquire), 1);
    let said = rig.tap.tcap_messages();
    let first = said.iter().find(|said| said.way == Way::Out).unwrap();
    assert!(first.is_end(), "the phone's answer is the first that leaves");
}

#[tokio::test]
async fn each_rejection_is_told_to_the_phone() {
    let rig = Rig::start().await;
    let cases = [
        (Rejection::NoRoute, 32, Some(FailureCause::INVALID_SME_ADDRESS)),
        (Rejection::Destination("x"), 32, Some(FailureCause::INVALID_SME_ADDRESS)),
        (Rejection::Source("x"), 32, Some(FailureCause::NO_SC_SUBSCRIPTION)),
        (Rejection::Forbidden("x"), 32, Some(FailureCause::NO_SC_SUBSCRIPTION)),
        (Rejection::Throttled, 32, Some(FailureCause::SC_BUSY)),
        (Rejection::Congested, 32, Some(FailureCause::SC_BUSY)),
        (Rejection::DataCoding, 32, Some(FailureCause::UNSPECIFIED_DCS)),
        (Rejection::Validity("x"), 32, Some(FailureCause::VP_NOT_SUPPORTED)),
        (Rejection::Schedule("x"), 32, Some(FailureCause::VP_NOT_SUPPORTED)),
        (Rejection::KeyReused, 32, Some(FailureCause::DUPLICATE)),
        (Rejection::Header("x"), 36, None),
        (Rejection::TooLong("x"), 36, None),
        (Rejection::StoreClosed, 34, None),
        (Rejection::DeliveryFailed(Failure::Timeout), 34, None),
    ];
    let count = u64::try_from(cases.len()).unwrap();
    for (rejection, expected, failure_cause) in cases {
        *rig.centre.rejection.lock() = Some(rejection.clone());
        let refused = soon(rig.phone().send("x", "7777")).await.unwrap_err();
        let SendError::Refused { code, failure_cause: told, .. } = refused else { panic!("{refused:?}") };
        assert_eq!((code, told), (expected, failure_cause.map(|cause| cause.0)), "{rejection:?}");
    }
    assert_eq!(rig.gateway.status().refused, count);
    assert_eq!(rig.gateway.status().originated, 0);
}

#[tokio::test]
async fn messages_are_taken_over_in_every_version() {
    for version in 1..=3 {
        let rig = Rig::start().await;
        rig.network.change_node(MSC, |node| node.map_version_max = version);
        let long = "a text that needs more than one segment ".repeat(6);
        let sent = soon(rig.phone().send(&long, "+4917000")).await.unwrap();
        assert_eq!((sent.map_version, sent.message_references.len()), (version, 2));
        assert_eq!(rig.centre.accepted.lock().len(), 2);
        *rig.centre.rejection.lock() = Some(Rejection::NoRoute);
        let refused = soon(rig.phone().send("x", "7777")).await.unwrap_err();
        assert!(matches!(refused, SendError::Refused { code: 32, .. }), "{version}: {refused:?}");
    }
}

#[tokio::test]
async fn field_29_a_double_is_rejected_where_the_phone_asks_for_it() {
    let rig = Rig::start().await;
    let submission = Submission {
        reject_duplicates: true,
        message_reference: Some(9),
        ..Submission::text("once", "7777")
    };
    soon(rig.phone().submit(submission.clone())).await.unwrap();
    let refused = soon(rig.phone().submit(submission.clone())).await.unwrap_err();
    let SendError::Refused { code, failure_cause, .. } = refused else { panic!("{refused:?}") };
    assert_eq!((code, failure_cause), (32, Some(FailureCause::DUPLICATE.0)));
    // Another destination, or without TP-RD, it is another message.
    soon(rig.phone().submit(Submission { to: "8888".to_owned(), ..submission.clone() })).await.unwrap();
    soon(rig.phone().submit(Submission { reject_duplicates: false, ..submission })).await.unwrap();
    assert_eq!(rig.centre.accepted.lock().len(), 3);
}

#[tokio::test]
async fn a_phone_asks_where_its_message_is_and_takes_it_back() {
    let rig = Rig::start().await;
    let sent = soon(rig.phone().send("later", "+4917000")).await.unwrap();
    let (id, _) = rig.centre.accepted.lock()[0].clone();
    let order = |command_type, message_number| SmsCommand {
        command_type,
        message_number,
        to: "+4917000".to_owned(),
        status_report: true,
    };
    let number = sent.message_references[0];
    let asked = soon(rig.phone().command(order(CommandType::ENQUIRY, number))).await.unwrap();
    assert_eq!(*rig.centre.told.lock(), [(id, u16::from(asked.message_references[0]))]);
    soon(rig.phone().command(order(CommandType::DELETE, number))).await.unwrap();
    assert_eq!(*rig.centre.cancelled.lock(), [id]);

    let cause = |refused: SendError| match refused {
        SendError::Refused { code: 32, failure_cause, .. } => failure_cause,
        other => panic!("{other:?}"),
    };
    let unknown = soon(rig.phone().command(order(CommandType::DELETE, number + 1))).await.unwrap_err();
    assert_eq!(cause(unknown), Some(FailureCause::COMMAND_CANNOT_BE_ACTIONED.0));
    let unsupported = soon(rig.phone().command(order(CommandType(0x80), number))).await.unwrap_err();
    assert_eq!(cause(unsupported), Some(FailureCause::COMMAND_UNSUPPORTED.0));
}

#[tokio::test]
async fn alerts_and_refusals_do_not_wait_for_the_disk() {
    let rig = Rig::start().await;
    rig.centre.hold(true);
    let phone = rig.phone();
    let sending = tokio::spawn(async move { phone.send("slow", "7777").await });
    soon(rig.centre.wait_until(|centre| centre.asked.load(Ordering::Acquire) == 1)).await;
    let other = rig.network.phone("15550202").unwrap();
    let order = SmsCommand {
        command_type: CommandType(0x80),
        message_number: 1,
        to: "7777".to_owned(),
        status_report: false,
    };
    assert!(soon(other.command(order)).await.is_err());
    rig.centre.hold(false);
    soon(sending).await.unwrap().unwrap();
}
