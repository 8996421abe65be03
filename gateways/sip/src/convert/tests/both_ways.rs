//! Round trips: content and header fields that are sent and received again.

use proptest::prelude::*;

use super::*;

/// RFC 3428 and the link in one message: charset, the header fields, both directions.
#[test]
fn field_58_charset_and_headers_survive_both_ways() {
    let extra = "Content-Type: text/plain;charset=ISO-8859-1\r\nX-SMS-CODING: 0\r\nX-M-CLASS: 1\r\n\
                 X-SMS-UDH: 06050413011301\r\nX-REG-DELIVERY: 1\r\n";
    let submission = accepted(extra, &[b'c', b'a', b'f', 0xe9]);
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
    /// Any text that is sent is received as the same content.
    #[test]
    fn text_round_trip(text in "\\PC{0,200}") {
        let ucs2 = sms::ucs2::encode(&text);
        let request = sent(message(0x08, &[], &ucs2));
        let extra = format!("{TEXT}X-SMS-CODING: 2\r\n");
        prop_assert_eq!(content(&extra, &request.body), (0x08, ucs2));
    }

    /// Any header value is accepted or refused without panic.
    #[test]
    fn no_header_panics(name in prop::sample::select(vec![
        "X-SMS-UDH", "X-SMS-CODING", "X-SMS-VALIDITY", "X-M-CLASS", "X-REG-DELIVERY", "X-SMSC-ID",
    ]), value in "[ -~]{0,60}", body in prop::collection::vec(any::<u8>(), 0..300)) {
        let extra = format!("{TEXT}{name}: {value}\r\n");
        let outcome = receive(Quirks::default(), "sip:+491701234567@smsc", &extra, &body);
        prop_assert!(outcome.map_or_else(|status| (400..500).contains(&status), |_| true));
    }
}
