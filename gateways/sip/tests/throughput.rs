//! Throughput of inbound messages over UDP with a trivial centre. Run by hand:
//! `cargo test --release -p fernpost-gateway-sip --test throughput -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and helpers of tests may fail as tests do"
)]

mod rig;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use gateway_sip::config::SipConfig;
use rig::{address_of, config, peer, start, unused_address};

const MESSAGES: usize = 200_000;
const WINDOW: usize = 128;

#[test]
#[ignore = "measures; run by hand with --release"]
fn messages_a_second_over_udp() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (gateway, centre) = runtime.block_on(async {
        start(SipConfig { peers: vec![peer("load", unused_address())], t1_ms: 500, ..config() })
    });
    let target = address_of(&gateway, sip::Transport::Udp);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(target).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20).unwrap();
    let local = socket.local_addr().unwrap();
    let request = |n: usize| {
        format!(
            "MESSAGE sip:+49170{n:07}@{target} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{n};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+4915112345678@{local}>;tag={n}\r\nTo: <sip:+49170{n:07}@{target}>\r\n\
             Call-ID: {n}@{local}\r\nCSeq: 1 MESSAGE\r\nX-SMS-CODING: 0\r\nX-REG-DELIVERY: 1\r\n\
             User-Agent: load\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 11\r\n\r\nHello world"
        )
    };
    let cpu_before = cpu();
    let began = Instant::now();
    let (mut sent, mut answered) = (0, 0);
    let mut buffer = [0; 2048];
    while answered < MESSAGES {
        while sent < MESSAGES && sent - answered < WINDOW {
            socket.send(request(sent).as_bytes()).unwrap();
            sent += 1;
        }
        let length =
            socket.recv(&mut buffer).unwrap_or_else(|_| panic!("{answered} of {sent} were answered"));
        assert!(buffer[..length].starts_with(b"SIP/2.0 200 "));
        answered += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    let batches = centre.batches.load(std::sync::atomic::Ordering::Relaxed);
    let each = (cpu() - cpu_before) * 1e6 / MESSAGES as f64;
    println!(
        "{:.0} messages/s, {each:.1} µs of CPU each with its sender, {batches} batches",
        MESSAGES as f64 / seconds
    );
}

/// Seconds of CPU that this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
