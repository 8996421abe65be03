//! Rules of the conversion, one test for each row of the table.

use super::*;

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
    assert_eq!(january.unwrap_err(), 400, "parsed as January, which is in the past");
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
    assert_eq!(accepted(&ports, &[b'a'; 500]).content.body.len(), 500, "segmented when sent");
    assert_eq!(accepted(&segment, &[b'a'; 153]).content.body.len(), 153);
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
    for kind in ["application/im-iscomposing+xml", "application/vnd.3gpp.sms", "image/png"] {
        assert_eq!(refused(&format!("Content-Type: {kind}\r\n"), b"a"), 415, "{kind}");
    }
    assert_eq!(refused(&format!("{TEXT}Content-Encoding: gzip\r\n"), b"a"), 415);
    assert_eq!(refused("Content-Type: application/octet-stream\r\nX-SMS-CODING: 2\r\n", b"a"), 415);
}
