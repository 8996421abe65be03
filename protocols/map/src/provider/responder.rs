//! Responder side of a dialogue: indication, answer, refusal and reject (TS 29.002 §7.3, §15).

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use tcap::{Code, Component, DialogueAnswer, InvokeProblem, Oid, Problem, UserAbort};

use super::dialogue::{PendingInvoke, Responder};
use super::event::{DialogueId, Output, Refuse, Screening};
use super::{Map, invoke};
use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::{self, InformServiceCentreArg, Request, Response};
use crate::user_error::MapError;

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    /// Answers a request that was indicated. An END carries the answer, unless the request has
    /// moreMessagesToSend and succeeded; then a CONTINUE does. Class 4 operations take no answer.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`] if no request with this id is pending, [`Error::Unwritable`] if the answer
    /// cannot be encoded; then the request stays pending.
    pub fn answer(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        result: Result<Response, MapError>,
        now: Instant,
    ) -> Result<(), Error> {
        let responder = self.responders.get_mut(&dialogue).ok_or(Error::NotOpen)?;
        let pending = responder.pending.as_ref().filter(|pending| pending.invoke_id == invoke_id);
        let pending = pending.ok_or(Error::NotOpen)?;
        let keep_open = pending.more && result.is_ok();
        let version = responder.version;
        let mut components = vec![match result {
            Ok(response) => {
                let parameter = response.write(version)?.map(Into::into);
                let operation = parameter.is_some().then_some(Code::Local(pending.operation));
                Component::ResultLast { invoke_id, operation, parameter }
            }
            Err(error) => {
                let code = Code::Local(error.code(version));
                Component::Error { invoke_id, code, parameter: error.write(version)?.map(Into::into) }
            }
        }];
        if let Some(inform) = responder.inform.take() {
            responder.inform_invoke_id = responder.inform_invoke_id.wrapping_add(1);
            let request = Request::InformServiceCentre(inform);
            components.extend(invoke(&request, version, responder.inform_invoke_id, &self.timers).ok());
        }
        self.send_answer(dialogue, components, keep_open, now);
        self.drain(now);
        Ok(())
    }

    /// Refuses a request that was indicated, and ends its dialogue. No effect if the dialogue has ended.
    pub fn refuse(&mut self, dialogue: DialogueId, how: Refuse, now: Instant) {
        let Some(responder) = self.responders.get(&dialogue) else { return };
        match (how, &responder.pending) {
            (Refuse::Reject(problem), Some(PendingInvoke { invoke_id, .. })) => {
                let problem = Problem::Invoke(problem);
                let reject = Component::Reject { invoke_id: Some(*invoke_id), problem };
                self.send_answer(dialogue, vec![reject], false, now);
            }
            _ => self.abort_responder(dialogue, UserAbort::Abrt { user_information: None }, now),
        }
        self.drain(now);
    }

    /// Adds an informServiceCentre to the next answer, as an HLR does.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`] if the dialogue has ended or its context is not shortMsgGatewayContext,
    /// [`Error::Unwritable`].
    pub fn inform(&mut self, dialogue: DialogueId, inform: InformServiceCentreArg) -> Result<(), Error> {
        let responder = self.responders.get_mut(&dialogue).ok_or(Error::NotOpen)?;
        if responder.context != Some(Context::ShortMsgGateway) || responder.version == Version::V1 {
            return Err(Error::NotOpen);
        }
        Request::InformServiceCentre(inform.clone()).write(responder.version)?;
        responder.inform = Some(inform);
        Ok(())
    }

    pub(super) fn begin_indication(
        &mut self,
        transaction: tcap::DialogueId,
        local: A,
        remote: A,
        proposed: Option<Oid>,
        components: Vec<Component>,
        now: Instant,
    ) {
        let (context, version) = match proposed.as_ref().map(supported_context) {
            None => (None, Version::V1),
            Some(Ok((context, version))) => (Some(context), version),
            Some(Err((why, offered))) => {
                self.refused(why, remote);
                return self.tcap.abort(transaction, UserAbort::RefuseContext { offered }, now);
            }
        };
        let id = self.new_id();
        let relay = matches!(context, Some(Context::ShortMsgMoRelay | Context::ShortMsgMtRelay));
        let responder = Responder {
            transaction,
            local,
            remote: remote.clone(),
            context,
            version,
            acceptance: proposed
                .map(|application_context| DialogueAnswer { application_context, user_information: None }),
            pending: None,
            inform_invoke_id: 0,
            inform: None,
        };
        self.responders.insert(id, responder);
        self.transactions.insert(transaction, id);
        match components.len() {
            0 if relay => self.send_answer(id, Vec::new(), true, now),
            0 => {
                self.refused(Screening::NoComponent, remote);
                self.abort_responder(id, UserAbort::DialogueRefused, now);
            }
            _ => self.handle_invokes(id, components, now),
        }
    }

    pub(super) fn responder_event(&mut self, id: DialogueId, output: tcap::Output<A>, now: Instant) {
        match output {
            tcap::Output::Continued { components, .. } => self.handle_invokes(id, components, now),
            tcap::Output::Rejected { problem, .. } => {
                if let Some(responder) = self.responders.get(&id) {
                    let remote = responder.remote.clone();
                    self.refused(Screening::Component(problem), remote);
                }
            }
            tcap::Output::Ended { .. }
            | tcap::Output::UserAborted { .. }
            | tcap::Output::ProviderAborted { .. }
            | tcap::Output::TimedOut { .. } => self.peer_closed(id),
            // The network returned an answer. The peer repeats its request if it needs one.
            tcap::Output::Undelivered { .. } => {
                self.abort_responder(id, UserAbort::Abrt { user_information: None }, now);
                self.outputs.push_back(Output::Closed { dialogue: id });
            }
            _ => {}
        }
    }

    /// Handles the components of a peer's message: one Invoke at a time.
    fn handle_invokes(&mut self, id: DialogueId, components: Vec<Component>, now: Instant) {
        let Some(responder) = self.responders.get(&id) else { return };
        let mut invokes = components.into_iter().filter_map(|component| match component {
            Component::Invoke { invoke_id, operation, parameter, .. } => {
                Some((invoke_id, operation, parameter))
            }
            _ => None,
        });
        let Some((invoke_id, operation, parameter)) = invokes.next() else { return };
        if invokes.next().is_some() || responder.pending.is_some() {
            let (remote, pending) = (responder.remote.clone(), responder.pending.is_some());
            self.refused(Screening::SeveralComponents, remote);
            self.abort_responder(id, UserAbort::DialogueRefused, now);
            if pending {
                self.outputs.push_back(Output::Closed { dialogue: id });
            }
            return;
        }
        let (context, version) = (responder.context, responder.version);
        let Code::Local(code) = operation else {
            let problem = InvokeProblem::UnrecognizedOperation;
            return self.reject(id, invoke_id, Screening::GlobalOperation, problem, now);
        };
        let read = match code {
            // It is only valid beside a result.
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
        let Some(responder) = self.responders.get_mut(&id) else { return };
        let more = request.more_messages_to_send();
        let answered = request.is_answered(responder.version);
        responder.pending = Some(PendingInvoke { invoke_id, operation, more });
        self.outputs.push_back(Output::Indication {
            dialogue: id,
            invoke_id,
            local: responder.local.clone(),
            remote: responder.remote.clone(),
            version: responder.version,
            request: Box::new(request),
            more,
        });
        if !answered {
            let transaction = responder.transaction;
            self.tcap.release(transaction, now);
            self.responders.remove(&id);
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
        let Some(responder) = self.responders.get(&id) else { return };
        let remote = responder.remote.clone();
        self.refused(why, remote);
        let problem = Problem::Invoke(problem);
        self.send_answer(id, vec![Component::Reject { invoke_id: Some(invoke_id), problem }], false, now);
    }

    /// Sends components to the peer: in a CONTINUE if the dialogue stays open, else in an END.
    fn send_answer(&mut self, id: DialogueId, components: Vec<Component>, keep_open: bool, now: Instant) {
        let Some(responder) = self.responders.get_mut(&id) else { return };
        let (transaction, acceptance) = (responder.transaction, responder.acceptance.take());
        responder.pending = None;
        let sent = if keep_open {
            self.tcap.proceed(transaction, acceptance, components, now)
        } else {
            self.tcap.end(transaction, acceptance, components, now)
        };
        if sent.is_err() {
            return self.abort_responder(id, UserAbort::Abrt { user_information: None }, now);
        }
        if !keep_open {
            self.responders.remove(&id);
            self.transactions.remove(&transaction);
        }
    }

    fn abort_responder(&mut self, id: DialogueId, why: UserAbort, now: Instant) {
        if let Some(responder) = self.responders.remove(&id) {
            self.transactions.remove(&responder.transaction);
            self.tcap.abort(responder.transaction, why, now);
        }
    }

    /// Removes a dialogue that the peer or a timer has ended.
    fn peer_closed(&mut self, id: DialogueId) {
        if let Some(responder) = self.responders.remove(&id) {
            self.transactions.remove(&responder.transaction);
            self.outputs.push_back(Output::Closed { dialogue: id });
        }
    }
}

/// The context and version of a proposed name, or the reason to refuse it and the name to offer instead.
fn supported_context(proposed: &Oid) -> Result<(Context, Version), (Screening, Option<Oid>)> {
    let (context, number) = Context::from_oid(proposed.as_octets()).ok_or((Screening::Context, None))?;
    let version = Version::from_number(number).filter(|version| *version <= context.version_max());
    version.map(|version| (context, version)).ok_or_else(|| {
        let offered = Oid::from_octets(&context.oid(context.version_max()));
        (Screening::Version(context), offered)
    })
}
