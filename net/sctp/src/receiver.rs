//! The half of an association that receives.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::driver::Shared;
use crate::error::Error;
use crate::message::Event;

/// The half that receives. Dropping it aborts the association.
pub struct Receiver {
    batches: mpsc::Receiver<Vec<Event>>,
    congested: watch::Receiver<bool>,
    events: VecDeque<Event>,
    shared: Arc<Shared>,
    /// [`Event::Closed`] was reported.
    closed: bool,
}

impl Receiver {
    pub(crate) fn new(
        batches: mpsc::Receiver<Vec<Event>>,
        congested: watch::Receiver<bool>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { batches, congested, events: VecDeque::new(), shared, closed: false }
    }

    /// Waits for what happens next. Safe to cancel.
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

    /// Waits for what happens next, and takes along all that has happened: appends at least one
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
        let why = self.shared.ending();
        if why != Error::Closed || self.closed {
            return Err(why);
        }
        self.closed = true;
        self.events.push_back(Event::Closed);
        Ok(())
    }
}
