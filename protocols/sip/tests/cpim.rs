//! Envelopes (RFC 3862) and notifications (RFC 5438): the examples of the RFCs and the forms of other senders.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use bytes::Bytes;
use proptest::prelude::*;
use sip::imdn::{Delivery, DispositionRequest, Imdn, NAMESPACE};
use sip::{Cpim, Error, Name};

/// The example of RFC 3862 §5.1, without the line that a file has before it.
const PIGLET: &str = "From: MR SANDERS <im:piglet@100akerwood.com>\r\n\
    To: Depressed Donkey <im:eeyore@100akerwood.com>\r\n\
    DateTime: 2000-12-13T13:40:00-08:00\r\n\
    Subject: the weather will be fine today\r\n\
    Subject:;lang=fr beau temps prevu pour aujourd'hui\r\n\
    NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n\
    Require: MyFeatures.VitalMessageOption\r\n\
    MyFeatures.VitalMessageOption: Confirmation-requested\r\n\
    MyFeatures.WackyMessageOption: Use-silly-font\r\n\
    \r\n\
    Content-type: text/xml; charset=utf-8\r\n\
    Content-ID: <1234567890@foo.com>\r\n\
    \r\n\
    <body>Here is the text of my message.</body>";

/// The message of RFC 5438 §7.1.1.3 that asks, and the notification of §7.2.1.1 that answers.
const ASKS: &str = "From: Alice <im:alice@example.com>\r\n\
    To: Bob <im:bob@example.com>\r\n\
    NS: imdn <urn:ietf:params:imdn>\r\n\
    imdn.Message-ID: 34jk324j\r\n\
    DateTime: 2006-04-04T12:16:49-05:00\r\n\
    imdn.Disposition-Notification: positive-delivery, negative-delivery\r\n\
    \r\n\
    Content-type: text/plain\r\n\
    Content-length: 12\r\n\
    \r\n\
    Hello World\r\n";
const ANSWERS: &str = "From: Bob <im:bob@example.com>\r\n\
    To: Alice <im:alice@example.com>\r\n\
    NS: imdn <urn:ietf:params:imdn>\r\n\
    imdn.Message-ID: d834jied93rf\r\n\
    \r\n\
    Content-type: message/imdn+xml\r\n\
    Content-Disposition: notification\r\n\
    Content-length: 300\r\n\
    \r\n\
    <?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
    <imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">\r\n\
    \x20<message-id>34jk324j</message-id>\r\n\
    \x20<datetime>2008-04-04T12:16:49-05:00</datetime>\r\n\
    \x20<recipient-uri>im:bob@example.com</recipient-uri>\r\n\
    \x20<original-recipient-uri\r\n\
    \x20\x20 >im:bob@example.com</original-recipient-uri>\r\n\
    \x20<delivery-notification>\r\n\
    \x20  <status>\r\n\
    \x20    <delivered/>\r\n\
    \x20  </status>\r\n\
    \x20</delivery-notification>\r\n\
    </imdn>\r\n";

fn parse(text: &str) -> Result<Cpim, Error> {
    Cpim::parse(&Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn rfc_3862_example_is_read() {
    let cpim = parse(PIGLET).unwrap();
    assert_eq!(cpim.get("From").as_deref(), Some("MR SANDERS <im:piglet@100akerwood.com>"));
    assert_eq!(cpim.get("DateTime").as_deref(), Some("2000-12-13T13:40:00-08:00"));
    assert_eq!(cpim.get("Subject").as_deref(), Some("the weather will be fine today"));
    let uri = "mid:MessageFeatures@id.foo.com";
    assert_eq!(cpim.get_in(uri, "WackyMessageOption").as_deref(), Some("Use-silly-font"));
    assert_eq!(cpim.get_in(NAMESPACE, "WackyMessageOption"), None, "another extension's");
    let media = cpim.content_type().unwrap().unwrap();
    assert!(media.is("text", "xml") && media.charset().as_deref() == Some("utf-8"));
    assert_eq!(cpim.content.get_named("Content-ID"), Some("<1234567890@foo.com>"));
    assert_eq!(cpim.body, "<body>Here is the text of my message.</body>");
    assert_eq!(cpim.not_understood(&[NAMESPACE]).collect::<Vec<_>>(), ["MyFeatures.VitalMessageOption"]);
    assert_eq!(cpim.not_understood(&[uri]).count(), 0);
    // With the line before it that the RFC prints, it is the same.
    assert_eq!(parse(&format!("Content-type: Message/CPIM\r\n\r\n{PIGLET}")).unwrap(), cpim);
    assert!(!format!("{cpim:?}").contains("piglet"));
}

#[test]
fn parameters_are_no_part_of_a_value() {
    let only_french = PIGLET.replace("Subject: the weather will be fine today\r\n", "");
    assert_eq!(
        parse(&only_french).unwrap().get("Subject").as_deref(),
        Some("beau temps prevu pour aujourd'hui")
    );
}

#[test]
fn rfc_3862_escapes_go_both_ways() {
    let text = "From: a <im:a@b>\r\nSubject: tab\\tquote\\\"back\\\\slash\\u00e9 \\q\\u12\r\n\r\n\r\nx";
    assert_eq!(parse(text).unwrap().get("Subject").as_deref(), Some("tab\tquote\"back\\slash\u{e9} qu12"));
    let mut cpim = Cpim::new();
    cpim.push("Subject", "two\r\nlines\\ \u{1}");
    let written = cpim.to_bytes();
    assert_eq!(written, "Subject: two\\r\\nlines\\\\ \\u0001\r\n\r\n\r\n");
    assert_eq!(Cpim::parse(&written).unwrap().get("Subject").as_deref(), Some("two\r\nlines\\ \u{1}"));
}

#[test]
fn an_extension_is_known_by_its_uri_and_not_by_its_prefix() {
    let asked = DispositionRequest::of(&parse(ASKS).unwrap()).unwrap();
    let renamed = ASKS.replace("NS: imdn", "NS: x-y").replace("imdn.M", "x-y.M").replace("imdn.D", "x-y.D");
    assert_eq!(DispositionRequest::of(&parse(&renamed).unwrap()), Some(asked.clone()));
    let bare = ASKS.replace("NS: imdn <", "NS: <").replace("imdn.M", "M").replace("imdn.D", "D");
    assert_eq!(DispositionRequest::of(&parse(&bare).unwrap()), Some(asked), "the default namespace");
    assert_eq!(DispositionRequest::of(&parse(&ASKS.replace("NS: imdn", "NS: other")).unwrap()), None);
}

#[test]
fn rfc_5438_example_asks() {
    let cpim = parse(ASKS).unwrap();
    let asked = DispositionRequest::of(&cpim).unwrap();
    assert_eq!(asked.message_id, "34jk324j");
    assert!(asked.positive_delivery && asked.negative_delivery);
    assert_eq!(cpim.body, "Hello World\r\n");
    for (words, positive, negative) in
        [("positive-delivery", true, false), ("display, Negative-Delivery", false, true)]
    {
        let text = ASKS.replace("positive-delivery, negative-delivery", words);
        let asked = DispositionRequest::of(&parse(&text).unwrap()).unwrap();
        assert_eq!((asked.positive_delivery, asked.negative_delivery), (positive, negative));
    }
    for nothing in ["display", "processing", ""] {
        let text = ASKS.replace("positive-delivery, negative-delivery", nothing);
        assert_eq!(DispositionRequest::of(&parse(&text).unwrap()), None);
    }
}

#[test]
fn rfc_5438_example_answers() {
    let cpim = parse(ANSWERS).unwrap();
    assert!(cpim.content_type().unwrap().unwrap().is("message", "imdn+xml"));
    let imdn = Imdn::parse(&cpim.body).unwrap();
    assert_eq!(imdn.message_id, "34jk324j");
    assert_eq!(imdn.datetime, "2008-04-04T12:16:49-05:00");
    assert_eq!(imdn.recipient_uri, "im:bob@example.com");
    assert_eq!(imdn.delivery, Some(Delivery::Delivered));
    let kinds = [
        ("failed", Some(Delivery::Failed)),
        ("forbidden", Some(Delivery::Forbidden)),
        ("error", Some(Delivery::Error)),
        ("something-new", Some(Delivery::Error)),
    ];
    for (word, delivery) in kinds {
        let document =
            String::from_utf8_lossy(&cpim.body).replace("<delivered/>", &format!("<{word}></{word}>"));
        assert_eq!(Imdn::parse(document.as_bytes()).unwrap().delivery, delivery);
    }
    for kind in ["display", "processing"] {
        let document = String::from_utf8_lossy(&cpim.body)
            .replace("delivery-notification", &format!("{kind}-notification"))
            .replace("delivered", "displayed");
        assert_eq!(Imdn::parse(document.as_bytes()).unwrap().delivery, None, "{kind}");
    }
}

#[test]
fn a_notification_is_read_under_any_prefix_and_with_references() {
    let document = "<?xml version='1.0'?><!-- x --><i:imdn xmlns:i='urn:ietf:params:xml:ns:imdn' xmlns:o='urn:o'>\
        <o:new><status><failed/></status></o:new><i:message-id>a&amp;b&#x43;<![CDATA[<d>]]></i:message-id>\
        <i:delivery-notification><i:status><i:delivered/></i:status></i:delivery-notification></i:imdn>";
    let imdn = Imdn::parse(document.as_bytes()).unwrap();
    assert_eq!((imdn.message_id.as_str(), imdn.delivery), ("a&bC<d>", Some(Delivery::Delivered)));
}

#[test]
fn what_is_no_notification_is_refused() {
    let id = "<message-id>1</message-id>";
    let status = "<delivery-notification><status><delivered/></status></delivery-notification>";
    for document in [
        String::new(),
        "text".to_owned(),
        format!("<imdn>{id}</imdn>"),
        format!("<imdn>{status}</imdn>"),
        format!("<imdn><message-id> </message-id>{status}</imdn>"),
        format!("<imdn>{id}<delivery-notification/></imdn>"),
        format!("<imdn>{id}<delivery-notification><status/></delivery-notification></imdn>"),
        format!("<other>{id}{status}</other>"),
        format!("<imdn>{id}{status}"),
        format!("<imdn>{id}{status}</imdn><imdn/>"),
        format!("<!DOCTYPE imdn [<!ENTITY a 'b'>]><imdn>{id}{status}</imdn>"),
        format!("<imdn>{id}&unknown;{status}</imdn>"),
    ] {
        assert!(Imdn::parse(document.as_bytes()).is_err(), "{document}");
    }
    assert!(Imdn::parse(&[0xff]).is_err());
}

#[test]
fn a_notification_is_written_as_the_example_is() {
    let imdn = Imdn {
        message_id: "34jk324j".to_owned(),
        datetime: "2008-04-04T12:16:49-05:00".to_owned(),
        recipient_uri: "tel:+1<&>".to_owned(),
        delivery: Some(Delivery::Failed),
    };
    let envelope =
        imdn.envelope("<im:bob@example.com>", "<im:alice@example.com>", "d834", "2008-04-04T12:17:00Z");
    let written = Cpim::parse(&envelope.to_bytes()).unwrap();
    assert_eq!(written.get("From").as_deref(), Some("<im:bob@example.com>"));
    assert_eq!(written.get("To").as_deref(), Some("<im:alice@example.com>"));
    assert_eq!(written.get("DateTime").as_deref(), Some("2008-04-04T12:17:00Z"));
    assert_eq!(written.get_in(NAMESPACE, "Message-ID").as_deref(), Some("d834"));
    assert_eq!(
        written.get_in(NAMESPACE, "Disposition-Notification"),
        None,
        "nobody answers an answer (§7.2.1)"
    );
    assert_eq!(written.content.get(Name::ContentDisposition), Some("notification"));
    assert_eq!(written.content.get(Name::ContentLength), Some(written.body.len().to_string().as_str()));
    assert_eq!(Imdn::parse(&written.body), Ok(imdn));
}

#[test]
fn what_is_no_envelope_is_refused() {
    for text in [
        "",
        "\r\n\r\nx",
        "From: a",
        "From: a\r\n",
        "From: a\r\n\r\n",
        "From: a\r\n\r\nContent-Type: text/plain\r\n",
        "no header\r\n\r\n\r\nx",
        "From: a\r\n folded\r\n\r\n\r\nx",
        " From: a\r\n\r\n\r\nx",
        ": a\r\n\r\n\r\nx",
        "Content-Type: message/cpim\r\n\r\n\r\n\r\nx",
        "Content-Type: message/cpim\r\n\r\nContent-Type: message/cpim\r\n\r\n\r\nx",
        "Fr om: a\r\n\r\n\r\nx",
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Cpim::parse(&Bytes::from_static(b"From: \xff\r\n\r\n\r\n")), Err(Error::NotUtf8));
    assert_eq!(parse(&format!("{}\r\n\r\nx", "A: b\r\n".repeat(129))), Err(Error::TooLarge));
    assert!(parse(&format!("{}\r\n\r\nx", "A: b\r\n".repeat(128))).is_ok());
}

#[test]
fn mime_headers_fold_and_lines_may_end_with_lf() {
    let cpim = parse("From: a\n\nContent-Type: text/plain;\n\tcharset=utf-8\n\nhi").unwrap();
    assert_eq!(cpim.content_type().unwrap().unwrap().charset().as_deref(), Some("utf-8"));
    assert_eq!(cpim.body, "hi");
    assert_eq!(parse("From: a\r\n\r\n\r\nhi").unwrap().content_type(), Ok(None), "no MIME headers at all");
}

/// Cut off anywhere before the content it is no envelope; within it, one with less content.
#[test]
fn every_truncation() {
    for whole in [PIGLET, ASKS, ANSWERS] {
        let content = whole.len() - parse(whole).unwrap().body.len();
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]).is_ok(), length >= content, "{length}");
        }
    }
    let document = parse(ANSWERS).unwrap().body;
    let end = document.len() - 2; // the last line break may be missing
    for length in 0..end {
        assert!(Imdn::parse(&document[..length]).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn any_octets_are_read_without_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Cpim::parse(&Bytes::from(octets.clone())), Imdn::parse(&octets));
    }

    #[test]
    fn envelopes_round_trip(
        values in prop::collection::vec("[^\u{0}]{0,30}", 1..5),
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut cpim = Cpim::new();
        for value in &values {
            cpim.push("X.Y", value.trim());
        }
        cpim.content.push(Name::ContentType, "text/plain");
        cpim.body = body.into();
        let again = Cpim::parse(&cpim.to_bytes()).unwrap();
        prop_assert_eq!(&again, &cpim);
        prop_assert!(values[0].trim().starts_with(';') || again.get("X.Y").as_deref() == Some(values[0].trim()));
    }

    #[test]
    fn notifications_round_trip(message_id in "[!-~]{1,40}", uri in "[ -~]{0,40}") {
        let imdn = Imdn {
            message_id,
            datetime: String::new(),
            recipient_uri: uri.trim().to_owned(),
            delivery: Some(Delivery::Delivered),
        };
        prop_assert_eq!(Imdn::parse(imdn.write().as_bytes()), Ok(imdn));
    }
}
