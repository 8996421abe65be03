//! Dialogues that we open: one request after another, in the highest version that the peer takes.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use tcap::{Begin, PAbortCause};

use super::event::{DialogueId, Failure, Open};
use super::{Map, application_context, invoke};
use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::{InformServiceCentreArg, Request, Response};

/// Where a dialogue of ours stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
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
    pub(super) transaction: tcap::DialogueId,
    pub(super) open: Open<A>,
    pub(super) context: Context,
    pub(super) version: Version,
    /// The peer has spoken in this transaction.
    pub(super) answered: bool,
    pub(super) state: State,
    pub(super) invoke_id: i8,
    pub(super) result: Option<Result<Response, Failure>>,
    pub(super) informed: Option<InformServiceCentreArg>,
}

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    /// Opens a dialogue with one request. Its end comes as one [`Output::Confirm`](crate::Output::Confirm).
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`], [`Error::Unwritable`], or [`Error::NotInVersion`] for an operation that the
    /// version forced does not have, and for informServiceCentre, which opens no dialogue.
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

    /// Sends another request in a dialogue that the last [`Output::Confirm`](crate::Output::Confirm) left open.
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
    pub(super) fn release_unanswered(&mut self, id: DialogueId, now: Instant) {
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
}
