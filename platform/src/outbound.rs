//! Messages from the application: created, changed and deleted. How they leave is in `submission`.

use smsc::timestamp::Timestamp;

use crate::carriage::Carriage;
use crate::errors::{Error, masked};
use crate::message::{Callback, Direction, Message, Status};
use crate::phone_number::{address, canonical, is_alphanumeric};
use crate::ports::{PlatformStoreError, Table, Write};
use crate::sid::Sid;
use crate::{Account, Platform, records, webhook};

/// A request to send a message, before any decision.
#[derive(Clone, Default)]
pub struct NewMessage {
    /// As the application wrote it.
    pub to: Option<String>,
    /// As the application wrote it.
    pub from: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// A Messaging Service that picks the sender.
    pub messaging_service: Option<String>,
    /// A content template.
    pub content_sid: Option<String>,
    /// Whether media were attached.
    pub has_media: bool,
    /// Whether it is to be sent later.
    pub is_scheduled: bool,
    /// Whom to tell about changes of the status; an empty URL is nobody.
    pub status_callback: Option<Callback>,
    /// Seconds that it may wait, as the application wrote them.
    pub validity_seconds: Option<String>,
    /// Whether look-alikes may replace what the default alphabet lacks.
    pub smart_encoded: bool,
    /// What the network is to carry beside the text.
    pub carriage: Carriage,
}

/// A change of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Update {
    /// Empties the body.
    Redact,
    /// Takes the message back, if it has not been handed to the centre yet.
    Cancel,
}

impl Platform {
    /// Takes a message over. When this returns it is on disk.
    ///
    /// # Errors
    /// [`Error`] of the request, the number, the route or the store; then nothing was written.
    pub async fn create(&self, account: &Account, new: NewMessage) -> Result<Message, Error> {
        let message = self.admit(account.active()?, new, Direction::OutboundApi)?;
        self.store.commit(insert(&message)?).await?;
        self.submissions.add(message.sid, message.account);
        Ok(message)
    }

    /// Empties or cancels a message of `account`.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotComplete`] if it is to be emptied too early, and
    /// [`Error::NotCancelable`] if it is to be cancelled too late.
    pub async fn update(&self, account: &Account, sid: Sid, update: Update) -> Result<Message, Error> {
        let Some(was_waiting) = self.submissions.claim(sid, account.sid) else {
            return Err(match update {
                Update::Redact => Error::NotComplete("redact"),
                Update::Cancel => Error::NotCancelable,
            });
        };
        let updated = self.update_claimed(account, sid, update).await;
        self.submissions.done(sid, was_waiting && updated.is_err());
        updated
    }

    async fn update_claimed(&self, account: &Account, sid: Sid, update: Update) -> Result<Message, Error> {
        let _gate = self.turnstile.enter(sid).await;
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
            self.errands.add(sid, message.account);
        }
        Ok(message)
    }

    /// Deletes a message of `account` that has reached its last status.
    pub async fn delete(&self, account: &Account, sid: Sid) -> Result<(), Error> {
        let _gate = self.turnstile.enter(sid).await;
        let message = self.own(account, sid).await?;
        if !message.status.is_final() {
            return Err(Error::NotComplete("delete"));
        }
        Ok(self.store.commit(records::remove(&message)).await?)
    }

    /// One message of `account`.
    pub async fn fetch(&self, account: &Account, sid: Sid) -> Result<Message, Error> {
        self.own(account, sid).await.map(|message| self.shown(message))
    }

    /// A message as it is shown: on its way to the centre, nobody can say on which side it is.
    pub(crate) fn shown(&self, mut message: Message) -> Message {
        let may_be_there = message.created_at < self.opened_at || self.submissions.is_working(message.sid);
        if message.status == Status::Queued && may_be_there {
            message.status = Status::Sending;
        }
        message
    }

    /// Decides on a request; writes nothing.
    pub(crate) fn admit(
        &self,
        account: &Account,
        new: NewMessage,
        direction: Direction,
    ) -> Result<Message, Error> {
        let to = present(new.to).ok_or(Error::ToMissing)?;
        if new.messaging_service.is_some() {
            return Err(Error::NoSuchMessagingService);
        }
        let from = present(new.from).ok_or(Error::FromMissing)?;
        if new.is_scheduled {
            return Err(Error::ScheduleWithoutService);
        }
        let body = self.admit_body(new.body, new.has_media, new.content_sid.is_some())?;
        let to = canonical(&to).ok_or_else(|| Error::InvalidTo(masked(&to)))?;
        let from = self.admit_sender(account, &from)?;
        let status_callback = new.status_callback.filter(|callback| !callback.url.is_empty());
        if let Some(callback) =
            status_callback.as_ref().filter(|callback| !webhook::is_callable(&callback.url))
        {
            return Err(Error::InvalidStatusCallback(callback.url.chars().take(200).collect()));
        }
        let validity_seconds = new.validity_seconds.as_deref().map(read_validity).transpose()?;
        let (_, segments) = new.carriage.content(&body, new.smart_encoded)?;
        self.centre
            .check(&address(&from), &address(&to))
            .map_err(|rejection| Error::of_check(&rejection, &from, &to))?;
        let now = self.environment.now();
        let sid = self.sids.message(&*self.environment);
        Ok(Message {
            sid,
            account: account.sid,
            direction,
            status: Status::Queued,
            from,
            to,
            body: if new.smart_encoded { smart(body) } else { body },
            segments,
            created_at: now,
            updated_at: now,
            sent_at: None,
            error: None,
            carriage: new.carriage,
            status_callback,
            validity_seconds,
            centre_id: None,
            callbacks: 0,
        })
    }

    fn admit_body(&self, body: Option<String>, has_media: bool, has_template: bool) -> Result<String, Error> {
        if has_media {
            return Err(Error::MediaNotSupported);
        }
        let body = body.filter(|body| !body.is_empty());
        let body = body.ok_or(if has_template { Error::NoSuchContent } else { Error::BodyMissing })?;
        if body.chars().count() > self.settings.body_characters_max {
            Err(Error::BodyTooLong)
        } else {
            Ok(body)
        }
    }

    fn admit_sender(&self, account: &Account, written: &str) -> Result<String, Error> {
        if let Some(number) = canonical(written) {
            let directory = self.directory.read();
            let is_own = directory.owner(&number).is_some_and(|owner| owner.account == account.sid);
            return if is_own { Ok(number) } else { Err(Error::FromNotOwned(masked(&number))) };
        }
        if self.settings.alphanumeric_senders && is_alphanumeric(written) {
            return Ok(written.to_owned());
        }
        Err(Error::InvalidFrom(masked(written)))
    }

    async fn own(&self, account: &Account, sid: Sid) -> Result<Message, Error> {
        let message = self.read(sid).await?;
        message.filter(|message| message.account == account.sid && message.sid == sid).ok_or_else(|| {
            Error::NotFound(format!("/2010-04-01/Accounts/{}/Messages/{sid}.json", account.sid))
        })
    }
}

/// The writes that bring an outgoing message into being.
pub(crate) fn insert(message: &Message) -> Result<Vec<Write>, PlatformStoreError> {
    let mut writes = records::insert(message)?;
    writes.push(records::submission(message));
    Ok(writes)
}

/// Moves a message to `status`, if it may go there, with the callback that this asks for. The message
/// itself is the caller's to write.
pub(crate) fn advance(
    message: &mut Message,
    status: Status,
    error: Option<u32>,
    now: Timestamp,
) -> Result<Vec<Write>, PlatformStoreError> {
    if !message.status.may_become(status) {
        return Ok(Vec::new());
    }
    message.status = status;
    message.error = error;
    message.updated_at = now;
    if status == Status::Sent {
        message.sent_at = Some(now);
    }
    let Some(errand) = crate::status::callback_of(message).filter(|_| status.is_called_back()) else {
        return Ok(Vec::new());
    };
    message.callbacks = message.callbacks.saturating_add(1);
    let key = records::errand_key(message.sid, message.callbacks);
    Ok(vec![records::put(Table::Outbox, key, &errand)?])
}

/// The body that smart encoding sends, if it makes the text fit the default alphabet.
fn smart(body: String) -> String {
    let replaced = sms::text::replace_look_alikes(&body);
    match sms::alphabet::encode(&replaced, sms::alphabet::Shifts::NONE) {
        Ok(_) => replaced.into_owned(),
        Err(_) => body,
    }
}

fn present(field: Option<String>) -> Option<String> {
    field.filter(|text| !text.trim().is_empty())
}

fn read_validity(text: &str) -> Result<u32, Error> {
    text.trim().parse().ok().filter(|seconds| (1..=36_000).contains(seconds)).ok_or(Error::InvalidValidity)
}
