//! How dialogues of ours end: in a lower version, in a confirmation, or for nobody.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use bytes::Bytes;
use tcap::{AbortReason, Diagnostic, Oid, UserAbort};

use super::Map;
use super::asking::{Asking, State};
use super::event::{DialogueId, Failure, Output};
use crate::context::{Context, Version};
use crate::operation::Response;

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    pub(super) fn user_aborted(
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
    pub(super) fn fall_back_or(
        &mut self,
        id: DialogueId,
        next: Option<Version>,
        failure: Failure,
        now: Instant,
    ) {
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

    /// Ends a dialogue that has failed on our side.
    pub(super) fn give_up(&mut self, id: DialogueId, failure: Failure, now: Instant) {
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
    pub(super) fn finish(&mut self, id: DialogueId, failure: Failure) {
        self.note_version(id);
        let Some(mut asking) = self.forget(id) else { return };
        let output = match (asking.result.take(), asking.state) {
            (None, State::Idle) => Output::Closed { dialogue: id },
            (result, _) => asking.confirm(id, result.unwrap_or(Err(failure)), false),
        };
        self.outputs.push_back(output);
    }

    /// An answer of a user proves the version. What the network or nobody says does not.
    pub(super) fn note_version(&mut self, id: DialogueId) {
        if let Some(asking) = self.asking.get(&id).filter(|asking| asking.answered) {
            self.versions.answered(asking.context, &asking.open.peer, asking.version);
        }
    }

    pub(super) fn forget(&mut self, id: DialogueId) -> Option<Asking<A>> {
        let asking = self.asking.remove(&id)?;
        self.transactions.remove(&asking.transaction);
        if let State::Settling(due) = asking.state {
            self.settling.remove(&(due, id));
        }
        Some(asking)
    }
}

impl<A: Clone> Asking<A> {
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
