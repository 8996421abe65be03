//! Outgoing messages from a request to the stored record and its outbox entry.

use crate::account::Account;
use crate::bearer::Bearer;
use crate::errors::{Error, masked};
use crate::message::messages::Messages;
use crate::message::{Callback, Direction, Message, Status};
use crate::number::digits::{address, canonical, is_alphanumeric};
use crate::ports::{PlatformStoreError, Write};
use crate::records;
use crate::webhook::url::is_callable;

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
    /// The application that receives status callbacks; an empty URL is none.
    pub status_callback: Option<Callback>,
    /// Seconds that it may wait, as the application wrote them.
    pub validity_seconds: Option<String>,
    /// Whether look-alikes may replace what the default alphabet lacks.
    pub smart_encoded: bool,
    /// What the network is to carry beside the text.
    pub bearer: Bearer,
}

impl Messages {
    /// Takes a message over. When this returns it is on disk.
    ///
    /// # Errors
    /// [`Error`] of the request, the number, the route or the store; then nothing was written.
    pub(crate) async fn create(&self, account: &Account, new: NewMessage) -> Result<Message, Error> {
        let message = self.admit(account.active()?, new, Direction::OutboundApi)?;
        self.store.commit(insert(&message)?).await?;
        self.outbox.submissions.add(message.sid, message.account);
        Ok(message)
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
        if let Some(callback) = status_callback.as_ref().filter(|callback| !is_callable(&callback.url)) {
            return Err(Error::InvalidStatusCallback(callback.url.chars().take(200).collect()));
        }
        let validity_seconds = new.validity_seconds.as_deref().map(read_validity).transpose()?;
        let (_, segments) = new.bearer.content(&body, new.smart_encoded)?;
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
            bearer: new.bearer,
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
        if body.chars().count() > self.body_characters_max { Err(Error::BodyTooLong) } else { Ok(body) }
    }

    fn admit_sender(&self, account: &Account, written: &str) -> Result<String, Error> {
        if let Some(number) = canonical(written) {
            let is_own = self.numbers.owner(&number).is_some_and(|owner| owner.account == account.sid);
            return if is_own { Ok(number) } else { Err(Error::FromNotOwned(masked(&number))) };
        }
        if self.alphanumeric_senders && is_alphanumeric(written) {
            return Ok(written.to_owned());
        }
        Err(Error::InvalidFrom(masked(written)))
    }
}

/// The writes that bring an outgoing message into being.
pub(crate) fn insert(message: &Message) -> Result<Vec<Write>, PlatformStoreError> {
    let mut writes = records::insert(message)?;
    writes.push(records::submission(message));
    Ok(writes)
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
