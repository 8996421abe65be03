//! Every row of the SIP link's tables that is about the message itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use sip::{Message as SipMessage, Name, Request};
use smsc::address::{Address, TypeOfNumber};
use smsc::message::{Content, Kind, Message, MessageId, Mode, Party, Submission, Timestamp, Validity};
use smsc::ports::Delivery;
use smsc::receipt::{Receipt, ReceiptRequest, State};

use super::*;
use crate::config::{BinaryAs, OnUnencodable, Quirks, ReceiptForm, Segments};

/// 2026-11-23 17:05:09 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_795_453_509_000);

const TEXT: &str = "Content-Type: text/plain\r\n";

fn request(uri: &str, extra: &str, body: &[u8]) -> Request {
    let from = if extra.contains("From:") { "" } else { "From: <sip:+4915112345678@there>;tag=1\r\n" };
    let to = if extra.contains("To:") { "" } else { "To: <sip:+4930000000@smsc>\r\n" };
    let head = format!(
        "MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP there;branch=z9hG4bK1\r\n{from}{to}Call-ID: 1\r\n\
         CSeq: 1 MESSAGE\r\n{extra}Content-Length: {}\r\n\r\n",
        body.len()
    );
    match sip::parse(&Bytes::from([head.as_bytes(), body].concat())).unwrap() {
        SipMessage::Request(request) => request,
        SipMessage::Response(_) => panic!("a request was written"),
    }
}

fn sender(quirks: Quirks) -> Sender {
    Sender { party: Party::SipPeer("connect".into()), source: None, trusted: false, quirks }
}

fn receive(quirks: Quirks, uri: &str, extra: &str, body: &[u8]) -> Result<Incoming, u16> {
    let rules = Rules { validity_max: Duration::from_secs(7 * 86_400) };
    let user = |name: &str| (name == "alice").then(|| Address::international("491511"));
    let incoming = read(&request(uri, extra, body), &sender(quirks), rules, user, NOW);
    incoming.map_err(|refusal| refusal.status.code())
}

fn taken(extra: &str, body: &[u8]) -> Submission {
    receive(Quirks::default(), "sip:+491701234567@smsc", extra, body).unwrap().submission
}

fn content(extra: &str, body: &[u8]) -> (u8, Vec<u8>) {
    let content = taken(extra, body).content;
    (content.data_coding, content.body.to_vec())
}

fn refused(extra: &str, body: &[u8]) -> u16 {
    receive(Quirks::default(), "sip:+491701234567@smsc", extra, body).unwrap_err()
}

fn message(data_coding: u8, header: &[u8], body: &[u8]) -> Message {
    Message {
        id: MessageId::from_u64(42),
        origin: Party::Platform,
        account: "acme".into(),
        source: Address::international("491700000000"),
        destination: Address::international("4915112345678"),
        presented: None,
        route: "default".into(),
        content: Content {
            data_coding,
            header: Bytes::copy_from_slice(header),
            body: Bytes::copy_from_slice(body),
        },
        mode: Mode::StoreAndForward,
        receipt: ReceiptRequest::NONE,
        priority: 0,
        protocol_id: 0,
        reply_path: false,
        service_type: smsc::message::Name::default(),
        optional: Bytes::new(),
        accepted_at: NOW,
        deliver_after: NOW,
        expires_at: NOW + Duration::from_secs(86_400),
        client_key: None,
        kind: Kind::Ordinary,
    }
}

fn sent_all(message: Message, receipt_wanted: bool, quirks: &Quirks) -> Vec<Request> {
    let delivery = Delivery { message: Arc::new(message), receipt_wanted };
    let ends = Ends { request_uri: None, their_host: "192.0.2.1:5080", our_host: "198.51.100.1:5060" };
    drafts(&delivery, quirks).unwrap().iter().map(|draft| draft.request(&ends, 1)).collect()
}

fn sent(message: Message) -> Request {
    sent_all(message, false, &Quirks::default()).remove(0)
}

fn get<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get_named(name)
}

// The seven headers, received.

#[test]
fn header_x_sms_udh_is_put_into_the_message() {
    let ports = taken(&format!("{TEXT}X-SMS-UDH: 06050413011301\r\n"), b"hi").content;
    assert_eq!(ports.header[..], [0x06, 0x05, 0x04, 0x13, 0x01, 0x13, 0x01]);
    assert_eq!(taken(&format!("{TEXT}x-sms-udh: 0605040B8423F0\r\n"), b"hi").content.header.len(), 7);
}

#[test]
fn header_x_sms_coding_is_honoured() {
    assert_eq!(content(&format!("{TEXT}X-SMS-CODING: 0\r\n"), b"@a"), (0x00, vec![0x00, b'a']));
    let octets = "Content-Type: application/octet-stream\r\nX-SMS-CODING: 1\r\n";
    assert_eq!(content(octets, &[0, 1, 0xff]), (0x04, vec![0, 1, 0xff]));
    assert_eq!(content(&format!("{TEXT}X-SMS-CODING: 2\r\n"), b"a"), (0x08, vec![0, b'a']));
}

#[test]
fn header_x_sms_coding_absent_follows_the_content_type() {
    for kind in ["text/plain", "text/html", "text/vnd.wap.wml", "TEXT/Plain;charset=UTF-8"] {
        assert_eq!(content(&format!("Content-Type: {kind}\r\n"), b"a"), (0x00, vec![b'a']), "{kind}");
    }
    assert_eq!(content("Content-Type: application/octet-stream\r\n", &[0xff]), (0x04, vec![0xff]));
    assert_eq!(content("", b"a"), (0x00, vec![b'a']));
}

#[test]
fn header_x_sms_validity_is_the_end_of_all_attempts() {
    let stated = taken(&format!("{TEXT}X-SMS-VALIDITY: 2026-11-23 18:05:09\r\n"), b"hi").validity;
    assert_eq!(stated, Some(Validity::Until(NOW + Duration::from_secs(3600))));
    assert_eq!(taken(TEXT, b"hi").validity, None);
}

#[test]
fn header_x_m_class_sets_the_class_of_the_coding() {
    for (class, gsm7) in [("0", 0x10), ("1", 0x11), ("2", 0x12), ("3", 0x13)] {
        assert_eq!(content(&format!("{TEXT}X-M-CLASS: {class}\r\n"), b"a").0, gsm7);
    }
    assert_eq!(content(&format!("{TEXT}X-M-CLASS: 0\r\nX-SMS-CODING: 2\r\n"), b"a").0, 0x18);
    assert_eq!(refused(&format!("{TEXT}X-M-CLASS: 4\r\n"), b"a"), 400);
}

#[test]
fn header_x_reg_delivery_asks_for_receipts() {
    for bits in [0_u8, 1, 2, 3, 16, 17, 18, 19] {
        let stated = taken(&format!("{TEXT}X-REG-DELIVERY: {bits}\r\n"), b"a").receipt;
        assert_eq!(stated, ReceiptRequest(bits));
    }
    for wrong in ["4", "20", "256", "yes", "-1"] {
        assert_eq!(refused(&format!("{TEXT}X-REG-DELIVERY: {wrong}\r\n"), b"a"), 400, "{wrong}");
    }
}

#[test]
fn header_x_smsc_id_and_delivery_time_are_accepted() {
    for extra in ["X-SMSC-ID: null\r\n", "X-SMSC-ID: acme\r\nX-DELIVERY_TIME: 2026-11-23 17:05:09\r\n"] {
        assert_eq!(&taken(&format!("{TEXT}{extra}"), b"a").content.body[..], b"a");
    }
}

// The seven headers, sent.

#[test]
fn sent_headers_that_are_always_there() {
    let request = sent(message(0, &[], b"Hello"));
    assert_eq!(get(&request, "X-SMS-CODING"), Some("0"));
    assert_eq!(get(&request, "X-SMS-VALIDITY"), Some("2026-11-24 17:05:09"));
    assert_eq!(get(&request, "X-DELIVERY_TIME"), Some("2026-11-23 17:05:09"));
    assert_eq!(get(&request, "X-DELIVERY-TIME"), Some("2026-11-23 17:05:09"));
    for absent in ["X-SMS-UDH", "X-M-CLASS", "X-REG-DELIVERY", "X-SMSC-ID", "X-SMS-TYPE"] {
        assert_eq!(get(&request, absent), None, "{absent}");
    }
    let wire = String::from_utf8(request.to_bytes().to_vec()).unwrap();
    assert!(wire.contains("\r\nX-DELIVERY_TIME: "), "sent as written");
}

#[test]
fn sent_udh_class_and_registered_delivery() {
    let mut flash = message(0x10, &[0x06, 0x05, 0x04, 0x13, 0x01, 0x13, 0x01], b"Hello");
    flash.receipt = ReceiptRequest(0x11);
    let request = sent(flash);
    assert_eq!(get(&request, "X-SMS-UDH"), Some("06050413011301"));
    assert_eq!(get(&request, "X-M-CLASS"), Some("0"));
    assert_eq!(get(&request, "X-REG-DELIVERY"), Some("17"));
    let wanted = sent_all(message(0, &[], b"a"), true, &Quirks::default()).remove(0);
    assert_eq!(get(&wanted, "X-REG-DELIVERY"), Some("1"));
}

#[test]
fn sent_smsc_id_names_the_connection_of_smpp_and_nothing_else() {
    for (origin, id) in [
        (Party::Esme("acme".into()), Some("acme")),
        (Party::Smpp("carrier".into()), Some("carrier")),
        (Party::SipPeer("p".into()), None),
        (Party::SipUser("49".into()), None),
        (Party::Platform, None),
        (Party::Operator, None),
    ] {
        let request = sent(Message { origin, ..message(0, &[], b"a") });
        assert_eq!(get(&request, "X-SMSC-ID"), id);
    }
}

// The rules that the chapter leaves open.

#[test]
fn rule_validity_in_the_past_is_refused_and_a_long_one_reduced() {
    for wrong in ["2026-11-23 17:05:08", "2026-11-23 17:05:09", "0", "soon"] {
        assert_eq!(refused(&format!("{TEXT}X-SMS-VALIDITY: {wrong}\r\n"), b"a"), 400, "{wrong}");
    }
    let extra = format!("{TEXT}X-SMS-VALIDITY: 2027-11-23 17:05:09\r\n");
    let incoming = receive(Quirks::default(), "sip:+491701234567@smsc", &extra, b"a").unwrap();
    assert_eq!(incoming.reduced_validity.as_deref(), Some("2026-11-30 17:05:09"));
    let latest = NOW + Duration::from_secs(7 * 86_400);
    assert_eq!(incoming.submission.validity, Some(Validity::Until(latest)));
}

#[test]
fn rule_legacy_dates_are_a_peers_option() {
    let legacy = Quirks { legacy_dates: true, ..Quirks::default() };
    let request = sent_all(message(0, &[], b"a"), false, &legacy).remove(0);
    assert_eq!(get(&request, "X-DELIVERY_TIME"), Some("02026-05-23 05:05:09"));
    let extra = format!("{TEXT}X-SMS-VALIDITY: 02026-05-23 05:05:09\r\n");
    let january = receive(legacy, "sip:+491701234567@smsc", &extra, b"a");
    assert_eq!(january.unwrap_err(), 400, "it reads as January, which is over");
}

#[test]
fn rule_text_that_does_not_fit_its_coding() {
    let cyrillic = "Да".as_bytes();
    let ucs2 = (0x08, vec![0x04, 0x14, 0x04, 0x30]);
    assert_eq!(content(TEXT, cyrillic), ucs2, "no header: UCS2 by itself");
    let stated = format!("{TEXT}X-SMS-CODING: 0\r\n");
    assert_eq!(content(&stated, cyrillic), ucs2, "upgraded");
    let with = |on_unencodable, body: &str| {
        let quirks = Quirks { on_unencodable, ..Quirks::default() };
        let incoming = receive(quirks, "sip:+491701234567@smsc", &stated, body.as_bytes());
        incoming.map(|incoming| incoming.submission.content.body.to_vec())
    };
    assert_eq!(with(OnUnencodable::Refuse, "Да"), Err(488));
    assert_eq!(with(OnUnencodable::Refuse, "Da"), Ok(b"Da".to_vec()));
    assert_eq!(with(OnUnencodable::Transliterate, "it’s"), Ok(b"it's".to_vec()));
    assert_eq!(with(OnUnencodable::Transliterate, "日"), Err(488));
}

#[test]
fn rule_body_octets_follow_the_charset() {
    let kind = |charset: &str| format!("Content-Type: text/plain;charset={charset}\r\n");
    let e_acute = (0x00, vec![0x05]);
    assert_eq!(content(TEXT, "é".as_bytes()), e_acute, "UTF-8 when absent");
    assert_eq!(content(&kind("UTF-8"), "é".as_bytes()), e_acute);
    assert_eq!(content(&kind("\"utf-8\""), "é".as_bytes()), e_acute);
    assert_eq!(content(&kind("ISO-8859-1"), &[0xe9]), e_acute);
    assert_eq!(content(&kind("UTF-16BE"), &[0x00, 0xe9]), e_acute);
    assert_eq!(content(&kind("utf-16"), &[0xff, 0xfe, 0xe9, 0x00]), e_acute);
    assert_eq!(content(&kind("us-ascii"), b"e"), (0x00, b"e".to_vec()));
    assert_eq!(refused(TEXT, &[0xe9]), 400);
    assert_eq!(refused(&kind("us-ascii"), &[0xe9]), 400);
    assert_eq!(refused(&kind("utf-16"), &[0x00]), 400);
    assert_eq!(refused(&kind("koi8-r"), b"a"), 415);
}

#[test]
fn rule_body_octets_when_sent() {
    let utf8 = |data_coding, body: &[u8]| {
        let request = sent(message(data_coding, &[], body));
        assert_eq!(request.headers.get(Name::ContentType), Some("text/plain;charset=UTF-8"));
        String::from_utf8(request.body.to_vec()).unwrap()
    };
    assert_eq!(utf8(0x00, &[0x05, 0x1b, 0x65]), "é€");
    assert_eq!(utf8(0x08, &[0x04, 0x14, 0xd8, 0x3d, 0xde, 0x00]), "Д😀");
    let data = sent(message(0x04, &[], &[0, 0xff]));
    assert_eq!(data.headers.get(Name::ContentType), Some("application/octet-stream"));
    assert_eq!((get(&data, "X-SMS-CODING"), &data.body[..]), (Some("1"), &[0, 0xff][..]));
}

#[test]
fn rule_binary_as_hex_text_is_a_peers_option() {
    let hex_text = Quirks { binary_as: BinaryAs::HexText, ..Quirks::default() };
    let request = sent_all(message(0x04, &[], &[0, 0xff]), false, &hex_text).remove(0);
    assert_eq!(request.headers.get(Name::ContentType), Some("text/plain;charset=UTF-8"));
    assert_eq!((get(&request, "X-SMS-CODING"), &request.body[..]), (Some("1"), &b"00ff"[..]));
    let extra = format!("{TEXT}X-SMS-CODING: 1\r\n");
    let back = receive(hex_text.clone(), "sip:+491701234567@smsc", &extra, b"00FF").unwrap();
    assert_eq!(back.submission.content.body[..], [0, 0xff]);
    assert_eq!(receive(hex_text, "sip:+491701234567@smsc", &extra, b"00F").unwrap_err(), 400);
}

#[test]
fn rule_other_coding_values() {
    for wrong in ["3", "4", "8", "", "x", "00"] {
        assert_eq!(refused(&format!("{TEXT}X-SMS-CODING: {wrong}\r\n"), b"a"), 400, "{wrong}");
    }
    let numeric = Quirks { numeric_coding: true, ..Quirks::default() };
    let coding = |stated: &str| {
        let extra = format!("{TEXT}X-SMS-CODING: {stated}\r\n");
        let incoming = receive(numeric.clone(), "sip:+491701234567@smsc", &extra, b"a");
        incoming.map(|incoming| incoming.submission.content.data_coding)
    };
    assert_eq!((coding("4"), coding("8"), coding("5")), (Ok(0x04), Ok(0x08), Err(400)));
}

#[test]
fn rule_user_data_headers_are_validated() {
    for wrong in ["0", "zz", "05", "0605041301130", "0605041301", "06050513011301", "0605041301130100"] {
        assert_eq!(refused(&format!("{TEXT}X-SMS-UDH: {wrong}\r\n"), b"a"), 400, "{wrong}");
    }
}

#[test]
fn rule_what_does_not_fit_is_cut_or_refused() {
    let ports = format!("{TEXT}X-SMS-UDH: 06050413011301\r\n");
    let segment = format!("{TEXT}X-SMS-UDH: 0500037F0201\r\n");
    assert_eq!(taken(&ports, &[b'a'; 500]).content.body.len(), 500, "the sending gateway cuts it");
    assert_eq!(taken(&segment, &[b'a'; 153]).content.body.len(), 153);
    assert_eq!(refused(&segment, &[b'a'; 154]), 413);
    assert_eq!(refused(TEXT, &[b'a'; 153 * 255 + 1]), 413);
    assert_eq!(refused(&format!("{TEXT}X-SMS-UDH: 8C708A{}\r\n", "00".repeat(138)), b"a"), 413);
}

#[test]
fn rule_long_messages_go_out_as_one() {
    let whole = sent(message(0, &[], &[b'a'; 300]));
    assert_eq!((whole.body.len(), get(&whole, "X-SMS-UDH")), (300, None));
    // First segment with the whole content, its concatenation still in the header.
    let joined = sent(message(0, &[0x05, 0x00, 0x03, 0x7f, 0x02, 0x01], &[b'a'; 300]));
    assert_eq!((joined.body.len(), get(&joined, "X-SMS-UDH")), (300, None));
}

#[test]
fn rule_segments_pass_through_where_the_peer_wants_them() {
    let quirks = Quirks { segments: Segments::Passthrough, ..Quirks::default() };
    let segment = message(0, &[0x05, 0x00, 0x03, 0x7f, 0x02, 0x01], &[b'a'; 153]);
    let request = sent_all(segment, false, &quirks).remove(0);
    assert_eq!(get(&request, "X-SMS-UDH"), Some("0500037f0201"));
    let cut = sent_all(message(0, &[], &[b'a'; 300]), false, &quirks);
    let headers: Vec<_> = cut.iter().map(|request| get(request, "X-SMS-UDH").unwrap()).collect();
    assert_eq!(headers, ["060804002a0201", "060804002a0202"]);
    let calls: Vec<_> = cut.iter().map(|request| request.headers.call_id().unwrap()).collect();
    assert_ne!(calls[0], calls[1]);
}

#[test]
fn rule_destination_is_the_request_uri_else_to() {
    let to = |uri: &str, extra: &str| {
        let submission = receive(Quirks::default(), uri, &format!("{TEXT}{extra}"), b"a");
        submission.map(|incoming| incoming.submission.destination)
    };
    let german = Ok(Address::international("491701234567"));
    assert_eq!(to("sip:+491701234567@smsc", "To: <sip:+1@x>\r\n"), german);
    assert_eq!(to("sip:smsc", "To: <sip:+491701234567@smsc>\r\n"), german);
    assert_eq!(to("tel:+49-170-1234567", ""), german);
    assert_eq!(to("sip:+49(170)1234567@smsc;user=phone", ""), german);
    assert_eq!(to("tel:1701234567;phone-context=+49", ""), german);
    assert_eq!(to("sip:%2B491701234567@smsc", ""), german);
    let national = to("sip:01701234567@smsc", "").unwrap();
    assert_eq!((national.type_of_number, national.digits.as_str()), (TypeOfNumber::UNKNOWN, "01701234567"));
    assert_eq!(to("sip:alice@smsc", ""), Ok(Address::international("491511")), "a registered user");
    assert_eq!(to("sip:bob@smsc", ""), Err(404));
    assert_eq!(to("sip:smsc", "To: <sip:smsc>\r\n"), Err(484));
    assert_eq!(to("sip:+123456789012345678901@smsc", ""), Err(484));
    assert_eq!(to("http:smsc", ""), Err(416));
}

#[test]
fn rule_source_is_from_or_a_trusted_identity() {
    let from = |from: &str| {
        let headers = request("sip:+1@smsc", &format!("From: {from};tag=1\r\n{TEXT}"), b"a").headers;
        source(&headers, false).map_err(|refusal| refusal.status.code())
    };
    assert_eq!(from("<sip:+4915112345678@x>"), Ok(Address::international("4915112345678")));
    assert_eq!(from("\"A\" <tel:+4915112345678>"), Ok(Address::international("4915112345678")));
    assert_eq!(from("<sip:ACME@x>"), Ok(Address::alphanumeric("ACME")));
    assert_eq!(from("<sip:elevenchars@x>"), Ok(Address::alphanumeric("elevenchars")));
    assert_eq!(from("<sip:twelve-chars@x>"), Err(403));
    assert_eq!(from("<sip:x>"), Err(403));
    let extra = format!("P-Asserted-Identity: <sip:ACME@x>, <tel:+491711>\r\n{TEXT}");
    let headers = request("sip:+1@smsc", &extra, b"a").headers;
    assert_eq!(source(&headers, true), Ok(Address::international("491711")));
    assert_eq!(source(&headers, false), Ok(Address::international("4915112345678")));
}

#[test]
fn rule_body_types_that_are_no_message() {
    for kind in ["application/im-iscomposing+xml", "message/cpim", "application/vnd.3gpp.sms", "image/png"] {
        assert_eq!(refused(&format!("Content-Type: {kind}\r\n"), b"a"), 415, "{kind}");
    }
    assert_eq!(refused(&format!("{TEXT}Content-Encoding: gzip\r\n"), b"a"), 415);
    assert_eq!(refused("Content-Type: application/octet-stream\r\nX-SMS-CODING: 2\r\n", b"a"), 415);
}

fn a_receipt(state: State, error: u8) -> Message {
    let receipt = Receipt {
        about: MessageId::from_u64(7),
        state,
        error,
        submitted_at: NOW,
        done_at: NOW + Duration::from_secs(60),
        excerpt: Bytes::from_static(b"Hello"),
        excerpt_coding: 0,
        client_key: None,
    };
    let to = Party::SipPeer("connect".into());
    Message { kind: Kind::Receipt { to, receipt: Box::new(receipt) }, ..message(0, &[], b"") }
}

#[test]
fn rule_receipts_are_messages_with_a_marker() {
    let request = sent(a_receipt(State::Undeliverable, 8));
    assert_eq!(get(&request, "X-SMS-TYPE"), Some("receipt"));
    assert_eq!(get(&request, "X-SMS-MSG-ID"), Some("0000000000000000007"));
    assert_eq!(get(&request, "X-SMS-STATE"), Some("UNDELIV"));
    assert_eq!(get(&request, "X-SMS-ERR"), Some("008"));
    let text = "id:0000000000000000007 sub:001 dlvrd:000 submit date:2611231705 done date:2611231706 \
                stat:UNDELIV err:008 text:Hello";
    assert_eq!(str::from_utf8(&request.body), Ok(text));
}

#[test]
fn rule_receipts_as_imdn_are_a_peers_option() {
    let quirks = Quirks { receipts: ReceiptForm::Imdn, ..Quirks::default() };
    let request = sent_all(a_receipt(State::Delivered, 0), false, &quirks).remove(0);
    assert_eq!(request.headers.get(Name::ContentType), Some("message/imdn+xml"));
    let body = str::from_utf8(&request.body).unwrap();
    assert!(body.contains("<message-id>0000000000000000007</message-id>"));
    assert!(body.contains("<delivery-notification><status><delivered/></status></delivery-notification>"));
}

#[test]
fn a_peers_receipt_is_read_from_headers_or_text() {
    let read = |extra: &str, body: &str| {
        let receipt = read_receipt(&request("sip:+1@smsc", extra, body.as_bytes()), "connect")?;
        Some((receipt.remote_ids[0].to_string(), receipt.state, receipt.error))
    };
    let all = "X-SMS-TYPE: receipt\r\nX-SMS-MSG-ID: 77\r\nX-SMS-STATE: UNDELIV\r\nX-SMS-ERR: 008\r\n";
    assert_eq!(read(all, ""), Some(("77".into(), State::Undeliverable, 8)));
    let text = "id:abc sub:001 dlvrd:001 submit date:1 done date:2 stat:DELIVRD err:000 text:id:";
    assert_eq!(read("", text), Some(("abc".into(), State::Delivered, 0)));
    assert_eq!(
        read("X-SMS-MSG-ID: 1\r\nX-SMS-STATE: delivered\r\n", ""),
        Some(("1".into(), State::Delivered, 0))
    );
    assert_eq!(
        read("X-SMS-MSG-ID: 1\r\nX-SMS-STATE: 5\r\n", ""),
        Some(("1".into(), State::Undeliverable, 0))
    );
    for (extra, body) in [
        ("", ""),
        ("X-SMS-MSG-ID: 1\r\n", ""),
        ("X-SMS-STATE: DELIVRD\r\n", ""),
        ("X-SMS-MSG-ID: 1\r\nX-SMS-STATE: odd\r\n", ""),
    ] {
        assert_eq!(read(extra, body), None);
    }
}

#[test]
fn every_state_is_read_as_it_is_written() {
    for state in State::ALL {
        let written = sent(a_receipt(state, 3));
        let mut headers_lost = written.clone();
        headers_lost.headers.remove_named("X-SMS-STATE");
        for request in [written, headers_lost] {
            assert_eq!(read_receipt(&request, "x").unwrap().state, state);
        }
    }
}

/// RFC 3428 and the link in one message: charset, the header fields, both directions.
#[test]
fn field_58_charset_and_headers_survive_both_ways() {
    let extra = "Content-Type: text/plain;charset=ISO-8859-1\r\nX-SMS-CODING: 0\r\nX-M-CLASS: 1\r\n\
                 X-SMS-UDH: 06050413011301\r\nX-REG-DELIVERY: 1\r\n";
    let submission = taken(extra, &[b'c', b'a', b'f', 0xe9]);
    let mut out =
        message(submission.content.data_coding, &submission.content.header, &submission.content.body);
    out.receipt = submission.receipt;
    let request = sent(out);
    assert_eq!(&request.body[..], "café".as_bytes());
    for (name, value) in
        [("X-SMS-CODING", "0"), ("X-M-CLASS", "1"), ("X-SMS-UDH", "06050413011301"), ("X-REG-DELIVERY", "1")]
    {
        assert_eq!(get(&request, name), Some(value), "{name}");
    }
}

proptest! {
    /// Whatever text goes out comes back in as the same content.
    #[test]
    fn text_round_trip(text in "\\PC{0,200}") {
        let ucs2 = sms::ucs2::encode(&text);
        let request = sent(message(0x08, &[], &ucs2));
        let extra = format!("{TEXT}X-SMS-CODING: 2\r\n");
        prop_assert_eq!(content(&extra, &request.body), (0x08, ucs2));
    }

    /// No header value makes the reader do anything but accept or refuse.
    #[test]
    fn no_header_panics(name in prop::sample::select(vec![
        "X-SMS-UDH", "X-SMS-CODING", "X-SMS-VALIDITY", "X-M-CLASS", "X-REG-DELIVERY", "X-SMSC-ID",
    ]), value in "[ -~]{0,60}", body in prop::collection::vec(any::<u8>(), 0..300)) {
        let extra = format!("{TEXT}{name}: {value}\r\n");
        let outcome = receive(Quirks::default(), "sip:+491701234567@smsc", &extra, &body);
        prop_assert!(outcome.map_or_else(|status| (400..500).contains(&status), |_| true));
    }
}
