//! The subscriber model: the phone, and its data in HLR, VLR and SGSN.
//!
//! Pure, in the terms of 3GPP TS 23.040; `responses` encodes them in MAP.

use sms::tpdu::MobileTerminated;

use super::inbox::Inbox;
use super::rule::Rules;

/// Service centres that one subscriber's message waiting data holds.
pub const WAITING_MAX: usize = 8;

/// A subscriber. [`Register`](super::register::Register) holds all of them.
#[derive(Debug)]
pub struct Subscriber {
    /// MSISDN, digits alone.
    pub number: String,
    /// IMSI.
    pub imsi: String,
    /// The MSC that serves it, by its global title; empty if only an SGSN does.
    pub msc: String,
    /// The SGSN that serves it too, by its global title.
    pub sgsn: Option<String>,
    /// Local MSC id, if the VLR gave one.
    pub lmsi: Option<[u8; 4]>,
    /// Whether the MSC reaches the phone.
    pub reached_by_msc: bool,
    /// Whether the SGSN reaches the phone.
    pub reached_by_sgsn: bool,
    /// Whether the HLR has lost the location, as after a purge.
    pub is_purged: bool,
    /// Whether the phone's memory is full.
    pub is_full: bool,
    /// Whether the phone is busy with another short message.
    pub is_busy: bool,
    /// Message waiting data in the HLR.
    pub waiting: MessageWaiting,
    /// Configured faults.
    pub rules: Rules,
    /// Messages that the phone has received.
    pub inbox: Inbox,
    /// TP-MR of the next message of the phone.
    pub message_reference: u8,
    /// Reference of the next long message of the phone.
    pub concatenation_reference: u8,
}

/// Message waiting data and its flags in the HLR (3GPP TS 23.040 §3.2.8).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MessageWaiting {
    /// MNRF: absent in the circuit domain.
    pub not_reachable: bool,
    /// MNRG: absent in the packet domain.
    pub not_reachable_for_gprs: bool,
    /// MCEF: the phone's memory was full.
    pub memory_capacity_exceeded: bool,
    /// Addresses of the service centres to alert, in order of arrival.
    pub service_centres: Vec<String>,
}

/// The argument of sendRoutingInfoForSM.
#[derive(Clone, Copy, Debug)]
pub struct RoutingInfoRequest<'a> {
    /// sm-RP-PRI: deliver even if the phone was absent before.
    pub is_priority: bool,
    /// gprsSupportIndicator: the centre can use an SGSN as well.
    pub gprs_support: bool,
    /// singleAttemptDelivery: the centre is not to be listed.
    pub single_attempt: bool,
    /// The requesting service centre.
    pub service_centre: &'a str,
}

/// The result of sendRoutingInfoForSM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoutingInfo {
    /// The IMSI.
    pub imsi: String,
    /// Local MSC id for the MSC.
    pub lmsi: Option<[u8; 4]>,
    /// networkNode-Number.
    pub node: String,
    /// Whether that is an SGSN.
    pub node_is_sgsn: bool,
    /// additional-Number: an SGSN.
    pub additional: Option<String>,
}

/// The status that informServiceCentre carries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WaitingStatus {
    /// The requesting centre is in the list.
    pub is_listed: bool,
    /// MNRF.
    pub not_reachable: bool,
    /// MNRG.
    pub not_reachable_for_gprs: bool,
    /// MCEF.
    pub memory_capacity_exceeded: bool,
}

/// The delivery outcome in reportSM-DeliveryStatus.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryOutcome {
    /// The phone's memory is full.
    MemoryCapacityExceeded,
    /// The phone is absent.
    AbsentSubscriber,
    /// The message is delivered.
    SuccessfulTransfer,
}

/// The error of a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The HLR has no such number.
    UnknownSubscriber,
    /// The node has no such IMSI, as after roaming.
    UnidentifiedSubscriber,
    /// The phone is absent, with the diagnostic of version 3.
    AbsentSubscriber(u8),
    /// The phone is busy.
    SubscriberBusy,
    /// The phone's memory is full.
    MemoryCapacityExceeded,
    /// The TPDU cannot be decoded.
    EquipmentProtocolError,
    /// The message waiting data is full.
    MessageWaitingListFull,
    /// The argument is not one for this node.
    UnexpectedDataValue,
}

/// AbsentSubscriberDiagnosticSM: no paging response via the MSC.
const NO_PAGING_RESPONSE_MSC: u8 = 0;
/// AbsentSubscriberDiagnosticSM: the phone is switched off.
const IMSI_DETACHED: u8 = 1;
/// AbsentSubscriberDiagnosticSM: purged in the HLR for the circuit domain.
const PURGED: u8 = 4;
/// AbsentSubscriberDiagnosticSM: switched off, via the SGSN.
const GPRS_DETACHED: u8 = 6;

impl Subscriber {
    /// A phone that is on, in the coverage of `msc`.
    pub fn new(number: &str, imsi: &str, msc: &str) -> Self {
        Self {
            number: number.to_owned(),
            imsi: imsi.to_owned(),
            msc: msc.to_owned(),
            sgsn: None,
            lmsi: None,
            reached_by_msc: true,
            reached_by_sgsn: true,
            is_purged: false,
            is_full: false,
            is_busy: false,
            waiting: MessageWaiting::default(),
            rules: Rules::default(),
            inbox: Inbox::default(),
            message_reference: 0,
            concatenation_reference: 0,
        }
    }

    /// The HLR's result of sendRoutingInfoForSM, and the status for informServiceCentre.
    pub fn routing(
        &mut self,
        request: RoutingInfoRequest<'_>,
    ) -> (Result<RoutingInfo, Refusal>, Option<WaitingStatus>) {
        let absence = self.absence(request);
        let result = match absence {
            None => Ok(self.route(request)),
            Some(diagnostic) => {
                self.waiting.not_reachable = true;
                if !request.single_attempt {
                    // The list may be full: the phone is absent either way.
                    let _ = self.waiting.list(request.service_centre);
                }
                Err(Refusal::AbsentSubscriber(diagnostic))
            }
        };
        let status = self.waiting.status(request.service_centre);
        (result, self.waiting.is_set().then_some(status))
    }

    /// The HLR's result of reportSM-DeliveryStatus. Centres to alert are added to `alerts`.
    pub fn report(
        &mut self,
        service_centre: &str,
        outcome: DeliveryOutcome,
        via_sgsn: bool,
        alerts: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        match outcome {
            DeliveryOutcome::SuccessfulTransfer => {
                let waiting = std::mem::take(&mut self.waiting);
                alerts.extend(waiting.service_centres.into_iter().filter(|each| each != service_centre));
                return Ok(());
            }
            DeliveryOutcome::MemoryCapacityExceeded => self.waiting.memory_capacity_exceeded = true,
            DeliveryOutcome::AbsentSubscriber if via_sgsn => self.waiting.not_reachable_for_gprs = true,
            DeliveryOutcome::AbsentSubscriber => self.waiting.not_reachable = true,
        }
        self.waiting.list(service_centre)
    }

    /// The result of mt-forwardSM at `node`; on success the inbox has the message.
    pub fn deliver(&mut self, node: &str, tpdu: &[u8]) -> Result<(), Refusal> {
        let is_sgsn = self.sgsn.as_deref() == Some(node);
        if !is_sgsn && (self.msc != node || node.is_empty()) {
            return Err(Refusal::UnidentifiedSubscriber);
        }
        if self.is_purged {
            return Err(Refusal::AbsentSubscriber(NO_PAGING_RESPONSE_MSC));
        }
        match (is_sgsn, self.reached_by_msc, self.reached_by_sgsn) {
            (false, false, _) => return Err(Refusal::AbsentSubscriber(IMSI_DETACHED)),
            (true, _, false) => return Err(Refusal::AbsentSubscriber(GPRS_DETACHED)),
            _ => {}
        }
        if self.is_busy {
            return Err(Refusal::SubscriberBusy);
        }
        if self.is_full {
            return Err(Refusal::MemoryCapacityExceeded);
        }
        let tpdu = MobileTerminated::decode(tpdu).map_err(|_| Refusal::EquipmentProtocolError)?;
        self.inbox.put(tpdu);
        Ok(())
    }

    /// The phone is switched on, or back in coverage. Centres to alert are added to `alerts`.
    pub fn on(&mut self, alerts: &mut Vec<String>) {
        (self.reached_by_msc, self.reached_by_sgsn, self.is_purged) = (true, true, false);
        self.release_alerts(alerts);
    }

    /// The phone is switched off.
    pub fn off(&mut self) {
        (self.reached_by_msc, self.reached_by_sgsn) = (false, false);
    }

    /// The phone has free memory again. Centres to alert are added to `alerts`.
    pub fn empty(&mut self, alerts: &mut Vec<String>) {
        self.is_full = false;
        self.release_alerts(alerts);
    }

    /// The phone moves to other nodes; the old ones have no record of it any more.
    pub fn roam(&mut self, msc: &str, sgsn: Option<&str>) {
        self.msc = msc.to_owned();
        self.sgsn = sgsn.map(str::to_owned);
        let other = |lmsi: [u8; 4]| u32::from_be_bytes(lmsi).wrapping_mul(0x9e37_79b1).to_be_bytes();
        self.lmsi = self.lmsi.map(other);
        self.is_purged = false;
    }

    /// TP-MR for the next message.
    pub fn next_message_reference(&mut self) -> u8 {
        let reference = self.message_reference;
        self.message_reference = reference.wrapping_add(1);
        reference
    }

    fn release_alerts(&mut self, alerts: &mut Vec<String>) {
        if self.reached_by_msc && !self.is_full {
            alerts.append(&mut std::mem::take(&mut self.waiting).service_centres);
        }
    }

    /// The diagnostic if the HLR has the phone marked as absent.
    fn absence(&self, request: RoutingInfoRequest<'_>) -> Option<u8> {
        if self.is_purged {
            return Some(PURGED);
        }
        match self.usable(request) {
            (None, None) if self.msc.is_empty() => Some(GPRS_DETACHED),
            (None, None) => Some(IMSI_DETACHED),
            _ => None,
        }
    }

    fn route(&self, request: RoutingInfoRequest<'_>) -> RoutingInfo {
        let (node, additional, node_is_sgsn) = match self.usable(request) {
            (None, Some(sgsn)) => (sgsn, None, true),
            (msc, sgsn) => (msc.unwrap_or(&self.msc), sgsn.map(str::to_owned), false),
        };
        let node = node.to_owned();
        let lmsi = self.lmsi.filter(|_| !node_is_sgsn);
        RoutingInfo { imsi: self.imsi.clone(), lmsi, node, node_is_sgsn, additional }
    }

    /// MSC and SGSN, where present, usable by the centre, and not marked as unreachable.
    fn usable(&self, request: RoutingInfoRequest<'_>) -> (Option<&str>, Option<&str>) {
        let tried = |flag: bool| request.is_priority || !flag;
        let msc = (!self.msc.is_empty() && tried(self.waiting.not_reachable)).then_some(&*self.msc);
        let sgsn = request.gprs_support && tried(self.waiting.not_reachable_for_gprs);
        (msc, self.sgsn.as_deref().filter(|_| sgsn))
    }
}

impl MessageWaiting {
    /// Adds a centre to the list.
    fn list(&mut self, service_centre: &str) -> Result<(), Refusal> {
        if self.service_centres.iter().any(|known| known == service_centre) {
            return Ok(());
        }
        if self.service_centres.len() >= WAITING_MAX {
            return Err(Refusal::MessageWaitingListFull);
        }
        self.service_centres.push(service_centre.to_owned());
        Ok(())
    }

    fn is_set(&self) -> bool {
        self.not_reachable || self.not_reachable_for_gprs || self.memory_capacity_exceeded
    }

    fn status(&self, service_centre: &str) -> WaitingStatus {
        WaitingStatus {
            is_listed: self.service_centres.iter().any(|known| known == service_centre),
            not_reachable: self.not_reachable,
            not_reachable_for_gprs: self.not_reachable_for_gprs,
            memory_capacity_exceeded: self.memory_capacity_exceeded,
        }
    }
}

#[cfg(test)]
mod tests;
