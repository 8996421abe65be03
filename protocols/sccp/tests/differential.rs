//! Differential tests of the SCCP codec against another implementation, for all six messages (Q.713 §4).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod station;

use bytes::Bytes;
use codec::SccpMessage;
use sccp::message::{Form, Message, Purpose, Segmentation};
use sccp::{Address, GlobalTitle, ReturnCause};
use station::numbered;

fn addresses() -> Vec<Address> {
    let titles = [
        GlobalTitle::e164("14155551234"),
        GlobalTitle::full(9, 7, 3, "141555512345678"),
        GlobalTitle::with_plan(1, 6, "26201123456789"),
        GlobalTitle::with_type(5, "12345"),
        GlobalTitle::with_nature(4, "123"),
    ];
    let titled = titles.into_iter().map(|title| Address::gt(title.unwrap(), 8));
    titled.chain([Address::ssn(Some(1_234), 6), Address::ssn(None, 149)]).collect()
}

fn messages() -> Vec<Message> {
    let segmentation = Segmentation { first: true, in_sequence: true, remaining: 3, reference: 0x00ab_cdef };
    let mut messages = Vec::new();
    for (at, called) in addresses().into_iter().enumerate() {
        let calling = addresses()[(at + 1) % 7].clone();
        for form in [Form::Basic, Form::Extended, Form::Long] {
            for purpose in [
                Purpose::Data { in_sequence: at % 2 == 0, return_on_error: at % 3 == 0 },
                Purpose::Service(ReturnCause(u8::try_from(at).unwrap())),
            ] {
                let octets = if form == Form::Long { 700 } else { 150 };
                let message = Message::new(form, purpose, called.clone(), calling.clone(), numbered(octets));
                if form != Form::Basic {
                    messages.push(Message { segmentation: Some(segmentation), ..message.clone() });
                }
                messages.push(message);
            }
        }
    }
    messages
}

#[test]
fn the_other_implementation_decodes_our_encoding() {
    for local_address in messages() {
        let theirs = SccpMessage::decode(&local_address.encode().unwrap()).unwrap();
        assert_eq!(theirs.data(), local_address.data);
        for (their, our) in
            [(theirs.called_party(), &local_address.called), (theirs.calling_party(), &local_address.calling)]
        {
            assert_eq!(their.global_title.digits(), our.digits());
            assert_eq!(their.ssn.as_ref().map(codec::SubsystemNumber::value), our.subsystem);
            assert_eq!(their.point_code.map(u32::from), our.point_code);
        }
        assert_eq!(theirs.hop_counter(), (local_address.form != Form::Basic).then_some(15));
        let cause = match &theirs {
            SccpMessage::Udts(service) => Some(service.return_cause.value()),
            SccpMessage::Xudts(service) => Some(service.return_cause.value()),
            SccpMessage::Ludts(service) => Some(service.return_cause.value()),
            _ => None,
        };
        let expected = if let Purpose::Service(cause) = local_address.purpose { Some(cause.0) } else { None };
        assert_eq!(cause, expected);
    }
}

#[test]
fn the_other_implementation_reencodes_to_the_same_octets() {
    for local_address in messages() {
        let written = local_address.encode().unwrap();
        let theirs = Bytes::from(SccpMessage::decode(&written).unwrap().encode().unwrap());
        assert_eq!(theirs, written);
        assert_eq!(Message::decode(&theirs).unwrap(), local_address);
    }
}
