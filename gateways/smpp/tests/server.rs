//! The server as ESMEs meet it: binds, submissions, deliveries, receipts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::time::Duration;

use bytes::Bytes;
use gateway_smpp::config::{BindType, EsmeAccount, LongMessages, MessageIdFormat, TextCoding};
use rig::{Rig, plain, sm, with_receipt};
use smpp::pdu::{Address, BindKind, CancelSm, DataSm, Destination, QuerySm, Sm, SubmitMulti};
use smpp::tlv::Tlvs;
use smpp::{CommandId, MessageState, Pdu, Status, Tag, TlvBuffer};
use smsc::failure::Failure;
use smsc::endpoint::Endpoint;
use smsc::message::Message;
use smsc::ports::Gateways;

const OK: Status = Status::ESME_ROK;

#[tokio::test]
async fn a_message_goes_in_and_comes_out() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let answer = acme.submit(sm(b"hello")).await;
    assert_eq!(answer.header.command_status, OK);
    let came = sink.next().await;
    assert_eq!(came.header.command_id, CommandId::DELIVER_SM);
    assert_eq!(came.sm().destination.addr, b"4915112345678");
    sink.answer(&came, OK).await;
}

#[tokio::test]
async fn field_39_receipt_text_and_tlvs() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let id = acme.submit(with_receipt(b"hello")).await.id();
    let came = sink.next().await;
    sink.answer(&came, OK).await;
    let receipt = acme.next().await;
    let sm = receipt.sm();
    assert_eq!(sm.esm_class.0, 0x04);
    assert_eq!((sm.source.addr, sm.destination.addr), (&b"4915112345678"[..], &b"4917000001"[..]));
    let expected = format!(
        "id:{id} sub:001 dlvrd:001 submit date:2611181106 done date:2611181107 stat:DELIVRD err:000 text:hello"
    );
    assert_eq!(String::from_utf8_lossy(sm.short_message), expected);
    assert_eq!(sm.tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().c_octets(), id.as_bytes());
    assert_eq!(sm.tlvs.get(Tag::MESSAGE_STATE).unwrap().value, [2]);
    acme.answer(&receipt, OK).await;
}

#[tokio::test]
async fn field_40_hexadecimal_ids_are_the_same_everywhere() {
    let rig = Rig::with(|config| config.accounts[0].message_id_format = MessageIdFormat::Hex);
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let id = acme.submit(with_receipt(b"x")).await.id();
    assert_eq!(id.len(), 16);
    let came = sink.next().await;
    sink.answer(&came, OK).await;
    let receipt = acme.next().await;
    assert_eq!(receipt.sm().tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().c_octets(), id.as_bytes());
    acme.answer(&receipt, OK).await;
    acme.send(&Pdu::QuerySm(QuerySm { message_id: id.as_bytes(), ..QuerySm::default() })).await;
    assert_eq!(acme.next().await.header.command_status, OK);
}

#[tokio::test]
async fn field_41_no_receipt_before_its_submit_sm_resp() {
    // One session submits, another of the same account may get the receipts.
    let rig = Rig::with(|config| config.accounts[0].bind_types.push(BindType::Receiver));
    let mut submitter = rig.connect().await;
    assert_eq!(submitter.bind(BindKind::Transmitter, "acme", "secret").await, OK);
    let mut receiver = rig.connect().await;
    assert_eq!(receiver.bind(BindKind::Receiver, "acme", "secret").await, OK);
    let mut sink = rig.bound("sink").await;
    *rig.centre.sync.lock() = Duration::from_millis(150);
    submitter.send(&Pdu::SubmitSm(with_receipt(b"x"))).await;
    assert!(sink.silent(Duration::from_millis(100)).await, "nothing moves before the message is safe");
    let answer = submitter.next().await;
    let came = sink.next().await;
    sink.answer(&came, OK).await;
    let receipt = receiver.next().await;
    assert_eq!(receipt.sm().tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().c_octets(), answer.id().as_bytes());
}

#[tokio::test]
async fn field_42_receipts_wait_for_any_bind_of_the_account() {
    let rig = Rig::start();
    let mut acme = rig.connect().await;
    assert_eq!(acme.bind(BindKind::Transmitter, "acme", "secret").await, OK);
    let mut sink = rig.bound("sink").await;
    acme.submit(with_receipt(b"x")).await;
    drop(acme);
    let came = sink.next().await;
    sink.answer(&came, OK).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut back = rig.connect().await;
    assert_eq!(back.bind(BindKind::Receiver, "acme", "secret").await, OK);
    assert_eq!(back.next().await.sm().esm_class.0, 0x04);
}

#[tokio::test]
async fn field_46_sequence_numbers_are_echoed_and_twins_tolerated() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    *rig.centre.sync.lock() = Duration::from_millis(50);
    for sequence in [0x7fff_ffff, 5, 5, 0, u32::MAX] {
        acme.send_as(&Pdu::SubmitSm(sm(b"x")), sequence, OK).await;
    }
    let mut came = Vec::new();
    for _ in 0..5 {
        let answer = acme.next().await;
        assert_eq!(answer.header.command_status, OK);
        came.push(answer.header.sequence_number);
    }
    came.sort_unstable();
    assert_eq!(came, [0, 5, 5, 0x7fff_ffff, u32::MAX]);
}

#[tokio::test]
async fn field_46_answers_to_deliveries_may_come_out_of_order() {
    let rig = Rig::start();
    let mut sink = rig.bound("sink").await;
    let first = tokio::spawn(rig.deliver(plain(b"one"), "esme:sink"));
    let one = sink.next().await;
    let second = tokio::spawn(rig.deliver(plain(b"two"), "esme:sink"));
    let two = sink.next().await;
    sink.answer(&two, Status::ESME_RX_P_APPN).await;
    sink.answer(&one, OK).await;
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(second.await.unwrap(), Err(Failure::Refused(_))));
}

#[tokio::test]
async fn field_47_states() {
    let rig = Rig::start();
    let mut early = rig.connect().await;
    assert_eq!(early.submit(sm(b"x")).await.header.command_status, Status::ESME_RINVBNDSTS);
    assert_eq!(early.bind(BindKind::Receiver, "acme", "secret").await, OK);
    assert_eq!(early.submit(sm(b"x")).await.header.command_status, Status::ESME_RINVBNDSTS);
    assert_eq!(early.bind(BindKind::Transceiver, "acme", "secret").await, Status::ESME_RALYBND);
    assert!(early.is_alive().await);
    let answer = early.submit(sm(b"x")).await;
    assert_eq!(answer.octets.len(), 16, "an error response has no body");
}

#[tokio::test]
async fn field_48_enquire_link_before_the_bind_and_after() {
    let rig = Rig::start();
    let mut esme = rig.connect().await;
    assert!(esme.is_alive().await);
    assert_eq!(esme.bind(BindKind::Transceiver, "acme", "secret").await, OK);
    assert!(esme.is_alive().await);
}

#[tokio::test]
async fn field_48_r12_a_silent_peer_is_asked_and_dropped_and_its_message_goes_elsewhere() {
    let rig = Rig::with(|config| {
        config.response_seconds = 1;
        config.accounts[1].enquire_link_seconds = 1;
    });
    let mut silent = rig.bound("sink").await;
    let mut acme = rig.bound("acme").await;
    acme.submit(sm(b"x")).await;
    assert_eq!(silent.next().await.header.command_id, CommandId::DELIVER_SM);
    let asked = silent.next().await;
    assert_eq!(asked.header.command_id, CommandId::ENQUIRE_LINK);
    assert!(silent.next_or_end().await.is_none(), "dropped");
    let outcome = rig.centre.outcomes.lock().first().cloned().map(|(_, outcome)| outcome);
    assert!(matches!(outcome, Some(Err(Failure::Timeout | Failure::NoPeer))), "{outcome:?}");
}

#[tokio::test]
async fn field_49_a_full_window_throttles_and_does_not_close() {
    let rig = Rig::with(|config| config.accounts[0].window = 10);
    *rig.centre.sync.lock() = Duration::from_millis(200);
    let mut acme = rig.bound("acme").await;
    for _ in 0..15 {
        acme.send(&Pdu::SubmitSm(sm(b"x"))).await;
    }
    let mut statuses = Vec::new();
    for _ in 0..15 {
        statuses.push(acme.next().await.header.command_status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == Status::ESME_RTHROTTLED).count(), 5);
    assert_eq!(statuses.iter().filter(|status| **status == OK).count(), 10);
    assert!(acme.is_alive().await);
}

#[tokio::test]
async fn field_49_our_own_window_is_kept() {
    let rig = Rig::with(|config| config.accounts[1].delivery_window = 2);
    let sink_party: Endpoint = "esme:sink".parse().unwrap();
    let mut sink = rig.bound("sink").await;
    assert_eq!(rig.gateway.available(&sink_party), 2);
    let mut acme = rig.bound("acme").await;
    for _ in 0..3 {
        acme.submit(sm(b"x")).await;
    }
    let first = sink.next().await;
    let _second = sink.next().await;
    assert!(sink.silent(Duration::from_millis(100)).await, "the third waits");
    assert_eq!(rig.gateway.available(&sink_party), 0);
    sink.answer(&first, OK).await;
    assert_eq!(sink.next().await.header.command_id, CommandId::DELIVER_SM);
}

#[tokio::test]
async fn field_50_versions() {
    let rig = Rig::start();
    let mut sinks = Vec::new();
    for (version, told) in [(0x33, None), (0x00, None), (0x34, Some(0x50)), (0x50, Some(0x50))] {
        let mut esme = rig.connect().await;
        let came = esme.bind_as(BindKind::Receiver, "acme", "secret", version).await;
        let Pdu::BindResp(resp) = came.pdu() else { panic!() };
        assert_eq!(resp.sc_interface_version(), told, "{version:#x}");
        assert_eq!(resp.system_id, Some(&b"fernpost"[..]));
        sinks.push(esme);
    }
    drop(sinks);
    let mut old = rig.connect().await;
    old.bind_as(BindKind::Receiver, "sink", "secret", 0x33).await;
    let mut message = plain(b"x");
    message.optional = Bytes::from_static(&[0x14, 0x01, 0, 1, 7]);
    let _delivered = tokio::spawn(rig.deliver(message.clone(), "esme:sink"));
    assert!(old.next().await.sm().tlvs.is_empty(), "3.3 knows no optional parameters");
    drop(old);
    let mut new = rig.bound("sink").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let _delivered = tokio::spawn(rig.deliver(message, "esme:sink"));
    assert_eq!(new.next().await.sm().tlvs.as_octets(), [0x14, 0x01, 0, 1, 7]);
}

#[tokio::test]
async fn field_51_load_is_shared_over_the_binds_and_their_number_is_limited() {
    let rig = Rig::with(|config| config.accounts[1].binds_max = 2);
    let mut one = rig.bound("sink").await;
    let mut two = rig.bound("sink").await;
    let mut three = rig.connect().await;
    assert_eq!(three.bind(BindKind::Transceiver, "sink", "secret").await, Status::ESME_RALYBND);
    for number in 0..40 {
        let destination = smsc::address::Address::international(&format!("49151{number:08}"));
        drop(tokio::spawn(rig.deliver(Message { destination, ..plain(b"x") }, "esme:sink")));
    }
    // Destinations are spread; each keeps to its session.
    one.next().await;
    two.next().await;
    drop(one);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut again = rig.connect().await;
    assert_eq!(again.bind(BindKind::Transceiver, "sink", "secret").await, OK, "a place is free again");
}

#[tokio::test]
async fn field_51_unbind_waits_for_what_is_in_flight() {
    let rig = Rig::start();
    *rig.centre.sync.lock() = Duration::from_millis(100);
    let mut acme = rig.bound("acme").await;
    acme.send(&Pdu::SubmitSm(sm(b"x"))).await;
    let unbind = acme.send(&Pdu::Unbind(Tlvs::NONE)).await;
    assert_eq!(acme.next().await.header.command_id, CommandId::SUBMIT_SM_RESP);
    assert_eq!(acme.next().await.what(), (CommandId::UNBIND_RESP, OK, unbind));
    assert!(acme.next_or_end().await.is_none());
}

#[tokio::test]
async fn field_52_query_and_cancel_and_data_sm() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut payload = TlvBuffer::new();
    payload.push(Tag::MESSAGE_PAYLOAD, b"by data_sm").unwrap();
    let plain = sm(b"");
    let data_sm = DataSm {
        source: plain.source,
        destination: plain.destination,
        tlvs: payload.as_tlvs(),
        ..DataSm::default()
    };
    acme.send(&Pdu::DataSm(data_sm)).await;
    let answer = acme.next().await;
    assert_eq!(answer.header.command_id, CommandId::DATA_SM_RESP);
    let id = answer.id();
    assert_eq!(rig.centre.accepted.lock()[0].content.body, b"by data_sm"[..]);

    acme.send(&Pdu::QuerySm(QuerySm { message_id: id.as_bytes(), ..QuerySm::default() })).await;
    let came = acme.next().await;
    let Pdu::QuerySmResp(resp) = came.pdu() else { panic!() };
    assert_eq!((resp.message_id, resp.message_state), (Some(id.as_bytes()), MessageState::DELIVERED));
    assert_eq!(resp.final_date, b"261118110640000+");
    acme.send(&Pdu::QuerySm(QuerySm { message_id: b"12", ..QuerySm::default() })).await;
    assert_eq!(acme.next().await.header.command_status, Status::ESME_RQUERYFAIL);

    acme.send(&Pdu::CancelSm(CancelSm { message_id: id.as_bytes(), ..CancelSm::default() })).await;
    assert_eq!(acme.next().await.header.command_status, OK);
    acme.send(&Pdu::CancelSm(CancelSm { message_id: b"12", ..CancelSm::default() })).await;
    assert_eq!(acme.next().await.header.command_status, Status::ESME_RCANCELFAIL);
}

#[tokio::test]
async fn field_52_submit_multi_names_who_was_refused() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let to = |addr: &'static [u8]| Destination::Address(Address { ton: 1.into(), npi: 1.into(), addr });
    let multi = |destinations| SubmitMulti {
        source: sm(b"").source,
        destinations,
        short_message: b"x",
        ..SubmitMulti::default()
    };
    acme.send(&Pdu::SubmitMulti(multi(vec![to(b"4915100"), to(b"1555"), to(b"4915101")]))).await;
    let came = acme.next().await;
    let Pdu::SubmitMultiResp(resp) = came.pdu() else { panic!() };
    assert_eq!(came.header.command_status, OK);
    assert_eq!(resp.message_id.unwrap().len(), 19);
    assert_eq!(resp.unsuccess_smes.len(), 1);
    assert_eq!(resp.unsuccess_smes[0].address.addr, b"1555");
    assert_eq!(resp.unsuccess_smes[0].error_status_code, Status::ESME_RINVDSTADR);
    acme.send(&Pdu::SubmitMulti(multi(vec![to(b"1555")]))).await;
    assert_eq!(acme.next().await.header.command_status, Status::ESME_RINVDSTADR, "nobody was left");
    acme.send(&Pdu::SubmitMulti(multi(vec![Destination::DistributionList(b"staff")]))).await;
    assert_eq!(acme.next().await.header.command_status, Status::ESME_RINVDLNAME);
    assert!(acme.is_alive().await);
}

#[tokio::test]
async fn no_route_is_said_at_once() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let nowhere = Address { ton: 1.into(), npi: 1.into(), addr: b"1555000" };
    let answer = acme.submit(Sm { destination: nowhere, ..sm(b"x") }).await;
    assert_eq!(answer.header.command_status, Status::ESME_RINVDSTADR);
}

#[tokio::test]
async fn wrong_password_and_unknown_user_sound_the_same() {
    let rig = Rig::with(|config| config.accounts[1].allowed = vec!["192.0.2.0/24".parse().unwrap()]);
    let tries = [("acme", "wrong"), ("nobody", "secret"), ("acme", ""), ("", ""), ("sink", "secret")];
    for (system_id, password) in tries {
        let begun = tokio::time::Instant::now();
        let mut esme = rig.connect().await;
        assert_eq!(esme.bind(BindKind::Transceiver, system_id, password).await, Status::ESME_RBINDFAIL);
        assert!(begun.elapsed().as_millis() >= 500);
        assert!(esme.next_or_end().await.is_none(), "closed");
    }
}

#[tokio::test]
async fn five_wrong_passwords_bar_the_right_one_for_a_while() {
    let rig = Rig::start();
    let guesses = (0..5).map(|_| async {
        let mut esme = rig.connect().await;
        assert_eq!(esme.bind(BindKind::Transceiver, "acme", "guess").await, Status::ESME_RBINDFAIL);
    });
    futures_util::future::join_all(guesses).await;
    let mut esme = rig.connect().await;
    assert_eq!(esme.bind(BindKind::Transceiver, "acme", "secret").await, Status::ESME_RBINDFAIL);
    let _other = rig.bound("sink").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _back = rig.bound("acme").await;
}

#[tokio::test]
async fn r11_a_peer_that_stops_reading_is_dropped_and_others_go_on() {
    let rig = Rig::with(|config| {
        config.write_seconds = 1;
        config.accounts[1].delivery_window = 20_000;
        config.accounts[1].long_messages = LongMessages::Payload;
    });
    let mut acme = rig.bound("acme").await;
    let stuck = rig.bound("sink").await;
    let text: &'static [u8] = vec![b'x'; 4000].leak();
    let deliveries: Vec<_> = (0..5000).map(|_| tokio::spawn(rig.deliver(plain(text), "esme:sink"))).collect();
    for _ in 0..20 {
        let begun = tokio::time::Instant::now();
        assert!(acme.is_alive().await);
        assert!(begun.elapsed() < Duration::from_millis(200));
    }
    for delivery in deliveries {
        assert!(matches!(delivery.await.unwrap(), Err(Failure::NoPeer | Failure::Timeout)));
    }
    assert_eq!(rig.gateway.stats().stalled.get(), 1);
    drop(stuck);
}

#[tokio::test]
async fn r13_flapping_sessions_leave_nothing_behind() {
    let rig = Rig::start();
    for round in 0..200 {
        let mut esme = rig.bound("acme").await;
        if round % 3 == 0 {
            esme.send(&Pdu::SubmitSm(sm(b"x"))).await;
        }
    }
    for _ in 0..100 {
        if rig.gateway.sessions().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(rig.gateway.sessions().is_empty());
    let _back = rig.bound("acme").await;
}

#[tokio::test]
async fn accounts_are_swapped_under_open_sessions() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    let mut sink = rig.bound("sink").await;
    let latin = EsmeAccount { text_coding: TextCoding::Latin1, ..EsmeAccount::new("acme", "changed") };
    rig.gateway.set_accounts(std::slice::from_ref(&latin)).unwrap();
    assert_eq!(sink.next().await.header.command_id, CommandId::UNBIND, "sink is gone");
    assert!(acme.is_alive().await, "acme stays");
    acme.submit(sm(b"\xe9")).await;
    assert_eq!(rig.centre.accepted.lock()[0].content.body, b"\x05"[..], "with its new alphabet");
    let wrong = [latin.clone(), EsmeAccount::default()];
    assert!(rig.gateway.set_accounts(&wrong).is_err());
    let mut again = rig.connect().await;
    assert_eq!(again.bind(BindKind::Transceiver, "acme", "changed").await, OK, "refused whole");
}

#[tokio::test]
async fn r18_shutdown_finishes_what_is_in_flight_and_unbinds() {
    let rig = Rig::start();
    let mut acme = rig.bound("acme").await;
    *rig.centre.sync.lock() = Duration::from_millis(100);
    acme.send(&Pdu::SubmitSm(sm(b"x"))).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let gateway = rig.gateway.clone();
    let stopping = tokio::spawn(async move { gateway.shutdown(Duration::from_secs(10)).await });
    assert_eq!(acme.next().await.header.command_id, CommandId::SUBMIT_SM_RESP);
    let unbind = acme.next().await;
    assert_eq!(unbind.header.command_id, CommandId::UNBIND);
    acme.send_as(&Pdu::UnbindResp(Tlvs::NONE), unbind.header.sequence_number, OK).await;
    assert!(acme.next_or_end().await.is_none());
    stopping.await.unwrap();
    assert!(tokio::net::TcpStream::connect(rig.address()).await.is_err(), "nobody listens");
}
