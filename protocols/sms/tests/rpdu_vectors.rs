//! Reads and writes published RPDUs (3GPP TS 24.011): written by hand for the `tpdu`
//! crate (MIT), where Wireshark reads them, and compared with that crate.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use sms::address::Address;
use sms::error::Error;
use sms::rpdu::{Cause, Content, Direction, Rpdu};
use sms::tpdu::{DeliverReport, SubmitReport};

/// Cause 21, and an SMS-SUBMIT-REPORT with TP-FCS 0xC3.
const REJECTED: [u8; 16] =
    [0x05, 0x07, 0x01, 0x15, 0x41, 0x0a, 0x01, 0xc3, 0x00, 0x52, 0x10, 0x10, 0x21, 0x00, 0x00, 0x00];
/// Cause 111 with a diagnostic and without user data.
const DIAGNOSED: [u8; 5] = [0x05, 0x2a, 0x02, 0x6f, 0x01];

fn round_trip(wire: &[u8], expected: &Rpdu) {
    assert_eq!(Rpdu::decode(wire).as_ref(), Ok(expected));
    assert_eq!(expected.encode().unwrap(), wire);
}

#[test]
fn errors_to_the_phone() {
    let report = REJECTED[6..].to_vec();
    assert!(SubmitReport::decode_in_error(&report).is_ok());
    let error = |cause, diagnostic, tpdu| Content::Error { cause, diagnostic, tpdu };
    let to_mobile =
        |message_reference, content| Rpdu { direction: Direction::ToMobile, message_reference, content };
    round_trip(&REJECTED, &to_mobile(7, error(Cause::TRANSFER_REJECTED, None, Some(report))));
    round_trip(&DIAGNOSED, &to_mobile(0x2a, error(Cause::PROTOCOL_ERROR, Some(1), None)));
}

#[test]
fn memory_available_comes_from_the_phone_alone() {
    let available =
        Rpdu { direction: Direction::FromMobile, message_reference: 9, content: Content::MemoryAvailable };
    round_trip(&[0x06, 0x09], &available);
    assert_eq!(Rpdu::decode(&[0x07, 0x09]), Err(Error::MessageType(7)));
    let wrong = Rpdu { direction: Direction::ToMobile, ..available };
    assert_eq!(wrong.encode(), Err(Error::MessageType(7)));
}

#[test]
fn data_in_both_directions_as_the_other_codec_reads_it() {
    let submit = [0x01, 0x2a, 0x08, 0x91, 0x51, 0x55, 0x10, 0x00, 0x00, 0x04, 0x02, 0x68, 0x69];
    let service_centre = Some(Address::international("15550199").unwrap());
    let content = Content::Data { service_centre: service_centre.clone(), tpdu: submit.to_vec() };
    let data = Rpdu { direction: Direction::FromMobile, message_reference: 3, content };
    let wire = data.encode().unwrap();
    let read = tpdu::parse_rp_data(&wire).unwrap();
    assert_eq!((read.rp_message_reference, read.rp_originator_address), (3, None));
    assert_eq!(read.rp_destination_address.unwrap().address, "15550199");
    assert_eq!(read.sms_submit.encode().unwrap(), submit);
    round_trip(&wire, &data);

    let deliver = [
        0x04, 0x08, 0x91, 0x51, 0x55, 0x10, 0x10, 0x00, 0x04, 0x52, 0x10, 0x10, 0x21, 0x00, 0x00, 0x00, 0x02,
        0x68, 0x69,
    ];
    let content = Content::Data { service_centre, tpdu: deliver.to_vec() };
    let data = Rpdu { direction: Direction::ToMobile, message_reference: 4, content };
    let wire = data.encode().unwrap();
    let tpdu::RpDataNetworkToMsMessage::Deliver(read) = tpdu::parse_rp_data_network_to_ms(&wire).unwrap()
    else {
        unreachable!("the type indicator says SMS-DELIVER")
    };
    assert_eq!(read.rp_originator_address.unwrap().address, "15550199");
    round_trip(&wire, &data);
}

#[test]
fn acknowledgements_as_the_other_codec_reads_them() {
    let report = DeliverReport::default().encode().unwrap();
    for tpdu in [None, Some(report)] {
        let content = Content::Ack { tpdu };
        let ack = Rpdu { direction: Direction::FromMobile, message_reference: 200, content };
        let wire = ack.encode().unwrap();
        assert_eq!(tpdu::RpAckMsToNetwork::decode(&wire).unwrap().encode().unwrap(), wire);
        round_trip(&wire, &ack);
    }
    // An element that is not known, and one without a length, stand before the user data.
    let wire = [0x02, 0x01, 0x33, 0x01, 0xaa, 0x90, 0x41, 0x02, 0x00, 0x00];
    let expected = Content::Ack { tpdu: Some(vec![0, 0]) };
    assert_eq!(Rpdu::decode(&wire).unwrap().content, expected);
}

#[test]
fn every_truncation_is_refused() {
    for present in (0..REJECTED.len()).filter(|present| *present != 4) {
        assert!(matches!(Rpdu::decode(&REJECTED[..present]), Err(Error::Truncated(_))), "{present}");
    }
    for present in 0..DIAGNOSED.len() {
        assert!(matches!(Rpdu::decode(&DIAGNOSED[..present]), Err(Error::Truncated(_))), "{present}");
    }
}

#[test]
fn debug_output_shows_no_tpdu() {
    let read = Rpdu::decode(&REJECTED).unwrap();
    assert!(format!("{read:?}").contains("Error(Cause(21), None, Some(10) octets)"));
}
