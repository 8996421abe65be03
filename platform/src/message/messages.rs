//! The message component: the state that creating, listing, receiving and reporting share.

use std::sync::Arc;

use smsc::timestamp::Timestamp;

use crate::account::accounts::Accounts;
use crate::message::{Message, Status};
use crate::number::numbers::Numbers;
use crate::outbox::Outbox;
use crate::ports::{Centre, Environment, PlatformStore, PlatformStoreError, Ports, Table};
use crate::record_locks::RecordLocks;
use crate::records;
use crate::settings::Settings;
use crate::sid::{Sid, Sids};

/// All messages of the platform.
pub(crate) struct Messages {
    pub(super) store: Arc<dyn PlatformStore>,
    pub(super) centre: Arc<dyn Centre>,
    pub(super) environment: Arc<dyn Environment>,
    pub(super) accounts: Arc<Accounts>,
    pub(super) numbers: Arc<Numbers>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) locks: Arc<RecordLocks>,
    pub(super) sids: Sids,
    pub(super) body_characters_max: usize,
    pub(super) alphanumeric_senders: bool,
    pub(super) opened_at: Timestamp,
}

impl Messages {
    /// The messages in the store of `ports`.
    pub(crate) fn new(
        ports: &Ports,
        settings: &Settings,
        accounts: Arc<Accounts>,
        numbers: Arc<Numbers>,
        outbox: Arc<Outbox>,
        locks: Arc<RecordLocks>,
    ) -> Self {
        Self {
            store: Arc::clone(&ports.store),
            centre: Arc::clone(&ports.centre),
            environment: Arc::clone(&ports.environment),
            accounts,
            numbers,
            outbox,
            locks,
            sids: Sids::default(),
            body_characters_max: settings.body_characters_max,
            alphanumeric_senders: settings.alphanumeric_senders,
            opened_at: ports.environment.now(),
        }
    }

    /// One message as it is stored, of any account.
    pub(crate) async fn read(&self, sid: Sid) -> Result<Option<Message>, PlatformStoreError> {
        let value = self.store.get(Table::Messages, records::message_key(sid)).await?;
        value.map(|value| records::read(&value)).transpose()
    }

    /// A message as the API shows it: while a submission is pending, its outcome is unknown.
    pub(crate) fn shown(&self, mut message: Message) -> Message {
        let may_be_there =
            message.created_at < self.opened_at || self.outbox.submissions.is_working(message.sid);
        if message.status == Status::Queued && may_be_there {
            message.status = Status::Sending;
        }
        message
    }

    /// Records the error number of a webhook that failed.
    pub(crate) async fn record_error(&self, sid: Sid, code: u32) -> Result<(), PlatformStoreError> {
        let _lock = self.locks.lock(sid).await;
        let Some(mut message) = self.read(sid).await? else { return Ok(()) };
        message.error = Some(code);
        message.updated_at = self.environment.now();
        let write = records::put(Table::Messages, records::message_key(sid), &message)?;
        self.store.commit(vec![write]).await
    }
}
