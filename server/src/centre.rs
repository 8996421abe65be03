//! The centre as the gateways see it: the journey, with the dispatch loop behind it.

use std::sync::Arc;

use smsc::address::Address;
use smsc::journey::{Accepted, AttemptResult, Journey};
use smsc::message::{Endpoint, Message, MessageId, Name, Submission, Timestamp};
use smsc::ports::{
    Acceptance, BoxFuture, Centre, Details, Event, MessageStatus, Note, Query, QueryBy, QueueEntry,
    ReferenceQuery, StartGuard, StoreError, StoredMessage,
};
use smsc::reassembly::QueuedMessage;
use smsc::receipt::{RemoteReceipt, State};
use smsc::rejection::Rejection;
use smsc::replacement::{self, Replacement};
use smsc::schedule::queue::NextStep;

use crate::clock;
use crate::dispatch::Dispatch;

/// Messages that one question for the newest may look at, and those read at once.
const LOOKED_AT_MAX: usize = 1000;
const PAGE: usize = 100;

/// The service centre of this process.
#[derive(Clone)]
pub struct ServiceCentre {
    journey: Arc<Journey>,
    dispatch: Dispatch,
}

impl ServiceCentre {
    /// Joins a journey and its loop.
    pub fn new(journey: Arc<Journey>, dispatch: Dispatch) -> Self {
        Self { journey, dispatch }
    }

    /// The journey.
    pub fn journey(&self) -> &Arc<Journey> {
        &self.journey
    }

    /// The loop.
    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    async fn owned(&self, account: &Name, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
        let stored = self.journey.store.get(id).await?;
        Ok(stored.filter(|stored| stored.message.account == *account))
    }

    /// See [`Centre::newest`]. Others may send from the same number, so that messages are looked at
    /// until there are enough, and no further than [`LOOKED_AT_MAX`].
    async fn newest_of(
        &self,
        account: Name,
        source: &Address,
        limit: usize,
    ) -> Result<Vec<MessageId>, StoreError> {
        let source = self.journey.rules.load().numbering.source(source).ok().filter(|s| !s.digits.is_empty());
        let by = match source {
            Some(source) => QueryBy::Source(source.digits),
            None => QueryBy::Account(account.clone()),
        };
        let (mut found, mut before) = (Vec::new(), None);
        for _ in 0..LOOKED_AT_MAX / PAGE {
            let query = Query {
                by: by.clone(),
                before,
                from: Timestamp::default(),
                until: Timestamp::NEVER,
                limit: PAGE,
            };
            let page = self.journey.store.list(query).await?;
            before = page.last().copied();
            for id in &page {
                let message = self.owned(&account, *id).await?.map(|stored| stored.message);
                // Receipts are the centre's own.
                found.extend(
                    message.filter(|message| message.as_receipt().is_none()).map(|message| message.id),
                );
                if found.len() >= limit {
                    return Ok(found);
                }
            }
            if page.len() < PAGE {
                break;
            }
        }
        Ok(found)
    }

    /// Takes a waiting message back; `false` if it has ended or its attempt runs at this moment.
    pub async fn cancel_message(&self, stored: StoredMessage) -> Result<bool, StoreError> {
        let Some(waiting) = self.take_out(&stored.message).await else { return Ok(false) };
        let part = QueuedMessage { message: stored.message, waiting };
        match self.journey.cancel(&part).await {
            Ok(attempted) => {
                self.dispatch.reported(part.message.id, attempted);
                Ok(true)
            }
            Err(error) => {
                self.waits_again(waiting);
                Err(error)
            }
        }
    }

    /// Changes a waiting message by `change`, which may find that it is not to be changed. `false`
    /// then, and if it has ended or its attempt runs at this moment.
    async fn change(
        &self,
        message: &Message,
        change: impl FnOnce(&Message, Timestamp) -> Result<Option<Message>, Rejection>,
    ) -> Result<bool, Rejection> {
        let Some(waiting) = self.take_out(message).await else { return Ok(false) };
        let changed = self.changed(message.id, &waiting, change).await;
        self.waits_again(*changed.as_ref().ok().and_then(Option::as_ref).unwrap_or(&waiting));
        changed.map(|changed| changed.is_some())
    }

    /// Changes a message that was taken out, on disk, and says how it waits on.
    async fn changed(
        &self,
        id: MessageId,
        waiting: &QueueEntry,
        change: impl FnOnce(&Message, Timestamp) -> Result<Option<Message>, Rejection>,
    ) -> Result<Option<QueueEntry>, Rejection> {
        let store = &self.journey.store;
        // Read again: another may have changed it while it waited.
        let stored = store.get(id).await.map_err(|error| refusal(&error))?;
        let Some(stored) = stored.filter(|stored| stored.outcome.is_none()) else { return Ok(None) };
        let Some(message) = change(&stored.message, clock::now())? else { return Ok(None) };
        let next = replacement::waits_on(waiting, &stored.message, &message);
        let note = Note {
            at: clock::now(),
            station: "replace".into(),
            text: "replaced by its submitter".to_owned(),
        };
        let replaced = Event::Replaced { message: Arc::new(message), was_due: waiting.key.due, next };
        let committed = store.commit(vec![replaced, Event::Noted { id, note }]).await;
        committed.map(|()| Some(next)).map_err(|error| refusal(&error))
    }

    /// Takes a message over, or lets it replace the one that is present.
    async fn accept_or_replace(&self, submission: Submission) -> Accepted {
        let present = match self.present(&submission).await {
            Ok(present) => present,
            Err(error) => return Accepted { answers: vec![Err(refusal(&error))], parts: Vec::new() },
        };
        if let Some(present) = present {
            let rules = self.journey.rules.load_full();
            let new = submission.clone();
            let change = |present: &Message, now| rules.replace_whole(present, new, now).map(Some);
            match self.change(&present, change).await {
                Ok(true) => return Accepted { answers: vec![Ok(present.id)], parts: Vec::new() },
                Ok(false) => {} // it went a moment ago
                Err(rejection) => return Accepted { answers: vec![Err(rejection)], parts: Vec::new() },
            }
        }
        self.journey.accept(vec![submission]).await
    }

    /// The newest waiting message that `submission` replaces, among the newest to its destination.
    async fn present(&self, submission: &Submission) -> Result<Option<Arc<Message>>, StoreError> {
        let rules = self.journey.rules.load_full();
        let Ok(destination) = rules.numbering.destination(&submission.destination) else { return Ok(None) };
        let query = Query {
            by: QueryBy::Destination(destination.digits),
            before: None,
            from: Timestamp::default(),
            until: Timestamp::NEVER,
            limit: PAGE,
        };
        for id in self.journey.store.list(query).await? {
            let stored = self.journey.store.get(id).await?.filter(|stored| stored.outcome.is_none());
            if let Some(stored) = stored.filter(|stored| rules.replaces(submission, &stored.message)) {
                return Ok(Some(stored.message));
            }
        }
        Ok(None)
    }

    /// A batch in which some replace: one after the other, since each may replace the one before.
    async fn accept_in_turn(&self, batch: Vec<Submission>) -> Accepted {
        let mut all = Accepted::default();
        for submission in batch {
            let one = match submission.replaces {
                true => self.accept_or_replace(submission).await,
                false => self.journey.accept(vec![submission]).await,
            };
            all.answers.extend(one.answers);
            all.parts.extend(one.parts);
        }
        all
    }

    /// Takes a message out of the queue, unless it has ended or its attempt runs at this moment.
    async fn take_out(&self, message: &Message) -> Option<QueueEntry> {
        let route = self.journey.rules.load().route_of(message)?;
        self.dispatch.remove(&QueueEntry::of(message, route.lane)).await
    }

    /// Brings a message back that was taken out.
    fn waits_again(&self, waiting: QueueEntry) {
        let id = waiting.key.id;
        let attempted =
            AttemptResult { next: vec![(id, NextStep::AgainOnceOpen(waiting))], receipts: Vec::new() };
        self.dispatch.reported(id, attempted);
    }
}

/// What a submitter hears when the store fails.
const fn refusal(error: &StoreError) -> Rejection {
    match error {
        StoreError::Congested => Rejection::Congested,
        _ => Rejection::StoreClosed,
    }
}

impl Centre for ServiceCentre {
    fn accept(&self, batch: Vec<Submission>) -> BoxFuture<'static, Acceptance> {
        let centre = self.clone();
        Box::pin(async move {
            if centre.dispatch.is_congested() {
                let answers = batch.iter().map(|_| Err(Rejection::Congested)).collect();
                return Acceptance { answers, start: StartGuard::default() };
            }
            let accepted = if batch.iter().any(|submission| submission.replaces) {
                centre.accept_in_turn(batch).await
            } else {
                centre.journey.accept(batch).await
            };
            let (dispatch, parts) = (centre.dispatch, accepted.parts);
            let start = StartGuard::new(move || dispatch.begin(parts));
            Acceptance { answers: accepted.answers, start }
        })
    }

    fn remote_receipt(&self, receipt: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            let Some(attempted) = centre.journey.remote_receipt(&receipt).await? else { return Ok(false) };
            let ended = attempted.next.first().map(|(id, _)| *id);
            if let Some(id) = ended {
                centre.dispatch.reported(id, attempted);
            }
            Ok(true)
        })
    }

    fn status(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageStatus>, StoreError>> {
        let centre = self.clone();
        Box::pin(async move { Ok(centre.owned(&account, id).await?.as_ref().map(status)) })
    }

    fn newest(
        &self,
        account: Name,
        source: Address,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        let centre = self.clone();
        Box::pin(async move { centre.newest_of(account, &source, limit).await })
    }

    fn details(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<Details>, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            let stored = centre.owned(&account, id).await?;
            Ok(stored.map(|stored| Details { message: Arc::clone(&stored.message), status: status(&stored) }))
        })
    }

    fn replace(
        &self,
        account: Name,
        id: MessageId,
        replacement: Replacement,
    ) -> BoxFuture<'static, Result<bool, Rejection>> {
        let centre = self.clone();
        Box::pin(async move {
            let stored = centre.owned(&account, id).await.map_err(|error| refusal(&error))?;
            let Some(stored) = stored.filter(|stored| stored.outcome.is_none()) else { return Ok(false) };
            let rules = centre.journey.rules.load_full();
            let change = |message: &Message, now| rules.replace(message, replacement, now);
            centre.change(&stored.message, change).await
        })
    }

    fn cancel(&self, account: Name, id: MessageId) -> BoxFuture<'static, Result<bool, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            match centre.owned(&account, id).await? {
                Some(stored) if stored.outcome.is_none() => centre.cancel_message(stored).await,
                _ => Ok(false),
            }
        })
    }

    fn tell(
        &self,
        account: Name,
        id: MessageId,
        reference: u16,
    ) -> BoxFuture<'static, Result<bool, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            let Some(stored) = centre.owned(&account, id).await? else { return Ok(false) };
            let told = centre.journey.tell(&stored.message, status(&stored), reference).await?;
            centre.dispatch.begin(told.receipts);
            Ok(true)
        })
    }

    fn opened(&self, endpoint: &Endpoint) {
        self.dispatch.opened(endpoint);
    }

    fn reachable(&self, endpoint: &Endpoint, number: &Address) {
        if let Ok(number) = self.journey.rules.load().numbering.destination(number) {
            self.dispatch.reachable(endpoint, number.digits);
        }
    }

    fn find_by_reference(
        &self,
        query: ReferenceQuery,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        let journey = Arc::clone(&self.journey);
        Box::pin(async move { journey.find_by_reference(&query).await })
    }
}

/// Where a stored message stands.
pub fn status(stored: &StoredMessage) -> MessageStatus {
    let last_error = stored.attempts.last().map_or(0, |attempt| attempt.error);
    match &stored.outcome {
        Some(outcome) => {
            MessageStatus { state: outcome.state, done_at: Some(outcome.at), error: outcome.error }
        }
        None if stored.attempts.is_empty() && stored.message.deliver_after > stored.message.accepted_at => {
            MessageStatus { state: State::Scheduled, done_at: None, error: last_error }
        }
        None => MessageStatus { state: State::Enroute, done_at: None, error: last_error },
    }
}
