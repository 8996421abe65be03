//! A centre for tests: it stores submissions, and answers as the test configures.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::message::{Replacement, Submission};
use smsc::names::Name;
use smsc::ports::{Acceptance, Availability, Messages, StartGuard, StoreError, Submit};
use smsc::receipt::{RemoteReceipt, State};
use smsc::rejection::Rejection;
use smsc::stored::{MessageDetails, MessageStatus, ReferenceQuery};
use tokio::sync::{Notify, watch};

/// An id of the moment that all tests are at.
const FIRST_ID: u64 = (super::NOW.millis() - 1_577_836_800_000) << 22;

/// What a message starts when it is let go.
type Start = Box<dyn Fn() + Send + Sync>;

pub(crate) struct SmallCentre {
    next: AtomicU64,
    me: OnceLock<Weak<Self>>,
    /// While it is held, no accept returns.
    held: watch::Sender<bool>,
    changed: Notify,
    pub(crate) rejection: Mutex<Option<Rejection>>,
    pub(crate) on_start: Mutex<Option<Start>>,
    /// Batches that came in.
    pub(crate) asked: AtomicUsize,
    pub(crate) accepted: Mutex<Vec<(MessageId, Submission)>>,
    pub(crate) started: AtomicUsize,
    pub(crate) opened: Mutex<Vec<Endpoint>>,
    pub(crate) reachable: Mutex<Vec<(Endpoint, Address)>>,
    pub(crate) told: Mutex<Vec<(MessageId, u16)>>,
    pub(crate) cancelled: Mutex<Vec<MessageId>>,
    /// The state of messages that are over.
    pub(crate) is_final: Mutex<bool>,
}

impl SmallCentre {
    pub(crate) fn new() -> Arc<Self> {
        let centre = Arc::new(Self {
            next: AtomicU64::new(1),
            me: OnceLock::new(),
            held: watch::channel(false).0,
            changed: Notify::new(),
            rejection: Mutex::default(),
            on_start: Mutex::default(),
            asked: AtomicUsize::new(0),
            accepted: Mutex::default(),
            started: AtomicUsize::new(0),
            opened: Mutex::default(),
            reachable: Mutex::default(),
            told: Mutex::default(),
            cancelled: Mutex::default(),
            is_final: Mutex::default(),
        });
        centre.me.set(Arc::downgrade(&centre)).unwrap();
        centre
    }

    /// From now on no accept returns, until it is let go.
    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// Waits until something is so.
    pub(crate) async fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if is_so(self) {
                return;
            }
            changed.await;
        }
    }

    pub(crate) fn opened_times(&self) -> usize {
        self.opened.lock().len()
    }

    fn take(&self, batch: Vec<Submission>) -> Acceptance {
        let refused = self.rejection.lock().clone();
        let mut answers = Vec::new();
        for submission in batch {
            answers.push(match &refused {
                Some(rejection) => Err(rejection.clone()),
                None => {
                    let number = self.next.fetch_add(1, Ordering::Relaxed);
                    let id = MessageId::from_u64(FIRST_ID + number);
                    self.accepted.lock().push((id, submission));
                    Ok(id)
                }
            });
        }
        self.changed.notify_waiters();
        let me = self.me.get().unwrap().upgrade().unwrap();
        let start = StartGuard::new(move || {
            me.started.fetch_add(1, Ordering::AcqRel);
            if let Some(start) = &*me.on_start.lock() {
                start();
            }
            me.changed.notify_waiters();
        });
        Acceptance { answers, start }
    }
}

impl Submit for SmallCentre {
    fn accept(&self, batch: Vec<Submission>) -> BoxFuture<'static, Acceptance> {
        let centre = self.me.get().unwrap().upgrade().unwrap();
        Box::pin(async move {
            centre.asked.fetch_add(1, Ordering::AcqRel);
            centre.changed.notify_waiters();
            centre.held.subscribe().wait_for(|held| !held).await.unwrap();
            centre.take(batch)
        })
    }

    fn remote_receipt(&self, _: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }
}

impl Messages for SmallCentre {
    fn newest(
        &self,
        _: Name,
        _: Address,
        _: usize,
    ) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn details(
        &self,
        _: Name,
        _: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageDetails>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn replace(&self, _: Name, _: MessageId, _: Replacement) -> BoxFuture<'static, Result<bool, Rejection>> {
        Box::pin(async { Ok(false) })
    }

    fn status(&self, _: Name, _: MessageId) -> BoxFuture<'static, Result<Option<MessageStatus>, StoreError>> {
        let state = if *self.is_final.lock() { State::Delivered } else { State::Enroute };
        Box::pin(async move { Ok(Some(MessageStatus { state, done_at: None, error: 0 })) })
    }

    fn cancel(&self, _: Name, id: MessageId) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.cancelled.lock().push(id);
        Box::pin(async { Ok(true) })
    }

    fn send_status_report(
        &self,
        _: Name,
        id: MessageId,
        reference: u16,
    ) -> BoxFuture<'static, Result<bool, StoreError>> {
        self.told.lock().push((id, reference));
        Box::pin(async { Ok(true) })
    }

    fn find_by_reference(
        &self,
        query: ReferenceQuery,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        let accepted = self.accepted.lock();
        let fits = |submission: &Submission| {
            submission.origin == query.submitter
                && submission.source == query.source
                && submission.destination == query.destination
                && smsc::optional::message_reference(&submission.optional) == Some(query.reference)
        };
        let found = accepted.iter().rev().find(|(_, submission)| fits(submission)).map(|(id, _)| *id);
        Box::pin(async move { Ok(found) })
    }
}

impl Availability for SmallCentre {
    fn endpoint_available(&self, endpoint: &Endpoint) {
        self.opened.lock().push(endpoint.clone());
        self.changed.notify_waiters();
    }

    fn number_reachable(&self, endpoint: &Endpoint, number: &Address) {
        self.reachable.lock().push((endpoint.clone(), number.clone()));
        self.changed.notify_waiters();
    }
}
