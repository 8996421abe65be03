//! One visit to a phone: ask the HLR where it is, hand its messages to the node that serves it, and
//! tell the HLR how it went (TS 29.002 §12, TS 23.040 §10).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use map::operation::{MtForwardSmArg, SmRpDa, SmRpOa};
use map::{DialogueId, Request, SignalInfo};
use smsc::failure::Failure;
use smsc::names::Name;
use smsc::delivery::DeliveryAck;

use crate::codes::{self, Actions};
use crate::config::{Action, Phase};
use crate::confirmation::{Confirmation, Fault};
use crate::convert::Terminating;
use crate::engine::Engine;
use crate::report::{Outcomes, Report};
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
    /// A dialogue with that node, which holds it open for more.
    dialogue: Option<DialogueId>,
    trial: Trial,
    /// What the HLR is to be told.
    due: Option<Report>,
    /// Whether the HLR was told that the phone takes messages again.
    reported_success: bool,
}

/// What was tried for one message.
#[derive(Default)]
struct Trial {
    /// Nodes of the place that did not take it.
    tried: Vec<usize>,
    /// What these nodes said that concerns the HLR.
    outcomes: Outcomes,
    /// Whether the HLR was asked a second time, since the phone had moved.
    asked_again: bool,
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
            trial: Trial::default(),
            due: None,
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
    ) -> Result<DeliveryAck, Failure> {
        self.trial = Trial::default();
        for part in 0..terminating.len() {
            // The HLR takes a while to answer, in which others may have joined the queue.
            self.node().await?;
            let more = part + 1 < terminating.len() || more();
            let tpdu = Bytes::from(terminating.octets(part, more)?);
            self.hand_over(&tpdu, more).await?;
        }
        self.desk.state.delivered.fetch_add(1, Ordering::Relaxed);
        self.note_success();
        let node = self.place.as_ref().and_then(|place| place.node(self.node));
        let via = node.map(|node| node.number.digits.clone()).unwrap_or_default();
        Ok(DeliveryAck { remote_id: None, via })
    }

    /// Tells the HLR what the last message has shown. The message's outcome need not wait for it: an
    /// alert that answers the report must find the message waiting.
    pub(crate) async fn tell_hlr(&mut self) {
        if let Some(report) = self.due.take() {
            report.send(&self.desk, &self.network, &self.number).await;
        }
    }

    /// Closes what is open.
    pub(crate) async fn end(mut self) {
        self.leave().await;
    }

    /// Hands one TPDU to the nodes of the phone's place, in turn, until one takes it.
    async fn hand_over(&mut self, tpdu: &Bytes, more: bool) -> Result<(), Failure> {
        loop {
            let node = self.node().await?;
            let in_held_dialogue = self.dialogue.is_some();
            let confirmation = self.forward(&node, tpdu, more).await;
            self.dialogue = confirmation.dialogue;
            let Err(fault) = confirmation.result else { return Ok(()) };
            // The next attempt asks another node, or this one anew.
            self.leave().await;
            // The node ended the dialogue before it got the message, or an association took it along:
            // only the dialogue is gone.
            if !(in_held_dialogue && fault.calls_for_repetition()) {
                self.judge(&node, fault)?;
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
        node.ok_or(Failure::ABSENT)
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

    /// Decides after a node's refusal: `Ok` if the same TPDU goes to whoever is next.
    ///
    /// # Errors
    /// It is over.
    fn judge(&mut self, node: &ServingNode, fault: Fault) -> Result<(), Failure> {
        let error = match fault {
            Fault::Peer(map::Failure::User(error)) => error,
            fault => {
                let undelivered = matches!(fault, Fault::Peer(map::Failure::Undelivered(_)));
                let failure = self.desk.failure(&self.network, fault);
                if undelivered && failure != Failure::NoPeer && self.turn_to_next() {
                    return Ok(());
                }
                self.forget_place();
                return Err(self.trial.outcomes.absence().unwrap_or(failure));
            }
        };
        let action = self.desk.actions.of(&error, Phase::Forwarding);
        let is_packet_node = node.subsystem == self.network.config.subsystems.sgsn;
        self.trial.outcomes.note(&error, action, is_packet_node);
        match action {
            // The LMSI was of a visitor who has gone: his IMSI is surer.
            Action::AskAgain if node.lmsi.is_some() => {
                self.desk.places.forget(&self.network, &self.number);
                self.place.iter_mut().for_each(Place::forget_lmsi);
                return Ok(());
            }
            Action::AskAgain if !self.trial.asked_again => {
                self.trial = Trial { asked_again: true, ..Trial::default() };
                self.forget_place();
                return Ok(());
            }
            Action::Absent | Action::Busy | Action::AskAgain if self.turn_to_next() => return Ok(()),
            _ => {}
        }
        let msisdn = self.place.as_ref().map(|place| place.msisdn.clone());
        self.due = self.trial.outcomes.report(msisdn);
        self.forget_place();
        let failure = codes::failure(&error, action);
        match action {
            Action::MemoryFull | Action::Busy => Err(failure),
            // A phone that is away for one of its nodes may come back to it.
            _ => Err(self.trial.outcomes.absence().unwrap_or(failure)),
        }
    }

    /// Whether there is another node to try; then it is its turn.
    fn turn_to_next(&mut self) -> bool {
        self.trial.tried.push(self.node);
        let nodes = self.place.as_ref().map_or(0, |place| place.nodes().len());
        let next = (0..nodes).find(|node| !self.trial.tried.contains(node));
        self.node = next.unwrap_or(self.node);
        next.is_some()
    }

    async fn leave(&mut self) {
        if let Some(dialogue) = self.dialogue.take() {
            self.desk.engine.close(dialogue).await;
        }
    }

    fn forget_place(&mut self) {
        self.desk.places.forget(&self.network, &self.number);
        self.place = None;
        self.node = 0;
    }

    /// The HLR keeps a list of who waits for the phone: it may be cleared.
    fn note_success(&mut self) {
        let Some(place) = self.place.as_ref().filter(|place| place.waits) else { return };
        if !std::mem::replace(&mut self.reported_success, true) {
            let is_packet_node = place
                .node(self.node)
                .is_some_and(|node| node.subsystem == self.network.config.subsystems.sgsn);
            self.due = Some(Report::success(place.msisdn.clone(), is_packet_node));
            self.desk.places.told(&self.network, &self.number);
        }
    }
}

impl Desk {
    /// The failure of a message whose dialogue ended without an answer.
    pub(crate) fn failure(&self, network: &Served, fault: Fault) -> Failure {
        match fault {
            Fault::Local(failure) => failure,
            Fault::NotOpen => codes::not_sent(map::Error::NotOpen),
            Fault::LinkLost => Failure::Timeout,
            // Our own SCCP returned it, since every association is down.
            Fault::Peer(map::Failure::Undelivered(_)) if !self.state.serves(network.id) => Failure::NoPeer,
            Fault::Peer(failure) => codes::dialogue_failure(&failure),
        }
    }
}
