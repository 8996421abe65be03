//! Phones of a simulated mobile network, the real binary between them and an ESME.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab::esme::{Delivery, Esme, Outgoing};
use lab::mobile_network::inbox::InboxEntry;
use lab::mobile_network::{MobileNetwork, Phone, Settings, Submission};
use smpp::MessageState;
use smpp::pdu::BindKind;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::harness::site::{Centre, SINK, Site, number};
use crate::harness::{PATIENCE, block_on};

/// A phone of the network's defaults.
const PHONE: &str = "+15550201";
/// Another one.
const OTHER: &str = "+15550202";

/// A network that waits for the centre, with room for several associations.
fn network() -> MobileNetwork {
    let settings = Settings { listen: "127.0.0.1:0".parse().unwrap(), ..Settings::default() };
    MobileNetwork::start(&settings).expect("the network starts")
}

/// A centre with `associations` associations to the network.
fn site(network: &MobileNetwork, associations: usize) -> Site {
    let remote = network.local_address();
    let associations: String = (0..associations)
        .map(|number| {
            format!(
                "[[ss7.associations]]\nname = 'gateway-{number}'\ntransport = 'tcp'\nremote = ['{remote}']\n\
                 application_servers = ['home']\nreconnect_seconds_max = 1\n"
            )
        })
        .collect();
    // A dialogue that a lost association has cut is over soon.
    let more = format!(
        "[ss7]\nrouting_seconds = 2\nforwarding_seconds = 2\ndialogue_seconds = 4\n\
         [retry.ordinary]\ndelays_seconds = [1]\n\
         [[routes]]\nname = 'phones'\nto = {{ prefix = ['+1555020'] }}\ntargets = ['ss7:home']\n\
         [[ss7.networks]]\nname = 'home'\npoint_code = 1\nglobal_title = '15550001000'\ngateways = [2]\n\
         [[ss7.application_servers]]\nname = 'home'\nnetwork = 'home'\nrouting_context = 100\n{associations}"
    );
    Site::with("", "", &more)
}

fn phone(network: &MobileNetwork, number: &str) -> Phone {
    network.phone(number).expect("the network has this phone")
}

fn to_phone<'a>(destination: &'a str, text: &'a str) -> Outgoing<'a> {
    Outgoing {
        source: "+4915100000000",
        destination,
        short_message: text.as_bytes(),
        registered_delivery: 1,
        ..Outgoing::default()
    }
}

async fn next(esme: &mut Esme) -> Delivery {
    timeout(PATIENCE, esme.next()).await.expect("in time").expect("the session lasts")
}

/// Texts in the inbox, oldest first.
fn texts(phone: &Phone) -> Vec<String> {
    let newest_first: Vec<InboxEntry> = phone.inbox();
    newest_first.iter().rev().filter_map(|received| Some(received.message()?.text.clone())).collect()
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn ended_well(site: &Site, centre: Centre) {
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{log}");
    let audit = site.audit();
    assert_eq!((audit.waiting, audit.accepted), (0, audit.ended), "{log}");
}

#[test]
fn a_message_reaches_its_phone_and_the_receipt_its_submitter() {
    block_on(async {
        let network = network();
        let site = site(&network, 1);
        let centre = site.start();
        network.wait_until_active().await;
        let mut load = centre.load(BindKind::Transceiver).await;
        let id = load.submit(&to_phone(PHONE, "Hello phone")).await.expect("it is accepted");
        let message = phone(&network, PHONE).wait_for_text(|text| text == "Hello phone").await;
        assert_eq!((message.from.as_str(), message.segments), ("+4915100000000", 1));
        let receipt = next(&mut load).await.receipt.expect("a receipt");
        assert_eq!((receipt.message_id, receipt.state), (id, Some(MessageState::DELIVERED)));
        ended_well(&site, centre);
    });
}

#[test]
fn field_54_what_waits_for_a_phone_goes_at_once_and_in_order_when_it_comes_back() {
    block_on(async {
        let network = network();
        let site = site(&network, 1);
        let centre = site.start();
        network.wait_until_active().await;
        let away = phone(&network, PHONE);
        away.off();
        let load = centre.load(BindKind::Transceiver).await;
        for number in 0..20 {
            let text = format!("message {number:02}");
            let without_receipt = Outgoing { registered_delivery: 0, ..to_phone(PHONE, &text) };
            load.submit(&without_receipt).await.expect("it is accepted");
        }
        let listed = || away.state().is_some_and(|state| !state.service_centres.is_empty());
        until("the HLR lists the centre", listed).await;
        assert!(texts(&away).is_empty());

        // They wait on disk as well: the alert finds them after a restart.
        let (status, log) = centre.process.stop();
        assert!(status.success(), "{log}");
        drop(load);
        let centre = site.start();
        network.wait_until_active().await;
        let began = Instant::now();
        away.on();
        until("all messages arrive", || texts(&away).len() >= 20).await;
        assert!(began.elapsed() < Duration::from_secs(10), "the retry plan alone takes 20 s");
        let expected: Vec<String> = (0..20).map(|number| format!("message {number:02}")).collect();
        assert_eq!(texts(&away), expected);
        ended_well(&site, centre);
    });
}

#[test]
fn field_22_a_phone_that_asks_gets_its_status_report() {
    block_on(async {
        let network = network();
        let site = site(&network, 1);
        let centre = site.start();
        network.wait_until_active().await;
        let sender = phone(&network, PHONE);
        let destination = number(7);
        let asked = Submission { status_report: true, ..Submission::text("Hello ESME", &destination) };
        let sent = sender.submit(asked).await.expect("the centre takes it");
        let mut sink = centre.sink().await;
        assert_eq!(next(&mut sink).await.short_message, b"Hello ESME");
        let report = sender.wait_for_report(sent.message_references[0]).await;
        assert_eq!(report.tp_status, 0);
        assert_eq!(report.recipient, destination);
        drop(sink);
        ended_well(&site, centre);
    });
}

#[test]
fn field_37_a_phones_message_waits_for_an_esme_that_is_away() {
    block_on(async {
        let network = network();
        let site = site(&network, 1);
        let centre = site.start();
        network.wait_until_active().await;
        let destination = number(8);
        phone(&network, PHONE).send("It can wait", &destination).await.expect("the centre takes it");
        let refused = phone(&network, PHONE).send("Nobody", "99").await;
        assert!(refused.is_err(), "a number without a route is refused: {refused:?}");
        let mut sink = centre.sink().await;
        assert_eq!(next(&mut sink).await.short_message, b"It can wait");
        drop(sink);
        ended_well(&site, centre);
    });
}

#[test]
fn one_phone_writes_to_another() {
    block_on(async {
        let network = network();
        let site = site(&network, 1);
        let centre = site.start();
        network.wait_until_active().await;
        let long = "A long message, in more than one segment, from one phone to another. ".repeat(5);
        phone(&network, PHONE).send(&long, OTHER).await.expect("the centre takes it");
        let received = phone(&network, OTHER).wait_for_text(|text| text == long).await;
        assert_eq!(received.segments, 3);
        assert_eq!(received.from, PHONE);
        ended_well(&site, centre);
    });
}

#[test]
fn a_lost_association_costs_no_message() {
    block_on(async {
        let network = network();
        let site = site(&network, 2);
        let centre = site.start();
        network.wait_until_active().await;
        let both = |network: &MobileNetwork| {
            network.associations().iter().filter(|one| one.state == "active").count() == 2
        };
        network.wait_until(both).await;
        let mut load = centre.load(BindKind::Transceiver).await;
        let target = phone(&network, PHONE);
        for number in 0..200 {
            if number == 100 {
                network.kill(0).await;
            }
            let text = format!("message {number:03}");
            load.submit(&to_phone(PHONE, &text)).await.expect("it is accepted");
        }
        // What the association took along comes once more.
        let arrived = || {
            let mut texts = texts(&target);
            texts.dedup();
            texts
        };
        until("all messages arrive", || arrived().len() >= 200).await;
        let expected: Vec<String> = (0..200).map(|number| format!("message {number:03}")).collect();
        assert_eq!(arrived(), expected);
        for _ in 0..200 {
            assert!(next(&mut load).await.receipt.is_some());
        }
        network.wait_until(both).await;
        drop(load);
        ended_well(&site, centre);
    });
}

/// Kills of the test below, and messages that phones may have on their way.
const KILLS: usize = 12;
const OPEN: usize = 20;

#[test]
fn r1_a_kill_loses_nothing_that_a_phone_was_told_is_accepted() {
    block_on(async {
        let network = network();
        let site = site(&network, 1);
        let (told, mut serial) = (Arc::new(Mutex::new(HashSet::new())), 0);
        for round in 0..KILLS {
            let centre = site.start();
            network.wait_until_active().await;
            let mut sending = JoinSet::new();
            for _ in 0..OPEN {
                serial += 1;
                sending.spawn(keep_sending(phone(&network, PHONE), serial * 10_000, Arc::clone(&told)));
            }
            tokio::time::sleep(Duration::from_millis(20 + 30 * round as u64)).await;
            centre.process.kill();
            sending.shutdown().await;
            network.wait_until(|network| network.associations().is_empty()).await;
        }
        let centre = site.start();
        let mut sink = centre.sink().await;
        let mut missing = told.lock().unwrap().clone();
        assert!(missing.len() > KILLS * OPEN, "too little load to prove anything: {}", missing.len());
        while !missing.is_empty() {
            let text = String::from_utf8(next(&mut sink).await.short_message).expect("our own text");
            missing.remove(&text);
        }
    });
}

/// Sends texts that are all different, and notes those that the centre took.
async fn keep_sending(phone: Phone, first: usize, told: Arc<Mutex<HashSet<String>>>) {
    for serial in first.. {
        let text = format!("message {serial}");
        if phone.send(&text, &number(serial % 100)).await.is_ok() {
            told.lock().unwrap().insert(text);
        }
    }
}

#[test]
fn the_sink_is_not_a_phone() {
    // The default routes of the site stay: what is not a phone's number goes where it went.
    block_on(async {
        let network = network();
        let site = site(&network, 1);
        let centre = site.start();
        let mut sink = centre.sink().await;
        let load = centre.load(BindKind::Transceiver).await;
        let destination = number(1);
        load.submit(&to_phone(&destination, "for the sink")).await.expect("it is accepted");
        assert_eq!(next(&mut sink).await.short_message, b"for the sink", "{SINK} gets it");
        drop((sink, load));
    });
}
