//! What the mobile network asks of us: messages of phones, alerts of HLRs.
//!
//! All messages that arrived together go to the centre in one call. A phone hears "accepted" when its
//! message is on disk, and not before.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use map::operation::{AlertServiceCentreArg, ForwardSmRes, MoForwardSmArg, SmRpDa, SmRpOa};
use map::{DialogueId, MapError, Request, Response, SystemFailure};
use sccp::NetworkId;
use sms::status::FailureCause;
use sms::tpdu::{MobileOriginated, Submit};
use smsc::address::{Address, NumberingPlan, TypeOfNumber};
use smsc::message::Submission;
use smsc::names::Name;
use smsc::timestamp::Timestamp;
use smsc::ports::{Centre, StartGuard};
use smsc::stored::ReferenceQuery;

use crate::codes;
use crate::command;
use crate::convert::{self, Sender};
use crate::engine::{Answer, Engine};
use crate::gateway::Clock;
use crate::served::{Networks, Served};
use crate::stack::Node;
use crate::state::State;

/// A phone that asks for duplicates to be rejected gets its own number back after 256 messages; none
/// sends as many to one destination in this time.
const REPEAT_WINDOW: Duration = Duration::from_secs(600);

/// A peer's request.
#[derive(Debug)]
pub(crate) struct Indication {
    pub(crate) dialogue: DialogueId,
    pub(crate) invoke_id: i8,
    pub(crate) remote: Node,
    pub(crate) local: Node,
    pub(crate) request: Box<Request>,
}

/// Takes peers' requests to the centre.
pub(crate) struct Listen {
    centre: Arc<dyn Centre>,
    engine: Engine,
    networks: Networks,
    state: Arc<State>,
    clock: Clock,
    /// Messages of phones that may be on their way into the store.
    open_max: usize,
}

/// What a request has come to.
enum Taken {
    /// A message for the centre.
    Message(Box<Submission>),
    /// The same, unless the centre has it already (TP-RD).
    MessageUnlessDouble(Box<Submission>, ReferenceQuery),
    /// A command about a message.
    Command(command::Command),
    /// Answered at once.
    Answered(Result<Response, MapError>),
}

impl Listen {
    pub(crate) fn new(
        centre: Arc<dyn Centre>,
        engine: Engine,
        networks: Networks,
        state: Arc<State>,
        clock: Clock,
        open_max: usize,
    ) -> Self {
        Self { centre, engine, networks, state, clock, open_max }
    }

    /// Takes a batch of requests over. Their answers go to the engine.
    pub(crate) fn take(self: Arc<Self>, indications: Vec<Indication>) {
        let count = indications.len();
        self.state.taken(count);
        tokio::spawn(async move {
            self.handle(indications).await;
            self.state.answered(count);
        });
    }

    /// A network can carry traffic, or no longer.
    pub(crate) fn network_changed(&self, network: NetworkId, serves: bool) {
        self.state.show_network(network, serves);
        let Some(served) = self.networks.of_id(network) else { return };
        tracing::info!(network = %served.name, serves, "network changes");
        if serves {
            self.centre.endpoint_available(&served.endpoint);
        }
    }

    async fn handle(&self, indications: Vec<Indication>) {
        let now = (self.clock)();
        let mut answers = Vec::with_capacity(indications.len());
        let (mut places, mut submissions, mut commands) = (Vec::new(), Vec::new(), Vec::new());
        for indication in indications {
            let (dialogue, invoke_id) = (indication.dialogue, indication.invoke_id);
            match self.read(&indication, now) {
                Taken::Message(submission) => {
                    places.push((dialogue, invoke_id));
                    submissions.push(*submission);
                }
                Taken::MessageUnlessDouble(submission, query) => {
                    if self.has(query, &submission.account, now).await {
                        let failed = map::SmDeliveryFailureCause::EquipmentProtocolError;
                        let result =
                            Err(codes::delivery_failure(failed, FailureCause::DUPLICATE, stamp(now)));
                        answers.push(Answer { dialogue, invoke_id, result });
                    } else {
                        places.push((dialogue, invoke_id));
                        submissions.push(*submission);
                    }
                }
                Taken::Command(command) => commands.push((dialogue, invoke_id, command)),
                Taken::Answered(result) => answers.push(Answer { dialogue, invoke_id, result }),
            }
        }
        // What needs no disk does not wait for it.
        if !answers.is_empty() {
            self.engine.answer(std::mem::take(&mut answers), StartGuard::default()).await;
        }
        let start = self.submit(places, submissions, &mut answers, now).await;
        for (dialogue, invoke_id, command) in commands {
            let result = command.carry_out(&*self.centre, now).await;
            answers.push(Answer { dialogue, invoke_id, result });
        }
        self.engine.answer(answers, start).await;
    }

    /// Whether the phone sent this message before (TS 23.040 §9.2.3.25): it waits in the centre, or was
    /// taken over so lately that the phone cannot have counted round to its number again.
    async fn has(&self, query: ReferenceQuery, account: &Name, now: Timestamp) -> bool {
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
        places: Vec<(DialogueId, i8)>,
        submissions: Vec<Submission>,
        answers: &mut Vec<Answer>,
        now: Timestamp,
    ) -> StartGuard {
        if submissions.is_empty() {
            return StartGuard::default();
        }
        let acceptance = self.centre.accept(submissions).await;
        for ((dialogue, invoke_id), answer) in places.into_iter().zip(acceptance.answers) {
            let result = match answer {
                Ok(_) => {
                    self.state.originated.fetch_add(1, Ordering::Relaxed);
                    Ok(Response::MoForwardSm(ForwardSmRes::default()))
                }
                Err(rejection) => {
                    self.state.refused.fetch_add(1, Ordering::Relaxed);
                    Err(codes::refusal(&rejection, stamp(now)))
                }
            };
            answers.push(Answer { dialogue, invoke_id, result });
        }
        acceptance.start
    }

    fn read(&self, indication: &Indication, now: Timestamp) -> Taken {
        let Some(network) = self.networks.of_id(indication.remote.network).cloned() else {
            return Taken::Answered(Err(MapError::FacilityNotSupported));
        };
        match &*indication.request {
            Request::MoForwardSm(arg) => {
                let taken = self.originating(&network, indication, arg, now);
                taken.unwrap_or_else(|error| {
                    self.state.refused.fetch_add(1, Ordering::Relaxed);
                    Taken::Answered(Err(error))
                })
            }
            Request::AlertServiceCentre(arg) => Taken::Answered(self.alert(&network, arg)),
            // Home routing and the rest of the HLR's and the MSC's work is not ours.
            _ => {
                self.state.count("screened_request");
                Taken::Answered(Err(MapError::FacilityNotSupported))
            }
        }
    }

    /// A message or a command of a phone (TS 29.002 §12.2).
    fn originating(
        &self,
        network: &Arc<Served>,
        indication: &Indication,
        arg: &MoForwardSmArg,
        now: Timestamp,
    ) -> Result<Taken, MapError> {
        if self.state.leaves() || self.state.originating() > self.open_max {
            return Err(codes::refusal(&smsc::rejection::Rejection::Congested, stamp(now)));
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
            Ok(MobileOriginated::Command(asked)) => {
                Ok(Taken::Command(command::Command::new(asked, sender, network.endpoint.clone())))
            }
            Err(sms::Error::MessageType(_)) => {
                let cause = map::SmDeliveryFailureCause::EquipmentProtocolError;
                Err(codes::delivery_failure(cause, FailureCause::TPDU_NOT_SUPPORTED, stamp(now)))
            }
            Err(_) => {
                self.state.count("tpdu_malformed");
                Err(codes::unexpected_data())
            }
        }
    }

    fn message(&self, submit: &Submit, sender: Sender, now: Timestamp) -> Result<Taken, MapError> {
        let submission = convert::submission(submit, sender, now).map_err(|cause| {
            let failed = map::SmDeliveryFailureCause::EquipmentProtocolError;
            codes::delivery_failure(failed, cause, stamp(now))
        })?;
        if !submit.reject_duplicates {
            return Ok(Taken::Message(Box::new(submission)));
        }
        let query = ReferenceQuery {
            submitter: submission.origin.clone(),
            source: submission.source.clone(),
            destination: submission.destination.clone(),
            reference: u16::from(submit.message_reference),
        };
        Ok(Taken::MessageUnlessDouble(Box::new(submission), query))
    }

    /// Whether the phone means us: the service centre that it names must be ours, and the one that
    /// the network brought its message to.
    fn screen(&self, network: &Served, local: &Node, asked: &SmRpDa) -> Result<(), MapError> {
        if !network.config.own_service_centre_only {
            return Ok(());
        }
        let SmRpDa::ServiceCentreAddress(centre) = asked else { return Err(MapError::DataMissing) };
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
    fn alert(&self, network: &Served, arg: &AlertServiceCentreArg) -> Result<Response, MapError> {
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

/// A time stamp of our own, for reports that phones hardly ever show.
pub(crate) fn stamp(now: Timestamp) -> sms::timestamp::Timestamp {
    let seconds = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
    sms::timestamp::Timestamp::from_unix(seconds, 0).unwrap_or_default()
}

/// systemFailure.
pub(crate) fn system_failure() -> MapError {
    MapError::SystemFailure(SystemFailure::default())
}
