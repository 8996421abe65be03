//! The client as other centres meet it: binds, submissions, receipts, failures, groups.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::time::Duration;

use gateway_smpp::config::{Group, Link, LinkBind, Member, Secret};
use rig::{Came, Esme, Rig, loopback, plain};
use smpp::pdu::{Address, BindResp, EsmClass, Sm};
use smpp::tlv::Tlvs;
use smpp::{CommandId, Pdu, Status};
use smsc::failure::Failure;
use smsc::endpoint::Endpoint;
use smsc::timestamp::Timestamp;
use smsc::ports::Gateways;
use smsc::receipt::State;
use tokio::net::TcpListener;

const OK: Status = Status::ESME_ROK;

/// Another centre: it takes what connects and binds.
struct OtherCentre {
    listener: TcpListener,
}

impl OtherCentre {
    async fn start() -> Self {
        Self { listener: TcpListener::bind(loopback()).await.unwrap() }
    }

    fn link(&self, name: &str) -> Link {
        let address = self.listener.local_addr().unwrap();
        Link {
            name: name.to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
            system_id: "fernpost".to_owned(),
            password: Secret::new("s3cret"),
            reconnect_seconds_max: 1,
            ..Link::default()
        }
    }

    /// Takes one connection and its bind.
    async fn bound(&self) -> (Esme, Came) {
        let (mut session, came) = self.asked().await;
        let Pdu::Bind(bind) = came.pdu() else { panic!("{came:?}") };
        let resp = Pdu::BindResp(BindResp { kind: bind.kind, system_id: Some(b"other"), tlvs: Tlvs::NONE });
        session.send_as(&resp, came.header.sequence_number, OK).await;
        (session, came)
    }

    /// Takes one connection and reads its bind.
    async fn asked(&self) -> (Esme, Came) {
        let accepting = tokio::time::timeout(Duration::from_secs(5), self.listener.accept());
        let (stream, _) = accepting.await.expect("nobody connects").unwrap();
        let mut session = Esme::over(stream);
        let came = session.next().await;
        (session, came)
    }
}

fn endpoint(text: &str) -> Endpoint {
    text.parse().unwrap()
}

async fn connected(rig: &Rig, sessions: usize) {
    for _ in 0..200 {
        if rig.gateway.sessions().len() == sessions {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} sessions", rig.gateway.sessions().len());
}

#[tokio::test]
async fn a_message_goes_to_another_centre_and_its_receipt_comes_back() {
    let other = OtherCentre::start().await;
    let rig = Rig::with(|config| config.links = vec![other.link("carrier")]);
    let (mut session, bind) = other.bound().await;
    let Pdu::Bind(asked) = bind.pdu() else { panic!() };
    assert_eq!((asked.system_id, asked.password), (&b"fernpost"[..], &b"s3cret"[..]));
    assert_eq!((bind.header.command_id, asked.interface_version), (CommandId::BIND_TRANSCEIVER, 0x34));
    connected(&rig, 1).await;
    assert_eq!(rig.gateway.available(&endpoint("smpp:carrier")), 50);

    let mut message = plain(b"hello");
    message.expires_at = Timestamp::from_millis(1_795_086_400_000);
    let delivery = smsc::delivery::Delivery { message: message.into(), receipt_wanted: true };
    let delivered = tokio::spawn(rig.gateway.deliver(&endpoint("smpp:carrier"), delivery));
    let came = session.next().await;
    assert_eq!(came.header.command_id, CommandId::SUBMIT_SM);
    assert_eq!((came.sm().short_message, came.sm().registered_delivery.0), (&b"hello"[..], 1));
    assert_eq!(came.sm().validity_period, b"261119110640000+");
    session.answer_with(&came, OK, "6C2A5F").await;
    let handover = delivered.await.unwrap().unwrap();
    assert_eq!((handover.remote_id.as_deref(), handover.via.as_str()), (Some("6c2a5f"), "carrier"));

    let text = b"id:7088735 sub:001 dlvrd:000 submit date:2611181106 done date:2611181107 stat:EXPIRED err:027 text:";
    let receipt = Sm { esm_class: EsmClass::DELIVERY_RECEIPT, short_message: text, ..rig::sm(b"") };
    session.send(&Pdu::DeliverSm(receipt)).await;
    let answer = session.next().await;
    assert_eq!((answer.header.command_id, answer.header.command_status), (CommandId::DELIVER_SM_RESP, OK));
    let receipts = rig.centre.remote_receipts.lock();
    assert_eq!(
        (receipts[0].state, receipts[0].error, receipts[0].link.as_str()),
        (State::Expired, 27, "carrier")
    );
    assert!(receipts[0].remote_ids.iter().any(|id| id == "6c2a5f"), "{:?}", receipts[0].remote_ids);
}

#[tokio::test]
async fn what_the_other_centre_delivers_is_a_submission() {
    let other = OtherCentre::start().await;
    let rig = Rig::with(|config| config.links = vec![other.link("carrier")]);
    let mut sink = rig.bound("sink").await;
    let (mut session, _) = other.bound().await;
    session.send(&Pdu::DeliverSm(rig::sm(b"from a phone"))).await;
    let answer = session.next().await;
    assert_eq!((answer.header.command_status, answer.id().as_str()), (OK, ""));
    assert_eq!(sink.next().await.sm().short_message, b"from a phone");
    assert_eq!(rig.centre.accepted.lock()[0].origin, endpoint("smpp:carrier"));
    let nowhere = Address { addr: b"1555", ..rig::sm(b"").destination };
    session.send(&Pdu::DeliverSm(Sm { destination: nowhere, ..rig::sm(b"x") })).await;
    assert_eq!(session.next().await.header.command_status, Status::ESME_RX_P_APPN);
    session.send(&Pdu::SubmitSm(rig::sm(b"x"))).await;
    assert_eq!(session.next().await.header.command_status, Status::ESME_RINVBNDSTS);
}

#[tokio::test]
async fn a_lost_or_refused_bind_is_tried_again() {
    let other = OtherCentre::start().await;
    let rig = Rig::with(|config| config.links = vec![other.link("carrier")]);
    let (mut refused, bind) = other.asked().await;
    let resp =
        Pdu::BindResp(BindResp { kind: smpp::pdu::BindKind::Transceiver, system_id: None, tlvs: Tlvs::NONE });
    refused.send_as(&resp, bind.header.sequence_number, Status::ESME_RBINDFAIL).await;
    let (first, _) = other.bound().await;
    connected(&rig, 1).await;
    let pending = tokio::spawn(rig.deliver(plain(b"x"), "smpp:carrier"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(first);
    assert_eq!(pending.await.unwrap(), Err(Failure::NoPeer), "to be sent again");
    let (_second, _) = other.bound().await;
    connected(&rig, 1).await;
    assert!(
        rig.centre.opened.lock().iter().filter(|opened| **opened == endpoint("smpp:carrier")).count() >= 2
    );
}

#[tokio::test]
async fn a_pair_sends_on_one_session_and_receives_on_the_other() {
    let other = OtherCentre::start().await;
    let rig = Rig::with(|config| {
        config.links = vec![Link { bind: LinkBind::Pair, ..other.link("carrier") }];
    });
    let (one, first) = other.bound().await;
    let (two, _) = other.bound().await;
    connected(&rig, 2).await;
    let is_transmitter = first.header.command_id == CommandId::BIND_TRANSMITTER;
    let (mut transmitter, mut receiver) = if is_transmitter { (one, two) } else { (two, one) };
    let delivered = tokio::spawn(rig.deliver(plain(b"x"), "smpp:carrier"));
    let came = transmitter.next().await;
    transmitter.answer_with(&came, OK, "1").await;
    assert!(delivered.await.unwrap().is_ok());
    receiver.send(&Pdu::DeliverSm(rig::sm(b"y"))).await;
    assert_eq!(receiver.next().await.header.command_status, OK);
}

#[tokio::test]
async fn field_43_throttled_is_retried_and_slows_the_whole_link() {
    let other = OtherCentre::start().await;
    let rig = Rig::with(|config| config.links = vec![other.link("carrier")]);
    let (mut session, _) = other.bound().await;
    connected(&rig, 1).await;
    let delivered = tokio::spawn(rig.deliver(plain(b"x"), "smpp:carrier"));
    let came = session.next().await;
    session.answer(&came, Status::ESME_RTHROTTLED).await;
    assert_eq!(delivered.await.unwrap(), Err(Failure::Throttled { retry_after: None }));
    assert_eq!(rig.gateway.available(&endpoint("smpp:carrier")), 0, "nobody else is sent either");
    rig.centre.opened.lock().clear();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(rig.centre.opened.lock().as_slice(), [endpoint("smpp:carrier")], "and then it goes on");
    assert_eq!(rig.gateway.available(&endpoint("smpp:carrier")), 50);
}

#[tokio::test]
async fn field_53_no_answer_is_a_timeout() {
    let other = OtherCentre::start().await;
    let rig = Rig::with(|config| {
        config.response_seconds = 1;
        config.links = vec![other.link("carrier")];
    });
    let (mut session, _) = other.bound().await;
    connected(&rig, 1).await;
    let delivered = tokio::spawn(rig.deliver(plain(b"x"), "smpp:carrier"));
    let came = session.next().await;
    assert_eq!(delivered.await.unwrap(), Err(Failure::Timeout));
    session.answer_with(&came, OK, "late").await;
    assert!(session.is_alive().await, "a late answer is ignored");
}

#[tokio::test]
async fn a_configured_rate_is_kept() {
    let other = OtherCentre::start().await;
    let rig = Rig::with(|config| {
        config.links = vec![Link { messages_per_second: 20, ..other.link("carrier") }];
    });
    let (mut session, _) = other.bound().await;
    connected(&rig, 1).await;
    let deliveries: Vec<_> =
        (0..12).map(|_| tokio::spawn(rig.deliver(plain(b"x"), "smpp:carrier"))).collect();
    let begun = tokio::time::Instant::now();
    for _ in 0..12 {
        let came = session.next().await;
        session.answer_with(&came, OK, "1").await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());
    for delivery in deliveries {
        assert!(delivery.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_group_shares_by_weight_and_fails_over() {
    let (heavy, light, spare) =
        (OtherCentre::start().await, OtherCentre::start().await, OtherCentre::start().await);
    let rig = Rig::with(|config| {
        config.links = vec![heavy.link("heavy"), light.link("light"), spare.link("spare")];
        let member = |link: &str, weight, rank| Member { link: link.to_owned(), weight, rank };
        let members = vec![member("heavy", 3, 0), member("light", 1, 0), member("spare", 1, 1)];
        config.groups = vec![Group { name: "all".to_owned(), members }];
    });
    let (mut on_heavy, _) = heavy.bound().await;
    let (mut on_light, _) = light.bound().await;
    let (mut on_spare, _) = spare.bound().await;
    connected(&rig, 3).await;
    assert_eq!(rig.gateway.available(&endpoint("smpp:all")), 100, "the spare one waits");
    for _ in 0..8 {
        drop(tokio::spawn(rig.deliver(plain(b"x"), "smpp:all")));
        tokio::task::yield_now().await;
    }
    for _ in 0..6 {
        on_heavy.next().await;
    }
    for _ in 0..2 {
        on_light.next().await;
    }
    assert!(on_spare.silent(Duration::from_millis(50)).await);
    drop((on_heavy, on_light));
    drop((heavy, light));
    connected(&rig, 1).await;
    let delivered = tokio::spawn(rig.deliver(plain(b"y"), "smpp:all"));
    let came = on_spare.next().await;
    on_spare.answer_with(&came, OK, "1").await;
    assert_eq!(delivered.await.unwrap().unwrap().via, "spare");
    assert!(rig.centre.opened.lock().contains(&endpoint("smpp:all")), "a group opens with its links");
}

#[tokio::test]
async fn nobody_is_there() {
    let rig = Rig::start();
    for to in ["smpp:nowhere", "esme:nobody", "esme:sink", "sip:peer"] {
        assert_eq!(rig.gateway.available(&endpoint(to)), 0);
        assert_eq!(rig.deliver(plain(b"x"), to).await, Err(Failure::NoPeer), "{to}");
    }
}

#[tokio::test]
async fn links_are_swapped_at_run_time() {
    let (stays, changes) = (OtherCentre::start().await, OtherCentre::start().await);
    let rig = Rig::with(|config| config.links = vec![stays.link("stays"), changes.link("changes")]);
    let (mut on_stays, _) = stays.bound().await;
    let (mut on_changes, _) = changes.bound().await;
    connected(&rig, 2).await;
    let changed = Link { window: 7, ..changes.link("changes") };
    rig.gateway.set_links(&[stays.link("stays"), changed], &[]).unwrap();
    let unbind = on_changes.next().await;
    assert_eq!(unbind.header.command_id, CommandId::UNBIND);
    on_changes.send_as(&Pdu::UnbindResp(Tlvs::NONE), unbind.header.sequence_number, OK).await;
    let (_again, _) = changes.bound().await;
    connected(&rig, 2).await;
    assert_eq!(rig.gateway.available(&endpoint("smpp:changes")), 7);
    assert!(on_stays.is_alive().await);
    assert!(rig.gateway.set_links(&[Link::default()], &[]).is_err());
    assert!(on_stays.is_alive().await, "refused whole");
    rig.gateway.set_links(&[], &[]).unwrap();
    assert_eq!(on_stays.next().await.header.command_id, CommandId::UNBIND);
    assert_eq!(rig.gateway.available(&endpoint("smpp:stays")), 0);
}
