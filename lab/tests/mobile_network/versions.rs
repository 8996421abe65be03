//! MAP version negotiation: nodes with a lower version, and how they refuse a higher one.

use lab::mobile_network::VersionRefusal;
use tcap::{AbortReason, PAbortCause};

use super::centre::End;
use super::*;

#[tokio::test]
async fn a_node_refuses_a_version_as_configured() {
    let (network, centre) = start().await;
    let refused = |offered| End::Aborted { reason: AbortReason::ContextNotSupported, offered: Some(offered) };
    let plain = End::Aborted { reason: AbortReason::Plain, offered: None };
    let provider = End::ProviderAborted(PAbortCause::IncorrectTransactionPortion);
    for (version_max, refusal, requested, expected) in [
        (2, VersionRefusal::Alternative, Version::V3, refused(2)),
        (1, VersionRefusal::Alternative, Version::V2, refused(2)),
        (1, VersionRefusal::PlainAbort, Version::V3, plain.clone()),
        (1, VersionRefusal::PlainAbort, Version::V2, plain),
        (1, VersionRefusal::ProviderAbort, Version::V3, provider.clone()),
        (2, VersionRefusal::ProviderAbort, Version::V3, provider),
    ] {
        network.change_node(MSC, |node| (node.map_version_max, node.refusal) = (version_max, refusal));
        let record = centre.request(title(MSC, 8), requested, forward(text_tpdu("x"))).await;
        assert_eq!(record.end, expected, "{version_max} {refusal:?} {requested:?}");
        let version = Version::from_number(version_max).unwrap();
        let record = centre.request(title(MSC, 8), version, forward(text_tpdu("x"))).await;
        assert!(record.result(version).is_ok(), "{record:?}");
    }
    assert_eq!(network.metrics().versions_refused, 6);
    assert_eq!(network.metrics().mt_delivered, 6);
}

#[tokio::test]
async fn the_hlr_can_have_a_lower_version_too() {
    let (network, centre) = start().await;
    network.change_node(HLR, |node| node.map_version_max = 2);
    let record = request_routing_info(&centre, PHONE, Version::V3).await;
    let reason = AbortReason::ContextNotSupported;
    assert_eq!(record.end, End::Aborted { reason, offered: Some(2) });
    assert!(request_routing_info(&centre, PHONE, Version::V2).await.result(Version::V2).is_ok());
}

#[tokio::test]
async fn field_56_the_procedures_of_the_centre_fall_back_to_the_version_of_every_node() {
    let text = "x".repeat(160);
    for refusal in [VersionRefusal::Alternative, VersionRefusal::ProviderAbort, VersionRefusal::PlainAbort] {
        for version_max in [1, 2, 3] {
            let (network, centre) = start().await;
            for node in [HLR, MSC] {
                network
                    .change_node(node, |node| (node.map_version_max, node.refusal) = (version_max, refusal));
            }
            // A plain or provider abort does not name the versions between.
            let expected = match (refusal, version_max) {
                (VersionRefusal::Alternative, _) | (_, 3) => version_max,
                _ => 1,
            };
            let (version, found) = centre.negotiate(title(PHONE, 6), routing_info_request(PHONE)).await;
            assert_eq!(version.number(), expected, "{refusal:?} {version_max}");
            assert!(matches!(found, Ok(Response::SendRoutingInfoForSm(_))), "{found:?}");
            let (version, delivered) = centre.negotiate(title(MSC, 8), forward(text_tpdu(&text))).await;
            assert_eq!(version.number(), expected, "{refusal:?} {version_max}");
            assert!(delivered.is_ok(), "{refusal:?} {version_max} {version:?} {delivered:?}");
            assert_eq!(network.phone(PHONE).unwrap().inbox()[0].message().unwrap().text, text);
        }
    }
}
