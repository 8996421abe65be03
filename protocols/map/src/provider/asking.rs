//! Dialogues that we open: one request after another, in the highest version that the peer takes.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use bytes::Bytes;
use tcap::{
    AbortReason, Begin, Code, Component, Diagnostic, InvokeProblem, Oid, PAbortCause, Problem,
    ReturnResultProblem, UserAbort,
};

use super::event::{DialogueId, Failure, Open, Output, Screening};
use super::{Map, application_context, invoke};
use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::{self, InformServiceCentreArg, Request, Response};
use crate::user_error::MapError;

/// Where a dialogue of ours stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Opened without the request, which follows when the peer has accepted.
    Held,
    /// The request of this id waits for its answer.
    Waiting(i8),
    /// The answer is there; the HLR may have more to say.
    Settling(Instant),
    /// Nothing waits: another request may follow.
    Idle,
}

/// One dialogue that we have opened.
#[derive(Debug)]
pub(super) struct Asking<A> {
    transaction: tcap::DialogueId,
    open: Open<A>,
    context: Context,
    version: Version,
    /// The peer has spoken in this transaction.
    answered: bool,
    state: State,
    invoke_id: i8,
    result: Option<Result<Response, Failure>>,
    informed: Option<InformServiceCentreArg>,
}

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    /// Opens a dialogue with one request. Its end comes as one [`Output::Confirm`].
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`], [`Error::Unwritable`], or [`Error::NotInVersion`] for an operation that the
    /// version forced does not have, and for informServiceCentre, which opens no dialogue.
    pub fn open(&mut self, open: Open<A>, now: Instant) -> Result<DialogueId, Error> {
        let context = open.request.context();
        let highest = open.version_max.min(context.version_max());
        let version = match open.version {
            Some(forced) => forced,
            None => self.versions.first(context, &open.peer, highest, now),
        };
        if matches!(open.request, Request::InformServiceCentre(_)) {
            return Err(Error::NotInVersion);
        }
        let (transaction, state) = self.begin(&open, context, version, now)?;
        let id = self.new_id();
        let asking = Asking {
            transaction,
            open,
            context,
            version,
            answered: false,
            state,
            invoke_id: 1,
            result: None,
            informed: None,
        };
        self.transactions.insert(transaction, id);
        self.asking.insert(id, asking);
        self.release_unanswered(id, now);
        self.drain(now);
        Ok(id)
    }

    /// Sends another request in a dialogue that the last [`Output::Confirm`] left open.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`] if the dialogue is over, waits, or is of another context; [`Error::Unwritable`].
    pub fn next(&mut self, dialogue: DialogueId, request: Request, now: Instant) -> Result<(), Error> {
        let asking = self.asking.get_mut(&dialogue).ok_or(Error::NotOpen)?;
        if asking.state != State::Idle || request.context() != asking.context {
            return Err(Error::NotOpen);
        }
        let invoke_id = asking.invoke_id.wrapping_add(1);
        let component = invoke(&request, asking.version, invoke_id, &self.timers)?;
        self.tcap.proceed(asking.transaction, None, vec![component], now)?;
        asking.open.request = request;
        asking.invoke_id = invoke_id;
        asking.state = State::Waiting(invoke_id);
        self.drain(now);
        Ok(())
    }

    /// Ends a dialogue of ours, or of a peer. A request that waits in it is given up and will not be
    /// confirmed. A dialogue that is over already is left alone.
    pub fn close(&mut self, dialogue: DialogueId, now: Instant) {
        if let Some(asking) = self.asking.get(&dialogue) {
            let (transaction, idle) = (asking.transaction, asking.state == State::Idle);
            self.leave(transaction, idle, now);
            self.forget(dialogue);
        } else if let Some(answering) = self.answering.remove(&dialogue) {
            let transaction = answering.transaction();
            self.transactions.remove(&transaction);
            self.leave(transaction, !answering.waits(), now);
        }
        self.drain(now);
    }

    /// Gives up on informServiceCentre where it did not come in time.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(&(due, id)) = self.settling.first() {
            if due > now {
                return;
            }
            self.settling.remove(&(due, id));
            if let Some(asking) = self.asking.get(&id) {
                self.leave(asking.transaction, true, now);
            }
            self.finish(id, Failure::Timeout);
            self.drain(now);
        }
    }

    pub(super) fn about_asking(&mut self, id: DialogueId, output: tcap::Output<A>, now: Instant) {
        match output {
            tcap::Output::Continued { context, components, .. } => {
                let proposed = context.map(|result| result.application_context);
                self.continued(id, proposed, components, now);
            }
            tcap::Output::Ended { components, .. } => {
                self.take_answers(id, components, None);
                self.finish(id, Failure::ClosedEarly);
            }
            tcap::Output::UserAborted { reason, application_context, user_information, .. } => {
                self.user_aborted(id, reason, application_context, user_information.as_ref(), now);
            }
            tcap::Output::ProviderAborted { cause, .. } => {
                let failure = Failure::ProviderAbort(cause);
                let knows_no_dialogues = matches!(
                    cause,
                    PAbortCause::IncorrectTransactionPortion | PAbortCause::NoCommonDialoguePortion
                );
                let next = knows_no_dialogues.then_some(Version::V1);
                self.fall_back_or(id, next, failure, now);
            }
            tcap::Output::Unanswered { .. } => self.give_up(id, Failure::Timeout, now),
            tcap::Output::Rejected { invoke_id, problem, .. } => {
                self.answer_rejected(id, invoke_id, problem, now);
            }
            tcap::Output::TimedOut { .. } => self.finish(id, Failure::Timeout),
            tcap::Output::Undelivered { cause, .. } => self.give_up(id, Failure::Undelivered(cause), now),
            _ => {}
        }
    }

    /// Begins a transaction in `version`: with the request, or without it if it does not fit.
    fn begin(
        &mut self,
        open: &Open<A>,
        context: Context,
        version: Version,
        now: Instant,
    ) -> Result<(tcap::DialogueId, State), Error> {
        let application_context = application_context(context, version);
        let mut components = vec![invoke(&open.request, version, 1, &self.timers)?];
        let relay = matches!(context, Context::ShortMsgMtRelay | Context::ShortMsgMoRelay);
        let splits = relay
            && application_context.is_some()
            && self.tcap.size_of_begin(application_context, None, &components) > open.room;
        if splits {
            components.clear();
        }
        let begin = Begin {
            local: open.local.clone(),
            remote: open.remote.clone(),
            application_context,
            user_information: None,
            components,
            idle: None,
        };
        let transaction = self.tcap.begin(begin, now)?;
        Ok((transaction, if splits { State::Held } else { State::Waiting(1) }))
    }

    /// What nobody answers has ended when it is sent: a pre-arranged end.
    fn release_unanswered(&mut self, id: DialogueId, now: Instant) {
        let Some(asking) = self.asking.get_mut(&id) else { return };
        if asking.open.request.is_answered(asking.version) {
            return;
        }
        asking.result = Some(Ok(match &asking.open.request {
            Request::ReadyForSm(_) => Response::ReadyForSm,
            _ => Response::AlertServiceCentre,
        }));
        self.tcap.release(asking.transaction, now);
        self.drain(now);
        self.finish(id, Failure::Timeout);
    }

    fn continued(&mut self, id: DialogueId, proposed: Option<Oid>, components: Vec<Component>, now: Instant) {
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
    fn take_answers(&mut self, id: DialogueId, components: Vec<Component>, alive: Option<Instant>) {
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

    fn user_aborted(
        &mut self,
        id: DialogueId,
        reason: AbortReason,
        offered: Option<Oid>,
        user_information: Option<&Bytes>,
        now: Instant,
    ) {
        let Some(asking) = self.asking.get(&id) else { return };
        let offered = offered
            .and_then(|oid| Context::from_oid(oid.as_octets()))
            .filter(|(context, _)| *context == asking.context)
            .and_then(|(_, number)| Version::from_number(number))
            .filter(|version| *version < asking.version);
        let failure = Failure::UserAbort(reason);
        match reason {
            AbortReason::ContextNotSupported => {
                let next = offered.or_else(|| asking.version.lower());
                self.fall_back_or(id, next, Failure::VersionUnsupported, now);
            }
            // Nodes of version 1 say nothing more than no. One that gives a reason of MAP means it.
            AbortReason::DialogueRefused(Diagnostic::User(0 | 1) | Diagnostic::Provider(_))
                if user_information.is_none() =>
            {
                self.fall_back_or(id, Some(Version::V1), failure, now);
            }
            AbortReason::Plain => self.fall_back_or(id, Some(Version::V1), failure, now),
            _ => self.finish(id, failure),
        }
    }

    /// Tries a lower version, if there is one and the peer has not spoken yet. Versions only go down,
    /// so that each is tried once.
    fn fall_back_or(&mut self, id: DialogueId, next: Option<Version>, failure: Failure, now: Instant) {
        let Some(mut asking) = self.asking.remove(&id) else { return };
        let next = next.filter(|next| {
            let waits = matches!(asking.state, State::Held | State::Waiting(_));
            let free = asking.open.version.is_none() && !asking.answered && waits;
            free && *next < asking.version
        });
        if let Some(next) = next {
            self.versions.refused(asking.context, &asking.open.peer, next, now);
            if let Ok((transaction, state)) = self.begin(&asking.open, asking.context, next, now) {
                self.transactions.remove(&asking.transaction);
                self.transactions.insert(transaction, id);
                asking.transaction = transaction;
                asking.version = next;
                asking.state = state;
                self.asking.insert(id, asking);
                return self.release_unanswered(id, now);
            }
        }
        self.asking.insert(id, asking);
        self.finish(id, failure);
    }

    /// TCAP has rejected something of the peer's, and an operation may be over by it.
    fn answer_rejected(&mut self, id: DialogueId, invoke_id: Option<i8>, problem: Problem, now: Instant) {
        let Some(asking) = self.asking.get(&id) else { return };
        let remote = asking.open.remote.clone();
        let ours = matches!((asking.state, invoke_id), (State::Waiting(ours), Some(id)) if ours == id);
        self.refused(Screening::Component(problem), remote);
        if ours && !matches!(problem, Problem::Invoke(_)) {
            self.give_up(id, Failure::Rejected(problem), now);
        }
    }

    /// Ends a dialogue that has failed on our side.
    fn give_up(&mut self, id: DialogueId, failure: Failure, now: Instant) {
        if let Some(asking) = self.asking.get(&id) {
            self.leave(asking.transaction, false, now);
        }
        self.finish(id, failure);
    }

    /// Ends a transaction: with an END if nothing waits in it, else with an ABORT.
    pub(super) fn leave(&mut self, transaction: tcap::DialogueId, idle: bool, now: Instant) {
        if !idle || self.tcap.end(transaction, None, Vec::new(), now).is_err() {
            self.tcap.abort(transaction, UserAbort::Abrt { user_information: None }, now);
        }
    }

    /// The dialogue is over: tells what was answered, or else the failure.
    fn finish(&mut self, id: DialogueId, failure: Failure) {
        self.note_version(id);
        let Some(mut asking) = self.forget(id) else { return };
        let output = match (asking.result.take(), asking.state) {
            (None, State::Idle) => Output::Closed { dialogue: id },
            (result, _) => asking.confirm(id, result.unwrap_or(Err(failure)), false),
        };
        self.outputs.push_back(output);
    }

    /// An answer of a user proves the version. What the network or nobody says does not.
    fn note_version(&mut self, id: DialogueId) {
        if let Some(asking) = self.asking.get(&id).filter(|asking| asking.answered) {
            self.versions.answered(asking.context, &asking.open.peer, asking.version);
        }
    }

    fn forget(&mut self, id: DialogueId) -> Option<Asking<A>> {
        let asking = self.asking.remove(&id)?;
        self.transactions.remove(&asking.transaction);
        if let State::Settling(due) = asking.state {
            self.settling.remove(&(due, id));
        }
        Some(asking)
    }
}

impl<A: Clone> Asking<A> {
    fn confirm(&mut self, dialogue: DialogueId, result: Result<Response, Failure>, open: bool) -> Output<A> {
        Output::Confirm {
            dialogue,
            tag: self.open.tag,
            version: self.version,
            remote: self.open.remote.clone(),
            result,
            open,
            informed: self.informed.take(),
        }
    }

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
                // MAP has no error with a name of the whole world.
                let Code::Local(code) = code else {
                    self.result = Some(Err(Failure::User(MapError::Other { code: 0, parameter: None })));
                    return None;
                };
                self.result = Some(Err(Failure::User(MapError::read(code, parameter.as_deref()))));
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
        let read = match operation {
            Code::Local(operation::INFORM_SERVICE_CENTRE) => {
                Request::read(operation::INFORM_SERVICE_CENTRE, Some(self.context), self.version, parameter)
            }
            Code::Local(code) => Err(Error::UnknownOperation(code)),
            Code::Global(_) => Err(Error::UnknownOperation(-1)),
        };
        let reject = |problem| {
            let problem = Problem::Invoke(problem);
            Some(Component::Reject { invoke_id: Some(invoke_id), problem })
        };
        match (read, operation) {
            (Ok(Request::InformServiceCentre(informed)), _) => {
                self.informed = Some(informed);
                None
            }
            (Err(Error::UnknownOperation(_)) | Ok(_), Code::Local(code)) => {
                Some((Screening::Operation(code), reject(InvokeProblem::UnrecognizedOperation)))
            }
            (Err(_), Code::Local(code)) => {
                Some((Screening::Mistyped(code), reject(InvokeProblem::MistypedParameter)))
            }
            (_, Code::Global(_)) => {
                Some((Screening::GlobalOperation, reject(InvokeProblem::UnrecognizedOperation)))
            }
        }
    }
}
