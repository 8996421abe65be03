//! The signalling gateway's protocol stack: M3UA and SCCP above the associations.

use std::io;
use std::time::Instant;

use bytes::Bytes;
use m3ua::{
    AspState, LinkId, LinkSettings, M3ua, Role, ServerId, ServerSettings, ServerState, Timers, Transfer,
};
use sccp::{
    Destination, Indication, Network, NetworkId, PointCodeState, Remote, Sccp, TranslationRule, Unitdata,
};

use super::associations::{ASSOCIATIONS_MAX, AssociationEvent, AssociationState, Associations};
use super::settings::{NodeKind, Settings};

/// The one application server: the centre.
const SERVER: ServerId = ServerId(0);
/// The one routing domain.
const NETWORK: NetworkId = NetworkId(0);
/// Service indicator of SCCP.
const SCCP: u8 = 3;
/// The subsystem of a VLR, which some centres address instead of the MSC.
const VLR: u8 = 7;
/// Transfers queued while no ASP is active.
const PENDING_MAX: usize = 10_000;

/// A primitive of SCCP to its users.
pub(super) enum SccpIndication {
    /// N-UNITDATA indication: a message arrived.
    Unitdata(Indication),
    /// N-NOTICE indication: a sent message was returned.
    Notice { data: Bytes, cause: u8 },
}

/// The stack of the gateway.
pub(super) struct Stack {
    m3ua: M3ua,
    sccp: Sccp,
    associations: Associations,
    point_code: u32,
    peer_point_code: u32,
    network_indicator: u8,
    /// Messages that were not written.
    pub(super) dropped: u64,
    /// Whether an association has changed since the engine last cleared it.
    pub(super) changed: bool,
}

impl Stack {
    /// A gateway without associations.
    pub(super) fn new(settings: &Settings, associations: Associations) -> io::Result<Self> {
        let wrong =
            |error: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidInput, error.to_string());
        Ok(Self {
            m3ua: M3ua::new(m3ua_settings(settings)).map_err(|error| wrong(&error))?,
            sccp: Sccp::new(sccp_settings(settings).map_err(|error| wrong(&error))?)
                .map_err(|error| wrong(&error))?,
            associations,
            point_code: settings.point_code,
            peer_point_code: settings.peer_point_code,
            network_indicator: settings.network_indicator,
            dropped: 0,
            changed: false,
        })
    }

    /// Handles an event of an association.
    pub(super) fn handle(&mut self, event: AssociationEvent, now: Instant) {
        match event {
            AssociationEvent::Accepted(association) => {
                if let Some((link, streams)) = self.associations.accept(association) {
                    self.m3ua.handle(m3ua::Input::Connected { link, streams }, now);
                }
                self.changed = true;
            }
            AssociationEvent::Received { link, generation, events } => {
                if self.associations.is_current(link, generation) {
                    for event in events {
                        self.handle_event(link, event, now);
                    }
                }
            }
            AssociationEvent::Lost { link, generation } => {
                if self.associations.is_current(link, generation) {
                    self.associations.remove(link);
                    self.m3ua.handle(m3ua::Input::Lost { link }, now);
                    self.changed = true;
                }
            }
        }
    }

    /// Sends a message of a user.
    pub(super) fn send(
        &mut self,
        called: sccp::Address,
        calling: sccp::Address,
        request: UnitdataRequest,
        now: Instant,
    ) {
        let UnitdataRequest { sls, return_on_error, data } = request;
        let unitdata =
            Unitdata { network: NETWORK, called, calling, sls, in_sequence: true, return_on_error, data };
        self.sccp.handle(sccp::Input::Unitdata(unitdata), now);
    }

    /// Sends an encoded SCCP message.
    pub(super) fn send_raw(&mut self, payload: Bytes, sls: u8, now: Instant) {
        self.transfer(self.point_code, self.peer_point_code, sls, payload, now);
    }

    /// Octets of user data that fit into one message between these addresses.
    pub(super) fn user_data_max(&self, called: &sccp::Address, calling: &sccp::Address) -> usize {
        self.sccp.room(NETWORK, called, calling)
    }

    /// Aborts an association.
    pub(super) fn kill(&self, number: u16) {
        self.associations.kill(LinkId(number));
    }

    /// Deactivates and closes every association.
    pub(super) fn stop(&mut self, now: Instant) {
        self.m3ua.handle(m3ua::Input::Stop, now);
    }

    /// Executes expired timers.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.m3ua.deadline().is_some_and(|due| due <= now) {
            self.m3ua.handle(m3ua::Input::Tick, now);
        }
        if self.sccp.deadline().is_some_and(|due| due <= now) {
            self.sccp.handle(sccp::Input::Tick, now);
        }
    }

    /// The next primitive for a user of SCCP, or `None` when all is done.
    pub(super) fn poll(&mut self, now: Instant) -> Option<SccpIndication> {
        loop {
            while let Some(output) = self.m3ua.poll() {
                self.apply(output, now);
            }
            match self.sccp.poll()? {
                sccp::Output::Transfer { opc, dpc, sls, payload, .. } => {
                    self.transfer(opc, dpc, sls, payload, now);
                }
                sccp::Output::Unitdata(indication) => return Some(SccpIndication::Unitdata(indication)),
                sccp::Output::Notice { cause, data, .. } => {
                    return Some(SccpIndication::Notice { data, cause: cause.0 });
                }
                sccp::Output::Subsystem { .. }
                | sccp::Output::Refused { .. }
                | sccp::Output::Discarded { .. } => {}
            }
        }
    }

    /// Passes queued messages to the associations.
    pub(super) fn flush(&mut self) {
        self.dropped += self.associations.flush() as u64;
    }

    /// When [`tick`](Self::tick) is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.m3ua.deadline().into_iter().chain(self.sccp.deadline()).min()
    }

    /// The states of all associations.
    pub(super) fn associations(&self) -> Vec<AssociationState> {
        let state = |link| match self.m3ua.link_state(link) {
            AspState::Down => "down",
            AspState::Inactive => "inactive",
            AspState::Active => "active",
        };
        let peers = self.associations.peers();
        peers.map(|(link, peer)| AssociationState { number: link.0, peer, state: state(link) }).collect()
    }

    fn handle_event(&mut self, link: LinkId, event: sctp::Event, now: Instant) {
        let input = match event {
            sctp::Event::Message(message) => {
                m3ua::Input::Received { link, stream: message.stream, octets: message.octets }
            }
            sctp::Event::Restarted => m3ua::Input::Restarted { link },
            sctp::Event::Congested(congested) => m3ua::Input::Congested { link, congested },
            // AssociationEvent::Lost follows.
            sctp::Event::Closed => return,
        };
        self.m3ua.handle(input, now);
    }

    fn apply(&mut self, output: m3ua::Output, now: Instant) {
        match output {
            m3ua::Output::Send { link, stream, octets } => self.associations.queue(link, stream, octets),
            m3ua::Output::Close { link } => self.associations.close(link),
            m3ua::Output::Transfer { transfer, .. } => {
                let Transfer { opc, dpc, sls, service_indicator, payload, .. } = transfer;
                if service_indicator == SCCP {
                    let input = sccp::Input::Transfer { network: NETWORK, opc, dpc, sls, payload };
                    self.sccp.handle(input, now);
                }
            }
            m3ua::Output::Discarded(_) => self.dropped += 1,
            m3ua::Output::Server { state, .. } => {
                let state = match state {
                    ServerState::Active => PointCodeState::Available,
                    // Transfers are queued while T(r) runs.
                    ServerState::Pending => return,
                    ServerState::Down | ServerState::Inactive => PointCodeState::Unavailable,
                };
                let point_code = self.peer_point_code;
                self.sccp.handle(sccp::Input::PointCode { network: NETWORK, point_code, state }, now);
            }
            m3ua::Output::Link { .. } => self.changed = true,
            m3ua::Output::Refused { code, sent, .. } => {
                tracing::debug!(code, sent, "an M3UA message was refused");
            }
            m3ua::Output::PointCode { .. } | m3ua::Output::UserUnavailable { .. } => {}
        }
    }

    fn transfer(&mut self, opc: u32, dpc: u32, sls: u8, payload: Bytes, now: Instant) {
        let transfer = Transfer {
            server: SERVER,
            opc,
            dpc,
            service_indicator: SCCP,
            network_indicator: self.network_indicator,
            priority: 0,
            sls,
            payload,
        };
        self.m3ua.handle(m3ua::Input::Transfer(transfer), now);
    }
}

/// An N-UNITDATA request, without its addresses.
pub(super) struct UnitdataRequest {
    /// Signalling link selection.
    pub(super) sls: u8,
    /// Whether SCCP returns it if it cannot be delivered.
    pub(super) return_on_error: bool,
    /// User data.
    pub(super) data: Bytes,
}

fn m3ua_settings(settings: &Settings) -> m3ua::Settings {
    let link = |number| LinkSettings {
        name: format!("centre {number}"),
        role: Role::Sgp,
        asp_identifier: None,
        servers: vec![SERVER],
    };
    m3ua::Settings {
        links: (0..ASSOCIATIONS_MAX).map(link).collect(),
        servers: vec![ServerSettings {
            name: "centre".to_owned(),
            routing_context: settings.routing_context,
            network_appearance: settings.network_appearance,
            traffic_mode: settings.traffic_mode,
            minimum_active: 1,
            registers: None,
            point_codes: vec![settings.point_code],
        }],
        timers: Timers::default(),
        pending_max: PENDING_MAX,
    }
}

fn sccp_settings(settings: &Settings) -> Result<sccp::Settings, sccp::Error> {
    let mut rules = Vec::new();
    for title in std::iter::once(&settings.global_title).chain(&settings.other_global_titles) {
        rules.push(TranslationRule {
            pattern: title.parse()?,
            destination: Destination::Solitary(settings.peer_point_code),
            ..TranslationRule::default()
        });
    }
    // The HLR answers for every number.
    rules.push(TranslationRule { destination: Destination::Local, ..TranslationRule::default() });
    let remote = Remote { takes_xudt: true, ..Remote::new(settings.peer_point_code) };
    let kinds = [NodeKind::Hlr, NodeKind::Msc, NodeKind::Sgsn].map(NodeKind::subsystem);
    let first = u32::try_from(settings.seed & 0x00ff_ffff).unwrap_or_default();
    Ok(sccp::Settings {
        networks: vec![Network {
            id: NETWORK,
            point_codes: vec![settings.point_code],
            network_indicator: settings.network_indicator,
            remotes: vec![remote],
            subsystems: kinds.into_iter().chain([VLR]).collect(),
        }],
        rules,
        local_reference: first,
        ..sccp::Settings::default()
    })
}
