//! Authentication: access lists, digest, registered users.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod rig;

use gateway_sip::config::{Login, Peer, Secret, SipConfig};
use rig::*;
use sip::digest::{Challenge, Login as DigestLogin, Secret as DigestSecret};
use sip::{Name, Response};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::ports::Gateways as _;

const NUMBER: &str = "+491511111111";

/// The Authorization line that answers the challenge of this algorithm.
fn authorization(challenged: &Response, algorithm: &str, user: &str, method: &str, uri: &str) -> String {
    let challenges = challenged.headers.all(Name::WwwAuthenticate);
    let mut challenges = challenges.filter_map(|value| Challenge::parse(value).ok().flatten());
    let challenge = challenges.find(|each| each.algorithm.as_str() == algorithm).unwrap();
    let login = DigestLogin { username: user, secret: DigestSecret::Password("pa55word") };
    format!("Authorization: {}\r\n", challenge.answer(login, method, uri, b"", "0a4f113b", 1))
}

fn register(extra: &str, cseq: u32) -> String {
    format!(
        "REGISTER sip:smsc SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bKr{cseq};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:alice@smsc>;tag=1\r\nTo: <sip:alice@smsc>\r\nCall-ID: reg\r\n\
         CSeq: {cseq} REGISTER\r\n{extra}Content-Length: 0\r\n\r\n"
    )
}

/// Registers the user agent as alice.
async fn registered(phone: &UserAgent, seconds: u32, cseq: u32, algorithm: &str) -> Response {
    let contact = format!("Contact: <sip:alice@{}>\r\nExpires: {seconds}\r\n", phone.address);
    let challenged = phone.ask(&register(&contact, cseq)).await;
    assert_eq!(challenged.status.code(), 401);
    let proof = authorization(&challenged, algorithm, "alice", "REGISTER", "sip:smsc");
    phone.ask(&register(&format!("{contact}{proof}"), cseq + 1)).await
}

fn with_alice() -> SipConfig {
    SipConfig { users: vec![user("alice", NUMBER), user("bob", "")], t1_ms: 200, ..config() }
}

#[tokio::test]
async fn an_unknown_sender_gets_403_if_no_credentials_are_configured() {
    let far =
        Peer { allowed_addresses: vec!["192.0.2.0/24".parse().unwrap()], ..peer("far", unused_address()) };
    let (gateway, centre) = start(SipConfig { peers: vec![far], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    assert_eq!(phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await.status.code(), 403);
    assert!(centre.messages().is_empty());
}

#[tokio::test]
async fn an_unknown_sender_gets_401_with_both_algorithms() {
    let (gateway, centre) = start(with_alice());
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let answer = phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await;
    assert_eq!(answer.status.code(), 401);
    let challenges: Vec<_> = answer.headers.all(Name::WwwAuthenticate).collect();
    assert_eq!(challenges.len(), 2);
    assert!(challenges[0].contains("algorithm=SHA-256") && challenges[1].contains("algorithm=MD5"));
    assert!(centre.messages().is_empty());
}

#[tokio::test]
async fn an_authenticated_user_sends_from_its_own_number() {
    for algorithm in ["SHA-256", "MD5"] {
        let (gateway, centre) = start(with_alice());
        let phone = UserAgent::new(udp_of(&gateway)).await;
        let challenged = phone.ask(&message("sip:+491701234567@smsc", "", "Hello")).await;
        let uri = "sip:+491701234567@smsc";
        let proof = authorization(&challenged, algorithm, "alice", "MESSAGE", uri);
        let answer = phone.ask(&message(uri, &proof, "Hello")).await;
        assert_eq!(answer.status.code(), 200, "{algorithm}");
        let accepted = centre.messages().remove(0);
        assert_eq!(accepted.origin, Endpoint::SipUser("491511111111".into()));
        assert_eq!(accepted.source.dialled(), NUMBER, "independent of From");
        let replayed = phone.ask(&message(uri, &proof, "Another")).await;
        assert_eq!(replayed.status.code(), 401, "a replay of the credentials is refused");
        assert!(replayed.headers.get(Name::WwwAuthenticate).unwrap().contains("stale=true"));
    }
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_block_the_address() {
    let (gateway, centre) = start(with_alice());
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let uri = "sip:+491701234567@smsc";
    let challenged = phone.ask(&message(uri, "", "Hello")).await;
    let proof = authorization(&challenged, "MD5", "alice", "MESSAGE", "sip:other@smsc")
        .replace("sip:other", "sip:else");
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(phone.ask(&message(uri, &proof, "Hello")).await.status.code());
    }
    assert_eq!((codes[0], codes[9], codes[10], codes[11]), (401, 401, 403, 403));
    assert!(centre.messages().is_empty());
}

#[tokio::test]
async fn a_peer_is_authenticated_by_digest() {
    let inbound = Some(Login { user: "connect".into(), password: Secret::new("pa55word") });
    let far = Peer { allowed_addresses: Vec::new(), inbound, ..peer("connect", unused_address()) };
    let (gateway, centre) = start(SipConfig { peers: vec![far.clone()], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let uri = "sip:+491701234567@smsc";
    let challenged = phone.ask(&message(uri, "", "Hello")).await;
    let proof = authorization(&challenged, "SHA-256", "connect", "MESSAGE", uri);
    assert_eq!(phone.ask(&message(uri, &proof, "Hello")).await.status.code(), 200);
    assert_eq!(centre.messages()[0].origin, Endpoint::SipPeer("connect".into()));
    // The same from an address that is not allowed.
    let both = Peer { both_required: true, allowed_addresses: vec!["192.0.2.1".parse().unwrap()], ..far };
    let (gateway, _) = start(SipConfig { peers: vec![both], ..config() });
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let challenged = phone.ask(&message(uri, "", "Hello")).await;
    let proof = authorization(&challenged, "SHA-256", "connect", "MESSAGE", uri);
    assert_eq!(phone.ask(&message(uri, &proof, "Hello")).await.status.code(), 403);
}

#[tokio::test]
async fn a_peer_may_name_our_users_only_if_it_is_trusted() {
    let from_alice = format!("From: <sip:{NUMBER}@there>;tag=1\r\n");
    for (trusted, code) in [(false, 401), (true, 200)] {
        let far = Peer { trusted, ..peer("connect", unused_address()) };
        let (gateway, _) = start(SipConfig { peers: vec![far], ..with_alice() });
        let phone = UserAgent::new(udp_of(&gateway)).await;
        let answer = phone.ask(&message("sip:+491701234567@smsc", &from_alice, "Hello")).await;
        assert_eq!(answer.status.code(), code);
    }
}

#[tokio::test]
async fn a_user_registers_and_its_messages_go_to_its_contact() {
    let (gateway, centre) = start(with_alice());
    let endpoint = Endpoint::SipUser("491511111111".into());
    assert_eq!(gateway.available(&endpoint), 0);
    let early = gateway.deliver(&endpoint, delivery(outgoing(1, "Hello"))).await;
    assert_eq!(early, Err(Failure::ABSENT));

    let phone = UserAgent::new(udp_of(&gateway)).await;
    let answer = registered(&phone, 60, 1, "SHA-256").await;
    assert_eq!(answer.status.code(), 200);
    assert_eq!(
        answer.headers.get(Name::Contact),
        Some(&*format!("<sip:alice@{}>;expires=60", phone.address))
    );
    assert_eq!(*centre.opened.lock(), vec![endpoint.clone()], "queued messages can be delivered");
    assert!(gateway.available(&endpoint) > 0);

    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, "Hello"))));
    let request = phone.request().await;
    assert_eq!(request.uri, format!("sip:alice@{}", phone.address));
    phone.answer(&request, 200, "").await;
    assert!(pending.await.unwrap().is_ok());

    assert_eq!(registered(&phone, 0, 11, "MD5").await.status.code(), 200);
    assert_eq!(gateway.available(&endpoint), 0);
}

#[tokio::test]
async fn a_message_goes_to_every_contact_and_one_answer_is_enough() {
    let (gateway, _) = start(with_alice());
    let (one, other) = (UserAgent::new(udp_of(&gateway)).await, UserAgent::new(udp_of(&gateway)).await);
    registered(&one, 60, 1, "MD5").await;
    registered(&other, 60, 11, "MD5").await;
    let endpoint = Endpoint::SipUser("491511111111".into());
    assert_eq!(gateway.status().iter().find(|each| each.endpoint == endpoint).unwrap().contacts, 2);
    let pending = tokio::spawn(gateway.deliver(&endpoint, delivery(outgoing(1, "Hello"))));
    let (first, second) = (one.request().await, other.request().await);
    one.answer(&first, 486, "").await;
    other.answer(&second, 200, "").await;
    assert!(pending.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_registration_that_is_refused() {
    let (gateway, _) = start(with_alice());
    let phone = UserAgent::new(udp_of(&gateway)).await;
    let brief = registered(&phone, 5, 1, "MD5").await;
    assert_eq!((brief.status.code(), brief.headers.get(Name::MinExpires)), (423, Some("10")));
    // The password of bob does not register alice.
    let challenged = phone.ask(&register("", 21)).await;
    let proof = authorization(&challenged, "MD5", "bob", "REGISTER", "sip:smsc");
    assert_eq!(phone.ask(&register(&proof, 22)).await.status.code(), 403);
}
