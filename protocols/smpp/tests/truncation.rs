//! Truncates every PDU at every octet, and encodes and decodes every PDU.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use bytes::BytesMut;
use proptest::prelude::*;
use smpp::pdu::{Address, Bind, BindKind, DataCoding, EsmClass, Npi, RegisteredDelivery, Sm, SmResp, Ton};
use smpp::{CommandId, Error, Framing, Header, Pdu, Status, Tag, TlvBuffer};

mod samples;

#[test]
fn the_samples_have_every_command() {
    let tlvs = samples::tlvs();
    let ids: Vec<CommandId> = samples::pdus(tlvs.as_tlvs()).iter().map(Pdu::command_id).collect();
    for id in CommandId::ALL {
        assert!(ids.contains(id), "{id}");
    }
}

#[test]
fn every_pdu_round_trips() {
    let tlvs = samples::tlvs();
    let pdus = samples::pdus(tlvs.as_tlvs());
    let mut stream = BytesMut::new();
    for (sequence, pdu) in (1..).zip(&pdus) {
        pdu.encode(sequence, Status::ESME_RSYSERR, &mut stream).unwrap();
    }
    let batch = Framing::default().take(&mut stream);
    assert_eq!(batch.frames().count(), pdus.len());
    for ((frame, pdu), sequence) in batch.frames().zip(&pdus).zip(1..) {
        assert_eq!(frame.decode().as_ref(), Ok(pdu));
        assert_eq!(frame.header.sequence_number, sequence);
        assert_eq!(frame.header.command_status, Status::ESME_RSYSERR);
    }
}

/// A truncated PDU with the old length is an incomplete PDU.
#[test]
fn a_cut_stream_waits() {
    let tlvs = samples::tlvs();
    for pdu in samples::pdus(tlvs.as_tlvs()) {
        let octets = samples::encode(&pdu);
        for length in 0..octets.len() {
            let mut buffer = BytesMut::from(&octets[..length]);
            let batch = Framing::default().take(&mut buffer);
            assert!(batch.is_empty() && batch.fault().is_none() && buffer.len() == length);
        }
    }
}

/// A truncated PDU with its new length is an error, unless it ends where a
/// shorter PDU would: then it is that PDU.
#[test]
fn a_cut_body_is_an_error() {
    let tlvs = samples::tlvs();
    for pdu in samples::pdus(tlvs.as_tlvs()) {
        let octets = samples::encode(&pdu);
        let mut whole = 0;
        for length in 16..octets.len() {
            let mut cut = BytesMut::from(&octets[..length]);
            cut[..4].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
            let batch = Framing::default().take(&mut cut);
            let frame = batch.frames().next().unwrap();
            match frame.decode() {
                Ok(shorter) => {
                    assert_eq!(samples::encode(&shorter), frame.octets(), "{}", pdu.command_id());
                    whole += 1;
                }
                Err(error) => assert!(!error.status().is_ok()),
            }
        }
        // Five TLVs may be missing, and a response's body; an unknown body may have any length.
        let most = if matches!(pdu, Pdu::Unknown(_)) { 3 } else { 6 };
        assert!(whole <= most, "{}: {whole}", pdu.command_id());
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut out = BytesMut::from(&b"before"[..]);
    let long = [b'1'; 21];
    let address = Address { addr: &long, ..Address::default() };
    let nul = Address { addr: b"1\x002", ..Address::default() };
    let text = [b'x'; 256];
    let cases = [
        (Sm { source: address, ..Sm::default() }, Status::ESME_RINVSRCADR),
        (Sm { destination: nul, ..Sm::default() }, Status::ESME_RINVDSTADR),
        (Sm { short_message: &text, ..Sm::default() }, Status::ESME_RINVMSGLEN),
        (Sm { service_type: b"123456", ..Sm::default() }, Status::ESME_RINVSERTYP),
    ];
    for (sm, status) in cases {
        let error = Pdu::SubmitSm(sm).encode(1, Status::ESME_ROK, &mut out).unwrap_err();
        assert_eq!((error.status(), &out[..]), (status, &b"before"[..]));
    }
    let mut tlvs = TlvBuffer::new();
    assert_eq!(
        tlvs.push(Tag::MESSAGE_PAYLOAD, &[0; 65_536]).map(|_| ()),
        Err(Error::TlvLength { tag: 0x0424 })
    );
    assert!(tlvs.push_c_octets(Tag::RECEIPTED_MESSAGE_ID, b"a\0b").is_err());
    assert!(tlvs.as_tlvs().is_empty());
}

fn c_octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(1..=255_u8, 0..most)
}

proptest! {
    #[test]
    fn submit_sm_round_trips(
        addresses in (c_octets(21), c_octets(21)),
        octets in any::<[u8; 10]>(),
        times in (c_octets(17), c_octets(17)),
        short_message in prop::collection::vec(any::<u8>(), 0..=255),
        tlvs in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..300)), 0..5),
        sequence in any::<u32>(),
        status in any::<u32>(),
    ) {
        let mut buffer = TlvBuffer::new();
        for (tag, value) in &tlvs {
            buffer.push(Tag(*tag), value).unwrap();
        }
        let [ton, npi, ton2, npi2, esm, pid, priority, delivery, coding, default] = octets;
        let sm = Sm {
            service_type: b"",
            source: Address { ton: Ton(ton), npi: Npi(npi), addr: &addresses.0 },
            destination: Address { ton: Ton(ton2), npi: Npi(npi2), addr: &addresses.1 },
            esm_class: EsmClass(esm),
            protocol_id: pid,
            priority_flag: priority,
            schedule_delivery_time: &times.0,
            validity_period: &times.1,
            registered_delivery: RegisteredDelivery(delivery),
            replace_if_present_flag: 0,
            data_coding: DataCoding(coding),
            sm_default_msg_id: default,
            short_message: &short_message,
            tlvs: buffer.as_tlvs(),
        };
        let mut out = BytesMut::new();
        Pdu::SubmitSm(sm).encode(sequence, Status(status), &mut out).unwrap();
        let batch = Framing::default().take(&mut out);
        let frame = batch.frames().next().unwrap();
        prop_assert_eq!((frame.header.sequence_number, frame.header.command_status.0), (sequence, status));
        prop_assert_eq!(frame.decode(), Ok(Pdu::SubmitSm(sm)));
        let Ok(Pdu::SubmitSm(view)) = frame.decode() else { unreachable!() };
        let owned = frame.bytes_of(view.short_message);
        prop_assert_eq!(&owned[..], &short_message[..]);
        // Not copied: it lies where the view lies.
        prop_assert!(short_message.is_empty() || owned.as_ptr() == view.short_message.as_ptr());
        prop_assert_eq!(view.tlvs.iter().map(|tlv| (tlv.tag.0, tlv.value.to_vec())).collect::<Vec<_>>(), tlvs);
    }

    #[test]
    fn bind_and_responses_round_trip(
        system_id in c_octets(16),
        password in c_octets(9),
        range in c_octets(41),
        message_id in c_octets(65),
        version in any::<u8>(),
    ) {
        let bind = Bind {
            kind: BindKind::Transceiver, system_id: &system_id, password: &password, system_type: b"",
            interface_version: version, addr_ton: Ton(1), addr_npi: Npi(1), address_range: &range,
            tlvs: Default::default(),
        };
        let resp = SmResp::new(&message_id);
        for pdu in [Pdu::Bind(bind), Pdu::SubmitSmResp(resp), Pdu::DataSmResp(resp)] {
            let mut octets = samples::encode(&pdu);
            let batch = Framing::default().take(&mut octets);
            prop_assert_eq!(batch.frames().next().unwrap().decode(), Ok(pdu));
        }
    }

    /// Whatever decodes is written again octet for octet, apart from what the standard leaves out.
    #[test]
    fn any_body_is_read_without_panic(id in any::<prop::sample::Index>(), body in prop::collection::vec(any::<u8>(), 0..400)) {
        let header = Header::bare(*id.get(CommandId::ALL), Status::ESME_ROK, 1);
        if let Ok(pdu) = Pdu::decode(&header, &body) {
            prop_assert_eq!(&samples::encode(&pdu)[16..], &body[..]);
        }
    }
}
