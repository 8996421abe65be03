//! Associations of the mobile network: two processes of the centre, and the loss of a link.

use sctp::{Endpoint, Transport, Tuning};

use super::*;

#[tokio::test]
async fn two_processes_share_the_load_and_one_continues_after_a_loss() {
    let (network, mut first) = start().await;
    let mut second = Centre::connect(network.local_address()).await;
    soon(network.wait_until(|network| {
        network.associations().iter().filter(|one| one.state == "active").count() == 2
    }))
    .await;
    let phone = network.phone(PHONE).unwrap();
    for _ in 0..32 {
        // Each process responds to what it receives.
        soon(phone.send("x", "7777")).await.unwrap();
    }
    first.received().await;
    second.received().await;
    let broken = network.associations()[0].number;
    network.kill(broken).await;
    soon(network.wait_until(|network| network.associations().len() == 1)).await;
    for _ in 0..16 {
        soon(phone.send("x", "7777")).await.unwrap();
    }
}

#[tokio::test]
async fn a_process_that_reconnects_carries_traffic_again() {
    let (network, centre) = start().await;
    let phone = network.phone(PHONE).unwrap();
    drop(centre);
    network.kill(0).await;
    soon(network.wait_until(|network| network.associations().is_empty())).await;
    let _centre = Centre::connect(network.local_address()).await;
    soon(phone.send("x", "7777")).await.unwrap();
}

#[tokio::test]
async fn the_network_ends_with_its_handles() {
    let (network, mut centre) = start().await;
    let address = network.local_address();
    drop(network);
    // The association is closed, and so is the port.
    soon(async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(soon(centre.is_gone()).await);
}

#[tokio::test]
async fn the_network_is_reached_over_udp_as_well() {
    let tuning = Tuning { udp_port_local: Some(0), ..Tuning::default() };
    let settings = Settings { transport: Transport::OverUdp, tuning, ..settings() };
    let network = MobileNetwork::start(&settings).unwrap();
    let tuning = Tuning { udp_port_remote: network.udp_port().unwrap(), ..Tuning::default() };
    let mut centre = Centre::connect_to(&Endpoint {
        transport: Transport::OverUdp,
        local: vec!["127.0.0.1:0".parse().unwrap()],
        remote: vec![network.local_address()],
        tuning,
    })
    .await;
    let phone = network.phone(PHONE).unwrap();
    soon(phone.send("over UDP", "7777")).await.unwrap();
    centre.received().await;
    assert!(deliver(&centre, MSC, text_tpdu("and back")).await.is_ok());
    soon(phone.wait_for_text(|text| text == "and back")).await;
}
