//! Keys and values of the platform's records in the store: keys in binary, values as JSON.
//!
//! | table | key | value |
//! |---|---|---|
//! | Provisioning | `a` account | [`Account`] |
//! | Provisioning | `n` phone number's SID | [`PhoneNumber`] |
//! | Messages | SID | [`Message`] |
//! | MessageIndex | `a` account, SID | nothing |
//! | MessageIndex | `t` or `f` account, number, 0, SID | nothing |
//! | MessageIndex | `c` the centre's id of an incoming message | SID |
//! | MessageIndex | `link/` the centre's id of an outgoing message; kept by the SIP link | SID |
//! | Outbox | `s` SID | 16 octets of the account: hand this message to the centre |
//! | Outbox | `c` SID, number | [`WebhookJob`]: call an application |
//!
//! A message's SID begins with its time, so every index falls from the newest to the oldest when it is
//! read backwards.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::message::{Callback, Direction, Message};
use crate::number::PhoneNumber;
use crate::ports::{PlatformStoreError, Table, Write};
use crate::sid::Sid;

/// A call to an application that is still due.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct WebhookJob {
    /// The account of the application.
    pub(crate) account: Sid,
    /// What to do.
    pub(crate) kind: JobKind,
}

/// What an application is called for.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum JobKind {
    /// An incoming message: call, read the document, send its messages.
    Incoming,
    /// A status callback with its form.
    Status {
        /// Where to.
        callback: Callback,
        /// The form.
        params: Vec<(String, String)>,
    },
}

/// The key of a message.
pub(crate) fn message_key(sid: Sid) -> Vec<u8> {
    sid.octets().to_vec()
}

/// The prefix of an index: all messages of an account, or those to or from one number.
pub(crate) fn index_prefix(account: Sid, number: Option<(IndexBy, &str)>) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(number.map_or(b'a', |(by, _)| by as u8));
    key.extend_from_slice(&account.octets());
    if let Some((_, number)) = number {
        key.extend_from_slice(number.as_bytes());
        key.push(0);
    }
    key
}

/// The two numbers of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum IndexBy {
    /// The receiver.
    To = b't',
    /// The sender.
    From = b'f',
}

/// The key of an incoming message by the centre's id.
pub(crate) fn centre_key(centre_id: &str) -> Vec<u8> {
    [b"c", centre_id.as_bytes()].concat()
}

/// The key of a submission in the outbox.
pub(crate) fn submission_key(sid: Sid) -> Vec<u8> {
    [&[SUBMISSIONS][..], &sid.octets()].concat()
}

/// The entry that asks for a submission.
pub(crate) fn submission(message: &Message) -> Write {
    let value = Some(Bytes::copy_from_slice(&message.account.octets()));
    Write { table: Table::Outbox, key: submission_key(message.sid), value }
}

/// The account in such an entry.
pub(crate) fn submitter(value: &[u8]) -> Sid {
    Sid::new(Sid::ACCOUNT, value.first_chunk().copied().unwrap_or_default())
}

/// The key of an job in the outbox.
pub(crate) fn job_key(sid: Sid, number: u8) -> Vec<u8> {
    [&[WEBHOOK_JOBS][..], &sid.octets(), &[number]].concat()
}

/// The number of the job with this key.
pub(crate) fn job_number(key: &[u8]) -> Option<u8> {
    key.get(17).copied()
}

/// Outbox keys of messages for the centre begin so.
pub(crate) const SUBMISSIONS: u8 = b's';
/// Outbox keys of calls begin so.
pub(crate) const WEBHOOK_JOBS: u8 = b'c';

/// The SID at the end of an index key or after the first octet of an outbox key.
pub(crate) fn sid_in(key: &[u8], skip: usize) -> Option<Sid> {
    let octets = key.get(skip..)?.first_chunk::<16>()?;
    Some(Sid::new(Sid::MESSAGE, *octets))
}

/// The writes that bring a message into being.
pub(crate) fn insert(message: &Message) -> Result<Vec<Write>, PlatformStoreError> {
    let mut writes = vec![put(Table::Messages, message_key(message.sid), message)?];
    writes.extend(index_keys(message).into_iter().map(|key| present(Table::MessageIndex, key)));
    Ok(writes)
}

/// The writes that end it.
pub(crate) fn remove(message: &Message) -> Vec<Write> {
    let mut writes = vec![delete(Table::Messages, message_key(message.sid))];
    writes.extend(index_keys(message).into_iter().map(|key| delete(Table::MessageIndex, key)));
    if message.direction == Direction::Inbound
        && let Some(centre_id) = &message.centre_id
    {
        writes.push(delete(Table::MessageIndex, centre_key(centre_id)));
    }
    writes
}

fn index_keys(message: &Message) -> Vec<Vec<u8>> {
    let by_number = [(IndexBy::To, message.to.as_str()), (IndexBy::From, message.from.as_str())];
    let prefixes = [None].into_iter().chain(by_number.map(Some));
    prefixes
        .map(|number| {
            let mut key = index_prefix(message.account, number);
            key.extend_from_slice(&message.sid.octets());
            key
        })
        .collect()
}

/// The write of an account.
pub(crate) fn put_account(account: &Account) -> Result<Write, PlatformStoreError> {
    put(Table::Provisioning, [b"a", account.sid.octets().as_slice()].concat(), account)
}

/// The write of a phone number.
pub(crate) fn put_number(number: &PhoneNumber) -> Result<Write, PlatformStoreError> {
    put(Table::Provisioning, number_key(number.sid), number)
}

/// The key of a phone number.
pub(crate) fn number_key(sid: Sid) -> Vec<u8> {
    [b"n", sid.octets().as_slice()].concat()
}

/// A write of a record.
pub(crate) fn put(table: Table, key: Vec<u8>, record: &impl Serialize) -> Result<Write, PlatformStoreError> {
    let value = serde_json::to_vec(record).map_err(|error| PlatformStoreError::Failed(error.to_string()))?;
    Ok(Write { table, key, value: Some(Bytes::from(value)) })
}

/// A write of a key with an empty value.
pub(crate) fn present(table: Table, key: Vec<u8>) -> Write {
    Write { table, key, value: Some(Bytes::new()) }
}

/// A write that takes a record away.
pub(crate) fn delete(table: Table, key: Vec<u8>) -> Write {
    Write { table, key, value: None }
}

/// Reads a record; a damaged one is an error, never a panic and never skipped.
pub(crate) fn read<T: DeserializeOwned>(value: &[u8]) -> Result<T, PlatformStoreError> {
    // serde's text may quote the record, so the error has only the position.
    serde_json::from_slice(value)
        .map_err(|error| PlatformStoreError::Damaged(format!("its octet {} is unexpected", error.column())))
}
