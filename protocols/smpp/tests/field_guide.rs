//! Field cases of PDUs, receipts and times: the corners that real ESMEs and centres
//! meet. Those of sessions are in `session.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use bytes::BytesMut;
use proptest::prelude::*;
use smpp::pdu::{
    Address, CancelSm, DataSm, Destination, EsmClass, MessageType, QuerySm, ReceiptRequest,
    RegisteredDelivery, ReplaceSm, Sm, SmResp, SubmitMulti, SubmitMultiResp, UnsuccessSme,
};
use smpp::receipt::{IdMatch, Receipt, ReceivedReceipt};
use smpp::{Framing, MessageState, Pdu, Status, Tag, TlvBuffer, time};

/// 2010-05-23 20:39 UTC.
const SUBMITTED: i64 = 1_274_647_140;
/// 2010-05-24 23:39 UTC.
const DONE: i64 = 1_274_744_340;

fn through_the_wire(pdu: &Pdu<'_>) {
    let mut octets = BytesMut::new();
    pdu.encode(1, Status::ESME_ROK, &mut octets).unwrap();
    let batch = Framing::default().take(&mut octets);
    assert_eq!(batch.frames().next().unwrap().decode().as_ref(), Ok(pdu));
}

/// SMPP 3.4 §5.2.21: sm_length counts, NUL is "@" in the GSM alphabet.
#[test]
fn field_07_sm_length_not_nul() {
    for text in [&b"\0"[..], b"\0\0\0", b"me\0example.com", b"ends with\0"] {
        through_the_wire(&Pdu::SubmitSm(Sm { short_message: text, ..Sm::default() }));
    }
}

/// SMPP 3.4, appendix B: the text that cloudhopper's test expects of its writer.
#[test]
fn field_39_receipt_text() {
    let expected = "id:0123456789 sub:002 dlvrd:001 submit date:1005232039 done date:1005242339 stat:DELIVRD err:010 text:This is a sample mes";
    let receipt = Receipt {
        id: b"0123456789",
        sub: 2,
        dlvrd: 1,
        submit_date: SUBMITTED,
        done_date: DONE,
        offset_minutes: 0,
        stat: MessageState::DELIVERED,
        err: 10,
        text: b"This is a sample message that is longer",
    };
    let mut text = Vec::new();
    receipt.write(&mut text);
    assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
    let read = ReceivedReceipt::parse(&text);
    assert_eq!((read.id, read.submitted(), read.delivered()), (Some(receipt.id), Some(2), Some(1)));
    assert_eq!((read.state(), read.error_code()), (Some(MessageState::DELIVERED), Some(10)));
    assert_eq!(time::parse_receipt_date(read.submit_date.unwrap(), 0), Some(SUBMITTED));
    assert_eq!(time::parse_receipt_date(read.done_date.unwrap(), 0), Some(DONE));
    assert!(!format!("{receipt:?}{read:?}").contains("sample"));
}

/// SMPP 3.4 §5.3.2.12, §5.3.2.35: the TLVs count more than the text.
#[test]
fn field_39_receipt_tlvs() {
    let mut tlvs = TlvBuffer::new();
    tlvs.push_c_octets(Tag::RECEIPTED_MESSAGE_ID, b"2faf080").unwrap();
    tlvs.push_u8(Tag::MESSAGE_STATE, MessageState::EXPIRED.0);
    tlvs.push(Tag::NETWORK_ERROR_CODE, &[3, 0x01, 0x02]).unwrap();
    let text = b"id:50000000 sub:001 dlvrd:000 stat:UNDELIV err:228 text:";
    let mut sm = Sm { short_message: text, tlvs: tlvs.as_tlvs(), ..Sm::default() };
    for esm_class in [EsmClass(0x04), EsmClass(0x20), EsmClass(0x00)] {
        sm.esm_class = esm_class;
        let receipt = ReceivedReceipt::from_deliver_sm(&sm).unwrap();
        assert_eq!(receipt.id, Some(&b"2faf080"[..]));
        assert_eq!((receipt.state(), receipt.error_code()), (Some(MessageState::EXPIRED), Some(228)));
        assert_eq!(receipt.network_error_code, Some((3, 0x0102)));
    }
    // A user's acknowledgement is no receipt, nor is a message with "id:" in its text.
    sm.esm_class = EsmClass(0x10);
    assert_eq!(ReceivedReceipt::from_deliver_sm(&sm), None);
    let chat = Sm { short_message: b"my id: 5, text: me", ..Sm::default() };
    assert_eq!(ReceivedReceipt::from_deliver_sm(&chat), None);
}

/// Forms that centres send in the field.
#[test]
fn field_39_receipt_oddities() {
    let id = |text: &'static str| ReceivedReceipt::parse(text.as_bytes()).id.map(<[u8]>::to_vec);
    let state = |text: &str| ReceivedReceipt::parse(text.as_bytes()).state();
    assert_eq!(id("ID:12 SUB:1 STAT:delivrd"), Some(b"12".to_vec()));
    assert_eq!(id("id: 12 sub: 1 stat: DELIVRD"), Some(b"12".to_vec()));
    assert_eq!(id("id: sub:001 dlvrd:001"), None);
    assert_eq!(id("id:12,sub:001,dlvrd:001,stat:DELIVRD"), Some(b"12".to_vec()));
    assert_eq!(id("id:12 id:13"), Some(b"12".to_vec()));
    assert_eq!(id("stat:DELIVRD text:your id:13 is"), Some(b"13".to_vec()));
    assert_eq!(id("id:12 text:your id:13 is"), Some(b"12".to_vec()));
    assert_eq!(id(""), None);
    assert_eq!(state("id:1 stat:DELIVERED"), Some(MessageState::DELIVERED));
    assert_eq!(state("id:1 stat:Undeliverable"), Some(MessageState::UNDELIVERABLE));
    assert_eq!(state("id:1 status:REJECTED"), Some(MessageState::REJECTED));
    assert_eq!(state("id:1 stat:XYZ"), None);
    let text = |text: &'static str| ReceivedReceipt::parse(text.as_bytes()).text.map(<[u8]>::to_vec);
    assert_eq!(text("id:1 sub:1 stat:DELIVRD text:sub:1 or not"), Some(b"sub:1 or not".to_vec()));
    assert_eq!(text("id:1 text: stat:DELIVRD"), None);
    let long = ReceivedReceipt::parse(b"id:1 submit_date:20110314181534 done_date:110314181741 err:0");
    assert_eq!(time::parse_receipt_date(long.submit_date.unwrap(), 0), Some(1_300_126_534));
    assert_eq!(time::parse_receipt_date(long.done_date.unwrap(), 60), Some(1_300_126_661 - 3600));
}

#[test]
fn field_39_every_state_has_its_word() {
    for &state in MessageState::ALL {
        assert_eq!(MessageState::from_stat(state.stat().as_bytes()), Some(state));
    }
    let words = MessageState::ALL.iter().filter(|state| !state.is_final()).map(|state| state.stat());
    assert_eq!(words.collect::<Vec<_>>(), ["SCHEDLD", "ENROUTE"]);
}

/// SMPP 3.4 §5.2.23.
#[test]
fn field_40_ids_hex_or_decimal() {
    use IdMatch::{Auto, DecimalThenHex, Exact, HexThenDecimal};
    let cases: [(IdMatch, &str, &str, bool); 13] = [
        (Exact, "00aB", "00aB", true),
        (Exact, "00aB", "00ab", false),
        (HexThenDecimal, "2FAF080", "50000000", true),
        (HexThenDecimal, "02faf080", "0050000000", true),
        (HexThenDecimal, "50000000", "50000000", false),
        (DecimalThenHex, "50000000", "2FAF080", true),
        (Auto, "2FAF080", "50000000", true),
        (Auto, "50000000", "02FAF080", true),
        (Auto, "0059113978", "59113978", true),
        (Auto, "38601fa", "0059113978", true),
        (Auto, "74e02ee1-4e2f-4a6e-a78b-4b247d756a22", "74E02EE1-4E2F-4A6E-A78B-4B247D756A22", true),
        (Auto, "0", "000", true),
        (Auto, "12", "13", false),
    ];
    for (rule, response, receipt, expected) in cases {
        assert_eq!(
            rule.matches(response.as_bytes(), receipt.as_bytes()),
            expected,
            "{rule:?} {response} {receipt}"
        );
    }
    // Sixty-four hexadecimal digits are no number that we count with, but still an id.
    let long = [b'f'; 64];
    assert!(Auto.matches(&long, &long));
}

/// SMPP 3.4 §5.2.12, §5.2.17.
#[test]
fn field_44_registered_delivery_bits() {
    let receipt = |octet| RegisteredDelivery(octet).receipt();
    assert_eq!(receipt(0x00), ReceiptRequest::None);
    assert_eq!(receipt(0x01), ReceiptRequest::SuccessAndFailure);
    assert_eq!(receipt(0x02), ReceiptRequest::Failure);
    assert_eq!(receipt(0x03), ReceiptRequest::Success);
    assert_eq!(receipt(0x1d), ReceiptRequest::SuccessAndFailure);
    assert!(RegisteredDelivery(0x10).wants_intermediate_notification());
    assert!(!RegisteredDelivery(0x0f).wants_intermediate_notification());
    assert!(RegisteredDelivery(0x04).wants_delivery_acknowledgement());
    assert!(RegisteredDelivery(0x08).wants_user_acknowledgement());
    assert_eq!(
        EsmClass::INTERMEDIATE_NOTIFICATION.message_type(),
        Some(MessageType::IntermediateNotification)
    );
    assert_eq!(EsmClass::DELIVERY_RECEIPT.message_type(), Some(MessageType::DeliveryReceipt));
}

/// SMPP 3.4 §7.1.1.
#[test]
fn field_45_times() {
    let now = SUBMITTED; // 2010-05-23 20:39
    let parse = |text: &str| time::parse(text.as_bytes(), now).unwrap();
    assert_eq!(parse(""), None);
    assert_eq!(parse("000001000000000R"), Some(now + 86_400), "a day");
    assert_eq!(parse("000000000100000R"), Some(now + 60), "a minute");
    assert_eq!(parse("010203040506000R"), Some(1_311_727_446), "2011-07-27 00:44:06 by the calendar");
    assert_eq!(parse("100523203900000+"), Some(now));
    assert_eq!(parse("100523223900008+"), Some(now), "two hours ahead of UTC");
    assert_eq!(parse("100523163900016-"), Some(now), "four hours behind UTC");
    assert_eq!(parse("150203040506708+"), Some(1_422_929_106), "cloudhopper's replace_sm");
    assert_eq!(parse("100523203900"), Some(now), "twelve digits");
    for wrong in [
        "100523203900049+",
        "101323203900000+",
        "100532203900000+",
        "100230203900000+",
        "100523243900000+",
        "100523206000000+",
        "100523203960000+",
        "10052320390000R",
        "soon",
        "100523203900000X",
        "1005232039 0000+",
        "1005232039000000+",
        "-00001000000000R",
    ] {
        assert_eq!(time::parse(wrong.as_bytes(), now), Err(time::InvalidTime), "{wrong}");
    }
    assert_eq!(&time::absolute(now, 8), b"100523223900008+");
    assert_eq!(&time::absolute(now, -16), b"100523163900016-");
    assert_eq!(&time::relative(86_400 + 61), b"000001000101000R");
    assert_eq!(&time::relative(u32::MAX), b"000099235959000R");
    assert_eq!(&time::short(now), b"100523203900");
    assert_eq!(&time::receipt_date(now, 120), b"1005232239");
}

/// The 31st of January and a month is the last of February.
#[test]
fn field_45_a_month_is_a_calendar_month() {
    let january = time::parse(b"240131120000000+", 0).unwrap().unwrap();
    let february = time::parse(b"240229120000000+", 0).unwrap();
    assert_eq!(time::parse(b"000100000000000R", january), Ok(february));
    let next_year = time::parse(b"250228120000000+", 0).unwrap();
    assert_eq!(time::parse(b"010000000000000R", february.unwrap()), Ok(next_year));
}

/// SMPP 3.4 §4.5, §4.7 to §4.10.
#[test]
fn field_52_operations_on_the_wire() {
    let source = Address { addr: b"1234", ..Address::default() };
    let destination = Address { addr: b"491700000001", ..Address::default() };
    through_the_wire(&Pdu::QuerySm(QuerySm { message_id: b"42", source, ..QuerySm::default() }));
    through_the_wire(&Pdu::CancelSm(CancelSm { source, destination, ..CancelSm::default() }));
    through_the_wire(&Pdu::ReplaceSm(ReplaceSm { message_id: b"42", source, ..ReplaceSm::default() }));
    through_the_wire(&Pdu::SubmitSm(Sm { replace_if_present_flag: 1, ..Sm::default() }));
    let destinations = vec![Destination::Address(destination); 255];
    through_the_wire(&Pdu::SubmitMulti(SubmitMulti { destinations, ..SubmitMulti::default() }));
    let failed = UnsuccessSme { address: destination, error_status_code: Status::ESME_RINVDSTADR };
    let unsuccess_smes = vec![failed; 255];
    let resp = SubmitMultiResp { message_id: Some(b"42"), unsuccess_smes, ..SubmitMultiResp::default() };
    through_the_wire(&Pdu::SubmitMultiResp(resp));
    let payload = vec![b'x'; 65_535];
    let mut tlvs = TlvBuffer::new();
    tlvs.push(Tag::MESSAGE_PAYLOAD, &payload).unwrap();
    let data_sm = DataSm { destination, tlvs: tlvs.as_tlvs(), ..DataSm::default() };
    assert_eq!(data_sm.user_data().len(), 65_535);
    through_the_wire(&Pdu::DataSm(data_sm));
    let too_many = vec![Destination::Address(destination); 256];
    let multi = Pdu::SubmitMulti(SubmitMulti { destinations: too_many, ..SubmitMulti::default() });
    let error = multi.encode(1, Status::ESME_ROK, &mut BytesMut::new()).unwrap_err();
    assert_eq!(error.status(), Status::ESME_RINVNUMDESTS);
}

/// SMPP 3.4 §5.1.3.
#[test]
fn field_53_deliver_sm_resp_codes() {
    let codes = [Status::ESME_RX_T_APPN, Status::ESME_RX_P_APPN, Status::ESME_RX_R_APPN];
    assert_eq!(codes.map(|code| code.0), [0x64, 0x65, 0x66]);
    for code in codes {
        let mut octets = BytesMut::new();
        Pdu::DeliverSmResp(SmResp::bare()).encode(9, code, &mut octets).unwrap();
        let frame_status =
            Framing::default().take(&mut octets).frames().next().unwrap().header.command_status;
        assert_eq!((frame_status, frame_status.text().is_empty()), (code, false));
    }
}

proptest! {
    #[test]
    fn absolute_times_round_trip(seconds in 0_i64..3_155_760_000, quarters in -48_i8..=48) {
        let within = seconds.clamp(86_400, 3_155_673_600);
        prop_assert_eq!(time::parse(&time::absolute(within, quarters), 0), Ok(Some(within)));
    }

    #[test]
    fn relative_times_round_trip(seconds in 0_u32..8_640_000, now in 0_i64..4_000_000_000) {
        prop_assert_eq!(time::parse(&time::relative(seconds), now), Ok(Some(now + i64::from(seconds))));
    }

    #[test]
    fn receipts_round_trip(id in "[0-9a-zA-Z-]{1,64}", state in 0_usize..10, err in 0_u16..1000, text in "[ -~]{0,30}") {
        let stat = MessageState::ALL[state];
        let receipt = Receipt {
            id: id.as_bytes(), sub: 1, dlvrd: 1, submit_date: SUBMITTED, done_date: DONE, offset_minutes: 60,
            stat, err, text: text.as_bytes(),
        };
        let mut written = Vec::new();
        receipt.write(&mut written);
        let read = ReceivedReceipt::parse(&written);
        prop_assert_eq!((read.id, read.state(), read.error_code()), (Some(id.as_bytes()), Some(stat), Some(u32::from(err))));
        let cut = text.as_bytes().get(..20).unwrap_or(text.as_bytes()).trim_ascii();
        prop_assert_eq!(read.text.unwrap_or_default(), cut);
    }
}
