//! From the outbox to the applications.
//!
//! One task holds all open calls. The errands of one message run one after the other, so that status
//! callbacks arrive in the order of the statuses; those of different messages run side by side.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{pending, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::message::Message;
use crate::ports::{PlatformStoreError, Scan, Table};
use crate::records::{Errand, ErrandKind};
use crate::sid::Sid;
use crate::{Platform, records, webhook};

/// Pause after the store failed.
const PAUSE: Duration = Duration::from_secs(1);
/// The group of what cannot be read.
const NOBODY: Sid = Sid::new(Sid::ACCOUNT, [0; 16]);

impl Platform {
    pub(crate) async fn call_for_ever(self: Arc<Self>) {
        let mut open = FuturesUnordered::new();
        loop {
            if let Err(error) = self.refill_errands().await {
                tracing::error!(%error, "outstanding calls cannot be read");
                let pause = self.environment.sleep_until(self.environment.now() + PAUSE);
                // The calls that are open go on meanwhile.
                let others = async {
                    while open.next().await.is_some() {}
                    pending::<()>().await;
                };
                let _either = select(pause, std::pin::pin!(others)).await;
            }
            let room = self.settings.calls_max.saturating_sub(open.len());
            for sid in self.errands.take(room) {
                open.push(Arc::clone(&self).run(sid));
            }
            if open.len() >= self.settings.calls_max {
                open.next().await;
            } else if open.is_empty() {
                self.errands.ready().await;
            } else {
                let ready = std::pin::pin!(self.errands.ready());
                let _either = select(open.next(), ready).await;
            }
        }
    }

    /// Runs the errands of one message in their order until there are none.
    async fn run(self: Arc<Self>, sid: Sid) {
        let outcome = self.run_errands(sid).await;
        if outcome.is_err() {
            self.environment.sleep_until(self.environment.now() + PAUSE).await;
        }
        self.errands.done(sid, outcome.is_err());
    }

    pub(crate) async fn run_errands(&self, sid: Sid) -> Result<(), PlatformStoreError> {
        loop {
            let scan = Scan {
                table: Table::Outbox,
                from: records::errand_key(sid, 0),
                until: Some([records::errand_key(sid, u8::MAX), vec![0]].concat()),
                backwards: false,
                limit: 8,
            };
            let rows = self.store.scan(scan).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for (key, value) in rows {
                match records::read(&value) {
                    Ok(errand) => self.run_errand(sid, key, errand).await?,
                    Err(error) => {
                        tracing::error!(%sid, %error, "a call cannot be made");
                        self.store.commit(vec![records::delete(Table::Outbox, key.to_vec())]).await?;
                    }
                }
            }
        }
    }

    pub(crate) async fn refill_errands(&self) -> Result<(), PlatformStoreError> {
        let Some(above) = self.errands.begin_reading() else { return Ok(()) };
        let read = self.read_outbox(records::ERRANDS, above).await.map(|rows| {
            // One that cannot be read belongs to nobody, and is found so when its turn comes.
            let group = |value: &Bytes| records::read(value).map_or(NOBODY, |errand: Errand| errand.account);
            let entry = |(key, value): &(Bytes, Bytes)| Some((records::sid_in(key, 1)?, group(value)));
            rows.iter().filter_map(entry).collect::<Vec<_>>()
        });
        match read {
            Ok(entries) => {
                self.errands.read(&entries);
                Ok(())
            }
            Err(error) => {
                self.errands.reading_failed();
                Err(error)
            }
        }
    }

    async fn run_errand(&self, sid: Sid, key: Bytes, errand: Errand) -> Result<(), PlatformStoreError> {
        let number = records::errand_number(&key).unwrap_or_default();
        let token = webhook::idempotency_token(sid, number);
        let account = self.directory.read().account(errand.account).cloned();
        let mut writes = vec![records::delete(Table::Outbox, key.to_vec())];
        let mut replies = Vec::new();
        match (account, errand.kind) {
            (Some(account), ErrandKind::Status { callback, params }) => {
                // Whatever it answers, it has been told.
                if let Err(code) = self.call(&account.auth_token, &callback, &params, &token).await {
                    tracing::info!(%sid, code, "a status callback failed");
                }
            }
            (Some(account), ErrandKind::Incoming) => {
                if let Some(message) = self.read_undamaged(sid).await? {
                    let conversation = self.converse(&account, &message, &token).await;
                    let more;
                    (replies, more) = self.conclude(&account, message, conversation).await?;
                    writes.extend(more);
                }
            }
            (None, _) => {}
        }
        self.store.commit(writes).await?;
        for sid in replies {
            self.submissions.add(sid, errand.account);
        }
        Ok(())
    }

    /// A message, or nothing if its record cannot be read; then nobody can be told of it.
    async fn read_undamaged(&self, sid: Sid) -> Result<Option<Message>, PlatformStoreError> {
        match self.read(sid).await {
            Err(error @ PlatformStoreError::Damaged(_)) => {
                tracing::error!(%sid, %error, "an application cannot be told of a message");
                Ok(None)
            }
            read => read,
        }
    }
}
