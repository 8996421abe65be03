//! SGP side of a link: the peer's process, acknowledgements and NTFY (RFC 4666 §4.3.4).

use std::time::Instant;

use bytes::Bytes;
use codec::{error_code, status};

use crate::link::Link;
use crate::message::tags;
use crate::node::{M3ua, Refusal};
use crate::{Kind, LinkId, Message, ServerId, ServerState, TrafficMode};

impl M3ua {
    pub(crate) fn peer_up(&mut self, id: LinkId, message: &Message, now: Instant) -> Result<(), Refusal> {
        let given = message.number(tags::ASP_IDENTIFIER)?;
        let wanted = self.settings.links.get(usize::from(id.0)).and_then(|link| link.asp_identifier);
        let link = self.sgp_link(id)?;
        if link.shutdown.is_some() {
            return Err(Refusal::new(error_code::REFUSED_MANAGEMENT_BLOCKING));
        }
        if link.notifies && wanted.is_some() && given != wanted {
            return Err(Refusal::new(match given {
                None => error_code::ASP_IDENTIFIER_REQUIRED,
                Some(_) => error_code::INVALID_ASP_IDENTIFIER,
            }));
        }
        let was_active = link.members.iter().any(|member| member.peer_active);
        let was_up = link.peer_up;
        link.peer_up = true;
        link.may_start = true;
        link.peer_identifier = given;
        link.members.iter_mut().for_each(|member| member.peer_active = false);
        if was_active {
            self.refuse(id, Refusal::unexpected(), &Bytes::new());
        }
        self.send(id, &Message::new(Kind::AspUpAck));
        let before: Vec<_> =
            self.servers_of(id).into_iter().map(|server| (server, self.server_state(server))).collect();
        self.update_link(id, now);
        for (server, state) in before {
            if !was_up && self.server_state(server) == state {
                self.notify_state(server, Some(id));
            }
        }
        self.advance(id, false, now);
        Ok(())
    }

    pub(crate) fn peer_down(&mut self, id: LinkId, now: Instant) -> Result<(), Refusal> {
        let registers: Vec<bool> = self
            .servers_of(id)
            .into_iter()
            .map(|server| self.server_settings(server).is_some_and(|server| server.registers.is_some()))
            .collect();
        let link = self.sgp_link(id)?;
        link.peer_up = false;
        let acts_as_asp = link.acts_as_asp;
        for (member, registers) in link.members.iter_mut().zip(registers) {
            member.peer_active = false;
            // ASPDN ends the peer's registrations (RFC 4666 §4.4.2), not the local ones.
            if !acts_as_asp {
                member.unregistered = registers;
            }
        }
        self.send(id, &Message::new(Kind::AspDownAck));
        self.update_link(id, now);
        Ok(())
    }

    pub(crate) fn peer_active(&mut self, id: LinkId, message: &Message, now: Instant) -> Result<(), Refusal> {
        let contexts = message.routing_contexts()?;
        let mode = message.number(tags::TRAFFIC_MODE_TYPE)?;
        let (known, unknown) = self.addressed(id, &contexts)?;
        let unsupported = || Refusal::new(error_code::UNSUPPORTED_TRAFFIC_MODE_TYPE);
        let mut accepted = Vec::new();
        let mut result = Ok(());
        for server in known {
            let configured = self.server_settings(server).map(|server| server.traffic_mode.number());
            let unregistered = self.unregistered(id, server);
            if mode.is_some() && mode != configured {
                result = Err(unsupported().with(tags::TRAFFIC_MODE_TYPE, mode.as_slice()));
            } else if unregistered {
                result = Err(Refusal::contexts(&contexts));
            } else {
                accepted.push(server);
            }
        }
        if !accepted.is_empty() {
            self.accept_active(id, &accepted, &contexts, mode, now);
        }
        if unknown.is_empty() { result } else { Err(Refusal::contexts(&unknown)) }
    }

    pub(crate) fn peer_inactive(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        let contexts = message.routing_contexts()?;
        let (known, unknown) = self.addressed(id, &contexts)?;
        let given = self.acknowledged_contexts(id, &known, &contexts);
        let accept_until = self.acknowledgement_due(now);
        for &server in &known {
            let Some(member) = self.member_mut(id, server) else { continue };
            if std::mem::replace(&mut member.peer_active, false) {
                member.accept_until = Some(accept_until);
            }
        }
        if !known.is_empty() {
            let ack = Message::new(Kind::AspInactiveAck).with_numbers(tags::ROUTING_CONTEXT, &given);
            self.send(id, &ack);
            self.update_link(id, now);
        }
        if unknown.is_empty() { Ok(()) } else { Err(Refusal::contexts(&unknown)) }
    }

    /// Notifies ASPs of the state of an application server: all that are up, or one.
    pub(crate) fn notify_state(&mut self, server: ServerId, only: Option<LinkId>) {
        let information = match self.server_state(server) {
            ServerState::Down => return,
            ServerState::Inactive => status::AS_INACTIVE,
            ServerState::Active => status::AS_ACTIVE,
            ServerState::Pending => status::AS_PENDING,
        };
        for id in self.links_of(server) {
            if only.is_none_or(|only| only == id) {
                self.notify(id, server, (status::AS_STATE_CHANGE, information), None);
            }
        }
    }

    /// Notifies the inactive ASPs of insufficient ASP resources.
    pub(crate) fn notify_shortage(&mut self, server: ServerId) {
        for id in self.links_of(server) {
            let member = self.link(id).and_then(|link| link.member(server));
            if member.is_some_and(|member| !member.peer_active) {
                self.notify(id, server, (status::OTHER, status::INSUFFICIENT_ASP_RESOURCES), None);
            }
        }
    }

    /// Notifies the other ASPs of a failed one, if its identifier is known.
    pub(crate) fn notify_failure(&mut self, server: ServerId, identifier: Option<u32>) {
        if identifier.is_none() {
            return;
        }
        for id in self.links_of(server) {
            self.notify(id, server, (status::OTHER, status::ASP_FAILURE), identifier);
        }
    }

    fn notify(&mut self, id: LinkId, server: ServerId, status: (u16, u16), identifier: Option<u32>) {
        let Some(link) = self.link(id).filter(|link| link.notifies && link.peer_up) else { return };
        let Some(member) = link.member(server).filter(|member| !member.unregistered) else { return };
        let number = u32::from(status.0) << 16 | u32::from(status.1);
        let message = Message::new(Kind::Notify)
            .with_number(tags::STATUS, number)
            .with_some(tags::ASP_IDENTIFIER, identifier)
            .with_some(tags::ROUTING_CONTEXT, member.routing_context);
        self.send(id, &message);
    }

    fn accept_active(
        &mut self,
        id: LinkId,
        servers: &[ServerId],
        contexts: &[u32],
        mode: Option<u32>,
        now: Instant,
    ) {
        let ack = Message::new(Kind::AspActiveAck)
            .with_some(tags::TRAFFIC_MODE_TYPE, mode)
            .with_numbers(tags::ROUTING_CONTEXT, &self.acknowledged_contexts(id, servers, contexts));
        self.send(id, &ack);
        let mut joined = Vec::new();
        for &server in servers {
            let Some(member) = self.member_mut(id, server) else { continue };
            member.routing_context = member.routing_context.or(contexts.first().copied());
            if !std::mem::replace(&mut member.peer_active, true) {
                joined.push(server);
                self.override_others(id, server, now);
            }
        }
        self.update_link(id, now);
        for server in joined {
            self.report_changed_states(id, server);
            self.send_unavailable(id, server);
        }
    }

    /// In override mode, the process that became active last is the only one (RFC 4666 §4.3.4.3.1).
    fn override_others(&mut self, id: LinkId, server: ServerId, now: Instant) {
        let mode = self.server_settings(server).map(|server| server.traffic_mode);
        if mode != Some(TrafficMode::Override) {
            return;
        }
        let accept_until = self.acknowledgement_due(now);
        let identifier = self.link(id).and_then(|link| link.peer_identifier);
        for other in self.links_of(server) {
            let Some(member) = self.member_mut(other, server).filter(|_| other != id) else { continue };
            if std::mem::replace(&mut member.peer_active, false) {
                member.accept_until = Some(accept_until);
                self.notify(other, server, (status::OTHER, status::ALTERNATE_ASP_ACTIVE), identifier);
                self.update_link(other, now);
            }
        }
    }

    /// The application servers of an ASPAC or ASPIA, and the routing contexts without one.
    fn addressed(&mut self, id: LinkId, contexts: &[u32]) -> Result<(Vec<ServerId>, Vec<u32>), Refusal> {
        let link = self.sgp_link(id)?;
        if !link.peer_up || link.shutdown.is_some() {
            return Err(Refusal::unexpected());
        }
        let (known, unknown) = link.find_members(contexts);
        if known.is_empty() && unknown.is_empty() {
            return Err(Refusal::new(error_code::NO_CONFIGURED_AS_FOR_ASP));
        }
        Ok((known, unknown))
    }

    /// The contexts to acknowledge: those received and known.
    fn acknowledged_contexts(&self, id: LinkId, servers: &[ServerId], given: &[u32]) -> Vec<u32> {
        let Some(link) = self.link(id) else { return Vec::new() };
        let selected = |context: &u32| {
            let mut members = servers.iter().filter_map(|&server| link.member(server));
            members.any(|member| member.routing_context.is_none_or(|own| own == *context))
        };
        given.iter().copied().filter(selected).collect()
    }

    fn unregistered(&self, id: LinkId, server: ServerId) -> bool {
        self.link(id).and_then(|link| link.member(server)).is_some_and(|member| member.unregistered)
    }

    pub(crate) fn sgp_link(&mut self, id: LinkId) -> Result<&mut Link, Refusal> {
        self.link_mut(id).filter(|link| link.acts_as_sgp).ok_or_else(Refusal::unexpected)
    }
}
