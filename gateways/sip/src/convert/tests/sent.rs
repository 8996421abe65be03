//! The seven header fields in sent requests.

use super::*;

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
        (Endpoint::Esme("acme".into()), Some("acme")),
        (Endpoint::Smpp("carrier".into()), Some("carrier")),
        (Endpoint::SipPeer("p".into()), None),
        (Endpoint::SipUser("49".into()), None),
        (Endpoint::Platform, None),
        (Endpoint::Operator, None),
    ] {
        let request = sent(Message { origin, ..message(0, &[], b"a") });
        assert_eq!(get(&request, "X-SMSC-ID"), id);
    }
}

#[test]
fn sent_id_is_the_same_on_every_attempt() {
    let id = |message: Message| {
        let request = sent(message);
        assert_eq!(request.headers.call_id().unwrap().split('@').next(), get(&request, "X-SMS-MSG-ID"));
        get(&request, "X-SMS-MSG-ID").map(str::to_owned)
    };
    let sid = "SM00000000000000000000000000000001";
    let named = Message { client_key: Some(sid.into()), ..message(0, &[], b"a") };
    let attempt = |id| Message { id: MessageId::from_u64(id), ..named.clone() };
    assert_eq!((id(attempt(1)).as_deref(), id(attempt(2)).as_deref()), (Some(sid), Some(sid)));
    let of_an_esme = Message { origin: Endpoint::Esme("acme".into()), ..named.clone() };
    assert_eq!(id(of_an_esme).as_deref(), Some("0000000000000000042"), "the key of an ESME is not sent");
}

#[test]
fn sent_validity_is_absent_without_expiry() {
    let open = Message { expires_at: Timestamp::NEVER, ..message(0, &[], b"a") };
    assert_eq!(get(&sent(open), "X-SMS-VALIDITY"), None);
}
