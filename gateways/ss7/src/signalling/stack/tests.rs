//! The stack against a signalling gateway with an HLR behind it, in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use map::operation::{LocationInfoWithLmsi, RoutingInfoForSmArg, RoutingInfoForSmRes};
use map::{AddressString, Failure, Imsi};
use sccp::{Destination, GlobalTitle, Network, PointCodeState, Remote, TranslationRule};

use super::*;

const LINK: LinkId = LinkId(0);
const NET: NetworkId = NetworkId(0);
const DELAY: Duration = Duration::from_millis(20);

/// A signalling gateway that hosts an HLR.
struct Far {
    m3ua: M3ua,
    sccp: Sccp,
    map: Map<Address>,
    /// Whether questions are answered.
    answers: bool,
}

/// Both sides, and the association between them.
struct Pair {
    near: Stack,
    far: Far,
    now: Instant,
    /// What is under way, by the time when it arrives: to the near side, or to the far one.
    wire: BTreeMap<(Instant, u64), (bool, Bytes)>,
    serial: u64,
    /// Of a hundred messages with traffic, so many are lost.
    loss_percent: u64,
    confirmed: Vec<(DialogueId, Result<(), Failure>)>,
    serves: bool,
}

impl Pair {
    fn new(change: impl FnOnce(&mut Ss7Config)) -> Self {
        let text = "
            beat_seconds = 0
            networks = [{ name = 'home', point_code = 1, global_title = '15550001000', gateways = [2] }]
            application_servers = [{ name = 'a', network = 'home', routing_context = 100 }]
            associations = [{ name = 'stp', remote = ['127.0.0.1:2905'], application_servers = ['a'] }]";
        let mut config: Ss7Config = toml::from_str(text).unwrap();
        change(&mut config);
        Self {
            near: Stack::new(&config, 1, 7).unwrap(),
            far: Far::new(),
            now: tokio::time::Instant::now().into_std(),
            wire: BTreeMap::new(),
            serial: 0,
            loss_percent: 0,
            confirmed: Vec::new(),
            serves: false,
        }
    }

    fn connect(&mut self) {
        self.near.handle(Input::Connected { link: LINK, streams: 1 }, self.now);
        self.far.m3ua.handle(m3ua::Input::Connected { link: LINK, streams: 1 }, self.now);
        self.settle();
    }

    /// The association is gone, and what was under way with it.
    fn cut(&mut self) {
        self.wire.clear();
        self.near.handle(Input::Lost { link: LINK }, self.now);
        self.far.m3ua.handle(m3ua::Input::Lost { link: LINK }, self.now);
        self.settle();
    }

    fn ask(&mut self) -> DialogueId {
        let here = GlobalTitle::e164("15550001000").unwrap();
        let hlr = GlobalTitle::e164("15550201").unwrap();
        let opening = Opening {
            local: Node { network: NET, address: Address::gt(here, 8) },
            remote: Node { network: NET, address: Address::gt(hlr, 6) },
            peer: "hlr".into(),
            request: Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
                msisdn: AddressString::international("15550201"),
                service_centre_address: AddressString::international("15550001000"),
                ..RoutingInfoForSmArg::default()
            }),
            version_max: Version::V3,
        };
        let asked = self.near.open(opening, self.now).unwrap();
        self.settle();
        asked.dialogue
    }

    /// Lets time pass, with everything that happens in it.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let dues = [self.near.deadline(), self.far.deadline(), self.wire.keys().next().map(|key| key.0)];
            let next = dues.into_iter().flatten().min().filter(|due| *due <= end);
            self.now = next.unwrap_or(end).max(self.now);
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (to_near, octets) = entry.remove();
                if to_near {
                    self.near.handle(Input::Received { link: LINK, stream: 0, octets }, self.now);
                } else {
                    self.far.m3ua.handle(m3ua::Input::Received { link: LINK, stream: 0, octets }, self.now);
                }
                self.settle();
            }
            self.near.handle(Input::Tick, self.now);
            self.far.tick(self.now);
            self.settle();
            if next.is_none() {
                return;
            }
        }
    }

    fn settle(&mut self) {
        loop {
            let mut silent = true;
            while let Some(output) = self.near.poll() {
                silent = false;
                match output {
                    Output::Send { octets, .. } => self.send(false, octets),
                    Output::Network { serves, .. } => self.serves = serves,
                    Output::Map(output) => {
                        if let map::Output::Confirm { dialogue, result, .. } = *output {
                            self.confirmed.push((dialogue, result.map(|_| ())));
                        }
                    }
                    Output::Close { .. } | Output::Link { .. } | Output::Counted(_) => {}
                }
            }
            while let Some(octets) = self.far.poll(self.now) {
                silent = false;
                self.send(true, octets);
            }
            if silent {
                return;
            }
        }
    }

    fn send(&mut self, to_near: bool, octets: Bytes) {
        self.serial += 1;
        let is_traffic = m3ua::Message::decode(&octets).unwrap().kind() == m3ua::Kind::Data;
        let dice = self.serial.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        if !is_traffic || dice % 100 >= self.loss_percent {
            self.wire.insert((self.now + DELAY, self.serial), (to_near, octets));
        }
    }

    /// What came of each dialogue; each has exactly one end.
    fn ends(&self) -> BTreeMap<DialogueId, Result<(), Failure>> {
        let ends: BTreeMap<_, _> = self.confirmed.iter().cloned().collect();
        assert_eq!(ends.len(), self.confirmed.len(), "a dialogue has ended twice");
        ends
    }
}

impl Far {
    fn new() -> Self {
        let server = m3ua::ServerSettings {
            name: "centre".into(),
            routing_context: Some(100),
            network_appearance: None,
            traffic_mode: m3ua::TrafficMode::Loadshare,
            minimum_active: 1,
            registers: None,
            point_codes: Vec::new(),
        };
        let link = m3ua::LinkSettings {
            name: "centre".into(),
            role: m3ua::Role::Sgp,
            asp_identifier: None,
            servers: vec![ServerId(0)],
        };
        let timers = m3ua::Timers::default();
        let m3ua =
            M3ua::new(m3ua::Settings { links: vec![link], servers: vec![server], timers, pending_max: 1000 });
        let rule = |pattern: &str, destination| TranslationRule {
            pattern: pattern.parse().unwrap(),
            destination,
            ..TranslationRule::default()
        };
        let sccp = Sccp::new(sccp::Settings {
            networks: vec![Network {
                id: NET,
                point_codes: vec![2],
                network_indicator: 2,
                remotes: vec![Remote::new(1)],
                subsystems: vec![6],
            }],
            rules: vec![rule("15550001000", Destination::Solitary(1)), rule("*", Destination::Local)],
            ..sccp::Settings::default()
        });
        let map = Map::new(map::Settings::default());
        Self { m3ua: m3ua.unwrap(), sccp: sccp.unwrap(), map, answers: true }
    }

    fn deadline(&self) -> Option<Instant> {
        [self.m3ua.deadline(), self.sccp.deadline(), self.map.deadline()].into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant) {
        self.m3ua.handle(m3ua::Input::Tick, now);
        self.sccp.handle(sccp::Input::Tick, now);
        self.map.handle(map::Input::Tick, now);
    }

    /// The next message of M3UA to send.
    fn poll(&mut self, now: Instant) -> Option<Bytes> {
        loop {
            if let Some(output) = self.m3ua.poll() {
                match output {
                    m3ua::Output::Send { octets, .. } => return Some(octets),
                    m3ua::Output::Transfer { transfer, .. } => {
                        let m3ua::Transfer { opc, dpc, sls, payload, .. } = transfer;
                        let input = sccp::Input::Transfer { network: NET, opc, dpc, sls, payload };
                        self.sccp.handle(input, now);
                    }
                    m3ua::Output::Server { state, .. } => {
                        let reached = state == ServerState::Active;
                        let state =
                            if reached { PointCodeState::Available } else { PointCodeState::Unavailable };
                        self.sccp.handle(sccp::Input::PointCode { network: NET, point_code: 1, state }, now);
                    }
                    _ => {}
                }
            } else if let Some(output) = self.sccp.poll() {
                self.handle_sccp(output, now);
            } else {
                let output = self.map.poll()?;
                self.handle_map(output, now);
            }
        }
    }

    fn handle_sccp(&mut self, output: sccp::Output, now: Instant) {
        match output {
            sccp::Output::Transfer { opc, dpc, sls, payload, .. } => {
                let transfer = m3ua::Transfer {
                    server: ServerId(0),
                    opc,
                    dpc,
                    service_indicator: SCCP_SERVICE,
                    network_indicator: 2,
                    priority: 0,
                    sls,
                    payload,
                };
                self.m3ua.handle(m3ua::Input::Transfer(transfer), now);
            }
            sccp::Output::Unitdata(sccp::Indication { called, calling, data, .. }) => {
                let input = map::Input::Received { local: called, remote: calling, octets: data };
                self.map.handle(input, now);
            }
            _ => {}
        }
    }

    fn handle_map(&mut self, output: map::Output<Address>, now: Instant) {
        match output {
            map::Output::Send { local, remote, octets, sequence, first } => {
                let unitdata = Unitdata {
                    network: NET,
                    called: remote,
                    calling: local,
                    sls: sequence & SLS_MASK,
                    in_sequence: true,
                    return_on_error: first,
                    data: octets,
                };
                self.sccp.handle(sccp::Input::Unitdata(unitdata), now);
            }
            map::Output::Indication { dialogue, invoke_id, .. } if self.answers => {
                let found = RoutingInfoForSmRes {
                    imsi: Imsi::new("001010015550201"),
                    location_info_with_lmsi: LocationInfoWithLmsi {
                        network_node_number: AddressString::international("15550000002"),
                        ..LocationInfoWithLmsi::default()
                    },
                    ..RoutingInfoForSmRes::default()
                };
                let response = Response::SendRoutingInfoForSm(Box::new(found));
                self.map.answer(dialogue, invoke_id, Ok(response), now).unwrap();
            }
            _ => {}
        }
    }
}

#[test]
fn a_question_is_answered_after_a_way_there_and_back() {
    let mut pair = Pair::new(|_| {});
    pair.connect();
    pair.pass(10 * DELAY);
    assert!(pair.serves);
    let dialogue = pair.ask();
    pair.pass(2 * DELAY - Duration::from_millis(1));
    assert!(pair.confirmed.is_empty());
    pair.pass(Duration::from_millis(1));
    assert_eq!(pair.confirmed, [(dialogue, Ok(()))]);
    assert_eq!((pair.near.dialogues(), pair.far.map.len()), (0, 0));
}

#[test]
fn whatever_is_lost_each_dialogue_ends_once() {
    let mut pair = Pair::new(|_| {});
    pair.connect();
    pair.pass(10 * DELAY);
    pair.loss_percent = 20;
    let asked: Vec<DialogueId> = (0..500).map(|_| pair.ask()).collect();
    pair.pass(Duration::from_secs(31));
    let ends = pair.ends();
    assert!(asked.iter().all(|dialogue| ends.contains_key(dialogue)));
    let answered = ends.values().filter(|end| end.is_ok()).count();
    assert!((280..360).contains(&answered), "{answered} of 500 survive two losses of a fifth");
    assert!(ends.values().all(|end| matches!(end, Ok(()) | Err(Failure::Timeout))));
    pair.pass(Duration::from_secs(180));
    assert_eq!((pair.near.dialogues(), pair.far.map.len()), (0, 0));
}

#[test]
fn what_is_asked_while_an_association_comes_back_is_held_and_answered() {
    let mut pair = Pair::new(|_| {});
    pair.connect();
    pair.pass(10 * DELAY);
    let taken_along = pair.ask();
    pair.cut();
    assert!(pair.serves, "for T(r) it may come back");
    let held = pair.ask();
    pair.pass(Duration::from_secs(1));
    pair.connect();
    pair.pass(Duration::from_secs(1));
    assert_eq!(pair.confirmed, [(held, Ok(()))]);
    pair.pass(Duration::from_secs(30));
    assert_eq!(pair.ends().get(&taken_along), Some(&Err(Failure::Timeout)));
}

#[test]
fn what_no_association_takes_is_known_when_it_is_given_up() {
    let mut pair = Pair::new(|_| {});
    pair.connect();
    pair.pass(10 * DELAY);
    pair.cut();
    let held = pair.ask();
    pair.pass(Duration::from_millis(2100));
    assert!(!pair.serves);
    let mtp_failure = Failure::Undelivered(sccp::ReturnCause::MTP_FAILURE.0);
    assert_eq!(pair.confirmed, [(held, Err(mtp_failure))], "after T(r), and not after MAP's timer");
    assert_eq!(pair.near.dialogues(), 0);
}

#[test]
fn a_restarted_association_is_made_active_anew() {
    let mut pair = Pair::new(|_| {});
    pair.connect();
    pair.pass(10 * DELAY);
    pair.wire.clear();
    pair.near.handle(Input::Restarted { link: LINK }, pair.now);
    pair.far.m3ua.handle(m3ua::Input::Restarted { link: LINK }, pair.now);
    pair.settle();
    pair.pass(Duration::from_secs(1));
    let dialogue = pair.ask();
    pair.pass(2 * DELAY);
    assert_eq!(pair.confirmed, [(dialogue, Ok(()))]);
}

#[test]
fn a_hundred_thousand_unanswered_dialogues_leave_nothing() {
    let mut pair = Pair::new(|config| config.dialogues_max = 100_000);
    pair.connect();
    pair.pass(10 * DELAY);
    pair.loss_percent = 100;
    for _ in 0..100_000 {
        pair.ask();
    }
    assert_eq!(pair.near.dialogues(), 100_000);
    pair.pass(Duration::from_secs(31));
    assert_eq!(pair.near.dialogues(), 0);
    assert_eq!(pair.confirmed.len(), 100_000);
    assert!(pair.ends().values().all(|end| *end == Err(Failure::Timeout)));
}
