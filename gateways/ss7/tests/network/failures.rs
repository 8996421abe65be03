//! Failed deliveries, and the failure that the centre gets for each.

use gateway_ss7::config::{Action, ActionRule, Phase};
use smsc::failure::{PeerCode, RetryClass, Verdict};

use super::*;

#[tokio::test]
async fn no_answer_at_all_is_a_timeout_after_the_configured_time() {
    for operation in [Operation::SendRoutingInfoForSm, Operation::MtForwardSm] {
        let rig = Rig::with(|_| {}, quick).await;
        rig.order(operation, Fault::Drop, 1);
        let begun = tokio::time::Instant::now();
        assert_eq!(rig.failed("one").await, Failure::Timeout);
        let took = begun.elapsed();
        assert!((Duration::from_millis(900)..Duration::from_secs(3)).contains(&took), "{took:?}");
        soon(until(|| rig.gateway.status().dialogues == 0)).await;
        rig.delivered("two").await;
    }
}

#[tokio::test]
async fn the_ends_of_dialogues_are_temporary_whoever_ends_them() {
    let rig = Rig::start().await;
    let ordinary = Verdict::RetryLater(RetryClass::Ordinary);
    let congestion = Verdict::RetryLater(RetryClass::Congestion);
    for (fault, verdict) in [
        (Fault::ProviderAbort(4), congestion),
        (Fault::ProviderAbort(0), ordinary),
        (Fault::UserAbort, ordinary),
        (Fault::Reject(3), ordinary),
        (Fault::EndWithoutComponent, ordinary),
        (Fault::ReturnUnitdata(5), ordinary),
    ] {
        for operation in [Operation::SendRoutingInfoForSm, Operation::MtForwardSm] {
            rig.order(operation, fault, 1);
            let failure = rig.failed("x").await;
            assert_eq!(failure.verdict(), verdict, "{operation:?} {fault:?}: {failure:?}");
        }
    }
    rig.order(Operation::MtForwardSm, Fault::ProviderAbort(4), 1);
    assert_eq!(rig.failed("x").await, Failure::Throttled { retry_after: None });
    rig.order(Operation::MtForwardSm, Fault::ReturnUnitdata(5), 1);
    assert_eq!(rig.failed("x").await, Failure::PeerFault(PeerCode::SccpReturn(5)));
    assert_eq!(rig.gateway.status().dialogues, 0);
    rig.delivered("and it goes on").await;
}

#[tokio::test]
async fn field_54_each_error_has_its_action() {
    let rig = Rig::start().await;
    let cases = [
        (Operation::SendRoutingInfoForSm, 1, Verdict::GiveUp),
        (Operation::SendRoutingInfoForSm, 11, Verdict::GiveUp),
        (Operation::SendRoutingInfoForSm, 13, Verdict::GiveUp),
        (Operation::SendRoutingInfoForSm, 21, Verdict::GiveUp),
        (Operation::SendRoutingInfoForSm, 34, Verdict::RetryLater(RetryClass::Ordinary)),
        (Operation::SendRoutingInfoForSm, 6, Verdict::RetryLater(RetryClass::Absent)),
        (Operation::SendRoutingInfoForSm, 27, Verdict::RetryLater(RetryClass::Absent)),
        (Operation::MtForwardSm, 9, Verdict::GiveUp),
        (Operation::MtForwardSm, 12, Verdict::GiveUp),
        (Operation::MtForwardSm, 31, Verdict::RetryLater(RetryClass::Busy)),
        (Operation::MtForwardSm, 32, Verdict::RetryLater(RetryClass::Ordinary)),
        (Operation::MtForwardSm, 34, Verdict::RetryLater(RetryClass::Ordinary)),
        (Operation::MtForwardSm, 35, Verdict::GiveUp),
        (Operation::MtForwardSm, 36, Verdict::GiveUp),
        (Operation::MtForwardSm, 99, Verdict::RetryLater(RetryClass::Ordinary)),
    ];
    for (operation, code, verdict) in cases {
        rig.order(operation, Fault::Error(code), 1);
        assert_eq!(rig.failed("x").await.verdict(), verdict, "{operation:?} {code}");
    }
}

#[tokio::test]
async fn an_operators_exception_decides() {
    let rule = |error, phase, cause, action| ActionRule { error, phase, cause, failure_cause: None, action };
    let rig = Rig::with(
        |_| {},
        |config| {
            config.actions = vec![
                rule(34, Some(Phase::Forwarding), None, Action::AskAgain),
                rule(36, Some(Phase::Forwarding), None, Action::Absent),
                rule(32, None, Some(2), Action::Temporary),
            ];
        },
    )
    .await;
    rig.order(Operation::MtForwardSm, Fault::Error(34), 1);
    rig.delivered("one").await;
    assert_eq!(rig.network.metrics().send_routing_info, 2);
    rig.order(Operation::MtForwardSm, Fault::Error(36), 1);
    assert_eq!(rig.failed("two").await, Failure::ABSENT);
    rig.wait_for_reports(1).await;
    rig.order(Operation::MtForwardSm, Fault::DeliveryFailure(2), 1);
    assert_eq!(rig.failed("three").await, Failure::PeerFault(PeerCode::MapError(32)));
}

#[tokio::test]
async fn what_no_phone_can_be_given_is_refused_here() {
    let rig = Rig::start().await;
    assert_eq!(rig.deliver("no digits", "x").await, Err(Failure::Unsupported));
    let mut message = message(1, PHONE, "x");
    message.source = Address::alphanumeric("twelve chars");
    let delivery = Delivery { message: Arc::new(message), receipt_wanted: false };
    assert_eq!(soon(rig.gateway.deliver(&home(), delivery)).await, Err(Failure::Unsupported));
    assert_eq!(
        soon(rig.gateway.deliver(&Endpoint::Ss7("away".into()), self::delivery(1, PHONE, "x"))).await,
        Err(Failure::NoPeer)
    );
    assert!(rig.tap.tcap_messages().is_empty());
}

#[tokio::test]
async fn odd_answers_are_understood() {
    let rig = Rig::start().await;
    for (text, fault) in [("split", Fault::SplitResult), ("stray", Fault::WrongComponent)] {
        rig.order(Operation::SendRoutingInfoForSm, fault, 1);
        let _ = rig.deliver(PHONE, text).await; // either result is allowed
        soon(until(|| rig.gateway.status().dialogues == 0)).await;
    }
    rig.phone().clear_rules();
    rig.delivered("and it goes on").await;
}
