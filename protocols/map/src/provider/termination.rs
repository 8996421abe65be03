//! Termination of an initiator's dialogue: version fallback, confirmation, timeout (TS 29.002 §15).

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use bytes::Bytes;
use tcap::{AbortReason, Diagnostic, Oid, UserAbort};

use super::Map;
use super::dialogue::{Initiator, State};
use super::event::{DialogueId, Failure, Output};
use crate::context::{Context, Version};
use crate::operation::Response;

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    pub(super) fn user_abort(
        &mut self,
        id: DialogueId,
        reason: AbortReason,
        offered: Option<Oid>,
        user_information: Option<&Bytes>,
        now: Instant,
    ) {
        let Some(initiator) = self.initiators.get(&id) else { return };
        let offered = offered
            .and_then(|oid| Context::from_oid(oid.as_octets()))
            .filter(|(context, _)| *context == initiator.context)
            .and_then(|(_, number)| Version::from_number(number))
            .filter(|version| *version < initiator.version);
        let failure = Failure::UserAbort(reason);
        match reason {
            AbortReason::ContextNotSupported => {
                let next = offered.or_else(|| initiator.version.lower());
                self.fall_back_or_finish(id, next, Failure::VersionUnsupported, now);
            }
            // A node of version 1 refuses without user information. MAP-RefuseInfo is a refusal proper.
            AbortReason::DialogueRefused(Diagnostic::User(0 | 1) | Diagnostic::Provider(_))
                if user_information.is_none() =>
            {
                self.fall_back_or_finish(id, Some(Version::V1), failure, now);
            }
            AbortReason::Plain => self.fall_back_or_finish(id, Some(Version::V1), failure, now),
            _ => self.finish(id, failure),
        }
    }

    /// Repeats the request in a lower version, if there is one and the peer has not responded yet; else
    /// confirms the failure. Versions only decrease, so that each is tried once.
    pub(super) fn fall_back_or_finish(
        &mut self,
        id: DialogueId,
        next: Option<Version>,
        failure: Failure,
        now: Instant,
    ) {
        let Some(mut initiator) = self.initiators.remove(&id) else { return };
        let next = next.filter(|next| {
            let unanswered = matches!(initiator.state, State::AwaitingAcceptance | State::AwaitingResult(_));
            let free = initiator.open.version.is_none() && !initiator.peer_responded && unanswered;
            free && *next < initiator.version
        });
        if let Some(next) = next {
            self.versions.refused(initiator.context, &initiator.open.peer, next, now);
            if let Ok((transaction, state)) = self.begin(&initiator.open, initiator.context, next, now) {
                self.transactions.remove(&initiator.transaction);
                self.transactions.insert(transaction, id);
                initiator.transaction = transaction;
                initiator.version = next;
                initiator.state = state;
                self.initiators.insert(id, initiator);
                return self.release_class_4(id, now);
            }
        }
        self.initiators.insert(id, initiator);
        self.finish(id, failure);
    }

    /// Confirms the results for which no informServiceCentre came in time.
    pub(super) fn expire_inform_waits(&mut self, now: Instant) {
        while let Some(&(due, id)) = self.inform_deadlines.first() {
            if due > now {
                return;
            }
            self.inform_deadlines.remove(&(due, id));
            if let Some(initiator) = self.initiators.get(&id) {
                self.end_transaction(initiator.transaction, true, now);
            }
            self.finish(id, Failure::Timeout);
            self.drain(now);
        }
    }

    /// Aborts a dialogue that has failed locally.
    pub(super) fn fail(&mut self, id: DialogueId, failure: Failure, now: Instant) {
        if let Some(initiator) = self.initiators.get(&id) {
            self.end_transaction(initiator.transaction, false, now);
        }
        self.finish(id, failure);
    }

    /// Ends a transaction: with an END if no request is pending in it, else with an ABORT.
    pub(super) fn end_transaction(&mut self, transaction: tcap::DialogueId, idle: bool, now: Instant) {
        if !idle || self.tcap.end(transaction, None, Vec::new(), now).is_err() {
            self.tcap.abort(transaction, UserAbort::Abrt { user_information: None }, now);
        }
    }

    /// Removes the dialogue and confirms its result, or else the failure.
    pub(super) fn finish(&mut self, id: DialogueId, failure: Failure) {
        self.record_version(id);
        let Some(mut initiator) = self.remove_initiator(id) else { return };
        let output = match (initiator.result.take(), initiator.state) {
            (None, State::Idle) => Output::Closed { dialogue: id },
            (result, _) => initiator.confirm(id, result.unwrap_or(Err(failure)), false),
        };
        self.outputs.push_back(output);
    }

    /// Records the version if the peer's MAP user has responded in it.
    pub(super) fn record_version(&mut self, id: DialogueId) {
        if let Some(initiator) = self.initiators.get(&id).filter(|initiator| initiator.peer_responded) {
            self.versions.answered(initiator.context, &initiator.open.peer, initiator.version);
        }
    }

    pub(super) fn remove_initiator(&mut self, id: DialogueId) -> Option<Initiator<A>> {
        let initiator = self.initiators.remove(&id)?;
        self.transactions.remove(&initiator.transaction);
        if let State::AwaitingInform(due) = initiator.state {
            self.inform_deadlines.remove(&(due, id));
        }
        Some(initiator)
    }
}

impl<A: Clone> Initiator<A> {
    pub(super) fn confirm(
        &mut self,
        dialogue: DialogueId,
        result: Result<Response, Failure>,
        open: bool,
    ) -> Output<A> {
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
}
