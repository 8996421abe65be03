//! The roles in two processes, joined by the SIP link alone: a centre with an ESME, and a platform
//! with an application. Both are the real binary, and all that passes between them passes over sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

#[path = "end_to_end/harness/process.rs"]
#[allow(dead_code, reason = "the end-to-end tests use the rest of it")]
mod process;
#[path = "end_to_end/harness/raw.rs"]
#[allow(dead_code, reason = "the end-to-end tests use the rest of it")]
mod raw;
#[path = "end_to_end/harness/scratch.rs"]
mod scratch;
#[path = "two_processes/scripted_centre.rs"]
mod scripted_centre;

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use lab::application::{Application, WebhookRequest};
use lab::esme::{Delivery, Esme, Outgoing};
use process::Process;
use raw::Raw;
use scratch::Scratch;
use scripted_centre::ScriptedCentre;
use serde_json::Value;
use smpp::pdu::{Address, BindKind, EsmClass, Npi, Sm, Ton};
use smpp::{Pdu, Status};
use tokio::time::timeout;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a copy that must not come has time to come.
const QUIET: Duration = Duration::from_secs(3);
/// How long the platform takes at most to record a call; one that a kill leaves unrecorded is made again.
const RECORDED: Duration = Duration::from_millis(500);

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "a token that nobody guesses";
const ESME: &str = "acme";
const PASSWORD: &str = "secret";
/// The ESME's short code.
const CODE: &str = "6666";
/// The application's number.
const NUMBER: &str = "+15550100";
/// A header field that means nothing to either process.
const COLOUR: (&str, &str) = ("X-Colour", "blue");
/// What the application answers.
const REPLY: &str = "Thanks";

/// The peers know each other by their address.
const LISTED: [&str; 2] = ["allowed_addresses = ['127.0.0.1/32']"; 2];
/// The same, and receipts are disposition notifications.
const NOTIFYING: [&str; 2] = ["allowed_addresses = ['127.0.0.1/32']\nquirks = { receipts = 'imdn' }"; 2];
/// The peers know each other by digest, each with a password of its own; the first is the centre's.
const DIGEST: [&str; 2] = [
    "inbound = { user = 'platform', password = 'one' }\noutbound = { user = 'centre', password = 'two' }",
    "inbound = { user = 'centre', password = 'two' }\noutbound = { user = 'platform', password = 'one' }",
];

#[tokio::test(flavor = "multi_thread")]
async fn link_every_flow_crosses_the_link() {
    every_flow(Pair::new(LISTED, REPLY).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn link_every_flow_crosses_a_link_with_digest() {
    every_flow(Pair::new(DIGEST, REPLY).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn link_every_flow_crosses_a_link_with_disposition_notifications() {
    every_flow(Pair::new(NOTIFYING, REPLY).await).await;
}

async fn every_flow(pair: Pair) {
    let (centre, platform) = (pair.start_centre(), pair.start_platform());
    let mut esme = centre.esme().await;

    submit(&esme, "Hello from an ESME").await;
    let call = pair.called("/sms", "Body", "Hello from an ESME").await;
    let parameter = |name: &str| call.params.get(name).map(String::as_str);
    assert_eq!((parameter("From"), parameter("To")), (Some(CODE), Some(NUMBER)));
    assert_eq!(parameter("SipHeader_X-SMSC-ID"), Some(ESME), "the connection by which the centre got it");
    assert!(parameter("SipHeader_X-DELIVERY_TIME").is_some());
    assert!(parameter("SipHeader_X-SMS-VALIDITY").is_some());
    assert!(!call.signature.is_empty());

    let answer = next(&mut esme).await;
    assert_eq!((&answer.source[..], &answer.short_message[..]), ("15550100", REPLY.as_bytes()));

    let sid = platform.create(CODE, "Hello from the API", &pair.application.url("/status")).await;
    assert_eq!(next(&mut esme).await.short_message, b"Hello from the API");
    let told = |one: &WebhookRequest| {
        let is = |name: &str, value: &str| one.params.get(name).is_some_and(|found| found == value);
        one.path == "/status" && is("MessageSid", &sid) && is("MessageStatus", "delivered")
    };
    timeout(PATIENCE, pair.application.wait_for(told)).await.expect("the receipt leads to a callback");
    assert_eq!(platform.status(&sid).await, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn link_a_long_message_is_one_call() {
    let pair = Pair::new(LISTED, "").await;
    let (centre, _platform) = (pair.start_centre(), pair.start_platform());
    let text: String = ('a'..='z').cycle().take(400).collect();
    let mut esme = Raw::bind(centre.smpp, ESME, PASSWORD).await;
    for (number, part) in (1..).zip(text.as_bytes().chunks(153)) {
        esme.say(&segment(number, part)).await;
    }
    assert_eq!(esme.answers(3).await, [Status::ESME_ROK; 3]);
    pair.called("/sms", "Body", &text).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(pair.bodies().await, [text]);
}

#[tokio::test(flavor = "multi_thread")]
async fn link_messages_wait_for_a_platform_that_is_away() {
    let pair = Pair::new(LISTED, "").await;
    let (centre, platform) = (pair.start_centre(), pair.start_platform());
    let esme = centre.esme().await;
    submit(&esme, "before").await;
    pair.called("/sms", "Body", "before").await;
    tokio::time::sleep(RECORDED).await;

    platform.process.kill();
    let texts: Vec<String> = (1..=5).map(|number| format!("meanwhile {number}")).collect();
    for text in &texts {
        submit(&esme, text).await;
    }
    let _platform = pair.start_platform();
    for text in &texts {
        pair.called("/sms", "Body", text).await;
    }
    tokio::time::sleep(QUIET).await;
    let mut all = vec!["before".to_owned()];
    all.extend(texts);
    assert_eq!(pair.bodies().await, all, "in their order, and each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn link_messages_wait_for_a_centre_that_is_away() {
    let pair = Pair::new(LISTED, "").await;
    let (centre, platform) = (pair.start_centre(), pair.start_platform());
    let mut esme = centre.esme().await;
    platform.create(CODE, "before", "").await;
    assert_eq!(next(&mut esme).await.short_message, b"before");

    let (status, log) = tokio::task::spawn_blocking(move || centre.process.stop()).await.expect("it stops");
    assert!(status.success(), "{log}");
    let mut sids = Vec::new();
    for number in 1..=5 {
        sids.push(platform.create(CODE, &format!("meanwhile {number}"), "").await);
    }
    let centre = pair.start_centre();
    let mut esme = centre.esme().await;
    for number in 1..=5 {
        let text = next(&mut esme).await.short_message;
        assert_eq!(String::from_utf8_lossy(&text), format!("meanwhile {number}"), "in their order");
    }
    assert!(timeout(QUIET, esme.next()).await.is_err(), "no second copy");
    for sid in sids {
        platform.wait_for_status(&sid, "delivered").await;
    }
}

/// The answer to a message is lost, and its sender sends it again, to a process that has
/// forgotten everything but its disk.
#[tokio::test(flavor = "multi_thread")]
async fn link_a_message_is_known_by_its_id_after_a_crash() {
    let pair = Pair::new(LISTED, "").await;
    let (centre, platform) = (pair.start_centre(), pair.start_platform());
    let mut esme = centre.esme().await;
    let outgoing = ("SM00000000000000000000000000000001", NUMBER, CODE, "out");
    let incoming = ("0027451234567890123", CODE, NUMBER, "in");

    let first = message(pair.ports[0], "one", outgoing).await;
    message(pair.ports[1], "two", incoming).await;
    assert_eq!(next(&mut esme).await.short_message, b"out");
    pair.called("/sms", "Body", "in").await;
    tokio::time::sleep(RECORDED).await;
    centre.process.kill();
    platform.process.kill();

    let (centre, _platform) = (pair.start_centre(), pair.start_platform());
    let mut esme = centre.esme().await;
    assert_eq!(message(pair.ports[0], "three", outgoing).await, first, "the same id");
    message(pair.ports[1], "four", incoming).await;
    assert!(timeout(QUIET, esme.next()).await.is_err(), "no second delivery");
    assert_eq!(pair.bodies().await, ["in"], "no second call");
}

#[tokio::test(flavor = "multi_thread")]
async fn link_a_receipt_may_come_before_the_answer() {
    let pair = Pair::new(LISTED, "").await;
    let mut centre = ScriptedCentre::listen(pair.ports[0]).await;
    let platform = pair.start_platform();
    let sid = platform.create(CODE, "fast", "").await;
    let asked = centre.message().await;
    assert_eq!(asked.header("X-SMS-MSG-ID"), sid);
    centre.report_delivered(pair.ports[1], "far-1").await;
    centre.accept(&asked, "far-1").await;
    platform.wait_for_status(&sid, "delivered").await;
    assert_eq!(centre.answered().await, "SIP/2.0 200 OK");
    // One about nothing is taken too, or the centre would send it for ever.
    centre.report_delivered(pair.ports[1], "nobody's").await;
    assert_eq!(centre.answered().await, "SIP/2.0 200 OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn link_headers_that_mean_nothing_cross_it_both_ways() {
    let pair = Pair::new(LISTED, "").await;
    let mut centre = ScriptedCentre::listen(pair.ports[0]).await;
    let platform = pair.start_platform();
    platform.create(CODE, "out", "").await;
    let asked = centre.message().await;
    assert_eq!(asked.header(COLOUR.0), COLOUR.1, "from the application's request to the centre");
    centre.accept(&asked, "far-3").await;
    message(pair.ports[1], "own", ("27451234567890124", CODE, NUMBER, "in")).await;
    let call = pair.called("/sms", "Body", "in").await;
    assert_eq!(call.params.get("SipHeader_X-Colour").map(String::as_str), Some(COLOUR.1));
}

#[tokio::test(flavor = "multi_thread")]
async fn link_a_message_without_answer_holds_up_no_other() {
    let pair = Pair::new(LISTED, "").await;
    let platform = pair.start_platform();
    // Both are in the outbox before there is a centre, so that they go in one batch.
    let (silent, answered) =
        (platform.create("7777", "silent", "").await, platform.create(CODE, "answered", "").await);
    let mut centre = ScriptedCentre::listen(pair.ports[0]).await;
    let answering = async {
        let (mut attempts, mut is_answered) = (HashSet::new(), false);
        while attempts.len() < 3 || !is_answered {
            let asked = centre.message().await;
            if asked.is_to(CODE) {
                centre.accept(&asked, "far-2").await;
                is_answered = true;
            } else {
                assert_eq!(asked.header("X-SMS-MSG-ID"), silent, "the same name on every attempt");
                attempts.insert(asked.header("Via").to_owned());
            }
        }
    };
    timeout(PATIENCE, answering).await.expect("one is answered, the other tried again");
    platform.wait_for_status(&answered, "sent").await;
    assert_ne!(platform.status(&silent).await, "sent");
}

#[test]
fn link_a_platform_alone_needs_a_centre() {
    let scratch = Scratch::new();
    let config = scratch.write("alone.toml", &format!("roles = ['platform']\n{}", common(&scratch, "alone")));
    let config = config.to_str().expect("the path is text");
    let output = process::run(&["serve", "--config", config]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("platform.centre"), "{said}");
}

/// Two configurations with their stores, and the application.
struct Pair {
    application: Application,
    /// Where the centre and the platform listen for SIP.
    ports: [u16; 2],
    configs: [PathBuf; 2],
    _scratch: Scratch,
}

impl Pair {
    /// `peer` is added to the table of the platform at the centre, and the other way round; the
    /// application answers every message with `reply`.
    async fn new(peer: [&str; 2], reply: &str) -> Self {
        let _set_once = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let application = Application::start(listener, reply).expect("it starts");
        let (scratch, ports) = (Scratch::new(), [free_port(), free_port()]);
        let centre = format!(
            "roles = ['smsc']\n{}{}\
             smpp.listeners = [{{ address = '127.0.0.1:0' }}]\nretry.ordinary = {{ delays_seconds = [1] }}\n\
             {}{}\n\
             [[smpp.accounts]]\nsystem_id = '{ESME}'\npassword = '{PASSWORD}'\naddresses = ['{CODE}']\n\
             [[routes]]\nname = 'application'\nto = {{ prefix = ['1555'] }}\ntargets = ['sip:platform']\n",
            common(&scratch, "centre"),
            sip(ports[0]),
            sip_peer("platform", ports[1]),
            peer[0],
        );
        let platform = format!(
            "roles = ['platform']\n{}{}\
             platform.centre = 'centre'\nhttp.webhooks.allow_private_targets = true\n\
             {}{}\n\
             [[platform.accounts]]\nsid = '{ACCOUNT}'\nauth_token = '{TOKEN}'\n\
             [[platform.numbers]]\nnumber = '{NUMBER}'\naccount = '{ACCOUNT}'\nsms_url = '{}'\n",
            common(&scratch, "platform"),
            sip(ports[1]),
            sip_peer("centre", ports[0]),
            peer[1],
            application.url("/sms"),
        );
        let configs = [scratch.write("centre.toml", &centre), scratch.write("platform.toml", &platform)];
        Self { application, ports, configs, _scratch: scratch }
    }

    fn start_centre(&self) -> Centre {
        let (process, smpp) = start(&self.configs[0], "smpp");
        Centre { process, smpp: smpp.parse().expect("an address") }
    }

    fn start_platform(&self) -> Platform {
        let (process, http) = start(&self.configs[1], "http");
        Platform { process, messages: format!("{http}/2010-04-01/Accounts/{ACCOUNT}/Messages") }
    }

    /// Waits for a call of `path` in which `parameter` is `value`.
    async fn called(&self, path: &str, parameter: &str, value: &str) -> WebhookRequest {
        let fits = |one: &WebhookRequest| {
            one.path == path && one.params.get(parameter).is_some_and(|found| found == value)
        };
        timeout(PATIENCE, self.application.wait_for(fits)).await.expect("the application is called in time")
    }

    /// The bodies of all calls for messages, oldest first.
    async fn bodies(&self) -> Vec<String> {
        let answer = reqwest::get(self.application.url("/received")).await.expect("it answers");
        let calls: Value = serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON");
        let calls = calls.as_array().expect("a list").iter().rev();
        let messages = calls.filter(|call| call["path"] == "/sms");
        messages.map(|call| call["params"]["Body"].as_str().expect("a text").to_owned()).collect()
    }
}

/// A running centre.
struct Centre {
    process: Process,
    smpp: SocketAddr,
}

impl Centre {
    async fn esme(&self) -> Esme {
        Esme::bind(self.smpp, BindKind::Transceiver, ESME, PASSWORD).await.expect("the ESME binds")
    }
}

/// A running platform.
struct Platform {
    process: Process,
    /// The URL of the messages, without an ending.
    messages: String,
}

impl Platform {
    /// Sends a message from the number; returns its SID.
    async fn create(&self, to: &str, text: &str, status_callback: &str) -> String {
        let form =
            [("From", NUMBER), ("To", to), ("Body", text), ("StatusCallback", status_callback), COLOUR];
        let fields: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let request = reqwest::Client::new()
            .post(format!("{}.json", self.messages))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields.join("&"));
        let (status, body) = asked(request).await;
        assert_eq!(status, 201, "{body}");
        body["sid"].as_str().expect("a SID").to_owned()
    }

    async fn status(&self, sid: &str) -> String {
        let (status, body) = asked(reqwest::Client::new().get(format!("{}/{sid}.json", self.messages))).await;
        assert_eq!(status, 200, "{body}");
        body["status"].as_str().expect("a status").to_owned()
    }

    async fn wait_for_status(&self, sid: &str, status: &str) {
        let reached = async {
            while self.status(sid).await != status {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{sid} is not {status} in time"));
    }
}

async fn asked(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.basic_auth(ACCOUNT, Some(TOKEN)).send().await.expect("the platform answers");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON"))
}

/// What both configurations have.
fn common(scratch: &Scratch, name: &str) -> String {
    format!("store.data_dir = '{}'\nhttp.listen = '127.0.0.1:0'\n", scratch.path().join(name).display())
}

/// SIP with a T1 that lets requests without answer end after 3 s.
fn sip(port: u16) -> String {
    let listener = |wire: &str| format!("{{ transport = '{wire}', address = '127.0.0.1:{port}' }}");
    format!("sip.t1_ms = 50\nsip.listeners = [{}, {}]\n", listener("udp"), listener("tcp"))
}

fn sip_peer(name: &str, port: u16) -> String {
    format!("[[sip.peers]]\nname = '{name}'\nuri = 'sip:127.0.0.1:{port}'\noptions_seconds = 1\n")
}

/// Starts a process and waits until it prints the address of its listener of this name.
fn start(config: &std::path::Path, door: &str) -> (Process, String) {
    let process = Process::start(&["serve", "--config", config.to_str().expect("the path is text")]);
    loop {
        let line = process.line();
        let mut words = line.split_whitespace();
        if words.next() == Some(door) {
            let address = words.next().expect("an address").to_owned();
            return (process, address);
        }
    }
}

/// A port that is free for UDP and TCP now.
fn free_port() -> u16 {
    (0..100)
        .find_map(|_| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
            let port = socket.local_addr().ok()?.port();
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok().map(|_| port)
        })
        .expect("some port is free")
}

async fn submit(esme: &Esme, text: &str) {
    let outgoing =
        Outgoing { source: CODE, destination: NUMBER, short_message: text.as_bytes(), ..Outgoing::default() };
    esme.submit(&outgoing).await.expect("the centre accepts it");
}

async fn next(esme: &mut Esme) -> Delivery {
    timeout(PATIENCE, esme.next()).await.expect("it comes in time").expect("the session lasts")
}

/// A submit_sm with one of three segments (TS 23.040 §9.2.3.24.1).
fn segment(number: u8, part: &[u8]) -> Vec<u8> {
    let user_data = [&[5, 0, 3, 77, 3, number][..], part].concat();
    let sm = Sm {
        source: Address { ton: Ton::UNKNOWN, npi: Npi::ISDN, addr: CODE.as_bytes() },
        destination: Address {
            ton: Ton::INTERNATIONAL,
            npi: Npi::ISDN,
            addr: NUMBER.trim_start_matches('+').as_bytes(),
        },
        esm_class: EsmClass(EsmClass::UDHI),
        short_message: &user_data,
        ..Sm::default()
    };
    raw::encoded(&Pdu::SubmitSm(sm), number.into())
}

/// Sends a MESSAGE with this Call-ID, and (id, from, to, text); returns the id in the 200.
async fn message(port: u16, call: &str, (id, from, to, text): (&str, &str, &str, &str)) -> String {
    let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    let own = socket.local_addr().expect("it is bound");
    let request = format!(
        "MESSAGE sip:{to}@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{from}@{own}>;tag={call}\r\nTo: <sip:{to}@127.0.0.1:{port}>\r\n\
         Call-ID: {call}\r\nCSeq: 1 MESSAGE\r\nX-SMS-MSG-ID: {id}\r\n{}: {}\r\nContent-Type: text/plain\r\n\
         Content-Length: {}\r\n\r\n{text}",
        COLOUR.0,
        COLOUR.1,
        text.len()
    );
    socket.send_to(request.as_bytes(), (Ipv4Addr::LOCALHOST, port)).await.expect("it is sent");
    let mut buffer = [0; 2048];
    let octets = timeout(PATIENCE, socket.recv(&mut buffer)).await.expect("an answer").expect("whole");
    let answer = String::from_utf8_lossy(&buffer[..octets]).into_owned();
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
    let given = answer.lines().find_map(|line| line.strip_prefix("X-SMS-MSG-ID: "));
    given.expect("an id").to_owned()
}

/// As forms write it.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|octet| match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(octet).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
