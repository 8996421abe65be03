//! Dialogues that a node opens: a phone's message to the centre, and the HLR's alert.

use std::collections::VecDeque;
use std::time::Duration;

use map::operation::{AlertServiceCentreArg, MoForwardSmArg, SmRpDa, SmRpOa};
use map::{AddressString, Context, Imsi, MapError, Request, SignalInfo, Version};
use sms::tpdu::SubmitReport;
use tcap::{AbortReason, Begin, Code, Component, DialogueId, Oid, PAbortCause};

use super::{Dialogues, Later, Turn, address, context_name, first_of, invoke, version_for};
use crate::mobile_network::answers::name;
use crate::mobile_network::register::Alert;
use crate::mobile_network::settings::NodeKind;
use crate::mobile_network::submission::Outgoing;
use crate::mobile_network::world::{self, Answer, SendError, Sent};

/// How long a phone waits for the centre.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the HLR tries to alert a centre.
const ALERTS_MAX: u8 = 3;
/// How long it waits before it tries again.
const ALERT_PAUSE: Duration = Duration::from_secs(2);
/// The invoke id of what a node asks.
const INVOKE: i8 = 1;

/// A dialogue of a node with the centre.
pub(super) struct Asked {
    purpose: Purpose,
    request: Request,
    version: Version,
    /// What did not fit into the BEGIN and goes into the next message.
    waiting: Option<Component>,
}

/// What for.
enum Purpose {
    Message(Box<Job>),
    Alert { alert: Alert, attempt: u8 },
}

/// What a phone sends: all segments, one after the other.
struct Job {
    number: String,
    imsi: String,
    /// Place of the MSC or SGSN.
    node: usize,
    current: Outgoing,
    rest: VecDeque<Outgoing>,
    sent: Vec<u8>,
    answer: Answer,
}

/// What became of what a node asked.
enum Ending {
    Done,
    Refused(MapError),
    Failed(&'static str),
}

impl Dialogues {
    /// A phone sends.
    pub(in super::super) fn send(
        &mut self,
        number: &str,
        request: &world::Request,
        answer: Answer,
        turn: &mut Turn<'_>,
    ) {
        match job(number, request, turn) {
            Ok((job, rest)) => {
                let Some((current, rest)) = split_first(rest) else { return };
                let (imsi, node) = job;
                let number = crate::mobile_network::register::digits(number).to_owned();
                let sent = Vec::with_capacity(rest.len() + 1);
                self.forward(Job { number, imsi, node, current, rest, sent, answer }, turn);
                self.drain(None, turn);
            }
            Err(error) => {
                let _the_caller_may_be_gone = answer.send(Err(error));
            }
        }
    }

    /// The HLR tells a centre that a phone is back.
    pub(in super::super) fn alert(&mut self, alert: Alert, attempt: u8, turn: &mut Turn<'_>) {
        turn.world.counters.alerts += u64::from(attempt == 0);
        let Some(node) = first_of(turn.world, NodeKind::Hlr) else { return };
        let version_max = turn.world.nodes.get(node).map_or(2, |node| node.map_version_max);
        let request = Request::AlertServiceCentre(AlertServiceCentreArg {
            msisdn: AddressString::international(&alert.number),
            service_centre_address: AddressString::international(&alert.service_centre),
            ..AlertServiceCentreArg::default()
        });
        let version = version_for(version_max, Context::ShortMsgAlert);
        self.open(Purpose::Alert { alert, attempt }, request, version, turn);
        self.drain(None, turn);
    }

    /// The centre says something in a dialogue that a node has opened.
    pub(super) fn answered(
        &mut self,
        dialogue: DialogueId,
        components: &[Component],
        goes_on: bool,
        turn: &mut Turn<'_>,
    ) {
        let Some(asked) = self.asked.get_mut(&dialogue) else { return };
        if let Some(waiting) = asked.waiting.take().filter(|_| goes_on) {
            let _still_open = self.tcap.proceed(dialogue, None, vec![waiting], turn.now);
            return;
        }
        let Some(ending) = components.iter().find_map(ending) else {
            if !goes_on {
                self.finish(dialogue, Ending::Failed("the centre ended without an answer"), turn);
            }
            return;
        };
        if goes_on {
            let _still_open = self.tcap.end(dialogue, None, Vec::new(), turn.now);
        }
        self.finish(dialogue, ending, turn);
    }

    /// The centre's user has aborted a dialogue.
    pub(super) fn user_aborted(
        &mut self,
        dialogue: DialogueId,
        reason: AbortReason,
        offered: Option<Oid>,
        turn: &mut Turn<'_>,
    ) {
        let offered = offered.and_then(|name| Context::from_oid(name.as_octets()));
        let offered = offered.and_then(|(_, number)| Version::from_number(number));
        match (reason, self.asked.get(&dialogue).map(|asked| asked.version)) {
            (AbortReason::ContextNotSupported, Some(version)) => {
                let lower = offered.filter(|offered| *offered < version).or(version.lower());
                self.again_or_failed(dialogue, lower, turn);
            }
            (AbortReason::Plain | AbortReason::DialogueRefused(_), Some(version)) => {
                self.again_or_failed(dialogue, Some(Version::V1).filter(|lowest| *lowest < version), turn);
            }
            _ => self.failed(dialogue, "the centre aborted the dialogue", turn),
        }
    }

    /// TCAP has aborted a dialogue.
    pub(super) fn provider_aborted(&mut self, dialogue: DialogueId, cause: PAbortCause, turn: &mut Turn<'_>) {
        let version = self.asked.get(&dialogue).map(|asked| asked.version);
        match (cause, version) {
            (
                PAbortCause::IncorrectTransactionPortion | PAbortCause::NoCommonDialoguePortion,
                Some(Version::V2 | Version::V3),
            ) => self.again_or_failed(dialogue, Some(Version::V1), turn),
            _ => self.failed(dialogue, "TCAP aborted the dialogue", turn),
        }
    }

    /// A dialogue that a node has opened came to nothing.
    pub(super) fn failed(&mut self, dialogue: DialogueId, why: &'static str, turn: &mut Turn<'_>) {
        self.finish(dialogue, Ending::Failed(why), turn);
    }

    fn again_or_failed(&mut self, dialogue: DialogueId, version: Option<Version>, turn: &mut Turn<'_>) {
        match (version, self.asked.remove(&dialogue)) {
            (Some(version), Some(asked)) => self.open(asked.purpose, asked.request, version, turn),
            (None, Some(asked)) => {
                self.ended(
                    asked.purpose,
                    asked.version,
                    Ending::Failed("the centre aborted the dialogue"),
                    turn,
                );
            }
            (_, None) => {}
        }
    }

    fn finish(&mut self, dialogue: DialogueId, ending: Ending, turn: &mut Turn<'_>) {
        if let Some(Asked { purpose, version, .. }) = self.asked.remove(&dialogue) {
            self.ended(purpose, version, ending, turn);
        }
    }

    fn ended(&mut self, purpose: Purpose, version: Version, ending: Ending, turn: &mut Turn<'_>) {
        match purpose {
            Purpose::Message(job) => self.message_ended(*job, version, ending, turn),
            Purpose::Alert { alert, attempt } => match ending {
                Ending::Done => turn.world.counters.alerts_accepted += 1,
                Ending::Refused(_) | Ending::Failed(_) if attempt + 1 < ALERTS_MAX => {
                    let later = Later::Alert(alert, attempt + 1);
                    let _without_room_it_is_forgotten = self.postpone(turn.now + ALERT_PAUSE, later);
                }
                Ending::Refused(_) | Ending::Failed(_) => {}
            },
        }
    }

    fn message_ended(&mut self, mut job: Job, version: Version, ending: Ending, turn: &mut Turn<'_>) {
        let error = match ending {
            Ending::Done => {
                turn.world.counters.mo_accepted += 1;
                job.sent.push(job.current.message_reference);
                if let Some(next) = job.rest.pop_front() {
                    job.current = next;
                    return self.forward(job, turn);
                }
                let sent = Sent { message_references: job.sent, map_version: version.number() };
                let _the_caller_may_be_gone = job.answer.send(Ok(sent));
                return;
            }
            Ending::Refused(error) => refused(&error, version),
            Ending::Failed(why) => SendError::Failed(why),
        };
        let _the_caller_may_be_gone = job.answer.send(Err(error));
    }

    fn forward(&mut self, job: Job, turn: &mut Turn<'_>) {
        turn.world.counters.mo_forward += 1;
        let version_max = turn.world.nodes.get(job.node).map_or(3, |node| node.map_version_max);
        let version = version_for(version_max, Context::ShortMsgMoRelay);
        let request = Request::MoForwardSm(MoForwardSmArg {
            sm_rp_da: SmRpDa::ServiceCentreAddress(AddressString::international(&self.centre)),
            sm_rp_oa: SmRpOa::Msisdn(AddressString::international(&job.number)),
            sm_rp_ui: SignalInfo(job.current.octets.clone().into()),
            imsi: Some(Imsi::new(&job.imsi)),
            ..MoForwardSmArg::default()
        });
        self.open(Purpose::Message(Box::new(job)), request, version, turn);
    }

    fn open(&mut self, purpose: Purpose, request: Request, version: Version, turn: &mut Turn<'_>) {
        let (node, remote) = match &purpose {
            Purpose::Message(job) => (Some(job.node), address(&self.centre, NodeKind::Msc.subsystem())),
            Purpose::Alert { alert, .. } => {
                let centre = address(&alert.service_centre, NodeKind::Msc.subsystem());
                (first_of(turn.world, NodeKind::Hlr), centre)
            }
        };
        let node = node.and_then(|node| turn.world.nodes.get(node));
        let local = node.and_then(|node| address(&node.global_title, node.kind.subsystem()));
        let asks = invoke(INVOKE, &request, version, PATIENCE);
        let (Some(local), Some(remote), Some(asks)) = (local, remote, asks) else {
            return self.ended(purpose, version, Ending::Failed("MAP cannot say this"), turn);
        };
        let name = context_name(request.context(), version);
        let room = turn.stack.room(&remote, &local);
        let fits = name.is_none() || self.tcap.size_of_begin(name, None, std::slice::from_ref(&asks)) <= room;
        let (components, waiting) = if fits { (vec![asks], None) } else { (Vec::new(), Some(asks)) };
        let begin = Begin {
            local,
            remote,
            application_context: name,
            user_information: None,
            components,
            idle: Some(PATIENCE),
        };
        match self.tcap.begin(begin, turn.now) {
            // What nobody answers is over when it is sent.
            Ok(dialogue) if !request.is_answered(version) => {
                self.drain(None, turn);
                self.tcap.release(dialogue, turn.now);
                self.ended(purpose, version, Ending::Done, turn);
            }
            Ok(dialogue) => {
                self.asked.insert(dialogue, Asked { purpose, request, version, waiting });
            }
            Err(_) => self.ended(purpose, version, Ending::Failed("too many dialogues"), turn),
        }
    }
}

/// The TPDUs that a phone wants to send, its IMSI and the node that it sends them through.
type Prepared = ((String, usize), Vec<Outgoing>);

fn job(number: &str, request: &world::Request, turn: &mut Turn<'_>) -> Result<Prepared, SendError> {
    let phone = turn.world.register.phone_mut(number).ok_or(SendError::NoPhone)?;
    let title = match (phone.reached_by_msc, &phone.sgsn) {
        (true, _) if !phone.msc.is_empty() => phone.msc.clone(),
        (_, Some(sgsn)) if phone.reached_by_sgsn => sgsn.clone(),
        _ => return Err(SendError::Off),
    };
    let tpdus = match request {
        world::Request::Submission(submission) => submission.tpdus(phone)?,
        world::Request::Order(order) => vec![order.tpdu(phone)?],
    };
    let imsi = phone.imsi.clone();
    let node = turn.world.nodes.iter().position(|node| node.global_title == title);
    let node = node.ok_or(SendError::Failed("the phone is at a node that does not exist"))?;
    Ok(((imsi, node), tpdus))
}

fn split_first(tpdus: Vec<Outgoing>) -> Option<(Outgoing, VecDeque<Outgoing>)> {
    let mut rest = VecDeque::from(tpdus);
    Some((rest.pop_front()?, rest))
}

/// What a component says of the one operation.
fn ending(component: &Component) -> Option<Ending> {
    match component {
        Component::ResultLast { invoke_id: INVOKE, .. } => Some(Ending::Done),
        Component::Error { invoke_id: INVOKE, code: Code::Local(code), parameter } => {
            Some(Ending::Refused(MapError::read(*code, parameter.as_ref().map(|octets| &octets[..]))))
        }
        Component::Error { .. } => Some(Ending::Failed("the centre answered with an error of no known kind")),
        Component::Reject { .. } => Some(Ending::Failed("the centre rejected the operation")),
        Component::Invoke { .. } | Component::ResultLast { .. } | Component::ResultNotLast { .. } => None,
    }
}

fn refused(error: &MapError, version: Version) -> SendError {
    let report = match error {
        MapError::SmDeliveryFailure(failure) => failure.diagnostic_info.as_ref(),
        _ => None,
    };
    let report = report.and_then(|octets| SubmitReport::decode_in_error(&octets.0).ok());
    SendError::Refused {
        name: name(error),
        code: u8::try_from(error.code(version)).unwrap_or(u8::MAX),
        failure_cause: report.and_then(|report| report.failure_cause).map(|cause| cause.0),
    }
}
