//! One M3UA node: dispatch of inputs, timers and ERR, common to all procedures (RFC 4666 §4).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use codec::error_code;

use crate::link::{Link, Member};
use crate::message::tags;
use crate::server::Server;
use crate::{
    AspState, Error, Input, Kind, LinkId, Message, Output, Parameter, ServerId, ServerSettings, ServerState,
    Settings,
};

/// Octets of the offending message in an ERR (RFC 4666 §3.8.1).
const DIAGNOSTIC_OCTETS: usize = 40;

/// One M3UA node: many associations and many application servers.
///
/// The crate documentation has the contract of its loop.
#[derive(Debug)]
pub struct M3ua {
    pub(crate) settings: Settings,
    pub(crate) links: Vec<Link>,
    pub(crate) servers: Vec<Server>,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) stopping: bool,
}

/// An error code for ERR, with further parameters.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) parameters: Vec<Parameter>,
}

impl Refusal {
    pub(crate) fn new(code: u32) -> Self {
        Self { code, parameters: Vec::new() }
    }

    pub(crate) fn unexpected() -> Self {
        Self::new(error_code::UNEXPECTED_MESSAGE)
    }

    pub(crate) fn with(mut self, tag: u16, numbers: &[u32]) -> Self {
        self.parameters.push(Parameter { tag, value: crate::message::quads(numbers) });
        self
    }

    /// Routing contexts without an application server on the link.
    pub(crate) fn contexts(unknown: &[u32]) -> Self {
        Self::new(error_code::INVALID_ROUTING_CONTEXT).with(tags::ROUTING_CONTEXT, unknown)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::new(error.code().unwrap_or(error_code::PROTOCOL_ERROR))
    }
}

impl M3ua {
    /// A node without associations. Refuses contradictory settings.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        settings.check()?;
        let links = settings.links.iter().map(|link| Link::new(link, &settings)).collect();
        let servers = (0..=u16::MAX)
            .zip(&settings.servers)
            .map(|(id, server)| Server::new(ServerId(id), server, &settings))
            .collect();
        Ok(Self { settings, links, servers, outputs: VecDeque::new(), stopping: false })
    }

    /// Applies one input. A link or server that does not exist is ignored, but its transfer is discarded.
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Connected { link, streams } => self.connected(link, streams, now),
            Input::Lost { link } => self.lost(link, now),
            Input::Restarted { link } => {
                if let Some(streams) = self.link(link).and_then(|link| link.streams) {
                    self.lost(link, now);
                    self.connected(link, streams, now);
                }
            }
            Input::Congested { link, congested } => self.congested(link, congested, now),
            Input::Received { link, stream, octets } => self.received(link, stream, &octets, now),
            Input::Transfer(transfer) => self.transfer(transfer, now),
            Input::PointCodes { server, point_codes, change } => {
                self.destinations_changed(server, &point_codes, change);
            }
            Input::UserPart { server, point_code, user, cause } => {
                self.user_part_changed(server, point_code, user, cause);
            }
            Input::Stop => self.stop(now),
            Input::Tick => self.tick(now),
        }
    }

    /// The next output, or `None` if there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due, if at all.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let links = self.links.iter().flat_map(|link| [link.due, link.audit_due, link.beat.due]);
        let servers = self.servers.iter().map(|server| server.due);
        links.chain(servers).flatten().min()
    }

    /// The state of an application server; DOWN for one that does not exist.
    #[must_use]
    pub fn server_state(&self, server: ServerId) -> ServerState {
        self.server(server).map_or(ServerState::Down, |server| server.state)
    }

    /// The state of a link; DOWN for one that does not exist.
    #[must_use]
    pub fn link_state(&self, link: LinkId) -> AspState {
        self.link(link).map_or(AspState::Down, Link::state)
    }

    fn connected(&mut self, id: LinkId, streams: u16, now: Instant) {
        if self.link(id).is_some_and(|link| link.streams.is_some()) {
            self.lost(id, now);
        }
        let (stopping, beat) = (self.stopping, self.settings.timers.beat);
        let Some(link) = self.link_mut(id) else { return };
        if stopping {
            self.outputs.push_back(Output::Close { link: id });
            return;
        }
        link.connect(streams);
        link.beat.due = beat.map(|beat| later(now, beat));
        self.advance(id, false, now);
    }

    pub(crate) fn lost(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.links.get_mut(usize::from(id.0)) else { return };
        if link.streams.is_none() {
            return;
        }
        let active: Vec<ServerId> = link.members.iter().filter(|m| link.sends(m)).map(|m| m.server).collect();
        let failed = link.peer_identifier.filter(|_| link.peer_up);
        link.disconnect(&self.settings);
        self.update_link(id, now);
        for server in active {
            self.report_changed_states(id, server);
        }
        for server in self.servers_of(id) {
            self.notify_failure(server, failed);
            self.links_of(server).into_iter().for_each(|other| self.advance(other, false, now));
        }
    }

    fn congested(&mut self, id: LinkId, congested: bool, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        link.congested = congested && link.streams.is_some();
        let servers: Vec<ServerId> = link.members.iter().map(|member| member.server).collect();
        for server in servers {
            self.release(server, now);
        }
    }

    fn received(&mut self, id: LinkId, stream: u16, octets: &Bytes, now: Instant) {
        if self.link(id).is_none_or(|link| link.streams.is_none()) {
            return;
        }
        // An ERR is never answered with an ERR, not even a malformed one.
        let is_error = matches!(octets.as_ref(), [_, _, 0, 0, ..]);
        let done = match Message::decode(octets) {
            Ok(message) if is_error => {
                message.error_code().map(|code| self.error_received(id, code)).map_err(Refusal::from)
            }
            Ok(message) if stream != 0 && message.kind().is_for_stream_zero() => {
                Err(Refusal::new(error_code::INVALID_STREAM_IDENTIFIER))
            }
            Ok(message) => self.dispatch(id, &message, now),
            Err(error) => Err(error.into()),
        };
        if let Err(refusal) = done
            && !is_error
        {
            self.refuse(id, refusal, octets);
        }
    }

    fn dispatch(&mut self, id: LinkId, message: &Message, now: Instant) -> Result<(), Refusal> {
        match message.kind() {
            Kind::Error => Ok(()),
            Kind::Data => self.data(id, message, now),
            Kind::Notify => self.notify_received(id, message, now),
            Kind::AspUpAck => self.up_acknowledged(id, now),
            Kind::AspDownAck => self.down_acknowledged(id, now),
            Kind::AspActiveAck => self.active_acknowledged(id, message, now),
            Kind::AspInactiveAck => self.inactive_acknowledged(id, message, now),
            Kind::AspUp => self.peer_up(id, message, now),
            Kind::AspDown => self.peer_down(id, now),
            Kind::AspActive => self.peer_active(id, message, now),
            Kind::AspInactive => self.peer_inactive(id, message, now),
            Kind::Beat => self.beat_received(id, message),
            Kind::BeatAck => self.beat_acknowledged(id),
            Kind::Duna | Kind::Dava | Kind::Drst | Kind::Scon => {
                self.destination_state_received(id, message, now)
            }
            Kind::Dupu => self.user_part_unavailable_received(id, message),
            Kind::Daud => self.audit_received(id, message),
            Kind::RegReq => self.registration_request(id, message),
            Kind::RegRsp => self.registration_response(id, message, now),
            Kind::DeregReq => self.deregistration_request(id, message),
            Kind::DeregRsp => self.deregistration_response(id, message, now),
        }
    }

    fn tick(&mut self, now: Instant) {
        let expired = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        for id in self.link_ids() {
            if self.link(id).is_some_and(|link| expired(link.due)) {
                self.acknowledgement_expired(id, now);
            }
            if self.link(id).is_some_and(|link| expired(link.beat.due)) {
                self.beat(id, now);
            }
            if self.link(id).is_some_and(|link| expired(link.audit_due)) {
                self.audit_link(id, now);
            }
        }
        for id in self.server_ids() {
            if self.server(id).is_some_and(|server| expired(server.due)) {
                self.recovery_expired(id);
            }
        }
    }

    fn error_received(&mut self, link: LinkId, code: u32) {
        self.outputs.push_back(Output::Refused { link, code, sent: false });
    }

    /// Answers with ERR.
    pub(crate) fn refuse(&mut self, link: LinkId, refusal: Refusal, octets: &Bytes) {
        let mut error = Message::new(Kind::Error).with_number(tags::ERROR_CODE, refusal.code);
        for parameter in refusal.parameters {
            error = error.with(parameter.tag, parameter.value);
        }
        if !octets.is_empty() {
            error = error.with(tags::DIAGNOSTIC_INFO, octets.slice(..octets.len().min(DIAGNOSTIC_OCTETS)));
        }
        self.send(link, &error);
        self.outputs.push_back(Output::Refused { link, code: refusal.code, sent: true });
    }

    /// Sends a message other than DATA, on stream 0.
    pub(crate) fn send(&mut self, link: LinkId, message: &Message) {
        self.outputs.push_back(Output::Send { link, stream: 0, octets: message.encode() });
    }

    /// Reports a new state of the link, and updates every application server on it.
    pub(crate) fn update_link(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        let state = link.state();
        if link.reported != state {
            link.reported = state;
            self.outputs.push_back(Output::Link { link: id, state });
        }
        for server in self.servers_of(id) {
            self.update_server(server, now);
        }
    }

    pub(crate) fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.get(usize::from(id.0))
    }

    pub(crate) fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.get_mut(usize::from(id.0))
    }

    pub(crate) fn server(&self, id: ServerId) -> Option<&Server> {
        self.servers.get(usize::from(id.0))
    }

    pub(crate) fn server_mut(&mut self, id: ServerId) -> Option<&mut Server> {
        self.servers.get_mut(usize::from(id.0))
    }

    pub(crate) fn member_mut(&mut self, link: LinkId, server: ServerId) -> Option<&mut Member> {
        self.link_mut(link)?.member_mut(server)
    }

    pub(crate) fn server_settings(&self, id: ServerId) -> Option<&ServerSettings> {
        self.settings.servers.get(usize::from(id.0))
    }

    pub(crate) fn servers_of(&self, id: LinkId) -> Vec<ServerId> {
        let members = self.link(id).map(|link| link.members.as_slice()).unwrap_or_default();
        members.iter().map(|member| member.server).collect()
    }

    /// The links that carry an application server.
    pub(crate) fn links_of(&self, id: ServerId) -> Vec<LinkId> {
        self.server(id).map(|server| server.links.clone()).unwrap_or_default()
    }

    /// The expiry of a T(ack) started now.
    pub(crate) fn acknowledgement_due(&self, now: Instant) -> Instant {
        later(now, self.settings.timers.acknowledgement)
    }

    fn link_ids(&self) -> impl Iterator<Item = LinkId> + use<> {
        (0..=u16::MAX).take(self.links.len()).map(LinkId)
    }

    fn server_ids(&self) -> impl Iterator<Item = ServerId> + use<> {
        (0..=u16::MAX).take(self.servers.len()).map(ServerId)
    }
}

/// The expiry of a timer, of at least a millisecond: a tick must not repeat at once.
pub(crate) fn later(now: Instant, by: Duration) -> Instant {
    now.checked_add(by.max(Duration::from_millis(1))).unwrap_or(now)
}
