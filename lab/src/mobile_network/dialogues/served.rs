//! Dialogues that the centre opens: what it asks a node, and how the node answers or fails to.

use std::time::Duration;

use bytes::Bytes;
use map::{Context, MapError, Request, Version};
use sccp::{Address, Indication};
use tcap::{
    Code, Component, DialogueAnswer, DialogueId, GeneralProblem, InvokeProblem, Oid, Problem, UserAbort,
};

use super::{Dialogues, Later, Turn, context_name, first_of, invoke, outcome, version_for};
use crate::mobile_network::answers::{Reaction, react};
use crate::mobile_network::forged;
use crate::mobile_network::rule::Fault;
use crate::mobile_network::settings::{NodeKind, VersionRefusal};
use crate::mobile_network::stack::Parcel;
use crate::mobile_network::world::World;

/// An invoke id that the centre never used.
const NEVER_INVOKED: i8 = 99;
/// The invoke id of informServiceCentre.
const INFORM: i8 = 1;
/// P-AbortCause incorrectTransactionPortion.
const INCORRECT_TRANSACTION_PORTION: u8 = 3;

/// A dialogue of the centre with a node.
#[derive(Clone, Copy)]
pub(super) struct Served {
    /// Place of the node.
    node: usize,
    version: Version,
    context: Option<Context>,
    name: Option<Oid>,
}

/// An answer that is put off.
pub(super) struct Late {
    dialogue: DialogueId,
    components: Vec<Component>,
    goes_on: bool,
}

impl Dialogues {
    /// The centre has opened a dialogue.
    pub(super) fn begun(
        &mut self,
        dialogue: DialogueId,
        local: &Address,
        name: Option<Oid>,
        components: Vec<Component>,
        arrival: Option<&Indication>,
        turn: &mut Turn<'_>,
    ) {
        let Some(node) = node_for(turn.world, local) else {
            self.tcap.abort(dialogue, UserAbort::DialogueRefused, turn.now);
            return;
        };
        let known = name.map(|name| Context::from_oid(name.as_octets()));
        let (context, number) = match known {
            None => (None, 1),
            Some(Some((context, number))) => (Some(context), number),
            Some(None) => {
                self.tcap.abort(dialogue, UserAbort::RefuseContext { offered: None }, turn.now);
                return;
            }
        };
        let version_max = turn.world.nodes.get(node).map_or(3, |node| node.map_version_max);
        match Version::from_number(number) {
            Some(version) if number <= version_max => {
                self.served.insert(dialogue, Served { node, version, context, name });
                self.serve(dialogue, components, arrival, turn);
            }
            _ => self.refuse_version(dialogue, node, context, arrival, turn),
        }
    }

    /// The centre asks for something, or opens with nothing so as to ask in its next message.
    pub(super) fn serve(
        &mut self,
        dialogue: DialogueId,
        components: Vec<Component>,
        arrival: Option<&Indication>,
        turn: &mut Turn<'_>,
    ) {
        let Some(served) = self.served.get(&dialogue).copied() else { return };
        if components.is_empty() {
            let _still_open = self.tcap.proceed(dialogue, acceptance(&served), Vec::new(), turn.now);
            return;
        }
        let mut answers = Vec::new();
        let mut goes_on = false;
        let mut delay = None;
        for component in components {
            let Component::Invoke { invoke_id, operation, parameter, .. } = component else { continue };
            let request = match read(&served, operation, parameter.as_ref()) {
                Ok(request) => request,
                Err(problem) => {
                    turn.world.counters.unexpected += 1;
                    answers.push(Component::Reject { invoke_id: Some(invoke_id), problem });
                    continue;
                }
            };
            let reaction = react(turn.world, served.node, &request, served.version);
            if let Some(fault) = reaction.fault
                && self.breaks_off(dialogue, invoke_id, fault, arrival, turn)
            {
                self.served.remove(&dialogue);
                return;
            }
            goes_on |= request.more_messages_to_send() && reaction.result.is_ok();
            if let Some(Fault::Delay(millis)) = reaction.fault {
                delay = Some(Duration::from_millis(millis.into()));
            }
            answers.extend(answer(invoke_id, &request, served.version, reaction));
        }
        let late = Late { dialogue, components: answers, goes_on };
        let postponed = match delay {
            Some(delay) => self.postpone(turn.now + delay, Later::Answer(late)),
            None => Err(Later::Answer(late)),
        };
        if let Err(Later::Answer(late)) = postponed {
            self.answer_late(late, turn);
        }
    }

    /// Sends an answer that was put off.
    pub(super) fn answer_late(&mut self, late: Late, turn: &mut Turn<'_>) {
        let Late { dialogue, components, goes_on } = late;
        // The centre may have given up meanwhile.
        let Some(served) = self.served.get(&dialogue).copied() else { return };
        let accepted = acceptance(&served);
        let sent = if goes_on {
            self.tcap.proceed(dialogue, accepted, components, turn.now)
        } else {
            self.served.remove(&dialogue);
            self.tcap.end(dialogue, accepted, components, turn.now)
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "an answer was not sent");
        }
    }

    /// Ends the dialogue if `fault` is of that kind.
    fn breaks_off(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        fault: Fault,
        arrival: Option<&Indication>,
        turn: &mut Turn<'_>,
    ) -> bool {
        match fault {
            Fault::Drop | Fault::DropAnswer => self.tcap.release(dialogue, turn.now),
            Fault::UserAbort => {
                self.tcap.abort(dialogue, UserAbort::Abrt { user_information: None }, turn.now);
            }
            Fault::ProviderAbort(cause) => self.provider_abort(dialogue, cause, arrival, turn),
            Fault::ReturnUnitdata(cause) => {
                self.tcap.release(dialogue, turn.now);
                let forged = arrival.and_then(|arrival| {
                    forged::returned(&arrival.called, &arrival.calling, &arrival.data, cause)
                });
                if let (Some(octets), Some(arrival)) = (forged, arrival) {
                    turn.stack.send_raw(octets.freeze(), arrival.sls, turn.now);
                }
            }
            Fault::Reject(problem) => {
                let problem = Problem::Invoke(InvokeProblem::from_code(problem.into()));
                let reject = Component::Reject { invoke_id: Some(invoke_id), problem };
                self.end(dialogue, vec![reject], turn);
            }
            Fault::EndWithoutComponent => self.end(dialogue, Vec::new(), turn),
            Fault::Delay(_)
            | Fault::Error(_)
            | Fault::Absent(_)
            | Fault::DeliveryFailure(_)
            | Fault::WrongComponent
            | Fault::SplitResult => return false,
        }
        true
    }

    fn end(&mut self, dialogue: DialogueId, components: Vec<Component>, turn: &mut Turn<'_>) {
        let accepted = self.served.get(&dialogue).and_then(acceptance);
        let _still_open = self.tcap.end(dialogue, accepted, components, turn.now);
    }

    /// Aborts in the name of the peer's TCAP, which ours would not do for this cause.
    fn provider_abort(
        &mut self,
        dialogue: DialogueId,
        cause: u8,
        arrival: Option<&Indication>,
        turn: &mut Turn<'_>,
    ) {
        self.tcap.release(dialogue, turn.now);
        let Some(arrival) = arrival else { return };
        let Some(transaction) = forged::peers_transaction(&arrival.data) else { return };
        let data = forged::provider_abort(transaction, cause).into();
        let parcel = Parcel { sls: arrival.sls, return_on_error: false, data };
        turn.stack.send(arrival.calling.clone(), arrival.called.clone(), parcel, turn.now);
    }

    fn refuse_version(
        &mut self,
        dialogue: DialogueId,
        node: usize,
        context: Option<Context>,
        arrival: Option<&Indication>,
        turn: &mut Turn<'_>,
    ) {
        turn.world.counters.versions_refused += 1;
        let Some(node) = turn.world.nodes.get(node) else { return };
        match node.refusal {
            VersionRefusal::Alternative => {
                let speaks = |context| context_name(context, version_for(node.map_version_max, context));
                let offered = context.and_then(speaks);
                self.tcap.abort(dialogue, UserAbort::RefuseContext { offered }, turn.now);
            }
            VersionRefusal::PlainAbort => self.tcap.abort(dialogue, UserAbort::Plain, turn.now),
            VersionRefusal::ProviderAbort => {
                self.provider_abort(dialogue, INCORRECT_TRANSACTION_PORTION, arrival, turn);
            }
        }
    }
}

/// The node that an address means: by its global title, or the HLR, which answers for every number.
fn node_for(world: &World, local: &Address) -> Option<usize> {
    let digits = local.digits().unwrap_or_default();
    let by_title = world.nodes.iter().position(|node| node.global_title == digits);
    by_title.or_else(|| match local.subsystem {
        Some(6) => first_of(world, NodeKind::Hlr),
        _ => None,
    })
}

fn acceptance(served: &Served) -> Option<DialogueAnswer> {
    Some(DialogueAnswer { application_context: served.name?, user_information: None })
}

fn read(served: &Served, operation: Code, parameter: Option<&Bytes>) -> Result<Request, Problem> {
    let Code::Local(code) = operation else {
        return Err(Problem::Invoke(InvokeProblem::UnrecognizedOperation));
    };
    let parameter = parameter.map(|parameter| &parameter[..]);
    Request::read(code, served.context, served.version, parameter).map_err(|error| match error {
        map::Error::UnknownOperation(_) => Problem::Invoke(InvokeProblem::UnrecognizedOperation),
        map::Error::Mistyped(_) => Problem::Invoke(InvokeProblem::MistypedParameter),
        _ => Problem::General(GeneralProblem::MistypedComponent),
    })
}

/// The components that answer one invocation.
fn answer(invoke_id: i8, request: &Request, version: Version, reaction: Reaction) -> Vec<Component> {
    let Reaction { result, inform, fault } = reaction;
    let mut components = Vec::new();
    if fault == Some(Fault::WrongComponent) {
        components.push(Component::ResultLast { invoke_id: NEVER_INVOKED, operation: None, parameter: None });
    }
    if let Some(arg) = inform {
        let request = Request::InformServiceCentre(arg);
        components.extend(invoke(INFORM, &request, version, Duration::ZERO));
    }
    // A result that MAP cannot write would be a fault of the settings, such as a number that is none.
    let written = result.and_then(|response| match response.write(version) {
        Ok(_) => Ok(response),
        Err(_) => Err(MapError::SystemFailure(map::SystemFailure::default())),
    });
    match outcome(invoke_id, request, version, &written) {
        Component::ResultLast { invoke_id, operation, parameter } if fault == Some(Fault::SplitResult) => {
            components.push(Component::ResultNotLast { invoke_id, operation, parameter });
            components.push(Component::ResultLast { invoke_id, operation: None, parameter: None });
        }
        component => components.push(component),
    }
    components
}
