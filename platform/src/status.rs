//! Receipts from the centre, and the callbacks that tell the application.

use smsc::timestamp::Timestamp;
use smsc::receipt::State;

use crate::errors::{self, Error};
use crate::message::{Direction, Message, Status};
use crate::ports::Table;
use crate::records::{Errand, ErrandKind};
use crate::sid::Sid;
use crate::{Platform, outbound, records};

/// What the centre says about a message that the platform handed to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Which message.
    pub sid: Sid,
    /// How it ended, or where it stands.
    pub state: State,
    /// The reference system's error number; 0 is none.
    pub error: u8,
}

impl Platform {
    /// Takes a receipt over. `Ok` once it is on disk, and for everything that changes nothing: a
    /// message that is unknown or at its end, a notification that is not final.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Internal`] if it could not be written; report it again.
    pub async fn report(&self, report: Report) -> Result<(), Error> {
        if !report.state.is_final() {
            return Ok(());
        }
        let _gate = self.turnstile.enter(report.sid).await;
        let Some(mut message) = self.read(report.sid).await? else { return Ok(()) };
        if message.direction == Direction::Inbound || message.status.is_final() {
            return Ok(());
        }
        let now = self.environment.now();
        // A receipt may be faster than the answer to the submission that it is about.
        let mut writes = outbound::advance(&mut message, Status::Sent, None, now)?;
        let own_validity = message.validity_seconds.is_some();
        let (status, error) = if report.state.is_success() {
            (Status::Delivered, None)
        } else {
            (Status::Undelivered, Some(errors::of_receipt(report.state, report.error, own_validity)))
        };
        writes.extend(outbound::advance(&mut message, status, error, now)?);
        writes.push(records::put(Table::Messages, records::message_key(message.sid), &message)?);
        self.store.commit(writes).await?;
        if message.status_callback.is_some() {
            self.errands.add(message.sid, message.account);
        }
        Ok(())
    }
}

/// The callback that tells of a message's present status, if anybody wants to hear it.
pub(crate) fn callback_of(message: &Message) -> Option<Errand> {
    let callback = message.status_callback.clone()?;
    let sid = message.sid.to_string();
    let status = message.status.as_str();
    let is_end = matches!(message.status, Status::Delivered | Status::Undelivered);
    let fields = [
        ("MessageSid", Some(sid.clone())),
        ("SmsSid", Some(sid)),
        ("MessageStatus", Some(status.to_owned())),
        ("SmsStatus", Some(status.to_owned())),
        ("AccountSid", Some(message.account.to_string())),
        ("From", Some(message.from.clone())),
        ("To", Some(message.to.clone())),
        ("ApiVersion", Some("2010-04-01".to_owned())),
        ("ErrorCode", message.error.map(|code| code.to_string())),
        ("RawDlrDoneDate", is_end.then(|| done_date(message.updated_at))),
    ];
    let params = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Some(Errand { account: message.account, kind: ErrandKind::Status { callback, params } })
}

/// `YYMMDDhhmm` in UTC, as SMPP's receipts have it.
fn done_date(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.seconds()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.strftime("%y%m%d%H%M").to_string())
        .unwrap_or_default()
}
