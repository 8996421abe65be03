//! Requests that arrive: authentication, dispatch by method, and the batch for the centre.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::FutureExt as _;
use sip::transaction::ServerId;
use sip::{Method, Request, Response, Status, Transport, reply};
use smsc::message::Submission;
use smsc::ports::Acceptance;
use smsc::receipt::RemoteReceipt;

use super::TransactionTask;
use super::batch::{BatchOutcome, PendingResponse, ReplyPath};
use super::dedup::Lookup;
use super::event::Event;
use super::responses::{options, protocol_error, refusal_response};
use crate::auth::{Denial, Identity};
use crate::codes::{self, Refusal};
use crate::peer::Peer;
use crate::transport::{Hop, Way};

impl TransactionTask {
    /// Handles a request that is no retransmission.
    pub(super) fn handle_request(
        &mut self,
        id: ServerId,
        request: Request,
        hop: Hop,
        transport: Transport,
        now: Instant,
    ) {
        let reply_path = ReplyPath { id, way: hop.way };
        let identity = match self.auth.identify(&self.context, &request, hop.source) {
            Ok(identity) => identity,
            Err(denied) => return self.deny(reply_path, &request, denied, now),
        };
        self.mark_authenticated(hop.way);
        if let Some(answer) = protocol_error(&request) {
            return self.respond(reply_path, &answer(&request, &self.tag()), now);
        }
        match request.method {
            Method::Message => self.handle_message(reply_path, request, identity, now),
            Method::Register => self.handle_register(reply_path, &request, identity, (hop, transport), now),
            _ => self.respond(reply_path, &options(&request, &self.tag()), now),
        }
    }

    /// Submits the batch to the centre: one call for each way, since the delivery of messages starts
    /// when their responses are written, and a blocked connection must not delay the others.
    pub(super) fn submit(&mut self) {
        let submissions = std::mem::take(&mut self.batch.submissions);
        let requests = std::mem::take(&mut self.batch.requests);
        let mut calls: Vec<(Way, Vec<Submission>, Vec<PendingResponse>)> = Vec::new();
        for (submission, pending) in submissions.into_iter().zip(requests) {
            let way = pending.reply_path.way;
            match calls.iter_mut().find(|(other, ..)| other.shares_writer_with(way)) {
                Some((_, submissions, requests)) => {
                    submissions.push(submission);
                    requests.push(pending);
                }
                None => calls.push((way, vec![submission], vec![pending])),
            }
        }
        for (_, submissions, requests) in calls {
            self.call(submissions, requests, Vec::new());
        }
        let receipts = std::mem::take(&mut self.batch.receipts);
        if !receipts.is_empty() {
            self.call(Vec::new(), Vec::new(), receipts);
        }
    }

    fn call(
        &self,
        submissions: Vec<Submission>,
        requests: Vec<PendingResponse>,
        receipts: Vec<(RemoteReceipt, PendingResponse)>,
    ) {
        self.context.accepting.fetch_add(requests.len() + receipts.len(), Ordering::Relaxed);
        let (centre, events) = (self.context.centre.clone(), self.context.events.clone());
        tokio::spawn(async move {
            let acceptance = if submissions.is_empty() {
                Acceptance::default()
            } else {
                // If the centre panics, the requests of the batch are answered 500.
                AssertUnwindSafe(centre.accept(submissions)).catch_unwind().await.unwrap_or_default()
            };
            let receipts = receipts.into_iter().map(|(receipt, pending)| {
                let stored = centre.remote_receipt(receipt);
                async move { (pending, stored.await.is_ok()) }
            });
            let receipts = futures_util::future::join_all(receipts).await;
            let outcome = BatchOutcome { requests, acceptance, receipts };
            let _ = events.send(Event::BatchAnswered(outcome)).await; // fails after the transaction task has ended
        });
    }

    /// Responds to the requests of a batch, and starts the delivery of its messages after that.
    pub(super) fn answer_batch(&mut self, outcome: BatchOutcome, now: Instant) {
        let BatchOutcome { requests, acceptance, receipts } = outcome;
        let count = requests.len() + receipts.len();
        let way = requests.first().map(|pending| pending.reply_path.way);
        let mut answers = acceptance.answers.into_iter();
        for pending in requests {
            let outcome = match answers.next() {
                Some(answer) => answer.map_err(|rejection| codes::rejected(&rejection)),
                None => Err(Refusal::new(Status::SERVER_INTERNAL_ERROR, "")),
            };
            self.answer_with_duplicates(pending, outcome, now);
        }
        for (pending, stored) in receipts {
            match stored {
                true => self.respond(
                    pending.reply_path,
                    &reply::response(&pending.request, pending.success, &self.tag()),
                    now,
                ),
                false => {
                    self.refuse(pending.reply_path, &pending.request, Refusal::busy("Cannot store now"), now);
                }
            }
        }
        self.pump(now);
        self.context.accepting.fetch_sub(count, Ordering::Relaxed);
        if let Some(way) = way {
            self.start_after_responses(acceptance.start, way);
        }
    }

    fn deny(&mut self, reply_path: ReplyPath, request: &Request, denied: Denial, now: Instant) {
        if let Denial::Stale(identity) = denied {
            // A nonce is used again: the request may be a duplicate of an earlier one.
            let endpoint = match identity {
                Identity::Peer(at) => self.context.peers.get(at).map(Peer::endpoint),
                Identity::User(at) => {
                    self.context.registrar.account(at).map(|account| &account.sender.endpoint)
                }
            };
            let key = endpoint.and_then(|endpoint| self.dedup.key(endpoint, request));
            if let Some(Lookup::Accepted(message)) = key.map(|key| self.dedup.lookup(key)) {
                let (request, success) = (request.clone(), Status::OK);
                let pending = PendingResponse { reply_path, request, key, reduced_validity: None, success };
                return self.respond_accepted(&pending, message, now);
            }
        }
        match denied {
            Denial::Forbidden => self.refuse(reply_path, request, Refusal::new(Status::FORBIDDEN, ""), now),
            Denial::Challenge | Denial::Stale(_) => {
                let stale = matches!(denied, Denial::Stale(_));
                let challenge = self.auth.challenge(&self.context, request, stale);
                self.respond(reply_path, &challenge, now);
            }
        }
    }

    pub(super) fn refuse(
        &mut self,
        reply_path: ReplyPath,
        request: &Request,
        refusal: Refusal,
        now: Instant,
    ) {
        tracing::debug!(status = %refusal.status, reason = refusal.reason, "refused a request");
        let response = refusal_response(request, refusal, &self.tag());
        self.respond(reply_path, &response, now);
    }

    /// Responds in the server transaction of the request. If that has ended before the centre
    /// answered, the response is still sent: over a stream the client does not retransmit.
    pub(super) fn respond(&mut self, reply_path: ReplyPath, response: &Response, now: Instant) {
        if !self.servers.respond(reply_path.id, response, now) {
            self.transmit(response.to_bytes(), reply_path.way);
        }
    }

    pub(super) fn tag(&self) -> String {
        sip::tag(self.context.rng.next())
    }
}
