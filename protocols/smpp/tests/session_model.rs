//! A session under any sequence of events keeps its invariants: every request
//! ends exactly once, windows are kept, timers are never in the past.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use smpp::pdu::BindKind;
use smpp::session::{Config, Input, Output, RequestError, Side, State, Verdict};
use smpp::{BadLength, CommandId, Header, Session, Status};

const WINDOW: usize = 5;

#[derive(Clone, Debug)]
enum Event {
    Request,
    /// Answers the waiting request at this place.
    Response(usize),
    /// A response that matches no request.
    Stray(u32),
    Received(u32, u32),
    Answered,
    Cancel(usize),
    Wait(u64),
    Tick,
    Unbind,
    PeerUnbind,
    BadLength,
    Lost,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => Just(Event::Request),
        6 => any::<usize>().prop_map(Event::Response),
        1 => any::<u32>().prop_map(Event::Stray),
        6 => (prop::sample::select(vec![0x05, 0x15, 0x04, 0x103, 0x0102, 0x09, 0x0f00]), any::<u32>())
            .prop_map(|(id, sequence)| Event::Received(id, sequence)),
        5 => Just(Event::Answered),
        1 => any::<usize>().prop_map(Event::Cancel),
        6 => (0_u64..40_000).prop_map(Event::Wait),
        4 => Just(Event::Tick),
        1 => Just(Event::Unbind),
        1 => Just(Event::PeerUnbind),
        1 => Just(Event::BadLength),
        1 => Just(Event::Lost),
    ]
}

/// The expected state of an ESME's session, kept beside it.
struct Model {
    session: Session,
    now: Instant,
    tokens: u64,
    /// Requests without an end, by sequence number.
    waiting: BTreeMap<u32, u64>,
    closed: bool,
}

impl Model {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
        let now = Instant::now();
        let config = Config {
            window_sent_max: WINDOW,
            window_received_max: WINDOW,
            enquire_link_unanswered_max: 2,
            inactivity_timeout: Some(Duration::from_secs(120)),
            ..Config::new(Side::Esme)
        };
        let mut session = Session::new(config, now);
        let sequence = session.bind(BindKind::Transceiver, now).unwrap();
        let resp = Header::bare(CommandId::BIND_TRANSCEIVER_RESP, Status::ESME_ROK, sequence);
        assert_eq!(session.received(&resp, now), Verdict::Bound(BindKind::Transceiver));
        Self { session, now, tokens: 0, waiting: BTreeMap::new(), closed: false }
    }

    fn apply(&mut self, event: &Event) {
        let now = self.now;
        let nth = |place: usize, waiting: &BTreeMap<u32, u64>| {
            waiting.keys().nth(place % waiting.len().max(1)).copied()
        };
        match *event {
            Event::Request => self.request(),
            Event::Response(place) => {
                let Some(sequence) = nth(place, &self.waiting) else { return };
                let verdict = self.receive(CommandId::SUBMIT_SM_RESP, sequence);
                let token = self.waiting.remove(&sequence).unwrap();
                assert!(matches!(verdict, Verdict::Response { token: ended, .. } if ended == token));
            }
            Event::Stray(sequence) if self.waiting.contains_key(&sequence) => {}
            Event::Stray(sequence) => {
                let verdict = self.receive(CommandId::SUBMIT_SM_RESP, sequence);
                assert!(matches!(verdict, Verdict::Unmatched | Verdict::Handled));
            }
            Event::Received(id, sequence) => drop(self.receive(CommandId(id), sequence)),
            Event::Answered => self.session.answered(now),
            Event::Cancel(place) => {
                let Some(sequence) = nth(place, &self.waiting) else { return };
                assert_eq!(self.session.cancel(sequence), self.waiting.remove(&sequence));
            }
            Event::Wait(milliseconds) => self.now += Duration::from_millis(milliseconds),
            Event::Tick => self.session.handle(Input::Tick, now),
            Event::Unbind => self.session.handle(Input::Unbind, now),
            Event::PeerUnbind => drop(self.receive(CommandId::UNBIND, 77)),
            Event::BadLength => {
                let fault = BadLength { command_length: 3, sequence_number: 0 };
                self.session.handle(Input::BadLength(fault), now);
            }
            Event::Lost => self.session.handle(Input::Lost, now),
        }
        self.drain();
    }

    fn request(&mut self) {
        let bound = matches!(self.session.state(), State::Bound(_));
        match self.session.request(CommandId::SUBMIT_SM, self.tokens, self.now) {
            Ok(sequence) => {
                assert!(bound && (1..=0x7fff_ffff).contains(&sequence));
                assert_eq!(self.waiting.insert(sequence, self.tokens), None);
                self.tokens += 1;
            }
            Err(RequestError::WindowFull) => assert_eq!(self.waiting.len(), WINDOW),
            Err(error) => assert!(!bound, "{error}"),
        }
    }

    fn receive(&mut self, id: CommandId, sequence: u32) -> Verdict {
        self.session.received(&Header::bare(id, Status::ESME_ROK, sequence), self.now)
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Unanswered { token } => {
                    let before = self.waiting.len();
                    self.waiting.retain(|_, waiting| *waiting != token);
                    assert_eq!(self.waiting.len(), before - 1, "a request ends once");
                }
                Output::Close(_) => {
                    assert!(!self.closed, "closed once");
                    self.closed = true;
                }
                Output::Send(header) => assert!(!self.closed && header.command_length == 16),
            }
        }
        assert_eq!(self.session.sent_open(), self.waiting.len());
        assert!(self.session.received_open() <= WINDOW);
        if self.session.state() == State::Closed {
            assert!(self.waiting.is_empty() && self.session.deadline().is_none());
        } else {
            assert!(self.session.deadline().is_some(), "every wait has a deadline");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_request_ends_once_under_any_sequence_of_events(events in prop::collection::vec(event(), 0..200)) {
        let mut model = Model::new();
        for event in &events {
            model.apply(event);
        }
        // Without a peer, the session ends by its timers alone.
        for _ in 0..20 {
            let Some(deadline) = model.session.deadline() else { break };
            model.now = model.now.max(deadline);
            model.apply(&Event::Tick);
            prop_assert!(model.session.deadline().is_none_or(|next| next > model.now));
        }
        prop_assert_eq!(model.session.state(), State::Closed);
        prop_assert!(model.waiting.is_empty());
    }
}

/// A million requests without one response leave no entry.
#[test]
fn r15_a_million_unanswered_requests_leave_the_table_empty() {
    let mut model = Model::new();
    let config = Config { window_sent_max: 10_000, enquire_link_interval: None, ..Config::new(Side::Esme) };
    let mut session = Session::new(config, model.now);
    let sequence = session.bind(BindKind::Transmitter, model.now).unwrap();
    session.received(&Header::bare(CommandId::BIND_TRANSMITTER_RESP, Status::ESME_ROK, sequence), model.now);
    let mut ended = 0_u64;
    for token in 0..1_000_000 {
        while session.request(CommandId::SUBMIT_SM, token, model.now).is_err() {
            model.now = session.deadline().unwrap();
            session.handle(Input::Tick, model.now);
            while let Some(output) = session.poll() {
                assert_eq!(output, Output::Unanswered { token: ended }, "in order");
                ended += 1;
            }
        }
        model.now += Duration::from_micros(10);
    }
    model.now += Duration::from_secs(60);
    session.handle(Input::Tick, model.now);
    let rest = std::iter::from_fn(|| session.poll()).count();
    assert_eq!((ended + u64::try_from(rest).unwrap(), session.sent_open()), (1_000_000, 0));
    assert_eq!(session.deadline(), None);
}

/// Ten thousand idle sessions have 8 KiB each.
#[test]
fn r24_an_idle_session_is_small() {
    assert!(size_of::<Session>() <= 512, "{}", size_of::<Session>());
}
