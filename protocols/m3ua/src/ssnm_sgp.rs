//! SSNM at an SGP: DUNA, DAVA, DRST, SCON and DUPU to ASPs, answers to DAUD (RFC 4666 §3.4, §4.5).

use crate::message::tags;
use crate::node::{M3ua, Refusal};
use crate::ssnm_asp::{AFFECTED_MAX, packed};
use crate::{Availability, Kind, LinkId, Message, ServerId};

/// Point codes with a stored state, for one application server of a gateway.
const STATES_MAX: usize = 65_536;

impl M3ua {
    /// The availability of point codes has changed: informs every active ASP.
    pub(crate) fn destinations_changed(&mut self, id: ServerId, point_codes: &[u32], change: Availability) {
        let Some(server) = self.server_mut(id) else { return };
        for &point_code in point_codes {
            let usual = matches!(change, Availability::Available | Availability::Congested(0));
            if usual {
                server.network.remove(&point_code);
            } else if server.network.len() < STATES_MAX || server.network.contains_key(&point_code) {
                server.network.insert(point_code, change);
            }
        }
        let affected: Vec<u32> = point_codes.iter().map(|&point_code| packed((0, point_code))).collect();
        for link in self.active_links(id) {
            self.send_state(link, id, change, &affected);
        }
    }

    /// A user part is unavailable: sends DUPU to every active ASP.
    pub(crate) fn user_part_changed(&mut self, id: ServerId, point_code: u32, user: u8, cause: u8) {
        let pair = u32::from(cause) << 16 | u32::from(user);
        for link in self.active_links(id) {
            let message = self
                .management(Kind::Dupu, link, id)
                .with_number(tags::AFFECTED_POINT_CODE, packed((0, point_code)))
                .with_number(tags::USER_CAUSE, pair);
            self.send(link, &message);
        }
    }

    /// Sends the states other than available to an ASP that has become active.
    pub(crate) fn send_unavailable(&mut self, link: LinkId, id: ServerId) {
        let Some(server) = self.server(id) else { return };
        let known: Vec<(u32, Availability)> =
            server.network.iter().map(|(&pc, &state)| (pc, state)).collect();
        self.send_states(link, id, known.into_iter().map(|(pc, state)| (packed((0, pc)), state)).collect());
    }

    /// DAUD: answers for each destination, congestion before availability (RFC 4666 §4.5.3).
    pub(crate) fn audit_received(&mut self, link: LinkId, message: &Message) -> Result<(), Refusal> {
        self.sgp_link(link)?;
        let affected = message.affected()?;
        for server in self.affected_servers(link, message)? {
            let mut answer = Vec::new();
            for &(mask, point_code) in &affected {
                self.audit_states(server, mask, point_code, &mut answer);
            }
            self.send_states(link, server, answer);
        }
        Ok(())
    }

    /// Answers DATA for an unavailable point code with DUNA. Whether it was sent.
    pub(crate) fn answer_unreachable(&mut self, link: LinkId, id: ServerId, dpc: u32) -> bool {
        let lost =
            self.server(id).and_then(|server| server.network.get(&dpc)) == Some(&Availability::Unavailable);
        let gateway = self.link(link).is_some_and(|link| link.notifies);
        if lost && gateway {
            self.send_state(link, id, Availability::Unavailable, &[packed((0, dpc))]);
        }
        lost && gateway
    }

    /// The answer for a range: its own state, then the exceptions in it.
    fn audit_states(&self, id: ServerId, mask: u8, point_code: u32, answer: &mut Vec<(u32, Availability)>) {
        let (Some(server), Some(settings)) = (self.server(id), self.server_settings(id)) else { return };
        let wild = 1_u32.checked_shl(u32::from(mask)).map_or(u32::MAX, |bit| bit.wrapping_sub(1));
        let inside = |other: u32| other & !wild == point_code & !wild;
        let reached = &settings.point_codes;
        let whole = if reached.is_empty() || (mask == 0 && reached.contains(&point_code)) {
            Availability::Available
        } else {
            Availability::Unavailable
        };
        if mask == 0 {
            let state = server.network.get(&point_code).copied().unwrap_or(whole);
            answer.push((packed((0, point_code)), state));
            return;
        }
        answer.push((packed((mask, point_code & !wild)), whole));
        let configured = reached.iter().map(|&other| (other, Availability::Available));
        let changed = server.network.iter().map(|(&other, &state)| (other, state));
        let others = configured.chain(changed).filter(|&(other, _)| inside(other));
        answer.extend(others.take(AFFECTED_MAX).map(|(other, state)| (packed((0, other)), state)));
    }

    fn send_states(&mut self, link: LinkId, server: ServerId, states: Vec<(u32, Availability)>) {
        for level in 1..=3 {
            let at = |&(entry, state): &(u32, Availability)| {
                (state == Availability::Congested(level)).then_some(entry)
            };
            let congested: Vec<u32> = states.iter().filter_map(at).collect();
            self.send_state(link, server, Availability::Congested(level), &congested);
        }
        // In the order of the list, because the exceptions follow their range.
        let plain = states.into_iter().map(|(entry, state)| match state {
            Availability::Congested(_) => (entry, Availability::Available),
            other => (entry, other),
        });
        let mut run: Vec<u32> = Vec::new();
        let mut running = Availability::Available;
        for (entry, state) in plain {
            if state != running {
                self.send_state(link, server, running, &run);
                run.clear();
                running = state;
            }
            run.push(entry);
        }
        self.send_state(link, server, running, &run);
    }

    fn send_state(&mut self, link: LinkId, server: ServerId, state: Availability, affected: &[u32]) {
        let (kind, level) = match state {
            Availability::Available => (Kind::Dava, None),
            Availability::Restricted => (Kind::Drst, None),
            Availability::Unavailable => (Kind::Duna, None),
            Availability::Congested(level) => (Kind::Scon, Some(u32::from(level.min(3)))),
        };
        for part in affected.chunks(AFFECTED_MAX) {
            let message = self
                .management(kind, link, server)
                .with_numbers(tags::AFFECTED_POINT_CODE, part)
                .with_some(tags::CONGESTION_INDICATIONS, level);
            self.send(link, &message);
        }
    }

    fn management(&self, kind: Kind, link: LinkId, server: ServerId) -> Message {
        let appearance = self.server_settings(server).and_then(|server| server.network_appearance);
        let member = self.link(link).and_then(|link| link.member(server));
        Message::new(kind)
            .with_some(tags::NETWORK_APPEARANCE, appearance)
            .with_some(tags::ROUTING_CONTEXT, member.and_then(|member| member.routing_context))
    }

    /// The links with a peer that is active for the application server.
    fn active_links(&self, id: ServerId) -> Vec<LinkId> {
        let active = |link: &LinkId| {
            let member = self.link(*link).and_then(|link| link.member(id));
            member.is_some_and(|member| member.peer_active)
        };
        self.links_of(id).into_iter().filter(active).collect()
    }
}
