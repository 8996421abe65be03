//! The centre as the gateways see it: the journey, with the dispatch loop behind it.

use std::sync::Arc;

use smsc::address::Address;
use smsc::journey::Journey;
use smsc::message::{MessageId, Name, Party, Submission, Timestamp};
use smsc::ports::{
    Acceptance, Centre, Details, Promise, Query, QueryBy, Referenced, Standing, StartGuard, StoreError,
    StoredMessage, Waiting,
};
use smsc::reassembly::Part;
use smsc::receipt::{RemoteReceipt, State};
use smsc::rejection::Rejection;

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
        let Some(route) = self.journey.rules.load().route_of(&stored.message) else { return Ok(false) };
        let waiting = Waiting::of(&stored.message, route.lane);
        let Some(waiting) = self.dispatch.remove(&waiting).await else { return Ok(false) };
        let part = Part { message: stored.message, waiting };
        let attempted = match self.journey.cancel(&part).await {
            Ok(attempted) => attempted,
            Err(error) => {
                self.dispatch.put_back(waiting);
                return Err(error);
            }
        };
        self.dispatch.reported(part.message.id, attempted);
        Ok(true)
    }
}

impl Centre for ServiceCentre {
    fn accept(&self, batch: Vec<Submission>) -> Promise<'static, Acceptance> {
        let centre = self.clone();
        Box::pin(async move {
            if centre.dispatch.is_congested() {
                let answers = batch.iter().map(|_| Err(Rejection::Congested)).collect();
                return Acceptance { answers, start: StartGuard::default() };
            }
            let accepted = centre.journey.accept(batch).await;
            let (dispatch, parts) = (centre.dispatch, accepted.parts);
            let start = StartGuard::new(move || dispatch.begin(parts));
            Acceptance { answers: accepted.answers, start }
        })
    }

    fn remote_receipt(&self, receipt: RemoteReceipt) -> Promise<'static, Result<bool, StoreError>> {
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

    fn standing(
        &self,
        account: Name,
        id: MessageId,
    ) -> Promise<'static, Result<Option<Standing>, StoreError>> {
        let centre = self.clone();
        Box::pin(async move { Ok(centre.owned(&account, id).await?.as_ref().map(standing)) })
    }

    fn newest(
        &self,
        account: Name,
        source: Address,
        limit: usize,
    ) -> Promise<'static, Result<Vec<MessageId>, StoreError>> {
        let centre = self.clone();
        Box::pin(async move { centre.newest_of(account, &source, limit).await })
    }

    fn details(&self, account: Name, id: MessageId) -> Promise<'static, Result<Option<Details>, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            let stored = centre.owned(&account, id).await?;
            Ok(stored
                .map(|stored| Details { message: Arc::clone(&stored.message), standing: standing(&stored) }))
        })
    }

    fn cancel(&self, account: Name, id: MessageId) -> Promise<'static, Result<bool, StoreError>> {
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
    ) -> Promise<'static, Result<bool, StoreError>> {
        let centre = self.clone();
        Box::pin(async move {
            let Some(stored) = centre.owned(&account, id).await? else { return Ok(false) };
            let Standing { state, done_at, error } = standing(&stored);
            let told = centre.journey.tell(&stored.message, (state, error), done_at, reference).await?;
            centre.dispatch.begin(told.receipts);
            Ok(true)
        })
    }

    fn opened(&self, party: &Party) {
        self.dispatch.opened(party);
    }

    fn reachable(&self, party: &Party, number: &Address) {
        if let Ok(number) = self.journey.rules.load().numbering.destination(number) {
            self.dispatch.reachable(party, number.digits);
        }
    }

    fn referenced(&self, query: Referenced) -> Promise<'static, Result<Option<MessageId>, StoreError>> {
        let journey = Arc::clone(&self.journey);
        Box::pin(async move { journey.referenced(&query).await })
    }
}

/// Where a stored message stands.
pub fn standing(stored: &StoredMessage) -> Standing {
    let last_error = stored.attempts.last().map_or(0, |attempt| attempt.error);
    match &stored.outcome {
        Some(outcome) => Standing { state: outcome.state, done_at: Some(outcome.at), error: outcome.error },
        None if stored.attempts.is_empty() && stored.message.deliver_after > stored.message.accepted_at => {
            Standing { state: State::Scheduled, done_at: None, error: last_error }
        }
        None => Standing { state: State::Enroute, done_at: None, error: last_error },
    }
}
