//! Messages to the application, taken over from the centre. How it is told is in `errand` and
//! `conversation`.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use smsc::address::Address;
use smsc::failure::{Failure, PeerCode};
use smsc::message::Content;
use smsc::timestamp::Timestamp;
use smsc::receipt::ReceiptRequest;

use crate::carriage::{Carriage, segments_of, text_of};
use crate::message::{Direction, Message, Status};
use crate::phone_number::{PhoneNumber, canonical};
use crate::ports::{PlatformStoreError, Table};
use crate::records::{Errand, ErrandKind};
use crate::sid::Sid;
use crate::{Account, AccountStatus, Platform, records};

/// A message that the centre delivers to the platform.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The centre's own id: the same id is the same message.
    pub id: String,
    /// The sender.
    pub from: Address,
    /// One of our numbers.
    pub to: Address,
    /// What it says, put together again if it came in segments.
    pub content: Content,
    /// When the centre received it.
    pub received_at: Timestamp,
    /// The end of all attempts to deliver it, where the centre says so.
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

impl Platform {
    /// Takes a message over from the centre. When this returns it is on disk, and its application will
    /// be called; a message that was taken over before keeps the SID it has.
    pub async fn receive(&self, inbound: Inbound) -> Result<Sid, ReceiveError> {
        let (number, account) = self.addressee(&inbound.to)?;
        let centre_key = records::centre_key(&inbound.id);
        let _gate = self.turnstile.enter(gate_of(&inbound.id)).await;
        if let Some(known) = self.store.get(Table::MessageIndex, centre_key.clone()).await? {
            return Ok(records::read(&known)?);
        }
        let message = self.received(inbound, &number);
        let mut writes = records::insert(&message)?;
        writes.push(records::put(Table::MessageIndex, centre_key, &message.sid)?);
        let is_called = number.routing.application().is_some();
        if is_called {
            let errand = Errand { account: account.sid, kind: ErrandKind::Incoming };
            writes.push(records::put(Table::Outbox, records::errand_key(message.sid, 0), &errand)?);
        }
        self.store.commit(writes).await?;
        if is_called {
            self.errands.add(message.sid, account.sid);
        }
        Ok(message.sid)
    }

    /// Whether [`Platform::receive`] would take a message to this number.
    pub fn knows(&self, to: &Address) -> bool {
        self.addressee(to).is_ok()
    }

    fn addressee(&self, to: &Address) -> Result<(PhoneNumber, Arc<Account>), ReceiveError> {
        let to = canonical(&to.dialled()).ok_or(ReceiveError::UnknownNumber)?;
        let directory = self.directory.read();
        let number = directory.owner(&to).ok_or(ReceiveError::UnknownNumber)?;
        let account = directory.account(number.account).ok_or(ReceiveError::UnknownNumber)?;
        if account.status != AccountStatus::Active {
            return Err(ReceiveError::AccountNotActive);
        }
        Ok((number.clone(), Arc::clone(account)))
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
            carriage: Carriage {
                receipt: Some(inbound.receipt.0).filter(|&octet| octet != 0),
                expires_at: inbound.expires_at,
                via: inbound.via,
                headers: inbound.headers,
                ..Carriage::of_content(&inbound.content)
            },
            status_callback: None,
            validity_seconds: None,
            centre_id: Some(inbound.id),
            callbacks: 0,
        }
    }
}

/// The gate of a message that has no SID yet.
fn gate_of(centre_id: &str) -> Sid {
    let digest = Sha256::digest(centre_id.as_bytes());
    let mut octets = [0; 16];
    octets.iter_mut().zip(digest).for_each(|(octet, random)| *octet = random);
    Sid::new(Sid::MESSAGE, octets)
}
