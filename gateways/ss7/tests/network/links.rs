//! Associations that come, go and share: windows, failing over, taking leave.

use m3ua::Kind;

use super::*;
use crate::tap::Way;

#[tokio::test]
async fn a_full_window_has_no_room_and_says_when_it_has() {
    let rig = Rig::with(|_| {}, |config| config.networks[0].window = 2).await;
    assert_eq!(rig.gateway.available(&home()), 2);
    rig.order(Operation::SendRoutingInfoForSm, Fault::Delay(300), 1);
    let opened = rig.centre.opened_times();
    let both =
        ["one", "two"].map(|text| tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, text))));
    soon(until(|| rig.gateway.available(&home()) == 0)).await;
    for delivery in both {
        soon(delivery).await.unwrap().unwrap();
    }
    assert_eq!(rig.gateway.available(&home()), 2);
    assert_eq!(rig.centre.opened_times(), opened + 1);
    // A cancelled delivery frees its place in the window.
    rig.order(Operation::SendRoutingInfoForSm, Fault::Delay(300), 1);
    let abandoned = tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, "three")));
    soon(until(|| rig.gateway.available(&home()) == 1)).await;
    abandoned.abort();
    soon(until(|| rig.gateway.available(&home()) == 2)).await;
}

#[tokio::test]
async fn without_an_association_nobody_is_there_until_it_is_back() {
    let rig = Rig::start().await;
    rig.tap.pass(false);
    soon(until(|| !rig.gateway.serves())).await;
    assert_eq!(rig.gateway.available(&home()), 0);
    assert_eq!(rig.failed("one").await, Failure::NoPeer);
    assert_eq!(soon(rig.gateway.look_up(None, &PHONE.into())).await.unwrap_err(), Failure::NoPeer);
    assert_eq!(rig.gateway.status().associations, [("stp".to_owned(), "down")]);
    let opened = rig.centre.opened_times();
    rig.tap.pass(true);
    soon(rig.centre.wait_until(|centre| centre.opened_times() > opened)).await;
    rig.delivered("two").await;
}

#[tokio::test]
async fn a_second_association_carries_on_when_the_first_is_lost() {
    let network = MobileNetwork::start(&settings()).unwrap();
    let taps = [Tap::start(network.local_address()).await, Tap::start(network.local_address()).await];
    let mut config = config(taps[0].address);
    let mut second = config.associations[0].clone();
    (second.name, second.remote) = ("other".to_owned(), vec![taps[1].address]);
    config.associations.push(second);
    let centre = SmallCentre::new();
    let gateway = Ss7Gateway::start(&config, centre.clone(), Arc::new(|| NOW), 1, 7).unwrap();
    let active = |count| {
        let gateway = gateway.clone();
        async move {
            let is_active = |(_, state): &&(String, &str)| *state == "active";
            until(|| gateway.status().associations.iter().filter(is_active).count() == count).await;
        }
    };
    soon(active(2)).await;
    let send = |from: u64, count: u64| {
        (from..from + count)
            .map(|n| tokio::spawn(gateway.deliver(&home(), delivery(n, PHONE, &format!("text {n}")))))
            .collect::<Vec<_>>()
    };
    for delivery in send(0, 40) {
        soon(delivery).await.unwrap().unwrap();
    }
    assert!(
        taps.iter().all(|tap| tap.tcap_messages().iter().any(|said| said.way == Way::Out)),
        "both share the load"
    );

    taps[0].pass(false);
    soon(active(1)).await;
    assert!(gateway.serves());
    for delivery in send(100, 40) {
        soon(delivery).await.unwrap().unwrap();
    }
    assert_eq!(network.phone(PHONE).unwrap().inbox().len(), 80);
    taps[0].pass(true);
    soon(active(2)).await;
}

#[tokio::test]
async fn what_an_association_takes_along_is_soon_asked_again() {
    for operation in [Operation::SendRoutingInfoForSm, Operation::MtForwardSm] {
        let rig = Rig::start().await;
        rig.order(operation, Fault::Drop, 1);
        let begun = tokio::time::Instant::now();
        let delivery = tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, "once more")));
        soon(until(|| rig.network.metrics().faults == 1)).await;
        rig.tap.pass(false);
        soon(until(|| !rig.gateway.serves())).await;
        let opened = rig.centre.opened_times();
        rig.tap.pass(true);
        // It is sent again, or the delivery fails with `NoPeer`.
        match soon(delivery).await.unwrap() {
            Ok(_) => {}
            Err(failure) => {
                assert_eq!(failure, Failure::NoPeer);
                soon(rig.centre.wait_until(|centre| centre.opened_times() > opened)).await;
                rig.delivered("once more").await;
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(rig.counted("lost_with_association"), 1);
        assert_eq!(rig.phone().inbox().len(), 1);
    }
}

#[tokio::test]
async fn taking_leave_ends_what_is_under_way_and_tells_the_peer() {
    let rig = Rig::start().await;
    rig.order(Operation::MtForwardSm, Fault::Delay(300), 1);
    let under_way = tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, "the last one")));
    soon(until(|| rig.gateway.status().dialogues == 1)).await;
    rig.centre.hold(true);
    let phone = rig.network.phone("15550202").unwrap();
    let sending = tokio::spawn(async move { phone.send("just in time", "7777").await });
    soon(rig.centre.wait_until(|centre| centre.asked.load(std::sync::atomic::Ordering::Acquire) == 1)).await;
    let gateway = rig.gateway.clone();
    let leaving = tokio::spawn(async move { gateway.shutdown(Duration::from_secs(10)).await });
    soon(until(|| rig.gateway.available(&home()) == 0)).await;
    assert_eq!(rig.failed("too late").await, Failure::NoPeer);
    // A message that arrives now is refused as congested.
    let refused = soon(rig.network.phone("15550203").unwrap().send("too late", "7777")).await.unwrap_err();
    assert!(matches!(refused, lab::mobile_network::SendError::Refused { code: 32, .. }), "{refused:?}");
    rig.centre.hold(false);
    soon(sending).await.unwrap().unwrap();
    soon(under_way).await.unwrap().unwrap();
    soon(leaving).await.unwrap();
    soon(rig.network.wait_until(|network| network.associations().is_empty())).await;
    let frames = rig.tap.frames();
    let place = |kind| frames.iter().position(|frame| frame.way == Way::Out && frame.kind == kind).unwrap();
    let last_data =
        frames.iter().rposition(|frame| frame.way == Way::Out && frame.kind == Kind::Data).unwrap();
    assert!(last_data < place(Kind::AspInactive) && place(Kind::AspInactive) < place(Kind::AspDown));
}

#[tokio::test]
async fn what_cannot_end_in_time_does_not_keep_the_gateway() {
    let rig = Rig::start().await;
    rig.order(Operation::MtForwardSm, Fault::Drop, 1);
    let hopeless = tokio::spawn(rig.gateway.deliver(&home(), delivery(1, PHONE, "lost")));
    soon(until(|| rig.network.metrics().faults == 1)).await;
    let begun = tokio::time::Instant::now();
    rig.gateway.shutdown(Duration::from_secs(1)).await;
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(soon(hopeless).await.unwrap(), Err(Failure::NoPeer));
}

#[tokio::test]
async fn messages_travel_over_sctp_inside_udp_as_well() {
    let tuning = sctp::Tuning { udp_port_local: Some(0), ..sctp::Tuning::default() };
    let settings = Settings { transport: sctp::Transport::OverUdp, tuning, ..settings() };
    let network = MobileNetwork::start(&settings).unwrap();
    let mut config = config(network.local_address());
    config.associations[0].transport = gateway_ss7::config::Transport::SctpUdp;
    config.associations[0].local = vec![loopback()];
    config.associations[0].tuning.udp_port = network.udp_port().unwrap();
    let centre = SmallCentre::new();
    let gateway = Ss7Gateway::start(&config, centre.clone(), Arc::new(|| NOW), 1, 7).unwrap();
    soon(centre.wait_until(|centre| centre.opened_times() > 0)).await;
    let phone = network.phone(PHONE).unwrap();
    soon(gateway.deliver(&home(), delivery(1, PHONE, "over UDP"))).await.unwrap();
    soon(phone.wait_for_text(|text| text == "over UDP")).await;
    soon(phone.send("and back", "7777")).await.unwrap();
    assert_eq!(centre.accepted.lock().len(), 1);
    gateway.shutdown(Duration::from_secs(5)).await;
    soon(network.wait_until(|network| network.associations().is_empty())).await;
}
