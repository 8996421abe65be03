//! The transaction layer (RFC 3261 §17): two layers, a network with loss and delay, and virtual time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may fail as tests do")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::transaction::{ClientId, Layer, Limits, Output, ServerId, Timers};
use sip::{Error, Message, Method, Name, Request, Status, Transport, branch, parse, reply};

#[expect(clippy::disallowed_methods, reason = "a starting point for virtual time; its value does not matter")]
fn start() -> Instant {
    Instant::now()
}

const MS: Duration = Duration::from_millis(1);

fn request(number: u128) -> Request {
    let mut request = Request::new(Method::Message, "sip:+12015550123@b.example");
    request.headers.push(Name::Via, format_args!("SIP/2.0/UDP a.example;branch={}", branch(number)));
    request.headers.push(Name::MaxForwards, 70);
    request.headers.push(Name::From, "<sip:alice@a.example>;tag=1");
    request.headers.push(Name::To, "<sip:+12015550123@b.example>");
    request.headers.push(Name::CallId, format_args!("{number}@a.example"));
    request.headers.push(Name::CSeq, "1 MESSAGE");
    request.body = Bytes::from_static(b"hello");
    request
}

/// A client and a server with a link between them.
struct Pair {
    now: Instant,
    started: Instant,
    transport: Transport,
    client: Layer<()>,
    server: Layer<()>,
    latency: Duration,
    /// Whether the n-th message on the link is lost.
    lost: fn(u64) -> bool,
    carried: u64,
    link: BTreeMap<(Instant, u64), (bool, Bytes)>,
    /// The requests that the server's user got, and when.
    asked: Vec<(Duration, ServerId, Request)>,
    answers: Vec<(Duration, ClientId, Status)>,
    timeouts: Vec<(Duration, ClientId)>,
    sent_by_client: Vec<Duration>,
    sent_by_server: Vec<Duration>,
    /// Whether the server's user answers at once.
    auto_answer: bool,
}

impl Pair {
    fn new(transport: Transport, lost: fn(u64) -> bool) -> Self {
        let now = start();
        Self {
            now,
            started: now,
            transport,
            client: Layer::new(Timers::default(), Limits::default()),
            server: Layer::new(Timers::default(), Limits::default()),
            latency: 20 * MS,
            lost,
            carried: 0,
            link: BTreeMap::new(),
            asked: Vec::new(),
            answers: Vec::new(),
            timeouts: Vec::new(),
            sent_by_client: Vec::new(),
            sent_by_server: Vec::new(),
            auto_answer: true,
        }
    }

    fn send(&mut self, number: u128) -> ClientId {
        let id = self.client.send(&request(number), (), self.transport, self.now).unwrap();
        self.drain();
        id
    }

    fn respond(&mut self, id: ServerId, request: &Request, status: Status) -> bool {
        let sent = self.server.respond(id, &reply::response(request, status, "t"), self.now);
        self.drain();
        sent
    }

    /// Runs all events until `until` after the start.
    fn run(&mut self, until: Duration) {
        let end = self.started + until;
        loop {
            let arrival = self.link.keys().next().map(|(when, _)| *when);
            let next = [arrival, self.client.deadline(), self.server.deadline()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if arrival == Some(next) {
                self.deliver();
            }
            self.client.tick(self.now);
            self.server.tick(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn deliver(&mut self) {
        let (_, (to_server, octets)) = self.link.pop_first().unwrap();
        let message = parse(&octets).unwrap();
        let layer = if to_server { &mut self.server } else { &mut self.client };
        layer.receive(message, (), self.transport, self.now);
    }

    fn drain(&mut self) {
        let at = self.now - self.started;
        while let Some(output) = self.client.poll() {
            match output {
                Output::Transmit { octets, .. } => {
                    self.sent_by_client.push(at);
                    self.carry(true, octets);
                }
                Output::Response { id, response } => self.answers.push((at, id, response.status)),
                Output::TimedOut { id } => self.timeouts.push((at, id)),
                Output::Request { .. } => panic!("the client is asked nothing"),
            }
        }
        while let Some(output) = self.server.poll() {
            match output {
                Output::Transmit { octets, .. } => {
                    self.sent_by_server.push(at);
                    self.carry(false, octets);
                }
                Output::Request { id, request, .. } => {
                    self.asked.push((at, id, request.clone()));
                    if self.auto_answer {
                        self.server.respond(id, &reply::response(&request, Status::OK, "t"), self.now);
                    }
                }
                other => panic!("the server asked nothing: {other:?}"),
            }
        }
    }

    fn carry(&mut self, to_server: bool, octets: Bytes) {
        self.carried += 1;
        if !(self.lost)(self.carried) {
            self.link.insert((self.now + self.latency, self.carried), (to_server, octets));
        }
    }
}

fn never(_: u64) -> bool {
    false
}

fn always(_: u64) -> bool {
    true
}

#[test]
fn an_answer_comes_once_and_everything_ends() {
    let mut pair = Pair::new(Transport::Udp, never);
    let id = pair.send(1);
    pair.run(40 * MS);
    assert_eq!(pair.answers, [(40 * MS, id, Status::OK)]);
    pair.run(5039 * MS);
    assert_eq!((pair.client.clients(), pair.server.servers()), (1, 1));
    pair.run(5040 * MS); // Timer K: T4 after the answer
    assert_eq!((pair.client.clients(), pair.server.servers()), (0, 1));
    pair.run(32_020 * MS); // Timer J: 64 × T1 after the answer was sent
    assert_eq!((pair.client.clients(), pair.server.servers()), (0, 0));
    assert_eq!((pair.sent_by_client.len(), pair.sent_by_server.len()), (1, 1));
}

#[test]
fn timer_e_doubles_to_t2_and_timer_f_ends_it() {
    let mut pair = Pair::new(Transport::Udp, always);
    let id = pair.send(1);
    pair.run(40_000 * MS);
    let sent: Vec<_> = pair.sent_by_client.iter().map(Duration::as_millis).collect();
    assert_eq!(sent, [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(pair.timeouts, [(32_000 * MS, id)]);
    assert_eq!(pair.client.clients(), 0);
    assert_eq!(pair.client.deadline(), None);
}

#[test]
fn a_reliable_transport_repeats_nothing() {
    let mut pair = Pair::new(Transport::Tcp, always);
    let id = pair.send(1);
    pair.run(40_000 * MS);
    assert_eq!(pair.sent_by_client.len(), 1);
    assert_eq!(pair.timeouts, [(32_000 * MS, id)]);

    let mut pair = Pair::new(Transport::Tcp, never);
    pair.send(1);
    pair.run(40 * MS); // Timers J and K are zero
    assert_eq!((pair.answers.len(), pair.client.clients(), pair.server.servers()), (1, 0, 0));
}

#[test]
fn a_provisional_answer_slows_timer_e_to_t2() {
    let mut pair = Pair::new(Transport::Udp, never);
    pair.auto_answer = false;
    let id = pair.send(1);
    pair.run(20 * MS);
    let (_, server_id, request) = pair.asked[0].clone();
    assert!(pair.respond(server_id, &request, Status::TRYING));
    pair.run(9000 * MS);
    let sent: Vec<_> = pair.sent_by_client.iter().map(Duration::as_millis).collect();
    assert_eq!(sent, [0, 500, 4500, 8500]); // the first Timer E was running already
    assert_eq!(pair.sent_by_server.len(), 4); // each copy got the 100 again
    assert!(pair.respond(server_id, &request, Status::OK));
    assert!(!pair.respond(server_id, &request, Status::NOT_FOUND)); // one final answer
    pair.run(10_000 * MS);
    let statuses: Vec<_> = pair.answers.iter().map(|(_, answered, status)| (*answered, *status)).collect();
    assert_eq!(
        statuses,
        [
            (id, Status::TRYING),
            (id, Status::TRYING),
            (id, Status::TRYING),
            (id, Status::TRYING),
            (id, Status::OK)
        ]
    );
    assert_eq!(pair.asked.len(), 1);
}

#[test]
fn field_58_retransmissions_are_answered_and_not_asked_again() {
    // The request arrives, its first two answers are lost.
    let mut pair = Pair::new(Transport::Udp, |nth| nth == 2 || nth == 4);
    let id = pair.send(1);
    pair.run(40_000 * MS);
    assert_eq!(pair.asked.len(), 1);
    assert_eq!(pair.sent_by_server.len(), 3);
    assert_eq!(pair.answers, [(1540 * MS, id, Status::OK)]);
    assert_eq!((pair.client.clients(), pair.server.servers()), (0, 0));
}

#[test]
fn a_lossy_link_delivers_each_request_and_response_once() {
    // Every fifth message is lost, in an order that is independent of the timers.
    let lost = |nth: u64| nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 0xffff < 0x3333;
    assert!((80..120).contains(&(1..=500).filter(|nth| lost(*nth)).count()));
    let mut pair = Pair::new(Transport::Udp, lost);
    let ids: Vec<_> = (0..500).map(|number| pair.send(number)).collect();
    pair.run(40_000 * MS);
    let mut answered: Vec<_> = pair.answers.iter().map(|(_, id, _)| *id).collect();
    answered.sort();
    let mut all = ids;
    all.sort();
    assert!(answered == all, "{} of {} answered", answered.len(), all.len());
    assert_eq!(pair.asked.len(), 500);
    pair.run(80_000 * MS);
    assert_eq!((pair.client.clients(), pair.server.servers()), (0, 0));
    assert_eq!((pair.client.deadline(), pair.server.deadline()), (None, None));
}

#[test]
fn a_request_without_a_response_is_removed() {
    let mut pair = Pair::new(Transport::Udp, never);
    pair.auto_answer = false;
    pair.send(1);
    pair.run(32_020 * MS);
    assert_eq!((pair.asked.len(), pair.server.servers(), pair.sent_by_server.len()), (1, 0, 0));
    let (_, id, request) = pair.asked[0].clone();
    assert!(!pair.respond(id, &request, Status::OK));
}

#[test]
fn full_tables_refuse() {
    let limits = Limits { clients_max: 1, servers_max: 1 };
    let now = start();
    let mut layer = Layer::new(Timers::default(), limits);
    layer.send(&request(1), (), Transport::Udp, now).unwrap();
    assert_eq!(layer.send(&request(1), (), Transport::Udp, now), Err(Error::BranchInUse));
    let refused = layer.send(&request(2), (), Transport::Udp, now);
    assert_eq!(refused, Err(Error::TooManyTransactions));
    assert!(matches!(layer.poll(), Some(Output::Transmit { .. })));
    assert!(layer.poll().is_none());

    layer.receive(Message::Request(request(3)), (), Transport::Udp, now);
    assert!(matches!(layer.poll(), Some(Output::Request { .. })));
    layer.receive(Message::Request(request(4)), (), Transport::Udp, now);
    let Some(Output::Transmit { octets, .. }) = layer.poll() else { panic!("a refusal") };
    let Ok(Message::Response(response)) = parse(&octets) else { panic!("a response") };
    assert_eq!(response.status, Status::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers.get(Name::RetryAfter), Some("5"));
    assert!(response.headers.to().unwrap().tag().is_some());
    assert_eq!(layer.servers(), 1);
}

/// RFC 3261 §17.2.3: one branch from two senders, or with two methods, is two transactions.
#[test]
fn server_transactions_are_distinguished() {
    let now = start();
    let mut layer = Layer::new(Timers::default(), Limits::default());
    let mut same = 0;
    let mut receive = |request: Request| {
        layer.receive(Message::Request(request), (), Transport::Udp, now);
        let new = matches!(layer.poll(), Some(Output::Request { .. }));
        same += usize::from(!new);
        new
    };
    let with_via = |via: &str| {
        let mut request = request(1);
        request.headers.set(Name::Via, via);
        request
    };
    assert!(receive(with_via("SIP/2.0/UDP a.example;branch=z9hG4bK1")));
    assert!(!receive(with_via("SIP/2.0/UDP A.EXAMPLE;branch=z9hG4bK1;rport")));
    assert!(receive(with_via("SIP/2.0/UDP a.example:5062;branch=z9hG4bK1")));
    assert!(receive(with_via("SIP/2.0/UDP b.example;branch=z9hG4bK1")));
    assert!(receive(with_via("SIP/2.0/UDP a.example;branch=z9hG4bK2")));
    let mut options = with_via("SIP/2.0/UDP a.example;branch=z9hG4bK1");
    options.method = Method::Options;
    assert!(receive(options));
    // RFC 2543: no cookie, or nothing after it (RFC 4475 §3.2.1).
    for via in
        ["SIP/2.0/UDP a.example", "SIP/2.0/UDP a.example;branch=z9hG4bK", "SIP/2.0/UDP a.example;branch=1"]
    {
        assert!(receive(with_via(via)), "{via}");
        assert!(!receive(with_via(via)), "{via}");
        let mut next = with_via(via);
        next.headers.set(Name::CSeq, "2 MESSAGE");
        assert!(receive(next), "{via}");
    }
    let mut ack = with_via("SIP/2.0/UDP a.example;branch=z9hG4bK9");
    ack.method = Method::Ack;
    assert!(!receive(ack));
}

#[test]
fn unmatched_and_misdirected_responses_are_dropped() {
    let now = start();
    let mut layer = Layer::new(Timers::default(), Limits::default());
    let id = layer.send(&request(1), (), Transport::Udp, now).unwrap();
    layer.poll();
    layer.receive(Message::Response(reply::response(&request(2), Status::OK, "t")), (), Transport::Udp, now);
    assert!(layer.poll().is_none());
    let mut misdirected = reply::response(&request(1), Status::OK, "t");
    misdirected.headers.push(Name::Via, "SIP/2.0/UDP b.example;branch=z9hG4bK7");
    layer.receive(Message::Response(misdirected), (), Transport::Udp, now);
    assert!(layer.poll().is_none());
    layer.abandon(id);
    layer.receive(Message::Response(reply::response(&request(1), Status::OK, "t")), (), Transport::Udp, now);
    assert!(layer.poll().is_none());
    assert_eq!(layer.clients(), 0);
}

#[test]
fn debug_shows_no_octets() {
    let now = start();
    let mut layer = Layer::new(Timers::default(), Limits::default());
    layer.send(&request(1), "peer", Transport::Udp, now).unwrap();
    layer.receive(Message::Request(request(2)), "peer", Transport::Udp, now);
    let mut shown = format!("{layer:?}");
    while let Some(output) = layer.poll() {
        shown.push_str(&format!("{output:?}"));
    }
    assert!(shown.contains("Transmit") && shown.contains("Request"), "{shown}");
    assert!(!shown.contains("hello") && !shown.contains("2015550123") && !shown.contains("alice"), "{shown}");
}

#[test]
fn a_million_unanswered_requests_leave_nothing() {
    const EACH: u128 = 500_000;
    let limits = Limits { clients_max: 1_000_000, servers_max: 1_000_000 };
    let mut now = start();
    let mut layer = Layer::new(Timers::default(), limits);
    let (mut timeouts, mut asked) = (0, 0);
    let mut drain = |layer: &mut Layer<()>| {
        while let Some(output) = layer.poll() {
            match output {
                Output::TimedOut { .. } => timeouts += 1,
                Output::Request { .. } => asked += 1,
                Output::Transmit { .. } | Output::Response { .. } => {}
            }
        }
    };
    let mut small = Request::new(Method::Message, "sip:b");
    small.headers.push(Name::CSeq, "1 MESSAGE");
    for number in 0..EACH {
        small.headers.remove(Name::Via);
        let mut outgoing = small.clone();
        outgoing.headers.push(Name::Via, format_args!("SIP/2.0/UDP a;branch=z9hG4bK{number}"));
        // Most over TCP, since each over UDP is sent eleven times.
        let transport = if number % 64 == 0 { Transport::Udp } else { Transport::Tcp };
        layer.send(&outgoing, (), transport, now).unwrap();
        layer.receive(Message::Request(outgoing), (), Transport::Udp, now);
        now += Duration::from_micros(50);
        drain(&mut layer);
    }
    assert_eq!((layer.clients(), layer.servers()), (500_000, 500_000));
    while let Some(deadline) = layer.deadline() {
        now = now.max(deadline) + MS;
        layer.tick(now);
        drain(&mut layer);
    }
    assert_eq!((timeouts, asked), (500_000, 500_000));
    assert_eq!((layer.clients(), layer.servers()), (0, 0));
}
