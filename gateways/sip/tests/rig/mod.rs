//! The test rig: a centre that records its calls, a user agent on a UDP socket, and the gateway between
//! them.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "each test file uses its own part, and helpers of tests may fail as tests do"
)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gateway_sip::config::{Peer, SipConfig, User, Wire};
use gateway_sip::{Clock, SipGateway};
use parking_lot::Mutex;
use sip::{Message, Name, Request, Response};
use smsc::address::Address;
use smsc::delivery::Delivery;
use smsc::endpoint::Endpoint;
use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::message::{Content, Kind, Message as ShortMessage, Mode, Submission};
use smsc::ports::{Acceptance, Availability, StartGuard, StoreError, Submit};
use smsc::receipt::{ReceiptRequest, RemoteReceipt};
use smsc::rejection::Rejection;
use smsc::timestamp::Timestamp;
use tokio::net::UdpSocket;
use tokio::time::timeout;

pub const DEADLINE: Duration = Duration::from_secs(10);

/// The constant time of the test clock: 2026-11-23 17:05:09 UTC.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_453_509_000);

#[derive(Default)]
pub struct TestCentre {
    pub accepted: Mutex<Vec<Submission>>,
    pub receipts: Mutex<Vec<RemoteReceipt>>,
    pub opened: Mutex<Vec<Endpoint>>,
    pub started: AtomicUsize,
    /// Called when the delivery of the next batch starts.
    pub at_start: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    pub batches: AtomicUsize,
    /// Rejections of the next submissions.
    pub rejections: Mutex<VecDeque<Rejection>>,
    /// Whether the next batch panics.
    pub panics: AtomicBool,
    /// The latency of the store.
    pub delay_ms: AtomicU64,
    next: AtomicU64,
}

impl TestCentre {
    pub fn messages(&self) -> Vec<Submission> {
        self.accepted.lock().clone()
    }
}

#[derive(Clone)]
pub struct CentreHandle(pub Arc<TestCentre>);

impl Submit for CentreHandle {
    fn accept(&self, batch: Vec<Submission>) -> BoxFuture<'static, Acceptance> {
        let centre = self.0.clone();
        Box::pin(async move {
            centre.batches.fetch_add(1, Ordering::Relaxed);
            let delay = centre.delay_ms.load(Ordering::Relaxed);
            if delay > 0 {
                tokio::time::sleep(Duration::from_millis(delay)).await;
            }
            assert!(!centre.panics.swap(false, Ordering::Relaxed), "the test requests a panic");
            let count = batch.len();
            let answers = batch
                .into_iter()
                .map(|submission| {
                    if let Some(rejection) = centre.rejections.lock().pop_front() {
                        return Err(rejection);
                    }
                    centre.accepted.lock().push(submission);
                    Ok(MessageId::from_u64(centre.next.fetch_add(1, Ordering::Relaxed) + 1))
                })
                .collect();
            let start = StartGuard::new(move || {
                centre.started.fetch_add(count, Ordering::Relaxed);
                if let Some(hook) = centre.at_start.lock().take() {
                    hook();
                }
            });
            Acceptance { answers, start }
        })
    }

    fn remote_receipt(&self, receipt: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.0.receipts.lock().push(receipt);
        Box::pin(std::future::ready(Ok(true)))
    }
}

impl Availability for CentreHandle {
    fn endpoint_available(&self, endpoint: &Endpoint) {
        self.0.opened.lock().push(endpoint.clone());
    }

    fn number_reachable(&self, _: &Endpoint, _: &Address) {}
}

pub fn clock() -> Clock {
    Arc::new(|| NOW)
}

pub fn start(config: SipConfig) -> (SipGateway, Arc<TestCentre>) {
    let centre = Arc::new(TestCentre::default());
    let gateway =
        SipGateway::start(config, Arc::new(CentreHandle(centre.clone())), clock(), [7; 32]).unwrap();
    (gateway, centre)
}

pub fn listener(transport: Wire) -> gateway_sip::config::Listener {
    let address = "127.0.0.1:0".parse().unwrap();
    gateway_sip::config::Listener { transport, address, tls: None }
}

/// One UDP listener and one TCP listener on loopback; no allowed sender.
pub fn config() -> SipConfig {
    SipConfig { listeners: vec![listener(Wire::Udp), listener(Wire::Tcp)], t1_ms: 20, ..SipConfig::default() }
}

/// A peer at `address`; its access list has all loopback addresses.
pub fn peer(name: &str, address: SocketAddr) -> Peer {
    Peer {
        name: name.to_owned(),
        uri: format!("sip:{address}"),
        allowed_addresses: vec!["127.0.0.0/8".parse().unwrap()],
        options_seconds: 0,
        ..Peer::default()
    }
}

pub fn user(name: &str, number: &str) -> User {
    User {
        user: name.to_owned(),
        password: gateway_sip::config::Secret::new("pa55word"),
        number: number.to_owned(),
    }
}

pub fn unused_address() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

/// A SIP user agent on one UDP socket.
pub struct UserAgent {
    pub socket: UdpSocket,
    pub address: SocketAddr,
    pub towards: SocketAddr,
}

impl UserAgent {
    pub async fn new(towards: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        Self { socket, address, towards }
    }

    pub async fn send(&self, octets: &[u8]) {
        self.socket.send_to(octets, self.towards).await.unwrap();
    }

    pub async fn receive(&self) -> Message {
        let mut buffer = vec![0; 65_535];
        let (length, _) = timeout(DEADLINE, self.socket.recv_from(&mut buffer)).await.unwrap().unwrap();
        sip::parse(&Bytes::copy_from_slice(&buffer[..length])).unwrap()
    }

    pub async fn request(&self) -> Request {
        loop {
            if let Message::Request(request) = self.receive().await {
                return request;
            }
        }
    }

    pub async fn ask(&self, request: &str) -> Response {
        self.send(request.as_bytes()).await;
        self.response().await
    }

    pub async fn response(&self) -> Response {
        loop {
            if let Message::Response(response) = self.receive().await {
                return response;
            }
        }
    }

    pub async fn answer(&self, request: &Request, code: u16, extra: &str) {
        self.send(answer(request, code, extra).as_bytes()).await;
    }
}

/// A response as text, built without the encoder of the crate.
pub fn answer(request: &Request, code: u16, extra: &str) -> String {
    let headers = &request.headers;
    let get = |name| headers.get(name).unwrap().to_owned();
    let (via, from, to) = (get(Name::Via), get(Name::From), get(Name::To));
    let (call, cseq) = (get(Name::CallId), get(Name::CSeq));
    format!(
        "SIP/2.0 {code} Whatever\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to};tag=far\r\nCall-ID: {call}\r\n\
         CSeq: {cseq}\r\n{extra}Content-Length: 0\r\n\r\n"
    )
}

static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A MESSAGE as text: Request-URI, additional header lines (each with CRLF), body.
pub fn message(uri: &str, extra: &str, body: &str) -> String {
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    message_as(serial, serial, uri, extra, body)
}

/// The same with a chosen branch and Call-ID.
pub fn message_as(branch: u64, call: u64, uri: &str, extra: &str, body: &str) -> String {
    let from = if extra.contains("From:") { "" } else { "From: <sip:+4915112345678@there>;tag=near\r\n" };
    format!(
        "MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bK{branch};rport\r\n\
         Max-Forwards: 70\r\n{from}To: <{uri}>\r\nCall-ID: c{call}\r\nCSeq: 1 MESSAGE\r\n{extra}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An outbound message of the centre.
pub fn outgoing(id: u64, text: &str) -> ShortMessage {
    ShortMessage {
        id: MessageId::from_u64(id),
        origin: Endpoint::Esme("acme".into()),
        account: "acme".into(),
        source: Address::international("491700000000"),
        destination: Address::international("4915112345678"),
        presented: None,
        route: "default".into(),
        content: Content {
            data_coding: 0,
            header: Bytes::new(),
            body: sms::alphabet::encode(text, sms::alphabet::Shifts::NONE).unwrap().into(),
        },
        mode: Mode::StoreAndForward,
        receipt: ReceiptRequest::NONE,
        priority: 0,
        protocol_id: 0,
        reply_path: false,
        service_type: smsc::names::Name::default(),
        optional: Bytes::new(),
        accepted_at: NOW,
        deliver_after: NOW,
        expires_at: NOW + Duration::from_secs(86_400),
        client_key: None,
        headers: Vec::new(),
        kind: Kind::Ordinary,
    }
}

pub fn delivery(message: ShortMessage) -> Delivery {
    Delivery { message: Arc::new(message), receipt_wanted: false }
}

pub fn udp_of(gateway: &SipGateway) -> SocketAddr {
    address_of(gateway, sip::Transport::Udp)
}

pub fn address_of(gateway: &SipGateway, transport: sip::Transport) -> SocketAddr {
    gateway.local_addresses().into_iter().find(|(each, _)| *each == transport).unwrap().1
}
