//! The records of what happened to a message: attempts, notes, and its end.

use serde::{Deserialize, Serialize};
use smsc::receipt::{Outcome, State};
use smsc::stored::{Attempt, Note};
use smsc::timestamp::Timestamp;

use super::{Damaged, open_form, seal_form};

/// How a message ended, and the attempt that ended it: one write for both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) attempt: Option<Attempt>,
}

/// An attempt as a sealed value.
pub(crate) fn seal_attempt(key: &[u8], attempt: &Attempt) -> Vec<u8> {
    seal_form(key, &AttemptForm::of(attempt), 64)
}

/// The attempt of a sealed value.
pub(crate) fn open_attempt(key: &[u8], value: &[u8]) -> Result<Attempt, Damaged> {
    open_form::<AttemptForm<'_>>(key, value).map(AttemptForm::into_attempt)
}

/// A note as a sealed value.
pub(crate) fn seal_note(key: &[u8], note: &Note) -> Vec<u8> {
    let form = NoteForm { at: note.at.millis(), station: &note.station, text: &note.text };
    seal_form(key, &form, 16 + note.station.len() + note.text.len())
}

/// The note of a sealed value.
pub(crate) fn open_note(key: &[u8], value: &[u8]) -> Result<Note, Damaged> {
    let form: NoteForm<'_> = open_form(key, value)?;
    Ok(Note { at: Timestamp::from_millis(form.at), station: form.station.into(), text: form.text.to_owned() })
}

/// An ending as a sealed value.
pub(crate) fn seal_ending(key: &[u8], outcome: &Outcome, attempt: Option<&Attempt>) -> Vec<u8> {
    let form = EndingForm {
        state: outcome.state.number(),
        at: outcome.at.millis(),
        error: outcome.error,
        attempt: attempt.map(AttemptForm::of),
    };
    seal_form(key, &form, 80)
}

/// The ending of a sealed value.
pub(crate) fn open_ending(key: &[u8], value: &[u8]) -> Result<Ending, Damaged> {
    let form: EndingForm<'_> = open_form(key, value)?;
    let outcome = Outcome {
        state: State::from_number(form.state).ok_or(Damaged)?,
        at: Timestamp::from_millis(form.at),
        error: form.error,
    };
    Ok(Ending { outcome, attempt: form.attempt.map(AttemptForm::into_attempt) })
}

#[derive(Deserialize, Serialize)]
struct AttemptForm<'a> {
    number: u16,
    at: u64,
    took_ms: u32,
    endpoint: &'a str,
    via: &'a str,
    remote_id: Option<&'a str>,
    error: u8,
    reason: &'a str,
}

impl<'a> AttemptForm<'a> {
    fn of(attempt: &'a Attempt) -> Self {
        Self {
            number: attempt.number,
            at: attempt.at.millis(),
            took_ms: attempt.took_ms,
            endpoint: &attempt.endpoint,
            via: &attempt.via,
            remote_id: attempt.remote_id.as_deref(),
            error: attempt.error,
            reason: &attempt.reason,
        }
    }

    fn into_attempt(self) -> Attempt {
        Attempt {
            number: self.number,
            at: Timestamp::from_millis(self.at),
            took_ms: self.took_ms,
            endpoint: self.endpoint.into(),
            via: self.via.into(),
            remote_id: self.remote_id.map(Into::into),
            error: self.error,
            reason: self.reason.to_owned(),
        }
    }
}

#[derive(Deserialize, Serialize)]
struct NoteForm<'a> {
    at: u64,
    station: &'a str,
    text: &'a str,
}

#[derive(Deserialize, Serialize)]
struct EndingForm<'a> {
    state: u8,
    at: u64,
    error: u8,
    #[serde(borrow)]
    attempt: Option<AttemptForm<'a>>,
}
