//! The platform in a process of its own, joined to a service centre by the SIP link alone.
//!
//! Outgoing messages are SIP MESSAGEs to the peer that the configuration names; the
//! centre's id of each comes back in its 200 and is kept in the ledger, so that receipts
//! find their message, after a restart too.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use compact_str::CompactString;
use futures_util::future::join_all;
use gateway_sip::SipGateway;
use platform::ports::{Centre as PlatformCentre, Ledger, Outbound, Promise, Table, Write};
use platform::{Inbound, Platform, ReceiveError, Report, Sid};
use smsc::address::Address;
use smsc::failure::Failure;
use smsc::ids::Ids;
use smsc::journey::Clock;
use smsc::message::{Kind, Message, MessageId, Mode, Name, Party, Submission, Timestamp};
use smsc::ports::{Acceptance, Centre, Delivery, Gateways, Standing, StartGuard, StoreError};
use smsc::receipt::RemoteReceipt;
use smsc::rejection::Rejection;

use crate::clock;

/// Prefix of the ledger's rows that map the centre's id to the platform's SID.
const CENTRE_ID_PREFIX: &[u8] = b"link/";
/// How long the platform's own submissions are tried where the application does not say.
const VALIDITY: std::time::Duration = std::time::Duration::from_secs(72 * 3600);

/// The service centre at the other end of the link.
pub struct SipCentre {
    sip: OnceLock<Arc<SipGateway>>,
    ledger: Arc<dyn Ledger>,
    peer: Party,
    ids: Ids,
}

impl SipCentre {
    /// A centre that is the SIP peer `name`.
    pub fn new(ledger: Arc<dyn Ledger>, name: Name) -> Self {
        Self { sip: OnceLock::new(), ledger, peer: Party::SipPeer(name), ids: Ids::new(0, None) }
    }

    /// The gateway that carries the link; it needs the platform, which needs this.
    pub fn connect(&self, sip: Arc<SipGateway>) {
        let _first = self.sip.set(sip);
    }

    async fn platform_sid(&self, remote: &RemoteReceipt) -> Option<Sid> {
        for id in &remote.remote_ids {
            if let Ok(Some(value)) = self.ledger.get(Table::MessageIndex, link_key(id)).await {
                return std::str::from_utf8(&value).ok().and_then(|text| Sid::parse(Sid::MESSAGE, text));
            }
        }
        None
    }
}

impl PlatformCentre for SipCentre {
    /// Only the other end knows its routes.
    fn check(&self, _source: &Address, _destination: &Address) -> Result<(), Rejection> {
        Ok(())
    }

    fn submit(&self, batch: Vec<Outbound>) -> Promise<'static, Vec<Result<CompactString, Rejection>>> {
        let now = clock::now();
        let sip = self.sip.get().cloned();
        let submissions = batch.into_iter().map(|outbound| {
            let sid = outbound.sid;
            let message = Arc::new(message(outbound, self.ids.next(now), now));
            let (sip, ledger, peer) = (sip.clone(), Arc::clone(&self.ledger), self.peer.clone());
            async move {
                let sip = sip.ok_or(Rejection::Congested)?;
                let own_id = message.id;
                let receipt_wanted = message.receipt.wants_any();
                let handover =
                    sip.deliver(&peer, Delivery { message, receipt_wanted }).await.map_err(rejection)?;
                let centre_id = handover.remote_id.unwrap_or_else(|| own_id.to_string().into());
                let value = Some(Bytes::from(sid.to_string()));
                let write = Write { table: Table::MessageIndex, key: link_key(&centre_id), value };
                ledger.commit(vec![write]).await.map_err(|_| Rejection::StoreClosed)?;
                Ok(centre_id)
            }
        });
        Box::pin(join_all(submissions.collect::<Vec<_>>()))
    }
}

/// The platform, as the SIP gateway of its process hands messages in.
pub struct SipPlatform {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The link.
    pub link: Arc<SipCentre>,
    /// The time.
    pub clock: Clock,
}

impl Centre for SipPlatform {
    fn accept(&self, batch: Vec<Submission>) -> smsc::ports::Promise<'static, Acceptance> {
        let (platform, now) = (Arc::clone(&self.platform), (self.clock)());
        let ids: Vec<MessageId> = batch.iter().map(|_| self.link.ids.next(now)).collect();
        Box::pin(async move {
            let received = batch.into_iter().zip(ids).map(|(submission, id)| {
                let platform = Arc::clone(&platform);
                async move {
                    let taken = platform.receive(inbound(submission, id, now)).await;
                    taken.map(|_sid| id).map_err(|error| match error {
                        ReceiveError::UnknownNumber => Rejection::NoRoute,
                        ReceiveError::AccountNotActive => Rejection::Forbidden("the account is not active"),
                        _ => Rejection::StoreClosed,
                    })
                }
            });
            Acceptance { answers: join_all(received).await, start: StartGuard::default() }
        })
    }

    fn remote_receipt(
        &self,
        receipt: RemoteReceipt,
    ) -> smsc::ports::Promise<'static, Result<bool, StoreError>> {
        let (platform, link) = (Arc::clone(&self.platform), Arc::clone(&self.link));
        Box::pin(async move {
            let Some(sid) = link.platform_sid(&receipt).await else { return Ok(false) };
            let report = Report { sid, state: receipt.state, error: receipt.error };
            platform.report(report).await.map_err(|error| StoreError::Failed(error.to_string()))?;
            Ok(true)
        })
    }

    fn standing(
        &self,
        _account: Name,
        _id: MessageId,
    ) -> smsc::ports::Promise<'static, Result<Option<Standing>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn cancel(
        &self,
        _account: Name,
        _id: MessageId,
    ) -> smsc::ports::Promise<'static, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    fn opened(&self, _party: &Party) {}
}

fn link_key(centre_id: &str) -> Vec<u8> {
    [CENTRE_ID_PREFIX, centre_id.as_bytes()].concat()
}

fn message(outbound: Outbound, id: MessageId, now: Timestamp) -> Message {
    Message {
        id,
        origin: Party::Platform,
        account: Name::default(),
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
        expires_at: outbound.expires_at.unwrap_or(now + VALIDITY),
        client_key: Some(outbound.sid.to_string().into()),
        kind: Kind::Ordinary,
    }
}

fn inbound(submission: Submission, id: MessageId, now: Timestamp) -> Inbound {
    Inbound {
        id: submission.client_key.map_or_else(|| id.to_string(), |key| key.to_string()),
        from: submission.source,
        to: submission.destination,
        content: submission.content,
        received_at: now,
        expires_at: None,
        receipt: submission.receipt,
        via: None,
        headers: Vec::new(),
    }
}

/// What a failed hand-over means to the platform's outbox: whether to submit again.
fn rejection(failure: Failure) -> Rejection {
    match failure {
        Failure::UnknownSubscriber => Rejection::NoRoute,
        Failure::NoPeer | Failure::Throttled { .. } | Failure::Timeout => Rejection::Congested,
        other => Rejection::DeliveryFailed(other),
    }
}
