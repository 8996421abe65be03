//! The test rig: a small centre that forwards every message at once, and an
//! ESME that can send any PDU, valid or not.

#![allow(dead_code, reason = "each test file uses its own part of the rig")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a rig may fail as tests may"
)]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gateway_smpp::SmppGateway;
use gateway_smpp::config::{EsmeAccount, Listener, SmppConfig};
use parking_lot::Mutex;
use smpp::pdu::{Address, Bind, BindKind, RegisteredDelivery, Sm, SmResp};
use smpp::{CommandId, Header, Pdu, Status};
use smsc::delivery::{Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::message::{Content, Kind, Message, Replacement, Submission};
use smsc::names::Name;
use smsc::ports::{Acceptance, Availability, Gateways, Messages, StartGuard, StoreError, Submit};
use smsc::receipt::{Receipt, ReceiptRequest, RemoteReceipt, State};
use smsc::rejection::Rejection;
use smsc::stored::{MessageDetails, MessageStatus, ReferenceQuery};
use smsc::timestamp::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The clock of all tests: 2026-11-18T11:06:40Z.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// A centre that keeps nothing on disk. Messages to a number that starts with a key of
/// `routes` go to that endpoint; others are refused.
#[derive(Default)]
pub(crate) struct SmallCentre {
    gateway: OnceLock<SmppGateway>,
    next: AtomicU64,
    pub(crate) routes: Mutex<HashMap<&'static str, Endpoint>>,
    pub(crate) accepted: Mutex<Vec<Submission>>,
    /// Messages of submitters that were let go.
    pub(crate) started: AtomicUsize,
    /// The messages that the submissions became.
    pub(crate) kept: Mutex<Vec<Message>>,
    pub(crate) replacements: Mutex<Vec<Replacement>>,
    pub(crate) outcomes: Mutex<Vec<(MessageId, Result<DeliveryAck, Failure>)>>,
    pub(crate) remote_receipts: Mutex<Vec<RemoteReceipt>>,
    pub(crate) opened: Mutex<Vec<Endpoint>>,
    /// How long the disk takes.
    pub(crate) sync: Mutex<Duration>,
    /// Messages without a bound session; they wait for `opened`.
    waiting: Mutex<Vec<(Endpoint, Message)>>,
    me: OnceLock<std::sync::Weak<Self>>,
    /// Keeps no record of what passes.
    forgets: std::sync::atomic::AtomicBool,
}

impl SmallCentre {
    pub(crate) fn new() -> Arc<Self> {
        let centre = Arc::new(Self::default());
        centre.next.store(5_000_000_000_000_000_000, Ordering::Relaxed);
        centre.me.set(Arc::downgrade(&centre)).unwrap();
        centre
    }

    pub(crate) fn route(&self, prefix: &'static str, to: &str) {
        self.routes.lock().insert(prefix, to.parse().unwrap());
    }

    /// For measurements: records nothing from now on.
    pub(crate) fn forgets(&self) {
        self.forgets.store(true, Ordering::Relaxed);
    }

    fn judge(&self, submission: &Submission) -> Result<Message, Rejection> {
        if submission
            .validity
            .is_some_and(|validity| matches!(validity, smsc::message::Validity::Until(time) if time < NOW))
        {
            return Err(Rejection::Validity("in the past"));
        }
        if submission.deliver_after.is_some_and(|time| time < NOW) {
            return Err(Rejection::Schedule("in the past"));
        }
        let routes = self.routes.lock();
        let known = routes.keys().any(|prefix| submission.destination.digits.starts_with(prefix));
        if !known {
            return Err(Rejection::NoRoute);
        }
        let id = MessageId::from_u64(self.next.fetch_add(1, Ordering::Relaxed));
        Ok(message(id, submission.clone()))
    }

    fn begin(self: &Arc<Self>, message: Message) {
        let to = match &message.kind {
            Kind::Receipt { to, .. } => to.clone(),
            Kind::Ordinary => {
                let routes = self.routes.lock();
                let mut fitting: Vec<_> = routes.iter().collect();
                fitting.retain(|(prefix, _)| message.destination.digits.starts_with(*prefix));
                fitting.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
                fitting[0].1.clone()
            }
        };
        let centre = self.clone();
        tokio::spawn(async move { centre.attempt(to, message).await });
    }

    async fn attempt(self: Arc<Self>, to: Endpoint, message: Message) {
        let gateway = self.gateway.get().unwrap().clone();
        let receipt_wanted = message.receipt.wants_any();
        let delivery = Delivery { message: Arc::new(message.clone()), receipt_wanted };
        let outcome = gateway.deliver(&to, delivery).await;
        if !self.forgets.load(Ordering::Relaxed) {
            self.outcomes.lock().push((message.id, outcome.clone()));
        }
        match outcome {
            Err(Failure::NoPeer | Failure::Throttled { .. }) => {
                self.waiting.lock().push((to.clone(), message));
                if gateway.available(&to) > 0 {
                    self.endpoint_available(&to);
                }
            }
            outcome => {
                let state = if outcome.is_ok() { State::Delivered } else { State::Undeliverable };
                let error = outcome.err().map_or(0, |failure| failure.number());
                if message.receipt.wants(state) && matches!(message.kind, Kind::Ordinary) {
                    self.begin(receipt(&message, state, error));
                }
            }
        }
    }
}

pub(crate) fn message(id: MessageId, submission: Submission) -> Message {
    Message {
        id,
        origin: submission.origin,
        account: submission.account,
        source: submission.source,
        destination: submission.destination,
        presented: None,
        route: Name::default(),
        content: submission.content,
        mode: submission.mode,
        receipt: submission.receipt,
        priority: submission.priority,
        protocol_id: submission.protocol_id,
        reply_path: submission.reply_path,
        service_type: submission.service_type,
        optional: submission.optional,
        accepted_at: NOW,
        deliver_after: NOW,
        expires_at: Timestamp::NEVER,
        client_key: None,
        headers: Vec::new(),
        kind: Kind::Ordinary,
    }
}

pub(crate) fn receipt(about: &Message, state: State, error: u8) -> Message {
    let told = Receipt {
        about: about.id,
        state,
        error,
        submitted_at: NOW,
        done_at: NOW + Duration::from_secs(60),
        excerpt: about.content.body.slice(..about.content.body.len().min(20)),
        excerpt_coding: about.content.data_coding,
        client_key: None,
    };
    let submission = Submission::new(
        Endpoint::Operator,
        about.destination.clone(),
        about.source.clone(),
        Content::default(),
    );
    let kind = Kind::Receipt { to: about.origin.clone(), receipt: Box::new(told) };
    Message {
        kind,
        receipt: ReceiptRequest::NONE,
        ..message(MessageId::from_u64(about.id.get() + 1_000_000), submission)
    }
}

impl Submit for SmallCentre {
    fn accept(&self, batch: Vec<Submission>) -> BoxFuture<'static, Acceptance> {
        let centre = self.me.get().unwrap().upgrade().unwrap();
        Box::pin(async move {
            let sync = *centre.sync.lock();
            if !sync.is_zero() {
                tokio::time::sleep(sync).await;
            }
            let judged: Vec<_> = batch.iter().map(|submission| centre.judge(submission)).collect();
            if !centre.forgets.load(Ordering::Relaxed) {
                centre.accepted.lock().extend(batch);
                centre.kept.lock().extend(judged.iter().flatten().cloned());
            }
            let answers =
                judged.iter().map(|each| each.as_ref().map(|message| message.id).map_err(Clone::clone));
            let answers = answers.collect();
            let start = StartGuard::new(move || {
                for message in judged.into_iter().flatten() {
                    centre.started.fetch_add(1, Ordering::Relaxed);
                    centre.begin(message);
                }
            });
            Acceptance { answers, start }
        })
    }

    fn remote_receipt(&self, receipt: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.remote_receipts.lock().push(receipt);
        Box::pin(async { Ok(true) })
    }
}

impl Messages for SmallCentre {
    fn status(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageStatus>, StoreError>> {
        let known = account == "acme" && id.get() >= 5_000_000_000_000_000_000;
        let status = known.then_some(MessageStatus { state: State::Delivered, done_at: Some(NOW), error: 0 });
        Box::pin(async move { Ok(status) })
    }

    fn newest(
        &self,
        account: Name,
        source: smsc::address::Address,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        let fits = |message: &&Message| {
            let sent_from = source.digits.is_empty() || message.source == source;
            sent_from && message.account == account
        };
        let ids = self.kept.lock().iter().rev().filter(fits).take(limit).map(|message| message.id).collect();
        Box::pin(async move { Ok(ids) })
    }

    fn details(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageDetails>, StoreError>> {
        let kept = self.kept.lock();
        let found = kept.iter().find(|message| message.id == id && message.account == account);
        let status = MessageStatus { state: State::Delivered, done_at: Some(NOW), error: 7 };
        let found = found.map(|message| MessageDetails { message: Arc::new(message.clone()), status });
        Box::pin(async move { Ok(found) })
    }

    fn replace(
        &self,
        account: Name,
        id: MessageId,
        replacement: Replacement,
    ) -> BoxFuture<'static, Result<bool, Rejection>> {
        let mut kept = self.kept.lock();
        let found = kept.iter_mut().find(|message| message.id == id && message.account == account);
        if replacement.deliver_after.is_some_and(|time| time < NOW) {
            return Box::pin(async { Err(Rejection::Schedule("in the past")) });
        }
        let found = found.is_some_and(|message| {
            if let Some(content) = &replacement.content {
                message.content = content.clone();
            }
            message.receipt = replacement.receipt;
            true
        });
        self.replacements.lock().push(replacement);
        Box::pin(async move { Ok(found) })
    }

    fn cancel(&self, account: Name, id: MessageId) -> BoxFuture<'static, Result<bool, StoreError>> {
        let known = account == "acme" && id.get() >= 5_000_000_000_000_000_000;
        Box::pin(async move { Ok(known) })
    }

    fn send_status_report(
        &self,
        _account: Name,
        _id: MessageId,
        _reference: u16,
    ) -> BoxFuture<'static, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }

    fn find_by_reference(
        &self,
        _query: ReferenceQuery,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(async { Ok(None) })
    }
}

impl Availability for SmallCentre {
    fn number_reachable(&self, _endpoint: &Endpoint, _number: &smsc::address::Address) {}

    fn endpoint_available(&self, endpoint: &Endpoint) {
        self.opened.lock().push(endpoint.clone());
        let centre = self.me.get().unwrap().upgrade().unwrap();
        let mut waiting = self.waiting.lock();
        let (now, later) = std::mem::take(&mut *waiting).into_iter().partition(|(to, _)| to == endpoint);
        *waiting = later;
        let now: Vec<(Endpoint, Message)> = now;
        for (to, message) in now {
            tokio::spawn(centre.clone().attempt(to, message));
        }
    }
}

/// A gateway on loopback with its centre.
pub(crate) struct Rig {
    pub(crate) centre: Arc<SmallCentre>,
    pub(crate) gateway: SmppGateway,
}

impl Rig {
    /// Accounts `acme` and `sink` (password `secret`); numbers that begin with 49 go to the sink.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut SmppConfig)) -> Self {
        let centre = SmallCentre::new();
        centre.route("49", "esme:sink");
        let mut config = SmppConfig {
            listeners: vec![Listener { address: loopback(), tls: None }],
            accounts: vec![EsmeAccount::new("acme", "secret"), EsmeAccount::new("sink", "secret")],
            ..SmppConfig::default()
        };
        change(&mut config);
        let gateway = SmppGateway::start(&config, centre.clone(), Arc::new(|| NOW), 1).unwrap();
        assert!(centre.gateway.set(gateway.clone()).is_ok());
        Self { centre, gateway }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.gateway.local_addresses()[0]
    }

    pub(crate) async fn connect(&self) -> Esme {
        Esme::connect(self.address()).await
    }

    /// A bound transceiver.
    pub(crate) async fn bound(&self, system_id: &str) -> Esme {
        let mut esme = self.connect().await;
        assert_eq!(esme.bind(BindKind::Transceiver, system_id, "secret").await, Status::ESME_ROK);
        esme
    }

    pub(crate) fn deliver(
        &self,
        message: Message,
        to: &str,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let delivery = Delivery { message: Arc::new(message), receipt_wanted: false };
        self.gateway.deliver(&to.parse().unwrap(), delivery)
    }
}

pub(crate) fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// A message for a sink, outside of any submission.
pub(crate) fn plain(text: &'static [u8]) -> Message {
    let content = Content { data_coding: 0, header: Bytes::new(), body: Bytes::from_static(text) };
    let from = smsc::address::Address::international("4917000001");
    let to = smsc::address::Address::international("4915112345678");
    message(MessageId::from_u64(7), Submission::new(Endpoint::Operator, from, to, content))
}

/// A PDU that came.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) header: Header,
    pub(crate) octets: Bytes,
}

impl Came {
    pub(crate) fn pdu(&self) -> Pdu<'_> {
        Pdu::decode(&self.header, &self.octets[16..]).unwrap()
    }

    pub(crate) fn sm(&self) -> Sm<'_> {
        match self.pdu() {
            Pdu::DeliverSm(sm) | Pdu::SubmitSm(sm) => sm,
            other => panic!("{other:?}"),
        }
    }

    /// The message_id of a response.
    pub(crate) fn id(&self) -> String {
        match self.pdu() {
            Pdu::SubmitSmResp(resp) | Pdu::DataSmResp(resp) | Pdu::DeliverSmResp(resp) => {
                String::from_utf8(resp.message_id.unwrap_or_default().to_vec()).unwrap()
            }
            Pdu::SubmitMultiResp(resp) => String::from_utf8(resp.message_id.unwrap().to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn what(&self) -> (CommandId, Status, u32) {
        (self.header.command_id, self.header.command_status, self.header.sequence_number)
    }
}

/// An ESME without any rules of its own.
pub(crate) struct Esme {
    pub(crate) stream: TcpStream,
    inbox: BytesMut,
    sequence: u32,
}

impl Esme {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, inbox: BytesMut::new(), sequence: 0 }
    }

    pub(crate) async fn bind(&mut self, kind: BindKind, system_id: &str, password: &str) -> Status {
        self.bind_as(kind, system_id, password, 0x34).await.header.command_status
    }

    pub(crate) async fn bind_as(
        &mut self,
        kind: BindKind,
        system_id: &str,
        password: &str,
        version: u8,
    ) -> Came {
        let sequence = self.send(&bind(kind, system_id, password, version)).await;
        let came = self.next().await;
        assert_eq!(came.header.sequence_number, sequence);
        came
    }

    /// Sends a request under the next sequence number.
    pub(crate) async fn send(&mut self, pdu: &Pdu<'_>) -> u32 {
        self.sequence += 1;
        self.send_as(pdu, self.sequence, Status::ESME_ROK).await;
        self.sequence
    }

    pub(crate) async fn send_as(&mut self, pdu: &Pdu<'_>, sequence: u32, status: Status) {
        let mut out = BytesMut::new();
        pdu.encode(sequence, status, &mut out).unwrap();
        self.raw(&out).await;
    }

    pub(crate) async fn raw(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
    }

    /// Answers a deliver_sm or submit_sm.
    pub(crate) async fn answer(&mut self, came: &Came, status: Status) {
        self.answer_with(came, status, "").await;
    }

    pub(crate) async fn answer_with(&mut self, came: &Came, status: Status, id: &str) {
        let resp = SmResp::new(id.as_bytes());
        let pdu = match came.header.command_id {
            CommandId::SUBMIT_SM => Pdu::SubmitSmResp(resp),
            _ => Pdu::DeliverSmResp(resp),
        };
        self.send_as(&pdu, came.header.sequence_number, status).await;
    }

    /// Submits and returns the answer.
    pub(crate) async fn submit(&mut self, sm: Sm<'_>) -> Came {
        let sequence = self.send(&Pdu::SubmitSm(sm)).await;
        let came = self.next().await;
        assert_eq!(came.header.sequence_number, sequence, "{came:?}");
        came
    }

    /// The next PDU.
    pub(crate) async fn next(&mut self) -> Came {
        self.next_or_end().await.expect("the connection was closed")
    }

    /// The next PDU, or `None` at the end of the stream.
    pub(crate) async fn next_or_end(&mut self) -> Option<Came> {
        let waiting = async {
            loop {
                if let Some(&length) = self.inbox.first_chunk::<4>() {
                    let length = u32::from_be_bytes(length) as usize;
                    if self.inbox.len() >= length {
                        let octets = self.inbox.split_to(length).freeze();
                        return Some(Came { header: Header::decode(&octets).unwrap(), octets });
                    }
                }
                if self.stream.read_buf(&mut self.inbox).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("nothing came for 10 s")
    }

    /// Nothing comes for a while.
    pub(crate) async fn silent(&mut self, span: Duration) -> bool {
        let was_empty = self.inbox.is_empty();
        let waiting = self.stream.read_buf(&mut self.inbox);
        was_empty && tokio::time::timeout(span, waiting).await.is_err()
    }

    /// A session that still works.
    pub(crate) async fn is_alive(&mut self) -> bool {
        self.sequence += 1;
        let header = Header::bare(CommandId::ENQUIRE_LINK, Status::ESME_ROK, self.sequence);
        let mut out = BytesMut::new();
        header.encode(&mut out);
        self.raw(&out).await;
        self.next().await.what() == (CommandId::ENQUIRE_LINK_RESP, Status::ESME_ROK, self.sequence)
    }
}

pub(crate) fn bind<'a>(kind: BindKind, system_id: &'a str, password: &'a str, version: u8) -> Pdu<'a> {
    Pdu::Bind(Bind {
        kind,
        system_id: system_id.as_bytes(),
        password: password.as_bytes(),
        system_type: b"",
        interface_version: version,
        addr_ton: Default::default(),
        addr_npi: Default::default(),
        address_range: b"",
        tlvs: Default::default(),
    })
}

/// A submit_sm from 4917000001 to 4915112345678.
pub(crate) fn sm(text: &[u8]) -> Sm<'_> {
    Sm {
        source: Address { ton: 1.into(), npi: 1.into(), addr: b"4917000001" },
        destination: Address { ton: 1.into(), npi: 1.into(), addr: b"4915112345678" },
        short_message: text,
        ..Sm::default()
    }
}

/// The same, with a receipt asked for.
pub(crate) fn with_receipt(text: &[u8]) -> Sm<'_> {
    Sm { registered_delivery: RegisteredDelivery(1), ..sm(text) }
}
