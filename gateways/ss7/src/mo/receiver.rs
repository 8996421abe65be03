//! The receiver of MAP requests: messages and commands of phones, alerts of HLRs.
//!
//! All messages that arrived together go to the centre in one call. A phone gets the acknowledgement
//! when its message is on disk, and not before.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use map::operation::{AlertServiceCentreArg, ForwardSmRes, MoForwardSmArg, SmRpDa, SmRpOa};
use map::{DialogueId, MapError, Request, Response};
use sccp::NetworkId;
use sms::status::FailureCause;
use sms::tpdu::{MobileOriginated, Submit};
use smsc::address::{Address, NumberingPlan, TypeOfNumber};
use smsc::message::Submission;
use smsc::names::Name;
use smsc::ports::{Centre, StartGuard};
use smsc::stored::ReferenceQuery;
use smsc::timestamp::Timestamp;

use crate::clock::Clock;
use crate::codes;
use crate::convert::{self, Sender};
use crate::mo::command;
use crate::network_context::{NetworkContext, Networks};
use crate::signalling::engine::Engine;
use crate::signalling::event::{Answer, Indication};
use crate::signalling::stack::Node;
use crate::state::GatewayState;

/// A phone that asks for duplicates to be rejected gets its own number back after 256 messages; none
/// sends as many to one destination in this time.
const REPEAT_WINDOW: Duration = Duration::from_secs(600);

/// Passes requests of peers to the centre.
pub(crate) struct MoReceiver {
    centre: Arc<dyn Centre>,
    engine: Engine,
    networks: Networks,
    state: Arc<GatewayState>,
    clock: Clock,
    /// Messages of phones that may be on their way into the store.
    open_max: usize,
}

/// The action for a request.
enum MoAction {
    /// A message for the centre.
    Submit(Box<Submission>),
    /// The same, unless the centre has it already (TP-RD).
    SubmitUnlessDuplicate(Box<Submission>, ReferenceQuery),
    /// A command about a message.
    Command(command::Command),
    /// Answered at once.
    Answer(Result<Response, MapError>),
}

impl MoReceiver {
    pub(crate) fn new(
        centre: Arc<dyn Centre>,
        engine: Engine,
        networks: Networks,
        state: Arc<GatewayState>,
        clock: Clock,
        open_max: usize,
    ) -> Self {
        Self { centre, engine, networks, state, clock, open_max }
    }

    /// Takes a batch of requests over. Their answers go to the engine.
    pub(crate) fn receive(self: Arc<Self>, indications: Vec<Indication>) {
        let count = indications.len();
        self.state.begin_originating(count);
        tokio::spawn(async move {
            self.handle(indications).await;
            self.state.end_originating(count);
        });
    }

    /// A network can carry traffic, or no longer.
    pub(crate) fn network_changed(&self, network: NetworkId, serves: bool) {
        self.state.show_network(network, serves);
        let Some(context) = self.networks.of_id(network) else { return };
        tracing::info!(network = %context.name, serves, "network changes");
        if serves {
            self.centre.endpoint_available(&context.endpoint);
        }
    }

    async fn handle(&self, indications: Vec<Indication>) {
        let now = (self.clock)();
        let mut answers = Vec::with_capacity(indications.len());
        let (mut requests, mut submissions, mut commands) = (Vec::new(), Vec::new(), Vec::new());
        for indication in indications {
            let (dialogue, invoke_id) = (indication.dialogue, indication.invoke_id);
            match self.read(&indication, now) {
                MoAction::Submit(submission) => {
                    requests.push((dialogue, invoke_id));
                    submissions.push(*submission);
                }
                MoAction::SubmitUnlessDuplicate(submission, query) => {
                    if self.is_duplicate(query, &submission.account, now).await {
                        let failed = map::SmDeliveryFailureCause::EquipmentProtocolError;
                        let result = Err(codes::delivery_failure(
                            failed,
                            FailureCause::DUPLICATE,
                            codes::report_timestamp(now),
                        ));
                        answers.push(Answer { dialogue, invoke_id, result });
                    } else {
                        requests.push((dialogue, invoke_id));
                        submissions.push(*submission);
                    }
                }
                MoAction::Command(command) => commands.push((dialogue, invoke_id, command)),
                MoAction::Answer(result) => answers.push(Answer { dialogue, invoke_id, result }),
            }
        }
        // What needs no disk does not wait for it.
        if !answers.is_empty() {
            self.engine.answer(std::mem::take(&mut answers), StartGuard::default()).await;
        }
        let start = self.submit(requests, submissions, &mut answers, now).await;
        for (dialogue, invoke_id, command) in commands {
            let result = command.carry_out(&*self.centre, now).await;
            answers.push(Answer { dialogue, invoke_id, result });
        }
        self.engine.answer(answers, start).await;
    }

    /// Whether the phone sent this message before (TS 23.040 §9.2.3.25): it waits in the centre, or was
    /// taken over so lately that the phone cannot have counted round to its number again.
    async fn is_duplicate(&self, query: ReferenceQuery, account: &Name, now: Timestamp) -> bool {
        let Ok(Some(id)) = self.centre.find_by_reference(query).await else { return false };
        if now.since(id.time()) < REPEAT_WINDOW {
            return true;
        }
        let status = self.centre.status(account.clone(), id).await;
        matches!(status, Ok(Some(status)) if !status.state.is_final())
    }

    /// Hands messages to the centre, all at once.
    async fn submit(
        &self,
        requests: Vec<(DialogueId, i8)>,
        submissions: Vec<Submission>,
        answers: &mut Vec<Answer>,
        now: Timestamp,
    ) -> StartGuard {
        if submissions.is_empty() {
            return StartGuard::default();
        }
        let acceptance = self.centre.accept(submissions).await;
        for ((dialogue, invoke_id), answer) in requests.into_iter().zip(acceptance.answers) {
            let result = match answer {
                Ok(_) => {
                    self.state.originated.fetch_add(1, Ordering::Relaxed);
                    Ok(Response::MoForwardSm(ForwardSmRes::default()))
                }
                Err(rejection) => {
                    self.state.refused.fetch_add(1, Ordering::Relaxed);
                    Err(codes::refusal(&rejection, codes::report_timestamp(now)))
                }
            };
            answers.push(Answer { dialogue, invoke_id, result });
        }
        acceptance.start
    }

    fn read(&self, indication: &Indication, now: Timestamp) -> MoAction {
        let Some(network) = self.networks.of_id(indication.remote.network).cloned() else {
            return MoAction::Answer(Err(MapError::FacilityNotSupported));
        };
        match &*indication.request {
            Request::MoForwardSm(arg) => {
                let action = self.originating(&network, indication, arg, now);
                action.unwrap_or_else(|error| {
                    self.state.refused.fetch_add(1, Ordering::Relaxed);
                    MoAction::Answer(Err(error))
                })
            }
            Request::AlertServiceCentre(arg) => MoAction::Answer(self.alert(&network, arg)),
            // Home routing and the rest of the HLR's and the MSC's work is not ours.
            _ => {
                self.state.count("screened_request");
                MoAction::Answer(Err(MapError::FacilityNotSupported))
            }
        }
    }

    /// A message or a command of a phone (TS 29.002 §12.2).
    fn originating(
        &self,
        network: &Arc<NetworkContext>,
        indication: &Indication,
        arg: &MoForwardSmArg,
        now: Timestamp,
    ) -> Result<MoAction, MapError> {
        if self.state.is_stopping() || self.state.originating() > self.open_max {
            return Err(codes::refusal(&smsc::rejection::Rejection::Congested, codes::report_timestamp(now)));
        }
        self.screen(network, &indication.local, &arg.sm_rp_da)?;
        let SmRpOa::Msisdn(number) = &arg.sm_rp_oa else { return Err(MapError::DataMissing) };
        let sender = Sender {
            network: network.name.clone(),
            account: network.account.clone(),
            number: subscriber(number),
        };
        match MobileOriginated::decode(&arg.sm_rp_ui.0) {
            Ok(MobileOriginated::Submit(submit)) => self.message(&submit, sender, now),
            Ok(MobileOriginated::Command(command)) => {
                Ok(MoAction::Command(command::Command::new(command, sender, network.endpoint.clone())))
            }
            Err(sms::Error::MessageType(_)) => {
                let cause = map::SmDeliveryFailureCause::EquipmentProtocolError;
                Err(codes::delivery_failure(
                    cause,
                    FailureCause::TPDU_NOT_SUPPORTED,
                    codes::report_timestamp(now),
                ))
            }
            Err(_) => {
                self.state.count("tpdu_malformed");
                Err(codes::unexpected_data())
            }
        }
    }

    fn message(&self, submit: &Submit, sender: Sender, now: Timestamp) -> Result<MoAction, MapError> {
        let submission = convert::submission(submit, sender, now).map_err(|cause| {
            let failed = map::SmDeliveryFailureCause::EquipmentProtocolError;
            codes::delivery_failure(failed, cause, codes::report_timestamp(now))
        })?;
        if !submit.reject_duplicates {
            return Ok(MoAction::Submit(Box::new(submission)));
        }
        let query = ReferenceQuery {
            submitter: submission.origin.clone(),
            source: submission.source.clone(),
            destination: submission.destination.clone(),
            reference: u16::from(submit.message_reference),
        };
        Ok(MoAction::SubmitUnlessDuplicate(Box::new(submission), query))
    }

    /// Whether the phone means us: the service centre that it names must be ours, and the one that
    /// the network brought its message to.
    fn screen(&self, network: &NetworkContext, local: &Node, requested: &SmRpDa) -> Result<(), MapError> {
        if !network.config.own_service_centre_only {
            return Ok(());
        }
        let SmRpDa::ServiceCentreAddress(centre) = requested else { return Err(MapError::DataMissing) };
        let title = local.address.digits();
        if !network.config.is_ours(&centre.digits) {
            self.state.count("screened_service_centre");
        } else if title.is_some_and(|title| title != centre.digits) {
            self.state.count("screened_address_mismatch");
        } else {
            return Ok(());
        }
        Err(codes::unexpected_data())
    }

    /// A phone can be reached again (TS 29.002 §12.5): all that waits for it goes at once.
    fn alert(&self, network: &NetworkContext, arg: &AlertServiceCentreArg) -> Result<Response, MapError> {
        if network.config.own_service_centre_only
            && !network.config.is_ours(&arg.service_centre_address.digits)
        {
            self.state.count("screened_service_centre");
            return Err(codes::unexpected_data());
        }
        self.state.alerts.fetch_add(1, Ordering::Relaxed);
        self.centre.number_reachable(&network.endpoint, &subscriber(&arg.msisdn));
        Ok(Response::AlertServiceCentre)
    }
}

/// A subscriber's number as the centre writes it.
fn subscriber(number: &map::AddressString) -> Address {
    Address::new(
        TypeOfNumber(number.nature_of_address.bits()),
        NumberingPlan(number.numbering_plan.bits()),
        &number.digits,
    )
}
