//! Test fixture: two nodes on a link in virtual time, with latency, loss, duplication and reordering.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tcap::{Input, Output, Settings, Tcap};

pub(crate) type Address = &'static str;

pub(crate) const NAMES: [Address; 2] = ["left", "right"];

/// The impairments of the link.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    pub(crate) latency: Duration,
    /// The greatest random addition to the latency, by which messages overtake each other.
    pub(crate) jitter: Duration,
    /// Loss in percent.
    pub(crate) loss: u64,
    /// Duplication in percent.
    pub(crate) doubling: u64,
}

/// The two nodes.
pub(crate) struct Pair {
    pub(crate) sides: [Tcap<Address>; 2],
    pub(crate) now: Instant,
    link: Link,
    seed: u64,
    sent: u64,
    in_transit: BTreeMap<(Instant, u64), (usize, Input<Address>)>,
}

impl Pair {
    pub(crate) fn new(settings: [Settings; 2], link: Link, seed: u64) -> Self {
        #[allow(clippy::disallowed_methods, reason = "an arbitrary point to count from")]
        let now = Instant::now();
        let in_transit = BTreeMap::new();
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { sides: settings.map(Tcap::new), now, link, seed, sent: 0, in_transit }
    }

    /// Runs until no message is in transit and no dialogue is open. `user` receives every output but
    /// messages, with the number of its side.
    pub(crate) fn run(&mut self, mut user: impl FnMut(usize, &mut Tcap<Address>, Output<Address>, Instant)) {
        loop {
            for side in 0..2 {
                while let Some(output) = self.sides[side].poll() {
                    match output {
                        Output::Send { local, remote, octets, .. } => {
                            assert_eq!((local, remote), (NAMES[side], NAMES[1 - side]));
                            let input = Input::Received { local: remote, remote: local, octets };
                            self.carry(1 - side, &input);
                        }
                        other => user(side, &mut self.sides[side], other, self.now),
                    }
                }
            }
            if !self.step() {
                return;
            }
        }
    }

    /// Advances the clock to the next event; `false` if there is none.
    fn step(&mut self) -> bool {
        let arrival = self.in_transit.first_key_value().map(|((at, _), _)| *at);
        let ticks = self.sides.each_ref().map(Tcap::deadline);
        let Some(next) = ticks.into_iter().chain([arrival]).flatten().min() else { return false };
        self.now = self.now.max(next);
        while let Some(entry) = self.in_transit.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (to, input) = entry.remove();
            self.sides[to].handle(input, self.now);
        }
        for (side, due) in self.sides.iter_mut().zip(ticks) {
            if due.is_some_and(|due| due <= self.now) {
                side.handle(Input::Tick, self.now);
            }
        }
        true
    }

    fn carry(&mut self, to: usize, input: &Input<Address>) {
        if self.chance(self.link.loss) {
            return;
        }
        let copies = if self.chance(self.link.doubling) { 2 } else { 1 };
        for _ in 0..copies {
            let jitter = self.link.jitter.mul_f64(self.random() as f64 / u64::MAX as f64);
            self.sent += 1;
            self.in_transit.insert((self.now + self.link.latency + jitter, self.sent), (to, input.clone()));
        }
    }

    fn chance(&mut self, of_hundred: u64) -> bool {
        self.random() % 100 < of_hundred
    }

    /// Marsaglia's xorshift.
    fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }
}
