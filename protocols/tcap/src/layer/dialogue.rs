//! One open dialogue, and the operations in it (Q.774 §3.2).

use std::time::{Duration, Instant};

use super::table::after;
use crate::ber::Oid;
use crate::component::{Broken, Component, Kind, OperationClass};
use crate::error::Error;
use crate::message::TransactionId;
use crate::problem::{InvokeProblem, Problem, ReturnErrorProblem, ReturnResultProblem};

/// How long the user has, at least, to go on after an operation's time was over.
const GRACE: Duration = Duration::from_secs(1);

/// Rejects that wait for the dialogue's next message. Beyond it they are not sent.
const REJECTS_MAX: usize = 16;

/// How far a dialogue has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// Our BEGIN has not been answered: initiation sent.
    Begun,
    /// The peer's BEGIN has not been answered: initiation received.
    Received,
    /// Both sides have spoken.
    Active,
}

/// An operation that we have asked for.
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
    pub(super) begun_by_peer: bool,
    /// The peer's transaction, once it is known.
    pub(super) peer: Option<TransactionId>,
    /// What was proposed; `None` for a dialogue without a dialogue portion.
    pub(super) application_context: Option<Oid>,
    ours: Vec<Operation>,
    /// Invoke ids of operations that the peer has asked for and we have not answered.
    theirs: Vec<i8>,
    rejects: Vec<Component>,
    idle: Duration,
    silent_until: Instant,
}

/// What is left of a message's components after each was held against the open operations.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) components: Vec<Component>,
    pub(super) rejected: Vec<(Option<i8>, Problem)>,
}

impl<A> Dialogue<A> {
    /// A dialogue that somebody begins now.
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
            state: if peer.is_some() { State::Received } else { State::Begun },
            begun_by_peer: peer.is_some(),
            peer,
            application_context,
            ours: Vec::new(),
            theirs: Vec::new(),
            rejects: Vec::new(),
            idle,
            silent_until: after(now, idle),
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

    /// Takes note of components that are being sent, and returns them behind the Rejects that waited.
    pub(super) fn speak(&mut self, components: Vec<Component>, now: Instant) -> Vec<Component> {
        self.silent_until = after(now, self.idle);
        for component in &components {
            match component {
                Component::Invoke { invoke_id, class, timeout, .. } => {
                    let due = after(now, *timeout);
                    self.ours.push(Operation { invoke_id: *invoke_id, class: *class, due });
                }
                Component::ResultLast { invoke_id, .. } | Component::Error { invoke_id, .. } => {
                    self.theirs.retain(|id| id != invoke_id);
                }
                Component::Reject {
                    invoke_id: Some(invoke_id),
                    problem: Problem::Invoke(_) | Problem::General(_),
                } => self.theirs.retain(|id| id != invoke_id),
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

    /// Holds components from the peer against the open operations.
    pub(super) fn hear(&mut self, components: Vec<Component>, broken: Option<Broken>, now: Instant) -> Heard {
        self.silent_until = after(now, self.idle);
        let mut heard = Heard::default();
        for component in components {
            match self.judge(&component) {
                None => heard.components.push(component),
                Some(problem) => self.reject(component.invoke_id(), problem, &mut heard),
            }
        }
        if let Some(Broken { invoke_id, problem, kind }) = broken {
            match kind {
                Kind::Reject => heard.rejected.push((invoke_id, problem)),
                Kind::Answer => {
                    invoke_id.map(|invoke_id| self.close(invoke_id));
                    self.reject(invoke_id, problem, &mut heard);
                }
                Kind::Invoke | Kind::Unknown => self.reject(invoke_id, problem, &mut heard),
            }
        }
        heard
    }

    /// Ends the operations whose time is over, and returns their invoke ids.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<i8> {
        let over = |operation: &&Operation| operation.due <= now;
        let expired: Vec<i8> = self.ours.iter().filter(over).map(|operation| operation.invoke_id).collect();
        if !expired.is_empty() {
            self.ours.retain(|operation| operation.due > now);
            self.silent_until = self.silent_until.max(after(now, GRACE));
        }
        expired
    }

    /// When an operation's time is over or, with no operation open, the dialogue's.
    pub(super) fn due(&self) -> Instant {
        self.ours.iter().map(|operation| operation.due).min().unwrap_or(self.silent_until)
    }

    fn reject(&mut self, invoke_id: Option<i8>, problem: Problem, heard: &mut Heard) {
        heard.rejected.push((invoke_id, problem));
        if self.rejects.len() < REJECTS_MAX {
            self.rejects.push(Component::Reject { invoke_id, problem });
        }
    }

    /// Applies a component to the operation it is about, or says what is wrong with it.
    fn judge(&mut self, component: &Component) -> Option<Problem> {
        match component {
            Component::Invoke { invoke_id, linked, .. } => self.judge_invoke(*invoke_id, *linked),
            Component::ResultLast { invoke_id, .. } => self.judge_result(*invoke_id, true),
            Component::ResultNotLast { invoke_id, .. } => self.judge_result(*invoke_id, false),
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

    fn judge_invoke(&mut self, invoke_id: i8, linked: Option<i8>) -> Option<Problem> {
        if self.theirs.contains(&invoke_id) {
            return Some(Problem::Invoke(InvokeProblem::DuplicateInvokeId));
        }
        if linked.is_some_and(|linked| self.operation(linked).is_none()) {
            return Some(Problem::Invoke(InvokeProblem::UnrecognizedLinkedId));
        }
        self.theirs.push(invoke_id);
        None
    }

    fn judge_result(&mut self, invoke_id: i8, last: bool) -> Option<Problem> {
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
        let place = self.ours.iter().position(|operation| operation.invoke_id == invoke_id)?;
        Some(self.ours.swap_remove(place))
    }

    fn operation(&self, invoke_id: i8) -> Option<&Operation> {
        self.ours.iter().find(|operation| operation.invoke_id == invoke_id)
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
