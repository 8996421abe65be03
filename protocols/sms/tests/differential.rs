//! Compares TPDUs with the `tpdu` crate, an independent codec of 3GPP TS 23.040.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::io::Cursor;

use proptest::prelude::*;
use sms::address::{Address, NumberingPlan, TypeOfNumber};
use sms::alphabet::{self, Shifts};
use sms::coding::{Alphabet, DataCoding};
use sms::header::UserDataHeader;
use sms::packing;
use sms::protocol_identifier::ProtocolIdentifier;
use sms::status::{FailureCause, Status};
use sms::timestamp::Timestamp;
use sms::tpdu::{Deliver, DeliverReport, Parameters, StatusReport, Submit, SubmitReport};
use sms::user_data::UserData;
use sms::validity::{EnhancedValidity, RelativeValidity, Validity};
use tpdu::{SMSAddress, UserDataCoding, ValidityPeriod};

/// Characters of the default alphabet and its extension.
const DEFAULT_ALPHABET: &str =
    "[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\\\\\[~\\]|€-]";

fn text(characters: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    let pattern = format!("{DEFAULT_ALPHABET}{{{},{}}}", characters.start(), characters.end());
    proptest::string::string_regex(&pattern).unwrap()
}

fn address() -> impl Strategy<Value = Address> {
    let digits =
        ("[0-9*#abc]{0,20}", 0_u8..8, 0_u8..16).prop_filter_map("alphanumeric", |(digits, ton, npi)| {
            let ton = TypeOfNumber::from_bits(ton);
            let plain = ton != TypeOfNumber::Alphanumeric;
            plain.then(|| Address::new(ton, NumberingPlan::from_bits(npi), &digits).unwrap())
        });
    let name = text(0..=5).prop_map(|name| Address::alphanumeric(&name).unwrap());
    prop_oneof![digits, name]
}

fn header() -> impl Strategy<Value = UserDataHeader> {
    let element = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..6));
    prop::collection::vec(element, 0..4).prop_map(|elements| {
        let mut header = UserDataHeader::new();
        for (identifier, data) in elements {
            header.push(identifier, &data).unwrap();
        }
        header
    })
}

fn coded_user_data() -> impl Strategy<Value = (DataCoding, UserData)> {
    (any::<u8>().prop_map(DataCoding), header(), prop::collection::vec(any::<u8>(), 0..100)).prop_map(
        |(coding, header, mut body)| {
            match coding.alphabet() {
                Alphabet::Gsm7 => body.iter_mut().for_each(|octet| *octet &= 0x7f),
                Alphabet::Ucs2 => body.truncate(body.len() / 2 * 2),
                Alphabet::EightBit => {}
            }
            (coding, UserData { header, body })
        },
    )
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (631_200_000_i64..3_786_800_000, -79_i8..=79)
        .prop_map(|(seconds, zone)| Timestamp::from_unix(seconds, zone).unwrap())
}

fn validity() -> impl Strategy<Value = Option<Validity>> {
    prop_oneof![
        Just(None),
        any::<u8>().prop_map(|octet| Some(Validity::Relative(RelativeValidity(octet)))),
        timestamp().prop_map(|moment| Some(Validity::Absolute(moment))),
        any::<[u8; 7]>().prop_map(|value| Some(Validity::Enhanced(EnhancedValidity(value)))),
    ]
}

fn parameters() -> impl Strategy<Value = Parameters> {
    (any::<Option<u8>>(), any::<Option<u8>>(), prop::option::of(prop::collection::vec(0_u8..0x80, 0..64)))
        .prop_map(|(identifier, coding, body)| {
            let coding = coding.map(DataCoding);
            let is_ucs2 = coding.unwrap_or_default().alphabet() == Alphabet::Ucs2;
            Parameters {
                protocol_identifier: identifier.map(ProtocolIdentifier),
                data_coding: coding,
                user_data: body.map(|mut body| {
                    body.truncate(if is_ucs2 { body.len() / 2 * 2 } else { body.len() });
                    UserData::new(body)
                }),
            }
        })
}

fn theirs(address: &Address) -> SMSAddress {
    SMSAddress {
        ton: address.type_of_number() as u8,
        npi: address.numbering_plan().bits(),
        address: address.value().to_owned(),
    }
}

/// Fourteen digits, as the other codec holds a time stamp; the first of the zone may be over 9.
fn digits(timestamp: Timestamp) -> String {
    timestamp.0.iter().map(|octet| format!("{:02X}", octet.rotate_left(4))).collect()
}

#[test]
fn data_coding_of_every_octet() {
    for octet in 0..=u8::MAX {
        let coding = DataCoding(octet);
        let expected = match tpdu::user_data_coding(octet) {
            UserDataCoding::Gsm7Bit => (Alphabet::Gsm7, false),
            UserDataCoding::EightBit => (Alphabet::EightBit, false),
            UserDataCoding::Ucs2 => (Alphabet::Ucs2, false),
            UserDataCoding::Compressed => (Alphabet::EightBit, true),
        };
        assert_eq!((coding.alphabet(), coding.is_compressed()), expected, "{octet:#04x}");
    }
}

proptest! {
    #[test]
    fn packed_text(text in text(0..=80)) {
        let septets = alphabet::encode(&text, Shifts::NONE).unwrap();
        let (packed, count) = tpdu::pack_gsm7(&text).unwrap();
        prop_assert_eq!(septets.len(), count);
        prop_assert_eq!(packing::pack(&septets, 0), packed.clone());
        prop_assert_eq!(tpdu::unpack_gsm7(&packed, count).unwrap(), alphabet::decode(&septets, Shifts::NONE));
    }

    #[test]
    fn packed_text_behind_a_header(text in text(0..=40), header in header()) {
        let user_data = UserData { header, body: alphabet::encode(&text, Shifts::NONE).unwrap() };
        prop_assume!(!user_data.header.is_empty());
        let (packed, length) = tpdu::pack_gsm7_with_header(&user_data.header.encode(), &text).unwrap();
        let wire = user_data.encode(DataCoding::GSM7).unwrap();
        prop_assert_eq!((usize::from(wire[0]), &wire[1..]), (length, &packed[..]));
    }

    #[test]
    fn addresses(address in address()) {
        let mut wire = Vec::new();
        address.encode_into(&mut wire);
        prop_assert_eq!(&wire, &theirs(&address).encode(false).unwrap());
        prop_assert_eq!(Address::decode(&wire), Ok((address, &[][..])));
    }

    #[test]
    fn submits(
        flags in any::<(bool, bool, bool)>(), message_reference in any::<u8>(), destination in address(),
        identifier in any::<u8>(), validity in validity(), (data_coding, user_data) in coded_user_data(),
    ) {
        let submit = Submit {
            reject_duplicates: flags.0, status_report_request: flags.1, reply_path: flags.2,
            message_reference, destination, protocol_identifier: ProtocolIdentifier(identifier),
            data_coding, validity, user_data,
        };
        let wire = submit.encode().unwrap();
        let read = tpdu::decode_sms_submit_tpdu(&mut Cursor::new(&wire[..])).unwrap();
        prop_assert_eq!((read.tp_rd, read.tp_srr, read.tp_rp, read.tp_mr), (flags.0, flags.1, flags.2, message_reference));
        prop_assert_eq!((read.tp_pid, read.tp_dcs), (identifier, data_coding.0));
        prop_assert_eq!(read.tp_destination_address.clone().unwrap(), theirs(&submit.destination));
        prop_assert_eq!(read.tp_user_data_header.as_ref().map_or(vec![], tpdu::UserDataHeader::encode), submit.user_data.header.encode());
        let expected = validity.map(|validity| match validity {
            Validity::Relative(RelativeValidity(octet)) => ValidityPeriod::Relative(octet),
            Validity::Absolute(moment) => ValidityPeriod::Absolute(digits(moment)),
            Validity::Enhanced(EnhancedValidity(value)) => ValidityPeriod::Enhanced(value),
        });
        prop_assert_eq!(&read.tp_validity_period, &expected);
        prop_assert_eq!(read.encode().unwrap(), wire.clone());
        prop_assert_eq!(Submit::decode(&wire).unwrap(), submit);
    }

    #[test]
    fn delivers(
        flags in any::<(bool, bool, bool, bool)>(), originator in address(), identifier in any::<u8>(),
        timestamp in timestamp(), (data_coding, user_data) in coded_user_data(),
    ) {
        let deliver = Deliver {
            more_messages: flags.0, loop_prevention: flags.1, status_report_indication: flags.2,
            reply_path: flags.3, originator, protocol_identifier: ProtocolIdentifier(identifier),
            data_coding, timestamp, user_data,
        };
        let wire = deliver.encode().unwrap();
        let read = tpdu::SmsDeliver::decode(&wire).unwrap();
        prop_assert_eq!((!read.tp_mms, read.tp_lp, read.tp_sri, read.tp_rp), flags);
        prop_assert_eq!(&read.tp_originating_address, &theirs(&deliver.originator));
        prop_assert_eq!(&read.tp_service_centre_timestamp, &digits(timestamp));
        prop_assert_eq!((read.tp_pid, read.tp_dcs), (identifier, data_coding.0));
        prop_assert_eq!(read.encode().unwrap(), wire.clone());
        prop_assert_eq!(Deliver::decode(&wire).unwrap(), deliver);
    }

    #[test]
    fn status_reports(
        flags in any::<(bool, bool, bool)>(), message_reference in any::<u8>(), recipient in address(),
        timestamp in timestamp(), discharge_time in timestamp(), status in any::<u8>(), parameters in parameters(),
    ) {
        let report = StatusReport {
            answers_command: flags.0, more_messages: flags.1, loop_prevention: flags.2, message_reference,
            recipient, timestamp, discharge_time, status: Status(status), parameters,
        };
        let wire = report.encode().unwrap();
        let read = tpdu::SmsStatusReport::decode(&wire).unwrap();
        prop_assert_eq!((read.tp_srq, !read.tp_mms, read.tp_lp, read.tp_status), (flags.0, flags.1, flags.2, status));
        prop_assert_eq!(&read.tp_recipient_address, &theirs(&report.recipient));
        prop_assert_eq!(&read.tp_discharge_time, &digits(discharge_time));
        prop_assert_eq!(read.tp_pid, report.parameters.protocol_identifier.map(|each| each.0));
        prop_assert_eq!(read.encode().unwrap(), wire.clone());
        prop_assert_eq!(StatusReport::decode(&wire).unwrap(), report);
    }

    #[test]
    fn reports(cause in any::<Option<u8>>(), timestamp in timestamp(), parameters in parameters()) {
        let failure_cause = cause.map(FailureCause);
        let deliver = DeliverReport { failure_cause, parameters: parameters.clone() };
        let submit = SubmitReport { failure_cause, timestamp, parameters };
        let (wire, other) = (deliver.encode().unwrap(), submit.encode().unwrap());
        let (read, read_other) = if cause.is_some() {
            prop_assert_eq!(DeliverReport::decode_in_error(&wire).unwrap(), deliver.clone());
            prop_assert_eq!(SubmitReport::decode_in_error(&other).unwrap(), submit.clone());
            (tpdu::SmsDeliverReport::decode_for_rp_error(&wire), tpdu::SmsSubmitReport::decode_for_rp_error(&other))
        } else {
            prop_assert_eq!(DeliverReport::decode_in_ack(&wire).unwrap(), deliver.clone());
            prop_assert_eq!(SubmitReport::decode_in_ack(&other).unwrap(), submit.clone());
            (tpdu::SmsDeliverReport::decode_for_rp_ack(&wire), tpdu::SmsSubmitReport::decode_for_rp_ack(&other))
        };
        let (read, read_other) = (read.unwrap(), read_other.unwrap());
        prop_assert_eq!((read.tp_failure_cause, read.tp_dcs), (cause, deliver.parameters.data_coding.map(|each| each.0)));
        prop_assert_eq!(&read_other.tp_service_centre_timestamp, &digits(timestamp));
        prop_assert_eq!((read.encode().unwrap(), read_other.encode().unwrap()), (wire, other));
    }
}
