//! Transfer of DATA: traffic modes, selection of link and stream, received DATA (RFC 4666 §4.5, §1.4.7).

use std::time::Instant;

use codec::error_code;

use crate::link::Link;
use crate::message::tags;
use crate::node::{M3ua, Refusal, later};
use crate::{Availability, Kind, LinkId, Message, Output, ServerId, ServerState, TrafficMode, Transfer};

/// The route of a transfer.
enum Route {
    Links(Vec<LinkId>),
    Held,
    Unavailable,
}

impl M3ua {
    pub(crate) fn transfer(&mut self, transfer: Transfer, now: Instant) {
        let held = self.server(transfer.server).is_some_and(|server| !server.held.is_empty());
        let route = if transfer.payload.len() > Transfer::PAYLOAD_OCTETS_MAX {
            Route::Unavailable
        } else if held {
            Route::Held
        } else {
            self.route(&transfer)
        };
        match route {
            Route::Links(links) => self.forward(&links, &transfer),
            Route::Held => self.hold(transfer, now),
            Route::Unavailable => self.outputs.push_back(Output::Discarded(transfer)),
        }
    }

    /// Sends held transfers, as far as there is a route for them.
    pub(crate) fn release(&mut self, id: ServerId, now: Instant) {
        while let Some(transfer) = self.server_mut(id).and_then(|server| server.held.pop_front()) {
            match self.route(&transfer) {
                Route::Links(links) => self.forward(&links, &transfer),
                Route::Unavailable => self.outputs.push_back(Output::Discarded(transfer)),
                Route::Held => {
                    let Some(server) = self.server_mut(id) else { return };
                    server.held.push_front(transfer);
                    return;
                }
            }
        }
        let recovery = later(now, self.settings.timers.recovery);
        if let Some(server) = self.server_mut(id) {
            server.due = (server.state == ServerState::Pending).then(|| server.due.unwrap_or(recovery));
        }
    }

    pub(crate) fn data(&mut self, id: LinkId, message: &Message, now: Instant) -> Result<(), Refusal> {
        let contexts = message.routing_contexts()?;
        let appearance = message.network_appearance()?;
        let data = message.protocol_data()?;
        let link = self.link(id).ok_or_else(Refusal::unexpected)?;
        let server = match link.find_members(&contexts) {
            (_, unknown) if !unknown.is_empty() => return Err(Refusal::contexts(&unknown)),
            (known, _) => match known.as_slice() {
                [server] => *server,
                [] => return Err(Refusal::new(error_code::NO_CONFIGURED_AS_FOR_ASP)),
                _ => return Err(Refusal::new(error_code::INVALID_PARAMETER_VALUE)),
            },
        };
        if !link.member(server).is_some_and(|member| link.receives(member, now)) {
            return Err(Refusal::unexpected());
        }
        let configured = self.server_settings(server).and_then(|server| server.network_appearance);
        if configured.is_some() && appearance.is_some() && appearance != configured {
            let code = Refusal::new(error_code::INVALID_NETWORK_APPEARANCE);
            return Err(code.with(tags::NETWORK_APPEARANCE, appearance.as_slice()));
        }
        let dpc = data.dpc;
        if self.answer_unreachable(id, server, dpc) {
            return Ok(());
        }
        self.outputs.push_back(Output::Transfer { link: id, transfer: Transfer::new(server, data) });
        Ok(())
    }

    fn hold(&mut self, transfer: Transfer, now: Instant) {
        let (max, recovery) = (self.settings.pending_max, later(now, self.settings.timers.recovery));
        match self.server_mut(transfer.server) {
            Some(server) if server.held.len() < max => {
                server.due = server.due.or(Some(recovery));
                server.held.push_back(transfer);
            }
            _ => self.outputs.push_back(Output::Discarded(transfer)),
        }
    }

    fn forward(&mut self, links: &[LinkId], transfer: &Transfer) {
        let appearance = self.server_settings(transfer.server).and_then(|server| server.network_appearance);
        for &id in links {
            let Some(link) = self.link(id) else { continue };
            let context = link.member(transfer.server).and_then(|member| member.routing_context);
            let stream = link.stream(transfer.sls);
            let octets = Message::new(Kind::Data)
                .with_some(tags::NETWORK_APPEARANCE, appearance)
                .with_some(tags::ROUTING_CONTEXT, context)
                .with_protocol_data(&transfer.protocol_data())
                .encode();
            self.outputs.push_back(Output::Send { link: id, stream, octets });
        }
    }

    fn route(&self, transfer: &Transfer) -> Route {
        let Some(server) = self.server(transfer.server) else { return Route::Unavailable };
        match server.state {
            ServerState::Down | ServerState::Inactive => return Route::Unavailable,
            ServerState::Pending => return Route::Held,
            ServerState::Active => {}
        }
        let links = || server.links.iter().copied();
        let reaches = |&id: &LinkId| self.link(id).is_some_and(|link| reaches(link, transfer));
        let free = |&id: &LinkId| reaches(&id) && self.link(id).is_some_and(|link| !link.congested);
        if !links().any(|id| reaches(&id)) {
            return Route::Unavailable;
        }
        if !links().any(|id| free(&id)) {
            return Route::Held;
        }
        let mode = self.server_settings(transfer.server).map(|server| server.traffic_mode);
        match mode {
            Some(TrafficMode::Broadcast) => Route::Links(links().filter(free).collect()),
            _ => Route::Links(select_link(&server.links, transfer.sls, free).into_iter().collect()),
        }
    }
}

/// Whether the link may carry the transfer and reaches its destination.
fn reaches(link: &Link, transfer: &Transfer) -> bool {
    link.member(transfer.server).is_some_and(|member| {
        link.sends(member) && member.destinations.of(transfer.dpc) != Availability::Unavailable
    })
}

/// The link for a signalling link selection. The traffic of an unusable link is distributed to the
/// others, and no other traffic moves.
fn select_link(links: &[LinkId], sls: u8, usable: impl Fn(&LinkId) -> bool) -> Option<LinkId> {
    let sls = usize::from(sls);
    let preferred = links.get(sls.checked_rem(links.len())?).copied();
    if preferred.is_some_and(|preferred| usable(&preferred)) {
        return preferred;
    }
    let others: Vec<LinkId> = links.iter().copied().filter(usable).collect();
    let turn = sls.checked_div(links.len())?.checked_rem(others.len())?;
    others.get(turn).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_traffic_of_a_lost_link_moves() {
        let links = [LinkId(0), LinkId(1), LinkId(2)];
        let all = |sls| select_link(&links, sls, |_| true);
        let without = |sls| select_link(&links, sls, |&link| link != LinkId(1));
        let mut moved = [0, 0, 0];
        for sls in 0..=u8::MAX {
            if all(sls) == Some(LinkId(1)) {
                moved[usize::from(without(sls).unwrap().0)] += 1;
            } else {
                assert_eq!(all(sls), without(sls));
            }
        }
        assert_eq!(moved, [43, 0, 42]);
        assert_eq!(select_link(&links, 0, |_| false), None);
        assert_eq!(select_link(&[], 0, |_| true), None);
    }
}
