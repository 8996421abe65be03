//! The seven headers, received.

use super::*;

#[test]
fn header_x_sms_udh_is_put_into_the_message() {
    let ports = accepted(&format!("{TEXT}X-SMS-UDH: 06050413011301\r\n"), b"hi").content;
    assert_eq!(ports.header[..], [0x06, 0x05, 0x04, 0x13, 0x01, 0x13, 0x01]);
    assert_eq!(accepted(&format!("{TEXT}x-sms-udh: 0605040B8423F0\r\n"), b"hi").content.header.len(), 7);
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
    let stated = accepted(&format!("{TEXT}X-SMS-VALIDITY: 2026-11-23 18:05:09\r\n"), b"hi").validity;
    assert_eq!(stated, Some(Validity::Until(NOW + Duration::from_secs(3600))));
    assert_eq!(accepted(TEXT, b"hi").validity, None);
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
        let stated = accepted(&format!("{TEXT}X-REG-DELIVERY: {bits}\r\n"), b"a").receipt;
        assert_eq!(stated, ReceiptRequest(bits));
    }
    for wrong in ["4", "20", "256", "yes", "-1"] {
        assert_eq!(refused(&format!("{TEXT}X-REG-DELIVERY: {wrong}\r\n"), b"a"), 400, "{wrong}");
    }
}

#[test]
fn header_x_smsc_id_and_delivery_time_are_passed_on() {
    let of = |extra: &str| {
        let submission = accepted(&format!("{TEXT}{extra}"), b"a");
        (submission.received_via, submission.received_at)
    };
    let minute_ago = Some(Timestamp::from_millis(NOW.millis() - 60_000));
    assert_eq!(of(""), (None, None));
    assert_eq!(of("X-SMSC-ID: null\r\n"), (None, None));
    assert_eq!(
        of("X-SMSC-ID: acme\r\nX-DELIVERY_TIME: 2026-11-23 17:04:09\r\n"),
        (Some("acme".into()), minute_ago)
    );
    assert_eq!(of("X-DELIVERY-TIME: 2026-11-23 17:04:09\r\n"), (None, minute_ago));
    for nonsense in ["soon", "2026-11-23 17:05:10", "60"] {
        assert_eq!(of(&format!("X-DELIVERY_TIME: {nonsense}\r\n")), (None, None), "{nonsense}");
    }
}

#[test]
fn header_x_sms_msg_id_names_the_message_of_a_peer() {
    let key = |extra: &str| accepted(&format!("{TEXT}{extra}"), b"a").client_key;
    assert_eq!(key("X-SMS-MSG-ID: 0027451234567890123\r\n").as_deref(), Some("0027451234567890123"));
    assert_eq!(key("X-SMS-MSG-ID:\r\n"), None);
    assert_eq!(key(""), None);
    assert_eq!(refused(&format!("{TEXT}X-SMS-MSG-ID: {}\r\n", "1".repeat(65)), b"a"), 400);
    assert_eq!(refused(&format!("{TEXT}X-SMS-MSG-ID: a b\r\n"), b"a"), 400);
    let phone = Sender { endpoint: Endpoint::SipUser("49".into()), ..sender(Quirks::default()) };
    let request = request("sip:+491701234567@smsc", "X-SMS-MSG-ID: 1\r\n", b"a");
    let rules = Rules { validity_max: Duration::from_secs(60) };
    assert_eq!(read(&request, &phone, rules, |_| None, NOW).unwrap().submission.client_key, None);
}
