//! Tests of two nodes in virtual time over a transport with loss and reordering (RFC 4666 §4.3, §4.6).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod rig;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use m3ua::{
    AspState, Availability, Exchange, Input, Kind, LinkId, M3ua, Message, Output, Role, RoutingKey, ServerId,
    ServerState, Settings, TrafficMode, Transfer,
};
use proptest::prelude::*;
use rig::{LINK, OTHER, SERVER, server, settings, transfer};

const HERE: usize = 0;
const THERE: usize = 1;
const LATENCY: Duration = Duration::from_millis(20);

/// A message in transit.
struct Transit {
    to: usize,
    link: LinkId,
    stream: u16,
    octets: Bytes,
    association: u32,
}

/// Two nodes. Links of the same number are the two ends of one association.
struct Pair {
    nodes: [M3ua; 2],
    now: Instant,
    started: Instant,
    in_transit: BTreeMap<(Instant, u64), Transit>,
    /// Associations that are up, each with a unique number.
    up: HashMap<LinkId, u32>,
    associations: u32,
    sequence: u64,
    /// The earliest arrival of the next message, for each node, link and stream.
    last: HashMap<(usize, LinkId, u16), Instant>,
    /// Additional latency of streams with an odd number: streams overtake each other.
    skew: Duration,
    /// Whether messages to this side are dropped.
    drop_here: bool,
    outputs: [Vec<Output>; 2],
}

impl Pair {
    #[allow(clippy::disallowed_methods, reason = "virtual time needs a moment to start from")]
    fn new(here: Settings, there: Settings) -> Self {
        let started = Instant::now();
        Self {
            nodes: [M3ua::new(here).unwrap(), M3ua::new(there).unwrap()],
            now: started,
            started,
            in_transit: BTreeMap::new(),
            up: HashMap::new(),
            associations: 0,
            sequence: 0,
            last: HashMap::new(),
            skew: Duration::ZERO,
            drop_here: false,
            outputs: [Vec::new(), Vec::new()],
        }
    }

    /// ASPs at one side and SGPs at the other, all connected.
    fn with_gateway(links: usize) -> Self {
        let (asps, sgps) = (vec![Role::Asp; links], vec![Role::Sgp; links]);
        let mut pair = Self::new(settings(&asps, vec![server(100)]), settings(&sgps, vec![server(100)]));
        (0..).take(links).map(LinkId).for_each(|link| pair.connect(link));
        pair
    }

    fn connect(&mut self, link: LinkId) {
        self.associations += 1;
        self.up.insert(link, self.associations);
        for side in [HERE, THERE] {
            self.handle(side, Input::Connected { link, streams: 8 });
        }
    }

    /// Ends the association, with all messages in transit.
    fn lose(&mut self, link: LinkId) {
        self.up.remove(&link);
        for side in [HERE, THERE] {
            self.handle(side, Input::Lost { link });
        }
    }

    fn restart(&mut self, link: LinkId) {
        self.associations += 1;
        self.up.insert(link, self.associations);
        for side in [HERE, THERE] {
            self.handle(side, Input::Restarted { link });
        }
    }

    fn handle(&mut self, side: usize, input: Input) {
        self.nodes[side].handle(input, self.now);
        while let Some(output) = self.nodes[side].poll() {
            match output {
                Output::Send { link, stream, octets } => self.send(1 - side, link, stream, octets),
                Output::Close { link } => {
                    self.outputs[side].push(Output::Close { link });
                    if self.up.remove(&link).is_some() {
                        self.nodes[1 - side].handle(Input::Lost { link }, self.now);
                    }
                }
                other => self.outputs[side].push(other),
            }
        }
    }

    fn send(&mut self, to: usize, link: LinkId, stream: u16, octets: Bytes) {
        let Some(&association) = self.up.get(&link) else { return };
        let slow = if stream % 2 == 1 { self.skew } else { Duration::ZERO };
        let earliest = self.last.get(&(to, link, stream)).copied().unwrap_or(self.now);
        let arrival = (self.now + LATENCY + slow).max(earliest);
        self.last.insert((to, link, stream), arrival);
        self.sequence += 1;
        self.in_transit.insert((arrival, self.sequence), Transit { to, link, stream, octets, association });
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..1_000_000 {
            let transit = self.in_transit.keys().next().map(|key| key.0);
            let timer = [HERE, THERE].into_iter().filter_map(|side| self.nodes[side].deadline()).min();
            let Some(next) = transit.into_iter().chain(timer).min().filter(|&next| next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            if transit == Some(next) {
                let (_, transit) = self.in_transit.pop_first().unwrap();
                let lost = self.drop_here && transit.to == HERE;
                if !lost && self.up.get(&transit.link) == Some(&transit.association) {
                    let Transit { link, stream, octets, .. } = transit;
                    self.handle(transit.to, Input::Received { link, stream, octets });
                }
            } else {
                [HERE, THERE].into_iter().for_each(|side| self.handle(side, Input::Tick));
            }
        }
        panic!("the two nodes never become idle");
    }

    fn run_briefly(&mut self) {
        self.run(Duration::from_secs(1));
    }

    fn offer(&mut self, side: usize, number: u32) {
        let sls = u8::try_from(number % 16).unwrap();
        self.handle(side, Input::Transfer(transfer(SERVER, sls, number.to_be_bytes().to_vec())));
    }

    /// The numbers received, in order, with their selections.
    fn arrived(&self, side: usize) -> Vec<(u8, u32)> {
        rig::transfers(&self.outputs[side]).iter().map(numbered).collect()
    }

    fn discarded(&self, side: usize) -> usize {
        rig::discarded(&self.outputs[side]).len()
    }

    fn states(&self, side: usize) -> (ServerState, AspState) {
        (self.nodes[side].server_state(SERVER), self.nodes[side].link_state(LINK))
    }

    fn is_active(&self) -> bool {
        [HERE, THERE].iter().all(|&side| self.states(side) == (ServerState::Active, AspState::Active))
    }
}

fn numbered(transfer: &Transfer) -> (u8, u32) {
    (transfer.sls, u32::from_be_bytes(transfer.payload.as_ref().try_into().unwrap()))
}

/// Whether the numbers increase within each selection.
fn in_order(arrived: &[(u8, u32)]) -> bool {
    let mut last: HashMap<u8, u32> = HashMap::new();
    arrived.iter().all(|&(sls, number)| last.insert(sls, number).is_none_or(|before| before < number))
}

#[test]
fn an_asp_and_a_gateway_carry_traffic_both_ways() {
    let mut pair = Pair::with_gateway(1);
    pair.run_briefly();
    assert!(pair.is_active());
    for number in 0..1_000 {
        pair.offer(HERE, number);
        pair.offer(THERE, number);
    }
    pair.run_briefly();
    for side in [HERE, THERE] {
        assert_eq!(pair.arrived(side).len(), 1_000);
        assert!(in_order(&pair.arrived(side)));
    }
}

#[test]
fn streams_may_overtake_each_other() {
    let mut pair = Pair::with_gateway(2);
    pair.skew = Duration::from_millis(70);
    pair.run_briefly();
    for round in 0..10 {
        pair.restart(LINK);
        for number in 0..100 {
            pair.offer(HERE, round * 100 + number);
            pair.offer(THERE, round * 100 + number);
            pair.run(Duration::from_millis(1));
        }
    }
    pair.run_briefly();
    assert!(pair.is_active());
    assert!(in_order(&pair.arrived(THERE)) && in_order(&pair.arrived(HERE)));
    let refused = pair.outputs.iter().flatten().any(|output| matches!(output, Output::Refused { .. }));
    assert!(!refused, "no message was refused as unexpected");
}

#[test]
fn ipsps_of_both_exchanges_carry_traffic_both_ways() {
    for exchange in [Exchange::Single, Exchange::Double] {
        let role = |initiates| Role::Ipsp { exchange, initiates };
        let (here, there) =
            (settings(&[role(true)], vec![server(1)]), settings(&[role(false)], vec![server(1)]));
        let mut pair = Pair::new(here, there);
        pair.connect(LINK);
        pair.run_briefly();
        assert!(pair.is_active(), "{exchange:?}");
        (0..100).for_each(|number| [HERE, THERE].into_iter().for_each(|side| pair.offer(side, number)));
        pair.run_briefly();
        assert_eq!((pair.arrived(HERE).len(), pair.arrived(THERE).len()), (100, 100));
    }
}

/// In load-sharing mode no transfer is lost that is requested after the loss of a link is known.
#[test]
fn no_new_transfer_is_lost_when_one_of_two_load_shared_asps_fails() {
    let mut pair = Pair::with_gateway(2);
    pair.run_briefly();
    let mut number = 0;
    for failed in [Some(LINK), None, Some(OTHER), None, Some(LINK)] {
        match failed {
            Some(link) => pair.lose(link),
            None => [LINK, OTHER].into_iter().for_each(|link| {
                if !pair.up.contains_key(&link) {
                    pair.connect(link);
                }
            }),
        }
        let (lost_at, first) = (pair.now, number);
        let before: Vec<usize> = [HERE, THERE].iter().map(|&side| pair.arrived(side).len()).collect();
        for _ in 0..2_000 {
            pair.offer(HERE, number);
            pair.offer(THERE, number);
            number += 1;
            pair.run(Duration::from_millis(1));
        }
        pair.run(LATENCY);
        assert!(pair.now - lost_at <= Duration::from_millis(2_020), "all within one latency");
        for side in [HERE, THERE] {
            let fresh: BTreeSet<u32> = pair.arrived(side)[before[side]..].iter().map(|pair| pair.1).collect();
            assert!((first..number).all(|number| fresh.contains(&number)), "{failed:?}");
            assert_eq!(pair.discarded(side), 0);
            assert_eq!(pair.nodes[side].server_state(SERVER), ServerState::Active);
        }
    }
}

#[test]
fn transfers_during_a_loss_shorter_than_t_r_are_delivered() {
    let mut pair = Pair::with_gateway(1);
    pair.run_briefly();
    pair.lose(LINK);
    assert_eq!(pair.states(HERE), (ServerState::Pending, AspState::Down));
    (0..50).for_each(|number| [HERE, THERE].into_iter().for_each(|side| pair.offer(side, number)));
    pair.run(Duration::from_secs(1));
    pair.connect(LINK);
    pair.run_briefly();
    for side in [HERE, THERE] {
        assert_eq!(
            pair.arrived(side).iter().map(|found| found.1).collect::<Vec<_>>(),
            (0..50).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_loss_longer_than_t_r_discards_held_transfers() {
    let mut pair = Pair::with_gateway(1);
    pair.run_briefly();
    pair.lose(LINK);
    (0..50).for_each(|number| pair.offer(HERE, number));
    pair.run(Duration::from_secs(3));
    assert_eq!(pair.discarded(HERE), 50);
    assert_eq!(pair.states(HERE), (ServerState::Down, AspState::Down));
    pair.connect(LINK);
    pair.run_briefly();
    assert!(pair.is_active());
}

#[test]
fn a_restart_is_a_loss_and_a_new_association() {
    let mut pair = Pair::with_gateway(1);
    pair.run_briefly();
    pair.offer(HERE, 1);
    pair.restart(LINK);
    pair.offer(HERE, 2);
    pair.run_briefly();
    assert!(pair.is_active());
    assert_eq!(pair.arrived(THERE), [(2, 2)], "what was on its way is gone, what came after is not");
}

#[test]
fn in_override_mode_the_second_link_takes_over_when_the_first_is_lost() {
    let mut server = server(100);
    server.traffic_mode = TrafficMode::Override;
    let here = settings(&[Role::Asp; 2], vec![server.clone()]);
    let mut pair = Pair::new(here, settings(&[Role::Sgp; 2], vec![server]));
    [LINK, OTHER].into_iter().for_each(|link| pair.connect(link));
    pair.run_briefly();
    assert_eq!(pair.nodes[HERE].link_state(LINK), AspState::Active);
    assert_eq!(pair.nodes[HERE].link_state(OTHER), AspState::Inactive);
    pair.lose(LINK);
    (0..10).for_each(|number| [HERE, THERE].into_iter().for_each(|side| pair.offer(side, number)));
    pair.run_briefly();
    assert_eq!(pair.nodes[HERE].link_state(OTHER), AspState::Active);
    assert_eq!((pair.arrived(HERE).len(), pair.arrived(THERE).len()), (10, 10));
    pair.connect(LINK);
    pair.run_briefly();
    assert_eq!(pair.nodes[HERE].link_state(LINK), AspState::Inactive, "it does not override the other");
}

#[test]
fn a_registered_routing_key_is_deregistered_on_stop() {
    let mut server = server(0);
    server.routing_context = None;
    server.registers =
        Some(RoutingKey { local_identifier: 5, dpc: 1, service_indicators: vec![3], opcs: vec![2] });
    let here = settings(&[Role::Asp], vec![server.clone()]);
    let mut pair = Pair::new(here, settings(&[Role::Sgp], vec![server]));
    pair.connect(LINK);
    pair.run_briefly();
    assert!(pair.is_active());
    pair.offer(THERE, 1);
    pair.run_briefly();
    assert_eq!(pair.arrived(HERE).len(), 1);
    pair.handle(HERE, Input::Stop);
    pair.run_briefly();
    assert!(pair.outputs[HERE].contains(&Output::Close { link: LINK }));
    assert!(pair.now - pair.started < Duration::from_secs(4), "no timer expired");
}

#[test]
fn destination_states_of_a_gateway_survive_the_loss_of_its_asp() {
    let mut pair = Pair::with_gateway(1);
    pair.run_briefly();
    let change = |change| Input::PointCodes { server: SERVER, point_codes: vec![2], change };
    pair.handle(THERE, change(Availability::Unavailable));
    pair.run_briefly();
    pair.offer(HERE, 1);
    assert_eq!(pair.discarded(HERE), 1, "a transfer to a point code that is unavailable");
    pair.lose(LINK);
    pair.handle(THERE, change(Availability::Available));
    pair.connect(LINK);
    pair.run_briefly();
    pair.offer(HERE, 2);
    pair.run_briefly();
    assert_eq!(pair.arrived(THERE), [(2, 2)], "the audit has updated the state");
}

#[test]
fn a_link_with_two_unanswered_heartbeats_is_closed() {
    let mut here = settings(&[Role::Asp], vec![server(100)]);
    here.timers.beat = Some(Duration::from_secs(5));
    let mut pair = Pair::new(here, settings(&[Role::Sgp], vec![server(100)]));
    pair.connect(LINK);
    pair.run(Duration::from_secs(60));
    assert!(pair.is_active(), "a peer that answers is kept");
    pair.drop_here = true;
    let silent_since = pair.now;
    while !pair.outputs[HERE].contains(&Output::Close { link: LINK }) {
        pair.run(Duration::from_millis(100));
        assert!(
            pair.now - silent_since <= Duration::from_secs(15),
            "two heartbeats and the time to the first"
        );
    }
    assert!(pair.now - silent_since >= Duration::from_secs(10));
    assert_eq!(pair.states(HERE), (ServerState::Pending, AspState::Down));
}

#[test]
fn an_orderly_stop_loses_no_data_when_aspia_overtakes_it() {
    let mut pair = Pair::with_gateway(1);
    pair.skew = Duration::from_millis(30);
    pair.run_briefly();
    for number in 0..64 {
        pair.offer(HERE, number);
        pair.offer(THERE, number);
    }
    pair.handle(HERE, Input::Stop);
    pair.run_briefly();
    assert_eq!((pair.arrived(HERE).len(), pair.arrived(THERE).len()), (64, 64));
    assert!(pair.outputs[HERE].contains(&Output::Close { link: LINK }));
    let refused = pair.outputs.iter().flatten().any(|output| matches!(output, Output::Refused { .. }));
    assert!(!refused);
}

#[test]
fn two_servers_share_a_link_and_fail_separately() {
    let servers = vec![server(100), server(200)];
    let here = settings(&[Role::Asp], servers.clone());
    let mut pair = Pair::new(here, settings(&[Role::Sgp], servers));
    pair.connect(LINK);
    pair.run_briefly();
    for number in 0..2 {
        let transfer = transfer(ServerId(number), 3, 7_u32.to_be_bytes().to_vec());
        pair.handle(HERE, Input::Transfer(transfer));
    }
    pair.run_briefly();
    let servers: Vec<u16> = rig::transfers(&pair.outputs[THERE]).iter().map(|found| found.server.0).collect();
    assert_eq!(servers, [0, 1]);
    let aspia = rig::message(Kind::AspInactive, &[(rig::tag::ROUTING_CONTEXT, 200)]);
    let octets = Message::encode(&aspia);
    pair.handle(THERE, Input::Received { link: LINK, stream: 0, octets });
    assert_eq!(pair.nodes[THERE].server_state(SERVER), ServerState::Active);
    assert_eq!(pair.nodes[THERE].server_state(ServerId(1)), ServerState::Pending);
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Lose(u16),
    Connect(u16),
    Restart(u16),
    Congest(u16, bool),
    Wait(u64),
    Offer,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0_u16..2).prop_map(Event::Lose),
        (0_u16..2).prop_map(Event::Connect),
        (0_u16..2).prop_map(Event::Restart),
        (0_u16..2, any::<bool>()).prop_map(|(link, congested)| Event::Congest(link, congested)),
        (0_u64..3_000).prop_map(Event::Wait),
        Just(Event::Offer),
    ]
}

proptest! {
    #[test]
    fn the_nodes_become_active_again_after_any_sequence_of_events(
        troubles in prop::collection::vec(event(), 0..60),
        mode in prop::sample::select(TrafficMode::ALL.to_vec()),
    ) {
        let mut server = server(100);
        server.traffic_mode = mode;
        let here = settings(&[Role::Asp; 2], vec![server.clone()]);
        let mut pair = Pair::new(here, settings(&[Role::Sgp; 2], vec![server]));
        let mut offered = 0;
        for event in troubles {
            match event {
                Event::Lose(link) => pair.lose(LinkId(link)),
                Event::Connect(link) => pair.connect(LinkId(link)),
                Event::Restart(link) if pair.up.contains_key(&LinkId(link)) => pair.restart(LinkId(link)),
                Event::Restart(_) => {}
                Event::Congest(link, congested) => {
                    pair.handle(HERE, Input::Congested { link: LinkId(link), congested });
                }
                Event::Wait(time) => pair.run(Duration::from_millis(time)),
                Event::Offer => {
                    pair.offer(HERE, offered);
                    offered += 1;
                }
            }
        }
        [LINK, OTHER].into_iter().for_each(|link| pair.connect(link));
        pair.run(Duration::from_secs(10));
        prop_assert_eq!(pair.nodes[HERE].server_state(SERVER), ServerState::Active);
        prop_assert_eq!(pair.nodes[THERE].server_state(SERVER), ServerState::Active);
        let (before, here_before) = (pair.arrived(THERE).len(), pair.arrived(HERE).len());
        (0..32).for_each(|number| [HERE, THERE].into_iter().for_each(|side| pair.offer(side, offered + number)));
        pair.run_briefly();
        let copies = if mode == TrafficMode::Broadcast { 64 } else { 32 };
        prop_assert_eq!(pair.arrived(THERE).len() - before, copies);
        prop_assert_eq!(pair.arrived(HERE).len() - here_before, copies);
    }
}
