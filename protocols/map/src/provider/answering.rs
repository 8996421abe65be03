//! Dialogues that peers open with us: each request is indicated, and answered when the user does.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use tcap::{Code, Component, DialogueAnswer, InvokeProblem, Oid, Problem, UserAbort};

use super::event::{DialogueId, Output, Refuse, Screening};
use super::{Map, invoke};
use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::{self, InformServiceCentreArg, Request, Response};
use crate::user_error::MapError;

/// One dialogue that a peer has opened.
#[derive(Debug)]
pub(super) struct Answering<A> {
    transaction: tcap::DialogueId,
    local: A,
    remote: A,
    /// Unknown in version 1, which has no dialogue portion.
    context: Option<Context>,
    version: Version,
    /// What accepts the dialogue, until it was sent.
    acceptance: Option<DialogueAnswer>,
    /// The request that waits for our user.
    waiting: Option<Waiting>,
    informs: i8,
    /// An informServiceCentre that goes with the next answer.
    inform: Option<InformServiceCentreArg>,
}

#[derive(Debug)]
struct Waiting {
    invoke_id: i8,
    operation: i64,
    more: bool,
}

impl<A> Answering<A> {
    pub(super) const fn transaction(&self) -> tcap::DialogueId {
        self.transaction
    }

    /// Whether a request waits for our user.
    pub(super) const fn waits(&self) -> bool {
        self.waiting.is_some()
    }
}

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    /// Answers a request that was indicated. The dialogue ends with it, unless the peer has said that
    /// another message follows and this one was taken. What nobody answers is left alone.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`] if nothing of this id waits any more, [`Error::Unwritable`] if the answer
    /// cannot be written; then it still waits.
    pub fn answer(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        result: Result<Response, MapError>,
        now: Instant,
    ) -> Result<(), Error> {
        let answering = self.answering.get_mut(&dialogue).ok_or(Error::NotOpen)?;
        let waiting = answering.waiting.as_ref().filter(|waiting| waiting.invoke_id == invoke_id);
        let waiting = waiting.ok_or(Error::NotOpen)?;
        let goes_on = waiting.more && result.is_ok();
        let version = answering.version;
        let mut components = vec![match result {
            Ok(response) => {
                let parameter = response.write(version)?.map(Into::into);
                let operation = parameter.is_some().then_some(Code::Local(waiting.operation));
                Component::ResultLast { invoke_id, operation, parameter }
            }
            Err(error) => {
                let code = Code::Local(error.code(version));
                Component::Error { invoke_id, code, parameter: error.write(version)?.map(Into::into) }
            }
        }];
        if let Some(inform) = answering.inform.take() {
            answering.informs = answering.informs.wrapping_add(1);
            let request = Request::InformServiceCentre(inform);
            components.extend(invoke(&request, version, answering.informs, &self.timers).ok());
        }
        self.send_answer(dialogue, components, goes_on, now);
        self.drain(now);
        Ok(())
    }

    /// Refuses a request that was indicated, and ends its dialogue. One that is over already is left alone.
    pub fn refuse(&mut self, dialogue: DialogueId, how: Refuse, now: Instant) {
        let Some(answering) = self.answering.get(&dialogue) else { return };
        match (how, &answering.waiting) {
            (Refuse::Reject(problem), Some(Waiting { invoke_id, .. })) => {
                let problem = Problem::Invoke(problem);
                let reject = Component::Reject { invoke_id: Some(*invoke_id), problem };
                self.send_answer(dialogue, vec![reject], false, now);
            }
            _ => self.break_off(dialogue, UserAbort::Abrt { user_information: None }, now),
        }
        self.drain(now);
    }

    /// Has an informServiceCentre go beside the next answer, as an HLR does.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`] if the dialogue is over or not one of the gateway's context,
    /// [`Error::Unwritable`].
    pub fn inform(&mut self, dialogue: DialogueId, inform: InformServiceCentreArg) -> Result<(), Error> {
        let answering = self.answering.get_mut(&dialogue).ok_or(Error::NotOpen)?;
        if answering.context != Some(Context::ShortMsgGateway) || answering.version == Version::V1 {
            return Err(Error::NotOpen);
        }
        Request::InformServiceCentre(inform.clone()).write(answering.version)?;
        answering.inform = Some(inform);
        Ok(())
    }

    pub(super) fn begun(
        &mut self,
        transaction: tcap::DialogueId,
        local: A,
        remote: A,
        proposed: Option<Oid>,
        components: Vec<Component>,
        now: Instant,
    ) {
        let (context, version) = match proposed.as_ref().map(known_context) {
            None => (None, Version::V1),
            Some(Ok((context, version))) => (Some(context), version),
            Some(Err((why, offered))) => {
                self.refused(why, remote);
                return self.tcap.abort(transaction, UserAbort::RefuseContext { offered }, now);
            }
        };
        let id = self.new_id();
        let relay = matches!(context, Some(Context::ShortMsgMoRelay | Context::ShortMsgMtRelay));
        let answering = Answering {
            transaction,
            local,
            remote: remote.clone(),
            context,
            version,
            acceptance: proposed
                .map(|application_context| DialogueAnswer { application_context, user_information: None }),
            waiting: None,
            informs: 0,
            inform: None,
        };
        self.answering.insert(id, answering);
        self.transactions.insert(transaction, id);
        match components.len() {
            0 if relay => self.send_answer(id, Vec::new(), true, now),
            0 => {
                self.refused(Screening::NoComponent, remote);
                self.break_off(id, UserAbort::DialogueRefused, now);
            }
            _ => self.asked(id, components, now),
        }
    }

    pub(super) fn about_answering(&mut self, id: DialogueId, output: tcap::Output<A>, now: Instant) {
        match output {
            tcap::Output::Continued { components, .. } => self.asked(id, components, now),
            tcap::Output::Rejected { problem, .. } => {
                if let Some(answering) = self.answering.get(&id) {
                    let remote = answering.remote.clone();
                    self.refused(Screening::Component(problem), remote);
                }
            }
            tcap::Output::Ended { .. }
            | tcap::Output::UserAborted { .. }
            | tcap::Output::ProviderAborted { .. }
            | tcap::Output::TimedOut { .. } => self.closed(id),
            // An answer that came back: the peer repeats its request if it wants one.
            tcap::Output::Undelivered { .. } => {
                self.break_off(id, UserAbort::Abrt { user_information: None }, now);
                self.outputs.push_back(Output::Closed { dialogue: id });
            }
            _ => {}
        }
    }

    /// Takes what a peer asks: one Invoke at a time.
    fn asked(&mut self, id: DialogueId, components: Vec<Component>, now: Instant) {
        let Some(answering) = self.answering.get(&id) else { return };
        let mut invokes = components.into_iter().filter_map(|component| match component {
            Component::Invoke { invoke_id, operation, parameter, .. } => {
                Some((invoke_id, operation, parameter))
            }
            _ => None,
        });
        let Some((invoke_id, operation, parameter)) = invokes.next() else { return };
        if invokes.next().is_some() || answering.waits() {
            let (remote, waits) = (answering.remote.clone(), answering.waits());
            self.refused(Screening::SeveralComponents, remote);
            self.break_off(id, UserAbort::DialogueRefused, now);
            if waits {
                self.outputs.push_back(Output::Closed { dialogue: id });
            }
            return;
        }
        let (context, version) = (answering.context, answering.version);
        let Code::Local(code) = operation else {
            let problem = InvokeProblem::UnrecognizedOperation;
            return self.reject(id, invoke_id, Screening::GlobalOperation, problem, now);
        };
        let read = match code {
            // It only ever stands beside an answer.
            operation::INFORM_SERVICE_CENTRE => Err(Error::UnknownOperation(code)),
            _ => Request::read(code, context, version, parameter.as_deref()),
        };
        match read {
            Err(Error::UnknownOperation(_)) => {
                let problem = InvokeProblem::UnrecognizedOperation;
                self.reject(id, invoke_id, Screening::Operation(code), problem, now);
            }
            Err(_) => {
                let problem = InvokeProblem::MistypedParameter;
                self.reject(id, invoke_id, Screening::Mistyped(code), problem, now);
            }
            Ok(request) => self.indicate(id, invoke_id, code, request, now),
        }
    }

    fn indicate(&mut self, id: DialogueId, invoke_id: i8, operation: i64, request: Request, now: Instant) {
        let Some(answering) = self.answering.get_mut(&id) else { return };
        let more = request.more_messages_to_send();
        let answered = request.is_answered(answering.version);
        answering.waiting = Some(Waiting { invoke_id, operation, more });
        self.outputs.push_back(Output::Indication {
            dialogue: id,
            invoke_id,
            local: answering.local.clone(),
            remote: answering.remote.clone(),
            version: answering.version,
            request: Box::new(request),
            more,
        });
        if !answered {
            let transaction = answering.transaction;
            self.tcap.release(transaction, now);
            self.answering.remove(&id);
            self.transactions.remove(&transaction);
        }
    }

    fn reject(
        &mut self,
        id: DialogueId,
        invoke_id: i8,
        why: Screening,
        problem: InvokeProblem,
        now: Instant,
    ) {
        let Some(answering) = self.answering.get(&id) else { return };
        let remote = answering.remote.clone();
        self.refused(why, remote);
        let problem = Problem::Invoke(problem);
        self.send_answer(id, vec![Component::Reject { invoke_id: Some(invoke_id), problem }], false, now);
    }

    /// Sends components to the peer: in a CONTINUE if the dialogue goes on, else in an END.
    fn send_answer(&mut self, id: DialogueId, components: Vec<Component>, goes_on: bool, now: Instant) {
        let Some(answering) = self.answering.get_mut(&id) else { return };
        let (transaction, acceptance) = (answering.transaction, answering.acceptance.take());
        answering.waiting = None;
        let sent = if goes_on {
            self.tcap.proceed(transaction, acceptance, components, now)
        } else {
            self.tcap.end(transaction, acceptance, components, now)
        };
        if sent.is_err() {
            return self.break_off(id, UserAbort::Abrt { user_information: None }, now);
        }
        if !goes_on {
            self.answering.remove(&id);
            self.transactions.remove(&transaction);
        }
    }

    fn break_off(&mut self, id: DialogueId, why: UserAbort, now: Instant) {
        if let Some(answering) = self.answering.remove(&id) {
            self.transactions.remove(&answering.transaction);
            self.tcap.abort(answering.transaction, why, now);
        }
    }

    /// The peer, or time, has ended the dialogue.
    fn closed(&mut self, id: DialogueId) {
        if let Some(answering) = self.answering.remove(&id) {
            self.transactions.remove(&answering.transaction);
            self.outputs.push_back(Output::Closed { dialogue: id });
        }
    }
}

/// The context and version of a proposal, or why it is refused and what is offered instead.
fn known_context(proposed: &Oid) -> Result<(Context, Version), (Screening, Option<Oid>)> {
    let (context, number) = Context::from_oid(proposed.as_octets()).ok_or((Screening::Context, None))?;
    let version = Version::from_number(number).filter(|version| *version <= context.version_max());
    version.map(|version| (context, version)).ok_or_else(|| {
        let offered = Oid::from_octets(&context.oid(context.version_max()));
        (Screening::Version(context), offered)
    })
}
