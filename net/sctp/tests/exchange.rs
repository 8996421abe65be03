//! Message exchange, shutdown, abort and congestion of associations over each transport.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test ends at the first surprise"
)]

mod pair;

use std::time::Duration;

use pair::{TIMEOUT, end_of, pair, receive_numbered, send_numbered, tuning};
use sctp::{Error, Event, Transport};

const COUNT: u32 = 50_000;

/// 50,000 each way at the same time: all arrive, unchanged, and in order on each stream.
async fn carries_both_ways(transport: Transport) {
    let Some((one, other)) = pair(transport, tuning()).await else { return };
    let streams = one.streams();
    assert_eq!(streams, other.streams());
    let started = tokio::time::Instant::now();
    let ((one_sender, mut one_receiver), (other_sender, mut other_receiver)) = (one.split(), other.split());
    tokio::join!(
        send_numbered(&one_sender, COUNT, 40),
        send_numbered(&other_sender, COUNT, 1),
        receive_numbered(&mut one_receiver, streams, COUNT),
        receive_numbered(&mut other_receiver, streams, COUNT),
    );
    let seconds = started.elapsed().as_secs_f64();
    println!("{transport:?}: {:.0} messages a second", f64::from(2 * COUNT) / seconds);
}

/// 50,000 are queued, and shut down at once: every one of them arrives.
async fn shutdown_loses_nothing(transport: Transport) {
    let Some((one, other)) = pair(transport, tuning()).await else { return };
    let streams = one.streams();
    let (_sender, mut receiver) = other.split();
    let sending = async {
        let (sender, mut own) = one.split();
        send_numbered(&sender, COUNT, 40).await;
        assert_eq!(sender.shutdown(TIMEOUT).await, Ok(()));
        assert_eq!(end_of(&mut own).await, Ok(Event::Closed));
        assert_eq!(sender.send(0, 3, pair::message(0, 0)).await, Err(Error::Closed));
    };
    let receiving = async {
        receive_numbered(&mut receiver, streams, COUNT).await;
        assert_eq!(end_of(&mut receiver).await, Ok(Event::Closed));
        assert_eq!(receiver.receive().await, Err(Error::Closed));
    };
    tokio::join!(sending, receiving);
}

/// Messages that the peer has queued arrive while the local end shuts down.
async fn shutdown_delivers_what_the_peer_still_sends(transport: Transport) {
    let Some((one, other)) = pair(transport, tuning()).await else { return };
    let streams = other.streams();
    let ((one_sender, mut one_receiver), (other_sender, mut other_receiver)) = (one.split(), other.split());
    other_sender.send(0, 3, pair::message(0, 0)).await.unwrap();
    assert!(matches!(one_receiver.receive().await, Ok(Event::Message(_))));
    send_numbered(&other_sender, 1_000, 1_000).await;
    // The kernel answers a SHUTDOWN before it has the messages that are only queued for it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let (done, (), end) = tokio::join!(
        one_sender.shutdown(TIMEOUT),
        receive_numbered(&mut one_receiver, streams, 1_000),
        end_of(&mut other_receiver),
    );
    assert_eq!((done, end), (Ok(()), Ok(Event::Closed)));
}

async fn an_abort_is_noticed(transport: Transport) {
    let Some((one, other)) = pair(transport, tuning()).await else { return };
    let (sender, mut receiver) = one.split();
    other.abort();
    assert_eq!(end_of(&mut receiver).await, Err(Error::Aborted));
    assert_eq!(sender.send(0, 3, pair::message(0, 0)).await, Err(Error::Aborted));
    assert_eq!(sender.shutdown(TIMEOUT).await, Err(Error::Aborted));
}

async fn dropping_one_is_an_abort(transport: Transport) {
    let Some((one, other)) = pair(transport, tuning()).await else { return };
    drop(other);
    assert_eq!(end_of(&mut one.split().1).await, Err(Error::Aborted));
}

/// Nothing is received at the other end: sending stops at its bound, reports congestion, and
/// continues afterwards; nothing is lost.
async fn a_peer_that_does_not_read_costs_bounded_memory(transport: Transport) {
    let short_timeouts = sctp::Tuning { send_ms_max: 1_500, ..tuning() };
    let Some((one, other)) = pair(transport, short_timeouts).await else { return };
    let (streams, (sender, mut own)) = (one.streams(), one.split());
    let mut sent = 0_u32;
    while sent < 1_000_000 {
        let (stream, number) = (sent % u32::from(streams), sent / u32::from(streams));
        let octets = pair::message(stream as u16, number);
        match sender.send(stream as u16, 3, octets).await {
            Ok(()) => sent += 1,
            Err(error) => {
                assert_eq!(error, Error::Congested);
                break;
            }
        }
    }
    assert!((1_000..200_000).contains(&sent), "{sent} were taken");
    assert_eq!(own.receive().await, Ok(Event::Congested(true)));
    let (_other_sender, mut receiver) = other.split();
    receive_numbered(&mut receiver, streams, sent).await;
    assert_eq!(own.receive().await, Ok(Event::Congested(false)));
}

/// A shutdown that cannot finish is an abort after its time.
async fn shutdown_is_bounded(transport: Transport) {
    let short_timeouts = sctp::Tuning { send_ms_max: 1_500, ..tuning() };
    let Some((one, other)) = pair(transport, short_timeouts).await else { return };
    let (sender, mut own) = one.split();
    // As many as both ends queue while nothing is read: the peer takes no more.
    for number in 0..1_000_000 {
        match sender.send(0, 3, pair::message(0, number)).await {
            Err(Error::Congested) => break,
            sent => assert_eq!(sent, Ok(())),
        }
    }
    let limit = Duration::from_millis(300);
    assert_eq!(sender.shutdown(limit).await, Err(Error::TimedOut));
    assert_eq!(end_of(&mut own).await, Err(Error::TimedOut));
    assert_eq!(end_of(&mut other.split().1).await, Err(Error::Aborted));
}

async fn what_cannot_be_carried_is_refused(transport: Transport) {
    let Some((one, _other)) = pair(transport, tuning()).await else { return };
    let streams = one.streams();
    assert_eq!(one.send(0, 3, vec![].into()).await, Err(Error::Length(0)));
    assert_eq!(one.send(0, 3, vec![0; 65_537].into()).await, Err(Error::Length(65_537)));
    assert_eq!(one.send(streams, 3, vec![1].into()).await, Err(Error::Stream(streams)));
}

/// The port is closed.
async fn connecting_to_a_closed_port_fails_in_time(transport: Transport) {
    let Some(listener) = pair::listen(transport, tuning()) else { return };
    let endpoint = pair::towards(&listener, transport, tuning());
    drop(listener);
    let connected = sctp::connect(&endpoint, pair::FRAMING, Duration::from_millis(400)).await;
    assert!(matches!(connected.err(), Some(Error::Aborted | Error::TimedOut | Error::Unreachable)));
}

async fn no_more_associations_than_allowed(transport: Transport) {
    let few = sctp::Tuning { associations_max: 2, ..tuning() };
    let Some(mut listener) = pair::listen(transport, few) else { return };
    let endpoint = pair::towards(&listener, transport, few);
    let mut up = Vec::new();
    for _ in 0..2 {
        let (client, server) =
            tokio::join!(sctp::connect(&endpoint, pair::FRAMING, TIMEOUT), listener.accept());
        up.push((client.unwrap(), server.unwrap()));
    }
    let half_a_second = Duration::from_millis(500);
    let third = async {
        match sctp::connect(&endpoint, pair::FRAMING, half_a_second).await {
            // The kernel and TCP accept first and close then.
            Ok(association) => end_of(&mut association.split().1).await.map(|_| ()),
            Err(error) => Err(error),
        }
    };
    let (third, accepted) = tokio::join!(third, tokio::time::timeout(half_a_second, listener.accept()));
    assert!(matches!(third, Err(Error::Aborted | Error::TimedOut)), "{third:?}");
    assert!(accepted.is_err(), "a third was accepted");
    up.clear();
    tokio::time::sleep(half_a_second).await;
    let (client, server) = tokio::join!(sctp::connect(&endpoint, pair::FRAMING, TIMEOUT), listener.accept());
    assert!(client.is_ok() && server.is_ok());
}

macro_rules! over_each_transport {
    ($($name:ident: $transport:expr;)*) => {$(
        mod $name {
            use super::*;

            const TRANSPORT: Transport = $transport;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn carries_both_ways() {
                super::carries_both_ways(TRANSPORT).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn shutdown_loses_nothing() {
                super::shutdown_loses_nothing(TRANSPORT).await;
            }

            #[tokio::test]
            async fn shutdown_delivers_what_the_peer_still_sends() {
                super::shutdown_delivers_what_the_peer_still_sends(TRANSPORT).await;
            }

            #[tokio::test]
            async fn shutdown_is_bounded() {
                super::shutdown_is_bounded(TRANSPORT).await;
            }

            #[tokio::test]
            async fn an_abort_is_noticed() {
                super::an_abort_is_noticed(TRANSPORT).await;
            }

            #[tokio::test]
            async fn dropping_one_is_an_abort() {
                super::dropping_one_is_an_abort(TRANSPORT).await;
            }

            #[tokio::test]
            async fn a_peer_that_does_not_read_costs_bounded_memory() {
                super::a_peer_that_does_not_read_costs_bounded_memory(TRANSPORT).await;
            }

            #[tokio::test]
            async fn what_cannot_be_carried_is_refused() {
                super::what_cannot_be_carried_is_refused(TRANSPORT).await;
            }

            #[tokio::test]
            async fn no_more_associations_than_allowed() {
                super::no_more_associations_than_allowed(TRANSPORT).await;
            }

            #[tokio::test]
            async fn connecting_to_a_closed_port_fails_in_time() {
                super::connecting_to_a_closed_port_fails_in_time(TRANSPORT).await;
            }
        }
    )*};
}

over_each_transport! {
    kernel: Transport::Kernel;
    over_udp: Transport::OverUdp;
    tcp: Transport::Tcp;
}
