//! The ports of the centre, joined: the journey, the dispatch task and the queries behind [`Submit`],
//! [`Availability`] and [`Messages`].

use std::sync::Arc;

use smsc::address::Address;
use smsc::attempt::{AttemptResult, NextStep};
use smsc::endpoint::Endpoint;
use smsc::future::BoxFuture;
use smsc::ids::MessageId;
use smsc::journey::{Accepted, Journey};
use smsc::message::{Message, Replacement, Submission};
use smsc::names::Name;
use smsc::ports::{Acceptance, Availability, Messages, StartGuard, StoreError, Submit};
use smsc::queries::{self, Queries};
use smsc::receipt::RemoteReceipt;
use smsc::rejection::Rejection;
use smsc::stored::{MessageDetails, MessageStatus, QueueEntry, QueuedMessage, ReferenceQuery, StoredMessage};
use smsc::timestamp::Timestamp;

use crate::dispatch_task::DispatchHandle;

/// The service centre of this process.
#[derive(Clone)]
pub struct ServiceCentre {
    journey: Arc<Journey>,
    dispatch: DispatchHandle,
    queries: Queries,
}

impl ServiceCentre {
    /// Joins a journey, its dispatch task and its queries.
    pub fn new(journey: Arc<Journey>, dispatch: DispatchHandle, queries: Queries) -> Self {
        Self { journey, dispatch, queries }
    }

    /// The journey.
    pub fn journey(&self) -> &Arc<Journey> {
        &self.journey
    }

    /// The dispatch task.
    pub fn dispatch(&self) -> &DispatchHandle {
        &self.dispatch
    }

    /// Cancels a waiting message; `false` if it has ended or its attempt runs at this moment.
    pub async fn cancel_message(&self, stored: StoredMessage) -> Result<bool, StoreError> {
        let Some(entry) = self.take_out(&stored.message).await else { return Ok(false) };
        let queued = QueuedMessage { message: stored.message, entry };
        match self.journey.cancel(&queued).await {
            Ok(result) => {
                self.dispatch.reported(queued.message.id, result);
                Ok(true)
            }
            Err(error) => {
                self.put_back(entry);
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
        let Some(entry) = self.take_out(message).await else { return Ok(false) };
        let changed = self.journey.replace(message.id, &entry, change).await;
        self.put_back(*changed.as_ref().ok().and_then(Option::as_ref).unwrap_or(&entry));
        changed.map(|changed| changed.is_some())
    }

    /// Takes a message over, or replaces the one that is present by it.
    async fn accept_or_replace(&self, submission: Submission) -> Accepted {
        let answered = |answer| Accepted { answers: vec![answer], queued: Vec::new() };
        let present = match self.queries.replaced_by(&submission).await {
            Ok(present) => present,
            Err(error) => return answered(Err((&error).into())),
        };
        if let Some(present) = present {
            let rules = self.journey.rules().load();
            let new = submission.clone();
            let change = |present: &Message, now| rules.replace_whole(present, new, now).map(Some);
            match self.change(&present, change).await {
                Ok(true) => return answered(Ok(present.id)),
                Ok(false) => {} // it went a moment ago
                Err(rejection) => return answered(Err(rejection)),
            }
        }
        self.journey.accept(vec![submission]).await
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
            all.queued.extend(one.queued);
        }
        all
    }

    /// Takes a message out of the queue, unless it has ended or its attempt runs at this moment.
    async fn take_out(&self, message: &Message) -> Option<QueueEntry> {
        let route = self.journey.rules().load().route_of(message)?;
        self.dispatch.remove(QueueEntry::of(message, route.queue)).await
    }

    /// Puts a message back that was taken out.
    fn put_back(&self, entry: QueueEntry) {
        let id = entry.key.id;
        let result = AttemptResult { next: vec![(id, NextStep::AgainOnceOpen(entry))], receipts: Vec::new() };
        self.dispatch.reported(id, result);
    }
}

impl Submit for ServiceCentre {
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
            let (dispatch, queued) = (centre.dispatch, accepted.queued);
            let start = StartGuard::new(move || dispatch.begin(queued));
            Acceptance { answers: accepted.answers, start }
        })
    }

    fn remote_receipt(&self, receipt: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            let Some(result) = centre.journey.remote_receipt(&receipt).await? else { return Ok(false) };
            let ended = result.next.first().map(|(id, _)| *id);
            if let Some(id) = ended {
                centre.dispatch.reported(id, result);
            }
            Ok(true)
        })
    }
}

impl Availability for ServiceCentre {
    fn endpoint_available(&self, endpoint: &Endpoint) {
        self.dispatch.wake_endpoint(endpoint);
    }

    fn number_reachable(&self, endpoint: &Endpoint, number: &Address) {
        if let Ok(number) = self.journey.rules().load().numbering.destination(number) {
            self.dispatch.wake_number(endpoint, number.digits);
        }
    }
}

impl Messages for ServiceCentre {
    fn status(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageStatus>, StoreError>> {
        let queries = self.queries.clone();
        Box::pin(async move { queries.status(&account, id).await })
    }

    fn newest(
        &self,
        account: Name,
        source: Address,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<MessageId>, StoreError>> {
        let queries = self.queries.clone();
        Box::pin(async move { queries.newest(&account, &source, limit).await })
    }

    fn details(
        &self,
        account: Name,
        id: MessageId,
    ) -> BoxFuture<'static, Result<Option<MessageDetails>, StoreError>> {
        let queries = self.queries.clone();
        Box::pin(async move { queries.details(&account, id).await })
    }

    fn replace(
        &self,
        account: Name,
        id: MessageId,
        replacement: Replacement,
    ) -> BoxFuture<'static, Result<bool, Rejection>> {
        let centre = self.clone();
        Box::pin(async move {
            let stored = centre.queries.owned(&account, id).await.map_err(|error| Rejection::from(&error))?;
            let Some(stored) = stored.filter(|stored| stored.outcome.is_none()) else { return Ok(false) };
            let rules = centre.journey.rules().load();
            let change = |message: &Message, now| rules.replace(message, replacement, now);
            centre.change(&stored.message, change).await
        })
    }

    fn cancel(&self, account: Name, id: MessageId) -> BoxFuture<'static, Result<bool, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            match centre.queries.owned(&account, id).await? {
                Some(stored) if stored.outcome.is_none() => centre.cancel_message(stored).await,
                _ => Ok(false),
            }
        })
    }

    fn send_status_report(
        &self,
        account: Name,
        id: MessageId,
        reference: u16,
    ) -> BoxFuture<'static, Result<bool, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            let Some(stored) = centre.queries.owned(&account, id).await? else { return Ok(false) };
            let status = queries::status(&stored);
            let result = centre.journey.send_status_report(&stored.message, status, reference).await?;
            centre.dispatch.begin(result.receipts);
            Ok(true)
        })
    }

    fn find_by_reference(
        &self,
        query: ReferenceQuery,
    ) -> BoxFuture<'static, Result<Option<MessageId>, StoreError>> {
        let queries = self.queries.clone();
        Box::pin(async move { queries.find_by_reference(&query).await })
    }
}
