//! Two gateways as each other's peers, without a signalling gateway between them.

use gateway_ss7::config::{Exchange, Role};
use smsc::failure::PeerCode;

use super::*;

/// One of the two; the side with a remote address connects.
fn side(
    point_code: u32,
    [title, other]: [&str; 2],
    exchange: Exchange,
    peer: Option<SocketAddr>,
) -> Ss7Config {
    let mut config = config(peer.unwrap_or_else(loopback));
    let network = &mut config.networks[0];
    (network.point_code, network.gateways) = (point_code, vec![3 - point_code]);
    network.global_title = title.to_owned();
    // There is no HLR here; the other side's own subsystem gets the request.
    network.hlr_global_title = Some(other.to_owned());
    network.subsystems.hlr = 8;
    let association = &mut config.associations[0];
    (association.role, association.exchange) = (Role::Ipsp, exchange);
    if peer.is_none() {
        association.local = std::mem::take(&mut association.remote);
    }
    config
}

#[tokio::test]
async fn two_ipsps_reach_each_other_in_single_and_in_double_exchange() {
    for exchange in [Exchange::Single, Exchange::Double] {
        let centres = [SmallCentre::new(), SmallCentre::new()];
        let listening = side(2, ["46700001000", TITLE], exchange, None);
        let one = Ss7Gateway::start(&listening, centres[0].clone(), Arc::new(|| NOW), 1, 7).unwrap();
        let address = one.local_addresses()[0].1;
        let connecting = side(1, [TITLE, "46700001000"], exchange, Some(address));
        let other = Ss7Gateway::start(&connecting, centres[1].clone(), Arc::new(|| NOW), 2, 8).unwrap();
        for centre in &centres {
            soon(centre.wait_until(|centre| centre.opened_times() > 0)).await;
        }
        assert!(one.serves() && other.serves(), "{exchange:?}");
        // The other side is no HLR, and refuses: the question and its answer have made their way.
        let refused = Failure::Refused(PeerCode::MapError(21));
        assert_eq!(soon(one.look_up(None, &PHONE.into())).await.unwrap_err(), refused);
        assert_eq!(soon(other.look_up(None, &PHONE.into())).await.unwrap_err(), refused);
        assert_eq!(one.status().counters.get("screened_request"), Some(&1));

        // One goes in good order, and the other knows.
        other.shutdown(Duration::from_secs(5)).await;
        soon(until(|| !one.serves())).await;
        let again = Ss7Gateway::start(&connecting, centres[1].clone(), Arc::new(|| NOW), 2, 9).unwrap();
        soon(until(|| one.serves() && again.serves())).await;
        assert_eq!(soon(again.look_up(None, &PHONE.into())).await.unwrap_err(), refused);
    }
}
