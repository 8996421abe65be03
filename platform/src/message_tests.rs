//! The life of a message, out and in, on a store in memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pollster::block_on;
use smsc::address::Address;
use smsc::message::Content;
use smsc::receipt::{ReceiptRequest, State};
use smsc::rejection::Rejection;

use crate::ports::{Call, CallError, Environment, Method, Table};
use crate::test_platform::{NUMBER, World};
use crate::{
    Callback, Error, Filter, Inbound, NewMessage, NumberChange, Platform, Position, ReceiveError, Report,
    Routing, Sid, Status, Update, signature,
};

const TO: &str = "+4915112345678";

fn new(body: &str) -> NewMessage {
    NewMessage {
        to: Some(TO.to_owned()),
        from: Some(NUMBER.to_owned()),
        body: Some(body.to_owned()),
        status_callback: Some(Callback { url: "http://app/status".to_owned(), method: Method::Post }),
        ..NewMessage::default()
    }
}

fn application() -> Routing {
    Routing {
        sms_url: "http://app/sms?x=1#rc=0".to_owned(),
        sms_fallback_url: "http://spare/sms".to_owned(),
        ..Routing::default()
    }
}

fn incoming(id: &str, text: &str) -> Inbound {
    Inbound {
        id: id.to_owned(),
        from: Address::international("4915112345678"),
        to: Address::international(NUMBER.trim_start_matches('+')),
        content: Content {
            data_coding: 0,
            header: Bytes::new(),
            body: sms::alphabet::encode(text, sms::alphabet::Shifts::NONE).unwrap().into(),
        },
        received_at: World::new().now(),
        expires_at: None,
        receipt: ReceiptRequest::NONE,
        via: Some("acme".to_owned()),
        headers: vec![("X-Colour".to_owned(), "blue".to_owned())],
    }
}

/// Does all that is due, as the two endless tasks would.
async fn work(platform: &Arc<Platform>) {
    for _ in 0..4 {
        platform.outbox.refill_submissions().await.unwrap();
        platform.outbox.refill_webhook_jobs().await.unwrap();
        platform.submitter.submit_pending().await.unwrap();
        for sid in platform.outbox.webhook_jobs.take(100) {
            platform.jobs.run_jobs(sid).await.unwrap();
            platform.outbox.webhook_jobs.done(sid, false);
        }
    }
}

fn param<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.params.iter().find(|param| param.0 == name).map(|param| param.1.as_str())
}

fn header<'a>(call: &'a Call, name: &str) -> &'a str {
    &call.headers.iter().find(|header| header.0 == name).unwrap().1
}

#[test]
fn field_60_out_sent_delivered_and_told_in_order() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let before = world.commits.load(std::sync::atomic::Ordering::Relaxed);
        let message = platform.create(&world.account(), new("hello")).await.unwrap();
        assert_eq!(world.commits.load(std::sync::atomic::Ordering::Relaxed), before + 1);
        assert_eq!((message.status, message.segments), (Status::Queued, 1));
        work(&platform).await;
        assert_eq!(world.submitted.lock()[0].sid, message.sid);
        platform.report(Report { sid: message.sid, state: State::Enroute, error: 0 }).await.unwrap();
        for state in [State::Delivered, State::Undeliverable] {
            platform.report(Report { sid: message.sid, state, error: 1 }).await.unwrap();
        }
        work(&platform).await;
        let calls = world.calls.lock().clone();
        let told: Vec<_> = calls.iter().map(|call| param(call, "MessageStatus").unwrap()).collect();
        assert_eq!(told, ["sent", "delivered"]);
        assert_eq!(
            header(&calls[0], "X-Twilio-Signature"),
            signature::sign("token", &calls[0].url, &calls[0].params)
        );
        assert_eq!(param(&calls[1], "SmsSid"), Some(message.sid.to_string().as_str()));
        assert_eq!(param(&calls[1], "RawDlrDoneDate"), Some("2611181106"));
        let shown = platform.fetch(&world.account(), message.sid).await.unwrap();
        assert_eq!((shown.status, shown.error), (Status::Delivered, None));
        assert_eq!(world.rows_in(Table::Outbox), 0);
    });
}

#[test]
fn a_receipt_may_be_faster_than_the_answer_to_its_submission() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let sid = platform.create(&world.account(), new("hello")).await.unwrap().sid;
        platform.report(Report { sid, state: State::Undeliverable, error: 1 }).await.unwrap();
        work(&platform).await;
        let told: Vec<_> =
            world.calls.lock().iter().map(|call| param(call, "MessageStatus").unwrap().to_owned()).collect();
        assert_eq!(told, ["sent", "undelivered"]);
        let shown = platform.fetch(&world.account(), sid).await.unwrap();
        assert_eq!((shown.status, shown.error), (Status::Undelivered, Some(30005)));
    });
}

#[test]
fn the_outbox_goes_on_after_a_restart_under_the_same_sid() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let message = platform.create(&world.account(), new("hello")).await.unwrap();
        drop(platform);
        world.pass(Duration::from_secs(1));
        let again = world.open(Routing::default()).await;
        let shown = again.fetch(&world.account(), message.sid).await.unwrap();
        assert_eq!(shown.status, Status::Sending, "the centre may have it already");
        let late = again.update(&world.account(), message.sid, Update::Cancel).await;
        assert_eq!(late.unwrap_err(), Error::NotCancelable);
        work(&again).await;
        assert_eq!(world.submitted.lock().iter().map(|each| each.sid).collect::<Vec<_>>(), [message.sid]);
        assert_eq!(again.fetch(&world.account(), message.sid).await.unwrap().status, Status::Sent);
    });
}

#[test]
fn a_congested_centre_delays_and_a_refusing_one_fails() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let account = world.account();
        let first = platform.create(&account, new("one")).await.unwrap().sid;
        let second = platform.create(&account, new("two")).await.unwrap().sid;
        world.rejections.lock().extend([Rejection::Congested, Rejection::Forbidden("no")]);
        platform.outbox.refill_submissions().await.unwrap();
        assert_eq!(platform.submitter.submit_pending().await.unwrap(), [account.sid]);
        assert_eq!(platform.fetch(&account, first).await.unwrap().status, Status::Queued);
        let failed = platform.fetch(&account, second).await.unwrap();
        assert_eq!((failed.status, failed.error), (Status::Failed, Some(30007)));
        work(&platform).await;
        assert!(world.submitted.lock().is_empty(), "the account is left alone for a while");
        platform.outbox.submissions.release(account.sid);
        work(&platform).await;
        assert_eq!(platform.fetch(&account, first).await.unwrap().status, Status::Sent);
    });
}

#[test]
fn what_waits_too_long_fails_as_expired() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let short = NewMessage { validity_seconds: Some("60".to_owned()), ..new("hello") };
        let sid = platform.create(&world.account(), short).await.unwrap().sid;
        world.pass(Duration::from_secs(61));
        work(&platform).await;
        let failed = platform.fetch(&world.account(), sid).await.unwrap();
        assert_eq!((failed.status, failed.error), (Status::Failed, Some(30036)));
        assert!(world.submitted.lock().is_empty());
    });
}

#[test]
fn refusals_carry_the_dictionarys_numbers() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let with = |change: fn(&mut NewMessage)| {
            let mut message = new("hello");
            change(&mut message);
            message
        };
        let refused = [
            (with(|new| new.to = None), 21604),
            (with(|new| new.from = None), 21603),
            (with(|new| new.body = None), 21602),
            (with(|new| new.body = Some(String::new())), 21602),
            (with(|new| new.body = Some("a".repeat(1601))), 21617),
            (with(|new| new.to = Some("0151".repeat(3))), 21211),
            (with(|new| new.to = Some("+999123456789".to_owned())), 21612),
            (with(|new| new.from = Some("+4915100000002".to_owned())), 21606),
            (with(|new| new.from = Some("no such sender".to_owned())), 21212),
            (with(|new| new.status_callback.as_mut().unwrap().url = "ftp://x".to_owned()), 21609),
            (with(|new| new.validity_seconds = Some("36001".to_owned())), 21624),
            (with(|new| new.messaging_service = Some("MG".to_owned())), 21701),
            (with(|new| new.has_media = true), 21622),
            (with(|new| new.is_scheduled = true), 35118),
        ];
        for (message, code) in refused {
            let error = platform.create(&world.account(), message).await.unwrap_err();
            assert_eq!(error.numbers(), (400, code), "{error}");
        }
        assert_eq!(world.rows_in(Table::Messages), 0);
        platform.create(&world.account(), with(|new| new.body = Some("é".repeat(1600)))).await.unwrap();
        platform.create(&world.account(), with(|new| new.from = Some("ACME".to_owned()))).await.unwrap();
    });
}

#[test]
fn a_message_is_cancelled_in_time_or_not_at_all() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let account = world.account();
        let sid = platform.create(&account, new("hello")).await.unwrap().sid;
        let early = platform.delete(&account, sid).await.unwrap_err();
        assert_eq!(early.numbers(), (409, 20009));
        assert_eq!(platform.update(&account, sid, Update::Redact).await.unwrap_err().numbers(), (409, 20009));
        let canceled = platform.update(&account, sid, Update::Cancel).await.unwrap();
        assert_eq!(canceled.status, Status::Canceled);
        work(&platform).await;
        assert!(world.submitted.lock().is_empty());
        assert_eq!(param(&world.calls.lock()[0], "MessageStatus"), Some("canceled"));
        let again = platform.update(&account, sid, Update::Cancel).await.unwrap_err();
        assert_eq!(again.numbers(), (409, 30409));
        assert_eq!(platform.update(&account, sid, Update::Redact).await.unwrap().body, "");
        platform.delete(&account, sid).await.unwrap();
        assert_eq!(platform.fetch(&account, sid).await.unwrap_err().numbers(), (404, 20404));
        assert_eq!(world.rows_in(Table::MessageIndex), 0);
    });
}

#[test]
fn field_60_in_told_signed_answered_and_known_again() {
    block_on(async {
        let world = World::new();
        let platform = world.open(application()).await;
        let sid = platform.receive(incoming("77", "hi {there}")).await.unwrap();
        assert_eq!(platform.receive(incoming("77", "hi {there}")).await.unwrap(), sid);
        let twiml = "<Response><Message>one</Message><Message to='+4915199999999' action='/done'>two</Message></Response>";
        world.answer(200, "text/xml; charset=utf-8", twiml);
        work(&platform).await;
        let calls = world.calls.lock().clone();
        assert_eq!((calls.len(), calls[0].url.as_str()), (2, "http://app/sms?x=1"));
        let call = &calls[0];
        assert_eq!((param(call, "Body"), param(call, "From")), (Some("hi {there}"), Some(TO)));
        assert_eq!((param(call, "SmsStatus"), param(call, "NumSegments")), (Some("received"), Some("1")));
        assert_eq!(param(call, "SipHeader_X-SMSC-ID"), Some("acme"));
        assert_eq!(param(call, "SipHeader_X-Colour"), Some("blue"));
        assert_eq!(param(call, "SipHeader_X-SMS-CODING"), Some("0"));
        assert_eq!(header(call, "X-Twilio-Signature"), signature::sign("token", &call.url, &call.params));
        assert_eq!(calls[1].url, "http://app/done", "the status callback of the second reply");
        let sent = world.submitted.lock();
        let to: Vec<_> = sent.iter().map(|each| each.destination.dialled()).collect();
        assert_eq!(to, [TO, "+4915199999999"]);
        assert_eq!(sent[0].source.dialled(), NUMBER);
        assert_eq!(world.rows_in(Table::Outbox), 0);
    });
}

#[test]
fn field_60_the_fallback_hears_why_and_retries_carry_one_token() {
    block_on(async {
        let world = World::new();
        let mut routing = application();
        routing.sms_url = "http://app/sms#rc=2&rp=all".to_owned();
        let platform = world.open(routing).await;
        let sid = platform.receive(incoming("1", "hi")).await.unwrap();
        world.answers.lock().push_back(Err(CallError::Connect));
        world.answer(503, "text/html", "down");
        world.answer(404, "text/html", "gone");
        world.answer(200, "text/plain", "sorry");
        work(&platform).await;
        let calls = world.calls.lock().clone();
        assert_eq!(calls.len(), 4);
        let tokens: Vec<_> = calls.iter().map(|call| header(call, "I-Twilio-Idempotency-Token")).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(calls[3].url, "http://spare/sms");
        assert_eq!(param(&calls[3], "ErrorCode"), Some("11200"));
        assert_eq!(param(&calls[3], "ErrorUrl"), Some("http://app/sms"));
        assert_eq!(world.submitted.lock().len(), 1);
        let message = platform.fetch(&world.account(), sid).await.unwrap();
        assert_eq!((message.status, message.error), (Status::Received, Some(11200)));
    });
}

#[test]
fn every_bad_answer_leads_to_the_fallback() {
    let bad = [
        (200, "application/json", "{}", "12300"),
        (200, "text/xml", "<Response><Message>", "12100"),
        (200, "text/xml", "<Response><Message method='PUT'>x</Message></Response>", "12200"),
        (302, "text/xml", "<Response/>", "11200"),
    ];
    for (status, media_type, body, code) in bad {
        block_on(async {
            let world = World::new();
            let platform = world.open(application()).await;
            platform.receive(incoming("1", "hi")).await.unwrap();
            world.answer(status, media_type, body);
            work(&platform).await;
            assert_eq!(param(&world.calls.lock()[1], "ErrorCode"), Some(code), "{body}");
            assert!(world.submitted.lock().is_empty());
        });
    }
}

#[test]
fn redirects_are_followed_and_end() {
    block_on(async {
        let world = World::new();
        let platform = world.open(application()).await;
        platform.receive(incoming("1", "hi")).await.unwrap();
        world.answer(
            200,
            "text/xml",
            "<Response><Message>a</Message><Redirect>next</Redirect><Message>b</Message></Response>",
        );
        world.answer(200, "text/xml", "<Response><Sms>c</Sms></Response>");
        work(&platform).await;
        assert_eq!(world.calls.lock()[1].url, "http://app/next");
        let bodies: Vec<_> = world.submitted.lock().iter().map(|each| each.content.body.clone()).collect();
        assert_eq!(bodies, [&b"a"[..], b"c"]);
        platform.receive(incoming("2", "hi")).await.unwrap();
        for _ in 0..60 {
            world.answer(200, "text/xml", "<Response><Redirect>/again</Redirect></Response>");
        }
        work(&platform).await;
        assert_eq!(world.calls.lock().len(), 2 + 50);
    });
}

#[test]
fn a_number_without_an_owner_is_nobodys() {
    block_on(async {
        let world = World::new();
        let platform = world.open(application()).await;
        let stray = Inbound { to: Address::international("4915100000009"), ..incoming("1", "hi") };
        assert_eq!(platform.receive(stray).await.unwrap_err(), ReceiveError::UnknownNumber);
        assert_eq!(world.rows_in(Table::Messages), 0);
    });
}

#[test]
fn a_damaged_record_holds_nobody_else_up() {
    block_on(async {
        let world = World::new();
        let platform = world.open(application()).await;
        let damaged = platform.create(&world.account(), new("one")).await.unwrap().sid;
        let sound = platform.create(&world.account(), new("two")).await.unwrap().sid;
        let unread = platform.receive(incoming("1", "hi")).await.unwrap();
        world.damage(damaged);
        world.damage(unread);
        work(&platform).await;
        assert_eq!(platform.fetch(&world.account(), sound).await.unwrap().status, Status::Sent);
        assert_eq!(platform.fetch(&world.account(), damaged).await.unwrap_err().numbers(), (500, 20500));
        assert_eq!(world.rows_in(Table::Outbox), 0);
    });
}

#[test]
fn two_applications_that_answer_each_other_come_to_an_end() {
    block_on(async {
        let world = World::new();
        let platform = world.open(application()).await;
        for number in 0..25 {
            let sid = platform.receive(incoming(&number.to_string(), "hi")).await.unwrap();
            world.answer(200, "text/plain", "hello");
            work(&platform).await;
            let message = platform.fetch(&world.account(), sid).await.unwrap();
            assert_eq!(message.error, (number >= 20).then_some(14107));
        }
        assert_eq!(world.submitted.lock().len(), 20);
    });
}

#[test]
fn a_reply_that_cannot_be_sent_shows_why() {
    let wrong = [
        ("<Response><Message to='12'>x</Message></Response>", 14101),
        ("<Response><Message from='+4915100000099'>x</Message></Response>", 14102),
        ("<Response><Message/></Response>", 14103),
    ];
    for (document, code) in wrong {
        block_on(async {
            let world = World::new();
            let platform = world.open(application()).await;
            let sid = platform.receive(incoming("1", "hi")).await.unwrap();
            world.answer(200, "application/xml", document);
            work(&platform).await;
            let message = platform.fetch(&world.account(), sid).await.unwrap();
            assert_eq!(message.error, Some(code), "{document}");
            assert!(world.submitted.lock().is_empty());
        });
    }
}

#[test]
fn numbers_are_taken_once_and_stay_after_a_restart() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let account = world.account();
        let routing = |url: &str| NumberChange { sms_url: Some(url.to_owned()), ..NumberChange::default() };
        let create = |number: &'static str, url| platform.create_number(&account, number, routing(url));
        assert_eq!(create("+4917000000", "").await.unwrap_err().numbers().1, 21422, "not offered");
        assert_eq!(create("hello", "").await.unwrap_err().numbers().1, 21421);
        assert_eq!(create("+4915200000", "nowhere").await.unwrap_err().numbers().1, 20422);
        let number = create("+49 152-00000", "http://app/").await.unwrap();
        assert_eq!(create("+4915200000", "").await.unwrap_err().numbers().1, 21422, "taken");
        let again = world.open(Routing::default()).await;
        assert_eq!(again.number(&account, number.sid).unwrap().routing.sms_url, "http://app/");
        assert_eq!(again.numbers(&account).len(), 2);
        again.delete_number(&account, number.sid).await.unwrap();
        assert_eq!(again.number(&account, number.sid).unwrap_err().numbers(), (404, 20404));
    });
}

#[test]
fn pages_stay_put_while_messages_arrive() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let account = world.account();
        let mut all: Vec<Sid> = Vec::new();
        for number in 0..7 {
            world.pass(Duration::from_millis(number));
            all.insert(0, platform.create(&account, new("hello")).await.unwrap().sid);
        }
        let list = |position, size| platform.list(&account, Filter::default(), position, size);
        let sids = |page: &crate::Page| page.messages.iter().map(|each| each.sid).collect::<Vec<_>>();
        let first = list(Position::Newest, 3).await.unwrap();
        platform.create(&account, new("later")).await.unwrap();
        let second = list(first.next.unwrap(), 3).await.unwrap();
        let third = list(second.next.unwrap(), 3).await.unwrap();
        assert_eq!([sids(&first), sids(&second), sids(&third)].concat(), all);
        assert_eq!((first.previous, third.next), (None, None));
        let back = list(third.previous.unwrap(), 3).await.unwrap();
        assert_eq!(sids(&back), sids(&second));
        assert_eq!(list(Position::Newest, 8).await.unwrap().next, None);
    });
}

#[test]
fn filters_hold_together() {
    block_on(async {
        let world = World::new();
        let platform = world.open(Routing::default()).await;
        let account = world.account();
        platform.create(&account, new("one")).await.unwrap();
        work(&platform).await;
        world.pass(Duration::from_secs(86_400));
        let other = NewMessage { to: Some("+4915187654321".to_owned()), ..new("two") };
        platform.create(&account, other).await.unwrap();
        work(&platform).await;
        let count = async |filter: Filter| {
            platform.list(&account, filter, Position::Newest, 50).await.unwrap().messages.len()
        };
        let to = |number: &str| Filter { to: Some(number.to_owned()), ..Filter::default() };
        assert_eq!(count(Filter::default()).await, 2);
        assert_eq!(count(to("+49 151 1234 5678")).await, 1);
        assert_eq!(count(to("+49151")).await, 0);
        assert_eq!(count(Filter { from: Some(NUMBER.to_owned()), ..to(TO) }).await, 1);
        let now = world.now();
        assert_eq!(count(Filter { sent_from: Some(now), ..Filter::default() }).await, 1);
        assert_eq!(count(Filter { sent_until: Some(now), ..Filter::default() }).await, 1);
        assert_eq!(count(Filter { sent_from: Some(now), ..to(TO) }).await, 0);
        let year = Duration::from_secs(365 * 86_400);
        let inverted = Filter { sent_from: Some(now), sent_until: Some(now - year), ..Filter::default() };
        assert_eq!(count(inverted).await, 0);
    });
}
