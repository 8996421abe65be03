//! Messages in a `message/cpim` envelope, and disposition notifications, both ways.

use sip::imdn::{Delivery as Fate, DispositionRequest, Imdn, NAMESPACE};
use sip::{Cpim, Status};

use super::*;

const CPIM: &str = "Content-Type: message/cpim\r\n";
/// The head of an envelope with a notification request.
const ASKS: &str = "From: <sip:+4915112345678@there>\r\nTo: <sip:+491701234567@smsc>\r\n\
    NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324j\r\nDateTime: 2026-11-23T17:05:00Z\r\n\
    imdn.Disposition-Notification: positive-delivery, negative-delivery\r\n\r\n";

fn enclosed(extra: &str, envelope: &str, content: &str) -> Result<Submission, u16> {
    let body = format!("{envelope}{content}");
    let extra = format!("{CPIM}{extra}");
    let incoming = receive(Quirks::default(), "sip:+491701234567@smsc", &extra, body.as_bytes());
    incoming.map(|incoming| incoming.submission)
}

fn imdn_quirks() -> Quirks {
    Quirks { receipts: ReceiptForm::Imdn, sends_receipts: true, ..Quirks::default() }
}

fn envelope_of(request: &Request) -> Cpim {
    assert_eq!(request.headers.get(Name::ContentType), Some("message/cpim"));
    Cpim::parse(&request.body).unwrap()
}

fn receipt_about(client_key: Option<&str>, state: State) -> Message {
    let receipt = Receipt {
        about: MessageId::from_u64(7),
        state,
        error: 0,
        submitted_at: NOW,
        done_at: NOW + Duration::from_secs(60),
        excerpt: Bytes::from_static(b"Hello"),
        excerpt_coding: 0,
        client_key: client_key.map(Into::into),
    };
    let to = Endpoint::SipPeer("connect".into());
    let kind = Kind::Receipt { to, receipt: Box::new(receipt) };
    Message { kind, accepted_at: NOW + Duration::from_secs(60), ..message(0, &[], b"") }
}

#[test]
fn the_text_of_an_envelope_is_the_message() {
    let content = "Content-Type: text/plain; charset=ISO-8859-1\r\nContent-Length: 4\r\n\r\ncaf\u{e9}";
    let latin: Vec<u8> = format!("{ASKS}{content}").chars().map(|each| each as u8).collect();
    let submission = receive(Quirks::default(), "sip:+491701234567@smsc", CPIM, &latin).unwrap().submission;
    assert_eq!((submission.content.data_coding, &submission.content.body[..]), (0, &b"caf\x05"[..]));
    assert_eq!(submission.receipt, ReceiptRequest::ALWAYS);
    assert_eq!(submission.client_key.as_deref(), Some("imdn:34jk324j"));
    let octets = "Content-Type: application/octet-stream\r\n\r\n\u{1}\u{2}";
    assert_eq!(enclosed("", ASKS, octets).unwrap().content.data_coding, 4);
    let untyped = enclosed("", ASKS, "\r\nhello").unwrap();
    assert_eq!(untyped.content.body, b"hello"[..], "no type is text");
}

#[test]
fn line_breaks_after_the_content_are_removed() {
    for (length, text) in [("5", "hello"), ("7", "hello\r\n"), ("3", "hello\r\n"), ("99", "hello\r\n")] {
        let content = format!("Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\nhello\r\n");
        assert_eq!(enclosed("", ASKS, &content).unwrap().content.body, text.as_bytes(), "{length}");
    }
}

#[test]
fn an_imdn_request_becomes_a_receipt_request() {
    let text = "Content-Type: text/plain\r\n\r\nhello";
    let requested = |words: &str| {
        let envelope = ASKS.replace("positive-delivery, negative-delivery", words);
        let submission = enclosed("", &envelope, text).unwrap();
        (submission.receipt.0, submission.client_key.is_some())
    };
    assert_eq!(requested("positive-delivery, negative-delivery"), (1, true));
    assert_eq!(requested("negative-delivery"), (2, true));
    assert_eq!(requested("positive-delivery"), (3, true));
    assert_eq!(requested("display"), (0, false), "display notifications are not supported");
    let stated = enclosed("X-REG-DELIVERY: 2\r\n", ASKS, text).unwrap();
    assert_eq!(stated.receipt.0, 2, "the X-REG-DELIVERY header has precedence");
    let named = enclosed("X-SMS-MSG-ID: 34jk324j\r\n", ASKS, text).unwrap();
    assert_eq!(named.client_key.as_deref(), Some("34jk324j"));
    let otherwise = enclosed("X-SMS-MSG-ID: 1\r\n", ASKS, text).unwrap();
    assert_eq!(otherwise.client_key.as_deref(), Some("imdn:34jk324j"));
}

#[test]
fn unsupported_envelopes_are_refused() {
    let text = "Content-Type: text/plain\r\n\r\nhello";
    assert_eq!(enclosed("", "", "hello").unwrap_err(), 400);
    assert_eq!(enclosed("", ASKS, "Content-Type: text/plain\r\n").unwrap_err(), 400);
    assert_eq!(enclosed("", ASKS, "Content-Type: nothing\r\n\r\nx").unwrap_err(), 400);
    assert_eq!(enclosed("", ASKS, "Content-Type: image/png\r\n\r\nx").unwrap_err(), 415);
    assert_eq!(enclosed("", ASKS, "Content-Type: message/cpim\r\n\r\nx").unwrap_err(), 415, "one is enough");
    let base64 = "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=";
    assert_eq!(enclosed("", ASKS, base64).unwrap_err(), 415);
    let required = format!("NS: new <urn:new>\r\nRequire: new.Thing\r\n{ASKS}");
    assert_eq!(enclosed("", &required, text).unwrap_err(), 415);
    let known = format!("Require: imdn.Message-ID\r\n{ASKS}");
    assert!(enclosed("", &known, text).is_ok());
    let long = ASKS.replace("34jk324j", &"x".repeat(65));
    assert_eq!(enclosed("", &long, text).unwrap_err(), 400);
}

#[test]
fn a_notification_is_requested_from_a_peer_that_sends_them() {
    let asking = Message { receipt: ReceiptRequest(1), ..message(0, &[], b"hello") };
    let request = sent_all(asking.clone(), false, &imdn_quirks()).remove(0);
    let cpim = envelope_of(&request);
    assert_eq!(cpim.get("From").as_deref(), Some("<sip:+491700000000@198.51.100.1:5060>"));
    assert_eq!(cpim.get("To").as_deref(), Some("<sip:+4915112345678@192.0.2.1:5080>"));
    assert_eq!(cpim.get("DateTime").as_deref(), Some("2026-11-23T17:05:09Z"));
    let imdn_request = DispositionRequest::of(&cpim).unwrap();
    assert_eq!(Some(imdn_request.message_id.as_str()), get(&request, "X-SMS-MSG-ID"));
    assert!(imdn_request.positive_delivery && imdn_request.negative_delivery);
    assert!(cpim.content_type().unwrap().unwrap().is("text", "plain"));
    assert_eq!(cpim.body, "hello");
    assert_eq!(get(&request, "X-SMS-CODING"), Some("0"), "the headers of the link are the same");

    let plain = |message: &Message, quirks: &Quirks| {
        let request = sent_all(message.clone(), false, quirks).remove(0);
        request.headers.get(Name::ContentType).is_some_and(|media| media.starts_with("text/plain"))
    };
    assert!(plain(&message(0, &[], b"hello"), &imdn_quirks()), "no receipt requested");
    assert!(plain(&asking, &Quirks { sends_receipts: false, ..imdn_quirks() }), "it sends none");
    assert!(plain(&asking, &Quirks { receipts: ReceiptForm::Sms, ..imdn_quirks() }), "it sends SMS receipts");
    let wanted = sent_all(message(0, &[], b"hello"), true, &imdn_quirks()).remove(0);
    assert!(DispositionRequest::of(&envelope_of(&wanted)).is_some(), "the centre itself requests one");
    for (bits, positive, negative) in [(2, false, true), (3, true, false)] {
        let asking = Message { receipt: ReceiptRequest(bits), ..asking.clone() };
        let imdn_request =
            DispositionRequest::of(&envelope_of(&sent_all(asking, false, &imdn_quirks())[0])).unwrap();
        assert_eq!((imdn_request.positive_delivery, imdn_request.negative_delivery), (positive, negative));
    }
}

#[test]
fn an_envelope_survives_both_ways() {
    for (coding, body) in [(0, &b"caf\x05"[..]), (8, b"\x04\x1f\x04\x40"), (4, b"\x00\xff")] {
        let asking = Message { receipt: ReceiptRequest(1), ..message(coding, &[], body) };
        let request = sent_all(asking, false, &imdn_quirks()).remove(0);
        let rules = Rules { validity_max: Duration::from_secs(7 * 86_400) };
        let submission = read(&request, &sender(imdn_quirks()), rules, |_| None, NOW).unwrap().submission;
        assert_eq!((submission.content.data_coding, &submission.content.body[..]), (coding, body));
        assert_eq!(submission.client_key.as_deref(), get(&request, "X-SMS-MSG-ID"), "one id in both");
    }
}

#[test]
fn rule_receipts_as_imdn_are_a_peers_option() {
    let quirks = Quirks { receipts: ReceiptForm::Imdn, ..Quirks::default() };
    let request = sent_all(receipt_about(None, State::Delivered), false, &quirks).remove(0);
    let cpim = envelope_of(&request);
    assert_eq!(cpim.get("From").as_deref(), Some("<sip:+491700000000@198.51.100.1:5060>"));
    assert_eq!(cpim.get("To").as_deref(), Some("<sip:+4915112345678@192.0.2.1:5080>"));
    assert_eq!(cpim.get("DateTime").as_deref(), Some("2026-11-23T17:06:09Z"));
    assert_eq!(
        cpim.get_in(NAMESPACE, "Message-ID").as_deref(),
        Some("0000000000000000042"),
        "an id of its own"
    );
    assert_eq!(cpim.get_in(NAMESPACE, "Disposition-Notification"), None);
    assert_eq!(cpim.content.get(Name::ContentType), Some("message/imdn+xml"));
    assert_eq!(cpim.content.get(Name::ContentDisposition), Some("notification"));
    let imdn = Imdn::parse(&cpim.body).unwrap();
    assert_eq!((imdn.message_id.as_str(), imdn.delivery), ("0000000000000000007", Some(Fate::Delivered)));
    assert_eq!(imdn.datetime, "2026-11-23T17:05:09Z", "when the message was sent");
    assert_eq!(imdn.recipient_uri, "tel:+491700000000");
    assert_eq!(get(&request, "X-SMS-TYPE"), Some("receipt"));
    assert_eq!(get(&request, "X-SMS-MSG-ID"), Some("0000000000000000007"));
}

#[test]
fn a_request_by_envelope_is_answered_by_envelope_with_its_message_id() {
    let request = sent(receipt_about(Some("imdn:34jk324j"), State::Expired));
    let imdn = Imdn::parse(&envelope_of(&request).body).unwrap();
    assert_eq!((imdn.message_id.as_str(), imdn.delivery), ("34jk324j", Some(Fate::Failed)));
    assert_eq!(get(&request, "X-SMS-MSG-ID"), Some("0000000000000000007"));
    let fates = [
        (State::Accepted, Fate::Delivered),
        (State::Deleted, Fate::Failed),
        (State::Undeliverable, Fate::Failed),
        (State::Rejected, Fate::Forbidden),
        (State::Unknown, Fate::Error),
    ];
    for (state, fate) in fates {
        let request = sent(receipt_about(Some("imdn:1"), state));
        assert_eq!(Imdn::parse(&envelope_of(&request).body).unwrap().delivery, Some(fate));
    }
    let sms = sent(receipt_about(Some("order-1"), State::Delivered));
    assert!(str::from_utf8(&sms.body).unwrap().starts_with("id:"), "without IMDN request: SMPP's text");
    let own = sent_all(receipt_about(Some("order-1"), State::Delivered), false, &imdn_quirks()).remove(0);
    assert_eq!(Imdn::parse(&envelope_of(&own).body).unwrap().message_id, "order-1");
}

#[test]
fn notifications_are_read_with_and_without_an_envelope() {
    let read_imdn = |extra: &str, body: &[u8]| {
        let found = notification(&request("sip:+1@smsc", extra, body));
        found.map_err(|refusal| refusal.status)
    };
    let sent = sent(receipt_about(Some("imdn:17"), State::Delivered));
    let imdn = read_imdn(CPIM, &sent.body).unwrap().unwrap();
    let receipt = remote_receipt(&imdn, "ims").unwrap();
    assert_eq!((receipt.link.as_str(), receipt.remote_ids[0].as_str()), ("ims", "17"));
    assert_eq!((receipt.state, receipt.error), (State::Delivered, 0));
    let document = envelope_of(&sent).body;
    let bare = "Content-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n";
    assert_eq!(read_imdn(bare, &document), Ok(Some(imdn.clone())));
    for (delivery, state) in [
        (Some(Fate::Failed), Some(State::Undeliverable)),
        (Some(Fate::Forbidden), Some(State::Rejected)),
        (Some(Fate::Error), Some(State::Unknown)),
        (None, None),
    ] {
        let imdn = Imdn { delivery, ..imdn.clone() };
        assert_eq!(remote_receipt(&imdn, "ims").map(|receipt| receipt.state), state);
    }
    assert_eq!(read_imdn(TEXT, b"hello"), Ok(None));
    assert_eq!(read_imdn(CPIM, format!("{ASKS}Content-Type: text/plain\r\n\r\nhi").as_bytes()), Ok(None));
    for (extra, body) in [(CPIM, &b"no envelope"[..]), (bare, b"<imdn/>"), (bare, b"")] {
        assert_eq!(read_imdn(extra, body), Err(Status::BAD_REQUEST));
    }
}

/// Header fields of the SIP link are not forwarded, and oversized ones are dropped.
#[test]
fn extension_headers_are_forwarded() {
    let long = format!("X-Long: {}\r\n", "x".repeat(1025));
    let extra = format!(
        "{TEXT}X-Colour: blue\r\nx-colour: red\r\nSubject: no\r\nX-SMS-CODING: 0\r\nX-SMSC-ID: a\r\n{long}"
    );
    let submission = accepted(&extra, b"hello");
    let own = [("X-Colour".into(), "blue".to_owned()), ("x-colour".into(), "red".to_owned())];
    assert_eq!(submission.headers, own);
    let request = sent(Message { headers: submission.headers, ..message(0, &[], b"hello") });
    assert_eq!(get(&request, "X-Colour"), Some("blue"));
    let all: Vec<_> =
        request.headers.iter().filter(|(_, name, _)| name.eq_ignore_ascii_case("x-colour")).collect();
    assert_eq!(all.len(), 2);
    let many: String = (0..40).map(|n| format!("X-N{n}: {n}\r\n")).collect();
    assert_eq!(accepted(&format!("{TEXT}{many}"), b"a").headers.len(), 32);
}
