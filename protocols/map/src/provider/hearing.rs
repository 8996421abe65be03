//! What a peer says in a dialogue of ours: acceptances, answers, and informServiceCentre beside them.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use tcap::{Code, Component, InvokeProblem, Oid, Problem, ReturnErrorProblem, ReturnResultProblem};

use super::asking::{Asking, State};
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
        let Some(asking) = self.asking.get_mut(&id) else { return };
        asking.answered = true;
        if asking.state == State::Held {
            // A peer may accept in a lower version than was proposed.
            let accepted = proposed.and_then(|oid| Context::from_oid(oid.as_octets()));
            if let Some((context, number)) = accepted
                && let Some(version) = Version::from_number(number)
                && context == asking.context
                && version < asking.version
                && asking.open.version.is_none()
            {
                asking.version = version;
            }
            let transaction = asking.transaction;
            match invoke(&asking.open.request, asking.version, asking.invoke_id, &self.timers) {
                Ok(component) => {
                    asking.state = State::Waiting(asking.invoke_id);
                    if self.tcap.proceed(transaction, None, vec![component], now).is_err() {
                        self.give_up(id, Failure::ClosedEarly, now);
                    }
                }
                Err(_) => self.give_up(id, Failure::VersionUnsupported, now),
            }
            return;
        }
        self.take_answers(id, components, Some(now));
        self.go_on(id, now);
    }

    /// After a CONTINUE: confirms what was answered, if nothing more can belong to it.
    fn go_on(&mut self, id: DialogueId, now: Instant) {
        let Some(asking) = self.asking.get_mut(&id) else { return };
        if asking.result.is_none() {
            return;
        }
        let transaction = asking.transaction;
        if asking.open.request.more_messages_to_send() {
            asking.state = State::Idle;
            if let Some(result) = asking.result.take() {
                let confirm = asking.confirm(id, result, true);
                self.note_version(id);
                self.outputs.push_back(confirm);
            }
        } else if asking.context == Context::ShortMsgGateway && asking.informed.is_none() {
            if !matches!(asking.state, State::Settling(_)) {
                let due = now.checked_add(self.timers.inform).unwrap_or(now);
                asking.state = State::Settling(due);
                self.settling.insert((due, id));
            }
        } else {
            self.leave(transaction, true, now);
            self.finish(id, Failure::ClosedEarly);
        }
    }

    /// Takes what a peer says. `alive` is now, if the dialogue goes on and a Reject can be sent.
    pub(super) fn take_answers(
        &mut self,
        id: DialogueId,
        components: Vec<Component>,
        alive: Option<Instant>,
    ) {
        let mut rejects = Vec::new();
        for component in components {
            let Some(asking) = self.asking.get_mut(&id) else { return };
            asking.answered = true;
            if let Some((refused, reject)) = asking.take_answer(component) {
                let remote = asking.open.remote.clone();
                rejects.extend(reject);
                self.refused(refused, remote);
            }
        }
        if let (Some(asking), Some(now), false) = (self.asking.get(&id), alive, rejects.is_empty()) {
            // If the peer is gone, so is the reason to reject.
            let _gone = self.tcap.proceed(asking.transaction, None, rejects, now);
        }
    }

    /// TCAP has rejected something of the peer's, and an operation may be over by it.
    pub(super) fn answer_rejected(
        &mut self,
        id: DialogueId,
        invoke_id: Option<i8>,
        problem: Problem,
        now: Instant,
    ) {
        let Some(asking) = self.asking.get(&id) else { return };
        let remote = asking.open.remote.clone();
        let ours = matches!((asking.state, invoke_id), (State::Waiting(ours), Some(id)) if ours == id);
        self.refused(Screening::Component(problem), remote);
        if ours && !matches!(problem, Problem::Invoke(_)) {
            self.give_up(id, Failure::Rejected(problem), now);
        }
    }
}

impl<A: Clone> Asking<A> {
    /// Takes one component of the peer's, or says what is wrong with it and how to reject it.
    fn take_answer(&mut self, component: Component) -> Option<(Screening, Option<Component>)> {
        let waits = |invoke_id| matches!(self.state, State::Waiting(ours) if ours == invoke_id);
        match component {
            Component::Invoke { invoke_id, operation, parameter, .. } => {
                self.take_invoke(invoke_id, operation, parameter.as_deref())
            }
            Component::ResultLast { invoke_id, parameter, .. } if waits(invoke_id) => {
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
            Component::Error { invoke_id, code, parameter } if waits(invoke_id) => {
                self.result = Some(Err(match code {
                    Code::Local(code) => Failure::User(MapError::read(code, parameter.as_deref())),
                    Code::Global(_) => {
                        Failure::Rejected(Problem::ReturnError(ReturnErrorProblem::UnrecognizedError))
                    }
                }));
                None
            }
            Component::Reject { invoke_id, problem } if invoke_id.is_none_or(waits) => {
                self.result = Some(Err(Failure::Rejected(problem)));
                None
            }
            _ => None,
        }
    }

    /// The one thing that a peer may ask in a dialogue of ours is informServiceCentre.
    fn take_invoke(
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
