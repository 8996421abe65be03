//! Associations over UDP under packet loss, restart, forged and malformed packets.

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

use pair::{FRAMING, TIMEOUT, end_of, receive_numbered, send_numbered, tuning};
use relay::{Relay, Rng};
use sctp::{Association, Endpoint, Error, Event, Listener, Transport, Tuning};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

/// Types of chunks (RFC 9260 §3.2).
const INIT: u8 = 1;
const COOKIE_ECHO: u8 = 10;

fn short_timeouts() -> Tuning {
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
    // Fixed ports, so that the client can connect again as the same peer.
    let free = UdpSocket::bind(pair::anywhere()).await.unwrap().local_addr().unwrap();
    let tuning = Tuning { udp_port_local: Some(free.port()), udp_port_remote: relay.port, ..tuning };
    let remote = vec![listener.local_address()];
    let endpoint = Endpoint { transport: Transport::OverUdp, local: vec![free], remote, tuning };
    let (client, server) = tokio::join!(sctp::connect(&endpoint, FRAMING, TIMEOUT), listener.accept());
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
    let (done, end) = tokio::join!(client_sender.shutdown(TIMEOUT), end_of(&mut server_receiver));
    assert_eq!((done, end), (Ok(()), Ok(Event::Closed)));
}

#[tokio::test]
async fn a_peer_that_vanishes_under_traffic_is_noticed_in_time() {
    let net = net(short_timeouts()).await;
    net.relay.lose(100, 100);
    let started = Instant::now();
    let (sender, mut receiver) = net.client.split();
    sender.send(0, 3, pair::message(0, 0)).await.unwrap();
    assert_eq!(end_of(&mut receiver).await, Err(Error::Unreachable));
    let limit = net.endpoint.tuning.unreachable_after() + Duration::from_millis(500);
    assert!(started.elapsed() < limit, "{:?} of {limit:?}", started.elapsed());
}

#[tokio::test]
async fn a_peer_that_vanishes_while_idle_is_noticed_by_heartbeats() {
    let net = net(short_timeouts()).await;
    net.relay.lose(100, 100);
    let started = Instant::now();
    assert_eq!(end_of(&mut net.server.split().1).await, Err(Error::Unreachable));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn silence_alone_ends_nothing() {
    let net = net(short_timeouts()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (streams, (sender, _receiver)) = (net.client.streams(), net.client.split());
    send_numbered(&sender, 10, 10).await;
    receive_numbered(&mut net.server.split().1, streams, 10).await;
}

/// The client disappears without ABORT, and connects again from the same ports.
#[tokio::test]
async fn a_peer_that_connects_again_has_restarted() {
    let mut net = net(tuning()).await;
    let streams = net.client.streams();
    let (server_sender, mut server) = net.server.split();
    net.relay.lose(100, 100);
    drop(net.client);
    tokio::time::sleep(Duration::from_millis(100)).await;
    net.relay.lose(0, 0);
    let again = sctp::connect(&net.endpoint, FRAMING, TIMEOUT).await.unwrap();
    assert_eq!(timeout(TIMEOUT, server.receive()).await.unwrap(), Ok(Event::Restarted));
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

/// From unknown addresses and from the peer's own: noise, truncated packets, packets with bits flipped.
#[tokio::test]
async fn garbage_affects_no_association() {
    let mut net = net(tuning()).await;
    let streams = net.client.streams();
    let ((sender, _receiver), (_server_sender, mut server)) = (net.client.split(), net.server.split());
    send_numbered(&sender, 100, 1).await;
    receive_numbered(&mut server, streams, 100).await;
    let unknown = UdpSocket::bind(pair::anywhere()).await.unwrap();
    let (to, mut rng) = (udp_address(&net.listener), Rng(7));
    for (nth, packet) in net.relay.kept().into_iter().enumerate() {
        let mut flipped = packet.clone();
        let bit = rng.next() as usize % (packet.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        let noise: Vec<u8> = (0..nth * 7).map(|_| rng.next() as u8).collect();
        for garbage in [&flipped[..], &packet[..packet.len() / 2], &noise] {
            net.relay.upstream.send_to(garbage, to).await.unwrap();
            unknown.send_to(garbage, to).await.unwrap();
        }
    }
    for number in 0..50 {
        sender.send(0, 3, pair::message(9, number)).await.unwrap();
    }
    for number in 0..50 {
        let event = timeout(TIMEOUT, server.receive()).await.unwrap().unwrap();
        let Event::Message(message) = event else { panic!("{event:?}") };
        assert_eq!(message.octets, pair::message(9, number));
    }
    assert!(timeout(Duration::from_millis(50), net.listener.accept()).await.is_err());
}

/// A source that is no peer gets no answer but INIT ACK, and a cookie is accepted only from the
/// address that its INIT ACK went to.
#[tokio::test]
async fn an_unknown_source_gets_no_answer_and_cannot_use_the_cookie_of_another() {
    let mut net = net(tuning()).await;
    let unknown = UdpSocket::bind(pair::anywhere()).await.unwrap();
    let (to, mut buffer) = (udp_address(&net.listener), vec![0; 2_000]);
    let kept = net.relay.kept();
    assert!(kept.iter().any(|packet| packet[12] == COOKIE_ECHO));
    for packet in kept.iter().filter(|packet| packet[12] != INIT) {
        unknown.send_to(packet, to).await.unwrap();
    }
    let answer = timeout(Duration::from_millis(200), unknown.recv_from(&mut buffer)).await;
    assert!(answer.is_err(), "{} octets to an unknown source", answer.unwrap().unwrap().0);
    let init = kept.iter().find(|packet| packet[12] == INIT).unwrap();
    unknown.send_to(init, to).await.unwrap();
    timeout(TIMEOUT, unknown.recv_from(&mut buffer)).await.unwrap().unwrap();
    let mut elsewhere = init.clone();
    elsewhere[2] ^= 1;
    unknown.send_to(&elsewhere, to).await.unwrap();
    for packet in kept.iter().filter(|packet| packet[12] == COOKIE_ECHO) {
        unknown.send_to(packet, to).await.unwrap();
    }
    let answer = timeout(Duration::from_millis(200), unknown.recv_from(&mut buffer)).await;
    assert!(answer.is_err(), "{} octets to an unknown source", answer.unwrap().unwrap().0);
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

/// Packets with wrong contents and a right checksum, from a peer's own address.
#[tokio::test]
async fn a_hostile_peer_affects_only_its_own_association() {
    let mut net = net(tuning()).await;
    let good = pair::towards(&net.listener, Transport::OverUdp, tuning());
    let (good, good_server) = tokio::join!(sctp::connect(&good, FRAMING, TIMEOUT), net.listener.accept());
    let (good, mut good_server) = (good.unwrap(), good_server.unwrap().split().1);
    let streams = good.streams();
    let (sender, _own) = net.client.split();
    send_numbered(&sender, 100, 5).await;
    receive_numbered(&mut net.server.split().1, streams, 100).await;
    let (to, mut rng) = (udp_address(&net.listener), Rng(11));
    let kept = net.relay.kept();
    for nth in 0..3_000 {
        let mut packet = kept[nth % kept.len()].clone();
        for _ in 0..=rng.next() % 4 {
            // Not the header: the packet would belong to no association.
            let at = 12 + rng.next() as usize % (packet.len() - 12);
            packet[at] = rng.next() as u8;
        }
        if rng.next() % 8 == 0 {
            packet.truncate(12 + rng.next() as usize % (packet.len() - 12));
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
    assert!(sctp::connect(&late, FRAMING, TIMEOUT).await.is_ok());
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
    // The value that iSCSI publishes, which uses the same checksum.
    assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
}

/// A peer with a closed window counts as unreachable after the same time as one that is gone.
#[tokio::test]
async fn a_peer_that_never_reads_is_given_up() {
    let net = net(Tuning { send_ms_max: 60_000, heartbeat_ms: 600_000, ..short_timeouts() }).await;
    let (sender, mut receiver) = net.client.split();
    let mut number = 0;
    while sender.send(0, 3, pair::message(0, number)).await.is_ok() {
        number += 1;
        assert!(number < 1_000_000);
    }
    assert_eq!(end_of(&mut receiver).await, Err(Error::Unreachable));
}
