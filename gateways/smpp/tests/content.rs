//! What a message carries: how it comes in, what the centre gets, how it goes out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::time::Duration;

use gateway_smpp::config::{LongMessages, TextCoding};
use rig::{Rig, plain, sm, with_receipt};
use smpp::pdu::{DataCoding, EsmClass, Sm};
use smpp::{Status, Tag, TlvBuffer};
use smsc::message::{Mode, Validity};

const OK: Status = Status::ESME_ROK;

#[tokio::test]
async fn field_07_nul_is_an_ordinary_octet() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    acme.submit(sm(b"a\x00b\x00")).await;
    assert_eq!(sink.next().await.sm().short_message, b"a\x00b\x00");
}

#[tokio::test]
async fn field_08_each_peer_has_its_own_default_alphabet() {
    let rig = Rig::with(|config| {
        config.accounts[0].text_coding = TextCoding::Latin1;
        config.accounts[1].text_coding = TextCoding::Utf8;
    });
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    acme.submit(sm(b"caf\xe9 @")).await;
    assert_eq!(sink.next().await.sm().short_message, "café @".as_bytes());
    let accepted = rig.centre.accepted.lock();
    assert_eq!(accepted[0].content.body, b"caf\x05 \x00"[..], "septets inside");
}

#[tokio::test]
async fn field_16_sar_becomes_a_header_and_payload_beside_text_is_refused() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let mut tlvs = TlvBuffer::new();
    tlvs.push_u16(Tag::SAR_MSG_REF_NUM, 0x1234).push_u8(Tag::SAR_TOTAL_SEGMENTS, 2);
    tlvs.push_u8(Tag::SAR_SEGMENT_SEQNUM, 1).push_u16(Tag::USER_MESSAGE_REFERENCE, 7);
    acme.submit(Sm { tlvs: tlvs.as_tlvs(), ..sm(b"part one") }).await;
    let came = sink.next().await;
    let out = came.sm();
    assert!(out.esm_class.has_udhi());
    assert_eq!(out.short_message, b"\x06\x08\x04\x12\x34\x02\x01part one");
    assert_eq!(out.tlvs.iter().map(|tlv| tlv.tag).collect::<Vec<_>>(), [Tag::USER_MESSAGE_REFERENCE]);

    let mut payload = TlvBuffer::new();
    payload.push(Tag::MESSAGE_PAYLOAD, b"other").unwrap();
    let both = acme.submit(Sm { tlvs: payload.as_tlvs(), ..sm(b"text") }).await;
    assert_eq!(both.header.command_status, Status::ESME_RTLVNOTALLWD);
    let alone = acme.submit(Sm { tlvs: payload.as_tlvs(), ..sm(b"") }).await;
    assert_eq!(alone.header.command_status, OK);
    assert_eq!(sink.next().await.sm().short_message, b"other");
}

#[tokio::test]
async fn field_16_a_long_payload_is_split_by_us() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let text = "long text ".repeat(40);
    let mut payload = TlvBuffer::new();
    payload.push(Tag::MESSAGE_PAYLOAD, text.as_bytes()).unwrap();
    let answer = acme.submit(Sm { tlvs: payload.as_tlvs(), ..with_receipt(b"") }).await;
    let mut joined = Vec::new();
    let mut reference = None;
    for sequence in 1..=3 {
        let came = sink.next().await;
        let (header, body) = came.sm().short_message.split_at(6);
        assert_eq!(header[..3], [5, 0, 3]);
        assert_eq!(header[4..], [3, sequence]);
        assert_eq!(*reference.get_or_insert(header[3]), header[3]);
        joined.extend_from_slice(body);
        sink.answer(&came, OK).await;
    }
    assert_eq!(joined, text.as_bytes());
    let receipt = acme.next().await;
    assert_eq!(receipt.sm().tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().c_octets(), answer.id().as_bytes());
}

#[tokio::test]
async fn a_long_message_goes_whole_to_who_wants_it_so() {
    let rig = Rig::with(|config| config.accounts[1].long_messages = LongMessages::Payload);
    let mut sink = rig.bound("sink").await;
    let text: &'static [u8] = "long text ".repeat(40).leak().as_bytes();
    let delivered = rig.deliver(plain(text), "esme:sink");
    let came = sink.next().await;
    assert_eq!(came.sm().short_message, b"");
    assert_eq!(came.sm().user_data(), text);
    sink.answer(&came, OK).await;
    delivered.await.unwrap();
}

#[tokio::test]
async fn field_17_binary_comes_out_as_it_went_in() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let octets: Vec<u8> = (0..140).map(|n| n ^ 0xa5).collect();
    for data_coding in [2, 4] {
        acme.submit(Sm { data_coding: DataCoding(data_coding), ..sm(&octets) }).await;
        let came = sink.next().await;
        assert_eq!((came.sm().data_coding.0, came.sm().short_message), (4, &octets[..]));
        sink.answer(&came, OK).await;
    }
}

#[tokio::test]
async fn field_24_subunit_1_is_a_flash_message() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut tlvs = TlvBuffer::new();
    tlvs.push_u8(Tag::DEST_ADDR_SUBUNIT, 1);
    acme.submit(Sm { tlvs: tlvs.as_tlvs(), ..sm(b"flash") }).await;
    acme.submit(Sm { data_coding: DataCoding(8), tlvs: tlvs.as_tlvs(), ..sm(b"\0f") }).await;
    let accepted = rig.centre.accepted.lock();
    assert_eq!(accepted.iter().map(|each| each.content.data_coding).collect::<Vec<_>>(), [0x10, 0x18]);
}

#[tokio::test]
async fn field_25_26_29_pid_and_reply_path_pass() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    for protocol_id in [0x40, 0x41, 0x47] {
        let esm_class = EsmClass(EsmClass::REPLY_PATH);
        acme.submit(Sm { protocol_id, esm_class, ..sm(b"") }).await;
        let came = sink.next().await;
        assert_eq!((came.sm().protocol_id, came.sm().esm_class.0), (protocol_id, 0x80));
        sink.answer(&came, OK).await;
    }
}

#[tokio::test]
async fn field_28_ports_become_a_header() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut tlvs = TlvBuffer::new();
    tlvs.push_u16(Tag::SOURCE_PORT, 9200).push_u16(Tag::DESTINATION_PORT, 2948);
    acme.submit(Sm { data_coding: DataCoding(4), tlvs: tlvs.as_tlvs(), ..sm(b"wap push") }).await;
    let accepted = rig.centre.accepted.lock();
    assert_eq!(accepted[0].content.header, [0x06, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0][..]);
    assert!(accepted[0].optional.is_empty());
}

#[tokio::test]
async fn field_45_times_in_the_past_are_refused_each_with_its_status() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut status = async |schedule: &[u8], validity: &[u8]| {
        let sm = Sm { schedule_delivery_time: schedule, validity_period: validity, ..sm(b"x") };
        acme.submit(sm).await.header.command_status
    };
    assert_eq!(status(b"000001000000000R", b"000002000000000R").await, OK);
    assert_eq!(status(b"200101000000000+", b"").await, Status::ESME_RINVSCHED);
    assert_eq!(status(b"", b"200101000000000+").await, Status::ESME_RINVEXPIRY);
    assert_eq!(status(b"tomorrow", b"").await, Status::ESME_RINVSCHED);
    assert_eq!(status(b"", b"tomorrow").await, Status::ESME_RINVEXPIRY);
    let accepted = rig.centre.accepted.lock();
    assert_eq!(
        accepted[0].deliver_after,
        Some(rig::NOW + Duration::from_secs(86_400) - Duration::from_millis(rig::NOW.millis() % 1000))
    );
    assert!(matches!(accepted[0].validity, Some(Validity::Until(_))));
}

#[tokio::test]
async fn modes_priority_and_registered_delivery_reach_the_centre() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    for mode in 0..=3 {
        acme.submit(Sm { esm_class: EsmClass(mode), priority_flag: mode, ..sm(b"x") }).await;
    }
    assert_eq!(
        acme.submit(Sm { priority_flag: 9, ..sm(b"x") }).await.header.command_status,
        Status::ESME_RINVPRTFLG
    );
    let accepted = rig.centre.accepted.lock();
    let modes: Vec<_> = accepted.iter().map(|each| each.mode).collect();
    assert_eq!(modes, [Mode::StoreAndForward, Mode::Datagram, Mode::Transactional, Mode::StoreAndForward]);
    assert_eq!(accepted.iter().map(|each| each.priority).collect::<Vec<_>>(), [0, 1, 2, 3]);
}
