//! One SCCP node: state, and dispatch of inputs to routing, connectionless control and management (Q.714).
//!
//! The submodules are the blocks of Q.714: routing control ([`scrc`]), connectionless control
//! ([`sclc`]) with its [`reassembly`], and management ([`scmg`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use bytes::Bytes;

use crate::message::{Message, Purpose};
use crate::settings::{Limits, Settings, Timers};
use crate::{Address, Discard, Error, Input, NetworkId, Output, TranslationRule, Unitdata};

mod domain;
mod reassembly;
mod sclc;
mod scmg;
mod scrc;

use domain::Domain;
use reassembly::{Key, Reassemblies};

/// SCCP connectionless of one node, in all of its routing domains.
///
/// Pass each event to [`Sccp::handle`]; then take [`Sccp::poll`] until it is empty, and wait for the
/// next event or for [`Sccp::deadline`]. One input causes a bounded number of outputs:
/// at most 17 for each destination of a broadcast, and one for each subsystem of a point.
#[derive(Debug)]
pub struct Sccp {
    domains: BTreeMap<NetworkId, Domain>,
    rules: Vec<TranslationRule>,
    timers: Timers,
    limits: Limits,
    /// The running timers. The owner of a timer keeps its instant, to cancel it.
    due: BTreeSet<(Instant, Due)>,
    reassemblies: Reassemblies,
    /// Of the next segmented message; 24 bits.
    reference: u32,
    /// Whether messages to other nodes are relayed.
    relays: bool,
    outputs: VecDeque<Output>,
}

/// The purpose of a timer.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Due {
    Reassembly(Key),
    Status { network: NetworkId, point_code: u32, subsystem: u8 },
    Congestion { network: NetworkId, point_code: u32 },
}

/// A message with its routing domain and origin.
#[derive(Clone, Debug)]
struct RoutedMessage {
    network: NetworkId,
    origin: Origin,
    sls: u8,
    message: Message,
}

/// The origin of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Origin {
    /// A local user, sending from this local point code.
    User { opc: u32 },
    /// The layer below.
    Network { opc: u32, dpc: u32 },
}

impl Sccp {
    /// A node in its initial state: every remote point is prohibited.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] or [`Error::Rule`] where the settings contradict themselves.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        settings.check()?;
        Ok(Self {
            domains: settings
                .networks
                .into_iter()
                .map(|network| (network.id, Domain::new(network)))
                .collect(),
            rules: settings.rules,
            timers: settings.timers,
            limits: settings.limits,
            due: BTreeSet::new(),
            reassemblies: Reassemblies::default(),
            reference: settings.local_reference & 0x00ff_ffff,
            relays: settings.relays,
            outputs: VecDeque::new(),
        })
    }

    /// Applies one input.
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Transfer { network, opc, dpc, sls, payload } => {
                self.transfer(network, Origin::Network { opc, dpc }, sls, &payload, now);
            }
            Input::Unitdata(unitdata) => self.unitdata(unitdata, now),
            Input::PointCode { network, point_code, state } => {
                self.point_code(network, point_code, state, now);
            }
            Input::UserUnavailable { network, point_code } => self.user_unavailable(network, point_code, now),
            Input::Subsystem { network, subsystem, up } => self.local_subsystem(network, subsystem, up),
            Input::Tick => self.tick(now),
        }
    }

    /// The next output, or `None` if there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(instant, _)| *instant)
    }

    /// The octets of user data that fit one unsegmented message from `calling` to `called`, at any
    /// destination of its translation, accessible or not. Without a translation, the capacity of one UDT.
    pub fn room(&self, network: NetworkId, called: &Address, calling: &Address) -> usize {
        self.room_of(network, called, calling)
    }

    fn unitdata(&mut self, unitdata: Unitdata, now: Instant) {
        let Unitdata { network, called, calling, sls, in_sequence, return_on_error, data } = unitdata;
        let opc = self.domains.get(&network).map_or(0, |domain| domain.own_point_code(&calling));
        let purpose = Purpose::Data { in_sequence, return_on_error };
        let message = Message::new(crate::message::Form::Basic, purpose, called, calling, data);
        self.route(RoutedMessage { network, origin: Origin::User { opc }, sls, message }, now);
    }

    fn transfer(&mut self, network: NetworkId, origin: Origin, sls: u8, payload: &Bytes, now: Instant) {
        let Origin::Network { opc, dpc } = origin else { return };
        let discard = |reason| Output::Discarded { network, opc, reason };
        if !self.domains.get(&network).is_some_and(|domain| domain.is_own(dpc)) {
            self.outputs.push_back(discard(Discard::NotOurs));
            return;
        }
        match Message::decode(payload) {
            Ok(message) => self.route(RoutedMessage { network, origin, sls, message }, now),
            Err(error) => self.outputs.push_back(discard(Discard::Malformed(error))),
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Some((instant, _)) = self.due.first()
            && *instant <= now
            && let Some((instant, due)) = self.due.pop_first()
        {
            match due {
                Due::Reassembly(key) => self.reassembly_expired(&key),
                Due::Status { network, point_code, subsystem } => {
                    self.status_expired(network, point_code, subsystem, instant, now);
                }
                Due::Congestion { network, point_code } => {
                    if let Some(remote) = self.remote(network, point_code) {
                        remote.congestion = None;
                    }
                }
            }
        }
    }

    fn remote(&mut self, network: NetworkId, point_code: u32) -> Option<&mut domain::RemotePoint> {
        self.domains.get_mut(&network)?.remotes.get_mut(&point_code)
    }
}
