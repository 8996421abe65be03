//! Table of open dialogues, by transaction id and by timer expiry (Q.774 §3.2).

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::dialogue::Dialogue;
use super::ids::Ids;
use crate::event::DialogueId;
use crate::settings::Settings;

/// The longest timer, so that adding it to a time cannot overflow.
const WAIT_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// `wait` after `now`.
pub(super) fn after(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait.min(WAIT_MAX)).unwrap_or(now)
}

/// The open dialogues.
#[derive(Debug)]
pub(super) struct Table<A> {
    open: HashMap<u32, Dialogue<A>>,
    /// One entry for each dialogue.
    due: BTreeSet<(Instant, u32)>,
    ids: Ids,
    dialogues_max: usize,
    /// Open dialogues that peers have opened.
    peers: usize,
    peers_max: usize,
}

impl<A> Table<A> {
    pub(super) fn new(settings: &Settings) -> Self {
        let quarantine = settings.quarantine.min(WAIT_MAX);
        Self {
            open: HashMap::new(),
            due: BTreeSet::new(),
            ids: Ids::new(settings.prefix, settings.prefix_bits, settings.first, quarantine),
            dialogues_max: settings.dialogues_max,
            peers: 0,
            peers_max: settings.peer_dialogues_max,
        }
    }

    /// Adds a dialogue. `None` if the table or the share of peers is full, or no id is free.
    pub(super) fn insert(&mut self, dialogue: Dialogue<A>, now: Instant) -> Option<DialogueId> {
        let too_many_of_peers = dialogue.opened_by_peer && self.peers >= self.peers_max;
        if self.open.len() >= self.dialogues_max || too_many_of_peers {
            return None;
        }
        let id = self.ids.take(now, |id| self.open.contains_key(&id))?;
        self.peers = self.peers.saturating_add(usize::from(dialogue.opened_by_peer));
        self.due.insert((dialogue.due(), id));
        self.open.insert(id, dialogue);
        Some(DialogueId(id))
    }

    /// Changes a dialogue and updates its timer expiry.
    pub(super) fn change<R>(
        &mut self,
        id: DialogueId,
        change: impl FnOnce(&mut Dialogue<A>) -> R,
    ) -> Option<R> {
        let dialogue = self.open.get_mut(&id.0)?;
        let before = dialogue.due();
        let result = change(dialogue);
        let due = dialogue.due();
        if due != before {
            self.due.remove(&(before, id.0));
            self.due.insert((due, id.0));
        }
        Some(result)
    }

    /// Removes a dialogue.
    pub(super) fn remove(&mut self, id: DialogueId, now: Instant) -> Option<Dialogue<A>> {
        let dialogue = self.open.remove(&id.0)?;
        self.due.remove(&(dialogue.due(), id.0));
        self.peers = self.peers.saturating_sub(usize::from(dialogue.opened_by_peer));
        self.ids.release(id.0, now);
        Some(dialogue)
    }

    pub(super) fn get(&self, id: DialogueId) -> Option<&Dialogue<A>> {
        self.open.get(&id.0)
    }

    /// The dialogue with the earliest timer, if it has expired.
    pub(super) fn first_due(&self, now: Instant) -> Option<DialogueId> {
        self.due.first().filter(|(due, _)| *due <= now).map(|(_, id)| DialogueId(*id))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}
