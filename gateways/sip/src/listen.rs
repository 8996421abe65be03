//! Requests that come in: who sent them, what they ask for, how they are answered.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use sip::header::Date;
use sip::imdn::Imdn;
use sip::register::{self, Registration};
use sip::transaction::ServerId;
use sip::{Method, Name, Request, Response, Status, Transport, reply};
use smsc::ids::MessageId;
use smsc::message::Submission;
use smsc::ports::Acceptance;
use smsc::receipt::RemoteReceipt;
use smsc::timestamp::Timestamp;

use crate::codes::{self, Refusal};
use crate::convert::{self, Rules, Sender, header};
use crate::door::{Denied, Identity};
use crate::element::Element;
use crate::peer::Peer;
use crate::registrar::Account;
use crate::repeats::{Key, Seen};
use crate::transport::{Event, Hop, Way};

const ALLOW: &str = "MESSAGE, OPTIONS, REGISTER";
const ACCEPT: &str =
    "text/plain, text/html, text/vnd.wap.wml, application/octet-stream, message/cpim, message/imdn+xml";

/// What goes to the centre in one call.
#[derive(Default)]
pub(crate) struct Batch {
    submissions: Vec<Submission>,
    /// Whoever sent each of them.
    senders: Vec<Waiting>,
    receipts: Vec<(RemoteReceipt, Waiting)>,
    /// Copies of messages that are being stored, by the message they are a copy of.
    copies: HashMap<Key, Vec<Waiting>>,
}

/// Where the answer to a request goes: to its transaction, or, if that is over, its way.
#[derive(Clone, Copy)]
pub(crate) struct Back {
    id: ServerId,
    way: Way,
}

/// A request that waits for the centre.
pub(crate) struct Waiting {
    back: Back,
    /// What its answer is made from; without the body.
    request: Request,
    key: Option<Key>,
    reduced_validity: Option<String>,
    success: Status,
}

/// What the centre said about a batch.
pub(crate) struct Judged {
    senders: Vec<Waiting>,
    acceptance: Acceptance,
    /// Receipts, and whether the centre has them.
    receipts: Vec<(Waiting, bool)>,
}

impl Element {
    /// A request that was not seen before.
    pub(crate) fn request(
        &mut self,
        id: ServerId,
        request: Request,
        hop: Hop,
        transport: Transport,
        now: Instant,
    ) {
        let back = Back { id, way: hop.way };
        let identity = match self.door.identify(&self.site, &request, hop.source) {
            Ok(identity) => identity,
            Err(denied) => return self.deny(back, &request, denied, now),
        };
        self.prove(hop.way);
        if let Some(answer) = protocol_answer(&request) {
            return self.respond(back, &answer(&request, &self.tag()), now);
        }
        match request.method {
            Method::Message => self.message(back, request, identity, now),
            Method::Register => self.register(back, &request, identity, (hop, transport), now),
            _ => self.respond(back, &options(&request, &self.tag()), now),
        }
    }

    /// Hands what was collected to the centre: one call for each way that it came, since messages
    /// go when their answers are written, and a connection that takes none holds up no other.
    pub(crate) fn submit(&mut self) {
        let submissions = std::mem::take(&mut self.batch.submissions);
        let senders = std::mem::take(&mut self.batch.senders);
        let mut calls: Vec<(Way, Vec<Submission>, Vec<Waiting>)> = Vec::new();
        for (submission, waiting) in submissions.into_iter().zip(senders) {
            let way = waiting.back.way;
            match calls.iter_mut().find(|(other, ..)| other.is_written_with(way)) {
                Some((_, submissions, senders)) => {
                    submissions.push(submission);
                    senders.push(waiting);
                }
                None => calls.push((way, vec![submission], vec![waiting])),
            }
        }
        for (_, submissions, senders) in calls {
            self.call(submissions, senders, Vec::new());
        }
        let receipts = std::mem::take(&mut self.batch.receipts);
        if !receipts.is_empty() {
            self.call(Vec::new(), Vec::new(), receipts);
        }
    }

    fn call(
        &self,
        submissions: Vec<Submission>,
        senders: Vec<Waiting>,
        receipts: Vec<(RemoteReceipt, Waiting)>,
    ) {
        self.site.accepting.fetch_add(senders.len() + receipts.len(), Ordering::Relaxed);
        let (centre, events) = (self.site.centre.clone(), self.site.events.clone());
        tokio::spawn(async move {
            let acceptance = if submissions.is_empty() {
                Acceptance::default()
            } else {
                // A panic of the centre costs its batch a 500, never silence.
                AssertUnwindSafe(centre.accept(submissions)).catch_unwind().await.unwrap_or_default()
            };
            let receipts = receipts.into_iter().map(|(receipt, waiting)| {
                let taken = centre.remote_receipt(receipt);
                async move { (waiting, taken.await.is_ok()) }
            });
            let receipts = futures_util::future::join_all(receipts).await;
            // The element may be gone; then nobody waits for the answer.
            let _gone = events.send(Event::Judged(Judged { senders, acceptance, receipts })).await;
        });
    }

    /// Answers what the centre has judged, and lets the messages go after that.
    pub(crate) fn judged(&mut self, judged: Judged, now: Instant) {
        let Judged { senders, acceptance, receipts } = judged;
        let judged = senders.len() + receipts.len();
        let way = senders.first().map(|waiting| waiting.back.way);
        let mut answers = acceptance.answers.into_iter();
        for waiting in senders {
            let outcome = match answers.next() {
                Some(answer) => answer.map_err(|rejection| codes::rejected(&rejection)),
                None => Err(Refusal::new(Status::SERVER_INTERNAL_ERROR, "")),
            };
            self.settle(waiting, outcome, now);
        }
        for (waiting, taken) in receipts {
            match taken {
                true => self.respond(
                    waiting.back,
                    &reply::response(&waiting.request, waiting.success, &self.tag()),
                    now,
                ),
                false => self.refuse(waiting.back, &waiting.request, Refusal::busy("Cannot store now"), now),
            }
        }
        self.pump(now);
        self.site.accepting.fetch_sub(judged, Ordering::Relaxed);
        if let Some(way) = way {
            self.start_behind_answers(acceptance.start, way);
        }
    }

    fn message(&mut self, back: Back, mut request: Request, identity: Identity, now: Instant) {
        let site = self.site.clone();
        let (sender, peer) = match identity {
            Identity::Peer(at) => match site.peers.get(at) {
                Some(peer) => (&peer.sender, Some(peer)),
                None => return,
            },
            Identity::User(at) => match site.registrar.account(at) {
                Some(account) => (&account.sender, None),
                None => return,
            },
        };
        let key = self.repeats.key(&sender.endpoint, &request);
        let success = if sender.quirks.accept_202 { Status::ACCEPTED } else { Status::OK };
        match key.map_or(Seen::Never, |key| self.repeats.seen(key)) {
            Seen::Never => {}
            seen => return self.repeated(back, request, key, (seen, success), now),
        }
        if site.closing.load(Ordering::Relaxed) {
            return self.refuse(back, &request, Refusal::busy("Shutting down"), now);
        }
        let waiting = site.accepting.load(Ordering::Relaxed) + self.batch.senders.len();
        if waiting >= at_most(site.config.limits.accepting_max) {
            return self.refuse(back, &request, Refusal::busy("Congested"), now);
        }
        if peer.is_some_and(|peer| !peer.admits_one()) {
            return self.refuse(back, &request, Refusal::busy("Over the rate limit"), now);
        }
        let is_receipt =
            request.headers.get_named(header::TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case("receipt"));
        match convert::notification(&request) {
            Err(refusal) => return self.refuse(back, &request, refusal, now),
            Ok(Some(imdn)) if !is_receipt || peer.is_some_and(Peer::notifies) => {
                return self.notified(back, request, &imdn, (peer, success), now);
            }
            Ok(_) => {}
        }
        if let Some(peer) = peer.filter(|_| is_receipt) {
            return self.receipt(back, request, &peer.config.name, success, now);
        }
        match self.read(&request, sender) {
            Err(refusal) => self.refuse(back, &request, refusal, now),
            Ok(incoming) => {
                request.body = bytes::Bytes::new();
                if let Some(key) = key {
                    self.repeats.begin(key, now);
                }
                self.batch.submissions.push(incoming.submission);
                let reduced_validity = incoming.reduced_validity;
                self.batch.senders.push(Waiting { back, request, key, reduced_validity, success });
            }
        }
    }

    fn read(&self, request: &Request, sender: &Sender) -> Result<convert::Incoming, Refusal> {
        let rules = Rules { validity_max: Duration::from_secs(self.site.config.validity_seconds_max) };
        convert::read(request, sender, rules, |name| self.site.user_address(name), self.site.now())
    }

    fn receipt(&mut self, back: Back, request: Request, link: &str, success: Status, now: Instant) {
        let Some(receipt) = convert::read_receipt(&request, link) else {
            let refusal = Refusal::new(Status::BAD_REQUEST, "Receipt has no id or no state");
            return self.refuse(back, &request, refusal, now);
        };
        let waiting = Waiting { back, request, key: None, reduced_validity: None, success };
        self.batch.receipts.push((receipt, waiting));
    }

    /// A disposition notification. One that nobody asked for, or that is not about the delivery, is
    /// taken and means nothing (RFC 5438 §7.1.2).
    fn notified(
        &mut self,
        back: Back,
        request: Request,
        imdn: &Imdn,
        (peer, success): (Option<&Peer>, Status),
        now: Instant,
    ) {
        let asked = peer.filter(|peer| peer.notifies());
        match asked.and_then(|peer| convert::remote_receipt(imdn, &peer.config.name)) {
            Some(receipt) => {
                let waiting = Waiting { back, request, key: None, reduced_validity: None, success };
                self.batch.receipts.push((receipt, waiting));
            }
            None => self.respond(back, &reply::response(&request, success, &self.tag()), now),
        }
    }

    /// The same message in a new transaction: the same answer, as soon as there is one.
    fn repeated(
        &mut self,
        back: Back,
        request: Request,
        key: Option<Key>,
        (seen, success): (Seen, Status),
        now: Instant,
    ) {
        let waiting = Waiting { back, request, key, reduced_validity: None, success };
        match (seen, key) {
            (Seen::Accepted(message), _) => self.accept(&waiting, message, now),
            (_, Some(key)) => self.batch.copies.entry(key).or_default().push(waiting),
            (_, None) => {}
        }
    }

    /// Answers a message, and the copies of it that came meanwhile.
    fn settle(&mut self, waiting: Waiting, outcome: Result<MessageId, Refusal>, now: Instant) {
        let copies = waiting.key.and_then(|key| self.batch.copies.remove(&key)).unwrap_or_default();
        if let Some(key) = waiting.key {
            match outcome {
                Ok(message) => self.repeats.accepted(key, message),
                Err(_) => self.repeats.refused(key),
            }
        }
        for each in std::iter::once(waiting).chain(copies) {
            match outcome {
                Ok(message) => self.accept(&each, message, now),
                Err(refusal) => self.refuse(each.back, &each.request, refusal, now),
            }
        }
    }

    fn accept(&mut self, waiting: &Waiting, message: MessageId, now: Instant) {
        let mut response = reply::response(&waiting.request, waiting.success, &self.tag());
        response.headers.push_named(header::MSG_ID, message);
        if let Some(validity) = &waiting.reduced_validity {
            response.headers.push_named(header::VALIDITY, validity);
        }
        self.respond(waiting.back, &response, now);
    }

    fn register(
        &mut self,
        back: Back,
        request: &Request,
        identity: Identity,
        way: (Hop, Transport),
        now: Instant,
    ) {
        let site = self.site.clone();
        let account = match identity {
            Identity::User(at) => site.registrar.account(at),
            Identity::Peer(_) => None,
        };
        let is_own = |account: &&Account| {
            let meant = request.headers.to().ok().and_then(|to| site.registrar.named(&to.uri));
            meant.is_some_and(|meant| meant.config.user == account.config.user)
        };
        let Some(account) = account.filter(is_own) else {
            let refusal = Refusal::new(Status::FORBIDDEN, "Not your address of record");
            return self.refuse(back, request, refusal, now);
        };
        let lifetimes = site.registrar.lifetimes();
        let asked = match Registration::parse(request, lifetimes) {
            Ok(asked) => asked,
            Err(sip::Error::IntervalTooBrief) => {
                return self.respond(back, &register::too_brief(request, &self.tag(), lifetimes), now);
            }
            Err(error) => {
                let status = error.status().unwrap_or(Status::BAD_REQUEST);
                return self.refuse(back, request, Refusal::new(status, ""), now);
            }
        };
        let time = site.now();
        match site.registrar.register(account, &asked, way, time) {
            Err(refusal) => self.refuse(back, request, refusal, now),
            Ok(bindings) => {
                let left = |until: Timestamp| u32::try_from(until.since(time).as_secs()).unwrap_or(u32::MAX);
                let bound = bindings.iter().map(|each| (each.contact.as_str(), left(each.expires_at)));
                let response = register::bindings(request, &self.tag(), bound, Date(time.seconds()));
                self.respond(back, &response, now);
                if !bindings.is_empty() {
                    self.pump(now);
                    site.centre.endpoint_available(&account.sender.endpoint);
                }
            }
        }
    }

    fn deny(&mut self, back: Back, request: &Request, denied: Denied, now: Instant) {
        if let Denied::Stale(identity) = denied {
            // The credentials are a copy of earlier ones; so may be the message.
            let endpoint = match identity {
                Identity::Peer(at) => self.site.peers.get(at).map(Peer::endpoint),
                Identity::User(at) => self.site.registrar.account(at).map(|account| &account.sender.endpoint),
            };
            let key = endpoint.and_then(|endpoint| self.repeats.key(endpoint, request));
            if let Some(Seen::Accepted(message)) = key.map(|key| self.repeats.seen(key)) {
                let (request, success) = (request.clone(), Status::OK);
                let waiting = Waiting { back, request, key, reduced_validity: None, success };
                return self.accept(&waiting, message, now);
            }
        }
        match denied {
            Denied::Forbidden => self.refuse(back, request, Refusal::new(Status::FORBIDDEN, ""), now),
            Denied::Challenge | Denied::Stale(_) => {
                let stale = matches!(denied, Denied::Stale(_));
                let challenge = self.door.challenge(&self.site, request, stale);
                self.respond(back, &challenge, now);
            }
        }
    }

    fn refuse(&mut self, back: Back, request: &Request, refusal: Refusal, now: Instant) {
        tracing::debug!(status = %refusal.status, reason = refusal.reason, "refused a request");
        let response = refusal_response(request, refusal, &self.tag());
        self.respond(back, &response, now);
    }

    /// Answers in the request's transaction. Where the centre took longer than that lives, the
    /// answer goes out all the same: over a stream nobody would ask again.
    fn respond(&mut self, back: Back, response: &Response, now: Instant) {
        if !self.servers.respond(back.id, response, now) {
            self.transmit(response.to_bytes(), back.way);
        }
    }

    fn tag(&self) -> String {
        sip::tag(self.site.chance.next())
    }
}

type Answer = fn(&Request, &str) -> Response;

/// What every element must refuse, whoever asks (RFC 3261 §8.2).
fn protocol_answer(request: &Request) -> Option<Answer> {
    let headers = &request.headers;
    let is_known = matches!(request.method, Method::Message | Method::Register | Method::Options);
    if !is_known {
        return Some(not_allowed);
    }
    if headers.max_forwards().ok().flatten() == Some(0) && request.method != Method::Options {
        return Some(|request, tag| reply::response(request, Status::TOO_MANY_HOPS, tag));
    }
    let mut required = headers.elements(Name::Require).chain(headers.elements(Name::ProxyRequire));
    required.any(|option| !option.is_empty()).then_some(bad_extension)
}

fn not_allowed(request: &Request, tag: &str) -> Response {
    let mut response = reply::response(request, Status::METHOD_NOT_ALLOWED, tag);
    response.headers.push(Name::Allow, ALLOW);
    response
}

fn bad_extension(request: &Request, tag: &str) -> Response {
    let mut response = reply::response(request, Status::BAD_EXTENSION, tag);
    let headers = &request.headers;
    let required = headers.elements(Name::Require).chain(headers.elements(Name::ProxyRequire));
    response.headers.push(Name::Unsupported, required.collect::<Vec<_>>().join(", "));
    response
}

fn options(request: &Request, tag: &str) -> Response {
    let mut response = reply::response(request, Status::OK, tag);
    response.headers.push(Name::Allow, ALLOW);
    response.headers.push(Name::Accept, ACCEPT);
    response
}

fn refusal_response(request: &Request, refusal: Refusal, tag: &str) -> Response {
    let mut response = reply::response(request, refusal.status, tag);
    if !refusal.reason.is_empty() {
        refusal.reason.clone_into(&mut response.reason);
    }
    if refusal.retry {
        response.headers.push(Name::RetryAfter, codes::RETRY_AFTER_SECONDS);
    }
    if refusal.status == Status::UNSUPPORTED_MEDIA_TYPE {
        response.headers.push(Name::Accept, ACCEPT);
    }
    response
}

fn at_most(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
