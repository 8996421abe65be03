//! Delivery receipts from the centre, and the status that each gives its message.

use smsc::receipt::State;

use crate::errors::{self, Error};
use crate::message::messages::Messages;
use crate::message::status::advance;
use crate::message::{Direction, Status};
use crate::ports::Table;
use crate::records;
use crate::sid::Sid;

/// A receipt of the centre for a message that the platform submitted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Which message.
    pub sid: Sid,
    /// How it ended, or where it stands.
    pub state: State,
    /// The reference system's error number; 0 is none.
    pub error: u8,
}

impl Messages {
    /// Takes a receipt over. `Ok` once it is on disk, and for everything that changes nothing: a
    /// message that is unknown or at its end, a notification that is not final.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Internal`] if it could not be written; report it again.
    pub(crate) async fn report(&self, report: Report) -> Result<(), Error> {
        if !report.state.is_final() {
            return Ok(());
        }
        let _lock = self.locks.lock(report.sid).await;
        let Some(mut message) = self.read(report.sid).await? else { return Ok(()) };
        if message.direction == Direction::Inbound || message.status.is_final() {
            return Ok(());
        }
        let now = self.environment.now();
        // A receipt may be faster than the answer to the submission that it is about.
        let mut writes = advance(&mut message, Status::Sent, None, now)?;
        let own_validity = message.validity_seconds.is_some();
        let (status, error) = if report.state.is_success() {
            (Status::Delivered, None)
        } else {
            (Status::Undelivered, Some(errors::of_receipt(report.state, report.error, own_validity)))
        };
        writes.extend(advance(&mut message, status, error, now)?);
        writes.push(records::put(Table::Messages, records::message_key(message.sid), &message)?);
        self.store.commit(writes).await?;
        if message.status_callback.is_some() {
            self.outbox.webhook_jobs.add(message.sid, message.account);
        }
        Ok(())
    }
}
