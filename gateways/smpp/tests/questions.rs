//! What an ESME of SMPP 3.3 can ask besides query_sm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use gateway_smpp::config::{EsmeAccount, MessageIdFormat, TextCoding};
use rig::{Esme, Rig, sm};
use smpp::pdu::{
    Address, DataCoding, Destination, ParamRetrieve, QueryLastMsgs, QueryMsgDetails, RegisteredDelivery, Sm,
};
use smpp::tlv::Tlvs;
use smpp::{MessageState, Pdu, Status};

async fn last(esme: &mut Esme, source: Address<'_>, num_of_msgs: u8) -> Result<Vec<String>, Status> {
    esme.send(&Pdu::QueryLastMsgs(QueryLastMsgs { source, num_of_msgs, tlvs: Tlvs::NONE })).await;
    let came = esme.next().await;
    let Pdu::QueryLastMsgsResp(resp) = came.pdu() else { panic!() };
    match resp.message_ids {
        Some(ids) => Ok(ids.iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect()),
        None => Err(came.header.command_status),
    }
}

#[tokio::test]
async fn field_52_query_last_msgs_gives_the_newest_ids_of_the_account() {
    let rig = Rig::with(|config| config.accounts.push(EsmeAccount::new("other", "secret")));
    let mut acme = rig.bound("acme").await;
    let mut other = rig.bound("other").await;
    let mut ids = Vec::new();
    for text in [&b"one"[..], b"two", b"three"] {
        ids.push(acme.submit(sm(text)).await.id());
    }
    let source = sm(b"").source;
    ids.reverse();
    assert_eq!(last(&mut acme, source, 2).await.unwrap(), ids[..2]);
    assert_eq!(last(&mut acme, source, 255).await.unwrap(), ids, "more than the standard allows are 100");
    assert_eq!(last(&mut acme, Address::default(), 9).await.unwrap(), ids, "from anywhere");
    let elsewhere = Address { addr: b"4917999", ..source };
    assert_eq!(last(&mut acme, elsewhere, 9).await.unwrap(), [""; 0]);
    assert_eq!(last(&mut other, source, 9).await.unwrap(), [""; 0], "other accounts' messages are theirs");
    assert_eq!(last(&mut acme, source, 0).await, Err(Status::ESME_RINVNUMMSGS));
    let control = Address { addr: b"1\n2", ..source };
    assert_eq!(last(&mut acme, control, 1).await, Err(Status::ESME_RINVSRCADR));
}

#[tokio::test]
async fn field_52_query_msg_details_gives_what_was_submitted_and_where_it_stands() {
    let rig = Rig::with(|config| {
        config.accounts[0].message_id_format = MessageIdFormat::Hex;
        config.accounts[0].text_coding = TextCoding::Latin1;
    });
    let mut acme = rig.bound("acme").await;
    let submitted = Sm {
        service_type: b"VMA",
        protocol_id: 0x41,
        priority_flag: 2,
        registered_delivery: RegisteredDelivery(1),
        schedule_delivery_time: b"",
        ..sm(b"caf\xe9")
    };
    let id = acme.submit(submitted).await.id();
    let ask = |message_id, sm_length| {
        Pdu::QueryMsgDetails(QueryMsgDetails { message_id, sm_length, ..QueryMsgDetails::default() })
    };
    acme.send(&ask(id.as_bytes(), 160)).await;
    let came = acme.next().await;
    let Pdu::QueryMsgDetailsResp(resp) = came.pdu() else { panic!() };
    let details = resp.details.unwrap();
    assert_eq!(details.service_type, b"VMA");
    assert_eq!(details.source, submitted.source);
    assert_eq!(details.destinations, [Destination::Address(submitted.destination)]);
    assert_eq!((details.protocol_id, details.priority_flag), (0x41, 2));
    assert_eq!((details.registered_delivery.0, details.data_coding), (1, DataCoding(0)));
    assert_eq!(details.short_message, b"caf\xe9", "in the account's own coding");
    assert_eq!(details.message_id, id.as_bytes());
    assert_eq!((details.schedule_delivery_time, details.validity_period), (&b""[..], &b""[..]));
    assert_eq!(details.final_date, b"261118110640000+");
    assert_eq!((details.message_state, details.error_code), (MessageState::DELIVERED, 7));

    for (wanted, text) in [(0, &b""[..]), (3, b"caf")] {
        acme.send(&ask(id.as_bytes(), wanted)).await;
        let came = acme.next().await;
        let Pdu::QueryMsgDetailsResp(resp) = came.pdu() else { panic!() };
        assert_eq!(resp.details.unwrap().short_message, text, "no more than was asked for");
    }
    for (id, status) in [(&b"12"[..], Status::ESME_RQUERYFAIL), (b"xyz", Status::ESME_RINVMSGID)] {
        acme.send(&ask(id, 0)).await;
        assert_eq!(acme.next().await.header.command_status, status);
    }
}

#[tokio::test]
async fn a_wide_text_is_not_cut_within_a_character() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let wide = Sm { data_coding: DataCoding::UCS2, ..sm(b"\x04\x1f\x04\x40\x04\x38") };
    let id = acme.submit(wide).await.id();
    let query = QueryMsgDetails { message_id: id.as_bytes(), sm_length: 5, ..QueryMsgDetails::default() };
    acme.send(&Pdu::QueryMsgDetails(query)).await;
    let came = acme.next().await;
    let Pdu::QueryMsgDetailsResp(resp) = came.pdu() else { panic!() };
    let details = resp.details.unwrap();
    assert_eq!((details.data_coding, details.short_message), (DataCoding::UCS2, &b"\x04\x1f\x04\x40"[..]));
}

#[tokio::test]
async fn field_52_param_retrieve_knows_the_account_and_nothing_else() {
    let rig = Rig::with(|config| config.accounts[0].binds_max = 3);
    let mut acme = rig.bound("acme").await;
    let known = [
        (&b"interface_version"[..], &b"50"[..]),
        (b"binds_max", b"3"),
        (b"window", b"100"),
        (b"delivery_window", b"100"),
        (b"enquire_link_seconds", b"30"),
        (b"inactivity_seconds", b"0"),
        (b"time", b"261118110640000+"),
    ];
    for (param_name, value) in known {
        acme.send(&Pdu::ParamRetrieve(ParamRetrieve { param_name, tlvs: Tlvs::NONE })).await;
        let came = acme.next().await;
        let Pdu::ParamRetrieveResp(resp) = came.pdu() else { panic!() };
        assert_eq!(resp.param_value, Some(value));
    }
    for param_name in [&b"password"[..], b"", b"Window"] {
        acme.send(&Pdu::ParamRetrieve(ParamRetrieve { param_name, tlvs: Tlvs::NONE })).await;
        assert_eq!(acme.next().await.header.command_status, Status::ESME_RINVPARAM);
    }
}
