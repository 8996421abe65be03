//! Routing control: translation, choice of the destination, return of messages (Q.714 §2).

use std::time::Instant;

use smallvec::{SmallVec, smallvec};

use super::domain::Domain;
use super::{Origin, RoutedMessage, Sccp};
use crate::gtt::{Destination, translate};
use crate::message::{Form, HOPS, Message, Purpose};
use crate::{Address, Discard, NetworkId, Output, ReturnCause, RoutingIndicator};

/// The default importance of data and of service messages (Q.714 §2.6).
const DATA_IMPORTANCE: u8 = 4;
const SERVICE_IMPORTANCE: u8 = 3;

/// The possible destinations of a message.
pub(super) struct Candidates {
    /// The translated called address.
    pub(super) called: Address,
    pub(super) point_codes: SmallVec<[u32; 2]>,
    choice: Choice,
}

/// How to choose among the accessible candidates.
enum Choice {
    First,
    BySls,
    All,
}

impl Sccp {
    /// Routes a message by its called address, or returns it.
    pub(super) fn route(&mut self, mut routed: RoutedMessage, now: Instant) {
        if let Some(cause) = too_many_hops(&mut routed) {
            self.refuse(&routed, cause);
            return;
        }
        match self.destinations(&routed) {
            Ok((called, point_codes)) => self.send_to(&routed, &called, &point_codes, now),
            Err(cause) => self.refuse(&routed, cause),
        }
    }

    fn send_to(&mut self, routed: &RoutedMessage, called: &Address, point_codes: &[u32], now: Instant) {
        let mut failure = None;
        let mut sent = false;
        for &point_code in point_codes {
            let own = self.domains.get(&routed.network).is_some_and(|domain| domain.is_own(point_code));
            if own {
                self.deliver(routed, called, now);
                sent = true;
            } else {
                match self.transmit(routed, called, point_code) {
                    Ok(()) => sent = true,
                    Err(cause) => failure = Some(cause),
                }
            }
        }
        if let Some(cause) = failure.filter(|_| !sent) {
            self.refuse(routed, cause);
        }
    }

    /// The points to send a message to: all accessible, and at least one.
    fn destinations(&self, routed: &RoutedMessage) -> Result<(Address, SmallVec<[u32; 2]>), ReturnCause> {
        let domain = self.domains.get(&routed.network).ok_or(ReturnCause::UNQUALIFIED)?;
        let Candidates { called, mut point_codes, choice } =
            self.candidates(domain, routed.network, routed.origin, &routed.message.called)?;
        if matches!(routed.origin, Origin::Network { .. }) && !self.relays {
            point_codes.retain(|point_code| domain.is_own(*point_code));
            if point_codes.is_empty() {
                return Err(ReturnCause::NO_TRANSLATION_OF_ADDRESS);
            }
        }
        let importance = importance(&routed.message);
        let mut blocking_cause = ReturnCause::MTP_FAILURE;
        // From the last to the first, so that the cause is that of the first choice.
        point_codes.reverse();
        point_codes.retain(|point_code| {
            let found = would_loop(routed, &called, *point_code)
                .or_else(|| domain.blocking_cause(*point_code, &called, importance));
            blocking_cause = found.unwrap_or(blocking_cause);
            found.is_none()
        });
        point_codes.reverse();
        match choice {
            Choice::First => point_codes.truncate(1),
            Choice::All => {}
            Choice::BySls => {
                let at = usize::from(routed.sls).checked_rem(point_codes.len()).unwrap_or(0);
                point_codes = point_codes.get(at).copied().into_iter().collect();
            }
        }
        if point_codes.is_empty() { Err(blocking_cause) } else { Ok((called, point_codes)) }
    }

    /// The destination points of a called address, accessible or not.
    pub(super) fn candidates(
        &self,
        domain: &Domain,
        network: NetworkId,
        origin: Origin,
        called: &Address,
    ) -> Result<Candidates, ReturnCause> {
        let to = |point_code| Candidates {
            called: called.clone(),
            point_codes: smallvec![point_code],
            choice: Choice::First,
        };
        match (called.routing, origin) {
            // A message routed on SSN is at its destination: the point code in the address is irrelevant.
            (RoutingIndicator::Ssn, Origin::Network { dpc, .. }) => return Ok(to(dpc)),
            (RoutingIndicator::Ssn, Origin::User { .. }) => {
                return called.signalling_point().map(to).ok_or(ReturnCause::NO_TRANSLATION_OF_NATURE);
            }
            // A user may give the point that translates. An unknown point code comes from the calling
            // address of a distant node, which is reached by its title.
            (RoutingIndicator::Gt, Origin::User { .. }) => {
                let translator = called.signalling_point().filter(|code| domain.remotes.contains_key(code));
                if let Some(point_code) = translator {
                    return Ok(to(point_code));
                }
            }
            (RoutingIndicator::Gt, Origin::Network { .. }) => {}
        }
        let (called, destination) = translate(&self.rules, network, called)?;
        let point_codes = match destination {
            Destination::Local => domain.point_codes.iter().take(1).copied().collect(),
            other => SmallVec::from_vec(other.point_codes()),
        };
        let choice = match destination {
            Destination::LoadShared(_) => Choice::BySls,
            Destination::Broadcast(_) => Choice::All,
            _ => Choice::First,
        };
        Ok(Candidates { called, point_codes, choice })
    }

    /// Reports an undelivered message to its sender: by a notice to a user, a service message to a peer.
    pub(super) fn refuse(&mut self, routed: &RoutedMessage, cause: ReturnCause) {
        let RoutedMessage { network, origin, message, .. } = routed;
        let output = match *origin {
            Origin::User { .. } => Output::Notice {
                network: *network,
                called: message.called.clone(),
                calling: message.calling.clone(),
                cause,
                data: message.data.clone(),
            },
            Origin::Network { opc, .. } => {
                let returned = self.send_back(routed, cause).is_some();
                Output::Refused { network: *network, opc, cause, returned }
            }
        };
        self.outputs.push_back(output);
    }

    /// Sends a service message if the message has the return option (Q.714 §4.2).
    fn send_back(&mut self, routed: &RoutedMessage, cause: ReturnCause) -> Option<()> {
        let RoutedMessage { network, origin, sls, message } = routed;
        let Origin::Network { opc, dpc } = *origin else { return None };
        let Purpose::Data { return_on_error: true, .. } = message.purpose else { return None };
        let domain = self.domains.get(network)?;
        let sender = &message.calling;
        // Without a route to the calling address, the originating point may have one.
        let user = Origin::User { opc: dpc };
        let route_back = self.candidates(domain, *network, user, sender).ok().and_then(|route_back| {
            let reached = |code: &u32| {
                !domain.is_own(*code)
                    && domain.blocking_cause(*code, &route_back.called, SERVICE_IMPORTANCE).is_none()
            };
            route_back.point_codes.iter().copied().find(reached).map(|code| (route_back.called, code))
        });
        let (called, point_code) = route_back.unwrap_or_else(|| (sender.clone(), opc));
        let service = Message {
            purpose: Purpose::Service(cause),
            hop_counter: HOPS,
            called,
            calling: message.called.clone(),
            importance: None,
            ..message.clone()
        };
        let payload = service.encode().ok()?;
        self.outputs.push_back(Output::Transfer {
            network: *network,
            opc: dpc,
            dpc: point_code,
            sls: *sls,
            payload,
        });
        Some(())
    }

    /// Counts a message that is neither delivered nor returned.
    pub(super) fn discard(&mut self, routed: &RoutedMessage, reason: Discard) {
        if let Origin::Network { opc, .. } = routed.origin {
            self.outputs.push_back(Output::Discarded { network: routed.network, opc, reason });
        }
    }
}

/// Counts the translation that is about to be made (Q.714 §2.3).
fn too_many_hops(routed: &mut RoutedMessage) -> Option<ReturnCause> {
    let message = &mut routed.message;
    let translates = matches!(routed.origin, Origin::Network { .. })
        && message.form != Form::Basic
        && message.called.routing == RoutingIndicator::Gt;
    if translates {
        message.hop_counter = message.hop_counter.min(HOPS).saturating_sub(1);
    }
    (translates && message.hop_counter == 0).then_some(ReturnCause::HOP_COUNTER_VIOLATION)
}

/// UDT has no hop counter: returned to its origin for another translation, it would loop for ever.
fn would_loop(routed: &RoutedMessage, called: &Address, point_code: u32) -> Option<ReturnCause> {
    let Origin::Network { opc, .. } = routed.origin else { return None };
    let back =
        routed.message.form == Form::Basic && called.routing == RoutingIndicator::Gt && point_code == opc;
    back.then_some(ReturnCause::HOP_COUNTER_VIOLATION)
}

fn importance(message: &Message) -> u8 {
    message.importance.unwrap_or(match message.purpose {
        Purpose::Data { .. } => DATA_IMPORTANCE,
        Purpose::Service(_) => SERVICE_IMPORTANCE,
    })
}
