//! The messaging platform: accounts, numbers, messages, webhooks and TwiML, without input or output.
//!
//! **A message goes out.** [`Platform::create`] reads the request, asks the centre whether a route
//! exists, and writes the message, its index and an outbox entry in one commit; the answer is 201 from
//! then on. One endless task hands what the outbox holds to [`ports::Centre::submit`], in the order of
//! creation and under the message's SID, so that a repetition after a crash makes no second message, and
//! moves it on to `sent` or `failed`. Receipts come back by [`Platform::report`] and move it to
//! `delivered` or `undelivered`. Each change that the application wants to hear of puts a status
//! callback into the outbox, in the commit of the change.
//!
//! **A message comes in.** [`Platform::receive`] finds the number's owner, writes the message and an
//! outbox entry in one commit, and knows the centre's id again if it comes twice. A second endless task
//! calls the application, signed, with time-outs and retries as the URL's fragment says; then the
//! fallback URL; reads the TwiML that came back; and writes the messages that it asks for, and the end
//! of the entry, in one commit.
//!
//! ```text
//! REST ── create ──► store ───► outbox ──► Centre::submit ──► sent ─┐
//!                                            report ──► delivered ──┴─► outbox ──► Webhooks::call
//! centre ── receive ──► store ───► outbox ──► Webhooks::call ──► TwiML ──► create
//! ```
//!
//! Time, chance, disk, centre and applications are behind [`ports`]. A future of the platform that
//! changes something is driven to its end by whoever began it: what is dropped half-way may rest in the
//! outbox until the next start.

pub mod errors;
pub mod ports;
pub mod signature;
pub mod twiml;

mod account;
mod agenda;
mod carriage;
mod conversation;
mod directory;
mod errand;
mod inbound;
#[cfg(test)]
mod life_tests;
mod listing;
mod message;
mod millis;
mod outbound;
mod phone_number;
mod records;
mod reply_limit;
mod sid;
mod status;
mod submission;
#[cfg(test)]
mod testing;
mod turnstile;
mod webhook;

use std::sync::Arc;

use parking_lot::RwLock;

pub use account::{Account, AccountStatus};
pub use carriage::Carriage;
pub use errors::Error;
pub use inbound::{Inbound, ReceiveError};
pub use listing::{Filter, Page, Position};
pub use message::{Callback, Direction, Message, Status};
pub use outbound::{NewMessage, Update};
pub use phone_number::{NumberChange, PhoneNumber, Routing, canonical};
pub use sid::{NoSid, Sid};
pub use status::Report;
pub use webhook::is_callable;

use agenda::Agenda;
use directory::Directory;
use ports::{BoxFuture, Centre, Environment, PlatformStore, PlatformStoreError, Scan, Table, Webhooks};
use reply_limit::ReplyLimit;
use sid::Sids;
use turnstile::Turnstile;

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Characters that a body may have.
    pub body_characters_max: usize,
    /// Beginnings of the numbers that accounts may take by the API; `+` offers all of E.164, an empty
    /// one everything. None by default: a number decides where its messages go.
    pub inventory: Vec<String>,
    /// Whether letters may be a sender.
    pub alphanumeric_senders: bool,
    /// Calls to applications open at one time.
    pub calls_max: usize,
    /// How many of them one account may hold, so that its slow application stops nobody else's.
    pub calls_per_account_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_characters_max: 1600,
            inventory: Vec::new(),
            alphanumeric_senders: true,
            calls_max: 512,
            calls_per_account_max: 256,
        }
    }
}

/// An account that the configuration declares, with its numbers.
#[derive(Clone, Debug)]
pub struct Provisioned {
    /// The account; replaces the one of the same SID.
    pub account: Account,
    /// Its numbers, as dialled, and where their messages go. A number that the account has already
    /// keeps its SID and takes this routing.
    pub numbers: Vec<(String, Routing)>,
}

/// The platform.
pub struct Platform {
    settings: Settings,
    store: Arc<dyn PlatformStore>,
    centre: Arc<dyn Centre>,
    webhooks: Arc<dyn Webhooks>,
    environment: Arc<dyn Environment>,
    directory: RwLock<Directory>,
    sids: Sids,
    submissions: Agenda,
    errands: Agenda,
    turnstile: Turnstile,
    reply_limit: ReplyLimit,
    opened_at: smsc::timestamp::Timestamp,
}

/// The ports of a platform.
pub struct Ports {
    /// Where the records rest.
    pub store: Arc<dyn PlatformStore>,
    /// The service centre.
    pub centre: Arc<dyn Centre>,
    /// The way to applications.
    pub webhooks: Arc<dyn Webhooks>,
    /// Time and chance.
    pub environment: Arc<dyn Environment>,
}

impl Platform {
    /// Opens the platform on what its store holds, and adds what the configuration declares.
    ///
    /// # Errors
    /// [`PlatformStoreError`] if the store cannot be read or written.
    pub async fn open(
        settings: Settings,
        ports: Ports,
        provisioned: Vec<Provisioned>,
    ) -> Result<Arc<Self>, PlatformStoreError> {
        let opened_at = ports.environment.now();
        let platform = Self {
            store: ports.store,
            centre: ports.centre,
            webhooks: ports.webhooks,
            environment: ports.environment,
            directory: RwLock::default(),
            sids: Sids::default(),
            submissions: Agenda::new(usize::MAX),
            errands: Agenda::new(settings.calls_per_account_max),
            turnstile: Turnstile::default(),
            reply_limit: ReplyLimit::default(),
            opened_at,
            settings,
        };
        platform.load().await?;
        platform.provision(provisioned).await?;
        Ok(Arc::new(platform))
    }

    /// The endless work of the platform. Give each its own task; end them by dropping them, whenever.
    pub fn work(self: &Arc<Self>) -> Vec<BoxFuture<'static, ()>> {
        vec![Box::pin(Arc::clone(self).submit_for_ever()), Box::pin(Arc::clone(self).call_for_ever())]
    }

    /// The account of this SID if `token` is its own; it may be suspended.
    pub fn authenticate(&self, sid: &str, token: &str) -> Result<Arc<Account>, Error> {
        let sid = Sid::parse(Sid::ACCOUNT, sid).ok_or(Error::Unauthenticated)?;
        let account = self.directory.read().account(sid).cloned().ok_or(Error::Unauthenticated)?;
        if account.has_token(token) { Ok(account) } else { Err(Error::Unauthenticated) }
    }

    /// Messages waiting for the centre and messages with calls to applications outstanding, as far as
    /// they are in memory.
    pub fn backlog(&self) -> (usize, usize) {
        (self.submissions.len(), self.errands.len())
    }

    async fn load(&self) -> Result<(), PlatformStoreError> {
        let mut from = Vec::new();
        loop {
            let scan = Scan {
                table: Table::Provisioning,
                from: from.clone(),
                until: None,
                backwards: false,
                limit: 1000,
            };
            let rows = self.store.scan(scan).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            from = [last.as_ref(), &[0]].concat();
            let mut directory = self.directory.write();
            for (key, value) in &rows {
                match key.first() {
                    Some(b'a') => directory.insert_account(records::read(value)?),
                    Some(b'n') => {
                        directory.insert_number(records::read(value)?);
                    }
                    _ => {}
                }
            }
        }
    }

    async fn provision(&self, provisioned: Vec<Provisioned>) -> Result<(), PlatformStoreError> {
        let mut writes = Vec::new();
        for Provisioned { account, numbers } in provisioned {
            writes.push(records::put_account(&account)?);
            for (written, routing) in numbers {
                let phone_number = canonical(&written).ok_or_else(|| {
                    PlatformStoreError::Failed(format!("{written:?} is not a phone number"))
                })?;
                let number = self.provisioned_number(&account, phone_number, routing);
                writes.push(records::put_number(&number)?);
                let mut directory = self.directory.write();
                directory.remove_number(number.sid);
                directory.insert_number(number);
            }
            self.directory.write().insert_account(account);
        }
        if writes.is_empty() { Ok(()) } else { self.store.commit(writes).await }
    }

    fn provisioned_number(&self, account: &Account, phone_number: String, routing: Routing) -> PhoneNumber {
        let now = self.environment.now().millis();
        let mut number = self.directory.read().owner(&phone_number).cloned().unwrap_or_else(|| PhoneNumber {
            sid: Sids::random(Sid::PHONE_NUMBER, &*self.environment),
            account: account.sid,
            friendly_name: phone_number.clone(),
            phone_number,
            routing: Routing::default(),
            created_ms: now,
            updated_ms: now,
        });
        number.account = account.sid;
        number.routing = routing;
        number
    }

    /// One message as it is stored, whoever's it is.
    async fn read(&self, sid: Sid) -> Result<Option<Message>, PlatformStoreError> {
        let value = self.store.get(Table::Messages, records::message_key(sid)).await?;
        value.map(|value| records::read(&value)).transpose()
    }
}
