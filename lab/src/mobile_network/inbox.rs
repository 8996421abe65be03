//! A phone's inbox: messages reassembled from segments, and status reports.

use std::collections::VecDeque;

use serde::Serialize;
use sms::coding::DataCoding;
use sms::header::{Concatenation, Reference};
use sms::tpdu::{Deliver, MobileTerminated, StatusReport};
use sms::{UserData, segment};

/// Entries kept; the oldest goes first.
const ENTRIES_MAX: usize = 10_000;
/// Messages that may lack segments at a time; the oldest goes first.
const PARTIAL_MAX: usize = 100;
/// Segments of reassembled messages that are kept, so that a late duplicate is recognized.
const COMPLETED_MAX: usize = 100;

/// The messages of a phone, newest first.
#[derive(Debug, Default)]
pub struct Inbox {
    entries: VecDeque<InboxEntry>,
    partial: VecDeque<Partial>,
    completed: VecDeque<(Key, UserData)>,
    last_single: Option<Deliver>,
    segments_doubled: u64,
}

/// An entry of the inbox.
#[derive(Clone, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InboxEntry {
    /// A message.
    Message(Message),
    /// The status report of a message of this phone.
    StatusReport(Report),
}

/// A message, reassembled.
#[derive(Clone, Eq, PartialEq, Serialize)]
pub struct Message {
    /// TP-OA: digits with `+` in front if international, or a name.
    pub from: String,
    /// The text; empty if the data coding is not text.
    pub text: String,
    /// The body in hexadecimal, if it is not text.
    pub data: String,
    /// How many SMS-DELIVERs carried it.
    pub segments: usize,
    /// TP-SCTS of the first segment, in seconds after 1970-01-01T00:00:00Z; none if it is no valid date.
    pub time: Option<i64>,
    /// TP-DCS.
    pub data_coding: u8,
    /// TP-PID.
    pub protocol_id: u8,
    /// Whether the first segment is a copy of the message before it, octet for octet.
    pub doubled: bool,
}

/// An SMS-STATUS-REPORT.
#[derive(Clone, Eq, PartialEq, Serialize)]
pub struct Report {
    /// TP-RA: the recipient of the message.
    pub recipient: String,
    /// TP-ST.
    pub tp_status: u8,
    /// TP-MR of the message.
    pub tp_mr: u8,
    /// TP-SRQ: it answers an SMS-COMMAND.
    pub answers_command: bool,
    /// TP-SCTS, in seconds after 1970-01-01T00:00:00Z.
    pub time: Option<i64>,
    /// TP-DT, in seconds after 1970-01-01T00:00:00Z.
    pub discharge_time: Option<i64>,
}

/// The key that segments of one message share.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Key {
    from: String,
    reference: Reference,
    total: u8,
    data_coding: u8,
}

#[derive(Debug)]
struct Partial {
    key: Key,
    first: Deliver,
    segments: Vec<UserData>,
}

impl Inbox {
    /// Adds the TPDU of an RP-DATA.
    pub fn put(&mut self, tpdu: MobileTerminated) {
        match tpdu {
            MobileTerminated::Deliver(deliver) => self.put_deliver(deliver),
            MobileTerminated::StatusReport(report) => self.push(InboxEntry::StatusReport(report.into())),
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// All entries, newest first.
    pub fn entries(&self) -> impl Iterator<Item = &InboxEntry> {
        self.entries.iter()
    }

    /// Messages that lack segments.
    pub fn partial(&self) -> usize {
        self.partial.len()
    }

    /// Duplicate segments.
    pub fn segments_doubled(&self) -> u64 {
        self.segments_doubled
    }

    fn put_deliver(&mut self, deliver: Deliver) {
        match deliver.user_data.header.concatenation() {
            Some(part) if part.total > 1 => self.put_segment(deliver, part),
            _ => {
                let doubled = self.last_single.as_ref() == Some(&deliver);
                let message = Message::new(&deliver, &deliver.user_data, 1, doubled);
                self.last_single = Some(deliver);
                self.push(InboxEntry::Message(message));
            }
        }
    }

    fn put_segment(&mut self, deliver: Deliver, part: Concatenation) {
        let key = Key {
            from: notation(&deliver.originator),
            reference: part.reference,
            total: part.total,
            data_coding: deliver.data_coding.0,
        };
        if self.completed.iter().any(|(known, segment)| *known == key && *segment == deliver.user_data) {
            self.segments_doubled += 1;
            return;
        }
        let place = self.partial.iter().position(|partial| partial.key == key);
        let place = place.unwrap_or_else(|| {
            if self.partial.len() == PARTIAL_MAX {
                self.partial.pop_front();
            }
            self.partial.push_back(Partial { key, first: deliver.clone(), segments: Vec::new() });
            self.partial.len() - 1
        });
        let Some(partial) = self.partial.get_mut(place) else { return };
        let sequence = |each: &UserData| each.header.concatenation().map(|each| each.sequence);
        if partial.segments.iter().any(|known| sequence(known) == Some(part.sequence)) {
            self.segments_doubled += 1;
            return;
        }
        if part.sequence == 1 {
            partial.first = deliver.clone();
        }
        partial.segments.push(deliver.user_data);
        if partial.segments.len() == usize::from(part.total)
            && let Some(partial) = self.partial.remove(place)
        {
            self.complete(partial);
        }
    }

    fn complete(&mut self, partial: Partial) {
        // Segments with different character tables are not joined: each becomes a message.
        let Ok(joined) = segment::join(&partial.segments) else {
            for segment in &partial.segments {
                self.push(InboxEntry::Message(Message::new(&partial.first, segment, 1, false)));
            }
            return;
        };
        let message = Message::new(&partial.first, &joined, partial.segments.len(), false);
        for segment in partial.segments {
            if self.completed.len() == COMPLETED_MAX {
                self.completed.pop_front();
            }
            self.completed.push_back((partial.key.clone(), segment));
        }
        self.push(InboxEntry::Message(message));
    }

    fn push(&mut self, entry: InboxEntry) {
        self.entries.truncate(ENTRIES_MAX - 1);
        self.entries.push_front(entry);
    }
}

impl InboxEntry {
    /// The message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::StatusReport(_) => None,
        }
    }

    /// The status report, if it is one.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::StatusReport(report) => Some(report),
            Self::Message(_) => None,
        }
    }
}

impl Message {
    fn new(first: &Deliver, user_data: &UserData, segments: usize, doubled: bool) -> Self {
        let text = user_data.text(DataCoding(first.data_coding.0));
        let data = if text.is_some() { String::new() } else { hexadecimal(&user_data.body) };
        Self {
            from: notation(&first.originator),
            text: text.unwrap_or_default(),
            data,
            segments,
            time: first.timestamp.to_unix(),
            data_coding: first.data_coding.0,
            protocol_id: first.protocol_identifier.0,
            doubled,
        }
    }
}

impl From<StatusReport> for Report {
    fn from(report: StatusReport) -> Self {
        Self {
            recipient: notation(&report.recipient),
            tp_status: report.status.0,
            tp_mr: report.message_reference,
            answers_command: report.answers_command,
            time: report.timestamp.to_unix(),
            discharge_time: report.discharge_time.to_unix(),
        }
    }
}

impl std::fmt::Debug for InboxEntry {
    /// Without numbers and text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message(message) => f.debug_tuple("Message").field(message).finish(),
            Self::StatusReport(report) => f.debug_tuple("StatusReport").field(report).finish(),
        }
    }
}

impl std::fmt::Debug for Message {
    /// Without the sender and the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("segments", &self.segments)
            .field("data_coding", &self.data_coding)
            .field("doubled", &self.doubled)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Report {
    /// Without the recipient.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report")
            .field("tp_status", &self.tp_status)
            .field("tp_mr", &self.tp_mr)
            .finish_non_exhaustive()
    }
}

/// An address in the usual notation.
fn notation(address: &sms::address::Address) -> String {
    let is_international = address.type_of_number() == sms::address::TypeOfNumber::International;
    format!("{}{}", if is_international { "+" } else { "" }, address.value())
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests;
