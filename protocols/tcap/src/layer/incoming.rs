//! Messages received from peers or returned by the network (Q.774 §3.2, §3.3).

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use bytes::Bytes;

use super::Tcap;
use super::dialogue::{ComponentOutcome, Dialogue, State};
use crate::ber::Oid;
use crate::component::{Component, ComponentFault};
use crate::dialogue::DialoguePortion;
use crate::event::{AbortReason, Diagnostic, DialogueId, DialogueResult, Output, PAbortCause, Refusal};
use crate::message::{self, Abort, DecodedMessage, MalformedMessage, Message, Parts, TransactionId};

/// The addresses of a received message.
struct Addresses<A> {
    local: A,
    remote: A,
}

/// The contents of a message after the transaction ids.
struct Contents {
    portion: Option<DialoguePortion>,
    components: Vec<Component>,
    fault: Option<ComponentFault>,
}

impl<A: Clone + Eq + Hash + Debug> Tcap<A> {
    pub(super) fn received(&mut self, local: A, remote: A, octets: &Bytes, now: Instant) {
        let addresses = Addresses { local, remote };
        let DecodedMessage { message, fault } = match Message::decode(octets) {
            Ok(decoded) => decoded,
            Err(malformed) => return self.malformed(addresses, malformed, now),
        };
        match message {
            Message::Unidirectional { dialogue, components } => {
                self.unidirectional(addresses, dialogue, components);
            }
            Message::Begin { otid, dialogue: portion, components } => {
                self.begin_indication(addresses, otid, Contents { portion, components, fault }, now);
            }
            Message::Continue { otid, dtid, dialogue: portion, components } => {
                self.continue_indication(addresses, otid, dtid, Contents { portion, components, fault }, now);
            }
            Message::End { dtid, dialogue: portion, components } => {
                self.end_indication(addresses, dtid, Contents { portion, components, fault }, now);
            }
            Message::Abort { dtid, abort } => self.abort_indication(addresses, dtid, abort, now),
        }
    }

    /// Handles a returned message: only BEGIN and CONTINUE contain the local transaction id.
    pub(super) fn undelivered(&mut self, octets: &[u8], cause: u8, now: Instant) {
        let partial_header = message::partial_header(octets);
        let dialogue = partial_header.otid.map(dialogue_id);
        let state = dialogue.and_then(|dialogue| self.table.get(dialogue)).map(|open| open.state);
        let (Some(dialogue), Some(state)) = (dialogue, state) else {
            return self.refuse(None, Refusal::ReturnedStray);
        };
        match (state, partial_header.is_begin()) {
            (State::InitiationSent, true) => {
                self.table.remove(dialogue, now);
                self.outputs.push_back(Output::Undelivered { dialogue, cause });
            }
            (State::Active, false) => self.outputs.push_back(Output::Undelivered { dialogue, cause }),
            _ => self.refuse(None, Refusal::ReturnedStray),
        }
    }

    /// Informs both sides of the transaction, as far as the message contains their ids (Q.774 §3.3.4).
    fn malformed(&mut self, addresses: Addresses<A>, malformed: MalformedMessage, now: Instant) {
        let MalformedMessage { otid, dtid, cause } = malformed;
        let open = dtid.map(dialogue_id).filter(|&dialogue| {
            self.table.get(dialogue).is_some_and(|open| open.state != State::InitiationReceived)
        });
        match open {
            Some(dialogue) => {
                self.table.remove(dialogue, now);
                self.outputs.push_back(Output::ProviderAborted { dialogue, cause });
            }
            None => self.refuse(Some(addresses.remote.clone()), Refusal::Malformed(cause)),
        }
        if let Some(otid) = otid {
            self.answer(addresses.local, addresses.remote, otid, Parts::provider_abort(otid, cause));
        }
    }

    fn unidirectional(
        &mut self,
        addresses: Addresses<A>,
        portion: Option<DialoguePortion>,
        components: Vec<Component>,
    ) {
        let application_context = match portion {
            None => None,
            Some(DialoguePortion::Audt(proposal)) => Some(proposal.application_context),
            Some(_) => {
                return self.refuse(Some(addresses.remote), Refusal::Dialogue(PAbortCause::AbnormalDialogue));
            }
        };
        let Addresses { local, remote } = addresses;
        self.outputs.push_back(Output::Unidirectional { local, remote, application_context, components });
    }

    fn begin_indication(
        &mut self,
        addresses: Addresses<A>,
        otid: TransactionId,
        contents: Contents,
        now: Instant,
    ) {
        let (application_context, user_information) = match contents.portion {
            None => (None, None),
            Some(DialoguePortion::Aarq(proposal)) if proposal.version_1 => {
                (Some(proposal.application_context), proposal.user_information)
            }
            Some(DialoguePortion::Aarq(proposal)) => {
                let portion = no_common_version(proposal.application_context);
                return self.refuse_dialogue(addresses, otid, &portion, PAbortCause::NoCommonDialoguePortion);
            }
            Some(_) => {
                return self.refuse_dialogue(addresses, otid, &ABNORMAL, PAbortCause::AbnormalDialogue);
            }
        };
        let Addresses { local, remote } = addresses;
        let idle = self.settings.idle;
        let mut open =
            Dialogue::new(local.clone(), remote.clone(), Some(otid), application_context, idle, now);
        let ComponentOutcome { components, rejected } =
            open.receive_components(contents.components, contents.fault, now);
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
        self.report_rejected(dialogue, rejected);
    }

    fn continue_indication(
        &mut self,
        addresses: Addresses<A>,
        otid: TransactionId,
        dtid: TransactionId,
        contents: Contents,
        now: Instant,
    ) {
        let dialogue = dialogue_id(dtid);
        let known = self.table.get(dialogue).filter(|open| match open.state {
            State::InitiationSent => true,
            State::InitiationReceived => false,
            // A duplicated BEGIN may be answered by a second peer, which has no dialogue here.
            State::Active => open.peer == Some(otid),
        });
        let Some(open) = known else {
            self.refuse(Some(addresses.remote.clone()), Refusal::UnknownTransaction);
            let parts = Parts::provider_abort(otid, PAbortCause::UnrecognizedTransactionId);
            return self.answer(addresses.local, addresses.remote, otid, parts);
        };
        let Ok(context) = acceptance(open, contents.portion) else {
            self.table.remove(dialogue, now);
            let cause = PAbortCause::AbnormalDialogue;
            self.outputs.push_back(Output::ProviderAborted { dialogue, cause });
            let parts = Parts::abort(otid).with(Some(&ABNORMAL), &[]);
            return self.answer(addresses.local, addresses.remote, otid, parts);
        };
        let receive_components = |open: &mut Dialogue<A>| {
            if open.state == State::InitiationSent {
                open.state = State::Active;
                open.peer = Some(otid);
                // The peer may answer from another address, which replaces the first (Q.774 §3.2).
                open.remote = addresses.remote;
            }
            open.receive_components(contents.components, contents.fault, now)
        };
        let ComponentOutcome { components, rejected } =
            self.table.change(dialogue, receive_components).unwrap_or_default();
        self.outputs.push_back(Output::Continued { dialogue, context, components });
        self.report_rejected(dialogue, rejected);
    }

    fn end_indication(
        &mut self,
        addresses: Addresses<A>,
        dtid: TransactionId,
        contents: Contents,
        now: Instant,
    ) {
        let dialogue = dialogue_id(dtid);
        let Some(mut open) = self.remove_known(dialogue, now) else {
            return self.refuse(Some(addresses.remote), Refusal::UnknownTransaction);
        };
        let Ok(context) = acceptance(&open, contents.portion) else {
            let cause = PAbortCause::AbnormalDialogue;
            return self.outputs.push_back(Output::ProviderAborted { dialogue, cause });
        };
        let ComponentOutcome { components, rejected } =
            open.receive_components(contents.components, contents.fault, now);
        self.report_rejected(dialogue, rejected);
        self.outputs.push_back(Output::Ended { dialogue, context, components });
    }

    fn abort_indication(&mut self, addresses: Addresses<A>, dtid: TransactionId, abort: Abort, now: Instant) {
        let dialogue = dialogue_id(dtid);
        if self.remove_known(dialogue, now).is_none() {
            return self.refuse(Some(addresses.remote), Refusal::UnknownTransaction);
        }
        self.outputs.push_back(match abort {
            Abort::Provider(cause) => Output::ProviderAborted { dialogue, cause },
            Abort::User(portion) => user_aborted(dialogue, portion),
        });
    }

    /// Removes a dialogue, unless its transaction id was never sent to the peer.
    fn remove_known(&mut self, dialogue: DialogueId, now: Instant) -> Option<Dialogue<A>> {
        self.table.get(dialogue).filter(|open| open.state != State::InitiationReceived)?;
        self.table.remove(dialogue, now)
    }

    fn report_rejected(&mut self, dialogue: DialogueId, rejected: Vec<(Option<i8>, crate::Problem)>) {
        let outputs = rejected.into_iter().map(|(invoke_id, problem)| Output::Rejected {
            dialogue,
            invoke_id,
            problem,
        });
        self.outputs.extend(outputs);
    }

    fn refuse_dialogue(
        &mut self,
        addresses: Addresses<A>,
        otid: TransactionId,
        portion: &DialoguePortion,
        cause: PAbortCause,
    ) {
        self.refuse(Some(addresses.remote.clone()), Refusal::Dialogue(cause));
        self.answer(addresses.local, addresses.remote, otid, Parts::abort(otid).with(Some(portion), &[]));
    }

    fn refuse(&mut self, remote: Option<A>, refusal: Refusal) {
        self.outputs.push_back(Output::Refused { remote, refusal });
    }
}

/// The dialogue portion of an ABORT for an abnormal dialogue.
const ABNORMAL: DialoguePortion = DialoguePortion::Abrt { by_provider: true, user_information: None };

const fn no_common_version(application_context: Oid) -> DialoguePortion {
    DialoguePortion::Aare {
        application_context,
        accepted: false,
        diagnostic: Diagnostic::Provider(2),
        user_information: None,
    }
}

/// The dialogue with this transaction id.
fn dialogue_id(id: TransactionId) -> DialogueId {
    DialogueId(id.value())
}

/// A dialogue portion that the state of the dialogue does not allow.
struct AbnormalDialogue;

/// The peer's acceptance. A peer may omit it, and may repeat it later.
fn acceptance<A>(
    open: &Dialogue<A>,
    portion: Option<DialoguePortion>,
) -> Result<Option<DialogueResult>, AbnormalDialogue> {
    match portion {
        None => Ok(None),
        Some(DialoguePortion::Aare { application_context, accepted: true, user_information, .. })
            if open.application_context.is_some() =>
        {
            let first = open.state == State::InitiationSent;
            Ok(first.then_some(DialogueResult { application_context, user_information }))
        }
        Some(_) => Err(AbnormalDialogue),
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
