//! One visit to a phone: ask the HLR where it is, hand its messages to the node that serves it, and
//! tell the HLR how it went (TS 29.002 §12, TS 23.040 §10).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use map::operation::{MtForwardSmArg, ReportSmDeliveryStatusArg, SmDeliveryOutcome, SmRpDa, SmRpOa};
use map::{AbsentSubscriberSm, AddressString, DialogueId, MapError, Request, SignalInfo};
use smsc::failure::Failure;
use smsc::message::Name;
use smsc::ports::Handover;

use crate::codes::{self, Actions};
use crate::config::{Action, Phase};
use crate::confirmation::{Confirmation, Fault};
use crate::convert::Terminating;
use crate::engine::Engine;
use crate::routing::{Place, Places, ServingNode};
use crate::served::Served;
use crate::stack::Opening;
use crate::state::State;

/// What visits need of the gateway.
pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) actions: Actions,
    pub(crate) places: Places,
    pub(crate) state: Arc<State>,
}

/// A visit to one phone.
pub(crate) struct Visit {
    desk: Arc<Desk>,
    network: Arc<Served>,
    number: Name,
    place: Option<Place>,
    /// Which of the place's nodes is tried.
    node: usize,
    dialogue: Option<DialogueId>,
    /// Whether the HLR was asked a second time, since the phone had moved.
    asked_again: bool,
    /// Whether the HLR was told that the phone takes messages again.
    reported_success: bool,
}

/// What to do after a node's answer.
enum Step {
    /// It took the TPDU.
    Taken,
    /// Hand the same TPDU to whoever is next.
    Again,
    /// It is over.
    Failed(Failure),
}

impl Visit {
    pub(crate) fn new(desk: Arc<Desk>, network: Arc<Served>, number: Name) -> Self {
        Self {
            desk,
            network,
            number,
            place: None,
            node: 0,
            dialogue: None,
            asked_again: false,
            reported_success: false,
        }
    }

    /// Hands one message over. `more` tells whether another one waits behind it.
    ///
    /// # Errors
    /// Why the phone did not take it.
    pub(crate) async fn deliver(
        &mut self,
        terminating: &Terminating,
        more: impl Fn() -> bool,
    ) -> Result<Handover, Failure> {
        for part in 0..terminating.len() {
            // The HLR takes a while to answer, in which others may have joined the queue.
            self.node().await?;
            let more = part + 1 < terminating.len() || more();
            let tpdu = Bytes::from(terminating.octets(part, more)?);
            self.hand_over(&tpdu, more).await?;
        }
        self.desk.state.delivered.fetch_add(1, Ordering::Relaxed);
        self.report_success().await;
        let via = self
            .place
            .as_ref()
            .and_then(|place| place.node(self.node))
            .map(|node| node.number.digits.clone());
        Ok(Handover { remote_id: None, via: via.unwrap_or_default() })
    }

    /// Closes what is open.
    pub(crate) async fn end(mut self) {
        if let Some(dialogue) = self.dialogue.take() {
            self.desk.engine.close(dialogue).await;
        }
    }

    /// Hands one TPDU to the nodes of the phone's place, in turn, until one takes it.
    async fn hand_over(&mut self, tpdu: &Bytes, more: bool) -> Result<(), Failure> {
        loop {
            let node = self.node().await?;
            let confirmation = self.forward(&node, tpdu, more).await;
            self.dialogue = confirmation.dialogue;
            match self.judge(&node, confirmation).await {
                Step::Taken => return Ok(()),
                Step::Again => {}
                Step::Failed(failure) => return Err(failure),
            }
        }
    }

    /// The node whose turn it is. Asks the HLR if nobody knows it yet.
    async fn node(&mut self) -> Result<ServingNode, Failure> {
        if self.place.is_none() {
            let desk = Arc::clone(&self.desk);
            self.place = Some(desk.places.of(&desk, &self.network, &self.number).await?);
            self.node = 0;
        }
        let node = self.place.as_ref().and_then(|place| place.node(self.node)).cloned();
        node.ok_or(Failure::AbsentSubscriber)
    }

    async fn forward(&self, node: &ServingNode, tpdu: &Bytes, more: bool) -> Confirmation {
        let request = Request::MtForwardSm(MtForwardSmArg {
            sm_rp_da: match (&node.lmsi, &self.place) {
                (Some(lmsi), _) => SmRpDa::Lmsi(*lmsi),
                (None, Some(place)) => SmRpDa::Imsi(place.imsi.clone()),
                (None, None) => SmRpDa::None,
            },
            sm_rp_oa: SmRpOa::ServiceCentreAddress(self.network.service_centre_address()),
            sm_rp_ui: SignalInfo(tpdu.clone()),
            more_messages_to_send: more,
            ..MtForwardSmArg::default()
        });
        if let Some(dialogue) = self.dialogue {
            return self.desk.engine.next(dialogue, request).await;
        }
        let Ok(remote) = self.network.node(&node.number.digits, node.subsystem) else {
            return Confirmation::failed(Failure::PeerMisbehaved("the node's number is no global title"));
        };
        let opening = Opening {
            local: self.network.here(),
            remote,
            peer: node.number.digits.clone(),
            request,
            version_max: self.network.version_max(),
        };
        self.desk.engine.open(opening).await
    }

    async fn judge(&mut self, node: &ServingNode, confirmation: Confirmation) -> Step {
        let error = match confirmation.result {
            Ok(_) => return Step::Taken,
            Err(Fault::Local(failure)) => return Step::Failed(failure),
            Err(Fault::Peer(map::Failure::User(error))) => error,
            Err(Fault::Peer(failure)) => return Step::Failed(codes::dialogue_failure(&failure)),
        };
        let action = self.desk.actions.of(&error, Phase::Forwarding);
        match action {
            // The LMSI was of a visitor who has gone: his IMSI is surer.
            Action::AskAgain if node.lmsi.is_some() => {
                self.forget_lmsi();
                return Step::Again;
            }
            Action::AskAgain if !self.asked_again => {
                self.asked_again = true;
                self.forget_place();
                return Step::Again;
            }
            Action::Absent
                if self.place.as_ref().is_some_and(|place| place.node(self.node + 1).is_some()) =>
            {
                self.node += 1;
                return Step::Again;
            }
            _ => {}
        }
        self.report_failure(&error, action).await;
        self.forget_place();
        Step::Failed(codes::failure(&error, action))
    }

    fn forget_lmsi(&mut self) {
        if let Some(place) = &mut self.place {
            place.forget_lmsi();
        }
    }

    fn forget_place(&mut self) {
        self.desk.places.forget(&self.network, &self.number);
        self.place = None;
        self.node = 0;
    }

    /// The HLR is told that the phone is away or full, and will alert us (TS 29.002 §12.3).
    async fn report_failure(&self, error: &MapError, action: Action) {
        let outcome = match action {
            Action::Absent => SmDeliveryOutcome::AbsentSubscriber,
            Action::MemoryFull => SmDeliveryOutcome::MemoryCapacityExceeded,
            _ => return,
        };
        let diagnostic = match error {
            MapError::AbsentSubscriberSm(AbsentSubscriberSm { absent_subscriber_diagnostic_sm, .. }) => {
                *absent_subscriber_diagnostic_sm
            }
            _ => None,
        };
        self.report(outcome, diagnostic).await;
    }

    /// The HLR keeps a list of who waits for the phone: it may be cleared.
    async fn report_success(&mut self) {
        let waits = self.place.as_ref().is_some_and(|place| place.waits);
        if waits && !std::mem::replace(&mut self.reported_success, true) {
            self.report(SmDeliveryOutcome::SuccessfulTransfer, None).await;
        }
    }

    async fn report(&self, outcome: SmDeliveryOutcome, diagnostic: Option<u8>) {
        if !self.network.config.report_delivery_status {
            return;
        }
        let Ok(remote) = self.network.hlr_of(&self.number) else { return };
        let served_by_packets = self
            .place
            .as_ref()
            .and_then(|place| place.node(self.node))
            .is_some_and(|node| node.subsystem == self.network.config.subsystems.sgsn);
        let opening = Opening {
            local: self.network.here(),
            remote,
            peer: self.network.hlr_name(&self.number),
            request: Request::ReportSmDeliveryStatus(ReportSmDeliveryStatusArg {
                msisdn: self
                    .place
                    .as_ref()
                    .map_or_else(|| AddressString::international(&self.number), |place| place.msisdn.clone()),
                service_centre_address: self.network.service_centre_address(),
                sm_delivery_outcome: Some(outcome),
                absent_subscriber_diagnostic_sm: diagnostic,
                gprs_support_indicator: self.network.config.packet_nodes,
                delivery_outcome_indicator: served_by_packets,
                ..ReportSmDeliveryStatusArg::default()
            }),
            version_max: self.network.version_max(),
        };
        if self.desk.engine.open(opening).await.result.is_err() {
            self.desk.state.count("report_failed"); // the retry plan brings the message back all the same
        }
    }
}
