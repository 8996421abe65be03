//! Tests of two nodes over a link with loss, duplication and delay, in virtual time (Q.714).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod station;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sccp::{Address, Destination, Input, Network, Output, PointCodeState, Remote, Settings, Unitdata};
use station::{NET, Station, rule, title};

/// Percent of messages.
#[derive(Clone, Copy, Default)]
struct Link {
    lost: u64,
    doubled: u64,
    delayed: u64,
}

struct Pair {
    stations: [Station; 2],
    link: Link,
    random: u64,
    /// Messages in transit: time of arrival, order of departure, receiving end.
    in_transit: BTreeMap<(Instant, u64), (usize, Input)>,
    left: u64,
    received: [Vec<Bytes>; 2],
    notices: [usize; 2],
}

impl Pair {
    fn new(link: Link, seed: u64) -> Self {
        let end = |own: u32, peer: u32| {
            Station::without_points(Settings {
                networks: vec![Network {
                    id: NET,
                    point_codes: vec![own],
                    network_indicator: 2,
                    remotes: vec![Remote { takes_xudt: true, subsystems: vec![8], ..Remote::new(peer) }],
                    subsystems: vec![8],
                }],
                rules: vec![
                    rule(&format!("{own}*"), Destination::Local),
                    rule(&format!("{peer}*"), Destination::Solitary(peer)),
                ],
                local_reference: 0x00ff_fff0,
                ..Settings::default()
            })
        };
        let mut stations = [end(1, 2), end(2, 1)];
        stations[1].now = stations[0].now;
        Self {
            stations,
            link,
            random: seed | 1,
            in_transit: BTreeMap::new(),
            left: 0,
            received: Default::default(),
            notices: [0; 2],
        }
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) % 100 < chance
    }

    fn input(&mut self, at: usize, input: Input) {
        for output in self.stations[at].input(input) {
            match output {
                Output::Transfer { network, opc, dpc, sls, payload } => {
                    self.carry(1 - at, &Input::Transfer { network, opc, dpc, sls, payload });
                }
                Output::Unitdata(indication) => self.received[at].push(indication.data),
                Output::Notice { .. } => self.notices[at] += 1,
                Output::Subsystem { .. } | Output::Refused { .. } => {}
                Output::Discarded { reason, .. } => panic!("{reason:?}"),
            }
        }
    }

    fn carry(&mut self, to: usize, input: &Input) {
        let copies =
            if self.percent(self.link.lost) { 0 } else { 1 + usize::from(self.percent(self.link.doubled)) };
        for _ in 0..copies {
            let late = if self.percent(self.link.delayed) { 45 } else { 0 };
            let arrives = self.stations[0].now + Duration::from_millis(20 + late);
            self.left += 1;
            self.in_transit.insert((arrives, self.left), (to, input.clone()));
        }
    }

    /// Advances the clock by `time`, with every event on the way.
    fn pass(&mut self, time: Duration) {
        let end = self.stations[0].now + time;
        loop {
            let arrival = self.in_transit.keys().next().map(|(at, _)| *at);
            let timers = self.stations.iter().filter_map(|station| station.sccp.deadline());
            let Some(next) = timers.chain(arrival).min().filter(|next| *next <= end) else { break };
            self.stations.iter_mut().for_each(|station| station.now = next);
            if arrival == Some(next) {
                let (_, (to, input)) = self.in_transit.pop_first().unwrap();
                self.input(to, input);
            }
            self.input(0, Input::Tick);
            self.input(1, Input::Tick);
        }
        self.stations.iter_mut().for_each(|station| station.now = end);
    }

    fn open(&mut self) {
        for (at, point_code) in [(0, 2), (1, 1)] {
            self.input(at, Input::PointCode { network: NET, point_code, state: PointCodeState::Available });
        }
        // Long enough for a lost status test to be repeated several times.
        self.pass(Duration::from_secs(3_600));
    }

    /// Message `number` from end `at`, from 40 to 2,399 octets long.
    fn send(&mut self, at: usize, number: u32) {
        let number_of = |end: usize| -> Address { title(&format!("{}555", end + 1), 8) };
        let unitdata = Unitdata {
            network: NET,
            called: number_of(1 - at),
            calling: number_of(at),
            sls: 3,
            in_sequence: true,
            return_on_error: true,
            data: body(number),
        };
        self.input(at, Input::Unitdata(unitdata));
    }
}

/// Octets that encode the number of their message and their position in it.
fn body(number: u32) -> Bytes {
    let length = 40 + usize::try_from(number).unwrap() * 97 % 2_360;
    let at = |at: usize| u8::try_from((at * 31 + at / 256) % 256).unwrap();
    number.to_be_bytes().into_iter().chain((4..length).map(at)).collect()
}

fn number_of(data: &Bytes) -> u32 {
    let number = u32::from_be_bytes(data[..4].try_into().unwrap());
    assert_eq!(*data, body(number), "message {number} is damaged");
    number
}

const MESSAGES: u32 = 300;

#[test]
fn a_good_link_delivers_everything_in_order() {
    let mut pair = Pair::new(Link::default(), 1);
    pair.open();
    for number in 0..MESSAGES {
        pair.send(0, number);
        pair.send(1, number);
        pair.pass(Duration::from_millis(5));
    }
    pair.pass(Duration::from_secs(60));
    for received in &pair.received {
        let numbers: Vec<u32> = received.iter().map(number_of).collect();
        assert_eq!(numbers, (0..MESSAGES).collect::<Vec<_>>());
    }
    assert_eq!(pair.notices, [0, 0]);
    assert!(pair.stations.iter().all(|station| station.sccp.deadline().is_none()));
}

#[test]
fn a_bad_link_corrupts_no_message_and_leaves_no_state() {
    for seed in 1..40 {
        let link = Link { lost: 5, doubled: 5, delayed: 5 };
        let mut pair = Pair::new(link, seed * 0x9e37_79b9);
        pair.open();
        for number in 0..MESSAGES {
            pair.send(0, number);
            pair.send(1, number);
            pair.pass(Duration::from_millis(5));
        }
        pair.pass(Duration::from_secs(60));
        for received in &pair.received {
            let mut times: HashMap<u32, usize> = HashMap::new();
            received.iter().for_each(|data| *times.entry(number_of(data)).or_default() += 1);
            // The link may duplicate a message of one segment; no message is assembled from two.
            assert!(times.values().all(|times| *times <= 2), "seed {seed}");
            assert!(times.len() > 100, "seed {seed}: {} arrived", times.len());
        }
        assert!(pair.notices.iter().sum::<usize>() > 0, "seed {seed}");
        let open = pair.stations.iter().filter_map(|station| station.sccp.deadline()).count();
        assert_eq!(open, 0, "seed {seed}");
    }
}
