//! The platform in a process of its own, joined to a service centre by the SIP link alone.
//!
//! Outgoing messages are SIP MESSAGEs to the peer that the configuration names. Each carries its SID as
//! X-SMS-MSG-ID, by which the centre knows a copy; the centre's id of it comes back in the 200 and is
//! kept in the store, so that receipts find their message, after a restart too. Incoming messages carry
//! the centre's id in the same header, by which the platform knows a copy.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use compact_str::{CompactString, ToCompactString};
use futures_util::future::join_all;
use platform::ports::{
    BoxFuture, Centre as PlatformCentre, Environment, Outbound, PlatformStore, PlatformStoreError, Table,
    Write,
};
use platform::{Inbound, Platform, ReceiveError, Report, Sid};
use smsc::address::Address;
use smsc::delivery::Delivery;
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::ids::{Ids, MessageId};
use smsc::message::{Kind, Message, Mode, Submission, Validity};
use smsc::names::Name;
use smsc::ports::{Acceptance, Availability, Gateways, StartGuard, StoreError, Submit};
use smsc::receipt::RemoteReceipt;
use smsc::rejection::Rejection;
use smsc::timestamp::{Clock, Timestamp};
use tokio::time::Instant;

use crate::local_link::{named, unnamed};

/// Prefix of the store's rows that map the centre's id to the platform's SID.
const CENTRE_ID_PREFIX: &[u8] = b"link/";
/// How long a batch waits for the centre. What has no answer by then is submitted again; the centre
/// may have it already, and knows it by its SID.
const BATCH_PATIENCE: Duration = Duration::from_secs(4);
/// A receipt may be faster than the answer to the message that it is about, or than the store; after a
/// restart, faster than the message's repetition. So often, and so long each time, it waits for them.
const EARLY_RECEIPT_LOOKS: usize = 15;
const EARLY_RECEIPT_PAUSE: Duration = Duration::from_millis(200);

/// The service centre at the other end of the link.
pub struct SipCentre {
    sip: OnceLock<Arc<dyn Gateways>>,
    store: Arc<dyn PlatformStore>,
    peer: Endpoint,
    ids: Ids,
    clock: Clock,
}

impl SipCentre {
    /// A centre that is the SIP peer `name`.
    pub fn new(store: Arc<dyn PlatformStore>, name: Name, clock: Clock) -> Self {
        // These ids name nothing beyond this process: messages go by SIDs and the centre's ids.
        Self { sip: OnceLock::new(), store, peer: Endpoint::SipPeer(name), ids: Ids::new(0, None), clock }
    }

    /// The gateway that carries the link; it needs the platform, which needs this.
    pub fn connect(&self, sip: Arc<dyn Gateways>) {
        let _ = self.sip.set(sip); // it is connected once
    }

    async fn platform_sid(&self, receipt: &RemoteReceipt) -> Result<Option<Sid>, PlatformStoreError> {
        for id in &receipt.remote_ids {
            if let Some(value) = self.store.get(Table::MessageIndex, link_key(id)).await? {
                return Ok(std::str::from_utf8(&value).ok().and_then(|text| Sid::parse(Sid::MESSAGE, text)));
            }
        }
        Ok(None)
    }

    fn line(&self, sip: &Arc<dyn Gateways>, deadline: Instant) -> Line {
        let (sip, store) = (Arc::clone(sip), Arc::clone(&self.store));
        Line { sip, store, peer: self.peer.clone(), deadline }
    }
}

impl PlatformCentre for SipCentre {
    /// Only the other end knows its routes.
    fn check(&self, _source: &Address, _destination: &Address) -> Result<(), Rejection> {
        Ok(())
    }

    fn submit(&self, batch: Vec<Outbound>) -> BoxFuture<'static, Vec<Result<CompactString, Rejection>>> {
        let mut answers = vec![Err(Rejection::Congested); batch.len()];
        let open = self.sip.get().filter(|sip| sip.available(&self.peer) > 0);
        let Some(sip) = open else { return Box::pin(std::future::ready(answers)) };
        let deadline = Instant::now() + BATCH_PATIENCE;
        let mut lines: HashMap<CompactString, Vec<(usize, Message)>> = HashMap::new();
        let now = (self.clock)();
        for (position, outbound) in batch.into_iter().enumerate() {
            let line = lines.entry(outbound.destination.digits.clone()).or_default();
            line.push((position, message(outbound, self.ids.next(now), now)));
        }
        // Each line is a task of its own: what the centre answers after the deadline is kept too.
        let lines = lines.into_values().map(|line| tokio::spawn(self.line(sip, deadline).submit(line)));
        let lines = join_all(lines.map(|line| tokio::time::timeout_at(deadline, line)));
        Box::pin(async move {
            for (position, answer) in lines.await.into_iter().flatten().flatten().flatten() {
                if let Some(slot) = answers.get_mut(position) {
                    *slot = answer;
                }
            }
            answers
        })
    }
}

/// Messages to one destination: one after the other, so that none overtakes another.
struct Line {
    sip: Arc<dyn Gateways>,
    store: Arc<dyn PlatformStore>,
    peer: Endpoint,
    deadline: Instant,
}

type Answer = Result<CompactString, Rejection>;

impl Line {
    /// Submits until one is to be tried again; those behind it have no answer then.
    async fn submit(self, messages: Vec<(usize, Message)>) -> Vec<(usize, Answer)> {
        let mut answers = Vec::with_capacity(messages.len());
        for (position, message) in messages {
            if Instant::now() >= self.deadline {
                break;
            }
            let answer = self.submit_one(message).await;
            let is_over = answer.as_ref().is_err_and(Rejection::is_temporary);
            answers.push((position, answer));
            if is_over {
                break;
            }
        }
        answers
    }

    async fn submit_one(&self, message: Message) -> Answer {
        let sid = message.client_key.clone().unwrap_or_default();
        let receipt_wanted = message.receipt.wants_any();
        let delivery = Delivery { message: Arc::new(message), receipt_wanted };
        let handover = self.sip.deliver(&self.peer, delivery).await.map_err(rejection)?;
        // A centre that gives no id sends no receipt either.
        let Some(centre_id) = handover.remote_id else { return Ok(sid) };
        let value = Some(Bytes::from(sid.to_string()));
        let write = Write { table: Table::MessageIndex, key: link_key(&centre_id), value };
        self.store.commit(vec![write]).await.map_err(|_| Rejection::StoreClosed)?;
        Ok(centre_id)
    }
}

/// The platform, as the SIP gateway of its process hands messages in.
pub struct SipPlatform {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The link.
    pub link: Arc<SipCentre>,
    /// Time and randomness.
    pub environment: Arc<dyn Environment>,
}

impl Submit for SipPlatform {
    fn accept(&self, batch: Vec<Submission>) -> BoxFuture<'static, Acceptance> {
        let now = self.environment.now();
        // Tasks of their own: what the platform has begun it also ends, even if its caller is gone.
        let received: Vec<_> = batch
            .into_iter()
            .map(|submission| {
                let (platform, id) = (Arc::clone(&self.platform), self.link.ids.next(now));
                let inbound = inbound(submission, &self.link.peer, id, &*self.environment);
                tokio::spawn(async move {
                    platform.receive(inbound).await.map(|_sid| id).map_err(|error| refusal(&error))
                })
            })
            .collect();
        Box::pin(async move {
            let answers = join_all(received).await.into_iter();
            let answers = answers.map(|answer| answer.unwrap_or(Err(Rejection::StoreClosed))).collect();
            Acceptance { answers, start: StartGuard::default() }
        })
    }

    fn remote_receipt(&self, receipt: RemoteReceipt) -> BoxFuture<'static, Result<bool, StoreError>> {
        let taken = tokio::spawn(report(Arc::clone(&self.platform), Arc::clone(&self.link), receipt));
        Box::pin(async move { taken.await.unwrap_or(Err(StoreError::Congested)) })
    }
}

impl Availability for SipPlatform {
    /// Messages wait in the outbox, which is looked at anyway.
    fn endpoint_available(&self, _endpoint: &Endpoint) {}

    /// A platform has no network behind it.
    fn number_reachable(&self, _endpoint: &Endpoint, _number: &Address) {}
}

async fn report(
    platform: Arc<Platform>,
    link: Arc<SipCentre>,
    receipt: RemoteReceipt,
) -> Result<bool, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::Failed(error.to_string());
    for _ in 0..EARLY_RECEIPT_LOOKS {
        if let Some(sid) = link.platform_sid(&receipt).await.map_err(|error| failed(&error))? {
            let report = Report { sid, state: receipt.state, error: receipt.error };
            platform.report(report).await.map_err(|error| failed(&error))?;
            return Ok(true);
        }
        tokio::time::sleep(EARLY_RECEIPT_PAUSE).await;
    }
    tracing::warn!(ids = ?receipt.remote_ids, "a receipt is about no message of ours");
    Ok(false)
}

fn link_key(centre_id: &str) -> Vec<u8> {
    [CENTRE_ID_PREFIX, centre_id.as_bytes()].concat()
}

fn message(outbound: Outbound, id: MessageId, now: Timestamp) -> Message {
    Message {
        id,
        origin: Endpoint::Platform,
        account: outbound.account.to_compact_string(),
        source: outbound.source,
        destination: outbound.destination,
        presented: None,
        route: "centre".into(),
        content: outbound.content,
        mode: Mode::StoreAndForward,
        receipt: outbound.receipt,
        priority: outbound.priority,
        protocol_id: 0,
        reply_path: false,
        service_type: Name::default(),
        optional: Bytes::new(),
        accepted_at: now,
        deliver_after: now,
        expires_at: outbound.expires_at.unwrap_or(Timestamp::NEVER),
        client_key: Some(outbound.sid.to_compact_string()),
        headers: named(outbound.headers),
        kind: Kind::Ordinary,
    }
}

fn inbound(
    submission: Submission,
    centre: &Endpoint,
    id: MessageId,
    environment: &dyn Environment,
) -> Inbound {
    let now = environment.now();
    let id = match submission.client_key {
        Some(key) if submission.origin == *centre => key.to_string(),
        // The centre alone may name a message by one of its ids.
        Some(key) => format!("{}/{key}", submission.origin),
        None => {
            let mut octets = [0; 8];
            environment.fill_random(&mut octets);
            format!("{id}/{:016x}", u64::from_le_bytes(octets))
        }
    };
    Inbound {
        id,
        from: submission.source,
        to: submission.destination,
        content: submission.content,
        received_at: submission.received_at.unwrap_or(now),
        expires_at: submission.validity.map(|validity| match validity {
            Validity::Until(end) => end,
            Validity::For(span) => now + span,
        }),
        receipt: submission.receipt,
        via: submission.received_via.map(String::from),
        headers: unnamed(&submission.headers),
    }
}

fn refusal(error: &ReceiveError) -> Rejection {
    match error {
        ReceiveError::UnknownNumber => Rejection::NoRoute,
        ReceiveError::AccountNotActive => Rejection::Forbidden("the account is not active"),
        _ => Rejection::StoreClosed,
    }
}

/// What a failed hand-over means to the platform's outbox: whether to submit again.
fn rejection(failure: Failure) -> Rejection {
    match failure {
        Failure::UnknownSubscriber => Rejection::NoRoute,
        Failure::Barred => Rejection::Forbidden("the centre forbids it"),
        Failure::NoPeer | Failure::Throttled { .. } | Failure::Timeout => Rejection::Congested,
        other => Rejection::DeliveryFailed(other),
    }
}
