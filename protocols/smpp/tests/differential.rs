//! Compares octets, tags, statuses and command ids with another implementation, `rusmpp-core`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use proptest::prelude::*;
use rusmpp_core::command::borrowed::Command;
use rusmpp_core::decode::borrowed::DecodeWithLength;
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::pdus::borrowed::Pdu as Theirs;
use smpp::pdu::{Address, DataCoding, EsmClass, Npi, RegisteredDelivery, Sm, Ton};
use smpp::{CommandId, Pdu, Status, Tag, TlvBuffer};

mod samples;

/// `DEST_ADDR_SUBUNIT` and `DestAddrSubunit` are the same name.
fn word(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
}

#[test]
fn tags_have_the_same_numbers() {
    for tag in Tag::ALL {
        let theirs = format!("{:?}", rusmpp_core::tlvs::TlvTag::from(tag.0));
        // This crate spells DestPort out, as the standard does.
        let ours = word(tag.name().unwrap()).replace("destinationport", "destport");
        assert_eq!(ours, word(&theirs), "{tag}");
    }
}

#[test]
fn statuses_have_the_same_numbers() {
    let mut differing = Vec::new();
    for status in Status::ALL {
        if [Status::ESME_RPARAMRETFAIL, Status::ESME_RINVPARAM].contains(status) {
            continue; // rusmpp does not have those of 3.3
        }
        let theirs = word(&format!("{:?}", rusmpp_core::CommandStatus::from(status.0)));
        if word(status.name().unwrap()) != theirs {
            differing.push((status.name().unwrap(), theirs));
        }
    }
    assert_eq!(differing, []);
}

#[test]
fn commands_have_the_same_numbers() {
    let only_3_3 = |id: &CommandId| (0x22..=0x24).contains(&id.request().0);
    for id in CommandId::ALL.iter().filter(|id| !only_3_3(id)) {
        let theirs = format!("{:?}", rusmpp_core::CommandId::from(id.0));
        assert_eq!(word(id.name().unwrap()), word(&theirs));
    }
}

/// rusmpp reads our octets and writes the same ones.
fn through_rusmpp(octets: &[u8]) -> Vec<u8> {
    let body = octets.to_vec().leak();
    let (command, size) = Command::<'static, 32>::decode(&body[4..], body.len() - 4).unwrap();
    assert_eq!(size, body.len() - 4, "{:?}", command.id());
    let mut again = vec![0; command.length()];
    let size = command.encode(&mut again);
    assert_eq!(size, again.len());
    again
}

#[test]
fn every_pdu_passes_through_rusmpp() {
    let tlvs = samples::tlvs();
    let mut count = 0;
    for with in [tlvs.as_tlvs(), smpp::Tlvs::NONE] {
        for pdu in samples::pdus(with) {
            // rusmpp does not decode the commands of 3.3, so the comparison would prove nothing.
            if (0x22..=0x24).contains(&pdu.command_id().request().0) {
                continue;
            }
            // rusmpp has no TLVs in these, or a single one.
            let takes_none = matches!(
                pdu,
                Pdu::Outbind(_)
                    | Pdu::Bind(_)
                    | Pdu::BindResp(_)
                    | Pdu::Unbind(_)
                    | Pdu::UnbindResp(_)
                    | Pdu::EnquireLink(_)
                    | Pdu::EnquireLinkResp(_)
                    | Pdu::GenericNack(_)
                    | Pdu::QuerySm(_)
                    | Pdu::QuerySmResp(_)
                    | Pdu::CancelSm(_)
                    | Pdu::CancelSmResp(_)
                    | Pdu::ReplaceSm(_)
                    | Pdu::ReplaceSmResp(_)
                    | Pdu::AlertNotification(_)
                    | Pdu::QueryBroadcastSm(_)
                    | Pdu::CancelBroadcastSm(_)
                    | Pdu::CancelBroadcastSmResp(_)
            );
            if takes_none && !with.is_empty() {
                continue;
            }
            let octets = samples::encode(&pdu);
            assert_eq!(through_rusmpp(&octets), octets[4..], "{}", pdu.command_id());
            count += 1;
        }
    }
    assert_eq!(count, 46);
}

proptest! {
    #[test]
    fn rusmpp_reads_the_fields_as_written(
        addresses in ("[0-9]{0,20}", "[0-9]{1,20}"),
        short_message in prop::collection::vec(any::<u8>(), 0..=254),
        relative in prop::option::of(0_u32..8_000_000),
        esm_class in any::<u8>(),
        registered_delivery in 0_u8..32,
        data_coding in any::<u8>(),
        reference in any::<u16>(),
    ) {
        let mut tlvs = TlvBuffer::new();
        tlvs.push_u16(Tag::SAR_MSG_REF_NUM, reference);
        let validity = relative.map(smpp::time::relative);
        let sm = Sm {
            source: Address { ton: Ton::NATIONAL, npi: Npi::ISDN, addr: addresses.0.as_bytes() },
            destination: Address { ton: Ton::INTERNATIONAL, npi: Npi::ISDN, addr: addresses.1.as_bytes() },
            esm_class: EsmClass(esm_class),
            registered_delivery: RegisteredDelivery(registered_delivery),
            data_coding: DataCoding(data_coding),
            validity_period: validity.as_ref().map_or(b"", |validity| &validity[..]),
            short_message: &short_message,
            tlvs: tlvs.as_tlvs(),
            ..Sm::default()
        };
        let octets = samples::encode(&Pdu::SubmitSm(sm));
        let (command, _) = Command::<'_, 8>::decode(&octets[4..], octets.len() - 4).unwrap();
        prop_assert_eq!(command.sequence_number(), 7);
        let Some(Theirs::SubmitSm(theirs)) = command.pdu() else { panic!("no submit_sm") };
        prop_assert_eq!(theirs.source_addr.as_ref(), [addresses.0.as_bytes(), b"\0"].concat());
        prop_assert_eq!(theirs.destination_addr.as_ref(), [addresses.1.as_bytes(), b"\0"].concat());
        prop_assert_eq!(u8::from(theirs.data_coding), data_coding);
        prop_assert_eq!(theirs.short_message().as_ref(), &short_message[..]);
        prop_assert_eq!(theirs.tlvs().len(), 1);
    }
}
