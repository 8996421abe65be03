//! Components received by the initiator: acceptance, results, errors, informServiceCentre (TS 29.002 §15).

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use tcap::{Code, Component, InvokeProblem, Oid, Problem, ReturnErrorProblem, ReturnResultProblem};

use super::dialogue::{Initiator, State};
use super::event::{DialogueId, Failure, Screening};
use super::{Map, invoke};
use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::{self, Request, Response};
use crate::user_error::MapError;

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    pub(super) fn continued(
        &mut self,
        id: DialogueId,
        proposed: Option<Oid>,
        components: Vec<Component>,
        now: Instant,
    ) {
        let Some(initiator) = self.initiators.get_mut(&id) else { return };
        initiator.peer_responded = true;
        if initiator.state == State::AwaitingAcceptance {
            // A peer may accept with a lower version than the one proposed.
            let accepted = proposed.and_then(|oid| Context::from_oid(oid.as_octets()));
            if let Some((context, number)) = accepted
                && let Some(version) = Version::from_number(number)
                && context == initiator.context
                && version < initiator.version
                && initiator.open.version.is_none()
            {
                initiator.version = version;
            }
            let transaction = initiator.transaction;
            match invoke(&initiator.open.request, initiator.version, initiator.invoke_id, &self.timers) {
                Ok(component) => {
                    initiator.state = State::AwaitingResult(initiator.invoke_id);
                    if self.tcap.proceed(transaction, None, vec![component], now).is_err() {
                        self.fail(id, Failure::ClosedEarly, now);
                    }
                }
                Err(_) => self.fail(id, Failure::VersionUnsupported, now),
            }
            return;
        }
        self.handle_components(id, components, Some(now));
        self.confirm_result(id, now);
    }

    /// After a CONTINUE: confirms the result, unless an informServiceCentre may still follow.
    fn confirm_result(&mut self, id: DialogueId, now: Instant) {
        let Some(initiator) = self.initiators.get_mut(&id) else { return };
        if initiator.result.is_none() {
            return;
        }
        let transaction = initiator.transaction;
        if initiator.open.request.more_messages_to_send() {
            initiator.state = State::Idle;
            if let Some(result) = initiator.result.take() {
                let confirm = initiator.confirm(id, result, true);
                self.record_version(id);
                self.outputs.push_back(confirm);
            }
        } else if initiator.context == Context::ShortMsgGateway && initiator.informed.is_none() {
            if !matches!(initiator.state, State::AwaitingInform(_)) {
                let due = now.checked_add(self.timers.inform).unwrap_or(now);
                initiator.state = State::AwaitingInform(due);
                self.inform_deadlines.insert((due, id));
            }
        } else {
            self.end_transaction(transaction, true, now);
            self.finish(id, Failure::ClosedEarly);
        }
    }

    /// Handles the components of one message. `reply_at` is set if the dialogue continues, so that a
    /// Reject can be sent.
    pub(super) fn handle_components(
        &mut self,
        id: DialogueId,
        components: Vec<Component>,
        reply_at: Option<Instant>,
    ) {
        let mut rejects = Vec::new();
        for component in components {
            let Some(initiator) = self.initiators.get_mut(&id) else { return };
            initiator.peer_responded = true;
            if let Some((refused, reject)) = initiator.handle_component(component) {
                let remote = initiator.open.remote.clone();
                rejects.extend(reject);
                self.refused(refused, remote);
            }
        }
        if let (Some(initiator), Some(now), false) = (self.initiators.get(&id), reply_at, rejects.is_empty())
        {
            // An ended transaction needs no Reject.
            let _ = self.tcap.proceed(initiator.transaction, None, rejects, now);
        }
    }

    /// TC-L-REJECT indication: TCAP has rejected a component of the peer, which may end the operation.
    pub(super) fn local_reject(
        &mut self,
        id: DialogueId,
        invoke_id: Option<i8>,
        problem: Problem,
        now: Instant,
    ) {
        let Some(initiator) = self.initiators.get(&id) else { return };
        let remote = initiator.open.remote.clone();
        let ours =
            matches!((initiator.state, invoke_id), (State::AwaitingResult(ours), Some(id)) if ours == id);
        self.refused(Screening::Component(problem), remote);
        if ours && !matches!(problem, Problem::Invoke(_)) {
            self.fail(id, Failure::Rejected(problem), now);
        }
    }
}

impl<A: Clone> Initiator<A> {
    /// Handles one component. Returns the fault and the Reject to send, if any.
    fn handle_component(&mut self, component: Component) -> Option<(Screening, Option<Component>)> {
        let is_pending = |invoke_id| matches!(self.state, State::AwaitingResult(ours) if ours == invoke_id);
        match component {
            Component::Invoke { invoke_id, operation, parameter, .. } => {
                self.handle_invoke(invoke_id, operation, parameter.as_deref())
            }
            Component::ResultLast { invoke_id, parameter, .. } if is_pending(invoke_id) => {
                match Response::read(&self.open.request, parameter.as_deref()) {
                    Ok(response) => {
                        self.result = Some(Ok(response));
                        None
                    }
                    Err(_) => {
                        let problem = Problem::ReturnResult(ReturnResultProblem::MistypedParameter);
                        self.result = Some(Err(Failure::Rejected(problem)));
                        let reject = Component::Reject { invoke_id: Some(invoke_id), problem };
                        Some((Screening::Component(problem), Some(reject)))
                    }
                }
            }
            Component::Error { invoke_id, code, parameter } if is_pending(invoke_id) => {
                self.result = Some(Err(match code {
                    Code::Local(code) => Failure::User(MapError::read(code, parameter.as_deref())),
                    Code::Global(_) => {
                        Failure::Rejected(Problem::ReturnError(ReturnErrorProblem::UnrecognizedError))
                    }
                }));
                None
            }
            Component::Reject { invoke_id, problem } if invoke_id.is_none_or(is_pending) => {
                self.result = Some(Err(Failure::Rejected(problem)));
                None
            }
            _ => None,
        }
    }

    /// Handles an Invoke: informServiceCentre is the only operation that the responder may invoke.
    fn handle_invoke(
        &mut self,
        invoke_id: i8,
        operation: Code,
        parameter: Option<&[u8]>,
    ) -> Option<(Screening, Option<Component>)> {
        let rejected = |why, problem| {
            let problem = Problem::Invoke(problem);
            Some((why, Some(Component::Reject { invoke_id: Some(invoke_id), problem })))
        };
        let code = match operation {
            Code::Local(code) => code,
            Code::Global(_) => {
                return rejected(Screening::GlobalOperation, InvokeProblem::UnrecognizedOperation);
            }
        };
        let read = match code {
            operation::INFORM_SERVICE_CENTRE => {
                Request::read(code, Some(self.context), self.version, parameter)
            }
            _ => Err(Error::UnknownOperation(code)),
        };
        match read {
            Ok(Request::InformServiceCentre(informed)) => {
                self.informed = Some(informed);
                None
            }
            Ok(_) | Err(Error::UnknownOperation(_)) => {
                rejected(Screening::Operation(code), InvokeProblem::UnrecognizedOperation)
            }
            Err(_) => rejected(Screening::Mistyped(code), InvokeProblem::MistypedParameter),
        }
    }
}
