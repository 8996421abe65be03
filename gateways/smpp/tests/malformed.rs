//! What no PDU should be: each gets the status that the standard names, and no other
//! session notices (SMPP 3.4 §3.2, §4.3).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::time::Duration;

use bytes::BytesMut;
use rig::{Esme, Rig, bind, sm};
use smpp::pdu::{BindKind, EsmClass, Sm};
use smpp::{CommandId, Pdu, Status};
use tokio::io::AsyncWriteExt;

/// A gateway, an ESME that breaks the protocol, and a second ESME that must not be affected.
async fn two() -> (Rig, Esme, Esme) {
    let rig = Rig::start();
    let rude = rig.bound("acme").await;
    let other = rig.bound("sink").await;
    (rig, rude, other)
}

fn encoded(pdu: &Pdu<'_>, sequence: u32) -> BytesMut {
    let mut octets = BytesMut::new();
    pdu.encode(sequence, Status::ESME_ROK, &mut octets).unwrap();
    octets
}

/// The octets of a submit_sm with this body.
fn submit_with_body(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap();
    [&length.to_be_bytes(), &[0, 0, 0, 4], &[0; 4], &[0, 0, 0, 9][..], body].concat()
}

async fn refused(octets: &[u8], status: Status) {
    let (_rig, mut rude, mut other) = two().await;
    rude.raw(octets).await;
    assert_eq!(rude.next().await.what(), (CommandId::SUBMIT_SM_RESP, status, 9));
    assert!(rude.is_alive().await, "the boundaries were right, so the session goes on");
    assert!(other.is_alive().await);
}

#[tokio::test]
async fn r33_command_length_0_to_15_ends_that_session_alone() {
    let (rig, _, mut other) = two().await;
    for length in 0..16_u32 {
        let mut rude = rig.bound("acme").await;
        rude.raw(&[&length.to_be_bytes()[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5]].concat()).await;
        let nack = rude.next().await;
        assert_eq!(nack.what(), (CommandId::GENERIC_NACK, Status::ESME_RINVCMDLEN, 5));
        assert!(rude.next_or_end().await.is_none(), "command_length {length}");
    }
    assert!(other.is_alive().await);
}

#[tokio::test]
async fn r33_command_length_ffffffff() {
    let (_rig, mut rude, mut other) = two().await;
    rude.raw(&[0xff; 16]).await;
    let nack = rude.next().await;
    assert_eq!(nack.what(), (CommandId::GENERIC_NACK, Status::ESME_RINVCMDLEN, u32::MAX));
    assert!(rude.next_or_end().await.is_none());
    assert!(other.is_alive().await);
}

#[tokio::test]
async fn r33_an_impossible_length_before_the_bind() {
    let rig = Rig::start();
    let mut other = rig.bound("sink").await;
    for length in [0_u32, 15, 1025, u32::MAX] {
        let mut rude = rig.connect().await;
        rude.raw(&length.to_be_bytes()).await;
        assert_eq!(rude.next().await.what(), (CommandId::GENERIC_NACK, Status::ESME_RINVCMDLEN, 0));
        assert!(rude.next_or_end().await.is_none());
    }
    assert!(other.is_alive().await);
}

#[tokio::test]
async fn r33_one_octet_at_a_time() {
    let rig = Rig::start();
    let mut slow = rig.connect().await;
    let mut other = rig.bound("sink").await;
    for octet in encoded(&bind(BindKind::Transceiver, "acme", "secret", 0x34), 1) {
        slow.raw(&[octet]).await;
    }
    assert_eq!(slow.next().await.header.command_status, Status::ESME_ROK);
    for octet in encoded(&Pdu::SubmitSm(sm(b"slow")), 2) {
        slow.raw(&[octet]).await;
        slow.stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(slow.next().await.what(), (CommandId::SUBMIT_SM_RESP, Status::ESME_ROK, 2));
    assert_eq!(other.next().await.sm().short_message, b"slow");
}

#[tokio::test]
async fn r33_a_thousand_pdus_in_one_segment() {
    let rig = Rig::with(|config| config.accounts[0].window = 1000);
    let mut eager = rig.bound("acme").await;
    let mut octets = BytesMut::new();
    for sequence in 1..=1000 {
        Pdu::SubmitSm(sm(b"x")).encode(sequence, Status::ESME_ROK, &mut octets).unwrap();
    }
    eager.raw(&octets).await;
    let mut answered = std::collections::BTreeSet::new();
    for _ in 0..1000 {
        let came = eager.next().await;
        assert_eq!(came.header.command_status, Status::ESME_ROK);
        answered.insert(came.header.sequence_number);
    }
    assert_eq!(answered.len(), 1000);
    assert_eq!(rig.centre.accepted.lock().len(), 1000);
}

#[tokio::test]
async fn r33_bind_and_submit_in_one_segment() {
    let rig = Rig::start();
    let mut eager = rig.connect().await;
    let mut octets = encoded(&bind(BindKind::Transmitter, "acme", "secret", 0x34), 1);
    octets.extend_from_slice(&encoded(&Pdu::SubmitSm(sm(b"x")), 2));
    eager.raw(&octets).await;
    assert_eq!(eager.next().await.what(), (CommandId::BIND_TRANSMITTER_RESP, Status::ESME_ROK, 1));
    assert_eq!(eager.next().await.what(), (CommandId::SUBMIT_SM_RESP, Status::ESME_ROK, 2));
}

#[tokio::test]
async fn r33_a_tlv_past_the_end() {
    let whole = encoded(&Pdu::SubmitSm(sm(b"x")), 9);
    let body = [&whole[16..], &[0x02, 0x04, 0x00, 0x09, 0x00]].concat();
    refused(&submit_with_body(&body), Status::ESME_RINVTLVSTREAM).await;
}

#[tokio::test]
async fn r33_a_missing_nul() {
    refused(&submit_with_body(&[b'C'; 40]), Status::ESME_RINVSERTYP).await;
}

#[tokio::test]
async fn r33_an_empty_body() {
    refused(&submit_with_body(&[]), Status::ESME_RINVCMDLEN).await;
}

#[tokio::test]
async fn r33_sm_length_too_long() {
    let mut whole = encoded(&Pdu::SubmitSm(sm(b"x")), 9);
    let sm_length = whole.len() - 2;
    whole[sm_length] = 200;
    refused(&whole, Status::ESME_RINVMSGLEN).await;
}

#[tokio::test]
async fn r33_udhi_with_no_data() {
    let pdu = Pdu::SubmitSm(Sm { esm_class: EsmClass(EsmClass::UDHI), ..sm(b"") });
    refused(&encoded(&pdu, 9), Status::ESME_RINVESMCLASS).await;
}

#[tokio::test]
async fn r33_field_15_udhl_past_the_end() {
    for user_data in [&[0x05, 0x00, 0x03][..], &[0xff], &[0x03, 0x00, 0x03, 0x01]] {
        let pdu = Pdu::SubmitSm(Sm { esm_class: EsmClass(EsmClass::UDHI), ..sm(user_data) });
        refused(&encoded(&pdu, 9), Status::ESME_RINVMSGLEN).await;
    }
}

#[tokio::test]
async fn r33_every_truncation_of_a_submission_leaves_the_session_alive() {
    let (_rig, mut rude, mut other) = two().await;
    let whole = encoded(&Pdu::SubmitSm(sm(b"hello")), 9);
    for end in 16..whole.len() {
        let mut cut = whole[..end].to_vec();
        cut[..4].copy_from_slice(&u32::try_from(end).unwrap().to_be_bytes());
        rude.raw(&cut).await;
        let (command, status, sequence) = rude.next().await.what();
        assert_eq!((command, sequence), (CommandId::SUBMIT_SM_RESP, 9), "cut at {end}");
        assert_ne!(status, Status::ESME_ROK, "cut at {end}");
    }
    assert!(rude.is_alive().await && other.is_alive().await);
}

#[tokio::test]
async fn field_47_unknown_command_gets_a_generic_nack() {
    let (_rig, mut rude, mut other) = two().await;
    rude.raw(&[0, 0, 0, 16, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0, 3]).await;
    assert_eq!(rude.next().await.what(), (CommandId::GENERIC_NACK, Status::ESME_RINVCMDID, 3));
    assert!(rude.is_alive().await && other.is_alive().await);
}

#[tokio::test]
async fn a_response_to_nothing_is_ignored() {
    let (_rig, mut rude, mut other) = two().await;
    rude.raw(&[0, 0, 0, 17, 0x80, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 3, 0]).await;
    assert!(rude.silent(Duration::from_millis(100)).await);
    assert!(rude.is_alive().await && other.is_alive().await);
}

#[tokio::test]
async fn r25_a_connection_without_a_bind_is_closed() {
    let rig = Rig::with(|config| config.bind_seconds = 1);
    let mut idle = rig.connect().await;
    let begun = tokio::time::Instant::now();
    assert!(idle.next_or_end().await.is_none());
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn r25_an_address_holds_only_so_many_unbound_connections() {
    let rig = Rig::with(|config| config.unbound_per_address_max = 4);
    let mut bound = rig.bound("acme").await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(rig.connect().await);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(rig.connect().await.next_or_end().await.is_none(), "the fifth is closed at once");
    assert!(bound.is_alive().await, "bound sessions do not count");
    held.truncate(3);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut next = rig.connect().await;
    assert_eq!(next.bind(BindKind::Transceiver, "sink", "secret").await, Status::ESME_ROK);
}
