//! The states, windows and timers of a session, tested from both sides (SMPP 3.4 §2, §4, §7; SMPP 5.0 §2.9).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use std::time::Duration;

use bytes::BytesMut;
use pair::{Pair, SECOND};
use smpp::pdu::{BindKind, Sm, SmResp};
use smpp::session::{Input, Output, Reason, RequestError, State, Verdict};
use smpp::{CommandId, Framing, Header, Pdu, Status, Tlvs, Version};

mod pair;

#[test]
fn every_kind_binds_and_carries_what_it_may() {
    use RequestError::WrongBind;
    for (kind, submit, deliver) in [
        (BindKind::Transmitter, Ok(()), Err(WrongBind)),
        (BindKind::Receiver, Err(WrongBind), Ok(())),
        (BindKind::Transceiver, Ok(()), Ok(())),
    ] {
        let mut pair = Pair::bound(kind, |_| {});
        let now = pair.now;
        let esme = &mut pair.esme.session;
        assert_eq!(esme.request(CommandId::SUBMIT_SM, 1, now).map(|_| ()), submit);
        assert_eq!(esme.request(CommandId::DELIVER_SM, 1, now), Err(WrongBind));
        let centre = &mut pair.centre.session;
        assert_eq!(centre.request(CommandId::DELIVER_SM, 1, now).map(|_| ()), deliver);
        assert_eq!(centre.request(CommandId::DATA_SM, 1, now).map(|_| ()), deliver);
        assert_eq!(centre.request(CommandId::SUBMIT_SM, 1, now), Err(WrongBind));
    }
}

#[test]
fn not_bound_in_time_is_closed() {
    let mut pair = Pair::new(|_| {});
    pair.run(5 * SECOND - Duration::from_millis(1));
    assert_eq!(pair.centre.closed, None);
    pair.run(Duration::from_millis(1));
    assert_eq!(pair.centre.closed, Some(Reason::BindTimeout));
    assert_eq!(pair.centre.session.deadline(), None);
}

#[test]
fn a_refused_bind_may_be_tried_again() {
    let mut pair = Pair::new(|_| {});
    let now = pair.now;
    let bind = Header::bare(CommandId::BIND_TRANSMITTER, Status::ESME_ROK, 1);
    let centre = &mut pair.centre.session;
    assert_eq!(centre.received(&bind, now), Verdict::Bind(BindKind::Transmitter));
    centre.refuse(&bind, Status::ESME_RINVPASWD, now);
    let resp = Header::bare(CommandId::BIND_TRANSMITTER_RESP, Status::ESME_RINVPASWD, 1);
    assert_eq!(centre.poll(), Some(Output::Send(resp)));
    assert_eq!((centre.state(), centre.poll()), (State::Open, None));

    let esme = &mut pair.esme.session;
    assert_eq!(esme.bind(BindKind::Transmitter, now), Some(1));
    assert_eq!(esme.received(&resp, now), Verdict::BindRefused(Status::ESME_RINVPASWD));
    assert_eq!(esme.bind(BindKind::Transceiver, now), Some(2));
    // A centre of 3.3 does not have bind_transceiver.
    let nack = Header::bare(CommandId::GENERIC_NACK, Status::ESME_RINVCMDID, 2);
    assert_eq!(esme.received(&nack, now), Verdict::BindRefused(Status::ESME_RINVCMDID));
}

/// SMPP 3.4 §5.1.4: any order, any number, and the same number twice.
#[test]
fn field_46_sequence() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let now = pair.now;
    let centre = &mut pair.centre.session;
    for sequence in [7, 7, 0, 0x8000_0000, u32::MAX] {
        let submit = Header::bare(CommandId::SUBMIT_SM, Status::ESME_ROK, sequence);
        assert_eq!(centre.received(&submit, now), Verdict::Request, "{sequence:#x}");
    }
    assert_eq!(centre.received_open(), 5);

    let sequences: Vec<u32> = (0..3).map(|token| pair.submit(token).unwrap()).collect();
    let esme = &mut pair.esme.session;
    for (token, &sequence) in sequences.iter().enumerate().rev() {
        let resp = Header::bare(CommandId::SUBMIT_SM_RESP, Status::ESME_ROK, sequence);
        let token = u64::try_from(token).unwrap();
        assert_eq!(esme.received(&resp, now), Verdict::Response { token, sent: now });
        assert_eq!(esme.received(&resp, now), Verdict::Unmatched, "a response counts once");
    }
}

#[test]
fn a_response_of_another_command_is_not_ours_but_generic_nack_is() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let now = pair.now;
    let sequence = pair.submit(9).unwrap();
    let esme = &mut pair.esme.session;
    let data_sm_resp = Header::bare(CommandId::DATA_SM_RESP, Status::ESME_ROK, sequence);
    assert_eq!(esme.received(&data_sm_resp, now), Verdict::Unmatched);
    let nack = Header::bare(CommandId::GENERIC_NACK, Status::ESME_RSYSERR, sequence);
    assert_eq!(esme.received(&nack, now), Verdict::Response { token: 9, sent: now });
}

/// SMPP 3.4 §2.3, §4.1.7, §4.3.
#[test]
fn field_47_states() {
    let mut pair = Pair::bound(BindKind::Receiver, |_| {});
    // submit_sm on a receiver, a second bind, an unknown command.
    pair.send_to_centre(Header::bare(CommandId::SUBMIT_SM, Status::ESME_ROK, 100));
    pair.send_to_centre(Header::bare(CommandId::BIND_RECEIVER, Status::ESME_ROK, 101));
    pair.send_to_centre(Header::bare(CommandId(0x0f00), Status::ESME_ROK, 102));
    let now = pair.now + pair.latency;
    let mut out = pair.centre.turn(now);
    let answers: Vec<Header> = Framing::default().take(&mut out).frames().map(|frame| frame.header).collect();
    let expected = [
        Header::bare(CommandId::SUBMIT_SM_RESP, Status::ESME_RINVBNDSTS, 100),
        Header::bare(CommandId::BIND_RECEIVER_RESP, Status::ESME_RALYBND, 101),
        Header::bare(CommandId::GENERIC_NACK, Status::ESME_RINVCMDID, 102),
    ];
    assert_eq!(answers, expected);
    assert_eq!(pair.centre.session.state(), State::Bound(BindKind::Receiver));

    // A bad length: generic_nack, then close.
    let mut bad = BytesMut::new();
    Header { command_length: 15, ..Header::bare(CommandId::ENQUIRE_LINK, Status::ESME_ROK, 103) }
        .encode(&mut bad);
    pair.centre.inbox.push_back((now, bad));
    let mut out = pair.centre.turn(now);
    let nack = Framing::default().take(&mut out).frames().next().unwrap().header;
    assert_eq!(nack, Header::bare(CommandId::GENERIC_NACK, Status::ESME_RINVCMDLEN, 103));
    assert_eq!(pair.centre.closed, Some(Reason::BadLength));
}

#[test]
fn field_47_error_responses_with_and_without_a_body() {
    for resp in [SmResp::bare(), SmResp::new(b""), SmResp::new(b"42")] {
        let mut octets = BytesMut::new();
        Pdu::SubmitSmResp(resp).encode(1, Status::ESME_RSUBMITFAIL, &mut octets).unwrap();
        let batch = Framing::default().take(&mut octets);
        assert_eq!(batch.frames().next().unwrap().decode(), Ok(Pdu::SubmitSmResp(resp)));
    }
}

#[test]
fn requests_before_the_bind_are_refused() {
    let mut pair = Pair::new(|_| {});
    let now = pair.now;
    let centre = &mut pair.centre.session;
    let submit = Header::bare(CommandId::SUBMIT_SM, Status::ESME_ROK, 1);
    assert_eq!(centre.received(&submit, now), Verdict::Refused(Status::ESME_RINVBNDSTS));
    assert_eq!(pair.submit(1), Err(RequestError::NotBound));
}

/// SMPP 3.4 §4.11, §7.2: both sides, also before the bind; a link without a response is closed.
#[test]
fn field_48_enquire_link() {
    let mut pair = Pair::new(|_| {});
    let now = pair.now;
    let ask = Header::bare(CommandId::ENQUIRE_LINK, Status::ESME_ROK, 5);
    assert_eq!(pair.centre.session.received(&ask, now), Verdict::Handled);
    let answer = Header::bare(CommandId::ENQUIRE_LINK_RESP, Status::ESME_ROK, 5);
    assert_eq!(pair.centre.session.poll(), Some(Output::Send(answer)));

    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    pair.run(3600 * SECOND);
    assert_eq!((pair.centre.closed, pair.esme.closed), (None, None), "an idle link stays up");
    pair.submit(1).unwrap();
    pair.cut = true;
    pair.run(61 * SECOND);
    assert_eq!(pair.centre.closed, Some(Reason::EnquireLinkUnanswered));
    assert_eq!(pair.esme.closed, Some(Reason::EnquireLinkUnanswered));
    assert_eq!(pair.esme.unanswered, [1], "a request in flight is returned once");
}

#[test]
fn field_48_enquire_link_may_be_missed_as_often_as_configured() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| {
        config.enquire_link_unanswered_max = 3;
        config.response_timeout = 10 * SECOND;
    });
    pair.cut = true;
    pair.run(30 * SECOND + 29 * SECOND);
    assert_eq!(pair.centre.closed, None);
    pair.run(2 * SECOND);
    assert_eq!(pair.centre.closed, Some(Reason::EnquireLinkUnanswered));
}

#[test]
fn field_48_inactivity_unbinds() {
    let mut pair =
        Pair::bound(BindKind::Transceiver, |config| config.inactivity_timeout = Some(600 * SECOND));
    pair.submit(1).unwrap();
    pair.run(599 * SECOND);
    assert_eq!(pair.centre.closed, None, "enquire_link does not count as activity, but a message does");
    pair.run(5 * SECOND);
    assert!(pair.centre.closed.is_some() && pair.esme.closed.is_some());
    assert!([pair.centre.closed, pair.esme.closed].contains(&Some(Reason::Inactive)));
}

/// SMPP 5.0 §2.9: a full window throttles, it does not close.
#[test]
fn field_49_window() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| config.window_received_max = 10);
    pair.centre.answers = false;
    for token in 0..12 {
        pair.submit(token).unwrap();
    }
    pair.run(SECOND);
    assert_eq!((pair.centre.requests.len(), pair.centre.session.received_open()), (10, 10));
    assert_eq!(pair.esme.responses, [(10, Status::ESME_RTHROTTLED), (11, Status::ESME_RTHROTTLED)]);
    // Answers may come in any order, and make room.
    let now = pair.now;
    let mut out = BytesMut::new();
    for header in pair.centre.requests.clone().into_iter().rev() {
        pair.centre.answer(header, now, &mut out);
    }
    pair.esme.inbox.push_back((now, out));
    pair.run(SECOND);
    let tokens: Vec<u64> = pair.esme.responses.iter().skip(2).map(|(token, _)| *token).collect();
    assert_eq!(tokens, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!((pair.esme.session.sent_open(), pair.centre.session.received_open()), (0, 0));
}

#[test]
fn field_49_own_window() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| config.window_sent_max = 2);
    let first = pair.submit(1).unwrap();
    pair.submit(2).unwrap();
    assert_eq!((pair.submit(3), pair.esme.session.window_room()), (Err(RequestError::WindowFull), 0));
    assert_eq!(pair.esme.session.cancel(first), Some(1));
    assert!(pair.submit(3).is_ok());
}

#[test]
fn a_request_without_a_response_comes_back_after_the_response_timer() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| config.response_timeout = 10 * SECOND);
    pair.centre.answers = false;
    let sequence = pair.submit(77).unwrap();
    pair.run(10 * SECOND + Duration::from_millis(1));
    assert_eq!(pair.esme.unanswered, [77]);
    let now = pair.now;
    let late = Header::bare(CommandId::SUBMIT_SM_RESP, Status::ESME_ROK, sequence);
    assert_eq!(pair.esme.session.received(&late, now), Verdict::Unmatched);
    assert_eq!(pair.esme.session.state(), State::Bound(BindKind::Transceiver));
}

/// SMPP 3.4 §5.2.4, §5.3.2.25.
#[test]
fn field_50_versions() {
    let cases = [
        (0x00, Version::V3_3),
        (0x33, Version::V3_3),
        (0x34, Version::V3_4),
        (0x50, Version::V5_0),
        (0xff, Version::V5_0),
    ];
    for (octet, version) in cases {
        let mut pair = Pair::new(|_| {});
        let bind = Header::bare(CommandId::BIND_TRANSMITTER, Status::ESME_ROK, 1);
        pair.centre.session.received(&bind, pair.now);
        assert_eq!(pair.centre.session.accept(octet, pair.now), version);
        assert_eq!(version.has_tlvs(), octet >= 0x34);
        assert_eq!(Version::from_interface_version(version.interface_version()), version);
    }
    // A centre that states no version has 3.3, unless it accepted the command that 3.3 does not have.
    let mut pair = Pair::bound(BindKind::Transmitter, |_| {});
    assert_eq!(pair.esme.session.negotiate(None), Version::V3_3);
    assert_eq!(pair.esme.session.negotiate(Some(0x34)), Version::V3_4);
    let mut pair = Pair::bound(BindKind::Transceiver, |config| config.version_max = Version::V3_4);
    assert_eq!(pair.esme.session.negotiate(None), Version::V3_4);
    assert_eq!(pair.esme.session.negotiate(Some(0x50)), Version::V3_4, "no later than our own version");
}

/// SMPP 3.4 §4.2: unbind waits for what is in flight.
#[test]
fn field_51_unbind() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    pair.centre.answers = false;
    pair.submit(1).unwrap();
    pair.run(SECOND);
    let now = pair.now;
    pair.esme.session.handle(Input::Unbind, now);
    assert_eq!(pair.submit(2), Err(RequestError::NotBound));
    pair.run(SECOND);
    assert_eq!((pair.esme.session.state(), pair.esme.closed), (State::Unbinding, None));
    let mut out = BytesMut::new();
    let request = pair.centre.requests[0];
    pair.centre.answer(request, now, &mut out);
    pair.esme.inbox.push_back((pair.now, out));
    pair.run(SECOND);
    assert_eq!(pair.esme.responses, [(1, Status::ESME_ROK)]);
    assert_eq!((pair.esme.closed, pair.centre.closed), (Some(Reason::Unbound), Some(Reason::Unbound)));
    assert_eq!(pair.esme.unanswered, [0; 0]);
}

#[test]
fn field_51_unbind_of_the_peer_waits_for_our_responses_with_a_limit() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    pair.centre.answers = false;
    pair.submit(1).unwrap();
    pair.run(SECOND);
    pair.send_to_centre(Header::bare(CommandId::UNBIND, Status::ESME_ROK, 900));
    pair.run(SECOND);
    assert_eq!(pair.centre.session.state(), State::Unbinding);
    pair.send_to_centre(Header::bare(CommandId::SUBMIT_SM, Status::ESME_ROK, 901));
    pair.run(SECOND);
    assert_eq!(pair.centre.refused, [Status::ESME_RINVBNDSTS]);
    pair.run(30 * SECOND);
    assert_eq!(pair.centre.closed, Some(Reason::Unbound));
}

#[test]
fn field_51_outbind() {
    let mut pair = Pair::new(|_| {});
    let now = pair.now;
    let sequence = pair.centre.session.outbind().unwrap();
    assert_eq!(pair.centre.session.outbind(), None, "once");
    let outbind = Header::bare(CommandId::OUTBIND, Status::ESME_ROK, sequence);
    assert_eq!(pair.esme.session.received(&outbind, now), Verdict::Outbind);
    let bind = pair.esme.session.bind(BindKind::Receiver, now).unwrap();
    pair.send_to_centre(Header::bare(CommandId::BIND_RECEIVER, Status::ESME_ROK, bind));
    pair.run(SECOND);
    assert_eq!(pair.centre.session.state(), State::Bound(BindKind::Receiver));
    // A centre does not accept an outbind.
    assert_eq!(pair.centre.session.received(&outbind, now), Verdict::Refused(Status::ESME_RINVBNDSTS));
}

#[test]
fn alert_notification_has_no_response() {
    let mut pair = Pair::bound(BindKind::Receiver, |_| {});
    let alert = Header::bare(CommandId::ALERT_NOTIFICATION, Status::ESME_ROK, 3);
    assert_eq!(pair.esme.session.received(&alert, pair.now), Verdict::Notification);
    assert_eq!(pair.centre.session.received(&alert, pair.now), Verdict::Handled);
    assert_eq!((pair.esme.session.poll(), pair.centre.session.poll()), (None, None));
}

#[test]
fn vendor_commands_are_requests_where_configured() {
    let vendor = Header::bare(CommandId(0x0001_0201), Status::ESME_ROK, 3);
    let mut pair = Pair::bound(BindKind::Receiver, |_| {});
    let refused = Verdict::Refused(Status::ESME_RINVCMDID);
    assert_eq!(pair.centre.session.received(&vendor, pair.now), refused);
    let mut pair = Pair::bound(BindKind::Receiver, |config| config.vendor_commands = true);
    assert_eq!(pair.centre.session.received(&vendor, pair.now), Verdict::Request);
}

#[test]
fn a_lost_connection_returns_every_request_in_order() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    for token in 0..50 {
        pair.submit(token).unwrap();
    }
    let now = pair.now;
    pair.esme.session.handle(Input::Lost, now);
    pair.esme.drain(&mut BytesMut::new());
    assert_eq!(pair.esme.unanswered, (0..50).collect::<Vec<u64>>());
    assert_eq!((pair.esme.session.state(), pair.esme.closed), (State::Closed, None));
    assert_eq!(pair.esme.session.deadline(), None);
    let enquire_link = Header::bare(CommandId::ENQUIRE_LINK, Status::ESME_ROK, 1);
    assert_eq!(pair.esme.session.received(&enquire_link, now), Verdict::Handled);
    assert_eq!(pair.esme.session.poll(), None);
}

/// A malformed body gets its status; the other PDUs of the buffer are still read.
#[test]
fn malformed_body_between_good_ones() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let now = pair.now;
    let mut octets = BytesMut::new();
    let sm = Sm { short_message: b"hello", ..Sm::default() };
    for sequence in 1..=3 {
        let start = octets.len();
        Pdu::SubmitSm(sm).encode(sequence, Status::ESME_ROK, &mut octets).unwrap();
        if sequence == 2 {
            // sm_length is six octets before the end.
            let sm_length = octets.len() - 6;
            assert!(sm_length > start);
            octets[sm_length] = 200;
        }
    }
    Pdu::EnquireLink(Tlvs::NONE).encode(4, Status::ESME_ROK, &mut octets).unwrap();
    let batch = Framing::default().take(&mut octets);
    let mut statuses = Vec::new();
    for frame in batch.frames() {
        if pair.centre.session.received(&frame.header, now) == Verdict::Request {
            match frame.decode() {
                Ok(_) => statuses.push(Status::ESME_ROK),
                Err(error) => {
                    statuses.push(error.status());
                    pair.centre.session.refuse(&frame.header, error.status(), now);
                }
            }
        }
    }
    assert_eq!(statuses, [Status::ESME_ROK, Status::ESME_RINVMSGLEN, Status::ESME_ROK]);
    let refusal = Header::bare(CommandId::SUBMIT_SM_RESP, Status::ESME_RINVMSGLEN, 2);
    assert_eq!(pair.centre.session.poll(), Some(Output::Send(refusal)));
    let answer = Header::bare(CommandId::ENQUIRE_LINK_RESP, Status::ESME_ROK, 4);
    assert_eq!(pair.centre.session.poll(), Some(Output::Send(answer)));
    assert_eq!(pair.centre.session.received_open(), 2);
}

#[test]
fn field_51_unbind_is_answered_although_enquire_link_waits() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let now = pair.centre.session.deadline().unwrap();
    let centre = &mut pair.centre.session;
    centre.handle(Input::Tick, now);
    assert!(
        matches!(centre.poll(), Some(Output::Send(header)) if header.command_id == CommandId::ENQUIRE_LINK)
    );
    centre.received(&Header::bare(CommandId::UNBIND, Status::ESME_ROK, 900), now);
    let answer = Header::bare(CommandId::UNBIND_RESP, Status::ESME_ROK, 900);
    assert_eq!(centre.poll(), Some(Output::Send(answer)));
    assert_eq!(centre.poll(), Some(Output::Close(Reason::Unbound)));
}

#[test]
fn field_51_unbind_is_sent_once_and_at_once() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let now = pair.now;
    let first = pair.submit(1).unwrap();
    let esme = &mut pair.esme.session;
    esme.handle(Input::Unbind, now);
    assert_eq!(esme.poll(), None);
    let later = now + 20 * SECOND;
    esme.received(&Header::bare(CommandId::SUBMIT_SM_RESP, Status::ESME_ROK, first), later);
    assert!(matches!(esme.poll(), Some(Output::Send(header)) if header.command_id == CommandId::UNBIND));
    // The time for what was in flight ends at 30 s, the time for the answer at 50 s.
    assert_eq!(esme.deadline(), Some(now + 50 * SECOND));
    esme.handle(Input::Tick, now + 30 * SECOND);
    assert_eq!(esme.poll(), None);
    esme.handle(Input::Tick, now + 50 * SECOND);
    assert_eq!(esme.poll(), Some(Output::Close(Reason::Unbound)));
}

#[test]
fn field_51_unbind_follows_the_last_request_that_expires() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let now = pair.now;
    pair.submit(1).unwrap();
    let esme = &mut pair.esme.session;
    esme.handle(Input::Unbind, now + 10 * SECOND);
    esme.handle(Input::Tick, now + 30 * SECOND);
    assert_eq!(esme.poll(), Some(Output::Unanswered { token: 1 }));
    assert!(matches!(esme.poll(), Some(Output::Send(header)) if header.command_id == CommandId::UNBIND));
}

#[test]
fn field_48_only_enquire_links_in_a_row_count() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| config.enquire_link_unanswered_max = 2);
    let silent = |pair: &mut Pair| {
        pair.cut = true;
        // The interval and one response time: one is missed, the next is out.
        pair.run(61 * SECOND);
        assert_eq!(pair.centre.closed, None);
        pair.cut = false;
        let sign = Header::bare(CommandId::ENQUIRE_LINK, Status::ESME_ROK, 5);
        pair.send_to_centre(sign);
        pair.run(SECOND);
    };
    silent(&mut pair);
    silent(&mut pair);
    pair.cut = true;
    pair.run(95 * SECOND);
    assert_eq!(pair.centre.closed, Some(Reason::EnquireLinkUnanswered));
}
