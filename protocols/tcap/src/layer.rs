//! TCAP protocol machine of one node: inputs, timers and the table of dialogues (Q.774 §3.2).

use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use bytes::Bytes;

use crate::event::{DialogueId, Input, Output};
use crate::message::{Parts, TransactionId};
use crate::request::UserAbort;
use crate::settings::Settings;

mod dialogue;
mod ids;
mod incoming;
mod requests;
mod table;

use dialogue::Dialogue;
use table::Table;

/// Dialogues that one tick processes. The others stay due, and so does the next tick.
const TICK_MAX: usize = 4_096;

/// The dialogues of one node. `A` is the address type of the layer below.
#[derive(Debug)]
pub struct Tcap<A> {
    settings: Settings,
    table: Table<A>,
    outputs: VecDeque<Output<A>>,
}

impl<A: Clone + Eq + Hash + Debug> Tcap<A> {
    /// A node without dialogues.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, table: Table::new(&settings), outputs: VecDeque::new() }
    }

    /// Applies one input.
    pub fn handle(&mut self, input: Input<A>, now: Instant) {
        match input {
            Input::Received { local, remote, octets } => self.received(local, remote, &octets, now),
            Input::Undelivered { octets, cause } => self.undelivered(&octets, cause, now),
            Input::Tick => self.tick(now),
        }
    }

    /// The next output, or `None` if there is none.
    pub fn poll(&mut self) -> Option<Output<A>> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due, if at all.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.table.deadline()
    }

    /// The number of open dialogues.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no dialogue is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn tick(&mut self, now: Instant) {
        for _ in 0..TICK_MAX {
            let Some(id) = self.table.first_due(now) else { return };
            let expired = self.table.change(id, |dialogue| dialogue.expire(now)).unwrap_or_default();
            if expired.is_empty() {
                self.abort(id, UserAbort::Abrt { user_information: None }, now);
                self.outputs.push_back(Output::TimedOut { dialogue: id });
            }
            for invoke_id in expired {
                self.outputs.push_back(Output::Unanswered { dialogue: id, invoke_id });
            }
        }
    }

    fn send(&mut self, id: DialogueId, octets: Bytes, first: bool) {
        if let Some(Dialogue { local, remote, .. }) = self.table.get(id) {
            let (local, remote) = (local.clone(), remote.clone());
            let [.., sequence] = id.0.to_be_bytes();
            self.outputs.push_back(Output::Send { local, remote, octets, sequence, first });
        }
    }

    /// Sends a response to a message that belongs to no open dialogue.
    fn answer(&mut self, local: A, remote: A, to: TransactionId, parts: Parts<'_>) {
        let [.., sequence] = to.value().to_be_bytes();
        let octets = parts.encode();
        self.outputs.push_back(Output::Send { local, remote, octets, sequence, first: false });
    }
}
