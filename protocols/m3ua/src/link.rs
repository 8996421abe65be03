//! What is known of one association: both processes on it, and each application server it carries.

use std::time::Instant;

use crate::destinations::Destinations;
use crate::{AspState, Exchange, LinkSettings, Role, ServerId, Settings};

/// The state of our own process for one application server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Own {
    /// Inactive, and to become active.
    Idle,
    /// REG REQ is out.
    Registering,
    /// ASPAC is out.
    Activating,
    /// ASPAC is acknowledged.
    Active,
    /// ASPIA is out.
    Deactivating,
    /// Overridden by another process; waits until that one is gone.
    Standby,
}

/// One application server on one link.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) server: ServerId,
    pub(crate) own: Own,
    /// Whether the peer's process is active.
    pub(crate) peer_active: bool,
    /// Until when traffic is taken that was sent while active, and overtaken on another stream.
    pub(crate) lingers: Option<Instant>,
    /// From the settings, from registration, or as the peer gave it.
    pub(crate) routing_context: Option<u32>,
    /// Registration is needed, and is not done.
    pub(crate) unregistered: bool,
    /// What the peer has said of point codes; kept when the association is lost, and asked for again.
    pub(crate) destinations: Destinations,
}

/// How far a farewell has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Farewell {
    Inactive,
    Deregister,
    Down,
    Closed,
}

/// Heartbeats of ours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beat {
    pub(crate) due: Option<Instant>,
    pub(crate) unanswered: u8,
    pub(crate) count: u64,
}

#[derive(Debug)]
pub(crate) struct Link {
    /// We send ASPUP and ASPAC.
    pub(crate) asks: bool,
    /// We take ASPUP and ASPAC.
    pub(crate) answers: bool,
    /// Each direction has its own state.
    double: bool,
    /// The peer is an ASP, to be told of the application servers' states.
    pub(crate) notifies: bool,
    initiates: bool,
    /// In a double exchange: our turn to ask has come.
    pub(crate) prompted: bool,
    /// Streams to send on, while the association is up.
    pub(crate) streams: Option<u16>,
    pub(crate) congested: bool,
    /// Our ASPUP is acknowledged.
    pub(crate) own_up: bool,
    /// The peer's ASPUP is acknowledged.
    pub(crate) peer_up: bool,
    pub(crate) peer_identifier: Option<u32>,
    pub(crate) members: Vec<Member>,
    /// When to repeat what is not acknowledged.
    pub(crate) due: Option<Instant>,
    /// When to ask for destinations that are not available.
    pub(crate) audit_due: Option<Instant>,
    pub(crate) beat: Beat,
    pub(crate) farewell: Option<Farewell>,
    /// The state as it was last put out.
    pub(crate) reported: AspState,
}

impl Link {
    pub(crate) fn new(link: &LinkSettings, settings: &Settings) -> Self {
        let (asks, answers, double, initiates) = match link.role {
            Role::Asp => (true, false, false, true),
            Role::Sgp => (false, true, false, false),
            Role::Ipsp { exchange: Exchange::Single, initiates } => (initiates, true, false, initiates),
            Role::Ipsp { exchange: Exchange::Double, initiates } => (true, true, true, initiates),
        };
        let member = |&server: &ServerId| {
            let found = settings.servers.get(usize::from(server.0));
            Member {
                server,
                own: Own::Idle,
                peer_active: false,
                lingers: None,
                routing_context: found.and_then(|server| server.routing_context),
                unregistered: found.is_some_and(|server| server.registers.is_some()),
                destinations: Destinations::default(),
            }
        };
        Self {
            asks,
            answers,
            double,
            notifies: link.role == Role::Sgp,
            initiates,
            prompted: false,
            streams: None,
            congested: false,
            own_up: false,
            peer_up: false,
            peer_identifier: None,
            members: link.servers.iter().map(member).collect(),
            due: None,
            audit_due: None,
            beat: Beat::default(),
            farewell: None,
            reported: AspState::Down,
        }
    }

    /// Takes note that the association is up.
    pub(crate) fn connect(&mut self, streams: u16) {
        self.streams = Some(streams.max(1));
        self.prompted = self.initiates;
    }

    /// Forgets what ends with the association.
    pub(crate) fn disconnect(&mut self, settings: &Settings) {
        self.streams = None;
        self.congested = false;
        (self.own_up, self.peer_up, self.prompted) = (false, false, false);
        (self.due, self.audit_due, self.farewell) = (None, None, None);
        self.peer_identifier = None;
        self.beat = Beat::default();
        for member in &mut self.members {
            let found = settings.servers.get(usize::from(member.server.0));
            member.routing_context = found.and_then(|server| server.routing_context);
            member.unregistered = found.is_some_and(|server| server.registers.is_some());
            member.own = Own::Idle;
            member.peer_active = false;
            member.lingers = None;
        }
    }

    /// Whether it is our turn to become up and active.
    pub(crate) fn pursues(&self) -> bool {
        self.asks && self.prompted && self.streams.is_some() && self.farewell.is_none()
    }

    /// Whether traffic of the member may be sent.
    pub(crate) fn sends(&self, member: &Member) -> bool {
        if self.streams.is_none() || self.farewell.is_some() {
            return false;
        }
        member.peer_active || (!self.double && member.own == Own::Active)
    }

    /// Whether traffic of the member may come in. It may overtake an acknowledgement on another stream,
    /// and be overtaken by one.
    pub(crate) fn receives(&self, member: &Member, now: Instant) -> bool {
        let own = matches!(member.own, Own::Activating | Own::Active | Own::Deactivating);
        own || (!self.double && member.peer_active) || member.lingers.is_some_and(|until| now < until)
    }

    /// Whether what the peer says of the network counts: it does from a gateway to an active process.
    pub(crate) fn heeds(&self, member: &Member) -> bool {
        member.own == Own::Active || (!self.double && member.peer_active)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.own_up || self.peer_up
    }

    pub(crate) fn state(&self) -> AspState {
        let active = |member: &Member| self.sends(member) && self.heeds(member);
        match self.streams {
            Some(_) if self.members.iter().any(active) => AspState::Active,
            Some(_) if self.is_up() => AspState::Inactive,
            _ => AspState::Down,
        }
    }

    pub(crate) fn member(&self, server: ServerId) -> Option<&Member> {
        self.members.iter().find(|member| member.server == server)
    }

    pub(crate) fn member_mut(&mut self, server: ServerId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.server == server)
    }

    /// The members that the routing contexts name, and the contexts that name none.
    ///
    /// Without a context, and with one member, that one is meant. A sole member without a context takes
    /// any: its peer's configuration has one, ours does not.
    pub(crate) fn named(&self, contexts: &[u32]) -> (Vec<ServerId>, Vec<u32>) {
        if let [only] = self.members.as_slice()
            && (contexts.is_empty() || (only.routing_context.is_none() && contexts.len() == 1))
        {
            return (vec![only.server], Vec::new());
        }
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for &context in contexts {
            match self.members.iter().find(|member| member.routing_context == Some(context)) {
                Some(member) if known.contains(&member.server) => {}
                Some(member) => known.push(member.server),
                None => unknown.push(context),
            }
        }
        (known, unknown)
    }

    /// The stream for traffic: never 0 if there is another, always one that exists (RFC 4666 §1.4.7).
    pub(crate) fn stream(&self, sls: u8) -> u16 {
        let others = self.streams.unwrap_or(1).saturating_sub(1);
        u16::from(sls).checked_rem(others).map_or(0, |stream| stream.saturating_add(1))
    }
}
