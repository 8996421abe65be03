//! There and back: what an ESME submits is what the other one gets.

use bytes::BytesMut;
use proptest::prelude::*;
use smpp::pdu::{DataCoding, EsmClass, Sm};
use smpp::{Framing, Pdu, Status, Tag, Tlvs, Version};
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::ids::MessageId;
use smsc::message::{Content, Kind, Message, Submission};
use smsc::names::Name;
use smsc::receipt::{Receipt, State};
use smsc::timestamp::Timestamp;

use super::{Context, Fields, Outgoing, Reading, Scratch, Shape, submission};
use crate::config::{LongMessages, MessageIdFormat, TextCoding};

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

const SHAPE: Shape = Shape {
    submits: false,
    text_coding: TextCoding::Gsm7,
    long_messages: LongMessages::Split,
    optional_parameters: true,
    forward_validity: false,
    message_id_format: MessageIdFormat::Decimal,
    receipt_text_octets: 20,
    receipt_offset_minutes: 0,
};

/// A submit_sm as its octets come from a socket, read.
fn read(sm: Sm<'_>, text_coding: TextCoding) -> Result<Submission, Status> {
    let mut octets = BytesMut::new();
    Pdu::SubmitSm(sm).encode(1, Status::ESME_ROK, &mut octets).unwrap();
    let batch = Framing::default().take(&mut octets);
    let frame = batch.frames().next().unwrap();
    let reading =
        Reading { origin: &Endpoint::Esme("acme".into()), account: &"acme".into(), text_coding, now: NOW };
    submission(&frame, &Fields::from(&sm_of(&frame)), &reading)
}

fn message(content: Content, optional: &[u8]) -> Message {
    Message {
        id: MessageId::from_u64(6_000_000_000_000_000_001),
        origin: Endpoint::Operator,
        account: Name::default(),
        source: Address::alphanumeric("ACME"),
        destination: Address::international("4915112345678"),
        presented: None,
        route: Name::default(),
        content,
        mode: smsc::message::Mode::StoreAndForward,
        receipt: smsc::receipt::ReceiptRequest::NONE,
        priority: 0,
        protocol_id: 0,
        reply_path: false,
        service_type: Name::default(),
        optional: bytes::Bytes::copy_from_slice(optional),
        accepted_at: NOW,
        deliver_after: NOW,
        expires_at: Timestamp::NEVER,
        client_key: None,
        headers: Vec::new(),
        kind: Kind::Ordinary,
    }
}

/// The PDUs that a message becomes: data_coding, UDHI, and user data of each.
fn written(message: &Message, shape: &Shape) -> Result<Vec<(u8, bool, Vec<u8>)>, Failure> {
    let outgoing = Outgoing::new(message, shape)?;
    let (mut scratch, mut out) = (Scratch::default(), BytesMut::new());
    for part in 0..outgoing.len() {
        let context = Context { message, shape, sequence_number: 1, receipt_wanted: false };
        outgoing.write(part, &context, &mut scratch, &mut out)?;
    }
    let batch = Framing::default().take(&mut out);
    let read = batch.frames().map(|frame| match frame.decode().unwrap() {
        Pdu::DeliverSm(sm) => (sm.data_coding.0, sm.esm_class.has_udhi(), sm.user_data().to_vec()),
        other => panic!("{other:?}"),
    });
    Ok(read.collect())
}

#[test]
fn field_16_segments_have_the_same_reference_each_time_they_are_sent() {
    let content = Content { body: vec![b'a'; 400].into(), ..Content::default() };
    let once = written(&message(content.clone(), b""), &SHAPE).unwrap();
    assert_eq!(once.len(), 3);
    assert_eq!(once, written(&message(content, b""), &SHAPE).unwrap());
    assert_eq!(once.iter().map(|(_, _, data)| data.len() - 6).collect::<Vec<_>>(), [153, 153, 94]);
}

#[test]
fn a_latin1_peer_gets_long_text_cut_where_gsm_would_cut_it() {
    let mut text = vec![b'a'; 159];
    text.extend([0x1b, 0x3c, 0x05]); // "[" takes two septets, "é" one
    let content = Content { body: text.into(), ..Content::default() };
    let shape = Shape { text_coding: TextCoding::Latin1, ..SHAPE };
    let parts = written(&message(content, b""), &shape).unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].2[6..], [&[b'a'; 6][..], b"[\xe9"].concat());
}

#[test]
fn field_10_text_that_the_peer_cannot_read_goes_as_ucs2_and_whole() {
    let content = Content { body: vec![0x10; 80].into(), ..Content::default() }; // 80 × Δ
    let shape = Shape { text_coding: TextCoding::Latin1, ..SHAPE };
    let parts = written(&message(content, b""), &shape).unwrap();
    assert_eq!(
        parts.iter().map(|(coding, _, data)| (*coding, data.len())).collect::<Vec<_>>(),
        [(8, 140), (8, 32)]
    );
}

#[test]
fn a_segment_too_long_for_a_phone_is_refused() {
    let mut user_data = vec![5, 0, 3, 1, 2, 1];
    user_data.extend([b'a'; 153]);
    let segment = |user_data: &[u8]| {
        read(Sm { esm_class: EsmClass(0x40), short_message: user_data, ..Sm::default() }, TextCoding::Gsm7)
    };
    assert!(segment(&user_data).is_ok());
    user_data.push(b'a');
    assert_eq!(segment(&user_data).err(), Some(Status::ESME_RINVMSGLEN));
}

#[test]
fn an_address_too_long_for_the_pdu_is_never_cut() {
    let mut long = message(Content::default(), b"");
    long.destination = Address::international("123456789012345678901");
    assert_eq!(written(&long, &SHAPE), Err(Failure::Unsupported));
}

#[test]
fn a_message_that_the_centre_keeps_is_not_there() {
    let sm = Sm { sm_default_msg_id: 3, ..Sm::default() };
    assert_eq!(read(sm, TextCoding::Gsm7).err(), Some(Status::ESME_RINVDFTMSGID));
}

#[test]
fn bodies_are_shared_with_the_socket_buffer() {
    let text = b"forty octets of a perfectly common text.";
    let mut octets = BytesMut::new();
    let sm = Sm { short_message: text, ..Sm::default() };
    Pdu::SubmitSm(sm).encode(1, Status::ESME_ROK, &mut octets).unwrap();
    let buffer = octets.as_ptr_range();
    let batch = Framing::default().take(&mut octets);
    let frame = batch.frames().next().unwrap();
    let reading = Reading {
        origin: &Endpoint::Operator,
        account: &Name::default(),
        text_coding: TextCoding::Gsm7,
        now: NOW,
    };
    let taken = submission(&frame, &Fields::from(&sm_of(&frame)), &reading).unwrap();
    assert_eq!(taken.content.body, text[..]);
    assert!(buffer.contains(&taken.content.body.as_ptr()), "copied");
}

fn sm_of<'a>(frame: &smpp::Frame<'a>) -> Sm<'a> {
    match frame.decode() {
        Ok(Pdu::SubmitSm(sm)) => sm,
        other => panic!("{other:?}"),
    }
}

/// A receipt about message 42 in `state`, as the account's PDU.
fn receipt(state: State, error: u8, shape: &Shape) -> BytesMut {
    let told = Receipt {
        about: MessageId::from_u64(42),
        state,
        error,
        submitted_at: NOW,
        done_at: NOW,
        excerpt: bytes::Bytes::from_static(&[0x04, 0x16, 0x00, b'a']),
        excerpt_coding: 8,
        client_key: None,
    };
    let mut message = message(Content::default(), b"");
    message.kind = Kind::Receipt { to: Endpoint::Operator, receipt: Box::new(told) };
    let outgoing = Outgoing::new(&message, shape).unwrap();
    let context = Context { message: &message, shape, sequence_number: 1, receipt_wanted: false };
    let mut out = BytesMut::new();
    outgoing.write(0, &context, &mut Scratch::default(), &mut out).unwrap();
    out
}

#[test]
fn field_39_a_failure_says_its_error_in_text_and_tlv() {
    let shape = Shape { receipt_offset_minutes: 60, ..SHAPE };
    let batch = Framing::default().take(&mut receipt(State::Undeliverable, 8, &shape));
    let sm = match batch.frames().next().unwrap().decode() {
        Ok(Pdu::DeliverSm(sm)) => sm,
        other => panic!("{other:?}"),
    };
    assert_eq!(sm.esm_class.0, 0x04);
    assert_eq!(sm.tlvs.get(Tag::NETWORK_ERROR_CODE).unwrap().value, [3, 0, 8]);
    assert_eq!(sm.tlvs.get(Tag::MESSAGE_STATE).unwrap().value, [5]);
    let text = "id:0000000000000000042 sub:001 dlvrd:000 submit date:2611181206 done date:2611181206 \
        stat:UNDELIV err:008 text:";
    assert_eq!(String::from_utf8_lossy(sm.short_message), text, "the excerpt has no GSM 7 bit form");
}

#[test]
fn field_44_an_intermediate_notification_has_its_own_class() {
    let batch = Framing::default().take(&mut receipt(State::Enroute, 0, &SHAPE));
    let Ok(Pdu::DeliverSm(sm)) = batch.frames().next().unwrap().decode() else { panic!() };
    assert_eq!(sm.esm_class.0, 0x20);
    assert!(sm.tlvs.get(Tag::NETWORK_ERROR_CODE).is_none());
}

#[test]
fn field_50_a_receipt_for_3_3_has_no_tlvs() {
    let batch = Framing::default().take(&mut receipt(State::Delivered, 0, &SHAPE.for_version(Version::V3_3)));
    let Ok(Pdu::DeliverSm(sm)) = batch.frames().next().unwrap().decode() else { panic!() };
    assert!(sm.tlvs.is_empty());
    assert!(sm.short_message.starts_with(b"id:0000000000000000042 "));
}

fn coding() -> impl Strategy<Value = TextCoding> {
    prop_oneof![
        Just(TextCoding::Gsm7),
        Just(TextCoding::Latin1),
        Just(TextCoding::Ascii),
        Just(TextCoding::Utf8)
    ]
}

proptest! {
    /// Whatever the octets, the answer is a submission or a status; and what was taken comes out
    /// for a peer with the same alphabet as the same octets.
    #[test]
    fn what_goes_in_comes_out(
        data_coding in any::<u8>(),
        esm_class in any::<u8>(),
        body in proptest::collection::vec(any::<u8>(), 0..=254),
        default in coding(),
        tlvs in proptest::collection::vec((any::<u16>(), proptest::collection::vec(any::<u8>(), 0..4)), 0..3),
    ) {
        let mut optional = smpp::TlvBuffer::new();
        for (tag, value) in &tlvs {
            optional.push(Tag(*tag), value).unwrap();
        }
        let sm = Sm {
            data_coding: DataCoding(data_coding),
            esm_class: EsmClass(esm_class),
            short_message: &body,
            tlvs: optional.as_tlvs(),
            ..Sm::default()
        };
        let Ok(submission) = read(sm, default) else { return Ok(()) };
        let kept = Tlvs::parse(&submission.optional).expect("what is kept is well formed");
        prop_assert!(kept.iter().count() <= tlvs.len());
        let content = submission.content.clone();
        let message = message(content.clone(), &submission.optional);
        let whole = Shape { text_coding: default, long_messages: LongMessages::Payload, ..SHAPE };
        let parts = written(&message, &whole).unwrap();
        prop_assert_eq!(parts.len(), 1);
        // A text of the default coding that the GSM alphabet cannot hold goes as UCS2.
        let untouched = matches!(data_coding, 0 | 2 | 4 | 8) && (data_coding != 0 || parts[0].0 == 0);
        if untouched && tlvs.is_empty() {
            prop_assert_eq!(&parts[0].2, &body);
            prop_assert_eq!(parts[0].1, esm_class & 0x40 != 0 && !content.header.is_empty());
        }
    }
}
