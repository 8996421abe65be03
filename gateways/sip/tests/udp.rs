//! Inbound requests over UDP, and shutdown.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod rig;

use std::sync::atomic::Ordering;

use gateway_sip::config::{Peer, Quirks, ReceiptForm, SipConfig};
use rig::*;
use sip::Name;
use smsc::endpoint::Endpoint;
use smsc::ports::Gateways as _;
use smsc::receipt::State;
use smsc::rejection::Rejection;
#[tokio::test]
async fn a_message_comes_in_and_is_acknowledged_when_it_is_durable() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let answer = phone.ask(&message("sip:+491701234567@smsc", "Content-Type: text/plain\r\n", "Hello")).await;
    assert_eq!(answer.status.code(), 200);
    assert_eq!(answer.headers.get_named("x-sms-msg-id"), Some("0000000000000000001"));
    let accepted = centre.messages().remove(0);
    assert_eq!(accepted.origin, Endpoint::SipPeer("connect".into()));
    assert_eq!(accepted.destination.dialled(), "+491701234567");
    assert_eq!(accepted.source.dialled(), "+4915112345678");
    assert_eq!(&accepted.content.body[..], b"Hello");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert_eq!(centre.started.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_message_moves_when_its_answer_has_been_sent() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    phone.set_nonblocking(true).unwrap();
    let (seen, at_start) = tokio::sync::oneshot::channel();
    let look = phone.try_clone().unwrap();
    *centre.at_start.lock() = Some(Box::new(move || {
        let mut octets = [0; 12];
        seen.send(look.recv(&mut octets).map(|_| octets).ok()).unwrap();
    }));
    let request = message("sip:+491701234567@smsc", "", "Hello");
    phone.send_to(request.as_bytes(), udp_of(&gateway)).unwrap();
    assert_eq!(at_start.await.unwrap().as_ref(), Some(b"SIP/2.0 200 "));
}

#[tokio::test]
async fn a_refusal_is_answered_by_the_table_and_never_with_2xx() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    for (rejection, code) in [
        (Rejection::NoRoute, 404),
        (Rejection::Throttled, 503),
        (Rejection::StoreClosed, 503),
        (Rejection::Forbidden("by a rule"), 403),
    ] {
        centre.rejections.lock().push_back(rejection);
        let answer = phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await;
        assert_eq!(answer.status.code(), code);
        assert_eq!(answer.headers.get(Name::RetryAfter).is_some(), code == 503);
    }
    let past = message("sip:+491701234567@smsc", "X-SMS-VALIDITY: 2020-01-01 00:00:00\r\n", "Hello");
    let answer = phone.ask(&past).await;
    assert_eq!((answer.status.code(), answer.reason.as_str()), (400, "X-SMS-VALIDITY is in the past"));
    let long = message("sip:+491701234567@smsc", "X-SMS-VALIDITY: 2030-01-01 00:00:00\r\n", "Hello");
    let answer = phone.ask(&long).await;
    assert_eq!(answer.headers.get_named("X-SMS-VALIDITY"), Some("2026-11-30 17:05:09"));
    assert!(centre.messages().len() == 1);
}

#[tokio::test]
async fn a_malformed_request_is_answered() {
    let (gateway, _) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let good = message("sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&good.replace("SIP/2.0\r\n", "SIP/7.0\r\n")).await.status.code(), 505);
    assert_eq!(phone.ask(&good.replace("CSeq: 1 MESSAGE", "CSeq: 1 INVITE")).await.status.code(), 400);
    phone.send(b"\r\n\r\n").await;
    phone.send(b"\x00\xff garbage").await;
    let other = message("sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&other).await.status.code(), 200, "garbage does not affect other requests");
}

/// RFC 3261 §8.2: hops, extensions, methods.
#[tokio::test]
async fn protocol_errors_are_refused() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let good = || message("sip:+491701234567@smsc", "", "Hello");
    let looped = phone.ask(&good().replace("Max-Forwards: 70", "Max-Forwards: 0")).await;
    assert_eq!(looped.status.code(), 483);
    let required = phone.ask(&message("sip:+491701234567@smsc", "Require: a, b\r\n", "Hello")).await;
    assert_eq!((required.status.code(), required.headers.get(Name::Unsupported)), (420, Some("a, b")));
    for method in ["INVITE", "SUBSCRIBE", "NONSENSE"] {
        let request = good()
            .replace("MESSAGE sip", &format!("{method} sip"))
            .replace("1 MESSAGE", &format!("1 {method}"));
        let answer = phone.ask(&request).await;
        assert_eq!(answer.status.code(), 405, "{method}");
        assert_eq!(answer.headers.get(Name::Allow), Some("MESSAGE, OPTIONS, REGISTER"));
    }
    let options = good().replace("MESSAGE sip", "OPTIONS sip").replace("1 MESSAGE", "1 OPTIONS");
    assert_eq!(phone.ask(&options).await.status.code(), 200);
    assert!(centre.messages().is_empty());
}

/// RFC 3428 §8 and §7, RFC 3261 §17 and §18: the size that leaves UDP, 202 beside 200,
/// retransmissions, and a retry in a new transaction.
#[tokio::test]
async fn field_58_a_message_is_accepted_once() {
    let quirks = Quirks { accept_202: true, ..Quirks::default() };
    let (gateway, centre) =
        start(SipConfig { peers: vec![Peer { quirks, ..peer("connect", unused_address()) }], ..config() });
    centre.delay_ms.store(50, Ordering::Relaxed);
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let first = message_as(900, 900, "sip:+491701234567@smsc", "", "Hello");
    let new_transaction = message_as(901, 900, "sip:+491701234567@smsc", "", "Hello");
    phone.send(first.as_bytes()).await;
    phone.send(first.as_bytes()).await; // a retransmission: absorbed
    let original = phone.ask(&new_transaction).await;
    let copy = phone.response().await;
    let later = phone.ask(&message_as(902, 900, "sip:+491701234567@smsc", "", "Hello")).await;
    let repeated = phone.ask(&first).await; // answered from its transaction
    for answer in [original, copy, later, repeated] {
        assert_eq!(answer.status.code(), 202);
        assert_eq!(answer.headers.get_named("X-SMS-MSG-ID"), Some("0000000000000000001"));
    }
    assert_eq!(centre.messages().len(), 1);
    let next = phone.ask(&message_as(903, 900, "sip:+491701234567@smsc", "", "Another")).await;
    assert_eq!(next.headers.get_named("X-SMS-MSG-ID"), Some("0000000000000000002"), "no copy");
}

#[tokio::test]
async fn a_refused_message_may_be_tried_again() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    centre.rejections.lock().push_back(Rejection::StoreClosed);
    let answer = phone.ask(&message_as(910, 910, "sip:+491701234567@smsc", "", "Hello")).await;
    assert_eq!(answer.status.code(), 503);
    let answer = phone.ask(&message_as(911, 910, "sip:+491701234567@smsc", "", "Hello")).await;
    assert_eq!(answer.status.code(), 200);
}

#[tokio::test]
async fn messages_that_arrive_together_are_stored_together() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    centre.delay_ms.store(20, Ordering::Relaxed);
    let phone = UserAgent::new(udp_of(&gateway)).await;
    for n in 0..80 {
        phone.send(message("sip:+491701234567@smsc", "", &format!("Hello {n}")).as_bytes()).await;
    }
    for _ in 0..80 {
        assert_eq!(phone.response().await.status.code(), 200);
    }
    let batches = centre.batches.load(Ordering::Relaxed);
    assert!(batches < 40, "{batches} calls for 80 messages");
}

#[tokio::test]
async fn above_its_rate_a_peer_gets_503() {
    let slow = Peer { messages_per_second_max: 2, ..peer("connect", unused_address()) };
    let (gateway, _) = start(SipConfig { peers: vec![slow], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await.status.code());
    }
    assert_eq!(codes, [200, 200, 503, 503]);
}

#[tokio::test]
async fn a_peers_receipt_reaches_the_centre() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let extra = "X-SMS-TYPE: receipt\r\nX-SMS-MSG-ID: abc\r\nX-SMS-STATE: DELIVRD\r\nX-SMS-ERR: 000\r\n";
    let answer = phone.ask(&message("sip:+491701234567@smsc", extra, "")).await;
    assert_eq!(answer.status.code(), 200);
    let receipt = centre.receipts.lock().remove(0);
    assert_eq!((receipt.link.as_str(), receipt.remote_ids[0].as_str()), ("connect", "abc"));
    assert_eq!(receipt.state, State::Delivered);
    assert!(centre.messages().is_empty(), "it is no message");
    let empty = message("sip:+491701234567@smsc", "X-SMS-TYPE: receipt\r\n", "");
    assert_eq!(phone.ask(&empty).await.status.code(), 400);
}

const NOTIFICATION: &str = "From: <sip:+491701234567@there>\r\nTo: <sip:+4915112345678@smsc>\r\n\
    NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: d834jied93rf\r\n\r\n\
    Content-type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n\
    <?xml version=\"1.0\"?><imdn xmlns=\"urn:ietf:params:xml:ns:imdn\"><message-id>34jk324j</message-id>\
    <delivery-notification><status><failed/></status></delivery-notification></imdn>";

#[tokio::test]
async fn a_notification_reaches_the_centre_where_it_was_asked_for() {
    let mut far = peer("ims", unused_address());
    (far.quirks.sends_receipts, far.quirks.receipts) = (true, ReceiptForm::Imdn);
    let (gateway, centre) = start(SipConfig { peers: vec![far], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let told = message("sip:+4915112345678@smsc", "Content-Type: message/cpim\r\n", NOTIFICATION);
    assert_eq!(phone.ask(&told).await.status.code(), 200);
    let receipt = centre.receipts.lock().remove(0);
    assert_eq!((receipt.link.as_str(), receipt.remote_ids[0].as_str()), ("ims", "34jk324j"));
    assert_eq!(receipt.state, State::Undeliverable);
    let displayed = NOTIFICATION.replace("delivery-", "display-").replace("failed", "displayed");
    let other = message("sip:+4915112345678@smsc", "Content-Type: message/cpim\r\n", &displayed);
    assert_eq!(phone.ask(&other.replace("Call-ID: ", "Call-ID: other-")).await.status.code(), 200);
    let broken = message("sip:+4915112345678@smsc", "Content-Type: message/cpim\r\n", "no envelope");
    assert_eq!(phone.ask(&broken.replace("Call-ID: ", "Call-ID: broken-")).await.status.code(), 400);
    assert!(centre.receipts.lock().is_empty() && centre.messages().is_empty(), "none is a message");
}

#[tokio::test]
async fn a_notification_without_request_is_answered_and_discarded() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("ims", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let told = message("sip:+4915112345678@smsc", "Content-Type: message/cpim\r\n", NOTIFICATION);
    assert_eq!(phone.ask(&told).await.status.code(), 200);
    assert!(centre.receipts.lock().is_empty() && centre.messages().is_empty());
}

#[tokio::test]
async fn a_shutdown_finishes_open_messages() {
    let phone = UserAgent::new(unused_address()).await;
    let (gateway, centre) =
        start(SipConfig { t1_ms: 500, peers: vec![peer("connect", phone.address)], ..config() });
    let gateway = std::sync::Arc::new(gateway);
    let phone = UserAgent { towards: udp_of(&gateway), ..phone };
    centre.delay_ms.store(100, Ordering::Relaxed);
    let endpoint = Endpoint::SipPeer("connect".into());
    let going_out = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, "Hello"))));
    let request = phone.request().await;
    phone.send(message("sip:+491701234567@smsc", "", "taken").as_bytes()).await;
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let stopping = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.shutdown(DEADLINE).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    let late = phone.ask(&message("sip:+491701234567@smsc", "", "too late")).await;
    assert_eq!(late.status.code(), 503);
    assert_eq!(phone.response().await.status.code(), 200, "the accepted message");
    phone.answer(&request, 200, "").await;
    assert!(going_out.await.unwrap().is_ok());
    stopping.await.unwrap();
    assert_eq!(centre.messages().len(), 1);
}

/// The response was lost and the transaction has ended: the duplicate is still detected.
#[tokio::test]
async fn a_shutdown_ends_at_its_deadline() {
    let phone = UserAgent::new(unused_address()).await;
    let (gateway, _) =
        start(SipConfig { t1_ms: 500, peers: vec![peer("connect", phone.address)], ..config() });
    let endpoint = Endpoint::SipPeer("connect".into());
    let open = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, "Hello"))));
    phone.request().await;
    let deadline = std::time::Duration::from_millis(50);
    let stopped = tokio::time::timeout(deadline * 20, gateway.shutdown(deadline)).await;
    assert!(stopped.is_ok(), "a delivery without response does not delay it");
    open.abort();
}

#[tokio::test]
async fn a_very_late_retransmission_gets_the_same_answer() {
    let (gateway, centre) =
        start(SipConfig { t1_ms: 1, peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let request = message("sip:+491701234567@smsc", "", "Hello");
    let first = phone.ask(&request).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let again = phone.ask(&request).await;
    for answer in [first, again] {
        assert_eq!(answer.headers.get_named("X-SMS-MSG-ID"), Some("0000000000000000001"));
    }
    assert_eq!(centre.messages().len(), 1);
}

#[tokio::test]
async fn a_panic_of_the_centre_is_answered_500_and_affects_one_batch() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", unused_address())], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    centre.panics.store(true, Ordering::Relaxed);
    let request = message_as(920, 920, "sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&request).await.status.code(), 500);
    let again = message_as(921, 920, "sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&again).await.status.code(), 200);
}

/// The store takes longer than the transaction lives: the response is still sent.
#[tokio::test]
async fn a_response_is_sent_after_a_slow_store() {
    let (gateway, centre) =
        start(SipConfig { t1_ms: 1, peers: vec![peer("connect", unused_address())], ..config() });
    centre.delay_ms.store(200, Ordering::Relaxed);
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let answer = phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await;
    assert_eq!(answer.status.code(), 200);
}
