//! Putting the segments of a concatenated message together for an endpoint that wants
//! whole messages.
//!
//! Each segment stays a message of its own in the store until the whole has been
//! handed over, so that a crash loses nothing. Segments without their siblings
//! are handed over one by one after a while.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sms::header::{Concatenation, Reference, UserDataHeader};

use crate::endpoint::Endpoint;
use crate::message::{Content, Message};
use crate::names::Name;
use crate::stored::QueuedMessage;
use crate::timestamp::Timestamp;

/// Incomplete messages.
#[derive(Debug)]
pub struct Reassembly {
    sets: HashMap<Key, Set>,
    /// Segments of sets that gave their reference to another message.
    given_up: Vec<QueuedMessage>,
    parts: usize,
    parts_max: usize,
    wait: Duration,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Key {
    /// References are the sender's own: those of two submitters have nothing to do with each other.
    origin: Endpoint,
    account: Name,
    source: Name,
    destination: Name,
    reference: Reference,
    total: u8,
    data_coding: u8,
}

#[derive(Debug)]
struct Set {
    parts: BTreeMap<u8, QueuedMessage>,
    /// Second copies of a segment; they end with the whole.
    copies: Vec<QueuedMessage>,
    since: Timestamp,
}

/// What became of a segment.
#[derive(Debug)]
pub enum Assembled {
    /// It waits for its siblings.
    Incomplete,
    /// All are there, in order.
    Whole(Vec<QueuedMessage>),
    /// No room to hold it, or it is no segment: it goes by itself.
    Alone(QueuedMessage),
}

impl Reassembly {
    /// Holds at most `parts_max` segments, each for `wait`.
    pub fn new(parts_max: usize, wait: Duration) -> Self {
        Self { sets: HashMap::new(), given_up: Vec::new(), parts: 0, parts_max, wait }
    }

    /// Takes a segment.
    pub fn offer(&mut self, part: QueuedMessage, now: Timestamp) -> Assembled {
        let Some(place) = concatenation(&part.message) else { return Assembled::Alone(part) };
        if self.parts >= self.parts_max {
            return Assembled::Alone(part);
        }
        let key = Key {
            origin: part.message.origin.clone(),
            account: part.message.account.clone(),
            source: part.message.source.digits.clone(),
            destination: part.message.destination.digits.clone(),
            reference: place.reference,
            total: place.total,
            data_coding: part.message.content.data_coding,
        };
        // The reference has only 8 or 16 bits and comes again (TS 23.040 §9.2.3.24.1): other
        // content in a place that is taken begins another message.
        let is_other =
            self.sets.get(&key).and_then(|set| set.parts.get(&place.sequence)).is_some_and(|held| {
                held.message.id != part.message.id && held.message.content != part.message.content
            });
        if is_other && let Some(set) = self.sets.remove(&key) {
            self.given_up.extend(set.parts.into_values().chain(set.copies));
        }
        let set = self.sets.entry(key.clone()).or_insert_with(|| Set {
            parts: BTreeMap::new(),
            copies: Vec::new(),
            since: now,
        });
        self.parts += 1;
        let id = part.message.id;
        match set.parts.insert(place.sequence, part) {
            Some(itself) if itself.message.id == id => self.parts -= 1,
            Some(copy) => set.copies.push(copy),
            None => {}
        }
        if set.parts.len() < usize::from(place.total) {
            return Assembled::Incomplete;
        }
        let Some(set) = self.sets.remove(&key) else { return Assembled::Incomplete };
        self.parts -= set.parts.len() + set.copies.len();
        Assembled::Whole(set.parts.into_values().chain(set.copies).collect())
    }

    /// Gives up on sets that did not become whole in time; their segments go by themselves.
    pub fn tick(&mut self, now: Timestamp) -> Vec<QueuedMessage> {
        let mut alone = std::mem::take(&mut self.given_up);
        let wait = self.wait;
        self.sets.retain(|_, set| {
            let stays = now.since(set.since) < wait;
            if !stays {
                alone.extend(std::mem::take(&mut set.parts).into_values());
                alone.append(&mut set.copies);
            }
            stays
        });
        self.parts -= alone.len();
        alone
    }

    /// Segments that are held.
    pub fn held(&self) -> usize {
        self.parts
    }
}

/// Whether a message is one segment of a longer one.
pub fn is_segment(message: &Message) -> bool {
    concatenation(message).is_some()
}

fn concatenation(message: &Message) -> Option<Concatenation> {
    if message.content.header.is_empty() {
        return None;
    }
    UserDataHeader::decode(&message.content.header).ok()?.concatenation().filter(|place| place.total > 1)
}

/// The content of all parts together, without the concatenation element.
pub(crate) fn joined(parts: &[QueuedMessage]) -> Content {
    let Some(first) = parts.first() else { return Content::default() };
    let header = UserDataHeader::decode(&first.message.content.header)
        .map(|header| header.without_concatenation())
        .unwrap_or_default();
    let mut body = BytesMut::new();
    let mut last = 0;
    for part in parts {
        let sequence = concatenation(&part.message).map_or(0, |place| place.sequence);
        if sequence > last {
            body.extend_from_slice(&part.message.content.body); // copies come last and are passed over
            last = sequence;
        }
    }
    let header = if header.is_empty() { Bytes::new() } else { Bytes::from(header.encode()) };
    Content { data_coding: first.message.content.data_coding, header, body: body.freeze() }
}
