//! Fetching, redacting, cancelling and deleting a message of an account.

use crate::account::Account;
use crate::errors::Error;
use crate::message::messages::Messages;
use crate::message::status::advance;
use crate::message::{Message, Status};
use crate::ports::Table;
use crate::records;
use crate::sid::Sid;

/// A change of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Update {
    /// Empties the body.
    Redact,
    /// Takes the message back, if it has not been handed to the centre yet.
    Cancel,
}

impl Messages {
    /// Empties or cancels a message of `account`.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotComplete`] if it is to be emptied too early, and
    /// [`Error::NotCancelable`] if it is to be cancelled too late.
    pub(crate) async fn update(&self, account: &Account, sid: Sid, update: Update) -> Result<Message, Error> {
        let Some(was_waiting) = self.outbox.submissions.claim(sid, account.sid) else {
            return Err(match update {
                Update::Redact => Error::NotComplete("redact"),
                Update::Cancel => Error::NotCancelable,
            });
        };
        let updated = self.update_claimed(account, sid, update).await;
        self.outbox.submissions.done(sid, was_waiting && updated.is_err());
        updated
    }

    async fn update_claimed(&self, account: &Account, sid: Sid, update: Update) -> Result<Message, Error> {
        let _lock = self.locks.lock(sid).await;
        let mut message = self.own(account, sid).await?;
        let now = self.environment.now();
        let mut writes = Vec::new();
        match update {
            Update::Redact if !message.status.is_final() => return Err(Error::NotComplete("redact")),
            Update::Redact => {
                message.body.clear();
                message.updated_at = now;
            }
            Update::Cancel => {
                // What was queued before this start may be at the centre already.
                let in_doubt = message.created_at < self.opened_at;
                if message.status != Status::Queued || in_doubt {
                    return Err(Error::NotCancelable);
                }
                writes = advance(&mut message, Status::Canceled, None, now)?;
                writes.push(records::delete(Table::Outbox, records::submission_key(sid)));
            }
        }
        writes.push(records::put(Table::Messages, records::message_key(sid), &message)?);
        self.store.commit(writes).await?;
        if update == Update::Cancel && message.status_callback.is_some() {
            self.outbox.webhook_jobs.add(sid, message.account);
        }
        Ok(message)
    }

    /// Deletes a message of `account` that has reached its last status.
    pub(crate) async fn delete(&self, account: &Account, sid: Sid) -> Result<(), Error> {
        let _lock = self.locks.lock(sid).await;
        let message = self.own(account, sid).await?;
        if !message.status.is_final() {
            return Err(Error::NotComplete("delete"));
        }
        Ok(self.store.commit(records::remove(&message)).await?)
    }

    /// One message of `account`.
    pub(crate) async fn fetch(&self, account: &Account, sid: Sid) -> Result<Message, Error> {
        self.own(account, sid).await.map(|message| self.shown(message))
    }

    async fn own(&self, account: &Account, sid: Sid) -> Result<Message, Error> {
        let message = self.read(sid).await?;
        message.filter(|message| message.account == account.sid && message.sid == sid).ok_or_else(|| {
            Error::NotFound(format!("/2010-04-01/Accounts/{}/Messages/{sid}.json", account.sid))
        })
    }
}
