//! A store in memory that takes nothing on trust: every event must fit what it holds.

use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::sync::Mutex;

use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::ports::{Pressure, Store, StoreError};
use smsc::stored::{DueKey, Event, Query, QueueEntry, StoredMessage};
use smsc::timestamp::Timestamp;

/// The store.
pub(crate) struct MemoryStore(Mutex<State>);

struct State {
    messages: BTreeMap<MessageId, StoredMessage>,
    due: BTreeMap<DueKey, QueueEntry>,
    remote_ids: HashMap<(Name, Name), MessageId>,
    client_keys: HashMap<(Name, Name), MessageId>,
    commits: Vec<Vec<Event>>,
    fails: bool,
    pressure: Pressure,
}

impl MemoryStore {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            messages: BTreeMap::new(),
            due: BTreeMap::new(),
            remote_ids: HashMap::new(),
            client_keys: HashMap::new(),
            commits: Vec::new(),
            fails: false,
            pressure: Pressure::Free,
        }))
    }

    /// Whether commits fail from now on.
    pub(crate) fn set_failing(&self, fails: bool) {
        self.0.lock().unwrap().fails = fails;
    }

    pub(crate) fn set_pressure(&self, pressure: Pressure) {
        self.0.lock().unwrap().pressure = pressure;
    }

    /// The events of the last commit.
    pub(crate) fn last_commit(&self) -> Vec<Event> {
        self.0.lock().unwrap().commits.last().cloned().unwrap_or_default()
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().messages.len()
    }

    /// All that waits.
    pub(crate) fn waiting(&self) -> Vec<QueueEntry> {
        self.0.lock().unwrap().due.values().copied().collect()
    }

    pub(crate) fn read(&self, id: MessageId) -> StoredMessage {
        self.0.lock().unwrap().messages[&id].clone()
    }
}

impl State {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::Accepted(message, waiting) => {
                assert_eq!(waiting.key.id, message.id);
                let stored = StoredMessage {
                    message: message.clone(),
                    attempts: Vec::new(),
                    notes: Vec::new(),
                    outcome: None,
                };
                assert!(self.messages.insert(message.id, stored).is_none(), "accepted twice");
                self.due.insert(waiting.key, *waiting);
                if let Some(key) = &message.client_key {
                    self.client_keys.insert((message.account.clone(), key.clone()), message.id);
                }
            }
            Event::Attempted { was_due, attempt, next } => {
                let stored = self.messages.get_mut(&next.key.id).expect("attempted: unknown message");
                assert!(stored.outcome.is_none(), "attempted after its end");
                stored.attempts.extend(attempt.clone());
                let was = DueKey { due: *was_due, id: next.key.id };
                assert!(self.due.remove(&was).is_some(), "was_due is not the key of the waiting entry");
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
            Event::Finished { id, was_due, attempt, outcome } => {
                let stored = self.messages.get_mut(id).expect("finished: unknown message");
                assert!(stored.outcome.replace(outcome.clone()).is_none(), "finished twice");
                stored.attempts.extend(attempt.clone());
                let was = DueKey { due: *was_due, id: *id };
                assert!(self.due.remove(&was).is_some(), "was_due is not the key of the waiting entry");
            }
            Event::Correlated { link, remote_id, id } => {
                self.remote_ids.insert((link.clone(), remote_id.clone()), *id);
            }
            Event::Noted { id, note } => {
                self.messages.get_mut(id).expect("noted: unknown message").notes.push(note.clone());
            }
        }
    }

    fn taken_key(&self, events: &[Event]) -> Option<MessageId> {
        events.iter().find_map(|event| match event {
            Event::Accepted(message, _) => {
                let key = message.client_key.clone()?;
                self.client_keys.get(&(message.account.clone(), key)).copied()
            }
            _ => None,
        })
    }
}

impl Store for MemoryStore {
    fn commit(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), StoreError>> {
        let mut state = self.0.lock().unwrap();
        let result = match state.taken_key(&events) {
            _ if state.fails => Err(StoreError::Congested),
            Some(id) => Err(StoreError::KeyTaken(id)),
            None => {
                events.iter().for_each(|event| state.apply(event));
                state.commits.push(events);
                Ok(())
            }
        };
        Box::pin(ready(result))
    }

    fn pressure(&self) -> Pressure {
        self.0.lock().unwrap().pressure
    }

    fn due(
        &self,
        after: Option<DueKey>,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<QueueEntry>, StoreError>> {
        let state = self.0.lock().unwrap();
        let page = state.due.values().filter(|w| Some(w.key) > after && w.key.due <= until).take(limit);
        Box::pin(ready(Ok(page.copied().collect())))
    }

    fn get(&self, id: MessageId) -> BoxFuture<'static, Result<Option<StoredMessage>, StoreError>> {
        Box::pin(ready(Ok(self.0.lock().unwrap().messages.get(&id).cloned())))
    }

    fn list(&self, _query: Query) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn by_remote_id(
        &self,
        link: Name,
        remote_id: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(self.0.lock().unwrap().remote_ids.get(&(link, remote_id)).copied())))
    }

    fn by_client_key(
        &self,
        account: Name,
        key: Name,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        Box::pin(ready(Ok(self.0.lock().unwrap().client_keys.get(&(account, key)).copied())))
    }
}
