//! What arrives from peers, and what comes back from the network (Q.774 §3.2, §3.3).

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use bytes::Bytes;

use super::Tcap;
use super::dialogue::{Dialogue, Heard, State};
use crate::ber::Oid;
use crate::component::{Broken, Component};
use crate::dialogue::DialoguePortion;
use crate::event::{AbortReason, Diagnostic, DialogueId, DialogueResult, Output, PAbortCause, Refusal};
use crate::message::{self, Abort, Decoded, Malformed, Message, Parts, TransactionId};

/// Who sent a message, and to which address of ours.
struct Ends<A> {
    local: A,
    remote: A,
}

/// What a message says, apart from transaction ids.
struct Said {
    portion: Option<DialoguePortion>,
    components: Vec<Component>,
    broken: Option<Broken>,
}

impl<A: Clone + Eq + Hash + Debug> Tcap<A> {
    pub(super) fn received(&mut self, local: A, remote: A, octets: &Bytes, now: Instant) {
        let ends = Ends { local, remote };
        let Decoded { message, broken } = match Message::decode(octets) {
            Ok(decoded) => decoded,
            Err(malformed) => return self.malformed(ends, malformed, now),
        };
        match message {
            Message::Unidirectional { dialogue, components } => {
                self.unidirectional(ends, dialogue, components);
            }
            Message::Begin { otid, dialogue: portion, components } => {
                self.begun(ends, otid, Said { portion, components, broken }, now);
            }
            Message::Continue { otid, dtid, dialogue: portion, components } => {
                self.continued(ends, otid, dtid, Said { portion, components, broken }, now);
            }
            Message::End { dtid, dialogue: portion, components } => {
                self.ended(ends, dtid, Said { portion, components, broken }, now);
            }
            Message::Abort { dtid, abort } => self.aborted(ends, dtid, abort, now),
        }
    }

    /// A message of ours came back: only BEGIN and CONTINUE still name a dialogue of ours.
    pub(super) fn undelivered(&mut self, octets: &[u8], cause: u8, now: Instant) {
        let glimpse = message::glimpse(octets);
        let dialogue = glimpse.otid.map(ours);
        let state = dialogue.and_then(|dialogue| self.table.get(dialogue)).map(|open| open.state);
        let (Some(dialogue), Some(state)) = (dialogue, state) else {
            return self.refuse(None, Refusal::ReturnedStray);
        };
        match (state, glimpse.is_begin()) {
            (State::Begun, true) => {
                self.table.remove(dialogue, now);
                self.outputs.push_back(Output::Undelivered { dialogue, cause });
            }
            (State::Active, false) => self.outputs.push_back(Output::Undelivered { dialogue, cause }),
            _ => self.refuse(None, Refusal::ReturnedStray),
        }
    }

    /// Both sides of the transaction are told, as far as the message names them (Q.774 §3.3.4).
    fn malformed(&mut self, ends: Ends<A>, malformed: Malformed, now: Instant) {
        let Malformed { otid, dtid, cause } = malformed;
        let open = dtid
            .map(ours)
            .filter(|&dialogue| self.table.get(dialogue).is_some_and(|open| open.state != State::Received));
        match open {
            Some(dialogue) => {
                self.table.remove(dialogue, now);
                self.outputs.push_back(Output::ProviderAborted { dialogue, cause });
            }
            None => self.refuse(Some(ends.remote.clone()), Refusal::Malformed(cause)),
        }
        if let Some(otid) = otid {
            self.answer(ends.local, ends.remote, otid, Parts::provider_abort(otid, cause));
        }
    }

    fn unidirectional(
        &mut self,
        ends: Ends<A>,
        portion: Option<DialoguePortion>,
        components: Vec<Component>,
    ) {
        let application_context = match portion {
            None => None,
            Some(DialoguePortion::Audt(proposal)) => Some(proposal.application_context),
            Some(_) => {
                return self.refuse(Some(ends.remote), Refusal::Dialogue(PAbortCause::AbnormalDialogue));
            }
        };
        let Ends { local, remote } = ends;
        self.outputs.push_back(Output::Unidirectional { local, remote, application_context, components });
    }

    fn begun(&mut self, ends: Ends<A>, otid: TransactionId, said: Said, now: Instant) {
        let (application_context, user_information) = match said.portion {
            None => (None, None),
            Some(DialoguePortion::Aarq(proposal)) if proposal.version_1 => {
                (Some(proposal.application_context), proposal.user_information)
            }
            Some(DialoguePortion::Aarq(proposal)) => {
                let portion = no_common_version(proposal.application_context);
                return self.refuse_dialogue(ends, otid, &portion, PAbortCause::NoCommonDialoguePortion);
            }
            Some(_) => {
                return self.refuse_dialogue(ends, otid, &ABNORMAL, PAbortCause::AbnormalDialogue);
            }
        };
        let Ends { local, remote } = ends;
        let idle = self.settings.idle;
        let mut open =
            Dialogue::new(local.clone(), remote.clone(), Some(otid), application_context, idle, now);
        let Heard { components, rejected } = open.hear(said.components, said.broken, now);
        let Some(dialogue) = self.table.insert(open, now) else {
            self.refuse(Some(remote.clone()), Refusal::TableFull);
            let parts = Parts::provider_abort(otid, PAbortCause::ResourceLimitation);
            return self.answer(local, remote, otid, parts);
        };
        self.outputs.push_back(Output::Begun {
            dialogue,
            local,
            remote,
            application_context,
            user_information,
            components,
        });
        self.tell_rejected(dialogue, rejected);
    }

    fn continued(
        &mut self,
        ends: Ends<A>,
        otid: TransactionId,
        dtid: TransactionId,
        said: Said,
        now: Instant,
    ) {
        let dialogue = ours(dtid);
        let known = self.table.get(dialogue).filter(|open| match open.state {
            State::Begun => true,
            State::Received => false,
            // A second peer that answers, since the BEGIN was doubled on its way, is not ours.
            State::Active => open.peer == Some(otid),
        });
        let Some(open) = known else {
            self.refuse(Some(ends.remote.clone()), Refusal::UnknownTransaction);
            let parts = Parts::provider_abort(otid, PAbortCause::UnrecognizedTransactionId);
            return self.answer(ends.local, ends.remote, otid, parts);
        };
        let Ok(context) = acceptance(open, said.portion) else {
            self.table.remove(dialogue, now);
            let cause = PAbortCause::AbnormalDialogue;
            self.outputs.push_back(Output::ProviderAborted { dialogue, cause });
            let parts = Parts::abort(otid).with(Some(&ABNORMAL), &[]);
            return self.answer(ends.local, ends.remote, otid, parts);
        };
        let hear = |open: &mut Dialogue<A>| {
            if open.state == State::Begun {
                open.state = State::Active;
                open.peer = Some(otid);
                // The answer may come from another address than was asked, and is the one to use.
                open.remote = ends.remote;
            }
            open.hear(said.components, said.broken, now)
        };
        let Heard { components, rejected } = self.table.change(dialogue, hear).unwrap_or_default();
        self.outputs.push_back(Output::Continued { dialogue, context, components });
        self.tell_rejected(dialogue, rejected);
    }

    fn ended(&mut self, ends: Ends<A>, dtid: TransactionId, said: Said, now: Instant) {
        let dialogue = ours(dtid);
        let Some(mut open) = self.take_answered(dialogue, now) else {
            return self.refuse(Some(ends.remote), Refusal::UnknownTransaction);
        };
        let Ok(context) = acceptance(&open, said.portion) else {
            let cause = PAbortCause::AbnormalDialogue;
            return self.outputs.push_back(Output::ProviderAborted { dialogue, cause });
        };
        let Heard { components, rejected } = open.hear(said.components, said.broken, now);
        self.tell_rejected(dialogue, rejected);
        self.outputs.push_back(Output::Ended { dialogue, context, components });
    }

    fn aborted(&mut self, ends: Ends<A>, dtid: TransactionId, abort: Abort, now: Instant) {
        let dialogue = ours(dtid);
        if self.take_answered(dialogue, now).is_none() {
            return self.refuse(Some(ends.remote), Refusal::UnknownTransaction);
        }
        self.outputs.push_back(match abort {
            Abort::Provider(cause) => Output::ProviderAborted { dialogue, cause },
            Abort::User(portion) => user_aborted(dialogue, portion),
        });
    }

    /// Ends a dialogue whose transaction id the peer can know.
    fn take_answered(&mut self, dialogue: DialogueId, now: Instant) -> Option<Dialogue<A>> {
        self.table.get(dialogue).filter(|open| open.state != State::Received)?;
        self.table.remove(dialogue, now)
    }

    fn tell_rejected(&mut self, dialogue: DialogueId, rejected: Vec<(Option<i8>, crate::Problem)>) {
        let outputs = rejected.into_iter().map(|(invoke_id, problem)| Output::Rejected {
            dialogue,
            invoke_id,
            problem,
        });
        self.outputs.extend(outputs);
    }

    fn refuse_dialogue(
        &mut self,
        ends: Ends<A>,
        otid: TransactionId,
        portion: &DialoguePortion,
        cause: PAbortCause,
    ) {
        self.refuse(Some(ends.remote.clone()), Refusal::Dialogue(cause));
        self.answer(ends.local, ends.remote, otid, Parts::abort(otid).with(Some(portion), &[]));
    }

    fn refuse(&mut self, remote: Option<A>, refusal: Refusal) {
        self.outputs.push_back(Output::Refused { remote, refusal });
    }
}

/// Breaks a dialogue off whose dialogue portion makes no sense.
const ABNORMAL: DialoguePortion = DialoguePortion::Abrt { by_provider: true, user_information: None };

const fn no_common_version(application_context: Oid) -> DialoguePortion {
    DialoguePortion::Aare {
        application_context,
        accepted: false,
        diagnostic: Diagnostic::Provider(2),
        user_information: None,
    }
}

/// The dialogue that has this transaction id.
fn ours(id: TransactionId) -> DialogueId {
    DialogueId(id.value())
}

/// A dialogue portion that does not belong where it stands.
struct Abnormal;

/// How a peer accepts. It may leave that out, and may say it again later.
fn acceptance<A>(
    open: &Dialogue<A>,
    portion: Option<DialoguePortion>,
) -> Result<Option<DialogueResult>, Abnormal> {
    match portion {
        None => Ok(None),
        Some(DialoguePortion::Aare { application_context, accepted: true, user_information, .. })
            if open.application_context.is_some() =>
        {
            let first = open.state == State::Begun;
            Ok(first.then_some(DialogueResult { application_context, user_information }))
        }
        Some(_) => Err(Abnormal),
    }
}

fn user_aborted<A>(dialogue: DialogueId, portion: Option<DialoguePortion>) -> Output<A> {
    let cause = |cause| Output::ProviderAborted { dialogue, cause };
    let (reason, application_context, user_information) = match portion {
        None | Some(DialoguePortion::Foreign(_)) => (AbortReason::Plain, None, None),
        Some(DialoguePortion::Abrt { by_provider: false, user_information }) => {
            (AbortReason::Abrt, None, user_information)
        }
        Some(DialoguePortion::Aare { accepted: false, diagnostic: Diagnostic::Provider(2), .. }) => {
            return cause(PAbortCause::NoCommonDialoguePortion);
        }
        Some(DialoguePortion::Aare {
            accepted: false,
            application_context,
            diagnostic,
            user_information,
        }) => {
            let reason = match diagnostic {
                Diagnostic::User(2) => AbortReason::ContextNotSupported,
                other => AbortReason::DialogueRefused(other),
            };
            (reason, Some(application_context), user_information)
        }
        Some(_) => return cause(PAbortCause::AbnormalDialogue),
    };
    Output::UserAborted { dialogue, reason, application_context, user_information }
}
