//! Initiator side of a dialogue: opening, further requests and close (TS 29.002 §7.3, §15).

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use tcap::{Begin, PAbortCause};

use super::dialogue::{Initiator, State};
use super::event::{DialogueId, Failure, Open};
use super::{Map, application_context, invoke};
use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::{Request, Response};

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    /// Opens a dialogue with one request, which ends in one [`Output::Confirm`](crate::Output::Confirm).
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`], [`Error::Unwritable`], or [`Error::NotInVersion`] for an operation that the
    /// forced version does not have, and for informServiceCentre, which opens no dialogue.
    pub fn open(&mut self, open: Open<A>, now: Instant) -> Result<DialogueId, Error> {
        if matches!(open.request, Request::InformServiceCentre(_)) {
            return Err(Error::NotInVersion);
        }
        let context = open.request.context();
        let highest = open.version_max.min(context.version_max());
        let version = match open.version {
            Some(forced) => forced,
            None => self.versions.first(context, &open.peer, highest, now),
        };
        let (transaction, state) = self.begin(&open, context, version, now)?;
        let id = self.new_id();
        let initiator = Initiator {
            transaction,
            open,
            context,
            version,
            peer_responded: false,
            state,
            invoke_id: 1,
            result: None,
            informed: None,
        };
        self.transactions.insert(transaction, id);
        self.initiators.insert(id, initiator);
        self.release_class_4(id, now);
        self.drain(now);
        Ok(id)
    }

    /// Sends another request in a dialogue left open by the last [`Output::Confirm`](crate::Output::Confirm).
    ///
    /// # Errors
    ///
    /// [`Error::NotOpen`] if the dialogue has ended, has a pending request, or has another context;
    /// [`Error::Unwritable`].
    pub fn next(&mut self, dialogue: DialogueId, request: Request, now: Instant) -> Result<(), Error> {
        let initiator = self.initiators.get_mut(&dialogue).ok_or(Error::NotOpen)?;
        if initiator.state != State::Idle || request.context() != initiator.context {
            return Err(Error::NotOpen);
        }
        let invoke_id = initiator.invoke_id.wrapping_add(1);
        let component = invoke(&request, initiator.version, invoke_id, &self.timers)?;
        self.tcap.proceed(initiator.transaction, None, vec![component], now)?;
        initiator.open.request = request;
        initiator.invoke_id = invoke_id;
        initiator.state = State::AwaitingResult(invoke_id);
        self.drain(now);
        Ok(())
    }

    /// Ends a dialogue, of either side. A pending request in it is abandoned and not confirmed. No effect
    /// on a dialogue that has ended.
    pub fn close(&mut self, dialogue: DialogueId, now: Instant) {
        if let Some(initiator) = self.initiators.get(&dialogue) {
            let (transaction, idle) = (initiator.transaction, initiator.state == State::Idle);
            self.end_transaction(transaction, idle, now);
            self.remove_initiator(dialogue);
        } else if let Some(responder) = self.responders.remove(&dialogue) {
            let transaction = responder.transaction;
            self.transactions.remove(&transaction);
            self.end_transaction(transaction, responder.pending.is_none(), now);
        }
        self.drain(now);
    }

    pub(super) fn initiator_event(&mut self, id: DialogueId, output: tcap::Output<A>, now: Instant) {
        match output {
            tcap::Output::Continued { context, components, .. } => {
                let proposed = context.map(|result| result.application_context);
                self.continued(id, proposed, components, now);
            }
            tcap::Output::Ended { components, .. } => {
                self.handle_components(id, components, None);
                self.finish(id, Failure::ClosedEarly);
            }
            tcap::Output::UserAborted { reason, application_context, user_information, .. } => {
                self.user_abort(id, reason, application_context, user_information.as_ref(), now);
            }
            tcap::Output::ProviderAborted { cause, .. } => {
                let failure = Failure::ProviderAbort(cause);
                let no_dialogue_portion = matches!(
                    cause,
                    PAbortCause::IncorrectTransactionPortion | PAbortCause::NoCommonDialoguePortion
                );
                let next = no_dialogue_portion.then_some(Version::V1);
                self.fall_back_or_finish(id, next, failure, now);
            }
            tcap::Output::Unanswered { .. } => self.fail(id, Failure::Timeout, now),
            tcap::Output::Rejected { invoke_id, problem, .. } => {
                self.local_reject(id, invoke_id, problem, now);
            }
            tcap::Output::TimedOut { .. } => self.finish(id, Failure::Timeout),
            tcap::Output::Undelivered { cause, .. } => self.fail(id, Failure::Undelivered(cause), now),
            _ => {}
        }
    }

    /// Sends a BEGIN in `version`: with the request, or without it if it does not fit.
    pub(super) fn begin(
        &mut self,
        open: &Open<A>,
        context: Context,
        version: Version,
        now: Instant,
    ) -> Result<(tcap::DialogueId, State), Error> {
        let application_context = application_context(context, version);
        let mut components = vec![invoke(&open.request, version, 1, &self.timers)?];
        let relay = matches!(context, Context::ShortMsgMtRelay | Context::ShortMsgMoRelay);
        let split = relay
            && application_context.is_some()
            && self.tcap.size_of_begin(application_context, None, &components) > open.room;
        if split {
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
        Ok((transaction, if split { State::AwaitingAcceptance } else { State::AwaitingResult(1) }))
    }

    /// Ends the dialogue of a class 4 operation, which has no response, by a pre-arranged end.
    pub(super) fn release_class_4(&mut self, id: DialogueId, now: Instant) {
        let Some(initiator) = self.initiators.get_mut(&id) else { return };
        if initiator.open.request.is_answered(initiator.version) {
            return;
        }
        initiator.result = Some(Ok(match &initiator.open.request {
            Request::ReadyForSm(_) => Response::ReadyForSm,
            _ => Response::AlertServiceCentre,
        }));
        self.tcap.release(initiator.transaction, now);
        self.drain(now);
        self.finish(id, Failure::Timeout);
    }
}
