//! Webhook jobs: the calls of the outbox to the applications.
//!
//! One task holds all open calls. The webhook_jobs of one message run one after the other, so that status
//! callbacks arrive in the order of the statuses; those of different messages run side by side.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{pending, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::account::accounts::Accounts;
use crate::message::Message;
use crate::message::messages::Messages;
use crate::number::numbers::Numbers;
use crate::outbox::Outbox;
use crate::ports::{Environment, PlatformStore, PlatformStoreError, Ports, Scan, Table};
use crate::records::{self, JobKind, WebhookJob};
use crate::sid::Sid;
use crate::webhook::call::{Caller, Subject, idempotency_token};
use crate::webhook::twiml_session::TwimlSessions;

/// Pause after the store failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Runs the webhook jobs of the outbox.
pub(crate) struct JobRunner {
    store: Arc<dyn PlatformStore>,
    environment: Arc<dyn Environment>,
    accounts: Arc<Accounts>,
    messages: Arc<Messages>,
    outbox: Arc<Outbox>,
    caller: Arc<Caller>,
    sessions: TwimlSessions,
    calls_max: usize,
}

impl JobRunner {
    /// A runner of what `outbox` holds, at most `calls_max` messages at a time.
    pub(crate) fn new(
        ports: &Ports,
        accounts: Arc<Accounts>,
        numbers: Arc<Numbers>,
        messages: Arc<Messages>,
        outbox: Arc<Outbox>,
        calls_max: usize,
    ) -> Self {
        let caller = Arc::new(Caller::new(ports));
        let sessions = TwimlSessions::new(numbers, Arc::clone(&messages), Arc::clone(&caller));
        Self {
            store: Arc::clone(&ports.store),
            environment: Arc::clone(&ports.environment),
            accounts,
            messages,
            outbox,
            caller,
            sessions,
            calls_max,
        }
    }

    pub(crate) async fn call_for_ever(self: Arc<Self>) {
        let mut open = FuturesUnordered::new();
        loop {
            if let Err(error) = self.outbox.refill_webhook_jobs().await {
                tracing::error!(%error, "outstanding calls cannot be read");
                let pause = self.environment.sleep_until(self.environment.now() + PAUSE);
                // The calls that are open go on meanwhile.
                let others = async {
                    while open.next().await.is_some() {}
                    pending::<()>().await;
                };
                let _ = select(pause, std::pin::pin!(others)).await;
            }
            let room = self.calls_max.saturating_sub(open.len());
            for sid in self.outbox.webhook_jobs.take(room) {
                open.push(Arc::clone(&self).run(sid));
            }
            if open.len() >= self.calls_max {
                open.next().await;
            } else if open.is_empty() {
                self.outbox.webhook_jobs.ready().await;
            } else {
                let ready = std::pin::pin!(self.outbox.webhook_jobs.ready());
                let _ = select(open.next(), ready).await;
            }
        }
    }

    /// Runs the webhook_jobs of one message in their order until there are none.
    async fn run(self: Arc<Self>, sid: Sid) {
        let outcome = self.run_jobs(sid).await;
        if outcome.is_err() {
            self.environment.sleep_until(self.environment.now() + PAUSE).await;
        }
        self.outbox.webhook_jobs.done(sid, outcome.is_err());
    }

    pub(crate) async fn run_jobs(&self, sid: Sid) -> Result<(), PlatformStoreError> {
        loop {
            let scan = Scan {
                table: Table::Outbox,
                from: records::job_key(sid, 0),
                until: Some([records::job_key(sid, u8::MAX), vec![0]].concat()),
                backwards: false,
                limit: 8,
            };
            let rows = self.store.scan(scan).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for (key, value) in rows {
                match records::read(&value) {
                    Ok(job) => self.run_job(sid, key, job).await?,
                    Err(error) => {
                        tracing::error!(%sid, %error, "a call cannot be made");
                        self.store.commit(vec![records::delete(Table::Outbox, key.to_vec())]).await?;
                    }
                }
            }
        }
    }

    async fn run_job(&self, sid: Sid, key: Bytes, job: WebhookJob) -> Result<(), PlatformStoreError> {
        let number = records::job_number(&key).unwrap_or_default();
        let token = idempotency_token(sid, number);
        let account = self.accounts.get(job.account);
        let mut writes = vec![records::delete(Table::Outbox, key.to_vec())];
        let mut replies = Vec::new();
        match (account, job.kind) {
            (Some(account), JobKind::Status { callback, params }) => {
                let status = params.iter().find(|(name, _)| name == "MessageStatus");
                let status = status.map(|(_, status)| status.clone()).unwrap_or_default();
                let subject = Subject { message: sid, account: account.sid, status };
                // The content of the answer has no meaning.
                if let Err(code) =
                    self.caller.call(&account.auth_token, &subject, &callback, &params, &token).await
                {
                    tracing::info!(%sid, code, "a status callback failed");
                }
            }
            (Some(account), JobKind::Incoming) => {
                if let Some(message) = self.read_undamaged(sid).await? {
                    let session = self.sessions.run(&account, &message, &token).await;
                    let more;
                    (replies, more) = self.sessions.conclude(&account, message, session).await?;
                    writes.extend(more);
                }
            }
            (None, _) => {}
        }
        self.store.commit(writes).await?;
        for sid in replies {
            self.outbox.submissions.add(sid, job.account);
        }
        Ok(())
    }

    /// A message, or nothing if its record cannot be read; then there is no call.
    async fn read_undamaged(&self, sid: Sid) -> Result<Option<Message>, PlatformStoreError> {
        match self.messages.read(sid).await {
            Err(error @ PlatformStoreError::Damaged(_)) => {
                tracing::error!(%sid, %error, "an application cannot be told of a message");
                Ok(None)
            }
            read => read,
        }
    }
}
