//! What our own user asks for (Q.771).

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use bytes::Bytes;

use super::Tcap;
use super::dialogue::{Dialogue, State};
use crate::ber::Oid;
use crate::component::Component;
use crate::dialogue::{DialoguePortion, Proposal};
use crate::error::Error;
use crate::event::{Diagnostic, DialogueId};
use crate::message::{Parts, TransactionId};
use crate::request::{Begin, DialogueAnswer, UserAbort};

impl<A: Clone + Eq + Hash + Debug> Tcap<A> {
    /// Opens a dialogue: TC-BEGIN.
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`], or [`Error::InvokeIdInUse`] if two Invokes have the same id.
    pub fn begin(&mut self, begin: Begin<A>, now: Instant) -> Result<DialogueId, Error> {
        let Begin { local, remote, application_context, user_information, components, idle } = begin;
        let idle = idle.unwrap_or(self.settings.idle);
        let mut dialogue = Dialogue::new(local, remote, None, application_context, idle, now);
        dialogue.check(&components)?;
        let components = dialogue.speak(components, now);
        let id = self.table.insert(dialogue, now).ok_or(Error::TableFull)?;
        let portion = application_context.map(|context| proposal(context, user_information));
        let octets = Parts::begin(id.0.into()).with(portion.as_ref(), &components).encode();
        self.send(id, octets, true);
        Ok(id)
    }

    /// Says more in a dialogue: TC-CONTINUE. The first one to a peer's dialogue accepts it with
    /// `answer`, which counts in no other and not in a dialogue without a dialogue portion.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownDialogue`], [`Error::NotAnswered`] or [`Error::InvokeIdInUse`].
    pub fn proceed(
        &mut self,
        dialogue: DialogueId,
        answer: Option<DialogueAnswer>,
        components: Vec<Component>,
        now: Instant,
    ) -> Result<(), Error> {
        let peer = self.speaks(dialogue, &components)?;
        let portion = self.acceptance(dialogue, answer);
        let speak = |open: &mut Dialogue<A>| {
            open.state = State::Active;
            open.speak(components, now)
        };
        let components = self.table.change(dialogue, speak).unwrap_or_default();
        let parts = Parts::proceed(dialogue.0.into(), peer);
        self.send(dialogue, parts.with(portion.as_ref(), &components).encode(), false);
        Ok(())
    }

    /// Says the last words and ends a dialogue: TC-END, basic end. `answer` is as in [`Tcap::proceed`].
    /// What an Invoke in it may report is lost.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownDialogue`], [`Error::NotAnswered`] or [`Error::InvokeIdInUse`].
    pub fn end(
        &mut self,
        dialogue: DialogueId,
        answer: Option<DialogueAnswer>,
        components: Vec<Component>,
        now: Instant,
    ) -> Result<(), Error> {
        let peer = self.speaks(dialogue, &components)?;
        let portion = self.acceptance(dialogue, answer);
        let components = self.table.change(dialogue, |open| open.speak(components, now)).unwrap_or_default();
        self.send(dialogue, Parts::end(peer).with(portion.as_ref(), &components).encode(), false);
        self.table.remove(dialogue, now);
        Ok(())
    }

    /// Ends a dialogue without a word: TC-END, pre-arranged end. A dialogue that is over already is
    /// left alone.
    pub fn release(&mut self, dialogue: DialogueId, now: Instant) {
        self.table.remove(dialogue, now);
    }

    /// Ends a dialogue at once: TC-U-ABORT. Nothing is sent to a peer that has not answered the
    /// BEGIN. A dialogue that is over already is left alone.
    pub fn abort(&mut self, dialogue: DialogueId, reason: UserAbort, now: Instant) {
        let Some(open) = self.table.get(dialogue) else { return };
        if let Some(peer) = open.peer {
            let portion = open.application_context.and_then(|context| {
                let unanswered = open.state == State::Received;
                refusal(reason, context, unanswered)
            });
            self.send(dialogue, Parts::abort(peer).with(portion.as_ref(), &[]).encode(), false);
        }
        self.table.remove(dialogue, now);
    }

    /// How many octets a BEGIN with these contents takes.
    #[must_use]
    pub fn size_of_begin(
        &self,
        application_context: Option<Oid>,
        user_information: Option<Bytes>,
        components: &[Component],
    ) -> usize {
        let portion = application_context.map(|context| proposal(context, user_information));
        Parts::begin(OUR_ID).with(portion.as_ref(), components).encode().len()
    }

    /// How many octets a CONTINUE with these contents takes at most.
    #[must_use]
    pub fn size_of_continue(&self, answer: Option<DialogueAnswer>, components: &[Component]) -> usize {
        let portion = answer.map(accepted);
        Parts::proceed(OUR_ID, OUR_ID).with(portion.as_ref(), components).encode().len()
    }

    /// The peer's transaction, if the user may send these components to it.
    fn speaks(&self, dialogue: DialogueId, components: &[Component]) -> Result<TransactionId, Error> {
        let open = self.table.get(dialogue).ok_or(Error::UnknownDialogue)?;
        let peer = open.peer.ok_or(Error::NotAnswered)?;
        open.check(components)?;
        Ok(peer)
    }

    fn acceptance(&self, dialogue: DialogueId, answer: Option<DialogueAnswer>) -> Option<DialoguePortion> {
        let open = self.table.get(dialogue)?;
        open.application_context.filter(|_| open.state == State::Received)?;
        answer.map(accepted)
    }
}

/// A transaction id of the length that all of ours have.
const OUR_ID: TransactionId = TransactionId::LONGEST;

fn proposal(application_context: Oid, user_information: Option<Bytes>) -> DialoguePortion {
    DialoguePortion::Aarq(Proposal { version_1: true, application_context, user_information })
}

fn accepted(answer: DialogueAnswer) -> DialoguePortion {
    let DialogueAnswer { application_context, user_information } = answer;
    let diagnostic = Diagnostic::User(0);
    DialoguePortion::Aare { application_context, accepted: true, diagnostic, user_information }
}

/// What an ABORT says in a dialogue about `proposed`. Only one that was not answered can be refused.
fn refusal(reason: UserAbort, proposed: Oid, unanswered: bool) -> Option<DialoguePortion> {
    let reject = |application_context, diagnostic| DialoguePortion::Aare {
        application_context,
        accepted: false,
        diagnostic: Diagnostic::User(diagnostic),
        user_information: None,
    };
    match reason {
        UserAbort::RefuseContext { offered } if unanswered => Some(reject(offered.unwrap_or(proposed), 2)),
        UserAbort::DialogueRefused if unanswered => Some(reject(proposed, 1)),
        UserAbort::RefuseContext { .. } | UserAbort::DialogueRefused => {
            Some(DialoguePortion::Abrt { by_provider: false, user_information: None })
        }
        UserAbort::Abrt { user_information } => {
            Some(DialoguePortion::Abrt { by_provider: false, user_information })
        }
        UserAbort::Plain => None,
    }
}
