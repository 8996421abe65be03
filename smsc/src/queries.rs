//! Queries about messages that the centre keeps: state, newest, details, and search by a submitter's reference.

use std::sync::Arc;

use crate::address::Address;
use crate::ids::MessageId;
use crate::message::{Message, Submission};
use crate::names::Name;
use crate::optional;
use crate::ports::{Store, StoreError};
use crate::receipt::State;
use crate::rules::RulesHandle;
use crate::stored::{MessageDetails, MessageStatus, Query, QueryBy, ReferenceQuery, StoredMessage};
use crate::timestamp::Timestamp;

/// How many of a sender's newest messages are looked through for a reference of its own. A phone
/// counts to 255 before it begins again.
const REFERENCED_MAX: usize = 256;
/// Messages of one page of a query.
const PAGE: usize = 100;
/// How many of a sender's or an account's newest messages are looked through.
const LOOKED_AT_MAX: usize = 1000;

/// Answers queries from the store.
#[derive(Clone)]
pub struct Queries {
    store: Arc<dyn Store>,
    rules: RulesHandle,
}

impl Queries {
    /// Queries over `store`; numbers are read by `rules`.
    pub fn new(store: Arc<dyn Store>, rules: RulesHandle) -> Self {
        Self { store, rules }
    }

    /// A message if it belongs to `account`.
    pub async fn owned(&self, account: &Name, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
        let stored = self.store.get(id).await?;
        Ok(stored.filter(|stored| stored.message.account == *account))
    }

    /// The state of a message of `account`.
    pub async fn status(&self, account: &Name, id: MessageId) -> Result<Option<MessageStatus>, StoreError> {
        Ok(self.owned(account, id).await?.as_ref().map(status))
    }

    /// A message of `account` with its state.
    pub async fn details(&self, account: &Name, id: MessageId) -> Result<Option<MessageDetails>, StoreError> {
        let stored = self.owned(account, id).await?;
        Ok(stored
            .map(|stored| MessageDetails { status: status(&stored), message: Arc::clone(&stored.message) }))
    }

    /// The newest messages of `account` from `source`, newest first and at most `limit`. Other accounts may
    /// send from the same number, so that messages are looked at until there are enough, and no further
    /// than 1,000.
    pub async fn newest(
        &self,
        account: &Name,
        source: &Address,
        limit: usize,
    ) -> Result<Vec<MessageId>, StoreError> {
        let source = self.rules.load().numbering.source(source).ok().filter(|s| !s.digits.is_empty());
        let by = match source {
            Some(source) => QueryBy::Source(source.digits),
            None => QueryBy::Account(account.clone()),
        };
        let (mut found, mut before) = (Vec::new(), None);
        for _ in 0..LOOKED_AT_MAX / PAGE {
            let page = self.store.list(Query { before, ..newest_by(by.clone(), PAGE) }).await?;
            before = page.last().copied();
            for id in &page {
                let message = self.owned(account, *id).await?.map(|stored| stored.message);
                // Receipts are the centre's own.
                let own = message.filter(|message| message.as_receipt().is_none());
                found.extend(own.map(|message| message.id));
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

    /// The newest message that fits what its submitter knows of it.
    pub async fn find_by_reference(&self, query: &ReferenceQuery) -> Result<Option<MessageId>, StoreError> {
        let rules = self.rules.load();
        let Ok(source) = rules.numbering.source(&query.source) else { return Ok(None) };
        let Ok(destination) = rules.numbering.destination(&query.destination) else { return Ok(None) };
        for id in self.store.list(newest_by(QueryBy::Source(source.digits), REFERENCED_MAX)).await? {
            let Some(stored) = self.store.get(id).await? else { continue };
            let message = stored.message;
            let fits = message.origin == query.submitter
                && message.destination.digits == destination.digits
                && optional::message_reference(&message.optional) == Some(query.reference);
            if fits {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The newest waiting message that `submission` replaces, among the newest to its destination.
    pub async fn replaced_by(&self, submission: &Submission) -> Result<Option<Arc<Message>>, StoreError> {
        let rules = self.rules.load();
        let Ok(destination) = rules.numbering.destination(&submission.destination) else { return Ok(None) };
        for id in self.store.list(newest_by(QueryBy::Destination(destination.digits), PAGE)).await? {
            let stored = self.store.get(id).await?.filter(|stored| stored.outcome.is_none());
            if let Some(stored) = stored.filter(|stored| rules.replaces(submission, &stored.message)) {
                return Ok(Some(stored.message));
            }
        }
        Ok(None)
    }
}

/// The state of a stored message.
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

fn newest_by(by: QueryBy, limit: usize) -> Query {
    Query { by, before: None, from: Timestamp::default(), until: Timestamp::NEVER, limit }
}
