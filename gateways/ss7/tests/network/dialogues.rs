//! Dialogues of messages to phones: shared, split, held open.

use map::Context;
use map::operation::SmRpDa;
use sms::tpdu::MobileTerminated;

use super::*;
use crate::tap::{TcapMessage, Way};

fn more_of_tpdu(arg: &MtForwardSmArg) -> bool {
    match MobileTerminated::decode(&arg.sm_rp_ui.0).unwrap() {
        MobileTerminated::Deliver(deliver) => deliver.more_messages,
        MobileTerminated::StatusReport(report) => report.more_messages,
    }
}

/// What opened dialogues with nodes that serve phones.
fn opened(rig: &Rig) -> Vec<TcapMessage> {
    let relays = |said: &TcapMessage| matches!(said.context(), Some((Context::ShortMsgMtRelay, _)));
    rig.tap.tcap_messages().into_iter().filter(|said| said.way == Way::Out && relays(said)).collect()
}

#[tokio::test]
async fn field_18_segments_share_one_dialogue_and_both_flags_agree() {
    let rig = Rig::start().await;
    let long = "a text that needs more than one segment ".repeat(10);
    rig.delivered(&long).await;
    let forwarded = rig.forwarded();
    let flags: Vec<bool> = forwarded.iter().map(|arg| arg.more_messages_to_send).collect();
    assert_eq!(flags, [true, true, false]);
    assert!(forwarded.iter().all(|arg| more_of_tpdu(arg) == arg.more_messages_to_send));
    assert_eq!(opened(&rig).len(), 1);
    assert_eq!(rig.network.metrics().send_routing_info, 1);
    soon(until(|| rig.gateway.status().dialogues == 0)).await;
}

#[tokio::test]
async fn messages_that_queue_for_a_phone_share_one_dialogue_in_order() {
    let rig = Rig::start().await;
    rig.order(Operation::SendRoutingInfoForSm, Fault::Delay(200), 1);
    let texts = ["one", "two", "three", "four"];
    let deliveries = texts.map(|text| tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, text))));
    for delivery in deliveries {
        soon(delivery).await.unwrap().unwrap();
    }
    let flags: Vec<bool> = rig.forwarded().iter().map(|arg| arg.more_messages_to_send).collect();
    assert_eq!(flags, [true, true, true, false]);
    assert_eq!(opened(&rig).len(), 1);
    assert_eq!(rig.network.metrics().send_routing_info, 1);
    let inbox: Vec<String> =
        rig.phone().inbox().iter().filter_map(|one| Some(one.message()?.text.clone())).collect();
    assert_eq!(inbox, ["four", "three", "two", "one"], "newest first");
}

#[tokio::test]
async fn a_dialogue_that_the_node_has_ended_meanwhile_costs_no_message() {
    let rig = Rig::start().await;
    rig.order(Operation::SendRoutingInfoForSm, Fault::Delay(200), 1);
    // The node takes the first, and answers the second with "I know no such transaction".
    rig.order(Operation::MtForwardSm, Fault::Delay(0), 1);
    rig.order(Operation::MtForwardSm, Fault::ProviderAbort(1), 1);
    let deliveries = ["one", "two", "three"]
        .map(|text| tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, text))));
    for delivery in deliveries {
        soon(delivery).await.unwrap().unwrap();
    }
    assert_eq!(opened(&rig).len(), 2);
    assert_eq!(rig.phone().inbox().len(), 3);
}

#[tokio::test]
async fn after_an_error_the_next_message_gets_a_dialogue_of_its_own() {
    let rig = Rig::start().await;
    rig.order(Operation::SendRoutingInfoForSm, Fault::Delay(200), 1);
    rig.order(Operation::MtForwardSm, Fault::DeliveryFailure(1), 1);
    let [one, two] =
        ["one", "two"].map(|text| tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, text))));
    // The phone does not like this one message; the other is not concerned.
    let failure = soon(one).await.unwrap().unwrap_err();
    assert_eq!(failure, Failure::PeerFault(smsc::failure::PeerCode::MapError(32)));
    soon(two).await.unwrap().unwrap();
    soon(until(|| rig.gateway.status().dialogues == 0)).await;
}

#[tokio::test]
async fn field_55_a_begin_that_is_too_long_goes_without_its_message() {
    let far = "155500000020002";
    let rig = Rig::with(
        |settings| {
            settings.nodes[1].global_title = far.to_owned();
            settings.global_title = "155500010001000".to_owned();
        },
        |config| config.networks[0].global_title = "155500010001000".to_owned(),
    )
    .await;
    let full = "x".repeat(160);
    rig.delivered(&full).await;
    let begin = &opened(&rig)[0];
    assert_eq!(begin.called.digits(), Some(far));
    assert!(begin.components().is_empty(), "the dialogue is opened first");
    let said = rig.tap.tcap_messages();
    let carries = |said: &&TcapMessage| {
        said.requests().iter().any(|request| matches!(request, Request::MtForwardSm(_)))
    };
    let carrier = said.iter().find(carries).unwrap();
    assert!(matches!(carrier.message, tcap::Message::Continue { .. }));
    // Everything of one dialogue takes one signalling link.
    assert_eq!(carrier.sls, begin.sls);

    // A short one fits.
    rig.delivered("short").await;
    assert!(!opened(&rig)[1].components().is_empty());
}

#[tokio::test]
async fn field_57_our_address_is_the_same_in_sccp_and_in_map() {
    let rig = Rig::start().await;
    rig.delivered("one").await;
    let begins: Vec<TcapMessage> =
        rig.tap.tcap_messages().into_iter().filter(|said| said.way == Way::Out && said.is_begin()).collect();
    assert!(
        begins.iter().all(|said| said.calling.digits() == Some(TITLE) && said.calling.subsystem == Some(8))
    );
    assert_eq!(begins[0].called.digits(), Some(PHONE));
    assert_eq!(begins[0].called.subsystem, Some(6));
    assert_eq!((begins[1].called.digits(), begins[1].called.subsystem), (Some(MSC), Some(8)));
    let forwarded = &rig.forwarded()[0];
    let map::operation::SmRpOa::ServiceCentreAddress(centre) = &forwarded.sm_rp_oa else { panic!() };
    assert_eq!(
        (centre.digits.as_str(), centre.nature_of_address.bits(), centre.numbering_plan.bits()),
        (TITLE, 1, 1)
    );
    assert!(matches!(&forwarded.sm_rp_da, SmRpDa::Imsi(imsi) if imsi.digits() == "001010015550201"));
}

#[tokio::test]
async fn two_thousand_phones_get_their_messages_once_each() {
    let rig = Rig::with(|settings| settings.sink_prefix = Some("49170".to_owned()), |_| {}).await;
    let deliveries: Vec<_> = (0..2000)
        .map(|n| {
            let number = format!("49170{n:06}");
            tokio::spawn(rig.gateway.deliver(&home(), delivery(n, &number, "to everybody")))
        })
        .collect();
    for delivery in deliveries {
        soon(delivery).await.unwrap().unwrap();
    }
    let counters = rig.network.metrics();
    assert_eq!((counters.sink_deliveries, counters.sink_duplicates), (2000, 0));
    let status = rig.gateway.status();
    assert_eq!((status.delivered, status.dialogues), (2000, 0));
    assert_eq!(rig.gateway.available(&home()), 20_000);
}
