//! The stream framing of TCP and TLS (RFC 3261 §18.3, RFC 5626), with the stream cut at any octet.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may fail as tests do")]

use sip::stream::{Frame, Stream};
use sip::{Error, Status};

const MESSAGE: &str = "MESSAGE sip:user2@domain.com SIP/2.0\r\n\
    Via: SIP/2.0/TCP user1pc.domain.com;branch=z9hG4bK776sgdkse\r\n\
    Max-Forwards: 70\r\n\
    From: sip:user1@domain.com;tag=49583\r\n\
    To: sip:user2@domain.com\r\n\
    Call-ID: asd88asd77a@1.2.3.4\r\n\
    CSeq: 1 MESSAGE\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 18\r\n\
    \r\n\
    Watson,\r\n\r\ncome he";

/// The frames of a stream, one letter each.
fn letters(stream: &mut Stream) -> String {
    let mut out = String::new();
    while let Some(frame) = stream.poll() {
        out.push(match frame {
            Frame::Message(message) => {
                assert_eq!(message.body(), "Watson,\r\n\r\ncome he".get(..message.body().len()).unwrap());
                'm'
            }
            Frame::Refused(_) => 'r',
            Frame::Ping => 'i',
            Frame::Pong => 'o',
        });
    }
    out
}

fn read(text: &str) -> (String, Stream) {
    let mut stream = Stream::new(10_000);
    stream.buffer().extend_from_slice(text.as_bytes());
    (letters(&mut stream), stream)
}

#[test]
fn messages_and_keep_alives_are_distinguished() {
    assert_eq!(read(&MESSAGE.repeat(3)).0, "mmm");
    assert_eq!(read(&MESSAGE.replace("Content-Length: 18", "L :\r\n 18").repeat(2)).0, "mm");
    let half = MESSAGE.split_at(60).0;
    assert!(!format!("{:?}", read(half).1).contains("user2"));
    assert_eq!(read(&format!("\r\n\r\n{MESSAGE}\r\n\r\n\r\n\r\n{MESSAGE}\r\n{MESSAGE}")).0, "imiimom");
    let bad = MESSAGE.replace("Max-Forwards: 70", "Max-Forwards: 700");
    let (letters, stream) = read(&format!("{bad}{MESSAGE}"));
    assert_eq!((letters.as_str(), stream.is_broken()), ("rm", false));
}

/// Cut at every place into two, and into single octets: the same messages.
#[test]
fn a_stream_cut_anywhere_has_the_same_messages() {
    let text = format!("{MESSAGE}\r\n\r\n{MESSAGE}");
    for cut in 0..text.len() {
        let mut stream = Stream::new(10_000);
        let (first, second) = text.as_bytes().split_at(cut);
        stream.buffer().extend_from_slice(first);
        let mut out = letters(&mut stream);
        stream.buffer().extend_from_slice(second);
        out.push_str(&letters(&mut stream));
        // A ping cut in its middle is seen as a pong and then as the ping it is.
        assert_eq!(out.replace("oi", "i"), "mim", "{cut}");
    }
    let mut stream = Stream::new(10_000);
    let mut out = String::new();
    for octet in text.bytes() {
        stream.buffer().extend_from_slice(&[octet]);
        out.push_str(&letters(&mut stream));
    }
    assert_eq!(out, "moim");
}

#[test]
fn a_lost_message_boundary_breaks_the_stream_with_an_answer() {
    let broken = |text: String| {
        let mut stream = Stream::new(2000);
        stream.buffer().extend_from_slice(text.as_bytes());
        let Some(Frame::Refused(refused)) = stream.poll() else { panic!("refused") };
        assert!(stream.is_broken());
        assert!(stream.poll().is_none());
        (refused.error, refused.answer.map(|answer| answer.status))
    };
    let bad = Some(Status::BAD_REQUEST);
    assert_eq!(
        broken(MESSAGE.replace("Content-Length: 18\r\n", "")),
        (Error::Missing("Content-Length"), bad)
    );
    assert_eq!(
        broken(MESSAGE.replace("Content-Length: 18", "l: 18\r\nContent-Length: 18")),
        (Error::Repeated("Content-Length"), bad)
    );
    assert_eq!(broken(MESSAGE.replace(": 18", ": -18")), (Error::Malformed("Content-Length"), bad));
    let too_large = (Error::TooLarge, Some(Status::MESSAGE_TOO_LARGE));
    assert_eq!(broken(MESSAGE.replace(": 18", ": 2000")), too_large);
    assert_eq!(broken(MESSAGE.replace(": 18", &format!(": {}", usize::MAX))), too_large);
    let response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a\r\n\r\n".to_owned();
    assert_eq!(broken(response), (Error::Missing("Content-Length"), None));
}

#[test]
fn a_head_without_end_breaks_the_stream() {
    let mut stream = Stream::new(2000);
    for _ in 0..2001 {
        assert!(stream.poll().is_none());
        stream.buffer().extend_from_slice(b"x");
    }
    assert!(stream.poll().is_none());
    assert!(stream.is_broken());
}
