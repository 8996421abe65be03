//! The disk: what is committed survives a crash, what is not is gone. It takes nothing on trust.

use std::collections::{BTreeMap, HashMap};

use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::stored::{DueKey, Event, QueueEntry, StoredMessage};

/// What is on the disk.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) messages: BTreeMap<MessageId, StoredMessage>,
    pub(crate) due: BTreeMap<DueKey, QueueEntry>,
    pub(crate) remote_ids: HashMap<(Name, Name), MessageId>,
    pub(crate) ended: usize,
}

impl Disk {
    /// Applies one commit, and checks that it fits.
    pub(crate) fn apply(&mut self, events: &[Event]) {
        events.iter().for_each(|event| self.event(event));
        assert_eq!(self.messages.len(), self.ended + self.due.len(), "accepted = ended + waiting");
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Accepted(message, waiting) => {
                let stored = StoredMessage {
                    message: message.clone(),
                    attempts: Vec::new(),
                    notes: Vec::new(),
                    outcome: None,
                };
                assert!(self.messages.insert(message.id, stored).is_none(), "{} accepted twice", message.id);
                self.due.insert(waiting.key, *waiting);
            }
            Event::Attempted { was_due, next, .. } => {
                let id = next.key.id;
                assert!(self.messages[&id].outcome.is_none(), "{id} attempted after its end");
                let was = self.due.remove(&DueKey { due: *was_due, id });
                assert!(was.is_some(), "{id}: was_due is not its key");
                self.due.insert(next.key, *next);
            }
            Event::Replaced { message, was_due, next } => {
                let stored = self.messages.get_mut(&message.id).expect("replaced: unknown message");
                assert!(stored.outcome.is_none(), "replaced after its end");
                stored.message = message.clone();
                let was = DueKey { due: *was_due, id: message.id };
                assert!(self.due.remove(&was).is_some(), "was_due is not the key of the waiting entry");
                self.due.insert(next.key, *next);
            }
            Event::Finished { id, was_due, outcome, .. } => {
                let stored = self.messages.get_mut(id).expect("finished: unknown message");
                assert!(stored.outcome.replace(outcome.clone()).is_none(), "{id} finished twice");
                let was = self.due.remove(&DueKey { due: *was_due, id: *id });
                assert!(was.is_some(), "{id}: was_due is not its key");
                self.ended += 1;
            }
            Event::Correlated { link, remote_id, id } => {
                self.remote_ids.insert((link.clone(), remote_id.clone()), *id);
            }
            Event::Noted { id, .. } => assert!(self.messages.contains_key(id), "{id} noted, never accepted"),
        }
    }
}
