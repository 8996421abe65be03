//! Messages in and out over UDP.

mod support;

use std::sync::atomic::Ordering;

use gateway_sip::config::SipConfig;
use smsc::failure::Failure;
use smsc::message::Party;
use smsc::ports::Gateways as _;
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
