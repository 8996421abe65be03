//! Messages in and out over UDP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod support;

use std::sync::atomic::Ordering;

use gateway_sip::config::{Login, Peer, Quirks, ReceiptForm, Secret, Segments, SipConfig};
use sip::{Name, Request};
use smsc::failure::{Failure, PeerCode};
use smsc::message::Party;
use smsc::ports::{Gateways as _, Handover, Wishes};
use smsc::receipt::{ReceiptRequest, State};
use smsc::rejection::Rejection;
use support::*;

#[tokio::test]
async fn a_message_comes_in_and_is_acknowledged_when_it_is_durable() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
    let answer = phone.ask(&message("sip:+491701234567@smsc", "Content-Type: text/plain\r\n", "Hello")).await;
    assert_eq!(answer.status.code(), 200);
    assert_eq!(answer.headers.get_named("x-sms-msg-id"), Some("0000000000000000001"));
    let accepted = centre.messages().remove(0);
    assert_eq!(accepted.origin, Party::SipPeer("connect".into()));
    assert_eq!(accepted.destination.dialled(), "+491701234567");
    assert_eq!(accepted.source.dialled(), "+4915112345678");
    assert_eq!(&accepted.content.body[..], b"Hello");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert_eq!(centre.started.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_message_moves_when_its_answer_has_been_sent() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
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
async fn a_message_goes_out_and_the_answer_comes_back() {
    let phone = Phone::new(nobody()).await;
    let (gateway, _) = start(SipConfig { peers: vec![peer("connect", phone.address)], ..config() });
    let phone = Phone { towards: udp_of(&gateway), ..phone };
    let party = Party::SipPeer("connect".into());
    assert_eq!(gateway.room(&party), 100);
    let pending = tokio::spawn(gateway.deliver(&party, delivery(outgoing(5, "Hello"))));
    let request = phone.request().await;
    assert_eq!(request.uri, format!("sip:+4915112345678@{}", phone.address));
    assert_eq!(&request.body[..], b"Hello");
    assert_eq!(gateway.room(&party), 99);
    phone.answer(&request, 200, "").await;
    let handover = pending.await.unwrap().unwrap();
    assert_eq!((handover.remote_id, handover.via.as_str()), (None, "connect"));
    assert_eq!(gateway.room(&party), 100);
}

#[tokio::test]
async fn nobody_answers() {
    let phone = Phone::new(nobody()).await;
    let (gateway, _) = start(SipConfig { t1_ms: 2, peers: vec![peer("connect", phone.address)], ..config() });
    let party = Party::SipPeer("connect".into());
    let outcome = gateway.deliver(&party, delivery(outgoing(5, "Hello"))).await;
    assert_eq!(outcome, Err(Failure::Timeout));
    let (first, second) = (phone.request().await, phone.request().await);
    assert_eq!(first.headers.via().unwrap().branch(), second.headers.via().unwrap().branch(), "Timer E");
}

#[tokio::test]
async fn a_refusal_is_answered_by_the_table_and_never_with_2xx() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
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
    let (gateway, _) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
    let good = message("sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&good.replace("SIP/2.0\r\n", "SIP/7.0\r\n")).await.status.code(), 505);
    assert_eq!(phone.ask(&good.replace("CSeq: 1 MESSAGE", "CSeq: 1 INVITE")).await.status.code(), 400);
    phone.send(b"\r\n\r\n").await;
    phone.send(b"\x00\xff garbage").await;
    let other = message("sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&other).await.status.code(), 200, "garbage disturbs nobody");
}

/// RFC 3261 §8.2: hops, extensions, methods.
#[tokio::test]
async fn what_every_element_must_refuse() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
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
async fn field_58_a_message_is_taken_once() {
    let quirks = Quirks { accept_202: true, ..Quirks::default() };
    let (gateway, centre) =
        start(SipConfig { peers: vec![Peer { quirks, ..peer("connect", nobody()) }], ..config() });
    centre.delay_ms.store(50, Ordering::Relaxed);
    let phone = Phone::new(udp_of(&gateway)).await;
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
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
    centre.rejections.lock().push_back(Rejection::StoreClosed);
    let answer = phone.ask(&message_as(910, 910, "sip:+491701234567@smsc", "", "Hello")).await;
    assert_eq!(answer.status.code(), 503);
    let answer = phone.ask(&message_as(911, 910, "sip:+491701234567@smsc", "", "Hello")).await;
    assert_eq!(answer.status.code(), 200);
}

#[tokio::test]
async fn messages_that_arrive_together_are_stored_together() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    centre.delay_ms.store(20, Ordering::Relaxed);
    let phone = Phone::new(udp_of(&gateway)).await;
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
async fn over_its_rate_a_peer_hears_503() {
    let slow = Peer { messages_per_second_max: 2, ..peer("connect", nobody()) };
    let (gateway, _) = start(SipConfig { peers: vec![slow], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await.status.code());
    }
    assert_eq!(codes, [200, 200, 503, 503]);
}

#[tokio::test]
async fn a_peers_receipt_reaches_the_centre() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
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
    let mut far = peer("ims", nobody());
    (far.quirks.sends_receipts, far.quirks.receipts) = (true, ReceiptForm::Imdn);
    let (gateway, centre) = start(SipConfig { peers: vec![far], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
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
async fn a_notification_that_nobody_asked_for_is_taken_and_means_nothing() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("ims", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
    let told = message("sip:+4915112345678@smsc", "Content-Type: message/cpim\r\n", NOTIFICATION);
    assert_eq!(phone.ask(&told).await.status.code(), 200);
    assert!(centre.receipts.lock().is_empty() && centre.messages().is_empty());
}

#[tokio::test]
async fn a_peer_that_is_asked_for_notifications_knows_the_message_by_our_id() {
    let id = "X-SMS-MSG-ID: far-1\r\n";
    let (requests, outcome) = deliver_against(&[(200, id)], |peer| {
        (peer.quirks.sends_receipts, peer.quirks.receipts) = (true, ReceiptForm::Imdn);
    })
    .await;
    let cpim = sip::Cpim::parse(&requests[0].body).unwrap();
    let asked = sip::imdn::DispositionRequest::of(&cpim).unwrap();
    assert_eq!(outcome.unwrap().remote_id.as_deref(), Some(asked.message_id.as_str()));
    assert_eq!(cpim.body, "Hello");
}

/// One delivery to a peer that answers with these codes; the requests it saw, and the outcome.
async fn deliver_against(
    answers: &[(u16, &str)],
    change: impl Fn(&mut Peer),
) -> (Vec<Request>, Result<Handover, Failure>) {
    let phone = Phone::new(nobody()).await;
    let mut far = peer("connect", phone.address);
    change(&mut far);
    let (gateway, _) = start(SipConfig { t1_ms: 200, peers: vec![far], ..config() });
    let phone = Phone { towards: udp_of(&gateway), ..phone };
    let party = Party::SipPeer("connect".into());
    let mut asking = outgoing(5, "Hello");
    asking.receipt = ReceiptRequest::ALWAYS;
    let pending = tokio::spawn(gateway.deliver(&party, delivery(asking)));
    let mut requests = Vec::new();
    for (code, extra) in answers {
        let request = phone.request().await;
        phone.answer(&request, *code, extra).await;
        requests.push(request);
    }
    (requests, pending.await.unwrap())
}

#[tokio::test]
async fn answers_mean_what_the_table_says() {
    let outcome = |code, extra| async move { deliver_against(&[(code, extra)], |_| {}).await.1 };
    assert_eq!(outcome(404, "").await, Err(Failure::UnknownSubscriber));
    assert_eq!(outcome(480, "").await, Err(Failure::ABSENT));
    assert_eq!(outcome(486, "").await, Err(Failure::SubscriberBusy));
    let wait = Some(std::time::Duration::from_secs(7));
    let busy = outcome(503, "Retry-After: 7 (soon)\r\n").await;
    assert_eq!(busy, Err(Failure::Throttled { retry_after: wait }));
    assert!(outcome(202, "").await.is_ok());
    assert!(outcome(401, "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n").await.is_err(), "no login");
}

#[tokio::test]
async fn the_peers_id_is_kept_where_it_will_send_a_receipt() {
    let id = "X-SMS-MSG-ID: far-1\r\n";
    let (_, outcome) = deliver_against(&[(200, id)], |peer| peer.quirks.sends_receipts = true).await;
    assert_eq!(outcome.unwrap().remote_id.as_deref(), Some("far-1"));
    let (_, outcome) = deliver_against(&[(200, id)], |_| {}).await;
    assert_eq!(outcome.unwrap().remote_id, None);
}

#[tokio::test]
async fn a_challenge_is_answered_with_digest() {
    let login = Login { user: "us".into(), password: Secret::new("pa55word") };
    for (code, field, answer) in [
        (401, "WWW-Authenticate", Name::Authorization),
        (407, "Proxy-Authenticate", Name::ProxyAuthorization),
    ] {
        let challenge =
            format!("{field}: Digest realm=\"far\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n");
        let (requests, outcome) =
            deliver_against(&[(code, &challenge), (200, "")], |peer| peer.outbound = Some(login.clone()))
                .await;
        assert!(outcome.is_ok());
        let value = requests[1].headers.get(answer).unwrap();
        let credentials = sip::digest::Credentials::parse(value).unwrap().unwrap();
        assert!(credentials.is_proof_of(sip::digest::Secret::Password("pa55word"), "MESSAGE", b""));
        let cseq = |at: usize| requests[at].headers.cseq().unwrap().number;
        assert_eq!((cseq(0), cseq(1)), (1, 2));
        assert_eq!(requests[0].headers.call_id(), requests[1].headers.call_id());
    }
    let wrong = "WWW-Authenticate: Digest realm=\"far\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n";
    let (_, outcome) = deliver_against(&[(401, wrong), (401, wrong), (401, wrong)], |peer| {
        peer.outbound = Some(login.clone());
    })
    .await;
    assert_eq!(outcome, Err(Failure::PeerFault(PeerCode::SipStatus(401))));
}

#[tokio::test]
async fn a_redirection_is_followed_once() {
    let elsewhere = Phone::new(nobody()).await;
    let contact = format!("Contact: <sip:+4930@{}>\r\n", elsewhere.address);
    let run = tokio::spawn(async move { deliver_against(&[(302, contact.as_str())], |_| {}).await });
    let request = elsewhere.request().await;
    assert_eq!(request.uri, format!("sip:+4930@{}", elsewhere.address));
    let via = request.headers.via().unwrap();
    let back = format!("{}:{}", via.host, via.port.unwrap()).parse().unwrap();
    let elsewhere = Phone { towards: back, ..elsewhere };
    elsewhere.answer(&request, 301, "Contact: <sip:x@127.0.0.1:9>\r\n").await;
    assert_eq!(run.await.unwrap().1, Err(Failure::PeerFault(PeerCode::SipStatus(301))));
}

#[tokio::test]
async fn the_window_bounds_what_is_open() {
    let phone = Phone::new(nobody()).await;
    let narrow = Peer { window_max: 2, ..peer("connect", phone.address) };
    let (gateway, centre) = start(SipConfig { t1_ms: 500, peers: vec![narrow], ..config() });
    let phone = Phone { towards: udp_of(&gateway), ..phone };
    let party = Party::SipPeer("connect".into());
    let pending: Vec<_> =
        (1..=3).map(|id| tokio::spawn(gateway.deliver(&party, delivery(outgoing(id, "Hello"))))).collect();
    let (first, second) = (phone.request().await, phone.request().await);
    assert_eq!(gateway.room(&party), 0);
    phone.answer(&first, 200, "").await;
    phone.answer(&second, 200, "").await;
    let third = phone.request().await;
    phone.answer(&third, 200, "").await;
    for each in pending {
        assert!(each.await.unwrap().is_ok());
    }
    assert!(centre.opened.lock().contains(&party), "a freed window is told");
}

#[tokio::test]
async fn a_peer_that_answers_no_options_is_down_until_it_does() {
    let phone = Phone::new(nobody()).await;
    let watched = Peer { options_seconds: 1, ..peer("connect", phone.address) };
    let (gateway, centre) = start(SipConfig { t1_ms: 2, peers: vec![watched], ..config() });
    let phone = Phone { towards: udp_of(&gateway), ..phone };
    let party = Party::SipPeer("connect".into());
    while gateway.room(&party) > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!gateway.status()[0].up);
    while gateway.room(&party) == 0 {
        let request = phone.request().await;
        assert_eq!(request.method, sip::Method::Options);
        phone.answer(&request, 405, "").await; // an answer is an answer
    }
    assert_eq!(centre.opened.lock().first(), Some(&party));
}

#[tokio::test]
async fn wishes_follow_the_peers_options() {
    let mut far = peer("connect", nobody());
    far.quirks.segments = Segments::Passthrough;
    far.quirks.sends_receipts = true;
    far.open_per_destination = 4;
    let (gateway, _) = start(SipConfig { peers: vec![far, peer("plain", nobody())], ..config() });
    let wishes = gateway.wishes(&Party::SipPeer("connect".into()));
    assert_eq!(wishes, Wishes { open_per_destination: 4, reassembled: false, sends_receipts: true });
    let wishes = gateway.wishes(&Party::SipPeer("plain".into()));
    assert_eq!(wishes, Wishes { open_per_destination: 1, reassembled: true, sends_receipts: false });
    let stranger = Party::SipPeer("stranger".into());
    assert_eq!(gateway.room(&stranger), 0);
    assert_eq!(gateway.deliver(&stranger, delivery(outgoing(1, "a"))).await, Err(Failure::NoRoute));
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_begun() {
    let phone = Phone::new(nobody()).await;
    let (gateway, centre) =
        start(SipConfig { t1_ms: 500, peers: vec![peer("connect", phone.address)], ..config() });
    let gateway = std::sync::Arc::new(gateway);
    let phone = Phone { towards: udp_of(&gateway), ..phone };
    centre.delay_ms.store(100, Ordering::Relaxed);
    let party = Party::SipPeer("connect".into());
    let going_out = tokio::spawn(gateway.deliver(&party, delivery(outgoing(1, "Hello"))));
    let request = phone.request().await;
    phone.send(message("sip:+491701234567@smsc", "", "taken").as_bytes()).await;
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let stopping = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.shutdown().await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    let late = phone.ask(&message("sip:+491701234567@smsc", "", "too late")).await;
    assert_eq!(late.status.code(), 503);
    assert_eq!(phone.response().await.status.code(), 200, "the one that was taken");
    phone.answer(&request, 200, "").await;
    assert!(going_out.await.unwrap().is_ok());
    stopping.await.unwrap();
    assert_eq!(centre.messages().len(), 1);
}

/// The answer was lost and the transaction is over: the message is recognised all the same.
#[tokio::test]
async fn a_very_late_retransmission_gets_the_same_answer() {
    let (gateway, centre) = start(SipConfig { t1_ms: 1, peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
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
async fn a_panic_of_the_centre_is_answered_500_and_costs_nobody_else() {
    let (gateway, centre) = start(SipConfig { peers: vec![peer("connect", nobody())], ..config() });
    let phone = Phone::new(udp_of(&gateway)).await;
    centre.panics.store(true, Ordering::Relaxed);
    let request = message_as(920, 920, "sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&request).await.status.code(), 500);
    let again = message_as(921, 920, "sip:+491701234567@smsc", "", "Hello");
    assert_eq!(phone.ask(&again).await.status.code(), 200);
}

/// An answer that refuses an OPTIONS shows that the peer is there; 503 shows that it is not.
#[tokio::test]
async fn a_peer_that_answers_options_with_503_stays_down() {
    let phone = Phone::new(nobody()).await;
    let watched = Peer { options_seconds: 1, ..peer("connect", phone.address) };
    let (gateway, centre) = start(SipConfig { t1_ms: 50, peers: vec![watched], ..config() });
    let phone = Phone { towards: udp_of(&gateway), ..phone };
    for _ in 0..2 {
        let request = phone.request().await;
        phone.answer(&request, 503, "").await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(gateway.room(&Party::SipPeer("connect".into())), 0);
    assert!(centre.opened.lock().is_empty(), "it never came up");
}

/// The store took longer than the transaction lives: the answer goes out all the same.
#[tokio::test]
async fn a_slow_store_is_no_reason_for_silence() {
    let (gateway, centre) = start(SipConfig { t1_ms: 1, peers: vec![peer("connect", nobody())], ..config() });
    centre.delay_ms.store(200, Ordering::Relaxed);
    let phone = Phone::new(udp_of(&gateway)).await;
    let answer = phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await;
    assert_eq!(answer.status.code(), 200);
}

#[tokio::test]
async fn a_peer_that_leaves_one_message_unanswered_is_not_down() {
    let phone = Phone::new(nobody()).await;
    let far = Peer { options_seconds: 600, ..peer("connect", phone.address) };
    let (gateway, _) = start(SipConfig { t1_ms: 20, peers: vec![far], ..config() });
    let phone = Phone { towards: udp_of(&gateway), ..phone };
    let greeting = phone.request().await;
    assert_eq!(greeting.method, sip::Method::Options);
    phone.answer(&greeting, 200, "").await;
    let party = Party::SipPeer("connect".into());
    let silent = tokio::spawn(gateway.deliver(&party, delivery(outgoing(1, "silent"))));
    while &phone.request().await.body[..] != b"silent" {}
    let answered = tokio::spawn(gateway.deliver(&party, delivery(outgoing(2, "answered"))));
    let request = loop {
        let request = phone.request().await;
        if &request.body[..] == b"answered" {
            break request;
        }
    };
    phone.answer(&request, 200, "").await;
    assert!(answered.await.unwrap().is_ok());
    assert_eq!(silent.await.unwrap(), Err(Failure::Timeout));
    assert!(gateway.status()[0].up);
    let silent = gateway.deliver(&party, delivery(outgoing(3, "silent")));
    assert_eq!(silent.await, Err(Failure::Timeout));
    assert!(!gateway.status()[0].up, "now it answers nobody");
}
