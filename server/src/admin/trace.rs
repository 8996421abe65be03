//! What happened to one message, station by station.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smsc::ids::MessageId;
use smsc::message::Message;
use smsc::ports::Store;
use smsc::stored::{Attempt, StoredMessage};
use smsc::timestamp::Timestamp;

use crate::clock;

/// One line of a trace.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Line {
    /// When, in UTC.
    pub at: String,
    /// Milliseconds since the message was accepted.
    pub after_ms: u64,
    /// The station, as `smsc/src/journey.rs` names it.
    pub station: String,
    /// What happened there.
    pub text: String,
}

/// The stations of a message in the order of time, with those of its receipts.
pub async fn lines(store: &Arc<dyn Store>, stored: &StoredMessage) -> Vec<Line> {
    let began = stored.message.accepted_at;
    let mut lines = own_lines(stored);
    for note in &stored.notes {
        let receipt = (note.station == "receipt").then(|| note.text.split(' ').next()).flatten();
        let Some(id) = receipt.and_then(MessageId::parse) else { continue };
        if let Ok(Some(receipt)) = store.get(id).await {
            lines.extend(receipt.attempts.iter().map(|attempt| attempt_line("receipt", attempt, "receipt ")));
        }
    }
    lines.sort_by_key(|(at, _, _)| *at);
    lines
        .into_iter()
        .map(|(at, station, text)| Line {
            at: clock::written(at),
            after_ms: u64::try_from(at.since(began).as_millis()).unwrap_or(u64::MAX),
            station,
            text,
        })
        .collect()
}

/// The submitter of a message; a receipt is the centre's own.
pub fn origin(message: &Message) -> String {
    match message.as_receipt() {
        Some(receipt) => format!("centre, about {}", receipt.about),
        None => message.origin.to_string(),
    }
}

type Event = (Timestamp, String, String);

fn own_lines(stored: &StoredMessage) -> Vec<Event> {
    let message = &stored.message;
    let at = message.accepted_at;
    let mut lines: Vec<Event> = Vec::new();
    let mut line = |at: Timestamp, station: &str, text: String| lines.push((at, station.to_owned(), text));
    let account =
        if message.account.is_empty() { String::new() } else { format!(", account {}", message.account) };
    line(at, "received", format!("from {}{account}", origin(message)));
    line(
        at,
        "rules",
        format!("{} to {}, route {}", message.source.dialled(), message.destination.dialled(), message.route),
    );
    let valid = message.expires_at.since(at).as_secs();
    line(at, "stored", format!("{} octets, tried for {valid} s", message.content.body.len()));
    let mut all = lines;
    all.extend(stored.attempts.iter().map(|attempt| attempt_line("attempt", attempt, "")));
    all.extend(stored.notes.iter().map(|note| (note.at, note.station.to_string(), note.text.clone())));
    if let Some(outcome) = &stored.outcome {
        let error = if outcome.error == 0 { String::new() } else { format!(", error {:03}", outcome.error) };
        all.push((
            outcome.at,
            "ended".to_owned(),
            format!("{}{error}", format!("{:?}", outcome.state).to_lowercase()),
        ));
    }
    all
}

fn attempt_line(station: &str, attempt: &Attempt, what: &str) -> Event {
    let via = if attempt.via.is_empty() { String::new() } else { format!(" over {}", attempt.via) };
    let result = match (&attempt.remote_id, attempt.error) {
        (Some(id), 0) => format!("taken as {id}"),
        (None, 0) => "taken".to_owned(),
        (_, error) => format!("{} (error {error:03})", attempt.reason),
    };
    let text =
        format!("{what}{} to {}{via}: {result}, {} ms", attempt.number, attempt.endpoint, attempt.took_ms);
    (attempt.at, station.to_owned(), text)
}
