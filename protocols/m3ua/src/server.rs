//! Application server: state machine, and the queue of traffic while pending (RFC 4666 §4.3.2).

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::node::{M3ua, later};
use crate::{
    Availability, LinkId, Output, Role, ServerId, ServerSettings, ServerState, Settings, TrafficMode,
    Transfer,
};

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) state: ServerState,
    /// The links that carry it, in order.
    pub(crate) links: Vec<LinkId>,
    /// When held traffic is discarded: T(r) after the last process, or after all links were congested.
    pub(crate) due: Option<Instant>,
    pub(crate) held: VecDeque<Transfer>,
    /// At an SGP: states of point codes, from the network.
    pub(crate) network: BTreeMap<u32, Availability>,
    /// Active processes required for AS-ACTIVE.
    minimum: usize,
    /// Fewer than that are active, and the others were notified.
    insufficient: bool,
}

impl Server {
    pub(crate) fn new(id: ServerId, server: &ServerSettings, settings: &Settings) -> Self {
        let carrying = (0..=u16::MAX).zip(&settings.links).filter(|(_, link)| link.servers.contains(&id));
        let gateway = carrying.clone().any(|(_, link)| link.role == Role::Sgp);
        let several = gateway && server.traffic_mode != TrafficMode::Override;
        Self {
            state: ServerState::Down,
            links: carrying.map(|(number, _)| LinkId(number)).collect(),
            due: None,
            held: VecDeque::new(),
            network: BTreeMap::new(),
            minimum: if several { usize::from(server.minimum_active).max(1) } else { 1 },
            insufficient: false,
        }
    }
}

impl M3ua {
    /// Updates the state from the states of its links.
    pub(crate) fn update_server(&mut self, id: ServerId, now: Instant) {
        let (up, active) = self.counts(id);
        let recovery = later(now, self.settings.timers.recovery);
        let stopping = self.stopping;
        let Some(server) = self.server_mut(id) else { return };
        let unserved = if up > 0 { ServerState::Inactive } else { ServerState::Down };
        let state = match server.state {
            ServerState::Active | ServerState::Pending if active > 0 => ServerState::Active,
            ServerState::Active | ServerState::Pending if stopping => unserved,
            ServerState::Active | ServerState::Pending => ServerState::Pending,
            ServerState::Inactive | ServerState::Down if active >= server.minimum => ServerState::Active,
            ServerState::Inactive | ServerState::Down => unserved,
        };
        let insufficient = state == ServerState::Active && active < server.minimum;
        let shortage = insufficient && !std::mem::replace(&mut server.insufficient, insufficient);
        server.insufficient = insufficient;
        if state != server.state {
            server.due = (state == ServerState::Pending).then_some(recovery);
            self.enter(id, state, now);
        }
        if shortage {
            self.notify_shortage(id);
        }
    }

    /// T(r) has expired: discards held traffic; a pending server becomes inactive or down.
    pub(crate) fn recovery_expired(&mut self, id: ServerId) {
        let (up, _) = self.counts(id);
        let Some(server) = self.server_mut(id) else { return };
        server.due = None;
        if server.state == ServerState::Pending {
            let state = if up > 0 { ServerState::Inactive } else { ServerState::Down };
            server.state = state;
            self.outputs.push_back(Output::Server { server: id, state });
            self.notify_state(id, None);
        }
        self.discard_held(id);
    }

    fn enter(&mut self, id: ServerId, state: ServerState, now: Instant) {
        let Some(server) = self.server_mut(id) else { return };
        server.state = state;
        self.outputs.push_back(Output::Server { server: id, state });
        self.notify_state(id, None);
        match state {
            ServerState::Active => self.release(id, now),
            ServerState::Pending => {
                self.links_of(id).into_iter().for_each(|link| self.advance(link, false, now));
            }
            ServerState::Inactive | ServerState::Down => self.discard_held(id),
        }
    }

    fn discard_held(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(usize::from(id.0)) else { return };
        self.outputs.extend(server.held.drain(..).map(Output::Discarded));
    }

    /// The number of links that are up, and of links that may carry its traffic.
    fn counts(&self, id: ServerId) -> (usize, usize) {
        let Some(server) = self.server(id) else { return (0, 0) };
        let links = || server.links.iter().filter_map(|&link| self.link(link));
        let up = links().filter(|link| link.streams.is_some() && link.is_up()).count();
        let active = links().filter(|link| link.member(id).is_some_and(|member| link.sends(member))).count();
        (up, active)
    }
}
