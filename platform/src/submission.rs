//! From the outbox to the centre.
//!
//! One task hands messages over in the order of their creation, a batch at a time, each under its SID. A
//! crash between the hand-over and its record repeats the hand-over, and the centre knows the SID again.
//! A refusal that may pass leaves the message where it is and makes the task wait; any other one ends it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use smsc::message::Timestamp;
use smsc::receipt::ReceiptRequest;
use smsc::rejection::Rejection;

use crate::errors::{self, VALIDITY_EXPIRED};
use crate::message::{Message, Status};
use crate::outbound::advance;
use crate::phone_number::address;
use crate::ports::{LedgerError, Outbound, Scan, Table};
use crate::sid::Sid;
use crate::{Platform, records};

/// Messages handed to the centre at once.
const BATCH_MAX: usize = 256;
/// Outbox entries read at once after a start.
const READ_MAX: usize = 1000;
/// How long a message may wait for the centre unless its sender says otherwise.
const WAIT_MAX: Duration = Duration::from_secs(36_000);
/// Pauses while the centre or the ledger takes nothing.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// All submissions are one group: they leave in the order of their creation.
pub(crate) const SUBMISSIONS: Sid = Sid::new(Sid::ACCOUNT, [0; 16]);

impl Platform {
    /// Puts a message that is in the outbox on the agenda.
    pub(crate) fn add_submission(&self, sid: Sid) {
        self.submissions.add(sid, SUBMISSIONS);
    }

    /// Hands the oldest messages of the outbox to the centre, and says how many it dealt with.
    ///
    /// # Errors
    /// [`Stalled`] if the centre or the ledger takes nothing now; what it did not take stays due.
    pub(crate) async fn submit_pending(&self) -> Result<usize, Stalled> {
        let sids = self.submissions.take(BATCH_MAX);
        if sids.is_empty() {
            return Ok(0);
        }
        let outcome = self.submit_batch(&sids).await;
        if outcome.is_err() {
            self.submissions.put_back(&sids); // those that are done have left it already
        }
        outcome.map(|()| sids.len())
    }

    /// Reads what the outbox holds and the agenda does not.
    pub(crate) async fn refill_submissions(&self) -> Result<(), LedgerError> {
        let Some(above) = self.submissions.begin_reading() else { return Ok(()) };
        let read = self.read_outbox(records::SUBMISSIONS, above).await;
        match read {
            Ok(rows) => {
                let sids = rows.iter().filter_map(|(key, _)| records::sid_in(key, 1));
                self.submissions.read(&sids.map(|sid| (sid, SUBMISSIONS)).collect::<Vec<_>>());
                Ok(())
            }
            Err(error) => {
                self.submissions.reading_failed();
                Err(error)
            }
        }
    }

    pub(crate) async fn submit_for_ever(self: Arc<Self>) {
        let mut pause = PAUSE_MIN;
        loop {
            self.submissions.ready().await;
            let read = self.refill_submissions().await.map_err(|_| Stalled);
            let submitted = self.submit_pending().await;
            if read.is_ok() && submitted.is_ok() {
                pause = PAUSE_MIN;
                continue;
            }
            self.environment.sleep_until(self.environment.now() + pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The outbox's entries of one kind above a SID.
    pub(crate) async fn read_outbox(
        &self,
        kind: u8,
        above: [u8; 16],
    ) -> Result<Vec<(Bytes, Bytes)>, LedgerError> {
        let from = [&[kind][..], &above, &[0xff, 0xff]].concat();
        let from = if above == [0; 16] { vec![kind] } else { from };
        let until = Some(vec![kind + 1]);
        let scan = Scan { table: Table::Outbox, from, until, backwards: false, limit: READ_MAX };
        self.ledger.scan(scan).await
    }

    async fn submit_batch(&self, sids: &[Sid]) -> Result<(), Stalled> {
        let now = self.environment.now();
        let mut due = Vec::with_capacity(sids.len());
        let mut verdicts = Vec::new();
        for &sid in sids {
            match self.read(sid).await {
                Ok(Some(message)) if message.status == Status::Queued => match outbound(&message, now) {
                    Ok(outbound) => due.push(outbound),
                    Err(code) => verdicts.push((sid, Verdict::Failed(code))),
                },
                Ok(_) => verdicts.push((sid, Verdict::Settled)),
                Err(error @ LedgerError::Damaged(_)) => {
                    // It stays where it is for whoever repairs it, and holds nobody else up.
                    tracing::error!(%sid, %error, "a message cannot be sent");
                    verdicts.push((sid, Verdict::Settled));
                }
                Err(_) => return Err(Stalled),
            }
        }
        let asked: Vec<Sid> = due.iter().map(|outbound| outbound.sid).collect();
        let mut answers = if due.is_empty() { Vec::new() } else { self.centre.submit(due).await }.into_iter();
        let mut stalled = false;
        for sid in asked {
            match answers.next().unwrap_or(Err(Rejection::Congested)) {
                Ok(centre_id) => verdicts.push((sid, Verdict::Sent(centre_id.into()))),
                Err(rejection) => match errors::of_rejection(&rejection) {
                    Some(code) => verdicts.push((sid, Verdict::Failed(code))),
                    None => stalled = true,
                },
            }
        }
        self.record(verdicts).await.map_err(|_| Stalled)?;
        if stalled { Err(Stalled) } else { Ok(()) }
    }

    /// Writes what became of a batch, in one commit.
    async fn record(&self, verdicts: Vec<(Sid, Verdict)>) -> Result<(), LedgerError> {
        let _gates = self.turnstile.enter_all(verdicts.iter().map(|(sid, _)| *sid)).await;
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
            // A receipt may have been faster than we.
            let Some(mut message) = self.read(sid).await? else { continue };
            writes.extend(advance(&mut message, status, error, now)?);
            message.centre_id = centre_id;
            writes.push(records::put(Table::Messages, records::message_key(sid), &message)?);
            if message.status_callback.is_some() {
                called.push((sid, message.account));
            }
        }
        self.ledger.commit(writes).await?;
        for sid in done {
            self.submissions.done(sid, false);
        }
        for (sid, account) in called {
            self.errands.add(sid, account);
        }
        Ok(())
    }
}

/// The centre or the ledger takes nothing now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stalled;

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
    let expires_at = match (message.carriage.expires_at, message.validity_seconds) {
        (Some(stated), Some(_)) => Some(stated.min(own_end)),
        (Some(stated), None) => Some(stated),
        (None, Some(_)) => Some(own_end),
        (None, None) => None,
    };
    if now >= expires_at.unwrap_or(own_end).min(own_end) {
        return Err(VALIDITY_EXPIRED);
    }
    let (content, _) = message.carriage.content(&message.body, false).map_err(|_| errors::UNKNOWN_ERROR)?;
    Ok(Outbound {
        sid: message.sid,
        account: message.account,
        source: address(&message.from),
        destination: address(&message.to),
        content,
        receipt: ReceiptRequest(message.carriage.receipt.unwrap_or(ReceiptRequest::ALWAYS.0)),
        priority: 0,
        expires_at,
        headers: message.carriage.headers.clone(),
    })
}
