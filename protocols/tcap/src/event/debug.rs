//! `Debug` forms of inputs and outputs, without messages, parameters and user information.

use std::fmt::{Debug, Formatter, Result};

use super::{DialogueResult, Input, Output};

impl Debug for DialogueResult {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("DialogueResult")
            .field("application_context", &self.application_context)
            .finish_non_exhaustive()
    }
}

impl<A: Debug> Debug for Input<A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Received { local, remote, octets } => f
                .debug_struct("Received")
                .field("local", local)
                .field("remote", remote)
                .field("octets", &octets.len())
                .finish(),
            Self::Undelivered { octets, cause } => {
                f.debug_struct("Undelivered").field("octets", &octets.len()).field("cause", cause).finish()
            }
            Self::Tick => f.write_str("Tick"),
        }
    }
}

impl<A: Debug> Debug for Output<A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Send { remote, octets, sequence, first, .. } => f
                .debug_struct("Send")
                .field("remote", remote)
                .field("octets", &octets.len())
                .field("sequence", sequence)
                .field("first", first)
                .finish_non_exhaustive(),
            Self::Begun { dialogue, remote, application_context, components, .. } => f
                .debug_struct("Begun")
                .field("dialogue", dialogue)
                .field("remote", remote)
                .field("application_context", application_context)
                .field("components", components)
                .finish_non_exhaustive(),
            Self::Continued { dialogue, context, components } => {
                f.debug_tuple("Continued").field(dialogue).field(context).field(components).finish()
            }
            Self::Ended { dialogue, context, components } => {
                f.debug_tuple("Ended").field(dialogue).field(context).field(components).finish()
            }
            Self::UserAborted { dialogue, reason, application_context, .. } => f
                .debug_struct("UserAborted")
                .field("dialogue", dialogue)
                .field("reason", reason)
                .field("application_context", application_context)
                .finish_non_exhaustive(),
            Self::ProviderAborted { dialogue, cause } => {
                f.debug_tuple("ProviderAborted").field(dialogue).field(cause).finish()
            }
            Self::Unanswered { dialogue, invoke_id } => {
                f.debug_tuple("Unanswered").field(dialogue).field(invoke_id).finish()
            }
            Self::Rejected { dialogue, invoke_id, problem } => {
                f.debug_tuple("Rejected").field(dialogue).field(invoke_id).field(problem).finish()
            }
            Self::TimedOut { dialogue } => f.debug_tuple("TimedOut").field(dialogue).finish(),
            Self::Undelivered { dialogue, cause } => {
                f.debug_tuple("Undelivered").field(dialogue).field(cause).finish()
            }
            Self::Unidirectional { remote, application_context, components, .. } => f
                .debug_struct("Unidirectional")
                .field("remote", remote)
                .field("application_context", application_context)
                .field("components", components)
                .finish_non_exhaustive(),
            Self::Refused { remote, refusal } => {
                f.debug_tuple("Refused").field(remote).field(refusal).finish()
            }
        }
    }
}
