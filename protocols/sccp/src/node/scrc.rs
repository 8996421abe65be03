//! Routing control (Q.714 §2): where a message goes, and how it comes back.

use std::time::Instant;

use smallvec::{SmallVec, smallvec};

use super::domain::Domain;
use super::{Origin, Parcel, Sccp};
use crate::gtt::{Destination, translate};
use crate::message::{Form, HOPS, Message, Purpose};
use crate::{Address, Discard, NetworkId, Output, ReturnCause, RoutingIndicator};

/// The importance of data and of service messages that do not say it (Q.714 §2.6).
const DATA_IMPORTANCE: u8 = 4;
const SERVICE_IMPORTANCE: u8 = 3;

/// Where a message may go.
pub(super) struct Candidates {
    /// The called address that it takes along.
    pub(super) called: Address,
    pub(super) point_codes: SmallVec<[u32; 2]>,
    choice: Choice,
}

/// How to choose among the candidates that can be reached.
enum Choice {
    First,
    BySls,
    All,
}

impl Sccp {
    /// Sends a message where its called address leads, or back.
    pub(super) fn route(&mut self, mut parcel: Parcel, now: Instant) {
        if let Some(cause) = too_many_hops(&mut parcel) {
            self.refuse(&parcel, cause);
            return;
        }
        match self.destinations(&parcel) {
            Ok((called, point_codes)) => self.send_to(&parcel, &called, &point_codes, now),
            Err(cause) => self.refuse(&parcel, cause),
        }
    }

    fn send_to(&mut self, parcel: &Parcel, called: &Address, point_codes: &[u32], now: Instant) {
        let mut failure = None;
        let mut sent = false;
        for &point_code in point_codes {
            let own = self.domains.get(&parcel.network).is_some_and(|domain| domain.is_own(point_code));
            if own {
                self.deliver(parcel, called, now);
                sent = true;
            } else {
                match self.transmit(parcel, called, point_code) {
                    Ok(()) => sent = true,
                    Err(cause) => failure = Some(cause),
                }
            }
        }
        if let Some(cause) = failure.filter(|_| !sent) {
            self.refuse(parcel, cause);
        }
    }

    /// The points that a message goes to now: all can be reached, and there is at least one.
    fn destinations(&self, parcel: &Parcel) -> Result<(Address, SmallVec<[u32; 2]>), ReturnCause> {
        let domain = self.domains.get(&parcel.network).ok_or(ReturnCause::UNQUALIFIED)?;
        let Candidates { called, mut point_codes, choice } =
            self.candidates(domain, parcel.network, parcel.origin, &parcel.message.called)?;
        if matches!(parcel.origin, Origin::Network { .. }) && !self.relays {
            point_codes.retain(|point_code| domain.is_own(*point_code));
            if point_codes.is_empty() {
                return Err(ReturnCause::NO_TRANSLATION_OF_ADDRESS);
            }
        }
        let importance = importance(&parcel.message);
        let mut obstacle = ReturnCause::MTP_FAILURE;
        // From the last to the first, so that it is the first choice's obstacle that is told.
        point_codes.reverse();
        point_codes.retain(|point_code| {
            let found = would_loop(parcel, &called, *point_code)
                .or_else(|| domain.obstacle(*point_code, &called, importance));
            obstacle = found.unwrap_or(obstacle);
            found.is_none()
        });
        point_codes.reverse();
        match choice {
            Choice::First => point_codes.truncate(1),
            Choice::All => {}
            Choice::BySls => {
                let at = usize::from(parcel.sls).checked_rem(point_codes.len()).unwrap_or(0);
                point_codes = point_codes.get(at).copied().into_iter().collect();
            }
        }
        if point_codes.is_empty() { Err(obstacle) } else { Ok((called, point_codes)) }
    }

    /// The points that a called address leads to, whether or not they can be reached.
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
            // What arrives for a subsystem has arrived: whose point code is in it does not matter.
            (RoutingIndicator::Ssn, Origin::Network { dpc, .. }) => return Ok(to(dpc)),
            (RoutingIndicator::Ssn, Origin::User { .. }) => {
                return called.signalling_point().map(to).ok_or(ReturnCause::NO_TRANSLATION_OF_NATURE);
            }
            // A user may name the point that translates. One that we cannot send to came with the
            // calling address of a stranger: the way there is by its title.
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

    /// Tells the sender that its message was not delivered, in the way that it can understand.
    pub(super) fn refuse(&mut self, parcel: &Parcel, cause: ReturnCause) {
        let Parcel { network, origin, message, .. } = parcel;
        let output = match *origin {
            Origin::User { .. } => Output::Notice {
                network: *network,
                called: message.called.clone(),
                calling: message.calling.clone(),
                cause,
                data: message.data.clone(),
            },
            Origin::Network { opc, .. } => {
                let returned = self.send_back(parcel, cause).is_some();
                Output::Refused { network: *network, opc, cause, returned }
            }
        };
        self.outputs.push_back(output);
    }

    /// Sends a service message, if the sender of the message asked for it (Q.714 §4.2).
    fn send_back(&mut self, parcel: &Parcel, cause: ReturnCause) -> Option<()> {
        let Parcel { network, origin, sls, message } = parcel;
        let Origin::Network { opc, dpc } = *origin else { return None };
        let Purpose::Data { return_on_error: true, .. } = message.purpose else { return None };
        let domain = self.domains.get(network)?;
        let sender = &message.calling;
        // Where nothing leads to the calling address, the point that the message came from knows better.
        let user = Origin::User { opc: dpc };
        let way = self.candidates(domain, *network, user, sender).ok().and_then(|way| {
            let reached = |code: &u32| {
                !domain.is_own(*code) && domain.obstacle(*code, &way.called, SERVICE_IMPORTANCE).is_none()
            };
            way.point_codes.iter().copied().find(reached).map(|code| (way.called, code))
        });
        let (called, point_code) = way.unwrap_or_else(|| (sender.clone(), opc));
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
    pub(super) fn discard(&mut self, parcel: &Parcel, reason: Discard) {
        if let Origin::Network { opc, .. } = parcel.origin {
            self.outputs.push_back(Output::Discarded { network: parcel.network, opc, reason });
        }
    }
}

/// Counts the translation that is about to be made (Q.714 §2.3).
fn too_many_hops(parcel: &mut Parcel) -> Option<ReturnCause> {
    let message = &mut parcel.message;
    let translates = matches!(parcel.origin, Origin::Network { .. })
        && message.form != Form::Basic
        && message.called.routing == RoutingIndicator::Gt;
    if translates {
        message.hop_counter = message.hop_counter.min(HOPS).saturating_sub(1);
    }
    (translates && message.hop_counter == 0).then_some(ReturnCause::HOP_COUNTER_VIOLATION)
}

/// UDT has no hop counter: sent back to where it came from, to be translated again, it would go to
/// and fro for ever.
fn would_loop(parcel: &Parcel, called: &Address, point_code: u32) -> Option<ReturnCause> {
    let Origin::Network { opc, .. } = parcel.origin else { return None };
    let back =
        parcel.message.form == Form::Basic && called.routing == RoutingIndicator::Gt && point_code == opc;
    back.then_some(ReturnCause::HOP_COUNTER_VIOLATION)
}

fn importance(message: &Message) -> u8 {
    message.importance.unwrap_or(match message.purpose {
        Purpose::Data { .. } => DATA_IMPORTANCE,
        Purpose::Service(_) => SERVICE_IMPORTANCE,
    })
}
