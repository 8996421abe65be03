//! Status changes of a message, and the status callback that each one asks for.

use smsc::timestamp::Timestamp;

use crate::message::{Message, Status};
use crate::ports::{PlatformStoreError, Table, Write};
use crate::records::{self, JobKind, WebhookJob};

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
    let Some(job) = callback_of(message).filter(|_| status.is_called_back()) else {
        return Ok(Vec::new());
    };
    message.callbacks = message.callbacks.saturating_add(1);
    let key = records::job_key(message.sid, message.callbacks);
    Ok(vec![records::put(Table::Outbox, key, &job)?])
}

/// The callback for a message's present status, if the message has one.
fn callback_of(message: &Message) -> Option<WebhookJob> {
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
    Some(WebhookJob { account: message.account, kind: JobKind::Status { callback, params } })
}

/// `YYMMDDhhmm` in UTC, as SMPP's receipts have it.
fn done_date(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.seconds()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.strftime("%y%m%d%H%M").to_string())
        .unwrap_or_default()
}
