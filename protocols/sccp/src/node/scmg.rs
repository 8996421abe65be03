//! SCCP management: status of signalling points and subsystems, SSA, SSP, SST, SSC (Q.714 §5).
//!
//! Each routing domain has its own status, and management messages stay within their domain.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::domain::{Congestion, Local, MANAGEMENT, Subsystem};
use super::{Due, Origin, RoutedMessage, Sccp};
use crate::message::{Form, Message, Purpose};
use crate::{Address, Discard, NetworkId, Output, PointCodeState};

/// A management message (Q.713 §5).
const SSA: u8 = 1;
const SSP: u8 = 2;
const SST: u8 = 3;
const SSC: u8 = 6;

/// The least interval between SSPs in response to messages for a prohibited local subsystem.
const SSP_INTERVAL: Duration = Duration::from_secs(1);
/// The restriction level per congestion level of the layer below: level 3 restricts data.
const RESTRICTION_STEP: u8 = 2;
/// The highest restriction level (Q.714 §5.2).
const RESTRICTION_MAX: u8 = 8;

impl Sccp {
    /// Handles a new state of a signalling point (Q.714 §5.2).
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
                    self.start_status_tests(network, point_code, now);
                }
            }
            PointCodeState::Unavailable => {
                let Some(point) = self.remote(network, point_code) else { return };
                point.accessible = false;
                self.clear_congestion(network, point_code);
                self.prohibit_all(network, point_code);
            }
            PointCodeState::Congested(level) => {
                let restriction = level.saturating_mul(RESTRICTION_STEP).min(RESTRICTION_MAX);
                self.set_congestion(network, point_code, restriction, now);
            }
        }
    }

    /// The SCCP of a point is unavailable: tests its management until it answers (Q.714 §5.2).
    pub(super) fn user_unavailable(&mut self, network: NetworkId, point_code: u32, now: Instant) {
        if !self.remote(network, point_code).is_some_and(|point| point.accessible) {
            return;
        }
        self.prohibit_all(network, point_code);
        if let Some(point) = self.remote(network, point_code) {
            point.subsystems.insert(MANAGEMENT, Subsystem::default());
        }
        self.schedule_status_test(network, point_code, MANAGEMENT, self.timers.status, now);
    }

    /// A local subsystem goes in or out of service: broadcasts SSA or SSP (Q.714 §5.3.7).
    pub(super) fn local_subsystem(&mut self, network: NetworkId, subsystem: u8, up: bool) {
        let Some(domain) = self.domains.get_mut(&network).filter(|_| subsystem > MANAGEMENT) else { return };
        let before = domain.local.insert(subsystem, Local { up, last_ssp: None });
        if before.is_some_and(|before| before.up) == up {
            return;
        }
        let own = domain.point_codes.clone();
        let around = domain.remotes.iter().filter(|(_, point)| point.accessible);
        let around: Vec<u32> = around.map(|(point_code, _)| *point_code).collect();
        let kind = if up { SSA } else { SSP };
        for &opc in &own {
            for &dpc in &around {
                self.send_management(network, opc, dpc, kind, subsystem, opc);
            }
        }
    }

    /// Sends SSP to the sender of a message for a prohibited local subsystem (Q.714 §5.3.2).
    pub(super) fn send_subsystem_prohibited(&mut self, routed: &RoutedMessage, subsystem: u8, now: Instant) {
        let Origin::Network { opc, dpc } = routed.origin else { return };
        let domain = self.domains.get_mut(&routed.network);
        let Some(local) = domain.and_then(|domain| domain.local.get_mut(&subsystem)) else { return };
        if local.last_ssp.is_some_and(|last_ssp| now.saturating_duration_since(last_ssp) < SSP_INTERVAL) {
            return;
        }
        local.last_ssp = Some(now);
        self.send_management(routed.network, dpc, opc, SSP, subsystem, dpc);
    }

    /// Handles a received management message.
    pub(super) fn management(&mut self, routed: &RoutedMessage, now: Instant) {
        let Origin::Network { opc, dpc } = routed.origin else {
            return; // a local user sends no management messages
        };
        let network = routed.network;
        let valid = match *routed.message.data.as_ref() {
            [SSA, subsystem, low, high, _] => {
                self.subsystem_allowed(network, affected(low, high), subsystem, now)
            }
            [SSP, subsystem, low, high, _] => {
                self.subsystem_prohibited(network, affected(low, high), subsystem, now)
            }
            [SST, subsystem, low, high, _] => {
                self.handle_status_test(routed.network, (opc, dpc), affected(low, high), subsystem)
            }
            [SSC, MANAGEMENT, low, high, _, level] => {
                self.set_congestion(network, affected(low, high), (level & 0x0f).min(RESTRICTION_MAX), now)
            }
            _ => false,
        };
        if !valid {
            self.discard(routed, Discard::Management);
        }
    }

    /// T(stat.info) has expired: repeats SST with a longer interval.
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
        self.send_status_test(network, point_code, subsystem);
        self.schedule_status_test(network, point_code, subsystem, interval, now);
    }

    /// SSA (Q.714 §5.3.3). False where the point is unknown or inaccessible.
    fn subsystem_allowed(
        &mut self,
        network: NetworkId,
        point_code: u32,
        subsystem: u8,
        now: Instant,
    ) -> bool {
        self.stop_status_test(network, point_code, subsystem);
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
                self.start_status_tests(network, point_code, now);
            } else {
                self.outputs.push_back(Output::Subsystem { network, point_code, subsystem, up: true });
            }
        }
        true
    }

    /// SSP (Q.714 §5.3.2). False where the point is unknown or inaccessible.
    fn subsystem_prohibited(
        &mut self,
        network: NetworkId,
        point_code: u32,
        subsystem: u8,
        now: Instant,
    ) -> bool {
        let Some(point) = self.remote(network, point_code).filter(|point| point.accessible) else {
            return false;
        };
        if subsystem <= MANAGEMENT {
            return false; // an SSP cannot prohibit management itself
        }
        let known = point.subsystems.entry(subsystem).or_insert(Subsystem { allowed: true, test: None });
        if known.allowed {
            known.allowed = false;
            self.outputs.push_back(Output::Subsystem { network, point_code, subsystem, up: false });
            self.schedule_status_test(network, point_code, subsystem, self.timers.status, now);
        }
        true
    }

    /// SST: answered with SSA if the subsystem is in service, else not at all (Q.714 §5.3.4). False where
    /// the point is not local.
    fn handle_status_test(
        &mut self,
        network: NetworkId,
        (opc, dpc): (u32, u32),
        own: u32,
        subsystem: u8,
    ) -> bool {
        let Some(domain) = self.domains.get(&network).filter(|domain| domain.is_own(own)) else {
            return false;
        };
        if subsystem == MANAGEMENT || domain.local.get(&subsystem).is_some_and(|local| local.up) {
            self.send_management(network, dpc, opc, SSA, subsystem, own);
        }
        true
    }

    /// Sends SST for every concerned or prohibited subsystem of a point that is accessible again.
    fn start_status_tests(&mut self, network: NetworkId, point_code: u32, now: Instant) {
        let Some(point) = self.remote(network, point_code) else { return };
        let known: Vec<u8> = point.subsystems.keys().copied().collect();
        for subsystem in known {
            self.send_status_test(network, point_code, subsystem);
            self.schedule_status_test(network, point_code, subsystem, self.timers.status, now);
        }
    }

    /// Prohibits all subsystems of a point and stops their status tests.
    fn prohibit_all(&mut self, network: NetworkId, point_code: u32) {
        self.stop_status_test(network, point_code, MANAGEMENT);
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

    /// Starts T(stat.info) with `interval`, and records twice that for the next one.
    fn schedule_status_test(
        &mut self,
        network: NetworkId,
        point_code: u32,
        subsystem: u8,
        interval: Duration,
        now: Instant,
    ) {
        self.stop_status_test(network, point_code, subsystem);
        let next = interval.saturating_mul(2).min(self.timers.status_max);
        let Some(due) = now.checked_add(interval) else { return };
        let point = self.remote(network, point_code);
        let Some(known) = point.and_then(|point| point.subsystems.get_mut(&subsystem)) else { return };
        known.test = Some((due, next));
        self.due.insert((due, Due::Status { network, point_code, subsystem }));
    }

    fn stop_status_test(&mut self, network: NetworkId, point_code: u32, subsystem: u8) {
        let point = self.remote(network, point_code);
        let known = point.and_then(|point| point.subsystems.get_mut(&subsystem));
        if let Some((due, _)) = known.and_then(|known| known.test.take()) {
            self.due.remove(&(due, Due::Status { network, point_code, subsystem }));
        }
    }

    /// Refuses messages of less importance than `restriction` until a timer expires. False where the point
    /// is unknown or inaccessible.
    fn set_congestion(&mut self, network: NetworkId, point_code: u32, restriction: u8, now: Instant) -> bool {
        if !self.remote(network, point_code).is_some_and(|point| point.accessible) {
            return false;
        }
        self.clear_congestion(network, point_code);
        if let Some(until) = now.checked_add(self.timers.congestion).filter(|_| restriction > 0) {
            self.due.insert((until, Due::Congestion { network, point_code }));
            if let Some(point) = self.remote(network, point_code) {
                point.congestion = Some(Congestion { restriction, until });
            }
        }
        true
    }

    fn clear_congestion(&mut self, network: NetworkId, point_code: u32) {
        let congestion = self.remote(network, point_code).and_then(|point| point.congestion.take());
        if let Some(Congestion { until, .. }) = congestion {
            self.due.remove(&(until, Due::Congestion { network, point_code }));
        }
    }

    fn send_status_test(&mut self, network: NetworkId, point_code: u32, subsystem: u8) {
        let own = self.domains.get(&network).and_then(|domain| domain.point_codes.first().copied());
        if let Some(own) = own {
            self.send_management(network, own, point_code, SST, subsystem, point_code);
        }
    }

    /// Sends one management message (Q.714 §5.3).
    fn send_management(
        &mut self,
        network: NetworkId,
        opc: u32,
        dpc: u32,
        kind: u8,
        subsystem: u8,
        affected: u32,
    ) {
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
