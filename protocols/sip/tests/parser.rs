//! The parser on messages of the standards (RFC 3261, RFC 3428), truncations, mutations and round trips.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests may fail as tests do"
)]

use bytes::Bytes;
use proptest::prelude::*;
use sip::header::Via;
use sip::uri::escape_user;
use sip::{Error, Headers, Message, Method, Name, Request, Response, Status, Uri, parse, reply};

/// F1 of RFC 3428 §10.
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
    Watson, come here.";

/// F4 of RFC 3428 §10.
const ANSWER: &str = "SIP/2.0 200 OK\r\n\
    Via: SIP/2.0/TCP user1pc.domain.com;branch=z9hG4bK776sgdkse;\r\n received=1.2.3.4\r\n\
    From: sip:user1@domain.com;tag=49394\r\n\
    To: sip:user2@domain.com;tag=ab8asdasd9\r\n\
    Call-ID: asd88asd77a@1.2.3.4\r\n\
    CSeq: 1 MESSAGE\r\n\
    Content-Length: 0\r\n\
    \r\n";

fn vectors() -> Vec<Bytes> {
    let folder = format!("{}/tests/vectors/rfc4475", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let messages = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "dat"));
    let mut all: Vec<Bytes> = messages.map(|path| std::fs::read(path).unwrap().into()).collect();
    all.extend([MESSAGE.into(), ANSWER.into()]);
    all
}

fn parse_request(text: impl Into<Bytes>) -> Request {
    match parse(&text.into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn error_of(text: impl Into<Bytes>) -> Error {
    parse(&text.into()).unwrap_err().error
}

#[test]
fn rfc_3428_examples_are_read_and_written() {
    let request = parse_request(MESSAGE);
    assert_eq!((&request.method, request.uri.as_str()), (&Method::Message, "sip:user2@domain.com"));
    assert_eq!(request.headers.from().unwrap().tag(), Some("49583"));
    assert_eq!(request.body, "Watson, come here.");
    assert_eq!(request.to_bytes(), MESSAGE);
    let Ok(Message::Response(response)) = parse(&ANSWER.into()) else { panic!("a response") };
    assert_eq!(response.headers.via().unwrap().received(), "1.2.3.4".parse().ok());
    assert_eq!(response.to_bytes(), ANSWER.replace("\r\n received", " received"));
}

#[test]
fn field_58_a_body_without_content_length_is_the_rest_of_the_datagram() {
    let request = parse_request(MESSAGE.replace("Content-Length: 18\r\n", ""));
    assert_eq!(request.body, "Watson, come here.");
    let request = parse_request(MESSAGE.replace("18", "6"));
    assert_eq!(request.body, "Watson");
}

#[test]
fn every_truncation_is_refused_or_a_shorter_body() {
    for vector in vectors() {
        let head_end = vector.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let whole = parse(&vector).ok().map(|message| message.body().len());
        for length in 0..vector.len() {
            match parse(&vector.slice(..length)) {
                Ok(message) => {
                    assert!(length >= head_end, "{length}");
                    assert!(message.body().len() <= whole.unwrap_or(usize::MAX));
                }
                Err(refused) => assert_eq!(refused.error.status().is_none(), refused.error == Error::Empty),
            }
        }
    }
}

#[test]
fn each_fault_has_its_error() {
    assert_eq!(error_of(""), Error::Empty);
    assert_eq!(error_of("\r\n\r\n"), Error::Empty);
    assert_eq!(error_of("hello"), Error::StartLine);
    assert_eq!(error_of(MESSAGE.replace("SIP/2.0\r\nVia", "HTTP/1.1\r\nVia")), Error::StartLine);
    assert_eq!(error_of(MESSAGE.replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia")), Error::Version);
    assert_eq!(error_of(ANSWER.replace("200 OK", "99 OK")), Error::StartLine);
    assert_eq!(error_of(ANSWER.replace("200 OK", "700 OK")), Error::StartLine);
    assert_eq!(error_of(ANSWER.replace("2.0 200", "2.1 200")), Error::Version);
    assert_eq!(error_of(MESSAGE.replace("Max-Forwards:", "Max Forwards:")), Error::HeaderLine);
    assert_eq!(error_of(MESSAGE.replace("Max-Forwards: 70", "Max-Forwards")), Error::HeaderLine);
    assert_eq!(error_of(MESSAGE.replace("70\r\n", "70\n")), Error::HeaderLine);
    assert_eq!(error_of(MESSAGE.replace("70\r\n", "70\rX: y\r\n")), Error::HeaderLine);
    assert_eq!(error_of(MESSAGE.replace("text/plain", "text")), Error::Malformed("Content-Type"));
    assert_eq!(error_of(MESSAGE.replace("Call-ID: ", "X: ")), Error::Missing("Call-ID"));
    assert_eq!(
        error_of(MESSAGE.replace("text/plain\r\n", "text/plain\r\n\r\n").replace("\r\n\r\n", "\r\n")),
        Error::HeaderLine
    );
    let mut octets = MESSAGE.as_bytes().to_vec();
    octets[60] = 0xff;
    assert_eq!(error_of(octets), Error::NotUtf8);
    let many = "X: y\r\n".repeat(sip::parser::HEADERS_MAX + 1);
    assert_eq!(error_of(MESSAGE.replace("CSeq", &format!("{many}CSeq"))), Error::TooLarge);
    let long = "y".repeat(sip::parser::HEAD_OCTETS_MAX);
    assert_eq!(error_of(MESSAGE.replace("CSeq", &format!("X: {long}\r\nCSeq"))), Error::TooLarge);
}

/// Unambiguous forms outside the grammar are accepted, since phones send them.
#[test]
fn unambiguous_deviations_are_accepted() {
    let request = parse_request(
        MESSAGE
            .replace("From: sip:user1@domain.com;tag=49583", "f: Jörg <sip:user1@domain.com>;tag=a+b/c==")
            .replace("z9hG4bK776sgdkse", "z9hG4bK77/6s=="),
    );
    assert_eq!(request.headers.from().unwrap().display_name().as_deref(), Some("Jörg"));
    assert_eq!(request.headers.from().unwrap().tag(), Some("a+b/c=="));
    assert_eq!(request.headers.via().unwrap().branch_after_cookie(), Some("77/6s=="));
    // A response is not dropped for a malformed field that is not used.
    let answer = ANSWER.replace("Content-Length", "Contact: what?\r\nDate: today\r\nContent-Length");
    assert!(parse(&answer.into()).is_ok());
    assert!(parse(&ANSWER.replace("200 OK", "200").into()).is_ok());
}

#[test]
fn a_refused_ack_is_not_answered() {
    let ack = MESSAGE.replace("MESSAGE", "ACK").replace("Max-Forwards: 70", "Max-Forwards: 700");
    assert_eq!(parse(&ack.into()).unwrap_err().answer, None);
    let message = MESSAGE.replace("Max-Forwards: 70", "Max-Forwards: 700");
    let answer = parse(&message.clone().into()).unwrap_err().answer.unwrap();
    assert_eq!(answer.headers.call_id(), Ok("asd88asd77a@1.2.3.4"));
    assert!(answer.headers.to().unwrap().tag().is_some());
    let again = parse(&message.into()).unwrap_err().answer.unwrap();
    assert_eq!(answer, again); // stateless, and yet the same for a retransmission
}

/// Octets from a seeded generator, so that a failure is reproducible.
fn mutate(octets: &mut Vec<u8>, state: &mut u64) {
    const PIECES: [&[u8]; 12] = [
        b"\r\n",
        b"\r\n ",
        b":",
        b";",
        b",",
        b"\"",
        b"<",
        b">",
        b"%",
        b"\0",
        b"\xff",
        b"99999999999999999999",
    ];
    let mut next = |bound: usize| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*state >> 33).unwrap() % bound.max(1)
    };
    for _ in 0..=next(3) {
        let at = next(octets.len());
        match next(4) {
            0 => octets[at] = u8::try_from(next(256)).unwrap(),
            1 => drop(octets.drain(at..(at + next(8)).min(octets.len()))),
            2 => drop(octets.splice(at..at, PIECES[next(PIECES.len())].iter().copied())),
            _ => octets.truncate(octets.len() - next(20).min(octets.len() - 1)),
        }
        if octets.is_empty() {
            octets.push(b'x');
        }
    }
}

/// Every reader returns on any input, and an accepted message can be written and
/// read again with the same fields.
#[test]
fn mutations_are_read_without_panic() {
    let mut state = 4475;
    let vectors = vectors();
    for round in 0..20_000 {
        let mut octets = vectors[round % vectors.len()].to_vec();
        mutate(&mut octets, &mut state);
        let Ok(message) = parse(&octets.clone().into()) else { continue };
        read_all(message.headers());
        let again = parse(&message.to_bytes());
        let again = again.unwrap_or_else(|refused| panic!("{}: {refused:?}", octets.escape_ascii()));
        let fields = |headers: &Headers| {
            let kept = headers.iter().filter(|(name, _, _)| *name != Name::ContentLength);
            kept.map(|(_, written, value)| (written.to_owned(), value.to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(fields(message.headers()), fields(again.headers()), "{}", octets.escape_ascii());
    }
}

fn read_all(headers: &Headers) {
    for (_, _, value) in headers.iter() {
        let _ = Uri::parse(value).map(|uri| (uri.to_string(), uri.telephone_number(), uri.user_unescaped()));
        let _ = sip::digest::Credentials::parse(value).map(|found| found.map(|found| found.to_string()));
        let _ = sip::digest::Challenge::parse(value).map(|found| found.map(|found| found.to_string()));
        let _ = (sip::header::retry_after(value), sip::header::expires(value));
        if let Some(address) = sip::header::NameAddr::parse(value) {
            let _ = (address.display_name(), address.tag(), address.expires(), address.q_thousandths());
        }
    }
    for via in headers.elements(Name::Via) {
        let via = Via::parse(via).unwrap();
        let _ = (via.branch_after_cookie(), via.received(), via.rport(), reply::datagram_target(&via));
    }
}

#[test]
fn no_value_starts_a_header_of_its_own() {
    let mut request = parse_request(MESSAGE);
    request.headers.push(Name::Subject, "a\r\nX-Evil: 1\0");
    request.headers.push_named("X-Bad:\r\nName", "b");
    request.headers.push_named("\r\n", "c");
    let mut answer = Response::new(Status::OK);
    answer.reason = "fine\r\nX-Evil: 2".to_owned();
    answer.headers = request.headers.clone();
    for octets in [request.to_bytes(), answer.to_bytes()] {
        let message = parse(&octets).unwrap();
        assert_eq!(message.headers().get(Name::Subject), Some("a  X-Evil: 1"));
        assert_eq!(message.headers().get_named("x-badname"), Some("b"));
        assert_eq!(message.headers().get_named("X-Evil"), None);
    }
}

#[test]
fn header_fields_keep_their_order_and_name() {
    let mut headers = Headers::new();
    headers.push(Name::To, "a");
    headers.push_named("x-sms-udh", "050003010201");
    headers.push_named("t", "b");
    headers.push_front(Name::Via, "SIP/2.0/UDP a");
    assert_eq!(headers.get_named("X-SMS-UDH"), Some("050003010201"));
    assert_eq!(headers.all(Name::To).collect::<Vec<_>>(), ["a", "b"]);
    headers.set(Name::To, "c");
    let all: Vec<_> = headers.iter().map(|(_, written, value)| (written, value)).collect();
    assert_eq!(all, [("Via", "SIP/2.0/UDP a"), ("To", "c"), ("x-sms-udh", "050003010201"), ("t", "b")]);
    headers.remove(Name::To);
    headers.remove_named("X-Sms-Udh");
    assert_eq!((headers.len(), headers.is_empty()), (1, false));
}

#[test]
fn debug_shows_no_body_and_no_values() {
    let mut request = parse_request(MESSAGE);
    request.headers.push(Name::Authorization, "Digest username=\"secret-user\"");
    let shown = format!("{request:?} {:?}", Message::Request(request.clone()));
    for hidden in ["Watson", "user2", "secret-user", "49583"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(shown.contains("Authorization") && shown.contains("body_octets: 18"));
}

/// RFC 3581 §4 and its example in §6; RFC 3261 §18.2.1.
#[test]
fn the_source_is_noted_in_the_topmost_via() {
    let via = |via: &str, source: &str| {
        let mut request = parse_request(MESSAGE);
        request.headers.set(Name::Via, via);
        request.note_source(source.parse().unwrap());
        let noted = request.headers.get(Name::Via).unwrap().to_owned();
        let target = reply::datagram_target(&Via::parse(noted.split(',').next().unwrap()).unwrap());
        (noted, target.map(|target| target.to_string()))
    };
    assert_eq!(
        via("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff", "192.0.2.1:9988"),
        (
            "SIP/2.0/UDP 10.1.1.1:4540;branch=z9hG4bKkjshdyff;received=192.0.2.1;rport=9988".to_owned(),
            Some("192.0.2.1:9988".to_owned())
        )
    );
    assert_eq!(
        via("SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK1", "10.1.1.1:7").0,
        "SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK1"
    );
    assert_eq!(
        via("SIP/2.0/UDP host:4000;received=9.9.9.9, SIP/2.0/TCP next", "[2001:db8::1]:7"),
        (
            "SIP/2.0/UDP host:4000;received=2001:db8::1, SIP/2.0/TCP next".to_owned(),
            Some("[2001:db8::1]:4000".to_owned())
        )
    );
    assert_eq!(via("SIP/2.0/UDP host;maddr=192.0.2.9:1", "1.2.3.4:5").1, None);
    assert_eq!(via("SIP/2.0/UDP host;maddr=192.0.2.9", "1.2.3.4:5").1.as_deref(), Some("192.0.2.9:5060"));
}

/// RFC 5118: IPv6 addresses in URIs and in Via.
#[test]
fn rfc_5118_ipv6_is_read_in_brackets() {
    let register = |uri: &str, via: &str| {
        let text = MESSAGE.replace("sip:user2@domain.com SIP", &format!("{uri} SIP"));
        parse(&text.replace("SIP/2.0/TCP user1pc.domain.com", via).into())
    };
    let good = "SIP/2.0/UDP [2001:db8::9:1]";
    assert!(register("sip:[2001:db8::10]", good).is_ok()); // §4.1
    assert!(register("sip:2001:db8::10", good).is_err()); // §4.2
    let ambiguous = Uri::parse("sip:[2001:db8::10:5070]").unwrap(); // §4.3: no port
    assert_eq!((ambiguous.host, ambiguous.port), ("[2001:db8::10:5070]", None));
    assert_eq!(Uri::parse("sip:[2001:db8::10]:5070").unwrap().port, Some(5070)); // §4.4
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let via = format!("{good};received={received};branch=z9hG4bKas3-111"); // §4.5
        assert_eq!(Via::parse(&via).unwrap().received(), "2001:db8::9:255".parse().ok());
    }
    assert!(Uri::parse("sip:user@[::ffff:192.0.2.10]").unwrap().ip().is_some()); // §4.9
    assert!(register("sip:user@example.com", "SIP/2.0/UDP [2001:db8:::192.0.2.1]").is_ok()); // §4.10
}

proptest! {
    #[test]
    fn requests_round_trip(
        user in "[ -~é€]{1,20}",
        values in proptest::collection::vec(("X-[A-Za-z_-]{1,12}", "[ -~éю]{0,40}"), 0..8),
        body in proptest::collection::vec(any::<u8>(), 0..200),
        number in 0_u32..1 << 31,
    ) {
        let mut request = Request::new(Method::Message, format!("sip:{}@b.example", escape_user(&user)));
        request.headers.push(Name::Via, "SIP/2.0/UDP a.example;branch=z9hG4bK1");
        request.headers.push(Name::From, "<sip:a@a.example>;tag=1");
        request.headers.push(Name::To, "<sip:b@b.example>");
        request.headers.push(Name::CallId, "1@a.example");
        request.headers.push(Name::CSeq, sip::header::CSeq { number, method: "MESSAGE" });
        for (name, value) in &values {
            request.headers.push_named(name, value);
        }
        request.body = body.into();
        let again = parse_request(request.to_bytes());
        prop_assert_eq!(Uri::parse(&again.uri).unwrap().user_unescaped().unwrap(), user);
        prop_assert_eq!(again.headers.cseq().unwrap().number, number);
        prop_assert_eq!(&again.body, &request.body);
        for (name, value) in &values {
            let first = values.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).unwrap();
            prop_assert_eq!(again.headers.get_named(name), Some(first.1.trim_matches(' ')), "{}", value);
        }
    }

    #[test]
    fn arbitrary_octets_are_refused_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let refused = parse(&octets.into());
        prop_assert!(refused.is_err());
    }
}
