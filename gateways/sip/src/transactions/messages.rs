//! MESSAGE requests: submissions, receipts, disposition notifications and duplicates.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sip::imdn::Imdn;
use sip::{Request, Status, reply};
use smsc::ids::MessageId;

use super::TransactionTask;
use super::batch::{PendingResponse, ReplyPath};
use super::dedup::{Key, Lookup};
use crate::auth::Identity;
use crate::codes::Refusal;
use crate::convert::{self, Rules, Sender, header};
use crate::peer::Peer;

impl TransactionTask {
    pub(super) fn handle_message(
        &mut self,
        reply_path: ReplyPath,
        mut request: Request,
        identity: Identity,
        now: Instant,
    ) {
        let context = self.context.clone();
        let (sender, peer) = match identity {
            Identity::Peer(at) => match context.peers.get(at) {
                Some(peer) => (&peer.sender, Some(peer)),
                None => return,
            },
            Identity::User(at) => match context.registrar.account(at) {
                Some(account) => (&account.sender, None),
                None => return,
            },
        };
        let key = self.dedup.key(&sender.endpoint, &request);
        let success = if sender.quirks.accept_202 { Status::ACCEPTED } else { Status::OK };
        match key.map_or(Lookup::Absent, |key| self.dedup.lookup(key)) {
            Lookup::Absent => {}
            known => return self.handle_duplicate(reply_path, request, key, (known, success), now),
        }
        if context.closing.load(Ordering::Relaxed) {
            return self.refuse(reply_path, &request, Refusal::busy("Shutting down"), now);
        }
        let accepting = context.accepting.load(Ordering::Relaxed) + self.batch.requests.len();
        if accepting >= usize::try_from(context.config.limits.accepting_max).unwrap_or(usize::MAX) {
            return self.refuse(reply_path, &request, Refusal::busy("Congested"), now);
        }
        if peer.is_some_and(|peer| !peer.admits_one()) {
            return self.refuse(reply_path, &request, Refusal::busy("Over the rate limit"), now);
        }
        let is_receipt =
            request.headers.get_named(header::TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case("receipt"));
        match convert::notification(&request) {
            Err(refusal) => return self.refuse(reply_path, &request, refusal, now),
            Ok(Some(imdn)) if !is_receipt || peer.is_some_and(Peer::notifies) => {
                return self.handle_notification(reply_path, request, &imdn, (peer, success), now);
            }
            Ok(_) => {}
        }
        if let Some(peer) = peer.filter(|_| is_receipt) {
            return self.handle_receipt(reply_path, request, &peer.config.name, success, now);
        }
        match self.read_submission(&request, sender) {
            Err(refusal) => self.refuse(reply_path, &request, refusal, now),
            Ok(incoming) => {
                request.body = bytes::Bytes::new();
                if let Some(key) = key {
                    self.dedup.begin(key, now);
                }
                self.batch.submissions.push(incoming.submission);
                let reduced_validity = incoming.reduced_validity;
                self.batch.requests.push(PendingResponse {
                    reply_path,
                    request,
                    key,
                    reduced_validity,
                    success,
                });
            }
        }
    }

    fn read_submission(
        &self,
        request: &Request,
        sender: &Sender,
    ) -> Result<convert::ReceivedMessage, Refusal> {
        let rules = Rules { validity_max: Duration::from_secs(self.context.config.validity_seconds_max) };
        convert::read(request, sender, rules, |name| self.context.user_address(name), self.context.now())
    }

    fn handle_receipt(
        &mut self,
        reply_path: ReplyPath,
        request: Request,
        link: &str,
        success: Status,
        now: Instant,
    ) {
        let Some(receipt) = convert::read_receipt(&request, link) else {
            let refusal = Refusal::new(Status::BAD_REQUEST, "Receipt has no id or no state");
            return self.refuse(reply_path, &request, refusal, now);
        };
        let pending = PendingResponse { reply_path, request, key: None, reduced_validity: None, success };
        self.batch.receipts.push((receipt, pending));
    }

    /// A disposition notification. One that was not requested, or that is not about the delivery, is
    /// answered 200 and discarded (RFC 5438 §7.1.2).
    fn handle_notification(
        &mut self,
        reply_path: ReplyPath,
        request: Request,
        imdn: &Imdn,
        (peer, success): (Option<&Peer>, Status),
        now: Instant,
    ) {
        let requested = peer.filter(|peer| peer.notifies());
        match requested.and_then(|peer| convert::remote_receipt(imdn, &peer.config.name)) {
            Some(receipt) => {
                let pending =
                    PendingResponse { reply_path, request, key: None, reduced_validity: None, success };
                self.batch.receipts.push((receipt, pending));
            }
            None => self.respond(reply_path, &reply::response(&request, success, &self.tag()), now),
        }
    }

    /// A duplicate in a new transaction gets the same response, once there is one.
    fn handle_duplicate(
        &mut self,
        reply_path: ReplyPath,
        request: Request,
        key: Option<Key>,
        (known, success): (Lookup, Status),
        now: Instant,
    ) {
        let pending = PendingResponse { reply_path, request, key, reduced_validity: None, success };
        match (known, key) {
            (Lookup::Accepted(message), _) => self.respond_accepted(&pending, message, now),
            (_, Some(key)) => self.batch.duplicates.entry(key).or_default().push(pending),
            (_, None) => {}
        }
    }

    /// Responds to a message, and to its duplicates that arrived meanwhile.
    pub(super) fn answer_with_duplicates(
        &mut self,
        pending: PendingResponse,
        outcome: Result<MessageId, Refusal>,
        now: Instant,
    ) {
        let duplicates = pending.key.and_then(|key| self.batch.duplicates.remove(&key)).unwrap_or_default();
        if let Some(key) = pending.key {
            match outcome {
                Ok(message) => self.dedup.accepted(key, message),
                Err(_) => self.dedup.refused(key),
            }
        }
        for each in std::iter::once(pending).chain(duplicates) {
            match outcome {
                Ok(message) => self.respond_accepted(&each, message, now),
                Err(refusal) => self.refuse(each.reply_path, &each.request, refusal, now),
            }
        }
    }

    pub(super) fn respond_accepted(&mut self, pending: &PendingResponse, message: MessageId, now: Instant) {
        let mut response = reply::response(&pending.request, pending.success, &self.tag());
        response.headers.push_named(header::MSG_ID, message);
        if let Some(validity) = &pending.reduced_validity {
            response.headers.push_named(header::VALIDITY, validity);
        }
        self.respond(pending.reply_path, &response, now);
    }
}
