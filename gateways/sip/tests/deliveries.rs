//! Deliveries to peers over UDP: responses, windows, and monitoring by OPTIONS.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod rig;

use gateway_sip::config::{Login, Peer, ReceiptForm, Secret, Segments, SipConfig};
use rig::*;
use sip::{Name, Request};
use smsc::delivery::{Capabilities, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::{Failure, PeerCode};
use smsc::ports::Gateways as _;
use smsc::receipt::ReceiptRequest;
#[tokio::test]
async fn a_message_goes_out_and_the_answer_comes_back() {
    let phone = UserAgent::new(unused_address()).await;
    let (gateway, _) = start(SipConfig { peers: vec![peer("connect", phone.address)], ..config() });
    let phone = UserAgent { towards: udp_of(&gateway), ..phone };
    let endpoint = Endpoint::SipPeer("connect".into());
    assert_eq!(gateway.available(&endpoint), 100);
    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(5, "Hello"))));
    let request = phone.request().await;
    assert_eq!(request.uri, format!("sip:+4915112345678@{}", phone.address));
    assert_eq!(&request.body[..], b"Hello");
    assert_eq!(gateway.available(&endpoint), 99);
    phone.answer(&request, 200, "").await;
    let handover = pending.await.unwrap().unwrap();
    assert_eq!((handover.remote_id, handover.via.as_str()), (None, "connect"));
    assert_eq!(gateway.available(&endpoint), 100);
}

#[tokio::test]
async fn a_peer_does_not_answer() {
    let phone = UserAgent::new(unused_address()).await;
    let (gateway, _) = start(SipConfig { t1_ms: 2, peers: vec![peer("connect", phone.address)], ..config() });
    let endpoint = Endpoint::SipPeer("connect".into());
    let outcome = gateway.deliver(&endpoint, delivery(outgoing(5, "Hello"))).await;
    assert_eq!(outcome, Err(Failure::Timeout));
    let (first, second) = (phone.request().await, phone.request().await);
    assert_eq!(first.headers.via().unwrap().branch(), second.headers.via().unwrap().branch(), "Timer E");
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

/// One delivery to a peer that responds with these codes; returns the requests and the outcome.
async fn deliver_against(
    answers: &[(u16, &str)],
    change: impl Fn(&mut Peer),
) -> (Vec<Request>, Result<DeliveryAck, Failure>) {
    let phone = UserAgent::new(unused_address()).await;
    let mut far = peer("connect", phone.address);
    change(&mut far);
    let (gateway, _) = start(SipConfig { t1_ms: 200, peers: vec![far], ..config() });
    let phone = UserAgent { towards: udp_of(&gateway), ..phone };
    let endpoint = Endpoint::SipPeer("connect".into());
    let mut asking = outgoing(5, "Hello");
    asking.receipt = ReceiptRequest::ALWAYS;
    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(asking)));
    let mut requests = Vec::new();
    for (code, extra) in answers {
        let request = phone.request().await;
        phone.answer(&request, *code, extra).await;
        requests.push(request);
    }
    (requests, pending.await.unwrap())
}

#[tokio::test]
async fn responses_are_mapped_by_the_table() {
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
    let elsewhere = UserAgent::new(unused_address()).await;
    let contact = format!("Contact: <sip:+4930@{}>\r\n", elsewhere.address);
    let run = tokio::spawn(async move { deliver_against(&[(302, contact.as_str())], |_| {}).await });
    let request = elsewhere.request().await;
    assert_eq!(request.uri, format!("sip:+4930@{}", elsewhere.address));
    let via = request.headers.via().unwrap();
    let back = format!("{}:{}", via.host, via.port.unwrap()).parse().unwrap();
    let elsewhere = UserAgent { towards: back, ..elsewhere };
    elsewhere.answer(&request, 301, "Contact: <sip:x@127.0.0.1:9>\r\n").await;
    assert_eq!(run.await.unwrap().1, Err(Failure::PeerFault(PeerCode::SipStatus(301))));
}

#[tokio::test]
async fn the_window_bounds_what_is_open() {
    let phone = UserAgent::new(unused_address()).await;
    let narrow = Peer { window_max: 2, ..peer("connect", phone.address) };
    let (gateway, centre) = start(SipConfig { t1_ms: 500, peers: vec![narrow], ..config() });
    let phone = UserAgent { towards: udp_of(&gateway), ..phone };
    let endpoint = Endpoint::SipPeer("connect".into());
    let pending: Vec<_> =
        (1..=3).map(|id| tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(id, "Hello"))))).collect();
    let (first, second) = (phone.request().await, phone.request().await);
    assert_eq!(gateway.available(&endpoint), 0);
    phone.answer(&first, 200, "").await;
    phone.answer(&second, 200, "").await;
    let third = phone.request().await;
    phone.answer(&third, 200, "").await;
    for each in pending {
        assert!(each.await.unwrap().is_ok());
    }
    assert!(centre.opened.lock().contains(&endpoint), "a free window is reported");
}

#[tokio::test]
async fn a_peer_that_answers_no_options_is_down_until_it_does() {
    let phone = UserAgent::new(unused_address()).await;
    let watched = Peer { options_seconds: 1, ..peer("connect", phone.address) };
    let (gateway, centre) = start(SipConfig { t1_ms: 2, peers: vec![watched], ..config() });
    let phone = UserAgent { towards: udp_of(&gateway), ..phone };
    let endpoint = Endpoint::SipPeer("connect".into());
    while gateway.available(&endpoint) > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!gateway.status()[0].up);
    while gateway.available(&endpoint) == 0 {
        let request = phone.request().await;
        assert_eq!(request.method, sip::Method::Options);
        phone.answer(&request, 405, "").await; // any response but 408 and 503
    }
    assert_eq!(centre.opened.lock().first(), Some(&endpoint));
}

#[tokio::test]
async fn capabilities_follow_the_configuration() {
    let mut far = peer("connect", unused_address());
    far.quirks.segments = Segments::Passthrough;
    far.quirks.sends_receipts = true;
    far.open_per_destination = 4;
    let (gateway, _) = start(SipConfig { peers: vec![far, peer("plain", unused_address())], ..config() });
    let capabilities = gateway.capabilities(&Endpoint::SipPeer("connect".into()));
    assert_eq!(
        capabilities,
        Capabilities { open_per_destination: 4, reassembled: false, sends_receipts: true }
    );
    let capabilities = gateway.capabilities(&Endpoint::SipPeer("plain".into()));
    assert_eq!(
        capabilities,
        Capabilities { open_per_destination: 1, reassembled: true, sends_receipts: false }
    );
    let stranger = Endpoint::SipPeer("stranger".into());
    assert_eq!(gateway.available(&stranger), 0);
    assert_eq!(gateway.deliver(&stranger, delivery(outgoing(1, "a"))).await, Err(Failure::NoRoute));
}

/// An error response to OPTIONS shows that the peer is up; 503 shows that it is down.
#[tokio::test]
async fn a_peer_that_answers_options_with_503_stays_down() {
    let phone = UserAgent::new(unused_address()).await;
    let watched = Peer { options_seconds: 1, ..peer("connect", phone.address) };
    let (gateway, centre) = start(SipConfig { t1_ms: 50, peers: vec![watched], ..config() });
    let phone = UserAgent { towards: udp_of(&gateway), ..phone };
    for _ in 0..2 {
        let request = phone.request().await;
        phone.answer(&request, 503, "").await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(gateway.available(&Endpoint::SipPeer("connect".into())), 0);
    assert!(centre.opened.lock().is_empty(), "it never came up");
}

#[tokio::test]
async fn a_peer_that_leaves_one_message_unanswered_is_not_down() {
    let phone = UserAgent::new(unused_address()).await;
    let far = Peer { options_seconds: 600, ..peer("connect", phone.address) };
    let (gateway, _) = start(SipConfig { t1_ms: 20, peers: vec![far], ..config() });
    let phone = UserAgent { towards: udp_of(&gateway), ..phone };
    let greeting = phone.request().await;
    assert_eq!(greeting.method, sip::Method::Options);
    phone.answer(&greeting, 200, "").await;
    let endpoint = Endpoint::SipPeer("connect".into());
    let silent = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, "silent"))));
    while &phone.request().await.body[..] != b"silent" {}
    let answered = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(2, "answered"))));
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
    let silent = gateway.deliver(&endpoint, delivery(outgoing(3, "silent")));
    assert_eq!(silent.await, Err(Failure::Timeout));
    assert!(!gateway.status()[0].up, "it answers no request");
}
