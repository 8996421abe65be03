//! ASP side of a link: ASPUP, ASPAC, ASPIA, ASPDN, acknowledgements, NTFY (RFC 4666 §4.3.1, §4.3.4).

use std::time::Instant;

use codec::status;

use crate::link::{ProcessState, Shutdown};
use crate::message::tags;
use crate::node::{M3ua, Refusal};
use crate::{Error, Kind, LinkId, Message, Output, ServerId, TrafficMode};

impl M3ua {
    /// Sends the next request towards ASP-ACTIVE; `again` also repeats unacknowledged requests.
    pub(crate) fn advance(&mut self, id: LinkId, again: bool, now: Instant) {
        let due = self.acknowledgement_due(now);
        let Some(link) = self.link(id) else { return };
        if self.stopping || !link.may_advance() {
            return;
        }
        let sent = if link.own_up {
            let registering = self.register(id, again);
            self.activate(id, again) || registering
        } else {
            let send = again || link.due.is_none();
            if send {
                self.send_up(id);
            }
            send
        };
        let Some(link) = self.link_mut(id) else { return };
        let awaits_ack =
            |own: ProcessState| matches!(own, ProcessState::Registering | ProcessState::Activating);
        if sent {
            link.due = Some(due);
        } else if link.own_up && !link.members.iter().any(|member| awaits_ack(member.own)) {
            link.due = None;
        }
    }

    /// T(ack) has expired.
    pub(crate) fn acknowledgement_expired(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        link.due = None;
        match link.shutdown {
            Some(_) => self.shut_down(id, now),
            None => self.advance(id, true, now),
        }
    }

    pub(crate) fn up_acknowledged(&mut self, id: LinkId, now: Instant) -> Result<(), Refusal> {
        let link = self.asp_link(id)?;
        if link.shutdown.is_some() {
            return Ok(());
        }
        if !link.own_up {
            link.own_up = true;
            link.due = None;
            self.update_link(id, now);
            self.advance(id, false, now);
            return Ok(());
        }
        if !link.members.iter().any(|member| member.own == ProcessState::Active) {
            return Ok(());
        }
        // The peer has lost the state of this ASP: send ERR, then activate again (RFC 4666 §4.3.4.1).
        link.members.iter_mut().for_each(|member| member.own = ProcessState::Idle);
        self.update_link(id, now);
        self.advance(id, false, now);
        Err(Refusal::unexpected())
    }

    pub(crate) fn down_acknowledged(&mut self, id: LinkId, now: Instant) -> Result<(), Refusal> {
        let link = self.asp_link(id)?;
        if link.shutdown == Some(Shutdown::Down) {
            self.shut_down(id, now);
        } else if link.own_up && link.shutdown.is_none() {
            link.own_up = false;
            link.due = None;
            link.members.iter_mut().for_each(|member| member.own = ProcessState::Idle);
            self.update_link(id, now);
            self.advance(id, false, now);
        }
        Ok(())
    }

    pub(crate) fn active_acknowledged(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        let contexts = message.routing_contexts()?;
        let link = self.asp_link(id)?;
        if !link.own_up {
            return Err(Refusal::unexpected());
        }
        let (mut known, unknown) = link.find_members(&contexts);
        if contexts.is_empty() {
            let waiting = link.members.iter().filter(|member| member.own == ProcessState::Activating);
            known.extend(waiting.map(|member| member.server));
        }
        let mut unexpected = false;
        let mut joined = Vec::new();
        for server in known {
            let Some(member) = link.member_mut(server) else { continue };
            match member.own {
                ProcessState::Activating => {
                    member.own = ProcessState::Active;
                    member.routing_context = member.routing_context.or(contexts.first().copied());
                    joined.push(server);
                }
                ProcessState::Idle | ProcessState::Registering | ProcessState::Standby => unexpected = true,
                ProcessState::Active | ProcessState::Deactivating => {}
            }
        }
        self.advance(id, false, now);
        self.update_link(id, now);
        for server in joined {
            self.report_changed_states(id, server);
            self.audit(id, server, now);
        }
        match unknown.is_empty() {
            false => Err(Refusal::contexts(&unknown)),
            true if unexpected => Err(Refusal::unexpected()),
            true => Ok(()),
        }
    }

    pub(crate) fn inactive_acknowledged(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        let accept_until = self.acknowledgement_due(now);
        let contexts = message.routing_contexts()?;
        let link = self.asp_link(id)?;
        if !link.own_up {
            return Err(Refusal::unexpected());
        }
        let (mut known, unknown) = link.find_members(&contexts);
        if contexts.is_empty() {
            known.extend(link.members.iter().map(|member| member.server));
        }
        for server in known {
            let Some(member) = link.member_mut(server) else { continue };
            if matches!(member.own, ProcessState::Active | ProcessState::Deactivating) {
                member.own = ProcessState::Idle;
                member.accept_until = Some(accept_until);
            }
        }
        if link.shutdown == Some(Shutdown::Inactive) {
            if !link.members.iter().any(|member| member.own == ProcessState::Deactivating) {
                self.shut_down(id, now);
            }
        } else {
            self.update_link(id, now);
            self.advance(id, false, now);
        }
        if unknown.is_empty() { Ok(()) } else { Err(Refusal::contexts(&unknown)) }
    }

    /// NTFY (RFC 4666 §4.3.4.5). It may precede the acknowledgement of ASPAC, or concern a server of
    /// another process. It changes the state of the local process in override mode alone.
    pub(crate) fn notify_received(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (kind, information) = message.status()?;
        let contexts = message.routing_contexts()?;
        let link = self.asp_link(id)?;
        let (mut known, unknown) = link.find_members(&contexts);
        if contexts.is_empty() {
            known = link.members.iter().map(|member| member.server).collect();
        }
        match (kind, information) {
            (status::AS_STATE_CHANGE, status::AS_ACTIVE) | (status::OTHER, status::ASP_FAILURE) => {}
            (status::AS_STATE_CHANGE, status::AS_INACTIVE | status::AS_PENDING)
            | (status::OTHER, status::INSUFFICIENT_ASP_RESOURCES) => {
                known.into_iter().for_each(|server| self.end_standby(server, now));
            }
            (status::OTHER, status::ALTERNATE_ASP_ACTIVE) => {
                for server in known {
                    self.override_by_other(id, server, now);
                }
                self.update_link(id, now);
            }
            _ => return Err(Error::Value(tags::STATUS).into()),
        }
        if unknown.is_empty() { Ok(()) } else { Err(Refusal::contexts(&unknown)) }
    }

    /// Activates the processes on standby for an application server.
    pub(crate) fn end_standby(&mut self, server: ServerId, now: Instant) {
        for id in self.links_of(server) {
            let Some(member) = self.member_mut(id, server) else { continue };
            if member.own == ProcessState::Standby {
                member.own = ProcessState::Idle;
            }
            self.advance(id, false, now);
        }
    }

    /// Shuts every association down in order.
    pub(crate) fn stop(&mut self, now: Instant) {
        if std::mem::replace(&mut self.stopping, true) {
            return;
        }
        for id in (0..=u16::MAX).take(self.links.len()).map(LinkId) {
            self.shut_down(id, now);
        }
    }

    /// The next step of a shutdown: ASPIA, DEREG REQ, ASPDN, close. Each is sent once, with one T(ack).
    pub(crate) fn shut_down(&mut self, id: LinkId, now: Instant) {
        let due = self.acknowledgement_due(now);
        let mut last = self.link(id).and_then(|link| link.shutdown);
        while let Some(link) = self.link_mut(id).filter(|link| link.streams.is_some()) {
            let next = match last {
                None if link.acts_as_asp => Shutdown::Inactive,
                Some(Shutdown::Inactive) => Shutdown::Deregister,
                Some(Shutdown::Deregister) => Shutdown::Down,
                None | Some(Shutdown::Down) => Shutdown::Closed,
                Some(Shutdown::Closed) => return,
            };
            link.shutdown = Some(next);
            link.due = Some(due);
            last = Some(next);
            let awaits_ack = match next {
                Shutdown::Inactive => self.deactivate(id),
                Shutdown::Deregister => self.deregister(id),
                Shutdown::Down => self.send_down(id),
                Shutdown::Closed => {
                    self.outputs.push_back(Output::Close { link: id });
                    self.lost(id, now);
                    true
                }
            };
            self.update_link(id, now);
            if awaits_ack {
                return;
            }
        }
    }

    fn asp_link(&mut self, id: LinkId) -> Result<&mut crate::link::Link, Refusal> {
        self.link_mut(id).filter(|link| link.acts_as_asp).ok_or_else(Refusal::unexpected)
    }

    fn override_by_other(&mut self, id: LinkId, server: ServerId, now: Instant) {
        let accept_until = self.acknowledgement_due(now);
        let mode = self.server_settings(server).map(|server| server.traffic_mode);
        let Some(member) = self.member_mut(id, server) else { return };
        if member.own == ProcessState::Active && mode == Some(TrafficMode::Override) {
            member.own = ProcessState::Standby;
            member.accept_until = Some(accept_until);
        }
    }

    fn send_up(&mut self, id: LinkId) {
        let identifier = self.settings.links.get(usize::from(id.0)).and_then(|link| link.asp_identifier);
        self.send(id, &Message::new(Kind::AspUp).with_some(tags::ASP_IDENTIFIER, identifier));
    }

    fn send_down(&mut self, id: LinkId) -> bool {
        let up = self.link(id).is_some_and(|link| link.own_up);
        if up {
            self.send(id, &Message::new(Kind::AspDown));
        }
        up
    }

    /// Sends ASPAC, one for each traffic mode. Whether any was sent.
    fn activate(&mut self, id: LinkId, again: bool) -> bool {
        let mut sent = false;
        for mode in TrafficMode::ALL {
            let servers: Vec<ServerId> = self
                .servers_of(id)
                .into_iter()
                .filter(|&server| self.is_activation_due(id, server, mode, again))
                .collect();
            if servers.is_empty() {
                continue;
            }
            let mut contexts = Vec::new();
            for server in servers {
                let Some(member) = self.member_mut(id, server) else { continue };
                member.own = ProcessState::Activating;
                contexts.extend(member.routing_context);
            }
            let message = Message::new(Kind::AspActive).with_number(tags::TRAFFIC_MODE_TYPE, mode.number());
            self.send(id, &message.with_numbers(tags::ROUTING_CONTEXT, &contexts));
            sent = true;
        }
        sent
    }

    /// Whether ASPAC is due. Two local links in override mode would override each other for ever, and one
    /// that another node has overridden stays on standby.
    fn is_activation_due(&self, id: LinkId, server: ServerId, mode: TrafficMode, again: bool) -> bool {
        let Some(settings) = self.server_settings(server).filter(|found| found.traffic_mode == mode) else {
            return false;
        };
        let Some(member) = self.link(id).and_then(|link| link.member(server)) else { return false };
        let taken = || {
            let others = self.links_of(server).into_iter().filter(|&other| other != id);
            let mut own = others.filter_map(|other| Some(self.link(other)?.member(server)?.own));
            own.any(|own| {
                matches!(own, ProcessState::Active | ProcessState::Activating | ProcessState::Standby)
            })
        };
        match member.own {
            ProcessState::Idle => {
                !member.unregistered && (settings.traffic_mode != TrafficMode::Override || !taken())
            }
            ProcessState::Activating => again,
            ProcessState::Registering
            | ProcessState::Active
            | ProcessState::Deactivating
            | ProcessState::Standby => false,
        }
    }

    /// Sends ASPIA for all active servers. Whether it was sent.
    fn deactivate(&mut self, id: LinkId) -> bool {
        let Some(link) = self.link_mut(id) else { return false };
        let mut contexts = Vec::new();
        let mut any = false;
        for member in &mut link.members {
            if matches!(member.own, ProcessState::Active | ProcessState::Activating) {
                member.own = ProcessState::Deactivating;
                contexts.extend(member.routing_context);
                any = true;
            }
        }
        if any {
            self.send(id, &Message::new(Kind::AspInactive).with_numbers(tags::ROUTING_CONTEXT, &contexts));
        }
        any
    }
}
