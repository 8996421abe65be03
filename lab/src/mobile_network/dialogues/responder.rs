//! MAP dialogues that the centre opens: requests to a node, its responses, and configured faults.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use map::{Context, MapError, Request, Version};
use sccp::{Address, Indication};
use tcap::{
    Code, Component, DialogueAnswer, DialogueId, GeneralProblem, InvokeProblem, Oid, Problem, UserAbort,
};

use super::components::{context_name, first_of, invoke, result, version_for};
use super::context::DialogueContext;
use super::delayed::{DelayedAction, DelayedResponse};
use crate::mobile_network::network_state::NetworkState;
use crate::mobile_network::raw_messages;
use crate::mobile_network::responses::{NodeResponse, respond};
use crate::mobile_network::rule::Fault;
use crate::mobile_network::settings::{NodeKind, VersionRefusal};
use crate::mobile_network::stack::UnitdataRequest;

/// An invoke id that the centre never used.
const NEVER_INVOKED: i8 = 99;
/// The invoke id of informServiceCentre.
const INFORM: i8 = 1;
/// P-AbortCause incorrectTransactionPortion.
const INCORRECT_TRANSACTION_PORTION: u8 = 3;

/// All dialogues that the centre has opened.
#[derive(Default)]
pub(super) struct Responder {
    dialogues: HashMap<DialogueId, ResponderDialogue>,
}

/// A dialogue that the centre has opened with a node.
#[derive(Clone, Copy)]
struct ResponderDialogue {
    /// Index of the node.
    node: usize,
    version: Version,
    application_context: Option<Context>,
    name: Option<Oid>,
}

impl Responder {
    /// Whether the centre has opened this dialogue.
    pub(super) fn has(&self, dialogue: DialogueId) -> bool {
        self.dialogues.contains_key(&dialogue)
    }

    /// Removes a dialogue that has ended; whether the centre had opened it.
    pub(super) fn close(&mut self, dialogue: DialogueId) -> bool {
        self.dialogues.remove(&dialogue).is_some()
    }

    /// Handles a BEGIN of the centre.
    pub(super) fn open(
        &mut self,
        dialogue: DialogueId,
        local: &Address,
        name: Option<Oid>,
        components: Vec<Component>,
        arrival: Option<&Indication>,
        ctx: &mut DialogueContext<'_>,
    ) {
        let Some(node) = node_for(ctx.state, local) else {
            ctx.tcap.abort(dialogue, UserAbort::DialogueRefused, ctx.now);
            return;
        };
        let known = name.map(|name| Context::from_oid(name.as_octets()));
        let (application_context, number) = match known {
            None => (None, 1),
            Some(Some((context, number))) => (Some(context), number),
            Some(None) => {
                ctx.tcap.abort(dialogue, UserAbort::RefuseContext { offered: None }, ctx.now);
                return;
            }
        };
        let version_max = ctx.state.nodes.get(node).map_or(3, |node| node.map_version_max);
        match Version::from_number(number) {
            Some(version) if number <= version_max => {
                let opened = ResponderDialogue { node, version, application_context, name };
                self.dialogues.insert(dialogue, opened);
                self.handle_requests(dialogue, components, arrival, ctx);
            }
            _ => refuse_version(dialogue, node, application_context, arrival, ctx),
        }
    }

    /// Handles the requests of one message; a message without any is a BEGIN before the request.
    pub(super) fn handle_requests(
        &mut self,
        dialogue: DialogueId,
        components: Vec<Component>,
        arrival: Option<&Indication>,
        ctx: &mut DialogueContext<'_>,
    ) {
        let Some(open) = self.dialogues.get(&dialogue).copied() else { return };
        if components.is_empty() {
            let _ = ctx.tcap.proceed(dialogue, acceptance(&open), Vec::new(), ctx.now); // it is open
            return;
        }
        let mut results = Vec::new();
        let mut continues = false;
        let mut delay = None;
        for component in components {
            let Component::Invoke { invoke_id, operation, parameter, .. } = component else { continue };
            let request = match read(&open, operation, parameter.as_ref()) {
                Ok(request) => request,
                Err(problem) => {
                    ctx.state.metrics.unexpected += 1;
                    results.push(Component::Reject { invoke_id: Some(invoke_id), problem });
                    continue;
                }
            };
            let response = respond(ctx.state, open.node, &request, open.version);
            if let Some(fault) = response.fault
                && self.break_off(dialogue, invoke_id, fault, arrival, ctx)
            {
                self.dialogues.remove(&dialogue);
                return;
            }
            continues |= request.more_messages_to_send() && response.result.is_ok();
            if let Some(Fault::Delay(millis)) = response.fault {
                delay = Some(Duration::from_millis(millis.into()));
            }
            results.extend(response_components(invoke_id, &request, open.version, response));
        }
        let response = DelayedResponse { dialogue, components: results, continues };
        let queued = match delay {
            Some(delay) => ctx.delayed.push(ctx.now + delay, DelayedAction::Response(response)),
            None => Err(DelayedAction::Response(response)),
        };
        if let Err(DelayedAction::Response(response)) = queued {
            self.send_response(response, ctx);
        }
    }

    /// Sends a response, unless the centre has ended the dialogue meanwhile.
    pub(super) fn send_response(&mut self, response: DelayedResponse, ctx: &mut DialogueContext<'_>) {
        let DelayedResponse { dialogue, components, continues } = response;
        let Some(open) = self.dialogues.get(&dialogue).copied() else { return };
        let acceptance = acceptance(&open);
        let sent = if continues {
            ctx.tcap.proceed(dialogue, acceptance, components, ctx.now)
        } else {
            self.dialogues.remove(&dialogue);
            ctx.tcap.end(dialogue, acceptance, components, ctx.now)
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "a response was not sent");
        }
    }

    /// Ends the dialogue if `fault` is of that kind.
    fn break_off(
        &self,
        dialogue: DialogueId,
        invoke_id: i8,
        fault: Fault,
        arrival: Option<&Indication>,
        ctx: &mut DialogueContext<'_>,
    ) -> bool {
        match fault {
            Fault::Drop | Fault::DropAnswer => ctx.tcap.release(dialogue, ctx.now),
            Fault::UserAbort => {
                ctx.tcap.abort(dialogue, UserAbort::Abrt { user_information: None }, ctx.now);
            }
            Fault::ProviderAbort(cause) => provider_abort(dialogue, cause, arrival, ctx),
            Fault::ReturnUnitdata(cause) => return_unitdata(dialogue, cause, arrival, ctx),
            Fault::Reject(problem) => {
                let problem = Problem::Invoke(InvokeProblem::from_code(problem.into()));
                let reject = Component::Reject { invoke_id: Some(invoke_id), problem };
                self.end(dialogue, vec![reject], ctx);
            }
            Fault::EndWithoutComponent => self.end(dialogue, Vec::new(), ctx),
            Fault::Delay(_)
            | Fault::Error(_)
            | Fault::Absent(_)
            | Fault::DeliveryFailure(_)
            | Fault::WrongComponent
            | Fault::SplitResult => return false,
        }
        true
    }

    fn end(&self, dialogue: DialogueId, components: Vec<Component>, ctx: &mut DialogueContext<'_>) {
        let acceptance = self.dialogues.get(&dialogue).and_then(acceptance);
        let _ = ctx.tcap.end(dialogue, acceptance, components, ctx.now); // it is open
    }
}

/// Returns the message that opened the dialogue, as SCCP of the network does.
fn return_unitdata(
    dialogue: DialogueId,
    cause: u8,
    arrival: Option<&Indication>,
    ctx: &mut DialogueContext<'_>,
) {
    ctx.tcap.release(dialogue, ctx.now);
    let Some(arrival) = arrival else { return };
    let octets = raw_messages::unitdata_service(&arrival.called, &arrival.calling, &arrival.data, cause);
    if let Some(octets) = octets {
        ctx.stack.send_raw(octets.freeze(), arrival.sls, ctx.now);
    }
}

/// Aborts as the TCAP of a node, with a cause that our TCAP does not generate.
fn provider_abort(
    dialogue: DialogueId,
    cause: u8,
    arrival: Option<&Indication>,
    ctx: &mut DialogueContext<'_>,
) {
    ctx.tcap.release(dialogue, ctx.now);
    let Some(arrival) = arrival else { return };
    let Some(transaction) = raw_messages::originating_transaction_id(&arrival.data) else { return };
    let data = raw_messages::provider_abort(transaction, cause).into();
    let request = UnitdataRequest { sls: arrival.sls, return_on_error: false, data };
    ctx.stack.send(arrival.calling.clone(), arrival.called.clone(), request, ctx.now);
}

fn refuse_version(
    dialogue: DialogueId,
    node: usize,
    application_context: Option<Context>,
    arrival: Option<&Indication>,
    ctx: &mut DialogueContext<'_>,
) {
    ctx.state.metrics.versions_refused += 1;
    let Some(node) = ctx.state.nodes.get(node) else { return };
    match node.refusal {
        VersionRefusal::Alternative => {
            let alternative = |context| context_name(context, version_for(node.map_version_max, context));
            let offered = application_context.and_then(alternative);
            ctx.tcap.abort(dialogue, UserAbort::RefuseContext { offered }, ctx.now);
        }
        VersionRefusal::PlainAbort => ctx.tcap.abort(dialogue, UserAbort::Plain, ctx.now),
        VersionRefusal::ProviderAbort => {
            provider_abort(dialogue, INCORRECT_TRANSACTION_PORTION, arrival, ctx);
        }
    }
}

/// The node of an address: by its global title, or the HLR, which answers for every number.
fn node_for(state: &NetworkState, local: &Address) -> Option<usize> {
    let digits = local.digits().unwrap_or_default();
    let by_title = state.nodes.iter().position(|node| node.global_title == digits);
    by_title.or_else(|| match local.subsystem {
        Some(6) => first_of(state, NodeKind::Hlr),
        _ => None,
    })
}

fn acceptance(open: &ResponderDialogue) -> Option<DialogueAnswer> {
    Some(DialogueAnswer { application_context: open.name?, user_information: None })
}

fn read(open: &ResponderDialogue, operation: Code, parameter: Option<&Bytes>) -> Result<Request, Problem> {
    let Code::Local(code) = operation else {
        return Err(Problem::Invoke(InvokeProblem::UnrecognizedOperation));
    };
    let parameter = parameter.map(|parameter| &parameter[..]);
    Request::read(code, open.application_context, open.version, parameter).map_err(|error| match error {
        map::Error::UnknownOperation(_) => Problem::Invoke(InvokeProblem::UnrecognizedOperation),
        map::Error::Mistyped(_) => Problem::Invoke(InvokeProblem::MistypedParameter),
        _ => Problem::General(GeneralProblem::MistypedComponent),
    })
}

/// The components that answer one invocation.
fn response_components(
    invoke_id: i8,
    request: &Request,
    version: Version,
    response: NodeResponse,
) -> Vec<Component> {
    let NodeResponse { result: response, inform, fault } = response;
    let mut components = Vec::new();
    if fault == Some(Fault::WrongComponent) {
        components.push(Component::ResultLast { invoke_id: NEVER_INVOKED, operation: None, parameter: None });
    }
    if let Some(arg) = inform {
        let request = Request::InformServiceCentre(arg);
        components.extend(invoke(INFORM, &request, version, Duration::ZERO));
    }
    // A result that MAP cannot encode comes from wrong settings, such as a number without digits.
    let encodable = response.and_then(|response| match response.write(version) {
        Ok(_) => Ok(response),
        Err(_) => Err(MapError::SystemFailure(map::SystemFailure::default())),
    });
    match result(invoke_id, request, version, &encodable) {
        Component::ResultLast { invoke_id, operation, parameter } if fault == Some(Fault::SplitResult) => {
            components.push(Component::ResultNotLast { invoke_id, operation, parameter });
            components.push(Component::ResultLast { invoke_id, operation: None, parameter: None });
        }
        component => components.push(component),
    }
    components
}
