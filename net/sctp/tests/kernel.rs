//! SCTP of the kernel: several addresses, and exchanges with the stack over UDP.
//!
//! The kernel uses UDP once a port is set: `sysctl net.sctp.udp_port=9899`, and
//! `net.sctp.encap_port=9900` for peers at 9900.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test ends at the first surprise"
)]

mod pair;

use std::net::SocketAddr;

use pair::{FRAMING, TIMEOUT, end_of, receive_numbered, send_numbered, tuning};
use sctp::{Association, Endpoint, Error, Event, Listener, Transport, Tuning};

const COUNT: u32 = 5_000;

fn loopback(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, last], port))
}

/// Both ends send, and one of them shuts down.
async fn exchange(one: Association, other: Association) {
    let streams = one.streams();
    assert_eq!(streams, other.streams());
    let ((one_sender, mut one_receiver), (other_sender, mut other_receiver)) = (one.split(), other.split());
    tokio::join!(
        send_numbered(&one_sender, COUNT, 20),
        send_numbered(&other_sender, COUNT, 20),
        receive_numbered(&mut one_receiver, streams, COUNT),
        receive_numbered(&mut other_receiver, streams, COUNT),
    );
    let (done, end) = tokio::join!(one_sender.shutdown(TIMEOUT), end_of(&mut other_receiver));
    assert_eq!((done, end), (Ok(()), Ok(Event::Closed)));
}

#[tokio::test]
async fn both_ends_have_several_addresses() {
    if pair::listen(Transport::Kernel, tuning()).is_none() {
        return;
    }
    let endpoint = |local, remote| Endpoint { transport: Transport::Kernel, local, remote, tuning: tuning() };
    let several = |port| vec![loopback(1, port), loopback(2, port), loopback(3, port)];
    let mut listener = Listener::bind(&endpoint(several(0), Vec::new()), FRAMING).unwrap();
    let port = listener.local_address().port();
    let client = endpoint(several(0), several(port));
    let (connected, accepted) = tokio::join!(sctp::connect(&client, FRAMING, TIMEOUT), listener.accept());
    exchange(connected.unwrap(), accepted.unwrap()).await;
}

#[tokio::test]
async fn a_kernel_without_sctp_is_reported() {
    let endpoint = pair::listening(Transport::Kernel, tuning());
    let bound = Listener::bind(&endpoint, FRAMING).err();
    assert_eq!(bound, (!sctp::kernel_has_sctp()).then_some(Error::NoKernelSctp));
}

/// The kernel's UDP port and that of its peers, if they are set.
fn encapsulation() -> Option<(u16, u16)> {
    let port = |name: &str| {
        let path = format!("/proc/sys/net/sctp/{name}");
        std::fs::read_to_string(path).ok()?.trim().parse::<u16>().ok().filter(|port| *port != 0)
    };
    let ports = port("udp_port").zip(port("encap_port"));
    if ports.is_none() {
        pair::report_skipped("this kernel has no SCTP, or no UDP ports are set for it");
    }
    ports
}

#[tokio::test]
async fn our_own_stack_connects_to_the_kernel() {
    let Some((udp_port_remote, _)) = encapsulation() else { return };
    let mut listener = pair::listen(Transport::Kernel, tuning()).unwrap();
    let client = Endpoint {
        transport: Transport::OverUdp,
        local: vec![loopback(1, 0)],
        remote: vec![listener.local_address()],
        tuning: Tuning { udp_port_remote, ..tuning() },
    };
    let (connected, accepted) = tokio::join!(sctp::connect(&client, FRAMING, TIMEOUT), listener.accept());
    exchange(connected.unwrap(), accepted.unwrap()).await;
}

#[tokio::test]
async fn the_kernel_connects_to_our_own_stack() {
    let Some((_, ours)) = encapsulation() else { return };
    let tuning = Tuning { udp_port_local: Some(ours), ..tuning() };
    let mut listener = pair::listen(Transport::OverUdp, tuning).unwrap();
    let client = pair::towards(&listener, Transport::Kernel, tuning);
    let (connected, accepted) = tokio::join!(sctp::connect(&client, FRAMING, TIMEOUT), listener.accept());
    exchange(connected.unwrap(), accepted.unwrap()).await;
}
