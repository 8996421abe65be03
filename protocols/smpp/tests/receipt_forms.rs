//! Forms of the delivery receipt's text (SMPP 3.4, appendix B) that centres and SIP peers send.

use smpp::pdu::{EsmClass, Sm};
use smpp::receipt::{Receipt, ReceivedReceipt, TEXT_LENGTH_MAX, excerpt};
use smpp::{MessageState, time};

/// 2026-11-23 17:05:09 UTC.
const SUBMITTED: i64 = 1_795_453_509;

fn id(text: &str) -> Option<String> {
    let receipt = ReceivedReceipt::parse(text.as_bytes());
    receipt.id.map(|id| String::from_utf8_lossy(id).into_owned())
}

fn state(text: &str) -> Option<MessageState> {
    ReceivedReceipt::parse(text.as_bytes()).state()
}

fn receipt(text: &[u8]) -> Receipt<'_> {
    Receipt {
        id: b"0000000000000000007",
        sub: 1,
        dlvrd: 0,
        submit_date: SUBMITTED,
        done_date: SUBMITTED + 60,
        offset_minutes: 0,
        stat: MessageState::UNDELIVERABLE,
        err: 8,
        text,
    }
}

/// The SIP link's receipt text, as the gateway's own test has it.
#[test]
fn a_unicode_receipt_is_written_with_its_excerpt() {
    let mut out = Vec::new();
    receipt(excerpt("Hello").as_bytes()).write_whole(&mut out);
    let expected = "id:0000000000000000007 sub:001 dlvrd:000 submit date:2611231705 done date:2611231706 \
                    stat:UNDELIV err:008 text:Hello";
    assert_eq!(str::from_utf8(&out), Ok(expected));
}

#[test]
fn an_excerpt_is_counted_in_characters_and_has_no_controls() {
    assert_eq!(excerpt("one\r\ntwo\u{7}\u{0}"), "onetwo");
    let cyrillic = "Съешь же ещё этих мягких французских булок";
    assert_eq!(excerpt(cyrillic), "Съешь же ещё этих мя");
    assert_eq!(excerpt(cyrillic).chars().count(), TEXT_LENGTH_MAX);
    assert_eq!(excerpt(&("\n".repeat(30) + "after")), "after", "controls do not count");
    assert_eq!(excerpt(""), "");
}

#[test]
fn the_text_is_cut_to_octets_or_written_whole() {
    let text = "a".repeat(25);
    let (receipt, mut cut, mut whole) = (receipt(text.as_bytes()), Vec::new(), Vec::new());
    receipt.write(&mut cut);
    receipt.write_whole(&mut whole);
    let octets = |written: &[u8]| ReceivedReceipt::parse(written).text.map(<[u8]>::len);
    assert_eq!((octets(&cut), octets(&whole)), (Some(TEXT_LENGTH_MAX), Some(25)));
}

/// The offset is the account's or the peer's; 0 writes UTC.
#[test]
fn dates_are_written_and_read_with_an_offset() {
    for (offset_minutes, digits) in
        [(0, "2611231705"), (60, "2611231805"), (-330, "2611231135"), (545, "2611240210")]
    {
        let mut out = Vec::new();
        Receipt { offset_minutes, ..receipt(b"") }.write(&mut out);
        let submit_date = ReceivedReceipt::parse(&out).submit_date.unwrap();
        assert_eq!(str::from_utf8(submit_date), Ok(digits));
        assert_eq!(time::parse_receipt_date(submit_date, offset_minutes), Some(SUBMITTED - 9));
    }
}

#[test]
fn a_date_in_any_of_its_lengths_is_read() {
    for (text, seconds) in [
        ("2611231705", SUBMITTED - 9),
        ("261123170509", SUBMITTED),
        ("20261123170509", SUBMITTED),
        ("261123180509004+", SUBMITTED),
    ] {
        assert_eq!(time::parse_receipt_date(text.as_bytes(), 0), Some(seconds), "{text}");
    }
    for text in ["", "1", "2", "never", "2613231705"] {
        assert_eq!(time::parse_receipt_date(text.as_bytes(), 0), None, "{text}");
    }
}

#[test]
fn every_spelling_of_a_key_is_read() {
    for text in
        ["id:7", "ID:7", "Id: 7", "message_id:7", "sub:001 id:7", "x id:7", "x\0id:7", "x|id:7", "x;id:7"]
    {
        assert_eq!(id(text).as_deref(), Some("7"), "{text}");
    }
    for key in ["stat", "STAT", "status", "state", "State"] {
        assert_eq!(state(&format!("id:7 {key}:EXPIRED")), Some(MessageState::EXPIRED), "{key}");
    }
    for key in ["err", "ERR", "error", "Error"] {
        let text = format!("id:7 {key}:008");
        assert_eq!(ReceivedReceipt::parse(text.as_bytes()).error_code(), Some(8), "{key}");
    }
    for key in ["submit date", "submit_date", "submitdate", "SUBMIT DATE"] {
        let text = format!("id:7 {key}:2611231705");
        assert_eq!(ReceivedReceipt::parse(text.as_bytes()).submit_date, Some(&b"2611231705"[..]), "{key}");
    }
    for key in ["done date", "done_date", "donedate", "Done Date"] {
        let text = format!("id:7 {key}:2611231705");
        assert_eq!(ReceivedReceipt::parse(text.as_bytes()).done_date, Some(&b"2611231705"[..]), "{key}");
    }
}

#[test]
fn a_longer_key_is_read_where_the_standards_key_is_missing() {
    let text = "msgid:abc sms-stat:DELIVRD neterr:008 text:userid:5";
    let read = ReceivedReceipt::parse(text.as_bytes());
    assert_eq!(
        (read.id, read.state(), read.error_code()),
        (Some(&b"abc"[..]), Some(MessageState::DELIVERED), Some(8))
    );
    assert_eq!(id("msgid:1 id:2").as_deref(), Some("2"));
    assert_eq!(id("messageId: 12 sub:001").as_deref(), Some("12"));
    assert_eq!(id("sub:001 stat:DELIVRD text:userid:5"), None, "the message is no field");
    assert_eq!(state("id:7stat:DELIVRD"), Some(MessageState::DELIVERED));
    assert_eq!(id("msgid: sub:001"), None);
}

#[test]
fn separators_end_a_value_and_may_be_in_an_id() {
    for text in [
        "id:12,sub:001",
        "id:12, sub:001",
        "id:12;stat:DELIVRD",
        "id:12|final date:1|stat:DELIVRD",
        "id:12\0",
    ] {
        assert_eq!(id(text).as_deref(), Some("12"), "{text}");
    }
    assert_eq!(id("id:12,submit date:2611231705,stat:DELIVRD").as_deref(), Some("12"));
    assert_eq!(id("id:12,final date:2611231705").as_deref(), Some("12"));
    for (text, expected) in [
        ("id:a,b sub:001 stat:DELIVRD", "a,b"),
        ("id:7;tag=x|y stat:DELIVRD", "7;tag=x|y"),
        ("stat:DELIVRD id:a,b", "a,b"),
        ("msgid:a;b sms-stat:DELIVRD", "a;b"),
        ("id:7@host.example stat:DELIVRD", "7@host.example"),
    ] {
        assert_eq!(id(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn a_state_is_read_from_its_text_or_its_number() {
    for (stat, expected) in [
        ("DELIVRD", MessageState::DELIVERED),
        ("delivered", MessageState::DELIVERED),
        ("DELIV", MessageState::DELIVERED),
        ("Expired", MessageState::EXPIRED),
        ("DELETED", MessageState::DELETED),
        ("undeliverable", MessageState::UNDELIVERABLE),
        ("ACCEPTED", MessageState::ACCEPTED),
        ("ACKED", MessageState::ACCEPTED),
        ("unknown", MessageState::UNKNOWN),
        ("REJECTED", MessageState::REJECTED),
        ("enroute", MessageState::ENROUTE),
        ("SCHEDULED", MessageState::SCHEDULED),
        ("BUFFERED", MessageState::ENROUTE),
        ("FAILED", MessageState::UNDELIVERABLE),
        ("SKIPPED", MessageState::SKIPPED),
        ("0", MessageState::SCHEDULED),
        ("2", MessageState::DELIVERED),
        ("05", MessageState::UNDELIVERABLE),
        ("8", MessageState::REJECTED),
    ] {
        assert_eq!(MessageState::from_stat(stat.as_bytes()), Some(expected), "{stat}");
        assert_eq!(state(&format!("id:1 stat:{stat} err:000")), Some(expected), "{stat}");
    }
    for stat in ["", "odd", "DELI", "10", "255", "256", "-1", "üñüñü"] {
        assert_eq!(MessageState::from_stat(stat.as_bytes()), None, "{stat}");
    }
}

#[test]
fn the_first_state_in_words_is_read() {
    for text in [
        "id:1 status:0 stat:DELIVRD",
        "id:1 stat:DELIVRD status:5",
        "id:1 status: stat:DELIVRD state:EXPIRED",
    ] {
        assert_eq!(state(text), Some(MessageState::DELIVERED), "{text}");
    }
    assert_eq!(state("id:1 status:2 stat:5"), Some(MessageState::DELIVERED), "no word: the first number");
    assert_eq!(state("id:1 status:odd stat:even"), None);
}

/// With `esm_class` 0 the text must have the standard's keys and a state in words.
#[test]
fn an_unmarked_message_is_no_receipt_for_a_number_or_a_longer_key() {
    let read = |esm_class, text: &'static str| {
        let sm = Sm { esm_class, short_message: text.as_bytes(), ..Sm::default() };
        ReceivedReceipt::from_deliver_sm(&sm).map(|receipt| receipt.state())
    };
    for text in ["id:5 stat:2", "msgid:5 stat:DELIVRD", "id:5 sms-stat:DELIVRD"] {
        assert_eq!(read(EsmClass(0x00), text), None, "{text}");
        assert_eq!(read(EsmClass::DELIVERY_RECEIPT, text), Some(Some(MessageState::DELIVERED)), "{text}");
    }
    assert_eq!(read(EsmClass(0x00), "id:5 stat:DELIVRD"), Some(Some(MessageState::DELIVERED)));
}

/// Octets that are no UTF-8 stay in the id; no octet makes the reader panic.
#[test]
fn any_octets_are_read() {
    let read = ReceivedReceipt::parse(b"id:\xff\xfe7 stat:DELIVRD");
    assert_eq!((read.id, read.state()), (Some(&b"\xff\xfe7"[..]), Some(MessageState::DELIVERED)));
    for text in [&b"id:"[..], b":", b"id", b"text:", b"stat: ", b"\0\0", b"id:,;|", b"eid:", b"err:err:err:"]
    {
        let read = ReceivedReceipt::parse(text);
        assert_eq!((read.state(), read.error_code()), (None, None));
    }
}
