//! MAP versions 1, 2 and 3 of nodes, and the ways in which nodes refuse.

use lab::mobile_network::VersionRefusal;
use map::Context;

use super::*;
use crate::tap::Way;

/// The versions of mt-forwardSM that dialogues were opened with.
fn tried(rig: &Rig) -> Vec<u8> {
    let forwards = |said: &tap::TcapMessage| {
        let asks_mt = said.requests().iter().any(|request| matches!(request, Request::MtForwardSm(_)));
        match said.context() {
            Some((Context::ShortMsgMtRelay, version)) => Some(version),
            None if asks_mt => Some(1),
            _ => None,
        }
    };
    let begins = rig.tap.tcap_messages().into_iter().filter(|said| said.way == Way::Out && said.is_begin());
    begins.filter_map(|said| forwards(&said)).collect()
}

#[tokio::test]
async fn field_56_a_node_of_an_older_version_is_found_out_and_remembered() {
    for (version, refusal, expected) in [
        (3, VersionRefusal::Alternative, &[3, 3, 3][..]),
        (2, VersionRefusal::Alternative, &[3, 2, 2, 2]),
        // Version 1 has no name that could be offered, and needs to be refused for twice.
        (1, VersionRefusal::Alternative, &[3, 2, 1, 2, 1, 1]),
    ] {
        let rig = Rig::start().await;
        rig.network.change_node(MSC, |node| (node.map_version_max, node.refusal) = (version, refusal));
        for text in ["one", "two", "three"] {
            rig.delivered(text).await;
        }
        assert_eq!(tried(&rig), expected, "version {version}");
    }
}

#[tokio::test]
async fn field_56_nodes_that_only_abort_get_version_1() {
    for refusal in [VersionRefusal::ProviderAbort, VersionRefusal::PlainAbort] {
        let rig = Rig::start().await;
        rig.network.change_node(MSC, |node| (node.map_version_max, node.refusal) = (1, refusal));
        for text in ["one", "two", "three"] {
            rig.delivered(text).await;
        }
        // One abort may be an accident; two are a habit.
        assert_eq!(tried(&rig), [3, 1, 3, 1, 1], "{refusal:?}");
    }
}

#[tokio::test]
async fn field_56_the_hlr_may_be_old_as_well() {
    for version in 1..=3 {
        let rig = Rig::start().await;
        rig.network.change_node(HLR, |node| node.map_version_max = version);
        rig.delivered("one").await;
        rig.phone().off();
        let failure = rig.failed("two").await;
        // The error depends on the MSC alone.
        assert_eq!(failure, Failure::AbsentSubscriber { diagnostic: Some(1) });
        rig.wait_for_reports(1).await;
        assert!(rig.phone().state().unwrap().not_reachable, "version {version}");
        rig.phone().on();
        soon(rig.centre.wait_until(|centre| centre.reachable.lock().len() == 1)).await;
    }
}

#[tokio::test]
async fn field_56_the_highest_version_is_the_operators_choice() {
    let rig = Rig::with(|_| {}, |config| config.networks[0].map_version_max = 2).await;
    rig.delivered("one").await;
    assert_eq!(tried(&rig), [2]);
}
