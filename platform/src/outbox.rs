//! The outbox: submissions to the centre and webhook jobs that are due, in the store and in memory.

pub(crate) mod submission;
pub(crate) mod work_queue;

use std::sync::Arc;

use bytes::Bytes;

use crate::ports::{PlatformStore, PlatformStoreError, Scan, Table};
use crate::records::{self, WebhookJob};
use crate::sid::Sid;
use work_queue::WorkQueue;

/// Outbox entries read at once after a start.
const READ_MAX: usize = 1000;
/// The group of the entries that cannot be read.
const UNREADABLE: Sid = Sid::new(Sid::ACCOUNT, [0; 16]);

/// What is due: the table of the store, and a window on each of its two kinds of entries.
pub(crate) struct Outbox {
    store: Arc<dyn PlatformStore>,
    /// Messages for the centre.
    pub(crate) submissions: WorkQueue,
    /// Messages with calls to applications outstanding.
    pub(crate) webhook_jobs: WorkQueue,
}

impl Outbox {
    /// The outbox in `store`; `calls_per_account_max` webhook jobs of one account run at a time.
    pub(crate) fn new(store: Arc<dyn PlatformStore>, calls_per_account_max: usize) -> Self {
        let submissions = WorkQueue::new(usize::MAX);
        Self { store, submissions, webhook_jobs: WorkQueue::new(calls_per_account_max) }
    }

    /// Reads what the table holds and the queue of submissions does not.
    pub(crate) async fn refill_submissions(&self) -> Result<(), PlatformStoreError> {
        let Some(above) = self.submissions.begin_reading() else { return Ok(()) };
        match self.read_outbox(records::SUBMISSIONS, above).await {
            Ok(rows) => {
                let entry = |(key, value): &(Bytes, Bytes)| {
                    Some((records::sid_in(key, 1)?, records::submitter(value)))
                };
                self.submissions.read(&rows.iter().filter_map(entry).collect::<Vec<_>>());
                Ok(())
            }
            Err(error) => {
                self.submissions.reading_failed();
                Err(error)
            }
        }
    }

    /// Reads what the table holds and the queue of webhook jobs does not.
    pub(crate) async fn refill_webhook_jobs(&self) -> Result<(), PlatformStoreError> {
        let Some(above) = self.webhook_jobs.begin_reading() else { return Ok(()) };
        let read = self.read_outbox(records::WEBHOOK_JOBS, above).await.map(|rows| {
            // An unreadable entry has no account; its error is reported when the job runs.
            let group =
                |value: &Bytes| records::read(value).map_or(UNREADABLE, |job: WebhookJob| job.account);
            let entry = |(key, value): &(Bytes, Bytes)| Some((records::sid_in(key, 1)?, group(value)));
            rows.iter().filter_map(entry).collect::<Vec<_>>()
        });
        match read {
            Ok(entries) => {
                self.webhook_jobs.read(&entries);
                Ok(())
            }
            Err(error) => {
                self.webhook_jobs.reading_failed();
                Err(error)
            }
        }
    }

    /// The outbox's entries of one kind above a SID.
    async fn read_outbox(
        &self,
        kind: u8,
        above: [u8; 16],
    ) -> Result<Vec<(Bytes, Bytes)>, PlatformStoreError> {
        let from = [&[kind][..], &above, &[0xff, 0xff]].concat();
        let from = if above == [0; 16] { vec![kind] } else { from };
        let until = Some(vec![kind + 1]);
        let scan = Scan { table: Table::Outbox, from, until, backwards: false, limit: READ_MAX };
        self.store.scan(scan).await
    }
}
