//! Management (Q.714 §5): which points and subsystems take messages, here and elsewhere.
//!
//! What is learnt in one routing domain stays there, and what is said about it is said there.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::domain::{Congestion, Local, MANAGEMENT, Subsystem};
use super::{Due, Origin, Parcel, Sccp};
use crate::message::{Form, Message, Purpose};
use crate::{Address, Discard, NetworkId, Output, PointCodeState};

/// A management message (Q.713 §5).
const SSA: u8 = 1;
const SSP: u8 = 2;
const SST: u8 = 3;
const SSC: u8 = 6;

/// A subsystem that is down is not announced more often than this to those who call it.
const TELL_DOWN_EVERY: Duration = Duration::from_secs(1);
/// The restriction level of one congestion level of the layer below: at level 3 data is held back.
const RESTRICTION_STEP: u8 = 2;
/// The highest restriction level (Q.714 §5.2).
const RESTRICTION_MAX: u8 = 8;

impl Sccp {
    /// The layer below knows something new about a point (Q.714 §5.2).
    pub(super) fn point_code(
        &mut self,
        network: NetworkId,
        point_code: u32,
        state: PointCodeState,
        now: Instant,
    ) {
        match state {
            PointCodeState::Available | PointCodeState::Restricted => {
                let Some(point) = self.remote(network, point_code) else { return };
                if !point.accessible {
                    point.accessible = true;
                    self.test_all(network, point_code, now);
                }
            }
            PointCodeState::Unavailable => {
                let Some(point) = self.remote(network, point_code) else { return };
                point.accessible = false;
                self.relieve(network, point_code);
                self.prohibit_all(network, point_code);
            }
            PointCodeState::Congested(level) => {
                let restriction = level.saturating_mul(RESTRICTION_STEP).min(RESTRICTION_MAX);
                self.congest(network, point_code, restriction, now);
            }
        }
    }

    /// The SCCP of a point is away: ask its management until it answers (Q.714 §5.2).
    pub(super) fn user_unavailable(&mut self, network: NetworkId, point_code: u32, now: Instant) {
        if !self.remote(network, point_code).is_some_and(|point| point.accessible) {
            return;
        }
        self.prohibit_all(network, point_code);
        if let Some(point) = self.remote(network, point_code) {
            point.subsystems.insert(MANAGEMENT, Subsystem::default());
        }
        self.test_later(network, point_code, MANAGEMENT, self.timers.status, now);
    }

    /// A local subsystem comes or goes: everybody around is told (Q.714 §5.3.7).
    pub(super) fn local_subsystem(&mut self, network: NetworkId, subsystem: u8, up: bool) {
        let Some(domain) = self.domains.get_mut(&network).filter(|_| subsystem > MANAGEMENT) else { return };
        let before = domain.local.insert(subsystem, Local { up, told: None });
        if before.is_some_and(|before| before.up) == up {
            return;
        }
        let own = domain.point_codes.clone();
        let around = domain.remotes.iter().filter(|(_, point)| point.accessible);
        let around: Vec<u32> = around.map(|(point_code, _)| *point_code).collect();
        let kind = if up { SSA } else { SSP };
        for &opc in &own {
            for &dpc in &around {
                self.say(network, opc, dpc, kind, subsystem, opc);
            }
        }
    }

    /// Tells the sender of a message that its subsystem is down (Q.714 §5.3.2).
    pub(super) fn tell_down(&mut self, parcel: &Parcel, subsystem: u8, now: Instant) {
        let Origin::Network { opc, dpc } = parcel.origin else { return };
        let domain = self.domains.get_mut(&parcel.network);
        let Some(local) = domain.and_then(|domain| domain.local.get_mut(&subsystem)) else { return };
        if local.told.is_some_and(|told| now.saturating_duration_since(told) < TELL_DOWN_EVERY) {
            return;
        }
        local.told = Some(now);
        self.say(parcel.network, dpc, opc, SSP, subsystem, dpc);
    }

    /// A message for management has come.
    pub(super) fn management(&mut self, parcel: &Parcel, now: Instant) {
        let Origin::Network { opc, dpc } = parcel.origin else {
            return; // a local user has nothing to say to it
        };
        let network = parcel.network;
        let understood = match *parcel.message.data.as_ref() {
            [SSA, subsystem, low, high, _] => self.remote_up(network, affected(low, high), subsystem, now),
            [SSP, subsystem, low, high, _] => self.remote_down(network, affected(low, high), subsystem, now),
            [SST, subsystem, low, high, _] => {
                self.answer_test(parcel.network, (opc, dpc), affected(low, high), subsystem)
            }
            [SSC, MANAGEMENT, low, high, _, level] => {
                self.congest(network, affected(low, high), (level & 0x0f).min(RESTRICTION_MAX), now)
            }
            _ => false,
        };
        if !understood {
            self.discard(parcel, Discard::Management);
        }
    }

    /// T(stat.info) has run out: ask again, and wait longer.
    pub(super) fn status_expired(
        &mut self,
        network: NetworkId,
        point_code: u32,
        subsystem: u8,
        due: Instant,
        now: Instant,
    ) {
        let Some(known) = self.remote(network, point_code).and_then(|point| point.subsystems.get(&subsystem))
        else {
            return;
        };
        let Some((_, interval)) = known.test.filter(|(set, _)| *set == due) else { return };
        self.ask(network, point_code, subsystem);
        self.test_later(network, point_code, subsystem, interval, now);
    }

    /// SSA (Q.714 §5.3.3). False where the point is not known to us, or cannot be reached.
    fn remote_up(&mut self, network: NetworkId, point_code: u32, subsystem: u8, now: Instant) -> bool {
        self.stop_test(network, point_code, subsystem);
        let Some(point) = self.remote(network, point_code).filter(|point| point.accessible) else {
            return false;
        };
        let watched = point.remote.subsystems.contains(&subsystem);
        let before = if watched {
            point.subsystems.insert(subsystem, Subsystem { allowed: true, test: None })
        } else {
            point.subsystems.remove(&subsystem)
        };
        if before.is_some_and(|before| !before.allowed) {
            if subsystem == MANAGEMENT {
                self.test_all(network, point_code, now);
            } else {
                self.outputs.push_back(Output::Subsystem { network, point_code, subsystem, up: true });
            }
        }
        true
    }

    /// SSP (Q.714 §5.3.2). False where the point is not known to us, or cannot be reached.
    fn remote_down(&mut self, network: NetworkId, point_code: u32, subsystem: u8, now: Instant) -> bool {
        let Some(point) = self.remote(network, point_code).filter(|point| point.accessible) else {
            return false;
        };
        if subsystem <= MANAGEMENT {
            return false; // management is never prohibited by its own word
        }
        let known = point.subsystems.entry(subsystem).or_insert(Subsystem { allowed: true, test: None });
        if known.allowed {
            known.allowed = false;
            self.outputs.push_back(Output::Subsystem { network, point_code, subsystem, up: false });
            self.test_later(network, point_code, subsystem, self.timers.status, now);
        }
        true
    }

    /// SST: answered where the subsystem is up, else with silence (Q.714 §5.3.4). False where the
    /// point is not ours.
    fn answer_test(&mut self, network: NetworkId, (opc, dpc): (u32, u32), own: u32, subsystem: u8) -> bool {
        let Some(domain) = self.domains.get(&network).filter(|domain| domain.is_own(own)) else {
            return false;
        };
        if subsystem == MANAGEMENT || domain.local.get(&subsystem).is_some_and(|local| local.up) {
            self.say(network, dpc, opc, SSA, subsystem, own);
        }
        true
    }

    /// Asks about every subsystem that is watched or was down, of a point that has come back.
    fn test_all(&mut self, network: NetworkId, point_code: u32, now: Instant) {
        let Some(point) = self.remote(network, point_code) else { return };
        let known: Vec<u8> = point.subsystems.keys().copied().collect();
        for subsystem in known {
            self.ask(network, point_code, subsystem);
            self.test_later(network, point_code, subsystem, self.timers.status, now);
        }
    }

    /// Everything at a point is down, and nothing is asked until it is back.
    fn prohibit_all(&mut self, network: NetworkId, point_code: u32) {
        self.stop_test(network, point_code, MANAGEMENT);
        let Some(point) = self.remote(network, point_code) else { return };
        point.subsystems.remove(&MANAGEMENT);
        let down = point.subsystems.keys().map(|subsystem| (*subsystem, Subsystem::default())).collect();
        for (subsystem, before) in std::mem::replace(&mut point.subsystems, down) {
            if let Some((due, _)) = before.test {
                self.due.remove(&(due, Due::Status { network, point_code, subsystem }));
            }
            if before.allowed {
                self.outputs.push_back(Output::Subsystem { network, point_code, subsystem, up: false });
            }
        }
    }

    /// Sets T(stat.info) to `interval`, and the one after it to twice that.
    fn test_later(
        &mut self,
        network: NetworkId,
        point_code: u32,
        subsystem: u8,
        interval: Duration,
        now: Instant,
    ) {
        self.stop_test(network, point_code, subsystem);
        let next = interval.saturating_mul(2).min(self.timers.status_max);
        let Some(due) = now.checked_add(interval) else { return };
        let point = self.remote(network, point_code);
        let Some(known) = point.and_then(|point| point.subsystems.get_mut(&subsystem)) else { return };
        known.test = Some((due, next));
        self.due.insert((due, Due::Status { network, point_code, subsystem }));
    }

    fn stop_test(&mut self, network: NetworkId, point_code: u32, subsystem: u8) {
        let point = self.remote(network, point_code);
        let known = point.and_then(|point| point.subsystems.get_mut(&subsystem));
        if let Some((due, _)) = known.and_then(|known| known.test.take()) {
            self.due.remove(&(due, Due::Status { network, point_code, subsystem }));
        }
    }

    /// Holds back messages of less importance than `restriction` for a while. False where the
    /// point is not known to us, or cannot be reached.
    fn congest(&mut self, network: NetworkId, point_code: u32, restriction: u8, now: Instant) -> bool {
        if !self.remote(network, point_code).is_some_and(|point| point.accessible) {
            return false;
        }
        self.relieve(network, point_code);
        if let Some(until) = now.checked_add(self.timers.congestion).filter(|_| restriction > 0) {
            self.due.insert((until, Due::Congestion { network, point_code }));
            if let Some(point) = self.remote(network, point_code) {
                point.congestion = Some(Congestion { restriction, until });
            }
        }
        true
    }

    fn relieve(&mut self, network: NetworkId, point_code: u32) {
        let congestion = self.remote(network, point_code).and_then(|point| point.congestion.take());
        if let Some(Congestion { until, .. }) = congestion {
            self.due.remove(&(until, Due::Congestion { network, point_code }));
        }
    }

    fn ask(&mut self, network: NetworkId, point_code: u32, subsystem: u8) {
        let own = self.domains.get(&network).and_then(|domain| domain.point_codes.first().copied());
        if let Some(own) = own {
            self.say(network, own, point_code, SST, subsystem, point_code);
        }
    }

    /// Sends one management message (Q.714 §5.3).
    fn say(&mut self, network: NetworkId, opc: u32, dpc: u32, kind: u8, subsystem: u8, affected: u32) {
        let management = Address::ssn(None, MANAGEMENT);
        let &[low, high, ..] = &affected.to_le_bytes();
        let data = Bytes::copy_from_slice(&[kind, subsystem, low, high, 0]);
        let purpose = Purpose::Data { in_sequence: false, return_on_error: false };
        let message = Message::new(Form::Basic, purpose, management.clone(), management, data);
        if let Ok(payload) = message.encode() {
            self.outputs.push_back(Output::Transfer { network, opc, dpc, sls: 0, payload });
        }
    }
}

/// An affected point code, without its spare bits.
fn affected(low: u8, high: u8) -> u32 {
    u32::from(u16::from_le_bytes([low, high & 0x3f]))
}
