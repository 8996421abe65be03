//! State of one dialogue and its operations: dialogue and invocation state machines (Q.774 §3.2).

use std::time::{Duration, Instant};

use super::table::after;
use crate::ber::Oid;
use crate::component::{Component, ComponentFault, Kind, OperationClass};
use crate::error::Error;
use crate::message::TransactionId;
use crate::problem::{InvokeProblem, Problem, ReturnErrorProblem, ReturnResultProblem};

/// The least time for the user to continue after an invocation timer has expired.
const GRACE: Duration = Duration::from_secs(1);

/// Rejects queued for the dialogue's next message. Any beyond this are not sent.
const REJECTS_MAX: usize = 16;

/// The state of a dialogue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// The peer has not answered the local BEGIN.
    InitiationSent,
    /// The local user has not answered the peer's BEGIN.
    InitiationReceived,
    /// Both sides have sent a message.
    Active,
}

/// An operation invoked by the local user.
#[derive(Clone, Copy, Debug)]
struct Operation {
    invoke_id: i8,
    class: OperationClass,
    due: Instant,
}

/// One open dialogue.
#[derive(Debug)]
pub(super) struct Dialogue<A> {
    pub(super) local: A,
    pub(super) remote: A,
    pub(super) state: State,
    pub(super) opened_by_peer: bool,
    /// The peer's transaction, once it is known.
    pub(super) peer: Option<TransactionId>,
    /// The proposed application context; `None` for a dialogue without a dialogue portion.
    pub(super) application_context: Option<Oid>,
    operations: Vec<Operation>,
    /// Invoke ids of the peer's operations that the local user has not answered.
    peer_invokes: Vec<i8>,
    rejects: Vec<Component>,
    idle: Duration,
    idle_deadline: Instant,
}

/// The valid components of a message, and the problems of the others.
#[derive(Debug, Default)]
pub(super) struct ComponentOutcome {
    pub(super) components: Vec<Component>,
    pub(super) rejected: Vec<(Option<i8>, Problem)>,
}

impl<A> Dialogue<A> {
    /// A new dialogue; `peer` is the transaction id of a peer that has opened it.
    pub(super) fn new(
        local: A,
        remote: A,
        peer: Option<TransactionId>,
        application_context: Option<Oid>,
        idle: Duration,
        now: Instant,
    ) -> Self {
        Self {
            local,
            remote,
            state: if peer.is_some() { State::InitiationReceived } else { State::InitiationSent },
            opened_by_peer: peer.is_some(),
            peer,
            application_context,
            operations: Vec::new(),
            peer_invokes: Vec::new(),
            rejects: Vec::new(),
            idle,
            idle_deadline: after(now, idle),
        }
    }

    /// Checks that the user may send these components.
    pub(super) fn check(&self, components: &[Component]) -> Result<(), Error> {
        for (n, component) in components.iter().enumerate() {
            let Component::Invoke { invoke_id, .. } = component else { continue };
            let same = |other: &Component| matches!(other, Component::Invoke { invoke_id: id, .. } if id == invoke_id);
            if self.operation(*invoke_id).is_some() || components.iter().take(n).any(same) {
                return Err(Error::InvokeIdInUse(*invoke_id));
            }
        }
        Ok(())
    }

    /// Records components to send, and returns them after the queued Rejects.
    pub(super) fn send_components(&mut self, components: Vec<Component>, now: Instant) -> Vec<Component> {
        self.idle_deadline = after(now, self.idle);
        for component in &components {
            match component {
                Component::Invoke { invoke_id, class, timeout, .. } => {
                    let due = after(now, *timeout);
                    self.operations.push(Operation { invoke_id: *invoke_id, class: *class, due });
                }
                Component::ResultLast { invoke_id, .. } | Component::Error { invoke_id, .. } => {
                    self.peer_invokes.retain(|id| id != invoke_id);
                }
                Component::Reject {
                    invoke_id: Some(invoke_id),
                    problem: Problem::Invoke(_) | Problem::General(_),
                } => self.peer_invokes.retain(|id| id != invoke_id),
                Component::ResultNotLast { .. } | Component::Reject { .. } => {}
            }
        }
        if self.rejects.is_empty() {
            return components;
        }
        let mut all = std::mem::take(&mut self.rejects);
        all.extend(components);
        all
    }

    /// Checks received components against the open operations.
    pub(super) fn receive_components(
        &mut self,
        components: Vec<Component>,
        fault: Option<ComponentFault>,
        now: Instant,
    ) -> ComponentOutcome {
        self.idle_deadline = after(now, self.idle);
        let mut outcome = ComponentOutcome::default();
        for component in components {
            match self.check_received(&component) {
                None => outcome.components.push(component),
                Some(problem) => self.reject(component.invoke_id(), problem, &mut outcome),
            }
        }
        if let Some(ComponentFault { invoke_id, problem, kind }) = fault {
            match kind {
                Kind::Reject => outcome.rejected.push((invoke_id, problem)),
                Kind::Answer => {
                    invoke_id.map(|invoke_id| self.close(invoke_id));
                    self.reject(invoke_id, problem, &mut outcome);
                }
                Kind::Invoke | Kind::Unknown => self.reject(invoke_id, problem, &mut outcome),
            }
        }
        outcome
    }

    /// Ends the operations with an expired timer, and returns their invoke ids.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<i8> {
        let over = |operation: &&Operation| operation.due <= now;
        let expired: Vec<i8> =
            self.operations.iter().filter(over).map(|operation| operation.invoke_id).collect();
        if !expired.is_empty() {
            self.operations.retain(|operation| operation.due > now);
            self.idle_deadline = self.idle_deadline.max(after(now, GRACE));
        }
        expired
    }

    /// The next expiry of an invocation timer or, with no operation open, of the idle timer.
    pub(super) fn due(&self) -> Instant {
        self.operations.iter().map(|operation| operation.due).min().unwrap_or(self.idle_deadline)
    }

    fn reject(&mut self, invoke_id: Option<i8>, problem: Problem, outcome: &mut ComponentOutcome) {
        outcome.rejected.push((invoke_id, problem));
        if self.rejects.len() < REJECTS_MAX {
            self.rejects.push(Component::Reject { invoke_id, problem });
        }
    }

    /// Applies a component to its operation, or returns its problem.
    fn check_received(&mut self, component: &Component) -> Option<Problem> {
        match component {
            Component::Invoke { invoke_id, linked, .. } => self.check_invoke(*invoke_id, *linked),
            Component::ResultLast { invoke_id, .. } => self.check_result(*invoke_id, true),
            Component::ResultNotLast { invoke_id, .. } => self.check_result(*invoke_id, false),
            Component::Error { invoke_id, .. } => match self.close(*invoke_id) {
                None => Some(Problem::ReturnError(ReturnErrorProblem::UnrecognizedInvokeId)),
                Some(operation) if !operation.class.reports_failure() => {
                    Some(Problem::ReturnError(ReturnErrorProblem::ReturnErrorUnexpected))
                }
                Some(_) => None,
            },
            Component::Reject {
                invoke_id: Some(invoke_id),
                problem: Problem::Invoke(_) | Problem::General(_),
            } => {
                self.close(*invoke_id);
                None
            }
            Component::Reject { .. } => None,
        }
    }

    fn check_invoke(&mut self, invoke_id: i8, linked: Option<i8>) -> Option<Problem> {
        if self.peer_invokes.contains(&invoke_id) {
            return Some(Problem::Invoke(InvokeProblem::DuplicateInvokeId));
        }
        if linked.is_some_and(|linked| self.operation(linked).is_none()) {
            return Some(Problem::Invoke(InvokeProblem::UnrecognizedLinkedId));
        }
        self.peer_invokes.push(invoke_id);
        None
    }

    fn check_result(&mut self, invoke_id: i8, last: bool) -> Option<Problem> {
        let Some(operation) = self.operation(invoke_id) else {
            return Some(Problem::ReturnResult(ReturnResultProblem::UnrecognizedInvokeId));
        };
        let unexpected = !operation.class.reports_success();
        if last || unexpected {
            self.close(invoke_id);
        }
        unexpected.then_some(Problem::ReturnResult(ReturnResultProblem::ReturnResultUnexpected))
    }

    fn close(&mut self, invoke_id: i8) -> Option<Operation> {
        let index = self.operations.iter().position(|operation| operation.invoke_id == invoke_id)?;
        Some(self.operations.swap_remove(index))
    }

    fn operation(&self, invoke_id: i8) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.invoke_id == invoke_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A million dialogues with an address of eight octets fit in a quarter of a gigabyte.
    #[test]
    fn a_dialogue_is_small() {
        assert!(size_of::<Dialogue<u64>>() + size_of::<Operation>() <= 256);
    }
}
