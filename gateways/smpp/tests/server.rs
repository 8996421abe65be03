//! The server as ESMEs meet it: binds, submissions, deliveries, receipts.

mod rig;

use rig::{Rig, sm, with_receipt};
use smpp::pdu::BindKind;
use smpp::{CommandId, Status, Tag};

#[tokio::test]
async fn a_message_goes_in_and_comes_out() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let answer = acme.submit(sm(b"hello\x00")).await;
    assert_eq!(answer.header.command_status, Status::ESME_ROK);
    assert_eq!(answer.id().len(), 19);
    let came = sink.next().await;
    assert_eq!(came.header.command_id, CommandId::DELIVER_SM);
    assert_eq!(came.sm().short_message, b"hello\x00");
    assert_eq!(came.sm().destination.addr, b"4915112345678");
    sink.answer(&came, Status::ESME_ROK).await;
}

#[tokio::test]
async fn field_39_receipt_text_and_tlvs() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let id = acme.submit(with_receipt(b"hello")).await.id();
    let came = sink.next().await;
    sink.answer(&came, Status::ESME_ROK).await;
    let receipt = acme.next().await;
    let sm = receipt.sm();
    assert_eq!(sm.esm_class.0, 0x04);
    assert_eq!((sm.source.addr, sm.destination.addr), (&b"4915112345678"[..], &b"4917000001"[..]));
    let expected = format!(
        "id:{id} sub:001 dlvrd:001 submit date:2611181106 done date:2611181107 stat:DELIVRD err:000 text:hello"
    );
    assert_eq!(String::from_utf8_lossy(sm.short_message), expected);
    assert_eq!(sm.tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().c_octets(), id.as_bytes());
    assert_eq!(sm.tlvs.get(Tag::MESSAGE_STATE).unwrap().value, [2]);
    acme.answer(&receipt, Status::ESME_ROK).await;
}

#[tokio::test]
async fn wrong_password_and_unknown_user_sound_the_same() {
    let rig = Rig::start();
    for (system_id, password) in [("acme", "wrong"), ("nobody", "secret"), ("acme", ""), ("", "")] {
        let begun = tokio::time::Instant::now();
        let mut esme = rig.connect().await;
        assert_eq!(esme.bind(BindKind::Transceiver, system_id, password).await, Status::ESME_RBINDFAIL);
        assert!(begun.elapsed().as_millis() >= 500);
        assert!(esme.next_or_end().await.is_none(), "closed");
    }
}
