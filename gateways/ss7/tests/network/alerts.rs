//! Delivery reports to the HLR, and its informServiceCentre and alertServiceCentre.

use map::operation::SmDeliveryOutcome;

use super::*;

#[tokio::test]
async fn field_54_an_absent_phone_is_reported_and_its_alert_reaches_the_centre() {
    for version in [1, 2] {
        let rig = Rig::start().await;
        rig.phone().off();
        assert_eq!(rig.failed("one").await, Failure::AbsentSubscriber { diagnostic: Some(1) });
        rig.wait_for_reports(1).await;
        let report = &rig.reported()[0];
        assert_eq!(report.sm_delivery_outcome, Some(SmDeliveryOutcome::AbsentSubscriber));
        assert_eq!(report.absent_subscriber_diagnostic_sm, Some(1));
        assert_eq!(
            (report.msisdn.digits.as_str(), report.service_centre_address.digits.as_str()),
            (PHONE, TITLE)
        );
        assert!(report.gprs_support_indicator && !report.delivery_outcome_indicator);

        rig.network.change_node(HLR, |node| node.map_version_max = version);
        rig.phone().on();
        soon(rig.centre.wait_until(|centre| centre.reachable.lock().len() == 1)).await;
        assert_eq!(rig.centre.reachable.lock()[0], (home(), Address::international(PHONE)));
        soon(until(|| rig.network.metrics().alerts_accepted == 1)).await;
        assert_eq!(rig.gateway.status().alerts, 1);
    }
}

#[tokio::test]
async fn field_54_the_outcome_is_told_before_the_report_so_that_no_alert_comes_too_early() {
    let rig = Rig::start().await;
    rig.phone().off();
    rig.order(Operation::ReportSmDeliveryStatus, Fault::Delay(400), 1);
    let begun = tokio::time::Instant::now();
    rig.failed("one").await;
    assert!(begun.elapsed() < Duration::from_millis(400));
    rig.wait_for_reports(1).await;
}

#[tokio::test]
async fn field_54_a_phone_that_both_nodes_miss_is_one_report_of_two_outcomes() {
    let rig = Rig::with(with_sgsn, |_| {}).await;
    rig.phone().off();
    assert_eq!(rig.failed("one").await, Failure::AbsentSubscriber { diagnostic: Some(1) });
    rig.wait_for_reports(1).await;
    let report = &rig.reported()[0];
    assert_eq!(report.absent_subscriber_diagnostic_sm, Some(1));
    assert_eq!(report.additional_sm_delivery_outcome, Some(SmDeliveryOutcome::AbsentSubscriber));
    assert_eq!(report.additional_absent_subscriber_diagnostic_sm, Some(6));
    assert!(!report.delivery_outcome_indicator);
    let state = rig.phone().state().unwrap();
    assert!(state.not_reachable && state.not_reachable_for_gprs);
}

#[tokio::test]
async fn field_54_a_phone_without_an_msc_is_reported_for_its_sgsn() {
    let rig = Rig::with(with_sgsn, |_| {}).await;
    rig.phone().roam("", Some(SGSN));
    rig.order(Operation::MtForwardSm, Fault::Absent(6), 1);
    assert_eq!(rig.failed("one").await, Failure::AbsentSubscriber { diagnostic: Some(6) });
    rig.wait_for_reports(1).await;
    assert!(rig.reported()[0].delivery_outcome_indicator);
    assert!(rig.phone().state().unwrap().not_reachable_for_gprs);
}

#[tokio::test]
async fn field_54_a_full_phone_is_reported_and_a_busy_one_is_not() {
    let rig = Rig::start().await;
    rig.phone().busy(true);
    assert_eq!(rig.failed("one").await, Failure::SubscriberBusy);
    rig.phone().busy(false);
    rig.phone().full(true);
    assert_eq!(rig.failed("two").await, Failure::MemoryCapacityExceeded);
    rig.wait_for_reports(1).await;
    assert_eq!(rig.reported()[0].sm_delivery_outcome, Some(SmDeliveryOutcome::MemoryCapacityExceeded));
    assert!(rig.phone().state().unwrap().memory_capacity_exceeded);
    rig.phone().full(false);
    soon(rig.centre.wait_until(|centre| centre.reachable.lock().len() == 1)).await;
}

#[tokio::test]
async fn success_is_reported_where_the_hlr_has_flags_set_and_only_once() {
    let rig = Rig::with(|_| {}, |config| config.networks[0].routing_cache_seconds = 60).await;
    rig.delivered("one").await;
    assert_eq!(rig.network.metrics().reports, 0);
    rig.phone().off();
    rig.failed("two").await;
    rig.wait_for_reports(1).await;
    // Back in coverage, and the HLR does not know of it yet: it informs us beside its answer that it has
    // flags set.
    rig.phone().reached_by(true, true);
    rig.delivered("three").await;
    rig.wait_for_reports(2).await;
    assert_eq!(rig.reported()[1].sm_delivery_outcome, Some(SmDeliveryOutcome::SuccessfulTransfer));
    assert!(!rig.phone().state().unwrap().not_reachable);
    // What is remembered of the HLR's answer is updated after the report.
    rig.delivered("four").await;
    assert_eq!(rig.network.metrics().reports, 2);
}

#[tokio::test]
async fn an_hlr_that_informs_us_beside_an_error_is_understood() {
    let rig = Rig::start().await;
    rig.phone().purge();
    assert_eq!(rig.failed("one").await, Failure::AbsentSubscriber { diagnostic: Some(4) });
    assert_eq!(rig.network.metrics().reports, 0, "the HLR knows it already");
    rig.phone().on();
    soon(rig.centre.wait_until(|centre| centre.reachable.lock().len() == 1)).await;
}

#[tokio::test]
async fn an_operator_may_forgo_reports() {
    let rig = Rig::with(|_| {}, |config| config.networks[0].report_delivery_status = false).await;
    rig.phone().off();
    rig.failed("one").await;
    soon(until(|| rig.gateway.status().dialogues == 0)).await;
    assert_eq!(rig.network.metrics().reports, 0);
}

#[tokio::test]
async fn what_waits_behind_an_absent_phones_message_fails_with_it_and_is_not_tried() {
    let rig = Rig::start().await;
    rig.phone().off();
    rig.order(Operation::SendRoutingInfoForSm, Fault::Delay(200), 1);
    let all = ["one", "two", "three"]
        .map(|text| tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, text))));
    for delivery in all {
        let failure = soon(delivery).await.unwrap().unwrap_err();
        assert_eq!(failure, Failure::AbsentSubscriber { diagnostic: Some(1) });
    }
    rig.wait_for_reports(1).await;
    assert_eq!(rig.network.metrics().mt_forward, 1);
}
