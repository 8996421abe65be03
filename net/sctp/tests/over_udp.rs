//! What networks and strangers do to associations over UDP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test ends at the first surprise"
)]

mod pair;
mod relay;

use std::net::SocketAddr;
use std::time::Duration;

use pair::{FRAMING, PATIENCE, end_of, receive_numbered, send_numbered, tuning};
use relay::{Chance, Relay};
use sctp::{Association, Endpoint, Error, Event, Listener, Transport, Tuning};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

/// Types of chunks (RFC 9260 §3.2).
const INIT: u8 = 1;
const COOKIE_ECHO: u8 = 10;

fn impatient() -> Tuning {
    Tuning {
        rto_min_ms: 50,
        rto_initial_ms: 50,
        rto_max_ms: 100,
        sack_delay_ms: 10,
        heartbeat_ms: 100,
        association_retransmissions_max: 4,
        ..tuning()
    }
}

/// A server, a client, and the network between them.
struct Net {
    listener: Listener,
    relay: Relay,
    client: Association,
    server: Association,
    endpoint: Endpoint,
}

async fn net(tuning: Tuning) -> Net {
    let mut listener = pair::listen(Transport::OverUdp, tuning).unwrap();
    let relay = Relay::to(udp_address(&listener)).await;
    // Fixed ports, so that the client can come again as the same.
    let free = UdpSocket::bind(pair::anywhere()).await.unwrap().local_addr().unwrap();
    let tuning = Tuning { udp_port_local: Some(free.port()), udp_port_remote: relay.port, ..tuning };
    let remote = vec![listener.local_address()];
    let endpoint = Endpoint { transport: Transport::OverUdp, local: vec![free], remote, tuning };
    let (client, server) = tokio::join!(sctp::connect(&endpoint, FRAMING, PATIENCE), listener.accept());
    Net { client: client.unwrap(), server: server.unwrap(), listener, relay, endpoint }
}

fn udp_address(listener: &Listener) -> SocketAddr {
    SocketAddr::new(listener.local_address().ip(), listener.udp_port().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_twenty_lost_each_way_and_all_delivered_in_order() {
    let net = net(Tuning { rto_min_ms: 50, rto_initial_ms: 50, sack_delay_ms: 10, ..tuning() }).await;
    net.relay.lose(5, 5);
    let streams = net.client.streams();
    let ((client_sender, mut client_receiver), (server_sender, mut server_receiver)) =
        (net.client.split(), net.server.split());
    tokio::join!(
        send_numbered(&client_sender, 10_000, 20),
        send_numbered(&server_sender, 10_000, 20),
        receive_numbered(&mut client_receiver, streams, 10_000),
        receive_numbered(&mut server_receiver, streams, 10_000),
    );
    let (done, end) = tokio::join!(client_sender.shutdown(PATIENCE), end_of(&mut server_receiver));
    assert_eq!((done, end), (Ok(()), Ok(Event::Closed)));
}

#[tokio::test]
async fn a_peer_that_vanishes_under_traffic_is_noticed_in_time() {
    let net = net(impatient()).await;
    net.relay.lose(100, 100);
    let started = Instant::now();
    let (sender, mut receiver) = net.client.split();
    sender.send(0, 3, pair::message(0, 0)).await.unwrap();
    assert_eq!(end_of(&mut receiver).await, Err(Error::Unreachable));
    let limit = net.endpoint.tuning.unreachable_after() + Duration::from_millis(500);
    assert!(started.elapsed() < limit, "{:?} of {limit:?}", started.elapsed());
}

#[tokio::test]
async fn a_peer_that_vanishes_in_silence_is_noticed_by_heartbeats() {
    let net = net(impatient()).await;
    net.relay.lose(100, 100);
    let started = Instant::now();
    assert_eq!(end_of(&mut net.server.split().1).await, Err(Error::Unreachable));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn silence_alone_ends_nothing() {
    let net = net(impatient()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (streams, (sender, _receiver)) = (net.client.streams(), net.client.split());
    send_numbered(&sender, 10, 10).await;
    receive_numbered(&mut net.server.split().1, streams, 10).await;
}

/// The client dies without a word, and comes again from the same ports.
#[tokio::test]
async fn a_peer_that_comes_again_has_restarted() {
    let mut net = net(tuning()).await;
    let streams = net.client.streams();
    let (server_sender, mut server) = net.server.split();
    net.relay.lose(100, 100);
    drop(net.client);
    tokio::time::sleep(Duration::from_millis(100)).await;
    net.relay.lose(0, 0);
    let again = sctp::connect(&net.endpoint, FRAMING, PATIENCE).await.unwrap();
    assert_eq!(timeout(PATIENCE, server.receive()).await.unwrap(), Ok(Event::Restarted));
    let (client_sender, mut client) = again.split();
    tokio::join!(
        send_numbered(&client_sender, 1_000, 10),
        send_numbered(&server_sender, 1_000, 10),
        receive_numbered(&mut client, streams, 1_000),
        receive_numbered(&mut server, streams, 1_000),
    );
    let more = timeout(Duration::from_millis(100), net.listener.accept()).await;
    assert!(more.is_err(), "it is the same association");
}

/// From strangers and in the peer's own name: noise, packets cut short, packets with bits flipped.
#[tokio::test]
async fn garbage_harms_nobody() {
    let mut net = net(tuning()).await;
    let streams = net.client.streams();
    let ((sender, _receiver), (_server_sender, mut server)) = (net.client.split(), net.server.split());
    send_numbered(&sender, 100, 1).await;
    receive_numbered(&mut server, streams, 100).await;
    let stranger = UdpSocket::bind(pair::anywhere()).await.unwrap();
    let (to, mut chance) = (udp_address(&net.listener), Chance(7));
    for (nth, packet) in net.relay.kept().into_iter().enumerate() {
        let mut flipped = packet.clone();
        let bit = chance.next() as usize % (packet.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        let noise: Vec<u8> = (0..nth * 7).map(|_| chance.next() as u8).collect();
        for garbage in [&flipped[..], &packet[..packet.len() / 2], &noise] {
            net.relay.upstream.send_to(garbage, to).await.unwrap();
            stranger.send_to(garbage, to).await.unwrap();
        }
    }
    for number in 0..50 {
        sender.send(0, 3, pair::message(9, number)).await.unwrap();
    }
    for number in 0..50 {
        let event = timeout(PATIENCE, server.receive()).await.unwrap().unwrap();
        let Event::Message(message) = event else { panic!("{event:?}") };
        assert_eq!(message.octets, pair::message(9, number));
    }
    assert!(timeout(Duration::from_millis(50), net.listener.accept()).await.is_err());
}

/// Whoever is not a peer hears nothing but the answer to an INIT, and a cookie is taken only from
/// where its INIT ACK went.
#[tokio::test]
async fn a_stranger_hears_nothing_and_opens_nothing_with_anothers_cookie() {
    let mut net = net(tuning()).await;
    let stranger = UdpSocket::bind(pair::anywhere()).await.unwrap();
    let (to, mut buffer) = (udp_address(&net.listener), vec![0; 2_000]);
    let kept = net.relay.kept();
    assert!(kept.iter().any(|packet| packet[12] == COOKIE_ECHO));
    for packet in kept.iter().filter(|packet| packet[12] != INIT) {
        stranger.send_to(packet, to).await.unwrap();
    }
    let answer = timeout(Duration::from_millis(200), stranger.recv_from(&mut buffer)).await;
    assert!(answer.is_err(), "{} octets to a stranger", answer.unwrap().unwrap().0);
    let init = kept.iter().find(|packet| packet[12] == INIT).unwrap();
    stranger.send_to(init, to).await.unwrap();
    timeout(PATIENCE, stranger.recv_from(&mut buffer)).await.unwrap().unwrap();
    let mut elsewhere = init.clone();
    elsewhere[2] ^= 1;
    stranger.send_to(&elsewhere, to).await.unwrap();
    for packet in kept.iter().filter(|packet| packet[12] == COOKIE_ECHO) {
        stranger.send_to(packet, to).await.unwrap();
    }
    let answer = timeout(Duration::from_millis(200), stranger.recv_from(&mut buffer)).await;
    assert!(answer.is_err(), "{} octets to a stranger", answer.unwrap().unwrap().0);
    assert!(timeout(Duration::from_millis(50), net.listener.accept()).await.is_err());
}

#[tokio::test]
async fn associations_outlive_their_listener_and_new_ones_are_ignored() {
    let net = net(tuning()).await;
    let to = udp_address(&net.listener);
    drop(net.listener);
    let local = vec![pair::anywhere()];
    let late = Tuning { udp_port_remote: to.port(), ..tuning() };
    let endpoint = Endpoint { local, tuning: late, ..net.endpoint };
    let refused = sctp::connect(&endpoint, FRAMING, Duration::from_millis(300)).await;
    assert_eq!(refused.err(), Some(Error::TimedOut));
    let (streams, (sender, _receiver)) = (net.client.streams(), net.client.split());
    send_numbered(&sender, 100, 10).await;
    receive_numbered(&mut net.server.split().1, streams, 100).await;
}

/// Packets that are wrong in what they say and right in their checksum, in a peer's own name.
#[tokio::test]
async fn a_hostile_peer_harms_nobody_but_itself() {
    let mut net = net(tuning()).await;
    let good = pair::towards(&net.listener, Transport::OverUdp, tuning());
    let (good, good_server) = tokio::join!(sctp::connect(&good, FRAMING, PATIENCE), net.listener.accept());
    let (good, mut good_server) = (good.unwrap(), good_server.unwrap().split().1);
    let streams = good.streams();
    let (sender, _own) = net.client.split();
    send_numbered(&sender, 100, 5).await;
    receive_numbered(&mut net.server.split().1, streams, 100).await;
    let (to, mut chance) = (udp_address(&net.listener), Chance(11));
    let kept = net.relay.kept();
    for nth in 0..3_000 {
        let mut packet = kept[nth % kept.len()].clone();
        for _ in 0..=chance.next() % 4 {
            // Not the header: it would only be somebody else's.
            let at = 12 + chance.next() as usize % (packet.len() - 12);
            packet[at] = chance.next() as u8;
        }
        if chance.next() % 8 == 0 {
            packet.truncate(12 + chance.next() as usize % (packet.len() - 12));
        }
        packet[8..12].fill(0);
        let checksum = crc32c(&packet).to_le_bytes();
        packet[8..12].copy_from_slice(&checksum);
        net.relay.upstream.send_to(&packet, to).await.unwrap();
        if nth % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let (sender, _own) = good.split();
    send_numbered(&sender, 1_000, 10).await;
    receive_numbered(&mut good_server, streams, 1_000).await;
    let late = pair::towards(&net.listener, Transport::OverUdp, tuning());
    assert!(sctp::connect(&late, FRAMING, PATIENCE).await.is_ok());
}

/// The checksum of SCTP (RFC 9260, appendix A).
fn crc32c(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0, |sum, octet| {
        (0..8).fold(
            sum ^ u32::from(*octet),
            |sum, _| {
                if sum & 1 == 1 { sum >> 1 ^ 0x82f6_3b78 } else { sum >> 1 }
            },
        )
    })
}

#[test]
fn the_checksum_is_the_published_one() {
    // As iSCSI publishes it, which uses the same one.
    assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
}

/// A peer that takes nothing for as long as one that is gone counts as gone.
#[tokio::test]
async fn a_peer_that_never_reads_is_given_up() {
    let net = net(Tuning { send_ms_max: 60_000, heartbeat_ms: 600_000, ..impatient() }).await;
    let (sender, mut receiver) = net.client.split();
    let mut number = 0;
    while sender.send(0, 3, pair::message(0, number)).await.is_ok() {
        number += 1;
        assert!(number < 1_000_000);
    }
    assert_eq!(end_of(&mut receiver).await, Err(Error::Unreachable));
}
