//! SSNM at an ASP: DUNA, DAVA, DRST, SCON and DUPU received, DAUD sent (RFC 4666 §3.4, §4.5).

use std::time::Instant;

use codec::error_code;

use crate::message::{halves, tags};
use crate::node::{M3ua, Refusal, later};
use crate::{Availability, Error, Kind, LinkId, Message, Output, ServerId};

/// Affected point codes in one message.
pub(crate) const AFFECTED_MAX: usize = 1_000;

impl M3ua {
    /// DUNA, DAVA, DRST or SCON. From a peer that is not active they are ignored.
    pub(crate) fn destination_state_received(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        let gateway = self.link(id).is_none_or(|link| link.notifies);
        if gateway && message.kind() != Kind::Scon {
            return Err(Refusal::unexpected());
        }
        let reported_state = reported_state(message)?;
        let affected = message.affected()?;
        for server in self.affected_servers(id, message)? {
            for &(mask, point_code) in &affected {
                let before = self.availability(server, point_code);
                if let Some(member) = self.member_mut(id, server).filter(|_| !gateway) {
                    member.destinations.record(point_code, mask, reported_state);
                }
                let state = if gateway { reported_state } else { self.availability(server, point_code) };
                if state == reported_state || state != before {
                    self.outputs.push_back(Output::PointCode { server, point_code, mask, state });
                }
            }
        }
        self.schedule_audit(id, now);
        Ok(())
    }

    /// DUPU.
    pub(crate) fn user_part_unavailable_received(
        &mut self,
        id: LinkId,
        message: &Message,
    ) -> Result<(), Refusal> {
        if self.link(id).is_none_or(|link| link.notifies) {
            return Err(Refusal::unexpected());
        }
        let &[(0, point_code)] = message.affected()?.as_slice() else {
            return Err(Error::Value(tags::AFFECTED_POINT_CODE).into());
        };
        let pair = message.number(tags::USER_CAUSE)?.ok_or(Error::Missing(tags::USER_CAUSE))?;
        let (cause, user) = halves(pair);
        let invalid = |_| Error::Value(tags::USER_CAUSE);
        let (cause, user) = (u8::try_from(cause).map_err(invalid)?, u8::try_from(user).map_err(invalid)?);
        for server in self.affected_servers(id, message)? {
            self.outputs.push_back(Output::UserUnavailable { server, point_code, user, cause });
        }
        Ok(())
    }

    /// Audits all destinations that are not available, for all application servers of the link.
    pub(crate) fn audit_link(&mut self, id: LinkId, now: Instant) {
        if let Some(link) = self.link_mut(id) {
            link.audit_due = None;
        }
        for server in self.servers_of(id) {
            self.audit(id, server, now);
        }
    }

    /// Sends DAUD for all destinations that are not available.
    pub(crate) fn audit(&mut self, id: LinkId, server: ServerId, now: Instant) {
        let appearance = self.server_settings(server).and_then(|server| server.network_appearance);
        let Some(link) = self.link_mut(id).filter(|link| !link.notifies) else { return };
        if !link.member(server).is_some_and(|member| link.accepts_ssnm(member)) {
            return;
        }
        let Some(member) = link.member_mut(server) else { return };
        let context = member.routing_context;
        let ranges: Vec<u32> = member.destinations.take_audit().into_iter().map(packed).collect();
        for affected in ranges.chunks(AFFECTED_MAX) {
            let message = Message::new(Kind::Daud)
                .with_some(tags::NETWORK_APPEARANCE, appearance)
                .with_some(tags::ROUTING_CONTEXT, context)
                .with_numbers(tags::AFFECTED_POINT_CODE, affected);
            self.send(id, &message);
        }
        self.schedule_audit(id, now);
    }

    /// Indicates the states that change when a link joins or leaves an application server.
    pub(crate) fn report_changed_states(&mut self, id: LinkId, server: ServerId) {
        let sending: Vec<LinkId> =
            self.links_of(server).into_iter().filter(|&link| self.sends(link, server)).collect();
        let others: Vec<LinkId> = sending.iter().copied().filter(|&link| link != id).collect();
        if others.is_empty() {
            return;
        }
        let before = if sending.contains(&id) { others } else { [sending.as_slice(), &[id]].concat() };
        let mut known: Vec<(u8, u32)> = Vec::new();
        for &link in before.iter().chain(&sending) {
            let member = self.link(link).and_then(|link| link.member(server));
            known.extend(member.map(|member| member.destinations.known()).unwrap_or_default());
        }
        known.sort_unstable();
        known.dedup();
        for (mask, point_code) in known {
            let state = self.best(&sending, server, point_code);
            if state != self.best(&before, server, point_code) {
                self.outputs.push_back(Output::PointCode { server, point_code, mask, state });
            }
        }
    }

    /// The application servers of an SSNM message: those of its routing contexts, or all of the link, as
    /// far as they accept SSNM.
    pub(crate) fn affected_servers(&self, id: LinkId, message: &Message) -> Result<Vec<ServerId>, Refusal> {
        let contexts = message.routing_contexts()?;
        let appearance = message.network_appearance()?;
        let link = self.link(id).ok_or_else(Refusal::unexpected)?;
        let (mut known, unknown) = link.find_members(&contexts);
        if !unknown.is_empty() {
            return Err(Refusal::contexts(&unknown));
        }
        if contexts.is_empty() {
            known = link.members.iter().map(|member| member.server).collect();
        }
        known.retain(|&server| link.member(server).is_some_and(|member| link.accepts_ssnm(member)));
        for &server in &known {
            let configured = self.server_settings(server).and_then(|server| server.network_appearance);
            if configured.is_some() && appearance.is_some() && appearance != configured {
                let code = Refusal::new(error_code::INVALID_NETWORK_APPEARANCE);
                return Err(code.with(tags::NETWORK_APPEARANCE, appearance.as_slice()));
            }
        }
        Ok(known)
    }

    fn schedule_audit(&mut self, id: LinkId, now: Instant) {
        let due = later(now, self.settings.timers.audit);
        let Some(link) = self.link_mut(id).filter(|link| !link.notifies) else { return };
        let any =
            link.members.iter().any(|member| link.accepts_ssnm(member) && !member.destinations.is_empty());
        link.audit_due = any.then(|| link.audit_due.unwrap_or(due));
    }

    /// The best state of a point code over the links that accept SSNM.
    fn availability(&self, server: ServerId, point_code: u32) -> Availability {
        let accepts_ssnm = |&id: &LinkId| {
            let link = self.link(id);
            link.is_some_and(|link| link.member(server).is_some_and(|member| link.accepts_ssnm(member)))
        };
        let heeded: Vec<LinkId> = self.links_of(server).into_iter().filter(accepts_ssnm).collect();
        self.best(&heeded, server, point_code)
    }

    fn best(&self, links: &[LinkId], server: ServerId, point_code: u32) -> Availability {
        let members = links.iter().filter_map(|&id| self.link(id)?.member(server));
        let known = members.map(|member| member.destinations.of(point_code));
        known.min_by_key(|&state| rank(state)).unwrap_or(Availability::Available)
    }

    fn sends(&self, id: LinkId, server: ServerId) -> bool {
        self.link(id).is_some_and(|link| link.member(server).is_some_and(|member| link.sends(member)))
    }
}

/// Mask and point code as one entry of an affected point code list.
pub(crate) fn packed((mask, point_code): (u8, u32)) -> u32 {
    u32::from(mask) << 24 | (point_code & 0x00ff_ffff)
}

fn reported_state(message: &Message) -> Result<Availability, Error> {
    Ok(match message.kind() {
        Kind::Duna => Availability::Unavailable,
        Kind::Drst => Availability::Restricted,
        // Without a level the congestion method of the network has none: it counts as level 1.
        Kind::Scon => match message.number(tags::CONGESTION_INDICATIONS)? {
            None => Availability::Congested(1),
            Some(level) => match level.to_be_bytes() {
                [_, _, _, level @ 0..=3] => Availability::Congested(level),
                _ => return Err(Error::Value(tags::CONGESTION_INDICATIONS)),
            },
        },
        _ => Availability::Available,
    })
}

fn rank(state: Availability) -> u8 {
    match state {
        Availability::Available => 0,
        Availability::Congested(level) => level.min(3),
        Availability::Restricted => 4,
        Availability::Unavailable => 5,
    }
}
