//! Tests of two nodes over a network with loss, duplication and reordering: every dialogue ends once (Q.774).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed"
)]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tcap::{
    Begin, Code, Component, DialogueAnswer, DialogueId, Input, Oid, OperationClass, Output, Settings, Tcap,
};

mod pair;

use pair::{Address, Link, NAMES, Pair};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn context() -> Oid {
    Oid::new(&[0, 4, 0, 0, 1, 0, 25, 3]).unwrap()
}

fn settings() -> [Settings; 2] {
    let settings = Settings { prefix: 1, prefix_bits: 8, dialogues_max: 2_000, ..Settings::default() };
    [settings, Settings { prefix: 2, first: 0x00ff_fff0, ..settings }]
}

fn number(invoke_id: i8, value: u8) -> Component {
    let parameter = Some(Bytes::copy_from_slice(&[0x04, 0x01, value]));
    let (linked, operation, class) = (None, Code::Local(44), OperationClass::One);
    Component::Invoke { invoke_id, linked, operation, parameter, class, timeout: 20 * SECOND }
}

fn begin(components: Vec<Component>) -> Begin<Address> {
    Begin {
        local: NAMES[0],
        remote: NAMES[1],
        application_context: Some(context()),
        user_information: None,
        components,
        idle: None,
    }
}

/// The outcomes of the dialogues of the left side.
#[derive(Debug, Default)]
struct Outcomes {
    of: HashMap<DialogueId, Outcome>,
    results: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Open(u8),
    Over,
}

impl Outcomes {
    /// The left user: sends its request once the peer has accepted, and counts.
    fn receive(&mut self, tcap: &mut Tcap<Address>, output: Output<Address>, now: Instant) {
        match output {
            Output::Continued { dialogue, components, .. } => {
                let Outcome::Open(value) = self.of[&dialogue] else { panic!("{dialogue:?} continues") };
                self.count(&components, value);
                // A duplicated answer arrives after this was sent: then the call fails.
                let _ = tcap.proceed(dialogue, None, vec![number(1, value)], now);
            }
            Output::Ended { dialogue, components, .. } => {
                let Some(Outcome::Open(value)) = self.of.insert(dialogue, Outcome::Over) else {
                    panic!("{dialogue:?} ends twice")
                };
                self.count(&components, value);
            }
            Output::ProviderAborted { dialogue, .. }
            | Output::UserAborted { dialogue, .. }
            | Output::TimedOut { dialogue } => {
                let before = self.of.insert(dialogue, Outcome::Over);
                assert!(matches!(before, Some(Outcome::Open(_))), "{dialogue:?} ends twice");
            }
            Output::Unanswered { .. } | Output::Rejected { .. } | Output::Refused { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn count(&mut self, components: &[Component], value: u8) {
        for component in components {
            let Component::ResultLast { parameter, .. } = component else { continue };
            assert_eq!(parameter.as_deref(), Some(&[0x04, 0x01, value][..]), "result of another dialogue");
            self.results += 1;
        }
    }
}

/// The right user: returns every number at once, in an END.
fn answer(tcap: &mut Tcap<Address>, output: Output<Address>, now: Instant) {
    let (Output::Begun { dialogue, components, .. } | Output::Continued { dialogue, components, .. }) =
        output
    else {
        return;
    };
    let accepts = Some(DialogueAnswer { application_context: context(), user_information: None });
    let results: Vec<Component> = components
        .into_iter()
        .filter_map(|component| match component {
            Component::Invoke { invoke_id, operation, parameter, .. } => {
                Some(Component::ResultLast { invoke_id, operation: Some(operation), parameter })
            }
            _ => None,
        })
        .collect();
    if results.is_empty() {
        tcap.proceed(dialogue, accepts, results, now).unwrap();
    } else {
        tcap.end(dialogue, accepts, results, now).unwrap();
    }
}

/// Runs a thousand dialogues, every other one with two exchanges. Returns the number of results.
fn thousand(link: Link, seed: u64) -> usize {
    let mut pair = Pair::new(settings(), link, seed);
    let mut outcomes = Outcomes::default();
    for n in 0..1_000_u32 {
        let value = n.to_le_bytes()[0];
        let components = if n % 2 == 0 { vec![number(1, value)] } else { vec![] };
        let dialogue = pair.sides[0].begin(begin(components), pair.now).unwrap();
        outcomes.of.insert(dialogue, Outcome::Open(value));
    }
    pair.run(|side, tcap, output, now| match side {
        0 => outcomes.receive(tcap, output, now),
        _ => answer(tcap, output, now),
    });
    assert!(outcomes.of.values().all(|outcome| *outcome == Outcome::Over), "seed {seed}");
    assert!(pair.sides.iter().all(|side| side.is_empty() && side.deadline().is_none()), "seed {seed}");
    outcomes.results
}

#[test]
fn a_good_network_loses_nothing() {
    let link = Link { latency: 20 * MILLISECOND, jitter: Duration::ZERO, loss: 0, doubling: 0 };
    assert_eq!(thousand(link, 1), 1_000);
}

#[test]
fn a_bad_network_leaves_nothing_behind() {
    for seed in 1..=10 {
        let link = Link { latency: 20 * MILLISECOND, jitter: 200 * MILLISECOND, loss: 10, doubling: 10 };
        let results = thousand(link, seed);
        // Nine of ten messages arrive; half of the dialogues take two of them and half take four.
        assert!((600..900).contains(&results), "seed {seed}: {results}");
    }
}

#[test]
fn a_dead_network_leaves_nothing_behind() {
    let link = Link { latency: 20 * MILLISECOND, jitter: Duration::ZERO, loss: 100, doubling: 0 };
    assert_eq!(thousand(link, 1), 0);
}

/// Twenty-five thousand a second for forty seconds, to a peer that never answers.
#[test]
fn a_million_unanswered_dialogues_leave_the_table_empty() {
    #[allow(clippy::disallowed_methods, reason = "an arbitrary point to count from")]
    let mut now = Instant::now();
    let mut tcap = Tcap::new(Settings { dialogues_max: 800_000, ..Settings::default() });
    let (mut unanswered, mut timed_out, mut most) = (0, 0, 0);
    let mut count = |tcap: &mut Tcap<Address>| {
        while let Some(output) = tcap.poll() {
            match output {
                Output::Send { .. } => {}
                Output::Unanswered { .. } => unanswered += 1,
                Output::TimedOut { .. } => timed_out += 1,
                other => panic!("{other:?}"),
            }
        }
    };
    for _ in 0..400 {
        now += 100 * MILLISECOND;
        for n in 0..2_500 {
            let components = if n % 2 == 0 { vec![number(1, 0)] } else { vec![] };
            tcap.begin(Begin { idle: Some(25 * SECOND), ..begin(components) }, now).unwrap();
        }
        while tcap.deadline().is_some_and(|due| due <= now) {
            tcap.handle(Input::Tick, now);
        }
        most = most.max(tcap.len());
        count(&mut tcap);
    }
    while let Some(due) = tcap.deadline() {
        now = now.max(due);
        tcap.handle(Input::Tick, now);
        count(&mut tcap);
    }
    assert!(tcap.is_empty() && most < 700_000, "{most}");
    assert_eq!((unanswered, timed_out), (500_000, 1_000_000));
}
