//! MAP dialogues that a node opens: mo-forwardSM of a phone and alertServiceCentre of the HLR.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use map::operation::{AlertServiceCentreArg, MoForwardSmArg, SmRpDa, SmRpOa};
use map::{AddressString, Context, Imsi, MapError, Request, SignalInfo, Version};
use sms::tpdu::SubmitReport;
use tcap::{AbortReason, Begin, Code, Component, DialogueId, Oid, PAbortCause};

use super::components::{address, context_name, first_of, invoke, version_for};
use super::context::DialogueContext;
use super::delayed::DelayedAction;
use crate::mobile_network::network_state::{self, Acknowledgement, ResultSender, SendError};
use crate::mobile_network::register::{Alert, digits};
use crate::mobile_network::responses::name;
use crate::mobile_network::settings::NodeKind;
use crate::mobile_network::submission::Outgoing;

/// How long a node waits for the centre's response.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often the HLR tries to alert a centre.
const ALERT_ATTEMPTS_MAX: u8 = 3;
/// How long it waits before it tries again.
const ALERT_PAUSE: Duration = Duration::from_secs(2);
/// The invoke id of a node's request.
const INVOKE: i8 = 1;

/// All dialogues that nodes have opened.
pub(super) struct Initiator {
    dialogues: HashMap<DialogueId, InitiatorDialogue>,
    /// The centre's global title.
    centre: String,
}

/// A dialogue that a node has opened with the centre.
struct InitiatorDialogue {
    procedure: Procedure,
    request: Request,
    version: Version,
    /// The Invoke, if it did not fit into the BEGIN and goes into the next message.
    deferred: Option<Component>,
}

/// What the dialogue is part of.
enum Procedure {
    MoForward(Box<MoTransfer>),
    Alert { alert: Alert, attempt: u8 },
}

/// The message of a phone: all segments, one after the other.
struct MoTransfer {
    number: String,
    imsi: String,
    /// Index of the MSC or SGSN.
    node: usize,
    current: Outgoing,
    rest: VecDeque<Outgoing>,
    references: Vec<u8>,
    result: ResultSender,
}

/// The result of one dialogue.
enum DialogueResult {
    Done,
    Refused(MapError),
    Failed(&'static str),
}

impl Initiator {
    /// No dialogues, towards the centre with this global title.
    pub(super) fn new(centre: &str) -> Self {
        Self { dialogues: HashMap::new(), centre: centre.to_owned() }
    }

    /// Sends a message or a command of a phone.
    pub(super) fn send(
        &mut self,
        number: &str,
        request: &network_state::Request,
        result: ResultSender,
        ctx: &mut DialogueContext<'_>,
    ) {
        match prepare(number, request, ctx) {
            Ok(MoRequest { imsi, node, tpdus }) => {
                let Some((current, rest)) = split_first(tpdus) else { return };
                let number = digits(number).to_owned();
                let references = Vec::with_capacity(rest.len() + 1);
                self.forward(MoTransfer { number, imsi, node, current, rest, references, result }, ctx);
            }
            Err(error) => {
                let _ = result.send(Err(error)); // the caller may be gone
            }
        }
    }

    /// Sends alertServiceCentre of the HLR to a centre.
    pub(super) fn alert(&mut self, alert: Alert, attempt: u8, ctx: &mut DialogueContext<'_>) {
        ctx.state.metrics.alerts += u64::from(attempt == 0);
        let Some(node) = first_of(ctx.state, NodeKind::Hlr) else { return };
        let version_max = ctx.state.nodes.get(node).map_or(2, |node| node.map_version_max);
        let request = Request::AlertServiceCentre(AlertServiceCentreArg {
            msisdn: AddressString::international(&alert.number),
            service_centre_address: AddressString::international(&alert.service_centre),
            ..AlertServiceCentreArg::default()
        });
        let version = version_for(version_max, Context::ShortMsgAlert);
        self.open(Procedure::Alert { alert, attempt }, request, version, ctx);
    }

    /// Handles components of the centre in a dialogue that a node has opened.
    pub(super) fn handle_response(
        &mut self,
        dialogue: DialogueId,
        components: &[Component],
        continues: bool,
        ctx: &mut DialogueContext<'_>,
    ) {
        let Some(open) = self.dialogues.get_mut(&dialogue) else { return };
        if let Some(deferred) = open.deferred.take().filter(|_| continues) {
            let _ = ctx.tcap.proceed(dialogue, None, vec![deferred], ctx.now); // it is open
            return;
        }
        let Some(result) = components.iter().find_map(result_of) else {
            if !continues {
                self.fail(dialogue, "the centre ended without an answer", ctx);
            }
            return;
        };
        if continues {
            let _ = ctx.tcap.end(dialogue, None, Vec::new(), ctx.now); // it is open
        }
        self.finish(dialogue, result, ctx);
    }

    /// Handles a user abort of the centre.
    pub(super) fn user_aborted(
        &mut self,
        dialogue: DialogueId,
        reason: AbortReason,
        offered: Option<Oid>,
        ctx: &mut DialogueContext<'_>,
    ) {
        let offered = offered.and_then(|name| Context::from_oid(name.as_octets()));
        let offered = offered.and_then(|(_, number)| Version::from_number(number));
        match (reason, self.version_of(dialogue)) {
            (AbortReason::ContextNotSupported, Some(version)) => {
                let lower = offered.filter(|offered| *offered < version).or(version.lower());
                self.retry_or_fail(dialogue, lower, ctx);
            }
            (AbortReason::Plain | AbortReason::DialogueRefused(_), Some(version)) => {
                self.retry_or_fail(dialogue, Some(Version::V1).filter(|lowest| *lowest < version), ctx);
            }
            _ => self.fail(dialogue, "the centre aborted the dialogue", ctx),
        }
    }

    /// Handles an abort of TCAP.
    pub(super) fn provider_aborted(
        &mut self,
        dialogue: DialogueId,
        cause: PAbortCause,
        ctx: &mut DialogueContext<'_>,
    ) {
        match (cause, self.version_of(dialogue)) {
            (
                PAbortCause::IncorrectTransactionPortion | PAbortCause::NoCommonDialoguePortion,
                Some(Version::V2 | Version::V3),
            ) => self.retry_or_fail(dialogue, Some(Version::V1), ctx),
            _ => self.fail(dialogue, "TCAP aborted the dialogue", ctx),
        }
    }

    /// Ends a dialogue that a node has opened, without a result.
    pub(super) fn fail(&mut self, dialogue: DialogueId, reason: &'static str, ctx: &mut DialogueContext<'_>) {
        self.finish(dialogue, DialogueResult::Failed(reason), ctx);
    }

    fn version_of(&self, dialogue: DialogueId) -> Option<Version> {
        self.dialogues.get(&dialogue).map(|open| open.version)
    }

    /// Opens the dialogue again in a lower version, if there is one.
    fn retry_or_fail(
        &mut self,
        dialogue: DialogueId,
        version: Option<Version>,
        ctx: &mut DialogueContext<'_>,
    ) {
        let Some(version) = version else {
            return self.fail(dialogue, "the centre aborted the dialogue", ctx);
        };
        if let Some(open) = self.dialogues.remove(&dialogue) {
            self.open(open.procedure, open.request, version, ctx);
        }
    }

    fn finish(&mut self, dialogue: DialogueId, result: DialogueResult, ctx: &mut DialogueContext<'_>) {
        if let Some(InitiatorDialogue { procedure, version, .. }) = self.dialogues.remove(&dialogue) {
            self.conclude(procedure, version, result, ctx);
        }
    }

    fn conclude(
        &mut self,
        procedure: Procedure,
        version: Version,
        result: DialogueResult,
        ctx: &mut DialogueContext<'_>,
    ) {
        match procedure {
            Procedure::MoForward(transfer) => self.conclude_segment(*transfer, version, result, ctx),
            Procedure::Alert { alert, attempt } => match result {
                DialogueResult::Done => ctx.state.metrics.alerts_accepted += 1,
                DialogueResult::Refused(_) | DialogueResult::Failed(_)
                    if attempt + 1 < ALERT_ATTEMPTS_MAX =>
                {
                    let action = DelayedAction::Alert(alert, attempt + 1);
                    let _ = ctx.delayed.push(ctx.now + ALERT_PAUSE, action); // dropped when full
                }
                DialogueResult::Refused(_) | DialogueResult::Failed(_) => {}
            },
        }
    }

    /// Sends the next segment, or reports the result of the message.
    fn conclude_segment(
        &mut self,
        mut transfer: MoTransfer,
        version: Version,
        result: DialogueResult,
        ctx: &mut DialogueContext<'_>,
    ) {
        let result = match result {
            DialogueResult::Done => {
                ctx.state.metrics.mo_accepted += 1;
                transfer.references.push(transfer.current.message_reference);
                if let Some(next) = transfer.rest.pop_front() {
                    transfer.current = next;
                    return self.forward(transfer, ctx);
                }
                let message_references = transfer.references;
                Ok(Acknowledgement { message_references, map_version: version.number() })
            }
            DialogueResult::Refused(error) => Err(refusal(&error, version)),
            DialogueResult::Failed(reason) => Err(SendError::Failed(reason)),
        };
        let _ = transfer.result.send(result); // the caller may be gone
    }

    fn forward(&mut self, transfer: MoTransfer, ctx: &mut DialogueContext<'_>) {
        ctx.state.metrics.mo_forward += 1;
        let version_max = ctx.state.nodes.get(transfer.node).map_or(3, |node| node.map_version_max);
        let version = version_for(version_max, Context::ShortMsgMoRelay);
        let request = Request::MoForwardSm(MoForwardSmArg {
            sm_rp_da: SmRpDa::ServiceCentreAddress(AddressString::international(&self.centre)),
            sm_rp_oa: SmRpOa::Msisdn(AddressString::international(&transfer.number)),
            sm_rp_ui: SignalInfo(transfer.current.octets.clone().into()),
            imsi: Some(Imsi::new(&transfer.imsi)),
            ..MoForwardSmArg::default()
        });
        self.open(Procedure::MoForward(Box::new(transfer)), request, version, ctx);
    }

    fn open(
        &mut self,
        procedure: Procedure,
        request: Request,
        version: Version,
        ctx: &mut DialogueContext<'_>,
    ) {
        let (node, centre) = match &procedure {
            Procedure::MoForward(transfer) => (Some(transfer.node), &self.centre),
            Procedure::Alert { alert, .. } => (first_of(ctx.state, NodeKind::Hlr), &alert.service_centre),
        };
        let remote = address(centre, NodeKind::Msc.subsystem());
        let node = node.and_then(|node| ctx.state.nodes.get(node));
        let local = node.and_then(|node| address(&node.global_title, node.kind.subsystem()));
        let invoke = invoke(INVOKE, &request, version, TIMEOUT);
        let (Some(local), Some(remote), Some(invoke)) = (local, remote, invoke) else {
            let result = DialogueResult::Failed("MAP cannot encode the request");
            return self.conclude(procedure, version, result, ctx);
        };
        let name = context_name(request.context(), version);
        let size_max = ctx.stack.user_data_max(&remote, &local);
        let fits =
            name.is_none() || ctx.tcap.size_of_begin(name, None, std::slice::from_ref(&invoke)) <= size_max;
        let (components, deferred) = if fits { (vec![invoke], None) } else { (Vec::new(), Some(invoke)) };
        let begin = Begin {
            local,
            remote,
            application_context: name,
            user_information: None,
            components,
            idle: Some(TIMEOUT),
        };
        match ctx.tcap.begin(begin, ctx.now) {
            // An operation without a result is complete when it is sent.
            Ok(dialogue) if !request.is_answered(version) => {
                ctx.tcap.release(dialogue, ctx.now);
                self.conclude(procedure, version, DialogueResult::Done, ctx);
            }
            Ok(dialogue) => {
                self.dialogues.insert(dialogue, InitiatorDialogue { procedure, request, version, deferred });
            }
            Err(_) => {
                self.conclude(procedure, version, DialogueResult::Failed("too many dialogues"), ctx);
            }
        }
    }
}

/// The TPDUs of a phone, its IMSI, and the index of the node that it sends them through.
struct MoRequest {
    imsi: String,
    node: usize,
    tpdus: Vec<Outgoing>,
}

fn prepare(
    number: &str,
    request: &network_state::Request,
    ctx: &mut DialogueContext<'_>,
) -> Result<MoRequest, SendError> {
    let phone = ctx.state.register.phone_mut(number).ok_or(SendError::NoPhone)?;
    let title = match (phone.reached_by_msc, &phone.sgsn) {
        (true, _) if !phone.msc.is_empty() => phone.msc.clone(),
        (_, Some(sgsn)) if phone.reached_by_sgsn => sgsn.clone(),
        _ => return Err(SendError::Off),
    };
    let tpdus = match request {
        network_state::Request::Submission(submission) => submission.tpdus(phone)?,
        network_state::Request::Command(command) => vec![command.tpdu(phone)?],
    };
    let imsi = phone.imsi.clone();
    let node = ctx.state.nodes.iter().position(|node| node.global_title == title);
    let node = node.ok_or(SendError::Failed("the phone is at a node that does not exist"))?;
    Ok(MoRequest { imsi, node, tpdus })
}

fn split_first(tpdus: Vec<Outgoing>) -> Option<(Outgoing, VecDeque<Outgoing>)> {
    let mut rest = VecDeque::from(tpdus);
    Some((rest.pop_front()?, rest))
}

/// The result of the one operation, if the component has it.
fn result_of(component: &Component) -> Option<DialogueResult> {
    match component {
        Component::ResultLast { invoke_id: INVOKE, .. } => Some(DialogueResult::Done),
        Component::Error { invoke_id: INVOKE, code: Code::Local(code), parameter } => {
            let parameter = parameter.as_ref().map(|octets| &octets[..]);
            Some(DialogueResult::Refused(MapError::read(*code, parameter)))
        }
        Component::Error { .. } => {
            Some(DialogueResult::Failed("the centre answered with an error of no known kind"))
        }
        Component::Reject { .. } => Some(DialogueResult::Failed("the centre rejected the operation")),
        Component::Invoke { .. } | Component::ResultLast { .. } | Component::ResultNotLast { .. } => None,
    }
}

fn refusal(error: &MapError, version: Version) -> SendError {
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
