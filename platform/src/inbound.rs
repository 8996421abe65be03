//! Messages to the application: taken over from the centre, told by webhook, answered by TwiML.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use sha2::{Digest, Sha256};
use smsc::address::Address;
use smsc::failure::{Failure, PeerCode};
use smsc::message::{Content, Timestamp};
use smsc::receipt::ReceiptRequest;

use crate::carriage::{Carriage, segments_of, text_of};
use crate::message::{Callback, Direction, Message, Status};
use crate::outbound::NewMessage;
use crate::phone_number::{PhoneNumber, canonical};
use crate::ports::{Answer, LedgerError, Scan, Table, Write};
use crate::records::{Errand, ErrandKind};
use crate::sid::Sid;
use crate::twiml::{self, Reply, Verb};
use crate::{Account, AccountStatus, Platform, outbound, records, webhook};

/// Messages that one answer may hold.
const REPLIES_MAX: usize = 10;
/// Documents that one incoming message may lead through.
const DOCUMENTS_MAX: usize = 50;
/// Pause after the ledger failed.
const PAUSE: Duration = Duration::from_secs(1);

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
    Ledger(#[from] LedgerError),
}

impl ReceiveError {
    /// What this means to the centre.
    pub fn failure(&self) -> Failure {
        match self {
            Self::UnknownNumber => Failure::UnknownSubscriber,
            Self::AccountNotActive => Failure::Barred,
            Self::Ledger(_) => Failure::PeerFault(PeerCode::Internal),
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
        if let Some(known) = self.ledger.get(Table::MessageIndex, centre_key.clone()).await? {
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
        self.ledger.commit(writes).await?;
        if is_called {
            self.errands.add(message.sid, account.sid);
        }
        Ok(message.sid)
    }

    /// Whether [`Platform::receive`] would take a message to this number.
    pub fn knows(&self, to: &Address) -> bool {
        self.addressee(to).is_ok()
    }

    pub(crate) async fn call_for_ever(self: Arc<Self>) {
        let mut open = FuturesUnordered::new();
        loop {
            if self.refill_errands().await.is_err() {
                self.environment.sleep_until(self.environment.now() + PAUSE).await;
            }
            let room = self.settings.calls_max.saturating_sub(open.len());
            for sid in self.errands.take(room) {
                open.push(Arc::clone(&self).run(sid));
            }
            if open.len() >= self.settings.calls_max {
                open.next().await;
            } else if open.is_empty() {
                self.errands.ready().await;
            } else {
                let ready = std::pin::pin!(self.errands.ready());
                match select(open.next(), ready).await {
                    Either::Left(_) | Either::Right(_) => {}
                }
            }
        }
    }

    /// Runs the errands of one message in their order until there are none.
    async fn run(self: Arc<Self>, sid: Sid) {
        let outcome = self.run_errands(sid).await;
        if outcome.is_err() {
            self.environment.sleep_until(self.environment.now() + PAUSE).await;
        }
        self.errands.done(sid, outcome.is_err());
    }

    pub(crate) async fn run_errands(&self, sid: Sid) -> Result<(), LedgerError> {
        loop {
            let scan = Scan {
                table: Table::Outbox,
                from: records::errand_key(sid, 0),
                until: Some([records::errand_key(sid, u8::MAX), vec![0]].concat()),
                backwards: false,
                limit: 8,
            };
            let rows = self.ledger.scan(scan).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for (key, value) in rows {
                self.run_errand(sid, key, records::read(&value)?).await?;
            }
        }
    }

    pub(crate) async fn refill_errands(&self) -> Result<(), LedgerError> {
        let Some(above) = self.errands.begin_reading() else { return Ok(()) };
        let read = self.read_outbox(records::ERRANDS, above).await.and_then(|rows| {
            let entry = |(key, value): &(Bytes, Bytes)| -> Result<Option<(Sid, Sid)>, LedgerError> {
                let errand: Errand = records::read(value)?;
                Ok(records::sid_in(key, 1).map(|sid| (sid, errand.account)))
            };
            rows.iter().filter_map(|row| entry(row).transpose()).collect::<Result<Vec<_>, _>>()
        });
        match read {
            Ok(entries) => {
                self.errands.read(&entries);
                Ok(())
            }
            Err(error) => {
                self.errands.reading_failed();
                Err(error)
            }
        }
    }

    async fn run_errand(&self, sid: Sid, key: Bytes, errand: Errand) -> Result<(), LedgerError> {
        let number = records::errand_number(&key).unwrap_or_default();
        let token = webhook::idempotency_token(sid, number);
        let account = self.directory.read().account(errand.account).cloned();
        let mut writes = vec![records::delete(Table::Outbox, key.to_vec())];
        let mut replies = Vec::new();
        match (account, errand.kind) {
            (Some(account), ErrandKind::Status { callback, params }) => {
                // Whatever it answers, it has been told.
                let _answer = self.call(&account.auth_token, &callback, &params, &token).await;
            }
            (Some(account), ErrandKind::Incoming) => {
                if let Some(message) = self.read(sid).await? {
                    let conversation = self.converse(&account, &message, &token).await;
                    let more;
                    (replies, more) = self.conclude(&account, message, conversation).await?;
                    writes.extend(more);
                }
            }
            (None, _) => {}
        }
        self.ledger.commit(writes).await?;
        for sid in replies {
            self.add_submission(sid);
        }
        Ok(())
    }

    /// Calls the application, then the fallback, and follows its documents.
    async fn converse(&self, account: &Account, message: &Message, token: &str) -> Conversation {
        let mut conversation = Conversation::default();
        let routing = match self.directory.read().owner(&message.to) {
            Some(number) if number.account == account.sid => number.routing.clone(),
            _ => return conversation,
        };
        let mut fallback = routing.fallback();
        let mut params = params_of(message);
        let mut next = routing.application();
        for _ in 0..DOCUMENTS_MAX {
            let Some(callback) = next.take() else { return conversation };
            let read = match self.call(&account.auth_token, &callback, &params, token).await {
                Ok(answer) => read_answer(&answer),
                Err(code) => Err(code),
            };
            let followed = read.and_then(|verbs| conversation.follow(verbs, &callback));
            match followed {
                Ok(redirect) => next = redirect,
                Err(code) => {
                    conversation.error = Some(code);
                    next = fallback.take();
                    params.push(("ErrorCode".to_owned(), code.to_string()));
                    params.push(("ErrorUrl".to_owned(), without_fragment(&callback.url).to_owned()));
                }
            }
        }
        conversation.error = Some(14106);
        conversation
    }

    /// The writes that a conversation leads to, and the messages among them.
    async fn conclude(
        &self,
        account: &Account,
        message: Message,
        conversation: Conversation,
    ) -> Result<(Vec<Sid>, Vec<Write>), LedgerError> {
        let mut writes = Vec::new();
        let mut sids = Vec::new();
        let mut error = conversation.error;
        for reply in conversation.replies {
            let new = NewMessage {
                to: reply.to.or_else(|| Some(message.from.clone())),
                from: reply.from.or_else(|| Some(message.to.clone())),
                body: Some(reply.body),
                has_media: reply.has_media,
                status_callback: reply.status_callback.map(|url| Callback { url, method: reply.method }),
                ..NewMessage::default()
            };
            match self.admit(account, new, Direction::OutboundReply) {
                Ok(reply) => {
                    writes.extend(outbound::insert(&reply)?);
                    sids.push(reply.sid);
                }
                Err(refused) => error = Some(refused.numbers().1),
            }
        }
        if error.is_some() {
            let _gate = self.turnstile.enter(message.sid).await;
            if let Some(mut message) = self.read(message.sid).await? {
                message.error = error;
                message.updated_at = self.environment.now();
                writes.push(records::put(Table::Messages, records::message_key(message.sid), &message)?);
            }
        }
        Ok((sids, writes))
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

/// What an application said, document by document.
#[derive(Default)]
struct Conversation {
    replies: Vec<Reply>,
    error: Option<u32>,
}

impl Conversation {
    /// Takes what a document from `document` asks for: the next document, or the error number it ends with.
    fn follow(&mut self, verbs: Vec<Verb>, document: &Callback) -> Result<Option<Callback>, u32> {
        let url = without_fragment(&document.url);
        for verb in verbs {
            match verb {
                Verb::Message(_) if self.replies.len() >= REPLIES_MAX => self.error = Some(14109),
                Verb::Message(mut reply) => {
                    reply.status_callback =
                        reply.status_callback.and_then(|reference| webhook::resolve(url, &reference));
                    self.replies.push(reply);
                }
                Verb::Redirect { url: reference, method } => {
                    let url = webhook::resolve(url, &reference).ok_or(11100_u32)?;
                    return Ok(Some(Callback { url, method }));
                }
            }
        }
        Ok(None)
    }
}

/// The document in an answer, or the error number if it is none.
fn read_answer(answer: &Answer) -> Result<Vec<Verb>, u32> {
    let media_type = answer.content_type.as_deref().unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Ok(text) = std::str::from_utf8(&answer.body) else { return Err(12100) };
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    match media_type.as_str() {
        "text/xml" | "application/xml" | "text/html" => twiml::parse(text).map_err(twiml::TwimlError::code),
        "text/plain" => Ok(vec![Verb::Message(Reply { body: text.trim().to_owned(), ..Reply::default() })]),
        _ => Err(12300),
    }
}

/// The form that tells an application of a message.
fn params_of(message: &Message) -> Vec<(String, String)> {
    let sid = message.sid.to_string();
    let fixed = [
        ("MessageSid", sid.clone()),
        ("SmsSid", sid.clone()),
        ("SmsMessageSid", sid),
        ("AccountSid", message.account.to_string()),
        ("From", message.from.clone()),
        ("To", message.to.clone()),
        ("Body", message.body.clone()),
        ("NumMedia", "0".to_owned()),
        ("NumSegments", message.segments.to_string()),
        ("SmsStatus", message.status.as_str().to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
    ];
    let headers = message.carriage.fields(message.sent_at.unwrap_or(message.created_at));
    let headers = headers.into_iter().map(|(name, value)| (format!("SipHeader_{name}"), value));
    fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(headers).collect()
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}

/// The gate of a message that has no SID yet.
fn gate_of(centre_id: &str) -> Sid {
    let digest = Sha256::digest(centre_id.as_bytes());
    let mut octets = [0; 16];
    octets.iter_mut().zip(digest).for_each(|(octet, random)| *octet = random);
    Sid::new(Sid::MESSAGE, octets)
}
