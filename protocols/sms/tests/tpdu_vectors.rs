//! Published TPDUs (3GPP TS 23.040): read, written again, and truncated at every octet.
//!
//! `vectors/tpdu-pycrate.json` was encoded by pycrate 0.8.1; `vectors/tpdu-tshark.json`
//! by pycrate too, and read by tshark 4.0. Published ones are in the code with their source.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use serde_json::Value;
use sms::address::{Address, TypeOfNumber};
use sms::coding::DataCoding;
use sms::error::{Error, Truncated};
use sms::timestamp::Timestamp;
use sms::tpdu::{
    Command, Deliver, DeliverReport, MobileOriginated, MobileTerminated, Parameters, StatusReport, Submit,
    SubmitReport,
};
use sms::user_data::UserData;
use sms::validity::{RelativeValidity, Validity};

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The fields of a decoded TPDU that the vectors name.
#[derive(Default)]
struct Read {
    fields: serde_json::Map<String, Value>,
}

impl Read {
    fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    fn address(self, address: &Address) -> Self {
        self.put("address", address.value())
            .put("type_of_number", address.type_of_number() as u8)
            .put("numbering_plan", address.numbering_plan().bits())
    }

    fn user_data(self, user_data: &UserData, coding: DataCoding) -> Self {
        self.put("data_coding", coding.0)
            .put("text", user_data.text(coding))
            .put("header", hex(&user_data.header.encode()))
            .put("body", hex(&[user_data.header.encode(), user_data.body.clone()].concat()))
    }

    fn parameters(self, parameters: &Parameters) -> Self {
        let read =
            self.put("protocol_identifier", parameters.protocol_identifier.map(|identifier| identifier.0));
        match &parameters.user_data {
            Some(user_data) => read.user_data(user_data, parameters.data_coding.unwrap_or_default()),
            None => read,
        }
    }

    fn agrees_with(&self, expected: &Value) {
        for (name, value) in expected.as_object().unwrap() {
            if name != "kind" && name != "hex" {
                assert_eq!(self.fields.get(name), Some(value), "{name} of {expected}");
            }
        }
    }
}

fn read_submit(octets: &[u8]) -> Result<(Read, Vec<u8>), Error> {
    let tpdu = Submit::decode(octets)?;
    let expires = |accepted| tpdu.validity.and_then(|validity| validity.expires(accepted).unwrap());
    let read = Read::default()
        .put("message_reference", tpdu.message_reference)
        .put("status_report_request", tpdu.status_report_request)
        .put("reject_duplicates", tpdu.reject_duplicates)
        .put("reply_path", tpdu.reply_path)
        .put("protocol_identifier", tpdu.protocol_identifier.0)
        .put("expires_after", expires(0))
        .put("expires_unix", expires(0))
        .address(&tpdu.destination)
        .user_data(&tpdu.user_data, tpdu.data_coding);
    Ok((read, tpdu.encode()?))
}

fn read_deliver(octets: &[u8]) -> Result<(Read, Vec<u8>), Error> {
    let tpdu = Deliver::decode(octets)?;
    let read = Read::default()
        .put("more_messages", tpdu.more_messages)
        .put("loop_prevention", tpdu.loop_prevention)
        .put("status_report_indication", tpdu.status_report_indication)
        .put("reply_path", tpdu.reply_path)
        .put("timestamp_unix", tpdu.timestamp.to_unix())
        .address(&tpdu.originator)
        .user_data(&tpdu.user_data, tpdu.data_coding);
    Ok((read, tpdu.encode()?))
}

fn read_status_report(octets: &[u8]) -> Result<(Read, Vec<u8>), Error> {
    let tpdu = StatusReport::decode(octets)?;
    let read = Read::default()
        .put("message_reference", tpdu.message_reference)
        .put("answers_command", tpdu.answers_command)
        .put("more_messages", tpdu.more_messages)
        .put("timestamp_unix", tpdu.timestamp.to_unix())
        .put("discharge_unix", tpdu.discharge_time.to_unix())
        .put("status", tpdu.status.0)
        .address(&tpdu.recipient)
        .parameters(&tpdu.parameters);
    Ok((read, tpdu.encode()?))
}

fn read_command(octets: &[u8]) -> Result<(Read, Vec<u8>), Error> {
    let tpdu = Command::decode(octets)?;
    let read = Read::default()
        .put("message_reference", tpdu.message_reference)
        .put("status_report_request", tpdu.status_report_request)
        .put("command_type", tpdu.command_type.0)
        .put("message_number", tpdu.message_number)
        .put("protocol_identifier", tpdu.protocol_identifier.0)
        .put("body", hex(&tpdu.data))
        .address(&tpdu.destination);
    Ok((read, tpdu.encode()?))
}

fn read_deliver_report(octets: &[u8], is_error: bool) -> Result<(Read, Vec<u8>), Error> {
    let decode = if is_error { DeliverReport::decode_in_error } else { DeliverReport::decode_in_ack };
    let tpdu = decode(octets)?;
    let read = Read::default().put("failure_cause", tpdu.failure_cause.map(|cause| cause.0));
    Ok((read.parameters(&tpdu.parameters), tpdu.encode()?))
}

fn read_submit_report(octets: &[u8], is_error: bool) -> Result<(Read, Vec<u8>), Error> {
    let decode = if is_error { SubmitReport::decode_in_error } else { SubmitReport::decode_in_ack };
    let tpdu = decode(octets)?;
    let read = Read::default()
        .put("failure_cause", tpdu.failure_cause.map(|cause| cause.0))
        .put("timestamp_unix", tpdu.timestamp.to_unix());
    Ok((read.parameters(&tpdu.parameters), tpdu.encode()?))
}

fn read(kind: &str, octets: &[u8]) -> Result<(Read, Vec<u8>), Error> {
    match kind {
        "submit" => read_submit(octets),
        "deliver" => read_deliver(octets),
        "status_report" => read_status_report(octets),
        "command" => read_command(octets),
        "deliver_report_ack" => read_deliver_report(octets, false),
        "deliver_report_error" => read_deliver_report(octets, true),
        "submit_report_ack" => read_submit_report(octets, false),
        "submit_report_error" => read_submit_report(octets, true),
        other => panic!("{other}"),
    }
}

fn pycrate() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors/tpdu-pycrate.json")).unwrap();
    file["tpdus"].as_array().unwrap().clone()
}

#[test]
fn pycrate_tpdus_read_as_meant_and_are_written_the_same() {
    let vectors = pycrate();
    assert_eq!(vectors.len(), 20);
    for vector in vectors {
        let wire = octets(vector["hex"].as_str().unwrap());
        let (read, written) = read(vector["kind"].as_str().unwrap(), &wire).unwrap();
        read.agrees_with(&vector);
        assert_eq!(hex(&written), hex(&wire), "{vector}");
    }
}

#[test]
fn tshark_agrees() {
    let file: Value = serde_json::from_str(include_str!("vectors/tpdu-tshark.json")).unwrap();
    let vectors = file["tpdus"].as_array().unwrap();
    assert_eq!(vectors.len(), 11);
    for vector in vectors {
        let wire = octets(vector["hex"].as_str().unwrap());
        let (text, written) = if let Some(destination) = vector.get("tp_da") {
            let tpdu = Submit::decode(&wire).unwrap();
            assert_eq!(destination, tpdu.destination.value());
            (tpdu.user_data.text(tpdu.data_coding), tpdu.encode().unwrap())
        } else {
            let tpdu = Deliver::decode(&wire).unwrap();
            assert_eq!(vector["tp_oa"], tpdu.originator.value());
            (tpdu.user_data.text(tpdu.data_coding), tpdu.encode().unwrap())
        };
        assert_eq!(vector["text"], text.unwrap());
        assert_eq!(hex(&written), hex(&wire));
    }
}

#[test]
fn field_15_every_truncation_of_every_tpdu_is_refused() {
    for vector in pycrate() {
        let kind = vector["kind"].as_str().unwrap();
        let wire = octets(vector["hex"].as_str().unwrap());
        // TP-PI and what follows it may be left out of a status report.
        let optional = (kind == "status_report").then_some(25);
        for present in (0..wire.len()).filter(|&present| Some(present) != optional) {
            match read(kind, &wire[..present]) {
                Err(Error::Truncated(Truncated { .. })) => {}
                other => panic!("{kind} of {present} octets: {:?}", other.map(|(_, written)| written)),
            }
        }
    }
}

/// The example of AT-command manuals.
#[test]
fn the_published_submit() {
    let wire = octets("11000b916407281553f80000aa0ae8329bfd4697d9ec37");
    let submit = Submit::decode(&wire).unwrap();
    assert_eq!(submit.destination, Address::international("46708251358").unwrap());
    assert_eq!(submit.validity, Some(Validity::Relative(RelativeValidity(0xaa))));
    assert_eq!(submit.user_data, UserData::new(b"hellohello".to_vec()));
    assert_eq!(submit.encode().unwrap(), wire);
}

/// The example of the same manuals for reception.
#[test]
fn the_published_deliver() {
    let wire = octets("040bc87238880900f10000993092516195800ae8329bfd4697d9ec37");
    let deliver = Deliver::decode(&wire).unwrap();
    assert_eq!(deliver.originator.value(), "27838890001");
    assert_eq!(deliver.originator.type_of_number(), TypeOfNumber::Subscriber);
    assert!(!deliver.more_messages);
    assert_eq!(deliver.timestamp.zone_quarters(), Some(8));
    assert_eq!(deliver.user_data.text(deliver.data_coding).unwrap(), "hellohello");
    assert_eq!(deliver.encode().unwrap(), wire);
}

#[test]
fn field_18_more_messages_to_send_is_a_zero() {
    let waiting = Deliver { more_messages: true, ..Deliver::default() };
    assert_eq!(waiting.encode().unwrap()[0] & 0b100, 0);
    assert_eq!(Deliver::default().encode().unwrap()[0] & 0b100, 0b100);
}

#[test]
fn field_20_validity_period_format_bits() {
    let format = |validity| Submit { validity, ..Submit::default() }.encode().unwrap()[0] >> 3 & 0b11;
    assert_eq!(format(None), 0b00);
    assert_eq!(format(Some(Validity::Relative(RelativeValidity(0)))), 0b10);
    assert_eq!(format(Some(Validity::Absolute(Timestamp::default()))), 0b11);
}

#[test]
fn field_23_status_report_indication_is_bit_5() {
    let told = Deliver { status_report_indication: true, ..Deliver::default() };
    assert_eq!(told.encode().unwrap()[0], 0b0010_0100);
}

#[test]
fn field_29_reject_duplicates_is_bit_2() {
    let submit = Submit { reject_duplicates: true, message_reference: 0x7e, ..Submit::default() };
    assert_eq!(submit.encode().unwrap()[..2], [0b0000_0101, 0x7e]);
}

#[test]
fn the_type_indicator_needs_the_direction() {
    let submit = octets("01000b914151550500f0000004ec77980c");
    assert!(matches!(MobileOriginated::decode(&submit), Ok(MobileOriginated::Submit(_))));
    assert_eq!(MobileTerminated::decode(&submit), Err(Error::MessageType(0b01)));
    let report = octets("06070b916407281553f8422113320010005210100000900000");
    assert!(matches!(MobileTerminated::decode(&report), Ok(MobileTerminated::StatusReport(_))));
    assert!(matches!(
        MobileOriginated::decode(&[0x22, 0, 0, 0, 0, 0, 0x91, 0]),
        Ok(MobileOriginated::Command(_))
    ));
    assert_eq!(Deliver::decode(&report), Err(Error::MessageType(0b10)));
}

#[test]
fn user_data_over_140_octets_is_refused() {
    let mut wire = octets("01000b914151550500f00004");
    wire.push(141);
    wire.extend([0; 141]);
    assert_eq!(Submit::decode(&wire), Err(Error::UserDataTooLong { octets: 141, max: 140 }));
}

#[test]
fn a_report_with_unused_bits_has_an_unspecified_cause() {
    let report = DeliverReport::decode_in_error(&[0x80, 0xd3, 0xff]).unwrap();
    assert_eq!(report.failure_cause, Some(sms::status::FailureCause::UNSPECIFIED));
    assert_eq!(report.parameters, Parameters::default());
}

#[test]
fn octets_after_the_last_field_are_ignored() {
    assert_eq!(DeliverReport::decode_in_ack(&octets("000000")).unwrap(), DeliverReport::default());
}

#[test]
fn debug_output_shows_neither_body_nor_number() {
    let submit = Submit {
        destination: Address::international("46708251358").unwrap(),
        user_data: UserData::new(b"secret".to_vec()),
        ..Submit::default()
    };
    let shown = format!("{submit:?}");
    assert!(!shown.contains("46708251358") && !shown.contains("secret") && !shown.contains("115, 101"));
}
