//! Interoperability with sipp: 1,000 MESSAGE requests in each direction.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may fail as tests do")]

mod rig;

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use gateway_sip::config::{SipConfig, Wire};
use rig::*;
use smsc::endpoint::Endpoint;
use smsc::ports::Gateways as _;
use tokio::process::{Child, Command};

const MESSAGES: usize = 1000;

/// Prints a warning if sipp is not installed; in CI that is a failure.
fn is_missing() -> bool {
    let found = std::process::Command::new("sipp").arg("-v").output().is_ok();
    #[expect(clippy::disallowed_methods, reason = "a test may ask where it runs")]
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found || !in_ci, "sipp is not installed (Debian package sip-tester)");
    if !found {
        // Written to the terminal, since the harness captures the output of a passing test.
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no sipp (Debian package sip-tester)");
    }
    !found
}

fn sipp(scenario: &str, local: SocketAddr, arguments: &[&str]) -> Child {
    let file = format!("{}/tests/sipp/{scenario}", env!("CARGO_MANIFEST_DIR"));
    let (ip, port, count) = (local.ip().to_string(), local.port().to_string(), MESSAGES.to_string());
    Command::new("sipp")
        .args(["-sf", &file, "-i", &ip, "-p", &port, "-m", &count, "-nostdin"])
        .args(["-timeout", "60s", "-timeout_error"])
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn succeeded(mut sipp: Child) {
    let status = tokio::time::timeout(Duration::from_secs(70), sipp.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0), "sipp's exit code: 0 is all calls successful");
}

/// An unused local address.
fn free_address() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipp_sends_a_thousand_messages_over_udp_and_tcp() {
    if is_missing() {
        return;
    }
    for (transport, option) in [(sip::Transport::Udp, "u1"), (sip::Transport::Tcp, "t1")] {
        let peers = vec![peer("sipp", unused_address())];
        let (gateway, centre) = start(SipConfig { peers, t1_ms: 500, ..config() });
        let target = address_of(&gateway, transport).to_string();
        let sender = sipp("message.xml", free_address(), &["-r", "1000", "-l", "100", "-t", option, &target]);
        succeeded(sender).await;
        let mut numbers: Vec<_> =
            centre.messages().iter().map(|each| each.destination.digits.clone()).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!((centre.messages().len(), numbers.len()), (MESSAGES, MESSAGES), "{transport}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipp_receives_a_thousand_messages_over_udp_and_tcp() {
    if is_missing() {
        return;
    }
    for (wire, option) in [(Wire::Udp, "u1"), (Wire::Tcp, "t1")] {
        let address = free_address();
        let receiver = sipp("receive.xml", address, &["-t", option]);
        let far = gateway_sip::config::Peer { transport: wire, ..peer("sipp", address) };
        let (gateway, _) = start(SipConfig { peers: vec![far], t1_ms: 500, ..config() });
        tokio::time::sleep(Duration::from_millis(500)).await; // until sipp listens
        let endpoint = Endpoint::SipPeer("sipp".into());
        let numbers = 1..=u64::try_from(MESSAGES).unwrap();
        let mut deliveries: FuturesUnordered<_> = numbers
            .map(|id| gateway.deliver(&endpoint, delivery(outgoing(id, &format!("Hello {id}")))))
            .collect();
        while let Some(outcome) = deliveries.next().await {
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        succeeded(receiver).await;
    }
}
