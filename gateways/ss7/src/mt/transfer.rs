//! The MT transfer to one phone: routing information from the HLR, mt-forwardSM to the serving node,
//! and the delivery report to the HLR (TS 29.002 §12, TS 23.040 §10).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use map::operation::{MtForwardSmArg, SmRpDa, SmRpOa};
use map::{DialogueId, Request, SignalInfo};
use smsc::delivery::DeliveryAck;
use smsc::failure::Failure;
use smsc::names::Name;

use crate::codes;
use crate::config::{Action, Phase};
use crate::convert::Terminating;
use crate::mt::context::MtContext;
use crate::mt::report::{Outcomes, Report};
use crate::mt::routing_info::{RoutingInfo, ServingNode};
use crate::mt::send_routing_info;
use crate::network_context::NetworkContext;
use crate::signalling::confirmation::{Confirmation, Fault};
use crate::signalling::stack::Opening;

/// The transfer of messages to one phone.
pub(crate) struct MtTransfer {
    context: Arc<MtContext>,
    network: Arc<NetworkContext>,
    number: Name,
    routing_info: Option<RoutingInfo>,
    /// Index of the node that is tried.
    node: usize,
    /// A dialogue with that node, which holds it open for more.
    dialogue: Option<DialogueId>,
    attempt: MtAttempt,
    /// The report that is due to the HLR.
    due: Option<Report>,
    /// Whether a successful delivery was reported to the HLR.
    reported_success: bool,
}

/// The state of the attempt for one message.
#[derive(Default)]
struct MtAttempt {
    /// Indexes of the nodes that did not take it.
    tried: Vec<usize>,
    /// Outcomes at these nodes that concern the HLR.
    outcomes: Outcomes,
    /// Whether the HLR was asked a second time, since the phone had moved.
    hlr_asked_again: bool,
}

impl MtTransfer {
    pub(crate) fn new(context: Arc<MtContext>, network: Arc<NetworkContext>, number: Name) -> Self {
        Self {
            context,
            network,
            number,
            routing_info: None,
            node: 0,
            dialogue: None,
            attempt: MtAttempt::default(),
            due: None,
            reported_success: false,
        }
    }

    /// Hands one message over. `more` returns whether another one is queued behind it.
    ///
    /// # Errors
    /// The failure of the delivery.
    pub(crate) async fn deliver(
        &mut self,
        terminating: &Terminating,
        more: impl Fn() -> bool,
    ) -> Result<DeliveryAck, Failure> {
        self.attempt = MtAttempt::default();
        for part in 0..terminating.len() {
            // The HLR takes a while to answer, in which others may have joined the queue.
            self.node().await?;
            let more = part + 1 < terminating.len() || more();
            let tpdu = Bytes::from(terminating.octets(part, more)?);
            self.hand_over(&tpdu, more).await?;
        }
        self.context.state.delivered.fetch_add(1, Ordering::Relaxed);
        self.record_success();
        let node = self.routing_info.as_ref().and_then(|routing_info| routing_info.node(self.node));
        let via = node.map(|node| node.number.digits.clone()).unwrap_or_default();
        Ok(DeliveryAck { remote_id: None, via })
    }

    /// Reports the last outcome to the HLR. The centre gets the outcome first: an alert that answers the
    /// report must find the message waiting.
    pub(crate) async fn report_status(&mut self) {
        if let Some(report) = self.due.take() {
            report.send(&self.context, &self.network, &self.number).await;
        }
    }

    /// Closes the open dialogue.
    pub(crate) async fn end(mut self) {
        self.close_dialogue().await;
    }

    /// Hands one TPDU to the nodes of the phone, in turn, until one takes it.
    async fn hand_over(&mut self, tpdu: &Bytes, more: bool) -> Result<(), Failure> {
        loop {
            let node = self.node().await?;
            let in_held_dialogue = self.dialogue.is_some();
            let confirmation = self.forward(&node, tpdu, more).await;
            self.dialogue = confirmation.dialogue;
            let Err(fault) = confirmation.result else { return Ok(()) };
            // The next attempt asks another node, or this one anew.
            self.close_dialogue().await;
            // The node ended the dialogue before it got the message, or an association took it along:
            // only the dialogue is gone.
            if !(in_held_dialogue && fault.calls_for_repetition()) {
                self.handle_fault(&node, fault)?;
            }
        }
    }

    /// The node that is next. Requests routing information if there is none yet.
    async fn node(&mut self) -> Result<ServingNode, Failure> {
        if self.routing_info.is_none() {
            let found = send_routing_info::cached(&self.context, &self.network, &self.number).await?;
            self.routing_info = Some(found);
            self.node = 0;
        }
        let node = self.routing_info.as_ref().and_then(|routing_info| routing_info.node(self.node)).cloned();
        node.ok_or(Failure::ABSENT)
    }

    async fn forward(&self, node: &ServingNode, tpdu: &Bytes, more: bool) -> Confirmation {
        let request = Request::MtForwardSm(MtForwardSmArg {
            sm_rp_da: match (&node.lmsi, &self.routing_info) {
                (Some(lmsi), _) => SmRpDa::Lmsi(*lmsi),
                (None, Some(routing_info)) => SmRpDa::Imsi(routing_info.imsi.clone()),
                (None, None) => SmRpDa::None,
            },
            sm_rp_oa: SmRpOa::ServiceCentreAddress(self.network.service_centre_address()),
            sm_rp_ui: SignalInfo(tpdu.clone()),
            more_messages_to_send: more,
            ..MtForwardSmArg::default()
        });
        if let Some(dialogue) = self.dialogue {
            return self.context.engine.next(dialogue, request).await;
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
        self.context.engine.open(opening).await
    }

    /// Decides after a node's refusal: `Ok` if the same TPDU goes to the next node.
    ///
    /// # Errors
    /// The failure that ends the attempt.
    fn handle_fault(&mut self, node: &ServingNode, fault: Fault) -> Result<(), Failure> {
        let error = match fault {
            Fault::Peer(map::Failure::User(error)) => error,
            fault => {
                let undelivered = matches!(fault, Fault::Peer(map::Failure::Undelivered(_)));
                let failure = self.context.failure(&self.network, fault);
                if undelivered && failure != Failure::NoPeer && self.select_next_node() {
                    return Ok(());
                }
                self.forget_routing_info();
                return Err(self.attempt.outcomes.absence().unwrap_or(failure));
            }
        };
        let action = self.context.actions.of(&error, Phase::Forwarding);
        let is_packet_node = node.subsystem == self.network.config.subsystems.sgsn;
        self.attempt.outcomes.note(&error, action, is_packet_node);
        match action {
            // The LMSI is out of date at this node: the IMSI is not.
            Action::AskAgain if node.lmsi.is_some() => {
                self.context.routing_infos.forget(&self.network, &self.number);
                self.routing_info.iter_mut().for_each(RoutingInfo::forget_lmsi);
                return Ok(());
            }
            Action::AskAgain if !self.attempt.hlr_asked_again => {
                self.attempt = MtAttempt { hlr_asked_again: true, ..MtAttempt::default() };
                self.forget_routing_info();
                return Ok(());
            }
            Action::Absent | Action::Busy | Action::AskAgain if self.select_next_node() => return Ok(()),
            _ => {}
        }
        let msisdn = self.routing_info.as_ref().map(|routing_info| routing_info.msisdn.clone());
        self.due = self.attempt.outcomes.report(msisdn);
        self.forget_routing_info();
        let failure = codes::failure(&error, action);
        match action {
            Action::MemoryFull | Action::Busy => Err(failure),
            // A phone that is away for one of its nodes may come back to it.
            _ => Err(self.attempt.outcomes.absence().unwrap_or(failure)),
        }
    }

    /// Selects the next node that was not tried, if there is one.
    fn select_next_node(&mut self) -> bool {
        self.attempt.tried.push(self.node);
        let nodes = self.routing_info.as_ref().map_or(0, |routing_info| routing_info.nodes().len());
        let next = (0..nodes).find(|node| !self.attempt.tried.contains(node));
        self.node = next.unwrap_or(self.node);
        next.is_some()
    }

    async fn close_dialogue(&mut self) {
        if let Some(dialogue) = self.dialogue.take() {
            self.context.engine.close(dialogue).await;
        }
    }

    fn forget_routing_info(&mut self) {
        self.context.routing_infos.forget(&self.network, &self.number);
        self.routing_info = None;
        self.node = 0;
    }

    /// Prepares the report that clears the HLR's list of waiting service centres.
    fn record_success(&mut self) {
        let Some(routing_info) = self.routing_info.as_ref().filter(|routing_info| routing_info.waits) else {
            return;
        };
        if !std::mem::replace(&mut self.reported_success, true) {
            let is_packet_node = routing_info
                .node(self.node)
                .is_some_and(|node| node.subsystem == self.network.config.subsystems.sgsn);
            self.due = Some(Report::success(routing_info.msisdn.clone(), is_packet_node));
            self.context.routing_infos.clear_waiting(&self.network, &self.number);
        }
    }
}
