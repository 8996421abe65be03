//! Submission of the outbox's messages to the centre.
//!
//! One task hands messages over in batches, each account's in the order of their creation and each
//! message under its SID. A crash between the hand-over and its record repeats the hand-over, and the
//! centre knows the SID again.
//! A refusal that may pass leaves the message where it is and its account alone for a while; any other
//! one ends it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select;
use smsc::receipt::ReceiptRequest;
use smsc::rejection::Rejection;
use smsc::timestamp::Timestamp;

use crate::error_numbers::{UNKNOWN_ERROR, VALIDITY_EXPIRED};
use crate::message::messages::Messages;
use crate::message::status::advance;
use crate::message::{Message, Status};
use crate::number::digits::address;
use crate::outbox::Outbox;
use crate::ports::{Centre, Environment, Outbound, PlatformStore, PlatformStoreError, Ports, Table};
use crate::record_locks::RecordLocks;
use crate::sid::Sid;
use crate::{errors, records};

/// Messages handed to the centre at once.
const BATCH_MAX: usize = 256;
/// How long a message may wait for the centre unless its sender states a validity.
const WAIT_MAX: Duration = Duration::from_secs(36_000);
/// Pauses while the centre or the store takes nothing.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Hands the messages of the outbox to the centre.
pub(crate) struct Submitter {
    store: Arc<dyn PlatformStore>,
    centre: Arc<dyn Centre>,
    environment: Arc<dyn Environment>,
    messages: Arc<Messages>,
    outbox: Arc<Outbox>,
    locks: Arc<RecordLocks>,
}

impl Submitter {
    /// A submitter of what `outbox` holds.
    pub(crate) fn new(
        ports: &Ports,
        messages: Arc<Messages>,
        outbox: Arc<Outbox>,
        locks: Arc<RecordLocks>,
    ) -> Self {
        Self {
            store: Arc::clone(&ports.store),
            centre: Arc::clone(&ports.centre),
            environment: Arc::clone(&ports.environment),
            messages,
            outbox,
            locks,
        }
    }

    /// Hands the oldest messages of the outbox to the centre, and returns the accounts that it refuses now; their
    /// messages stay due, and the account is held.
    ///
    /// # Errors
    /// [`PlatformStoreError`] if the store gives or takes nothing now; everything stays due.
    pub(crate) async fn submit_pending(&self) -> Result<Vec<Sid>, PlatformStoreError> {
        let sids = self.outbox.submissions.take(BATCH_MAX);
        if sids.is_empty() {
            return Ok(Vec::new());
        }
        let outcome = self.submit_batch(&sids).await;
        for account in outcome.iter().flatten() {
            self.outbox.submissions.hold(*account);
        }
        self.outbox.submissions.put_back(&sids); // those that are done have left it already
        outcome
    }

    pub(crate) async fn submit_for_ever(self: Arc<Self>) {
        let mut holds = Holds::default();
        loop {
            for account in holds.end(self.environment.now()) {
                self.outbox.submissions.release(account);
            }
            match holds.next() {
                None => self.outbox.submissions.ready().await,
                Some(next) => {
                    let ready = std::pin::pin!(self.outbox.submissions.ready());
                    let _ = select(ready, self.environment.sleep_until(next)).await;
                }
            }
            let read = self.outbox.refill_submissions().await;
            let submitted = self.submit_pending().await;
            match read.and(submitted) {
                Ok(refused) => holds.learn(&refused, self.environment.now()),
                Err(error) => {
                    tracing::error!(%error, "messages wait for the store");
                    self.environment.sleep_until(self.environment.now() + PAUSE_MAX).await;
                }
            }
        }
    }

    async fn submit_batch(&self, sids: &[Sid]) -> Result<Vec<Sid>, PlatformStoreError> {
        let now = self.environment.now();
        let mut due = Vec::with_capacity(sids.len());
        let mut verdicts = Vec::new();
        for &sid in sids {
            match self.messages.read(sid).await {
                Ok(Some(message)) if message.status == Status::Queued => match outbound(&message, now) {
                    Ok(outbound) => due.push(outbound),
                    Err(code) => verdicts.push((sid, Verdict::Failed(code))),
                },
                Ok(_) => verdicts.push((sid, Verdict::Settled)),
                Err(error @ PlatformStoreError::Damaged(_)) => {
                    // Its record stays for repair, and other messages are not held up.
                    tracing::error!(%sid, %error, "a message cannot be sent");
                    verdicts.push((sid, Verdict::Settled));
                }
                Err(error) => return Err(error),
            }
        }
        let asked: Vec<(Sid, Sid)> = due.iter().map(|outbound| (outbound.sid, outbound.account)).collect();
        let mut answers = if due.is_empty() { Vec::new() } else { self.centre.submit(due).await }.into_iter();
        let mut refused = Vec::new();
        for (sid, account) in asked {
            match answers.next().unwrap_or(Err(Rejection::Congested)) {
                Ok(centre_id) => verdicts.push((sid, Verdict::Sent(centre_id.into()))),
                Err(rejection) => match errors::of_rejection(&rejection) {
                    Some(code) => verdicts.push((sid, Verdict::Failed(code))),
                    None => refused.push(account),
                },
            }
        }
        self.record(verdicts).await?;
        refused.sort_unstable();
        refused.dedup();
        Ok(refused)
    }

    /// Writes what became of a batch, in one commit.
    async fn record(&self, verdicts: Vec<(Sid, Verdict)>) -> Result<(), PlatformStoreError> {
        let _locks = self.locks.lock_all(verdicts.iter().map(|(sid, _)| *sid)).await;
        let now = self.environment.now();
        let mut writes = Vec::with_capacity(verdicts.len() * 2);
        let mut called = Vec::new();
        let mut done = Vec::with_capacity(verdicts.len());
        for (sid, verdict) in verdicts {
            writes.push(records::delete(Table::Outbox, records::submission_key(sid)));
            done.push(sid);
            let (status, error, centre_id) = match verdict {
                Verdict::Settled => continue,
                Verdict::Failed(code) => (Status::Failed, Some(code), None),
                Verdict::Sent(centre_id) => (Status::Sent, None, Some(centre_id)),
            };
            // A receipt may have been stored first.
            let Some(mut message) = self.messages.read(sid).await? else { continue };
            writes.extend(advance(&mut message, status, error, now)?);
            message.centre_id = centre_id;
            writes.push(records::put(Table::Messages, records::message_key(sid), &message)?);
            if message.status_callback.is_some() {
                called.push((sid, message.account));
            }
        }
        self.store.commit(writes).await?;
        for sid in done {
            self.outbox.submissions.done(sid, false);
        }
        for (sid, account) in called {
            self.outbox.webhook_jobs.add(sid, account);
        }
        Ok(())
    }
}

/// Accounts with messages that the centre refuses now. Each is left alone for a while, then tried
/// again, then left alone for twice as long, until the centre takes something.
#[derive(Default)]
struct Holds(HashMap<Sid, Hold>);

#[derive(Clone, Copy)]
struct Hold {
    until: Timestamp,
    pause: Duration,
    is_over: bool,
}

impl Holds {
    /// The accounts that are to be tried again now.
    fn end(&mut self, now: Timestamp) -> Vec<Sid> {
        let mut ended = Vec::new();
        for (account, hold) in &mut self.0 {
            if !hold.is_over && hold.until <= now {
                hold.is_over = true;
                ended.push(*account);
            }
        }
        ended
    }

    /// When the next hold ends.
    fn next(&self) -> Option<Timestamp> {
        self.0.values().filter(|hold| !hold.is_over).map(|hold| hold.until).min()
    }

    /// Records the accounts that were refused when they were tried.
    fn learn(&mut self, refused: &[Sid], now: Timestamp) {
        for account in refused {
            let pause = self.0.get(account).map_or(PAUSE_MIN, |hold| (hold.pause * 2).min(PAUSE_MAX));
            self.0.insert(*account, Hold { until: now + pause, pause, is_over: false });
        }
        self.0.retain(|_, hold| !hold.is_over);
    }
}

/// What became of a message that was due.
enum Verdict {
    /// The centre has it, under this id.
    Sent(String),
    /// It never will.
    Failed(u32),
    /// It had been dealt with before.
    Settled,
}

/// A message in the centre's form, or the error number it ends with.
fn outbound(message: &Message, now: Timestamp) -> Result<Outbound, u32> {
    let wait = message.validity_seconds.map_or(WAIT_MAX, |seconds| Duration::from_secs(seconds.into()));
    let own_end = message.created_at + wait;
    let expires_at = match (message.bearer.expires_at, message.validity_seconds) {
        (Some(stated), Some(_)) => Some(stated.min(own_end)),
        (Some(stated), None) => Some(stated),
        (None, Some(_)) => Some(own_end),
        (None, None) => None,
    };
    if now >= expires_at.unwrap_or(own_end).min(own_end) {
        return Err(VALIDITY_EXPIRED);
    }
    let (content, _) = message.bearer.content(&message.body, false).map_err(|_| UNKNOWN_ERROR)?;
    Ok(Outbound {
        sid: message.sid,
        account: message.account,
        source: address(&message.from),
        destination: address(&message.to),
        content,
        receipt: ReceiptRequest(message.bearer.receipt.unwrap_or(ReceiptRequest::ALWAYS.0)),
        priority: 0,
        expires_at,
        headers: message.bearer.headers.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: Sid = Sid::new(Sid::ACCOUNT, [1; 16]);

    #[test]
    fn pauses_grow_until_the_centre_takes_something() {
        let mut holds = Holds::default();
        let mut now = Timestamp::from_millis(1_000_000);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            holds.learn(&[ACME], now);
            let next = holds.next().unwrap();
            pauses.push(u64::try_from(next.since(now).as_millis()).unwrap());
            assert_eq!(holds.end(now), []);
            now = next;
            assert_eq!((holds.end(now), holds.next()), (vec![ACME], None));
        }
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        holds.learn(&[], now);
        holds.learn(&[ACME], now);
        assert_eq!(holds.next(), Some(now + PAUSE_MIN));
    }
}
