//! Test fixture: one node in virtual time, with addresses, rules and messages for the tests.

#![allow(dead_code, reason = "each file of tests takes what it needs")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use sccp::message::{Form, Message, Purpose, Segmentation};
use sccp::{
    Address, Destination, GlobalTitle, Indication, Input, Network, NetworkId, Output, PointCodeState, Remote,
    ReturnCause, RoutingIndicator, Sccp, Settings, TranslationRule, Unitdata,
};

pub(crate) const NET: NetworkId = NetworkId(1);
pub(crate) const OWN: u32 = 1;
/// Supports UDT alone.
pub(crate) const PLAIN: u32 = 2;
/// Supports XUDT.
pub(crate) const EXTENDED: u32 = 3;
/// Supports LUDT.
pub(crate) const LONG: u32 = 4;
/// Supports UDT; its subsystem 6 is a concerned one.
pub(crate) const WATCHED: u32 = 5;

pub(crate) struct Station {
    pub(crate) sccp: Sccp,
    pub(crate) now: Instant,
}

impl Station {
    /// A node with every remote point available and every concerned subsystem allowed: no timer runs.
    pub(crate) fn new() -> Self {
        let mut station = Self::with(settings());
        station.receive(WATCHED, &management(SSA, 6, WATCHED));
        station
    }

    /// A node with every remote point available.
    pub(crate) fn with(settings: Settings) -> Self {
        let remotes: Vec<_> =
            settings.networks.iter().map(|network| (network.id, network.remotes.clone())).collect();
        let mut station = Self::without_points(settings);
        for (network, remotes) in remotes {
            for remote in remotes {
                station.point(network, remote.point_code, PointCodeState::Available);
            }
        }
        station
    }

    /// A node in its initial state.
    pub(crate) fn without_points(settings: Settings) -> Self {
        #[expect(clippy::disallowed_methods, reason = "one instant to begin with")]
        let now = Instant::now();
        Self { sccp: Sccp::new(settings).unwrap(), now }
    }

    pub(crate) fn input(&mut self, input: Input) -> Vec<Output> {
        self.sccp.handle(input, self.now);
        std::iter::from_fn(|| self.sccp.poll()).collect()
    }

    pub(crate) fn point(
        &mut self,
        network: NetworkId,
        point_code: u32,
        state: PointCodeState,
    ) -> Vec<Output> {
        self.input(Input::PointCode { network, point_code, state })
    }

    /// A message from the network.
    pub(crate) fn receive(&mut self, opc: u32, message: &Message) -> Vec<Output> {
        self.octets(opc, message.encode().unwrap())
    }

    pub(crate) fn octets(&mut self, opc: u32, payload: Bytes) -> Vec<Output> {
        self.input(Input::Transfer { network: NET, opc, dpc: OWN, sls: 5, payload })
    }

    /// Sends a message of a local user to this number, of this many octets.
    pub(crate) fn send_unitdata(&mut self, digits: &str, octets: usize) -> Vec<Output> {
        self.input(Input::Unitdata(unitdata(title(digits, 6), octets)))
    }

    /// Advances the clock, with a tick whenever one is due.
    pub(crate) fn pass(&mut self, time: Duration) -> Vec<Output> {
        let end = self.now + time;
        let mut outputs = Vec::new();
        while let Some(due) = self.sccp.deadline().filter(|due| *due <= end) {
            self.now = due;
            outputs.extend(self.input(Input::Tick));
        }
        self.now = end;
        outputs
    }
}

pub(crate) fn title(digits: &str, subsystem: u8) -> Address {
    Address::gt(GlobalTitle::e164(digits).unwrap(), subsystem)
}

/// The local address.
pub(crate) fn local_address() -> Address {
    title("15550000001", 8)
}

pub(crate) fn unitdata(called: Address, octets: usize) -> Unitdata {
    Unitdata {
        network: NET,
        called,
        calling: local_address(),
        sls: 9,
        in_sequence: false,
        return_on_error: true,
        data: numbered(octets),
    }
}

/// Octets in which a missing, duplicate or misplaced one is detectable.
pub(crate) fn numbered(octets: usize) -> Bytes {
    (0..octets).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

pub(crate) fn rule(pattern: &str, destination: Destination) -> TranslationRule {
    TranslationRule { pattern: pattern.parse().unwrap(), destination, ..TranslationRule::default() }
}

/// 1555 is local; numbers with the prefix 2, 3, 4 or 5 are at the point of that number; 52 routes on SSN.
pub(crate) fn settings() -> Settings {
    Settings {
        networks: vec![Network {
            id: NET,
            point_codes: vec![OWN],
            network_indicator: 2,
            remotes: vec![
                Remote::new(PLAIN),
                Remote { takes_xudt: true, ..Remote::new(EXTENDED) },
                Remote { takes_xudt: true, ludt_octets_max: Some(1_000), ..Remote::new(LONG) },
                Remote { subsystems: vec![6], ..Remote::new(WATCHED) },
            ],
            subsystems: vec![8],
        }],
        rules: vec![
            rule("1555*", Destination::Local),
            rule("2*", Destination::Solitary(PLAIN)),
            rule("3*", Destination::Solitary(EXTENDED)),
            rule("4*", Destination::Solitary(LONG)),
            TranslationRule { routing: RoutingIndicator::Ssn, ..rule("52*", Destination::Solitary(WATCHED)) },
            rule("51*", Destination::Solitary(WATCHED)),
        ],
        ..Settings::default()
    }
}

/// A message as sent by a peer.
pub(crate) fn from_peer(form: Form, called: Address, return_on_error: bool) -> Message {
    let purpose = Purpose::Data { in_sequence: false, return_on_error };
    Message::new(form, purpose, called, title("21234567890", 6), numbered(40))
}

/// One segment of the message `whole`, cut at every `room` octets.
pub(crate) fn segments_of(whole: &Bytes, room: usize, reference: u32) -> Vec<Message> {
    let pieces: Vec<Bytes> = whole.chunks(room).map(Bytes::copy_from_slice).collect();
    let count = pieces.len();
    pieces
        .into_iter()
        .enumerate()
        .map(|(at, data)| Message {
            purpose: Purpose::Data { in_sequence: true, return_on_error: at == 0 },
            segmentation: Some(Segmentation {
                first: at == 0,
                in_sequence: false,
                remaining: u8::try_from(count - 1 - at).unwrap(),
                reference,
            }),
            data,
            ..from_peer(Form::Extended, local_address(), true)
        })
        .collect()
}

/// The messages sent: destination, SLS and message.
pub(crate) fn sent(outputs: &[Output]) -> Vec<(u32, u8, Message)> {
    let transfer = |output: &Output| match output {
        Output::Transfer { dpc, sls, payload, .. } => Some((*dpc, *sls, Message::decode(payload).unwrap())),
        _ => None,
    };
    outputs.iter().filter_map(transfer).collect()
}

/// The only message sent.
pub(crate) fn one_sent(outputs: &[Output]) -> (u32, Message) {
    let mut all = sent(outputs);
    assert_eq!(all.len(), 1, "{outputs:?}");
    let (dpc, _, message) = all.remove(0);
    (dpc, message)
}

/// The only message for a user.
pub(crate) fn one_indication(outputs: &[Output]) -> &Indication {
    let [Output::Unitdata(indication)] = outputs else { panic!("{outputs:?}") };
    indication
}

/// The cause of the only notice to a user.
pub(crate) fn notice(outputs: &[Output]) -> ReturnCause {
    let [Output::Notice { cause, .. }] = outputs else { panic!("{outputs:?}") };
    *cause
}

/// The message returned to the peer, and the cause counted.
pub(crate) fn returned(outputs: &[Output]) -> (u32, Message, ReturnCause) {
    let [Output::Transfer { dpc, payload, .. }, Output::Refused { cause, returned: true, .. }] = outputs
    else {
        panic!("{outputs:?}")
    };
    let message = Message::decode(payload).unwrap();
    assert_eq!(message.purpose, Purpose::Service(*cause));
    (*dpc, message, *cause)
}

/// The cause of a refusal that was counted without a return.
pub(crate) fn refused(outputs: &[Output]) -> ReturnCause {
    let [Output::Refused { cause, returned: false, .. }] = outputs else { panic!("{outputs:?}") };
    *cause
}

/// A management message: format identifier, subsystem, affected point code.
pub(crate) fn management(kind: u8, subsystem: u8, affected: u32) -> Message {
    let [low, high, ..] = affected.to_le_bytes();
    let purpose = Purpose::Data { in_sequence: false, return_on_error: false };
    let data = Bytes::copy_from_slice(&[kind, subsystem, low, high, 0]);
    Message::new(Form::Basic, purpose, Address::ssn(None, 1), Address::ssn(None, 1), data)
}

pub(crate) const SSA: u8 = 1;
pub(crate) const SSP: u8 = 2;
pub(crate) const SST: u8 = 3;
