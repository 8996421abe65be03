//! The side that asks: the life of our own process on one link (RFC 4666 §4.3.1, §4.3.4).

use std::time::Instant;

use codec::status;

use crate::link::{Farewell, Own};
use crate::message::tags;
use crate::node::{M3ua, Refusal};
use crate::{Error, Kind, LinkId, Message, Output, ServerId, TrafficMode};

impl M3ua {
    /// Sends what is next on the way to ACTIVE; `again` also repeats what is out and not acknowledged.
    pub(crate) fn pursue(&mut self, id: LinkId, again: bool, now: Instant) {
        let due = self.acknowledgement_due(now);
        let Some(link) = self.link(id) else { return };
        if self.stopping || !link.pursues() {
            return;
        }
        let asked = if link.own_up {
            let registering = self.register(id, again);
            self.activate(id, again) || registering
        } else {
            let unasked = again || link.due.is_none();
            if unasked {
                self.send_up(id);
            }
            unasked
        };
        let Some(link) = self.link_mut(id) else { return };
        let waits = |own: Own| matches!(own, Own::Registering | Own::Activating);
        if asked {
            link.due = Some(due);
        } else if link.own_up && !link.members.iter().any(|member| waits(member.own)) {
            link.due = None;
        }
    }

    /// T(ack) is over.
    pub(crate) fn unacknowledged(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        link.due = None;
        match link.farewell {
            Some(_) => self.bid_farewell(id, now),
            None => self.pursue(id, true, now),
        }
    }

    pub(crate) fn up_acknowledged(&mut self, id: LinkId, now: Instant) -> Result<(), Refusal> {
        let link = self.asking(id)?;
        if link.farewell.is_some() {
            return Ok(());
        }
        if !link.own_up {
            link.own_up = true;
            link.due = None;
            self.settle_link(id, now);
            self.pursue(id, false, now);
            return Ok(());
        }
        if !link.members.iter().any(|member| member.own == Own::Active) {
            return Ok(());
        }
        // The peer has lost our state: say so, then go the way again (RFC 4666 §4.3.4.1).
        link.members.iter_mut().for_each(|member| member.own = Own::Idle);
        self.settle_link(id, now);
        self.pursue(id, false, now);
        Err(Refusal::unexpected())
    }

    pub(crate) fn down_acknowledged(&mut self, id: LinkId, now: Instant) -> Result<(), Refusal> {
        let link = self.asking(id)?;
        if link.farewell == Some(Farewell::Down) {
            self.bid_farewell(id, now);
        } else if link.own_up && link.farewell.is_none() {
            link.own_up = false;
            link.due = None;
            link.members.iter_mut().for_each(|member| member.own = Own::Idle);
            self.settle_link(id, now);
            self.pursue(id, false, now);
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
        let link = self.asking(id)?;
        if !link.own_up {
            return Err(Refusal::unexpected());
        }
        let (mut known, unknown) = link.named(&contexts);
        if contexts.is_empty() {
            let waiting = link.members.iter().filter(|member| member.own == Own::Activating);
            known.extend(waiting.map(|member| member.server));
        }
        let mut unasked = false;
        let mut joined = Vec::new();
        for server in known {
            let Some(member) = link.member_mut(server) else { continue };
            match member.own {
                Own::Activating => {
                    member.own = Own::Active;
                    member.routing_context = member.routing_context.or(contexts.first().copied());
                    joined.push(server);
                }
                Own::Idle | Own::Registering | Own::Standby => unasked = true,
                Own::Active | Own::Deactivating => {}
            }
        }
        self.pursue(id, false, now);
        self.settle_link(id, now);
        for server in joined {
            self.rerouted(id, server);
            self.audit(id, server, now);
        }
        match unknown.is_empty() {
            false => Err(Refusal::contexts(&unknown)),
            true if unasked => Err(Refusal::unexpected()),
            true => Ok(()),
        }
    }

    pub(crate) fn inactive_acknowledged(
        &mut self,
        id: LinkId,
        message: &Message,
        now: Instant,
    ) -> Result<(), Refusal> {
        let lingers = self.acknowledgement_due(now);
        let contexts = message.routing_contexts()?;
        let link = self.asking(id)?;
        if !link.own_up {
            return Err(Refusal::unexpected());
        }
        let (mut known, unknown) = link.named(&contexts);
        if contexts.is_empty() {
            known.extend(link.members.iter().map(|member| member.server));
        }
        for server in known {
            let Some(member) = link.member_mut(server) else { continue };
            if matches!(member.own, Own::Active | Own::Deactivating) {
                member.own = Own::Idle;
                member.lingers = Some(lingers);
            }
        }
        if link.farewell == Some(Farewell::Inactive) {
            if !link.members.iter().any(|member| member.own == Own::Deactivating) {
                self.bid_farewell(id, now);
            }
        } else {
            self.settle_link(id, now);
            self.pursue(id, false, now);
        }
        if unknown.is_empty() { Ok(()) } else { Err(Refusal::contexts(&unknown)) }
    }

    /// NTFY (RFC 4666 §4.3.4.5). It may come before the acknowledgement of our ASPAC, or for a server
    /// that another process serves; it never moves our own process but away from overridden traffic.
    pub(crate) fn notified(&mut self, id: LinkId, message: &Message, now: Instant) -> Result<(), Refusal> {
        let (kind, information) = message.status()?;
        let contexts = message.routing_contexts()?;
        let link = self.asking(id)?;
        let (mut known, unknown) = link.named(&contexts);
        if contexts.is_empty() {
            known = link.members.iter().map(|member| member.server).collect();
        }
        match (kind, information) {
            (status::AS_STATE_CHANGE, status::AS_ACTIVE) | (status::OTHER, status::ASP_FAILURE) => {}
            (status::AS_STATE_CHANGE, status::AS_INACTIVE | status::AS_PENDING)
            | (status::OTHER, status::INSUFFICIENT_ASP_RESOURCES) => {
                known.into_iter().for_each(|server| self.wake(server, now));
            }
            (status::OTHER, status::ALTERNATE_ASP_ACTIVE) => {
                for server in known {
                    self.overridden(id, server, now);
                }
                self.settle_link(id, now);
            }
            _ => return Err(Error::Value(tags::STATUS).into()),
        }
        if unknown.is_empty() { Ok(()) } else { Err(Refusal::contexts(&unknown)) }
    }

    /// Lets processes that stand by for an application server become active.
    pub(crate) fn wake(&mut self, server: ServerId, now: Instant) {
        for id in self.links_of(server) {
            let Some(member) = self.member_mut(id, server) else { continue };
            if member.own == Own::Standby {
                member.own = Own::Idle;
            }
            self.pursue(id, false, now);
        }
    }

    /// Leaves every association in order.
    pub(crate) fn stop(&mut self, now: Instant) {
        if std::mem::replace(&mut self.stopping, true) {
            return;
        }
        for id in (0..=u16::MAX).take(self.links.len()).map(LinkId) {
            self.bid_farewell(id, now);
        }
    }

    /// The next step of leaving: ASPIA, DEREG REQ, ASPDN, close. Each is asked once and waited for once.
    pub(crate) fn bid_farewell(&mut self, id: LinkId, now: Instant) {
        let due = self.acknowledgement_due(now);
        let mut last = self.link(id).and_then(|link| link.farewell);
        while let Some(link) = self.link_mut(id).filter(|link| link.streams.is_some()) {
            let next = match last {
                None if link.asks => Farewell::Inactive,
                Some(Farewell::Inactive) => Farewell::Deregister,
                Some(Farewell::Deregister) => Farewell::Down,
                None | Some(Farewell::Down) => Farewell::Closed,
                Some(Farewell::Closed) => return,
            };
            link.farewell = Some(next);
            link.due = Some(due);
            last = Some(next);
            let waits = match next {
                Farewell::Inactive => self.deactivate(id),
                Farewell::Deregister => self.deregister(id),
                Farewell::Down => self.send_down(id),
                Farewell::Closed => {
                    self.outputs.push_back(Output::Close { link: id });
                    self.lost(id, now);
                    true
                }
            };
            self.settle_link(id, now);
            if waits {
                return;
            }
        }
    }

    fn asking(&mut self, id: LinkId) -> Result<&mut crate::link::Link, Refusal> {
        self.link_mut(id).filter(|link| link.asks).ok_or_else(Refusal::unexpected)
    }

    fn overridden(&mut self, id: LinkId, server: ServerId, now: Instant) {
        let lingers = self.acknowledgement_due(now);
        let mode = self.server_settings(server).map(|server| server.traffic_mode);
        let Some(member) = self.member_mut(id, server) else { return };
        if member.own == Own::Active && mode == Some(TrafficMode::Override) {
            member.own = Own::Standby;
            member.lingers = Some(lingers);
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
        let mut asked = false;
        for mode in TrafficMode::ALL {
            let servers: Vec<ServerId> = self
                .servers_of(id)
                .into_iter()
                .filter(|&server| self.wants(id, server, mode, again))
                .collect();
            if servers.is_empty() {
                continue;
            }
            let mut contexts = Vec::new();
            for server in servers {
                let Some(member) = self.member_mut(id, server) else { continue };
                member.own = Own::Activating;
                contexts.extend(member.routing_context);
            }
            let message = Message::new(Kind::AspActive).with_number(tags::TRAFFIC_MODE_TYPE, mode.number());
            self.send(id, &message.with_numbers(tags::ROUTING_CONTEXT, &contexts));
            asked = true;
        }
        asked
    }

    /// Whether ASPAC is to be sent. Two links of ours that both override would chase each other, and one
    /// that is overridden by another node leaves the traffic to it.
    fn wants(&self, id: LinkId, server: ServerId, mode: TrafficMode, again: bool) -> bool {
        let Some(settings) = self.server_settings(server).filter(|found| found.traffic_mode == mode) else {
            return false;
        };
        let Some(member) = self.link(id).and_then(|link| link.member(server)) else { return false };
        let taken = || {
            let others = self.links_of(server).into_iter().filter(|&other| other != id);
            let mut own = others.filter_map(|other| Some(self.link(other)?.member(server)?.own));
            own.any(|own| matches!(own, Own::Active | Own::Activating | Own::Standby))
        };
        match member.own {
            Own::Idle => !member.unregistered && (settings.traffic_mode != TrafficMode::Override || !taken()),
            Own::Activating => again,
            Own::Registering | Own::Active | Own::Deactivating | Own::Standby => false,
        }
    }

    /// Sends ASPIA for all that is active. Whether it was sent.
    fn deactivate(&mut self, id: LinkId) -> bool {
        let Some(link) = self.link_mut(id) else { return false };
        let mut contexts = Vec::new();
        let mut any = false;
        for member in &mut link.members {
            if matches!(member.own, Own::Active | Own::Activating) {
                member.own = Own::Deactivating;
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
