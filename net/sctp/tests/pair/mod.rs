//! Two ends of one association on loopback, and numbered messages that reveal losses.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use sctp::{Association, BadFrame, Endpoint, Error, Event, Framing, Listener, Receiver, Transport, Tuning};

/// The payload protocol of the messages: M3UA.
pub(crate) const PAYLOAD_PROTOCOL: u32 = 3;

/// Longer than any step takes on a slow machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// Messages begin with their length in four octets.
pub(crate) const FRAMING: Framing = Framing {
    payload_protocol: PAYLOAD_PROTOCOL,
    length: |octets| match octets.first_chunk::<4>() {
        Some(length) => match u32::from_be_bytes(*length) {
            length @ 10..100_000 => Ok(Some(length as usize)),
            _ => Err(BadFrame("no message of the test")),
        },
        None => Ok(None),
    },
};

pub(crate) fn tuning() -> Tuning {
    Tuning { udp_port_local: Some(0), ..Tuning::default() }
}

pub(crate) fn listening(transport: Transport, tuning: Tuning) -> Endpoint {
    let local = vec!["127.0.0.1:0".parse().unwrap()];
    Endpoint { transport, local, remote: Vec::new(), tuning }
}

/// Reports a skipped test on stderr directly: the harness captures the output of tests that pass.
pub(crate) fn report_skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// `None`, with a report, where this machine has no such transport.
pub(crate) fn listen(transport: Transport, tuning: Tuning) -> Option<Listener> {
    match Listener::bind(&listening(transport, tuning), FRAMING) {
        Err(Error::NoKernelSctp) => {
            report_skipped("this kernel has no SCTP");
            None
        }
        listener => Some(listener.unwrap()),
    }
}

pub(crate) fn towards(listener: &Listener, transport: Transport, tuning: Tuning) -> Endpoint {
    let remote = vec![listener.local_address()];
    let udp_port_remote = listener.udp_port().unwrap_or_default();
    let tuning = Tuning { udp_port_remote, ..tuning };
    Endpoint { transport, local: vec!["127.0.0.1:0".parse().unwrap()], remote, tuning }
}

/// Both ends: the connecting and the accepting one.
pub(crate) async fn pair(transport: Transport, tuning: Tuning) -> Option<(Association, Association)> {
    let mut listener = listen(transport, tuning)?;
    let endpoint = towards(&listener, transport, tuning);
    let (connected, accepted) = tokio::join!(sctp::connect(&endpoint, FRAMING, TIMEOUT), listener.accept());
    Some((connected.unwrap(), accepted.unwrap()))
}

/// The `number`th message of a stream. Lengths differ, and the contents follow from the number.
pub(crate) fn message(stream: u16, number: u32) -> Bytes {
    let filling = (number % 300) as usize;
    let mut octets = BytesMut::with_capacity(10 + filling);
    octets.put_u32(10 + filling as u32);
    octets.put_u16(stream);
    octets.put_u32(number);
    octets.put_bytes(number.to_be_bytes()[3], filling);
    octets.freeze()
}

/// Sends `count` messages, spread over the streams, in batches of `batch`.
pub(crate) async fn send_numbered(sender: &sctp::Sender, count: u32, batch: u32) {
    let streams = u32::from(sender.streams());
    for first in (0..count).step_by(batch as usize) {
        let numbered = |nth: u32| {
            let stream = (nth % streams) as u16;
            let octets = message(stream, nth / streams);
            sctp::Message { stream, payload_protocol: PAYLOAD_PROTOCOL, octets }
        };
        let messages = (first..count.min(first + batch)).map(numbered).collect();
        sender.send_all(messages).await.unwrap();
    }
}

/// Receives `count` numbered messages and checks each.
pub(crate) async fn receive_numbered(receiver: &mut Receiver, streams: u16, count: u32) {
    let mut numbers = vec![0_u32; usize::from(streams)];
    let mut left = count;
    while left > 0 {
        let event = tokio::time::timeout(TIMEOUT, receiver.receive()).await;
        let event = event.unwrap_or_else(|_| panic!("{left} of {count} are missing"));
        let message = match event {
            Ok(Event::Message(message)) => message,
            Ok(Event::Congested(_)) => continue,
            other => panic!("{other:?} while {left} of {count} are missing"),
        };
        assert_eq!(message.payload_protocol, PAYLOAD_PROTOCOL);
        let number = &mut numbers[usize::from(message.stream)];
        assert_eq!(message.octets, self::message(message.stream, *number));
        *number += 1;
        left -= 1;
    }
}

/// The event or error that ends the association; all others are dropped.
pub(crate) async fn end_of(receiver: &mut Receiver) -> Result<Event, Error> {
    tokio::time::timeout(TIMEOUT, async {
        loop {
            match receiver.receive().await {
                Ok(Event::Message(_) | Event::Congested(_) | Event::Restarted) => {}
                end => return end,
            }
        }
    })
    .await
    .expect("nothing ends the association")
}

/// The local address of a socket of a test.
pub(crate) fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}
