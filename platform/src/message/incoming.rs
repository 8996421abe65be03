//! Incoming messages from the centre to the stored record and the webhook job of their application.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use smsc::address::Address;
use smsc::failure::{Failure, PeerCode};
use smsc::message::Content;
use smsc::receipt::ReceiptRequest;
use smsc::timestamp::Timestamp;

use crate::account::{Account, AccountStatus};
use crate::bearer::{Bearer, segments_of, text_of};
use crate::message::messages::Messages;
use crate::message::{Direction, Message, Status};
use crate::number::PhoneNumber;
use crate::number::digits::canonical;
use crate::ports::{PlatformStoreError, Table};
use crate::records;
use crate::records::{JobKind, WebhookJob};
use crate::sid::Sid;

/// A message that the centre delivers to the platform.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The centre's own id: the same id is the same message.
    pub id: String,
    /// The sender.
    pub from: Address,
    /// One of our numbers.
    pub to: Address,
    /// Its content, reassembled if it came in segments.
    pub content: Content,
    /// When the centre received it.
    pub received_at: Timestamp,
    /// The end of all attempts to deliver it, where the centre states one.
    pub expires_at: Option<Timestamp>,
    /// Which receipts its sender asked for.
    pub receipt: ReceiptRequest,
    /// The connection that the centre received it by (X-SMSC-ID).
    pub via: Option<String>,
    /// Other `X-` headers.
    pub headers: Vec<(String, String)>,
}

/// Why a message was not taken over.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The number has no owner here.
    #[error("the number has no owner")]
    UnknownNumber,
    /// Its owner may not receive anything.
    #[error("the account is not active")]
    AccountNotActive,
    /// It could not be written; deliver it again.
    #[error(transparent)]
    PlatformStore(#[from] PlatformStoreError),
}

impl ReceiveError {
    /// What this means to the centre.
    pub fn failure(&self) -> Failure {
        match self {
            Self::UnknownNumber => Failure::UnknownSubscriber,
            Self::AccountNotActive => Failure::Barred,
            Self::PlatformStore(_) => Failure::PeerFault(PeerCode::Internal),
        }
    }
}

impl Messages {
    /// Takes a message over from the centre. When this returns it is on disk, and its application will
    /// be called; a message that was taken over before keeps the SID it has.
    pub(crate) async fn receive(&self, inbound: Inbound) -> Result<Sid, ReceiveError> {
        let (number, account) = self.addressee(&inbound.to)?;
        let centre_key = records::centre_key(&inbound.id);
        let _lock = self.locks.lock(lock_of(&inbound.id)).await;
        if let Some(known) = self.store.get(Table::MessageIndex, centre_key.clone()).await? {
            return Ok(records::read(&known)?);
        }
        let message = self.received(inbound, &number);
        let mut writes = records::insert(&message)?;
        writes.push(records::put(Table::MessageIndex, centre_key, &message.sid)?);
        let is_called = number.routing.application().is_some();
        if is_called {
            let job = WebhookJob { account: account.sid, kind: JobKind::Incoming };
            writes.push(records::put(Table::Outbox, records::job_key(message.sid, 0), &job)?);
        }
        self.store.commit(writes).await?;
        if is_called {
            self.outbox.webhook_jobs.add(message.sid, account.sid);
        }
        Ok(message.sid)
    }

    /// Whether [`Messages::receive`] would take a message to this number.
    pub(crate) fn knows(&self, to: &Address) -> bool {
        self.addressee(to).is_ok()
    }

    fn addressee(&self, to: &Address) -> Result<(PhoneNumber, Arc<Account>), ReceiveError> {
        let to = canonical(&to.dialled()).ok_or(ReceiveError::UnknownNumber)?;
        let number = self.numbers.owner(&to).ok_or(ReceiveError::UnknownNumber)?;
        let account = self.accounts.get(number.account).ok_or(ReceiveError::UnknownNumber)?;
        if account.status != AccountStatus::Active {
            return Err(ReceiveError::AccountNotActive);
        }
        Ok((number, account))
    }

    fn received(&self, inbound: Inbound, number: &PhoneNumber) -> Message {
        let now = self.environment.now();
        let from = inbound.from.dialled();
        Message {
            sid: self.sids.message(&*self.environment),
            account: number.account,
            direction: Direction::Inbound,
            status: Status::Received,
            from: canonical(&from).unwrap_or_else(|| from.into()),
            to: number.phone_number.clone(),
            body: text_of(&inbound.content),
            segments: segments_of(&inbound.content),
            created_at: now,
            updated_at: now,
            sent_at: Some(inbound.received_at),
            error: None,
            bearer: Bearer {
                receipt: Some(inbound.receipt.0).filter(|&octet| octet != 0),
                expires_at: inbound.expires_at,
                via: inbound.via,
                headers: inbound.headers,
                ..Bearer::of_content(&inbound.content)
            },
            status_callback: None,
            validity_seconds: None,
            centre_id: Some(inbound.id),
            callbacks: 0,
        }
    }
}

/// The gate of a message that has no SID yet.
fn lock_of(centre_id: &str) -> Sid {
    let digest = Sha256::digest(centre_id.as_bytes());
    let mut octets = [0; 16];
    octets.iter_mut().zip(digest).for_each(|(octet, random)| *octet = random);
    Sid::new(Sid::MESSAGE, octets)
}
