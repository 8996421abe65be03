//! replace_sm and replace_if_present_flag.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::time::Duration;

use gateway_smpp::config::TextCoding;
use rig::{Esme, NOW, Rig, sm};
use smpp::pdu::{Address, DataCoding, EsmClass, RegisteredDelivery, ReplaceSm, Sm};
use smpp::{CommandId, Pdu, Status, Tag, TlvBuffer};
use smsc::message::Validity;
use smsc::receipt::ReceiptRequest;

async fn replace(esme: &mut Esme, replace: ReplaceSm<'_>) -> Status {
    let sequence = esme.send(&Pdu::ReplaceSm(replace)).await;
    let came = esme.next().await;
    assert_eq!((came.header.command_id, came.header.sequence_number), (CommandId::REPLACE_SM_RESP, sequence));
    came.header.command_status
}

#[tokio::test]
async fn field_52_replace_sm_changes_what_it_states() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let id = acme.submit(sm(b"old")).await.id();
    let change = ReplaceSm {
        message_id: id.as_bytes(),
        source: sm(b"").source,
        schedule_delivery_time: b"000000010000000R",
        validity_period: b"000001000000000R",
        registered_delivery: RegisteredDelivery(1),
        short_message: b"new",
        ..ReplaceSm::default()
    };
    assert_eq!(replace(&mut acme, change).await, Status::ESME_ROK);
    let asked = rig.centre.replacements.lock().remove(0);
    assert_eq!((&asked.content.unwrap().body[..], asked.receipt), (&b"new"[..], ReceiptRequest::ALWAYS));
    assert_eq!(asked.source.digits, "4917000001");
    assert_eq!(asked.deliver_after, Some(NOW + Duration::from_secs(3600)));
    assert_eq!(asked.validity, Some(Validity::Until(NOW + Duration::from_secs(86_400))));

    let keep = ReplaceSm { message_id: id.as_bytes(), ..ReplaceSm::default() };
    assert_eq!(replace(&mut acme, keep).await, Status::ESME_ROK);
    let asked = rig.centre.replacements.lock().remove(0);
    assert_eq!((asked.content, asked.deliver_after, asked.validity), (None, None, None));
    assert_eq!(rig.centre.kept.lock()[0].content.body, b"new"[..]);
}

#[tokio::test]
async fn the_new_text_is_read_in_the_coding_of_the_old_one() {
    let rig = Rig::with(|config| config.accounts[0].text_coding = TextCoding::Latin1);
    let mut acme = rig.bound("acme").await;
    let cases = [
        (0, &b"old"[..], &b"caf\xe9"[..], &b"caf\x05"[..]),
        (8, b"\x04\x1f", b"\x04\x40\x04\x38", b"\x04\x40\x04\x38"),
        (4, b"\x01", b"\x00\xff", b"\x00\xff"),
    ];
    for (data_coding, old, new, body) in cases {
        let submitted = Sm { data_coding: DataCoding(data_coding), ..sm(old) };
        let id = acme.submit(submitted).await.id();
        let change = ReplaceSm { message_id: id.as_bytes(), short_message: new, ..ReplaceSm::default() };
        assert_eq!(replace(&mut acme, change).await, Status::ESME_ROK);
        let content = rig.centre.kept.lock().last().unwrap().content.clone();
        assert_eq!((content.data_coding, &content.body[..]), (data_coding, body));
        let mut payload = TlvBuffer::new();
        payload.push(Tag::MESSAGE_PAYLOAD, new).unwrap();
        let by_payload =
            ReplaceSm { message_id: id.as_bytes(), tlvs: payload.as_tlvs(), ..ReplaceSm::default() };
        assert_eq!(replace(&mut acme, by_payload).await, Status::ESME_ROK);
        let both = ReplaceSm { tlvs: payload.as_tlvs(), ..change };
        assert_eq!(replace(&mut acme, both).await, Status::ESME_RTLVNOTALLWD);
    }
}

#[tokio::test]
async fn what_cannot_be_replaced_says_why() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let id = acme.submit(sm(b"old")).await.id();
    let change = ReplaceSm { message_id: id.as_bytes(), short_message: b"new", ..ReplaceSm::default() };
    let cases = [
        (ReplaceSm { message_id: b"12", ..change }, Status::ESME_RREPLACEFAIL),
        (ReplaceSm { message_id: b"12", short_message: b"", ..change }, Status::ESME_RREPLACEFAIL),
        (ReplaceSm { message_id: b"xyz", ..change }, Status::ESME_RINVMSGID),
        (ReplaceSm { schedule_delivery_time: b"tomorrow", ..change }, Status::ESME_RINVSCHED),
        (ReplaceSm { schedule_delivery_time: b"200101000000000+", ..change }, Status::ESME_RINVSCHED),
        (ReplaceSm { validity_period: b"for ever", ..change }, Status::ESME_RINVEXPIRY),
        (ReplaceSm { short_message: b"", sm_default_msg_id: 1, ..change }, Status::ESME_RINVDFTMSGID),
        (ReplaceSm { source: Address { addr: b"1\n2", ..change.source }, ..change }, Status::ESME_RINVSRCADR),
    ];
    for (change, status) in cases {
        assert_eq!(replace(&mut acme, change).await, status);
    }
    let segment = Sm { esm_class: EsmClass(0x40), ..sm(b"\x05\0\x03\x01\x02\x01part") };
    let id = acme.submit(segment).await.id();
    let change = ReplaceSm { message_id: id.as_bytes(), ..change };
    assert_eq!(replace(&mut acme, change).await, Status::ESME_RREPLACEFAIL, "a part of a message is none");
    let wide = Sm { data_coding: DataCoding::UCS2, ..sm(b"\x04\x1f") };
    let id = acme.submit(wide).await.id();
    let change = ReplaceSm { message_id: id.as_bytes(), short_message: b"odd", ..change };
    assert_eq!(replace(&mut acme, change).await, Status::ESME_RINVMSGLEN);
    assert!(acme.is_alive().await);
}

#[tokio::test]
async fn field_52_replace_if_present_flag_reaches_the_centre() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    for (flag, replaces) in [(0, false), (1, true)] {
        let answer = acme.submit(Sm { replace_if_present_flag: flag, ..sm(b"x") }).await;
        assert_eq!(answer.header.command_status, Status::ESME_ROK);
        assert_eq!(rig.centre.accepted.lock().pop().unwrap().replaces, replaces);
    }
    let answer = acme.submit(Sm { replace_if_present_flag: 2, ..sm(b"x") }).await;
    assert_eq!(answer.header.command_status, Status::ESME_RINVREPFLAG);
}
