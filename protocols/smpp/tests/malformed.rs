//! Malformed PDUs: each gets its status, and the other PDUs of the buffer are still read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use bytes::{BufMut, BytesMut};
use smpp::pdu::{Address, EsmClass, Sm};
use smpp::{
    BadLength, COMMAND_LENGTH_MAX, CommandId, Error, Framing, Header, Pdu, Status, Tag, TlvBuffer, Tlvs,
};

mod samples;

/// A PDU with this body, and a good enquire_link after it.
fn decode(id: CommandId, body: &[u8]) -> Result<(), Status> {
    let length = u32::try_from(16 + body.len()).unwrap();
    let mut buffer = BytesMut::new();
    Header { command_length: length, ..Header::bare(id, Status::ESME_ROK, 1) }.encode(&mut buffer);
    buffer.put_slice(body);
    Pdu::EnquireLink(Tlvs::NONE).encode(2, Status::ESME_ROK, &mut buffer).unwrap();
    let batch = Framing::default().take(&mut buffer);
    let frames: Vec<_> = batch.frames().collect();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1].decode(), Ok(Pdu::EnquireLink(Tlvs::NONE)));
    frames[0].decode().map(|_| ()).map_err(|error| error.status())
}

fn submit_body(change: impl FnOnce(&mut BytesMut)) -> BytesMut {
    let sm = Sm {
        source: Address { addr: b"1234", ..Address::default() },
        destination: Address { addr: b"491700000001", ..Address::default() },
        short_message: b"hello",
        ..Sm::default()
    };
    let mut body = samples::encode(&Pdu::SubmitSm(sm)).split_off(16);
    change(&mut body);
    body
}

#[test]
fn r33_command_length_0_to_15_and_ffffffff() {
    for command_length in (0..16).chain([COMMAND_LENGTH_MAX + 1, 0x7fff_ffff, 0xffff_ffff]) {
        let mut buffer = BytesMut::new();
        Pdu::EnquireLink(Tlvs::NONE).encode(1, Status::ESME_ROK, &mut buffer).unwrap();
        Header { command_length, ..Header::bare(CommandId::SUBMIT_SM, Status::ESME_ROK, 9) }
            .encode(&mut buffer);
        buffer.put_slice(b"whatever follows");
        let batch = Framing::default().take(&mut buffer);
        assert_eq!(batch.frames().count(), 1, "the PDU before it is good");
        assert_eq!(batch.fault(), Some(BadLength { command_length, sequence_number: 9 }));
        assert!(buffer.is_empty());
        // The fault is known as soon as the four octets are present.
        let mut buffer = BytesMut::from(&command_length.to_be_bytes()[..]);
        let fault = Framing::default().take(&mut buffer).fault();
        assert_eq!(fault, Some(BadLength { command_length, sequence_number: 0 }));
    }
}

#[test]
fn r33_one_octet_writes() {
    let tlvs = samples::tlvs();
    let pdus = samples::pdus(tlvs.as_tlvs());
    let mut buffer = BytesMut::new();
    let mut seen = 0;
    for pdu in &pdus {
        for octet in samples::encode(pdu) {
            buffer.put_u8(octet);
            let batch = Framing::default().take(&mut buffer);
            for frame in batch.frames() {
                assert_eq!(frame.decode().as_ref(), Ok(&pdus[seen]));
                seen += 1;
            }
        }
    }
    assert_eq!((seen, buffer.len()), (pdus.len(), 0));
}

#[test]
fn r33_a_thousand_pdus_in_one_segment() {
    let mut buffer = BytesMut::new();
    for sequence in 1..=1000 {
        let text = sequence.to_string();
        let sm = Sm { short_message: text.as_bytes(), ..Sm::default() };
        Pdu::SubmitSm(sm).encode(sequence, Status::ESME_ROK, &mut buffer).unwrap();
    }
    let batch = Framing::default().take(&mut buffer);
    for (frame, sequence) in batch.frames().zip(1..) {
        let Ok(Pdu::SubmitSm(sm)) = frame.decode() else { panic!("submit_sm {sequence}") };
        assert_eq!(sm.short_message, sequence.to_string().as_bytes());
        assert_eq!(frame.header.sequence_number, sequence);
    }
    assert_eq!(batch.frames().count(), 1000);
}

#[test]
fn r33_tlv_past_the_end() {
    for tail in [
        &b"\x04\x24\x00\x06hello"[..],
        b"\x04\x24\xff\xff",
        b"\x04\x24\x00",
        b"\x04",
        b"\x02\x0c\x00\x02\x00\x01\0",
    ] {
        let body = submit_body(|body| body.put_slice(tail));
        assert_eq!(decode(CommandId::SUBMIT_SM, &body), Err(Status::ESME_RINVTLVSTREAM), "{tail:?}");
    }
}

#[test]
fn r33_missing_nul() {
    let cases: [(CommandId, &[u8], Status); 10] = [
        (CommandId::SUBMIT_SM, b"CMT", Status::ESME_RINVSERTYP),
        (CommandId::SUBMIT_SM, b"CMTCMT\0", Status::ESME_RINVSERTYP),
        (CommandId::SUBMIT_SM, b"\0\x01\x0149170", Status::ESME_RINVSRCADR),
        (CommandId::SUBMIT_SM, b"\0\x01\x01491700000000000000000\0", Status::ESME_RINVSRCADR),
        (CommandId::SUBMIT_SM, b"\0\x01\x014917\0\x01\x0149170", Status::ESME_RINVDSTADR),
        (CommandId::BIND_TRANSCEIVER, b"sixteen_octets_16\0", Status::ESME_RINVSYSID),
        (CommandId::BIND_TRANSCEIVER, b"esme\0nine_octets\0", Status::ESME_RINVPASWD),
        (CommandId::BIND_TRANSCEIVER, b"esme\0secret\0thirteen_octets\0", Status::ESME_RINVSYSTYP),
        (CommandId::QUERY_SM, b"42", Status::ESME_RINVMSGID),
        (CommandId::SUBMIT_SM_RESP, b"42", Status::ESME_RINVMSGID),
    ];
    for (id, body, status) in cases {
        assert_eq!(decode(id, body), Err(status), "{id} {}", body.escape_ascii());
    }
}

#[test]
fn r33_missing_fields() {
    assert_eq!(decode(CommandId::SUBMIT_SM, b""), Err(Status::ESME_RINVCMDLEN));
    assert_eq!(decode(CommandId::SUBMIT_SM, b"\0\x01"), Err(Status::ESME_RINVCMDLEN));
    assert_eq!(decode(CommandId::BIND_RECEIVER, b"esme\0secret\0\0"), Err(Status::ESME_RINVCMDLEN));
    assert_eq!(decode(CommandId::QUERY_SM_RESP, b"42\0\0\x02"), Err(Status::ESME_RINVCMDLEN));
}

#[test]
fn r33_sm_length_too_long() {
    for sm_length in [6, 200, 255] {
        let body = submit_body(|body| {
            let at = body.len() - 6;
            assert_eq!(body[at], 5);
            body[at] = sm_length;
        });
        assert_eq!(decode(CommandId::SUBMIT_SM, &body), Err(Status::ESME_RINVMSGLEN));
    }
    // Too short a length leaves octets that are no TLV.
    let body = submit_body(|body| {
        let at = body.len() - 6;
        body[at] = 3;
    });
    assert_eq!(decode(CommandId::SUBMIT_SM, &body), Err(Status::ESME_RINVTLVSTREAM));
}

fn check(change: impl FnOnce(&mut Sm<'_>)) -> Result<(), Status> {
    let destination = Address { addr: b"491700000001", ..Address::default() };
    let mut sm = Sm { destination, ..Sm::default() };
    change(&mut sm);
    sm.check().map_err(|error| error.status())
}

#[test]
fn r33_udhi_with_no_data() {
    assert_eq!(check(|sm| sm.esm_class = EsmClass(0x40)), Err(Status::ESME_RINVMSGLEN));
}

#[test]
fn r33_udhl_past_the_end() {
    let udh = |short_message: &'static [u8]| {
        check(|sm| {
            sm.esm_class = EsmClass(0x40);
            sm.short_message = short_message;
        })
    };
    assert_eq!(udh(b"\x05\0\x03\x01\x02"), Err(Status::ESME_RINVMSGLEN));
    assert_eq!(udh(b"\xff"), Err(Status::ESME_RINVMSGLEN));
    assert_eq!(udh(b"\x05\0\x03\x01\x02\x01"), Ok(()));
    assert_eq!(udh(b"\0text"), Ok(()));
}

#[test]
fn values_that_the_standard_reserves() {
    use smpp::pdu::RegisteredDelivery;
    assert_eq!(check(|_| {}), Ok(()));
    assert_eq!(check(|sm| sm.esm_class = EsmClass(0x0c)), Err(Status::ESME_RINVESMCLASS));
    assert_eq!(check(|sm| sm.priority_flag = 5), Err(Status::ESME_RINVPRTFLG));
    assert_eq!(
        check(|sm| sm.registered_delivery = RegisteredDelivery(0x20)),
        Err(Status::ESME_RINVREGDLVFLG)
    );
    assert_eq!(check(|sm| sm.replace_if_present_flag = 2), Err(Status::ESME_RINVREPFLAG));
    assert_eq!(check(|sm| sm.destination.addr = b""), Err(Status::ESME_RINVDSTADR));
    assert_eq!(check(|sm| sm.schedule_delivery_time = b"soon"), Err(Status::ESME_RINVSCHED));
    assert_eq!(check(|sm| sm.validity_period = b"later"), Err(Status::ESME_RINVEXPIRY));
}

#[test]
fn field_16_short_message_and_message_payload_exclude_each_other() {
    let mut tlvs = TlvBuffer::new();
    tlvs.push(Tag::MESSAGE_PAYLOAD, b"payload").unwrap();
    let destination = Address { addr: b"491700000001", ..Address::default() };
    let mut sm = Sm { destination, tlvs: tlvs.as_tlvs(), ..Sm::default() };
    assert_eq!((sm.check(), sm.user_data()), (Ok(()), &b"payload"[..]));
    sm.short_message = b"hello";
    assert_eq!(sm.check().unwrap_err().status(), Status::ESME_ROPTPARNOTALLWD);
}

#[test]
fn destinations_of_submit_multi() {
    let body = |destinations: &[u8]| [b"\0\0\0sender\0", destinations].concat();
    let id = CommandId::SUBMIT_MULTI;
    assert_eq!(decode(id, &body(b"\x01\x03")), Err(Status::ESME_RINVDESTFLAG));
    assert_eq!(decode(id, &body(b"\x01\x02friends")), Err(Status::ESME_RINVDLNAME));
    assert_eq!(decode(id, &body(b"\x01\x01\x01\x014917")), Err(Status::ESME_RINVDSTADR));
    assert_eq!(decode(id, &body(b"\xff\x02a\0")), Err(Status::ESME_RINVCMDLEN));
}

#[test]
fn tlv_lengths_and_values() {
    let check = |tag: Tag, value: &[u8]| smpp::Tlv { tag, value }.check();
    assert_eq!(check(Tag::SAR_MSG_REF_NUM, &[1]), Err(Error::TlvLength { tag: 0x020c }));
    assert_eq!(check(Tag::DEST_ADDR_SUBUNIT, &[5]), Err(Error::TlvValue { tag: 0x0005 }));
    assert_eq!(check(Tag::SAR_TOTAL_SEGMENTS, &[0]), Err(Error::TlvValue { tag: 0x020e }));
    assert_eq!(check(Tag::MESSAGE_PAYLOAD, &[0; 1000]), Ok(()));
    assert_eq!(check(Tag(0x1500), &[0; 1000]), Ok(()), "an unknown tag passes");
    assert_eq!(Error::TlvLength { tag: 5 }.status(), Status::ESME_RINVPARLEN);
    assert_eq!(Error::TlvValue { tag: 5 }.status(), Status::ESME_RINVOPTPARAMVAL);
}

#[test]
fn neither_bodies_nor_passwords_nor_digits_are_shown() {
    let tlvs = samples::tlvs();
    for pdu in samples::pdus(tlvs.as_tlvs()) {
        let shown = format!("{pdu:?}");
        for secret in ["secret", "hello", "world", "new text", "491700000001", "vendor"] {
            assert!(!shown.contains(secret), "{shown}");
            let numbers = format!("{:?}", secret.as_bytes());
            assert!(!shown.contains(numbers.trim_matches(['[', ']'])), "{shown}");
        }
    }
}

#[test]
fn the_last_of_equal_tlvs_counts_and_all_are_kept() {
    let mut tlvs = TlvBuffer::new();
    tlvs.push_u8(Tag::MESSAGE_STATE, 1).push_u8(Tag::PAYLOAD_TYPE, 0).push_u8(Tag::MESSAGE_STATE, 2);
    let found = tlvs.as_tlvs().get(Tag::MESSAGE_STATE).and_then(|tlv| tlv.u8().ok());
    assert_eq!((found, tlvs.as_tlvs().iter().count()), (Some(2), 3));
    assert_eq!(tlvs.as_tlvs().get(Tag::USER_RESPONSE_CODE), None);
}
