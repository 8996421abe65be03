//! Associations over TCP: garbage, partial messages, peers that never read.

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

use pair::{TIMEOUT, end_of, receive_numbered, send_numbered, tuning};
use sctp::{Association, Error, Event, Listener, Transport, Tuning};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A raw TCP connection, and its association at the listener.
async fn raw_connection(listener: &mut Listener) -> (TcpStream, Association) {
    let address = listener.local_address();
    let (stream, association) = tokio::join!(TcpStream::connect(address), listener.accept());
    (stream.unwrap(), association.unwrap())
}

#[tokio::test]
async fn garbage_ends_its_own_association_alone() {
    let mut listener = pair::listen(Transport::Tcp, tuning()).unwrap();
    let endpoint = pair::towards(&listener, Transport::Tcp, tuning());
    let (good, accepted) = tokio::join!(sctp::connect(&endpoint, pair::FRAMING, TIMEOUT), listener.accept());
    let ((sender, _own), mut receiver) = (good.unwrap().split(), accepted.unwrap().split().1);
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0, 0, 0, 0, 0], &[0, 1, 0, 1, 0]] {
        let (mut stream, association) = raw_connection(&mut listener).await;
        stream.write_all(garbage).await.unwrap();
        let end = end_of(&mut association.split().1).await;
        assert!(matches!(end, Err(Error::BadFrame(_))), "{end:?}");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    }
    send_numbered(&sender, 100, 10).await;
    receive_numbered(&mut receiver, 1, 100).await;
}

#[tokio::test]
async fn octet_by_octet_is_the_same_message() {
    let mut listener = pair::listen(Transport::Tcp, tuning()).unwrap();
    let (mut stream, mut association) = raw_connection(&mut listener).await;
    stream.set_nodelay(true).unwrap();
    for octet in pair::message(0, 37) {
        stream.write_u8(octet).await.unwrap();
        tokio::task::yield_now().await;
    }
    let event = tokio::time::timeout(TIMEOUT, association.receive()).await.unwrap();
    let Ok(Event::Message(message)) = event else { panic!("{event:?}") };
    assert_eq!(message.octets, pair::message(0, 37));
}

#[tokio::test]
async fn an_end_within_a_message_is_no_end_in_good_order() {
    let whole = pair::message(0, 37);
    for present in 1..whole.len() {
        let mut listener = pair::listen(Transport::Tcp, tuning()).unwrap();
        let (mut stream, association) = raw_connection(&mut listener).await;
        stream.write_all(&whole[..present]).await.unwrap();
        drop(stream);
        let end = end_of(&mut association.split().1).await;
        assert!(matches!(end, Err(Error::BadFrame(_))), "{end:?}");
    }
}

/// It accepts, and never reads.
#[tokio::test]
async fn a_peer_that_never_reads_is_given_up() {
    let listener = TcpListener::bind(pair::anywhere()).await.unwrap();
    let tuning = Tuning {
        rto_min_ms: 50,
        rto_initial_ms: 50,
        rto_max_ms: 100,
        association_retransmissions_max: 4,
        send_ms_max: 60_000,
        ..tuning()
    };
    let remote = vec![listener.local_addr().unwrap()];
    let endpoint = sctp::Endpoint { transport: Transport::Tcp, local: Vec::new(), remote, tuning };
    let (association, accepted) =
        tokio::join!(sctp::connect(&endpoint, pair::FRAMING, TIMEOUT), listener.accept());
    let _accepted = accepted.unwrap();
    let (sender, mut receiver) = association.unwrap().split();
    let mut number = 0;
    let sending = async {
        while sender.send(0, 3, pair::message(0, number)).await.is_ok() {
            number += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), sending).await.expect("it is never given up");
    assert_eq!(end_of(&mut receiver).await, Err(Error::Unreachable));
}

#[tokio::test]
async fn a_refused_connection_is_an_abort() {
    let listener = pair::listen(Transport::Tcp, tuning()).unwrap();
    let endpoint = pair::towards(&listener, Transport::Tcp, tuning());
    drop(listener);
    let refused = sctp::connect(&endpoint, pair::FRAMING, TIMEOUT).await;
    assert_eq!(refused.err(), Some(Error::Aborted));
}
