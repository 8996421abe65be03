//! State of one association: local and peer process, and each application server on it (RFC 4666 §4.3.1).

use std::time::Instant;

use crate::destinations::Destinations;
use crate::{AspState, Exchange, LinkSettings, Role, ServerId, Settings};

/// The state of the local process for one application server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ProcessState {
    /// Inactive, activation due.
    Idle,
    /// REG REQ is sent.
    Registering,
    /// ASPAC is sent.
    Activating,
    /// ASPAC is acknowledged.
    Active,
    /// ASPIA is sent.
    Deactivating,
    /// Overridden by another process, until that one is no longer active.
    Standby,
}

/// One application server on one link.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) server: ServerId,
    pub(crate) own: ProcessState,
    /// Whether the peer's process is active.
    pub(crate) peer_active: bool,
    /// The end of the time for traffic sent while active and overtaken on another stream.
    pub(crate) accept_until: Option<Instant>,
    /// From the settings, from registration, or from the peer.
    pub(crate) routing_context: Option<u32>,
    /// Registration is required and not done.
    pub(crate) unregistered: bool,
    /// Destination states from the peer; kept through a loss of the association, and audited after it.
    pub(crate) destinations: Destinations,
}

/// The progress of a shutdown.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Shutdown {
    Inactive,
    Deregister,
    Down,
    Closed,
}

/// State of the local heartbeats.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beat {
    pub(crate) due: Option<Instant>,
    pub(crate) unanswered: u8,
    pub(crate) count: u64,
}

#[derive(Debug)]
pub(crate) struct Link {
    /// The local side sends ASPUP and ASPAC.
    pub(crate) acts_as_asp: bool,
    /// The local side accepts ASPUP and ASPAC.
    pub(crate) acts_as_sgp: bool,
    /// Each direction has its own state.
    double: bool,
    /// The peer is an ASP, which is notified of the application servers' states.
    pub(crate) notifies: bool,
    initiates: bool,
    /// In a double exchange: the local side may send ASPUP.
    pub(crate) may_start: bool,
    /// Outbound streams, while the association is up.
    pub(crate) streams: Option<u16>,
    pub(crate) congested: bool,
    /// The local ASPUP is acknowledged.
    pub(crate) own_up: bool,
    /// The peer's ASPUP is acknowledged.
    pub(crate) peer_up: bool,
    pub(crate) peer_identifier: Option<u32>,
    pub(crate) members: Vec<Member>,
    /// When to repeat an unacknowledged request.
    pub(crate) due: Option<Instant>,
    /// When to audit destinations that are not available.
    pub(crate) audit_due: Option<Instant>,
    pub(crate) beat: Beat,
    pub(crate) shutdown: Option<Shutdown>,
    /// The state last reported.
    pub(crate) reported: AspState,
}

impl Link {
    pub(crate) fn new(link: &LinkSettings, settings: &Settings) -> Self {
        let (acts_as_asp, acts_as_sgp, double, initiates) = match link.role {
            Role::Asp => (true, false, false, true),
            Role::Sgp => (false, true, false, false),
            Role::Ipsp { exchange: Exchange::Single, initiates } => (initiates, true, false, initiates),
            Role::Ipsp { exchange: Exchange::Double, initiates } => (true, true, true, initiates),
        };
        let member = |&server: &ServerId| {
            let found = settings.servers.get(usize::from(server.0));
            Member {
                server,
                own: ProcessState::Idle,
                peer_active: false,
                accept_until: None,
                routing_context: found.and_then(|server| server.routing_context),
                unregistered: found.is_some_and(|server| server.registers.is_some()),
                destinations: Destinations::default(),
            }
        };
        Self {
            acts_as_asp,
            acts_as_sgp,
            double,
            notifies: link.role == Role::Sgp,
            initiates,
            may_start: false,
            streams: None,
            congested: false,
            own_up: false,
            peer_up: false,
            peer_identifier: None,
            members: link.servers.iter().map(member).collect(),
            due: None,
            audit_due: None,
            beat: Beat::default(),
            shutdown: None,
            reported: AspState::Down,
        }
    }

    /// Records that the association is up.
    pub(crate) fn connect(&mut self, streams: u16) {
        self.streams = Some(streams.max(1));
        self.may_start = self.initiates;
    }

    /// Resets the state that ends with the association.
    pub(crate) fn disconnect(&mut self, settings: &Settings) {
        self.streams = None;
        self.congested = false;
        (self.own_up, self.peer_up, self.may_start) = (false, false, false);
        (self.due, self.audit_due, self.shutdown) = (None, None, None);
        self.peer_identifier = None;
        self.beat = Beat::default();
        for member in &mut self.members {
            let found = settings.servers.get(usize::from(member.server.0));
            member.routing_context = found.and_then(|server| server.routing_context);
            member.unregistered = found.is_some_and(|server| server.registers.is_some());
            member.own = ProcessState::Idle;
            member.peer_active = false;
            member.accept_until = None;
        }
    }

    /// Whether the local process may become up and active.
    pub(crate) fn may_advance(&self) -> bool {
        self.acts_as_asp && self.may_start && self.streams.is_some() && self.shutdown.is_none()
    }

    /// Whether traffic of the member may be sent.
    pub(crate) fn sends(&self, member: &Member) -> bool {
        if self.streams.is_none() || self.shutdown.is_some() {
            return false;
        }
        member.peer_active || (!self.double && member.own == ProcessState::Active)
    }

    /// Whether traffic of the member is accepted. It may overtake an acknowledgement on another stream, or
    /// be overtaken by one.
    pub(crate) fn receives(&self, member: &Member, now: Instant) -> bool {
        let own = matches!(
            member.own,
            ProcessState::Activating | ProcessState::Active | ProcessState::Deactivating
        );
        own || (!self.double && member.peer_active) || member.accept_until.is_some_and(|until| now < until)
    }

    /// Whether SSNM of the peer is accepted: from a gateway to an active process.
    pub(crate) fn accepts_ssnm(&self, member: &Member) -> bool {
        member.own == ProcessState::Active || (!self.double && member.peer_active)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.own_up || self.peer_up
    }

    pub(crate) fn state(&self) -> AspState {
        let active = |member: &Member| self.sends(member) && self.accepts_ssnm(member);
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

    /// The members with these routing contexts, and the contexts without a member.
    ///
    /// Without a context a sole member is selected. A sole member without a configured context accepts any
    /// context of the peer.
    pub(crate) fn find_members(&self, contexts: &[u32]) -> (Vec<ServerId>, Vec<u32>) {
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
