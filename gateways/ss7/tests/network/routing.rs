//! Where phones are: LMSI, roaming, two nodes, and what is remembered of the HLR's answers.

use map::operation::SmRpDa;
use smsc::failure::PeerCode;

use super::*;

fn with_lmsi(settings: &mut Settings) {
    settings.phones = vec![PhoneSettings { has_lmsi: true, ..PhoneSettings::new(PHONE) }];
}

fn named_by_lmsi(rig: &Rig) -> Vec<bool> {
    rig.forwarded().iter().map(|arg| matches!(arg.sm_rp_da, SmRpDa::Lmsi(_))).collect()
}

#[tokio::test]
async fn the_lmsi_is_used_and_fallen_back_from() {
    let rig = Rig::with(with_lmsi, |_| {}).await;
    rig.delivered("one").await;
    assert_eq!(named_by_lmsi(&rig), [true]);
    rig.order(Operation::MtForwardSm, Fault::Error(5), 1);
    rig.delivered("two").await;
    assert_eq!(named_by_lmsi(&rig), [true, true, false]);
    assert_eq!(rig.network.metrics().send_routing_info, 2, "the HLR is not asked for it");
}

#[tokio::test]
async fn a_phone_that_has_moved_is_looked_for_once() {
    let rig = Rig::start().await;
    rig.order(Operation::MtForwardSm, Fault::Error(5), 1);
    rig.delivered("one").await;
    assert_eq!(rig.network.metrics().send_routing_info, 2);

    rig.order(Operation::MtForwardSm, Fault::Error(5), 9);
    assert_eq!(rig.failed("two").await, Failure::Refused(PeerCode::MapError(5)));
    assert_eq!(rig.network.metrics().send_routing_info, 4);
    rig.phone().clear_rules();

    // Each message of a queue has this right of its own.
    rig.order(Operation::SendRoutingInfoForSm, Fault::Delay(100), 1);
    rig.order(Operation::MtForwardSm, Fault::Error(5), 1);
    rig.order(Operation::MtForwardSm, Fault::Delay(0), 1);
    rig.order(Operation::MtForwardSm, Fault::Error(5), 1);
    let both =
        ["three", "four"].map(|text| tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, text))));
    for delivery in both {
        soon(delivery).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_is_remembered_is_used_and_forgotten_when_it_is_wrong() {
    let rig = Rig::with(with_lmsi, |config| config.networks[0].routing_cache_seconds = 60).await;
    rig.delivered("one").await;
    rig.delivered("two").await;
    assert_eq!(rig.network.metrics().send_routing_info, 1);
    rig.phone().roam(OTHER_MSC, None);
    rig.delivered("three").await;
    assert_eq!(rig.network.metrics().send_routing_info, 2);
    // By LMSI, by IMSI, then where the phone really is.
    assert_eq!(named_by_lmsi(&rig), [true, true, true, false, true]);
    rig.delivered("four").await;
    assert_eq!(rig.network.metrics().send_routing_info, 2);

    // A node that cannot be reached is not remembered either.
    rig.order(Operation::MtForwardSm, Fault::ReturnUnitdata(1), 1);
    rig.failed("five").await;
    rig.delivered("six").await;
    assert_eq!(rig.network.metrics().send_routing_info, 3);
}

#[tokio::test]
async fn field_56_a_phone_that_its_msc_misses_is_reached_by_its_sgsn() {
    let rig = Rig::with(with_sgsn, |_| {}).await;
    rig.phone().reached_by(false, true);
    let handover = rig.deliver(PHONE, "one").await.unwrap();
    assert_eq!(handover.via, SGSN);
    assert_eq!(rig.phone().inbox().len(), 1);
    assert_eq!(rig.network.metrics().reports, 0);
    let called: Vec<Option<u8>> = rig
        .tap
        .tcap_messages()
        .iter()
        .filter(|said| said.way == tap::Way::Out && said.is_begin())
        .map(|said| said.called.subsystem)
        .collect();
    assert_eq!(called, [Some(6), Some(8), Some(149)]);
}

#[tokio::test]
async fn field_56_without_packet_nodes_no_sgsn_is_asked_for() {
    let rig = Rig::with(with_sgsn, |config| config.networks[0].packet_nodes = false).await;
    rig.phone().reached_by(false, true);
    assert_eq!(rig.failed("one").await, Failure::AbsentSubscriber { diagnostic: Some(1) });
}

#[tokio::test]
async fn a_node_that_cannot_be_reached_leaves_the_other_one() {
    let rig = Rig::with(with_sgsn, |_| {}).await;
    rig.order(Operation::MtForwardSm, Fault::ReturnUnitdata(1), 1);
    assert_eq!(rig.deliver(PHONE, "one").await.unwrap().via, SGSN);
}

#[tokio::test]
async fn the_hlr_is_asked_without_a_message() {
    let rig = Rig::with(with_sgsn, |_| {}).await;
    let number = Name::from(PHONE);
    let place = soon(rig.gateway.look_up(None, &number)).await.unwrap();
    assert_eq!(place.imsi.digits(), "001010015550201");
    let nodes: Vec<&str> = place.nodes().iter().map(|node| node.number.digits.as_str()).collect();
    assert_eq!(nodes, [MSC, SGSN]);
    assert_eq!(rig.forwarded().len(), 0);
    let unknown = soon(rig.gateway.look_up(Some("home"), &"15559999".into())).await;
    assert_eq!(unknown.unwrap_err(), Failure::UnknownSubscriber);
    assert_eq!(soon(rig.gateway.look_up(Some("away"), &number)).await.unwrap_err(), Failure::NoRoute);
}
