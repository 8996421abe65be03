//! Several mobile networks in one process, each with its own titles and point codes.

use super::*;

#[tokio::test]
async fn two_networks_have_addresses_of_their_own_and_do_not_mix() {
    let north = settings();
    let south = Settings {
        routing_context: Some(200),
        // The same point codes mean other nodes there.
        point_code: 2,
        peer_point_code: 1,
        global_title: "46700001000".to_owned(),
        ..settings()
    };
    let networks = [MobileNetwork::start(&north).unwrap(), MobileNetwork::start(&south).unwrap()];
    let taps = [Tap::start(networks[0].local_address()).await, Tap::start(networks[1].local_address()).await];
    let mut config = config(taps[0].address);
    let mut network = config.networks[0].clone();
    (network.name, network.global_title) = ("south".to_owned(), "46700001000".to_owned());
    config.networks.push(network);
    let mut server = config.application_servers[0].clone();
    (server.name, server.network, server.routing_context) = ("b".to_owned(), "south".to_owned(), Some(200));
    config.application_servers.push(server);
    let mut association = config.associations[0].clone();
    association.name = "southern".to_owned();
    association.remote = vec![taps[1].address];
    association.application_servers = vec!["b".to_owned()];
    config.associations.push(association);
    let centre = SmallCentre::new();
    let gateway = Ss7Gateway::start(&config, centre.clone(), Arc::new(|| NOW), 1, 7).unwrap();
    soon(centre.wait_until(|centre| centre.opened_times() == 2)).await;

    let endpoints = [home(), Endpoint::Ss7("south".into())];
    for ((endpoint, network), text) in endpoints.iter().zip(&networks).zip(["to the north", "to the south"]) {
        soon(gateway.deliver(endpoint, delivery(1, PHONE, text))).await.unwrap();
        assert_eq!(network.phone(PHONE).unwrap().inbox().len(), 1, "{text}");
        soon(network.phone(PHONE).unwrap().send("from there", "7777")).await.unwrap();
        let (_, submission) = centre.accepted.lock().last().unwrap().clone();
        assert_eq!(submission.origin, *endpoint);
        assert_eq!(endpoint.to_string(), format!("ss7:{}", submission.account));
    }
    for (tap, title) in taps.iter().zip([TITLE, "46700001000"]) {
        let sent =
            tap.tcap_messages().into_iter().filter(|said| said.way == tap::Way::Out && said.is_begin());
        assert!(sent.count() == 2);
        assert!(
            tap.tcap_messages()
                .iter()
                .filter(|said| said.is_begin() && said.way == tap::Way::Out)
                .all(|said| said.calling.digits() == Some(title))
        );
    }
    // One network that goes takes nothing of the other.
    taps[0].pass(false);
    soon(until(|| !gateway.serves())).await;
    assert_eq!((gateway.available(&endpoints[0]), gateway.available(&endpoints[1])), (0, 20_000));
    soon(gateway.deliver(&endpoints[1], delivery(2, PHONE, "still"))).await.unwrap();
}
