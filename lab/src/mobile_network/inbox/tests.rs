//! Tests of the inbox: reassembly, duplicates, data and status reports.

use sms::address::Address;
use sms::header::UserDataHeader;
use sms::status::Status;
use sms::text;
use sms::timestamp::Timestamp;
use sms::tpdu::Parameters;

use super::*;

/// The SMS-DELIVER that Wikipedia and AT-command manuals print ("How are you?").
const HOW_ARE_YOU: &str = "040BC87238880900F10000993092516195800AE8329BFD4697D9EC37";

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn deliver(user_data: UserData, data_coding: DataCoding) -> MobileTerminated {
    MobileTerminated::Deliver(Deliver {
        originator: Address::alphanumeric("Fernpost").unwrap(),
        data_coding,
        timestamp: Timestamp::from_unix(1_764_000_000, 4).unwrap(),
        user_data,
        ..Deliver::default()
    })
}

fn segments(content: &str, reference: u8) -> (Vec<UserData>, DataCoding) {
    let encoded = text::encode(content, &text::Policy::default()).unwrap();
    let reference = Reference::Eight(reference);
    let parts = segment::split(encoded.alphabet, &encoded.body, &UserDataHeader::new(), reference).unwrap();
    (parts, DataCoding::of(encoded.alphabet))
}

fn texts(inbox: &Inbox) -> Vec<&str> {
    inbox.entries().filter_map(InboxEntry::message).map(|message| message.text.as_str()).collect()
}

#[test]
fn a_published_deliver_is_read() {
    let mut inbox = Inbox::default();
    inbox.put(MobileTerminated::decode(&octets(HOW_ARE_YOU)).unwrap());
    let message = inbox.entries().next().unwrap().message().unwrap().clone();
    assert_eq!(message.text, "hellohello");
    assert_eq!(message.time, Timestamp([0x99, 0x30, 0x92, 0x51, 0x61, 0x95, 0x80]).to_unix());
    assert_eq!((message.segments, message.data_coding, message.doubled), (1, 0, false));
}

#[test]
fn segments_in_any_order_make_one_message() {
    let content = "Zwölf Boxkämpfer – jagen Viktor quer über den großen Sylter Deich. ".repeat(4);
    let (parts, coding) = segments(&content, 7);
    assert_eq!(parts.len(), 4);
    let mut inbox = Inbox::default();
    for part in [2, 0, 1] {
        inbox.put(deliver(parts[part].clone(), coding));
        assert!(texts(&inbox).is_empty());
    }
    assert_eq!(inbox.partial(), 1);
    inbox.put(deliver(parts[3].clone(), coding));
    assert_eq!(texts(&inbox), [content]);
    assert_eq!((inbox.partial(), inbox.segments_doubled()), (0, 0));
}

#[test]
fn a_duplicate_segment_is_counted_and_not_shown() {
    let content = "0123456789".repeat(30);
    let (parts, coding) = segments(&content, 9);
    let mut inbox = Inbox::default();
    for part in [&parts[0], &parts[0], &parts[1], &parts[1]] {
        inbox.put(deliver(part.clone(), coding));
    }
    assert_eq!(texts(&inbox), [content]);
    assert_eq!((inbox.partial(), inbox.segments_doubled()), (0, 2));
}

#[test]
fn a_reference_is_used_again_for_another_text() {
    let mut inbox = Inbox::default();
    for content in ["a".repeat(200), "b".repeat(200)] {
        let (parts, coding) = segments(&content, 1);
        parts.into_iter().for_each(|part| inbox.put(deliver(part, coding)));
    }
    assert_eq!(texts(&inbox), ["b".repeat(200), "a".repeat(200)]);
}

#[test]
fn a_duplicate_of_a_message_is_marked() {
    let mut inbox = Inbox::default();
    let (parts, coding) = segments("once", 0);
    inbox.put(deliver(parts[0].clone(), coding));
    inbox.put(deliver(parts[0].clone(), coding));
    let doubled: Vec<bool> =
        inbox.entries().filter_map(InboxEntry::message).map(|message| message.doubled).collect();
    assert_eq!(doubled, [true, false]);
}

#[test]
fn data_is_shown_in_hexadecimal() {
    let mut inbox = Inbox::default();
    inbox.put(deliver(UserData::new(vec![0xca, 0xfe]), DataCoding::EIGHT_BIT));
    let message = inbox.entries().next().unwrap().message().unwrap();
    assert_eq!((message.text.as_str(), message.data.as_str()), ("", "cafe"));
}

#[test]
fn a_status_report_is_kept() {
    let report = StatusReport {
        answers_command: false,
        more_messages: false,
        loop_prevention: false,
        message_reference: 77,
        recipient: Address::international("15550202").unwrap(),
        timestamp: Timestamp::from_unix(1_764_000_000, 0).unwrap(),
        discharge_time: Timestamp::from_unix(1_764_000_060, 0).unwrap(),
        status: Status::VALIDITY_PERIOD_EXPIRED,
        parameters: Parameters::default(),
    };
    let mut inbox = Inbox::default();
    inbox.put(MobileTerminated::StatusReport(report));
    let report = inbox.entries().next().unwrap().report().unwrap();
    assert_eq!((report.recipient.as_str(), report.tp_status, report.tp_mr), ("+15550202", 0x46, 77));
    assert_eq!(report.discharge_time, Some(1_764_000_060));
}

#[test]
fn incomplete_messages_are_bounded() {
    let mut inbox = Inbox::default();
    let content = "x".repeat(200);
    for reference in 0..=255 {
        let (parts, coding) = segments(&content, reference);
        inbox.put(deliver(parts[0].clone(), coding));
    }
    assert_eq!(inbox.partial(), PARTIAL_MAX);
    for _ in 0..ENTRIES_MAX + 10 {
        inbox.put(deliver(UserData::new(b"x".to_vec()), DataCoding::GSM7));
    }
    assert_eq!(inbox.entries().count(), ENTRIES_MAX);
}
