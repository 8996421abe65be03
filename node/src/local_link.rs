//! The hand-over between the centre and the platform of one process: a call each way, with
//! the same messages and outcomes as the SIP link between two processes.

use std::sync::Arc;

use compact_str::{CompactString, ToCompactString};
use futures_util::future::join_all;
use platform::ports::{BoxFuture, Centre as PlatformCentre, Outbound};
use platform::{Inbound, Platform, Report, Sid};
use smsc::address::Address;
use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::{Failure, PeerCode};
use smsc::message::{Message, Submission, Validity};
use smsc::names::Name;
use smsc::ports::{Gateways, Submit};
use smsc::receipt::Receipt;
use smsc::rejection::Rejection;

use crate::centre::ServiceCentre;
use crate::webhook_trace::WebhookTrace;

/// Deliveries into the platform that may be open at once; its store is the only thing they wait for.
const PLATFORM_ROOM: usize = 1000;
/// Of them for one number: enough to fill a commit, and still in the order of acceptance.
const PLATFORM_ROOM_PER_NUMBER: u16 = 16;

/// The centre, as the platform of the same process reaches it.
pub struct LocalCentre(pub ServiceCentre);

impl PlatformCentre for LocalCentre {
    fn check(&self, source: &Address, destination: &Address) -> Result<(), Rejection> {
        let rules = self.0.journey().rules().load();
        rules.numbering.source(source).map_err(Rejection::Source)?;
        let destination = rules.numbering.destination(destination).map_err(Rejection::Destination)?;
        let route = rules.route(&Endpoint::Platform, &CompactString::default(), &destination.digits);
        route.map(|_| ()).ok_or(Rejection::NoRoute)
    }

    fn submit(&self, batch: Vec<Outbound>) -> BoxFuture<'static, Vec<Result<CompactString, Rejection>>> {
        let centre = self.0.clone();
        Box::pin(async move {
            // Each has a key of its own, which the store checks one by one; side by side they
            // share the commits.
            let accepted = batch.into_iter().map(|outbound| {
                let centre = centre.clone();
                async move {
                    let acceptance = centre.accept(vec![submission(outbound)]).await;
                    let answer = acceptance.answers.into_iter().next();
                    answer.unwrap_or(Err(Rejection::Congested)).map(|id| id.to_compact_string())
                }
            });
            join_all(accepted).await
        })
    }
}

/// What the platform hands over, in the centre's words.
pub fn submission(outbound: Outbound) -> Submission {
    Submission {
        account: outbound.account.to_compact_string(),
        receipt: outbound.receipt,
        priority: outbound.priority,
        validity: outbound.expires_at.map(Validity::Until),
        client_key: Some(outbound.sid.to_compact_string()),
        headers: named(outbound.headers),
        ..Submission::new(Endpoint::Platform, outbound.source, outbound.destination, outbound.content)
    }
}

/// The application's own headers, in the centre's words.
pub fn named(headers: Vec<(String, String)>) -> Vec<(Name, String)> {
    headers.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// The sender's own headers, in the platform's words.
pub fn unnamed(headers: &[(Name, String)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

/// The platform, as the centre of the same process reaches it.
pub struct LocalPlatform {
    /// The platform.
    pub platform: Arc<Platform>,
    /// Notes its calls to applications.
    pub webhook_trace: WebhookTrace,
}

impl Gateways for LocalPlatform {
    fn available(&self, _party: &Endpoint) -> usize {
        PLATFORM_ROOM
    }

    fn deliver(
        &self,
        _party: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let (platform, webhook_trace) = (Arc::clone(&self.platform), self.webhook_trace.clone());
        Box::pin(async move {
            match delivery.message.as_receipt() {
                Some(receipt) => report(&platform, receipt).await?,
                None => {
                    let inbound = inbound(&delivery.message);
                    let sid = platform.receive(inbound).await.map_err(|error| error.failure())?;
                    webhook_trace.remember(sid.to_string(), delivery.message.id);
                }
            }
            Ok(DeliveryAck { remote_id: None, via: "platform".into() })
        })
    }

    fn capabilities(&self, _party: &Endpoint) -> Capabilities {
        Capabilities {
            open_per_destination: PLATFORM_ROOM_PER_NUMBER,
            reassembled: true,
            sends_receipts: false,
        }
    }
}

async fn report(platform: &Platform, receipt: &Receipt) -> Result<(), Failure> {
    // The client key of a message of the platform is its SID.
    let sid = receipt.client_key.as_deref().and_then(|key| Sid::parse(Sid::MESSAGE, key));
    let Some(sid) = sid else { return Err(Failure::Refused(PeerCode::Internal)) };
    let report = Report { sid, state: receipt.state, error: receipt.error };
    platform.report(report).await.map_err(|_| Failure::PeerFault(PeerCode::Internal))
}

/// What the centre delivers, in the platform's words.
fn inbound(message: &Message) -> Inbound {
    let via = match &message.origin {
        Endpoint::Esme(name) | Endpoint::Smpp(name) => Some(name.to_string()),
        _ => None,
    };
    Inbound {
        id: message.id.to_string(),
        from: message.source.clone(),
        to: message.destination.clone(),
        content: message.content.clone(),
        received_at: message.accepted_at,
        expires_at: Some(message.expires_at),
        receipt: message.receipt,
        via,
        headers: unnamed(&message.headers),
    }
}
