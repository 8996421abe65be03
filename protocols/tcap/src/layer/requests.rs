//! Requests of the local TCAP user: TC-BEGIN, TC-CONTINUE, TC-END, TC-U-ABORT (Q.771).

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
    /// TC-BEGIN request: opens a dialogue.
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`], or [`Error::InvokeIdInUse`] if two Invokes have the same id.
    pub fn begin(&mut self, begin: Begin<A>, now: Instant) -> Result<DialogueId, Error> {
        let Begin { local, remote, application_context, user_information, components, idle } = begin;
        let idle = idle.unwrap_or(self.settings.idle);
        let mut dialogue = Dialogue::new(local, remote, None, application_context, idle, now);
        dialogue.check(&components)?;
        let components = dialogue.send_components(components, now);
        let id = self.table.insert(dialogue, now).ok_or(Error::TableFull)?;
        let portion = application_context.map(|context| proposal(context, user_information));
        let octets = Parts::begin(id.0.into()).with(portion.as_ref(), &components).encode();
        self.send(id, octets, true);
        Ok(id)
    }

    /// TC-CONTINUE request. The first one in a peer's dialogue accepts it with `answer`, which is ignored
    /// later and in a dialogue without a dialogue portion.
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
        let peer = self.sendable_peer(dialogue, &components)?;
        let portion = self.acceptance(dialogue, answer);
        let send_components = |open: &mut Dialogue<A>| {
            open.state = State::Active;
            open.send_components(components, now)
        };
        let components = self.table.change(dialogue, send_components).unwrap_or_default();
        let parts = Parts::proceed(dialogue.0.into(), peer);
        self.send(dialogue, parts.with(portion.as_ref(), &components).encode(), false);
        Ok(())
    }

    /// TC-END request, basic end: sends an END. `answer` is as in [`Tcap::proceed`]. An Invoke in it has
    /// no outcome.
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
        let peer = self.sendable_peer(dialogue, &components)?;
        let portion = self.acceptance(dialogue, answer);
        let components =
            self.table.change(dialogue, |open| open.send_components(components, now)).unwrap_or_default();
        self.send(dialogue, Parts::end(peer).with(portion.as_ref(), &components).encode(), false);
        self.table.remove(dialogue, now);
        Ok(())
    }

    /// TC-END request, pre-arranged end: sends nothing. No effect if the dialogue has ended.
    pub fn release(&mut self, dialogue: DialogueId, now: Instant) {
        self.table.remove(dialogue, now);
    }

    /// TC-U-ABORT request. Sends nothing to a peer that has not answered the BEGIN. No effect if the
    /// dialogue has ended.
    pub fn abort(&mut self, dialogue: DialogueId, reason: UserAbort, now: Instant) {
        let Some(open) = self.table.get(dialogue) else { return };
        if let Some(peer) = open.peer {
            let portion = open.application_context.and_then(|context| {
                let unanswered = open.state == State::InitiationReceived;
                refusal(reason, context, unanswered)
            });
            self.send(dialogue, Parts::abort(peer).with(portion.as_ref(), &[]).encode(), false);
        }
        self.table.remove(dialogue, now);
    }

    /// The length in octets of a BEGIN with these contents.
    #[must_use]
    pub fn size_of_begin(
        &self,
        application_context: Option<Oid>,
        user_information: Option<Bytes>,
        components: &[Component],
    ) -> usize {
        let portion = application_context.map(|context| proposal(context, user_information));
        Parts::begin(LONGEST_ID).with(portion.as_ref(), components).encode().len()
    }

    /// The greatest length in octets of a CONTINUE with these contents.
    #[must_use]
    pub fn size_of_continue(&self, answer: Option<DialogueAnswer>, components: &[Component]) -> usize {
        let portion = answer.map(aare_accepted);
        Parts::proceed(LONGEST_ID, LONGEST_ID).with(portion.as_ref(), components).encode().len()
    }

    /// The peer's transaction id, if the user may send these components.
    fn sendable_peer(&self, dialogue: DialogueId, components: &[Component]) -> Result<TransactionId, Error> {
        let open = self.table.get(dialogue).ok_or(Error::UnknownDialogue)?;
        let peer = open.peer.ok_or(Error::NotAnswered)?;
        open.check(components)?;
        Ok(peer)
    }

    fn acceptance(&self, dialogue: DialogueId, answer: Option<DialogueAnswer>) -> Option<DialoguePortion> {
        let open = self.table.get(dialogue)?;
        open.application_context.filter(|_| open.state == State::InitiationReceived)?;
        answer.map(aare_accepted)
    }
}

/// A transaction id of the length of all local ones.
const LONGEST_ID: TransactionId = TransactionId::LONGEST;

fn proposal(application_context: Oid, user_information: Option<Bytes>) -> DialoguePortion {
    DialoguePortion::Aarq(Proposal { version_1: true, application_context, user_information })
}

fn aare_accepted(answer: DialogueAnswer) -> DialoguePortion {
    let DialogueAnswer { application_context, user_information } = answer;
    let diagnostic = Diagnostic::User(0);
    DialoguePortion::Aare { application_context, accepted: true, diagnostic, user_information }
}

/// The dialogue portion of an ABORT. Only a dialogue that was not answered can be refused.
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
