//! The receiving half of an association.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::association_state::AssociationState;
use crate::error::Error;
use crate::message::Event;

/// The receiving half. Dropping it aborts the association.
pub struct Receiver {
    batches: mpsc::Receiver<Vec<Event>>,
    congested: watch::Receiver<bool>,
    events: VecDeque<Event>,
    state: Arc<AssociationState>,
    /// [`Event::Closed`] was reported.
    closed: bool,
}

impl Receiver {
    pub(crate) fn new(
        batches: mpsc::Receiver<Vec<Event>>,
        congested: watch::Receiver<bool>,
        state: Arc<AssociationState>,
    ) -> Self {
        Self { batches, congested, events: VecDeque::new(), state, closed: false }
    }

    /// Waits for the next event. Safe to cancel.
    ///
    /// # Errors
    ///
    /// Why the association ended: [`Error::Aborted`], [`Error::Unreachable`] and so on; and
    /// [`Error::Closed`] after [`Event::Closed`].
    pub async fn receive(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            self.fill().await?;
        }
    }

    /// Waits for the next event and takes all that have arrived: appends at least one
    /// event and at most some 64 KiB of messages to `events`. Safe to cancel.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::receive`].
    pub async fn receive_all(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        while self.events.is_empty() {
            self.fill().await?;
        }
        events.extend(self.events.drain(..));
        Ok(())
    }

    /// Waits until there is an event.
    async fn fill(&mut self) -> Result<(), Error> {
        tokio::select! {
            biased;
            Ok(()) = self.congested.changed() => {
                self.events.push_back(Event::Congested(*self.congested.borrow_and_update()));
            }
            batch = self.batches.recv() => match batch {
                Some(batch) => self.events.extend(batch),
                None => return self.end(),
            },
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let why = self.state.end_reason();
        if why != Error::Closed || self.closed {
            return Err(why);
        }
        self.closed = true;
        self.events.push_back(Event::Closed);
        Ok(())
    }
}
