//! A pair of sessions, centre and ESME, on a link with virtual time, latency and loss.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use smpp::pdu::BindKind;
use smpp::session::{Config, Input, Output, Reason, RequestError, Side, State, Verdict};
use smpp::{CommandId, Framing, Header, Session, Status};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// One end: a session, its outgoing octets, and the outputs it gave to its caller.
pub(crate) struct Endpoint {
    pub(crate) session: Session,
    /// Octets on their way to this end, with the time of their arrival.
    pub(crate) inbox: VecDeque<(Instant, BytesMut)>,
    pub(crate) requests: Vec<Header>,
    pub(crate) responses: Vec<(u64, Status)>,
    pub(crate) unanswered: Vec<u64>,
    pub(crate) refused: Vec<Status>,
    pub(crate) closed: Option<Reason>,
    /// Whether requests are answered as soon as they come.
    pub(crate) answers: bool,
}

impl Endpoint {
    pub(crate) fn new(config: Config, now: Instant) -> Self {
        Self {
            session: Session::new(config, now),
            inbox: VecDeque::new(),
            requests: Vec::new(),
            responses: Vec::new(),
            unanswered: Vec::new(),
            refused: Vec::new(),
            closed: None,
            answers: true,
        }
    }

    /// Takes what has arrived and returns what goes out.
    pub(crate) fn turn(&mut self, now: Instant) -> BytesMut {
        let mut out = BytesMut::new();
        let mut read = BytesMut::new();
        while let Some((_, octets)) = self.inbox.pop_front_if(|(at, _)| *at <= now) {
            read.extend_from_slice(&octets);
        }
        let batch = Framing::default().take(&mut read);
        for frame in batch.frames() {
            self.take(frame.header, now, &mut out);
        }
        self.session.handle(batch.fault().map_or(Input::Tick, Input::BadLength), now);
        self.drain(&mut out);
        out
    }

    pub(crate) fn take(&mut self, header: Header, now: Instant, out: &mut BytesMut) {
        match self.session.received(&header, now) {
            Verdict::Bind(_) => {
                self.session.accept(0x34, now);
                Header::bare(header.command_id.response(), Status::ESME_ROK, header.sequence_number)
                    .encode(out);
            }
            Verdict::Request => {
                self.requests.push(header);
                if self.answers {
                    self.answer(header, now, out);
                }
            }
            Verdict::Response { token, .. } => self.responses.push((token, header.command_status)),
            Verdict::Refused(status) => self.refused.push(status),
            _ => {}
        }
    }

    pub(crate) fn answer(&mut self, header: Header, now: Instant, out: &mut BytesMut) {
        Header::bare(header.command_id.response(), Status::ESME_ROK, header.sequence_number).encode(out);
        self.session.answered(now);
    }

    pub(crate) fn drain(&mut self, out: &mut BytesMut) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Send(header) => header.encode(out),
                Output::Unanswered { token } => self.unanswered.push(token),
                Output::Close(reason) => self.closed = Some(reason),
            }
        }
    }
}

/// A centre and an ESME on a link.
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) latency: Duration,
    /// Whether the link drops everything.
    pub(crate) cut: bool,
    pub(crate) centre: Endpoint,
    pub(crate) esme: Endpoint,
}

impl Pair {
    pub(crate) fn new(change: impl Fn(&mut Config)) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
        let now = Instant::now();
        let end = |side| {
            let mut config = Config::new(side);
            change(&mut config);
            Endpoint::new(config, now)
        };
        let latency = Duration::from_millis(10);
        Self { now, latency, cut: false, centre: end(Side::Centre), esme: end(Side::Esme) }
    }

    pub(crate) fn bound(kind: BindKind, change: impl Fn(&mut Config)) -> Self {
        let mut pair = Self::new(change);
        let sequence = pair.esme.session.bind(kind, pair.now).unwrap();
        pair.send_to_centre(Header::bare(kind.command_id(), Status::ESME_ROK, sequence));
        pair.run(SECOND);
        assert_eq!(pair.esme.session.state(), State::Bound(kind));
        assert_eq!(pair.centre.session.state(), State::Bound(kind));
        pair
    }

    pub(crate) fn send_to_centre(&mut self, header: Header) {
        let mut octets = BytesMut::new();
        header.encode(&mut octets);
        self.centre.inbox.push_back((self.now + self.latency, octets));
    }

    pub(crate) fn submit(&mut self, token: u64) -> Result<u32, RequestError> {
        let sequence = self.esme.session.request(CommandId::SUBMIT_SM, token, self.now)?;
        self.send_to_centre(Header::bare(CommandId::SUBMIT_SM, Status::ESME_ROK, sequence));
        Ok(sequence)
    }

    /// Advances the time, from event to event.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let now = self.now;
            let from_centre = self.centre.turn(now);
            let from_esme = self.esme.turn(now);
            if !self.cut && !from_centre.is_empty() {
                self.esme.inbox.push_back((now + self.latency, from_centre));
            }
            if !self.cut && !from_esme.is_empty() {
                self.centre.inbox.push_back((now + self.latency, from_esme));
            }
            let events = [
                self.centre.session.deadline(),
                self.esme.session.deadline(),
                self.centre.inbox.front().map(|(at, _)| *at),
                self.esme.inbox.front().map(|(at, _)| *at),
            ];
            match events.into_iter().flatten().min() {
                Some(at) if at <= end => {
                    assert!(at > now, "a deadline in the past would spin: {:?}", self.centre.session);
                    self.now = at;
                }
                _ => break,
            }
        }
        self.now = end;
    }
}
