//! The platform as one object: builds the components on one store and offers their public operations.

use std::sync::Arc;

use smsc::address::Address;

use crate::account::Account;
use crate::account::accounts::Accounts;
use crate::errors::Error;
use crate::message::Message;
use crate::message::create::NewMessage;
use crate::message::incoming::{Inbound, ReceiveError};
use crate::message::list::{Filter, Page, Position};
use crate::message::messages::Messages;
use crate::message::report::Report;
use crate::message::update::Update;
use crate::number::numbers::Numbers;
use crate::number::{NumberChange, PhoneNumber};
use crate::outbox::Outbox;
use crate::outbox::submission::Submitter;
use crate::ports::{BoxFuture, PlatformStore, PlatformStoreError, Ports, Scan, Table};
use crate::record_locks::RecordLocks;
use crate::records;
use crate::settings::{Provisioned, Settings};
use crate::sid::Sid;
use crate::webhook::job::JobRunner;

/// The platform.
pub struct Platform {
    accounts: Arc<Accounts>,
    numbers: Arc<Numbers>,
    messages: Arc<Messages>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) submitter: Arc<Submitter>,
    pub(crate) jobs: Arc<JobRunner>,
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
        let locks = Arc::<RecordLocks>::default();
        let accounts = Arc::<Accounts>::default();
        let numbers = Arc::new(Numbers::new(
            Arc::clone(&ports.store),
            Arc::clone(&ports.environment),
            Arc::clone(&locks),
            settings.inventory.clone(),
        ));
        let outbox = Arc::new(Outbox::new(Arc::clone(&ports.store), settings.calls_per_account_max));
        let messages = Arc::new(Messages::new(
            &ports,
            &settings,
            Arc::clone(&accounts),
            Arc::clone(&numbers),
            Arc::clone(&outbox),
            Arc::clone(&locks),
        ));
        let submitter = Submitter::new(&ports, Arc::clone(&messages), Arc::clone(&outbox), locks);
        let jobs = JobRunner::new(
            &ports,
            Arc::clone(&accounts),
            Arc::clone(&numbers),
            Arc::clone(&messages),
            Arc::clone(&outbox),
            settings.calls_max,
        );
        let (submitter, jobs) = (Arc::new(submitter), Arc::new(jobs));
        let platform = Self { accounts, numbers, messages, outbox, submitter, jobs };
        platform.load(&*ports.store).await?;
        platform.provision(&*ports.store, provisioned).await?;
        Ok(Arc::new(platform))
    }

    /// The endless work of the platform. Each future needs a task of its own and may be dropped at any time.
    pub fn work(self: &Arc<Self>) -> Vec<BoxFuture<'static, ()>> {
        let submissions = Arc::clone(&self.submitter).submit_for_ever();
        vec![Box::pin(submissions), Box::pin(Arc::clone(&self.jobs).call_for_ever())]
    }

    /// The account of this SID if `token` is its own; it may be suspended.
    pub fn authenticate(&self, sid: &str, token: &str) -> Result<Arc<Account>, Error> {
        self.accounts.authenticate(sid, token)
    }

    /// Messages waiting for the centre and messages with calls to applications outstanding, as far as
    /// they are in memory.
    pub fn backlog(&self) -> (usize, usize) {
        (self.outbox.submissions.len(), self.outbox.webhook_jobs.len())
    }

    /// Creates a message. When this returns it is on disk.
    ///
    /// # Errors
    /// [`Error`] of the request, the number, the route or the store; then nothing was written.
    pub async fn create(&self, account: &Account, new: NewMessage) -> Result<Message, Error> {
        self.messages.create(account, new).await
    }

    /// Empties or cancels a message of `account`.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotComplete`] if it is to be emptied too early, and
    /// [`Error::NotCancelable`] if it is to be cancelled too late.
    pub async fn update(&self, account: &Account, sid: Sid, update: Update) -> Result<Message, Error> {
        self.messages.update(account, sid, update).await
    }

    /// Deletes a message of `account` that has reached its last status.
    pub async fn delete(&self, account: &Account, sid: Sid) -> Result<(), Error> {
        self.messages.delete(account, sid).await
    }

    /// One message of `account`.
    pub async fn fetch(&self, account: &Account, sid: Sid) -> Result<Message, Error> {
        self.messages.fetch(account, sid).await
    }

    /// One page of an account's messages; `size` is 1 to 1,000.
    pub async fn list(
        &self,
        account: &Account,
        filter: Filter,
        position: Position,
        size: usize,
    ) -> Result<Page, Error> {
        self.messages.list(account, filter, position, size).await
    }

    /// Stores a message from the centre. When this returns it is on disk, and its application will be
    /// called; a message that was stored before keeps the SID it has.
    pub async fn receive(&self, inbound: Inbound) -> Result<Sid, ReceiveError> {
        self.messages.receive(inbound).await
    }

    /// Whether [`Platform::receive`] accepts a message to this number.
    pub fn knows(&self, to: &Address) -> bool {
        self.messages.knows(to)
    }

    /// Stores a receipt. `Ok` once it is on disk, and for everything that changes nothing: a message
    /// that is unknown or at its end, a notification that is not final.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Internal`] if it could not be written; report it again.
    pub async fn report(&self, report: Report) -> Result<(), Error> {
        self.messages.report(report).await
    }

    /// Gives a number to an account.
    ///
    /// # Errors
    /// [`Error::InvalidNumber`]; [`Error::NumberNotAvailable`] if it has an owner or is not in
    /// `Settings::inventory`.
    pub async fn create_number(
        &self,
        account: &Account,
        written: &str,
        change: NumberChange,
    ) -> Result<PhoneNumber, Error> {
        self.numbers.create(account, written, change).await
    }

    /// One number of an account.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn number(&self, account: &Account, sid: Sid) -> Result<PhoneNumber, Error> {
        self.numbers.fetch(account, sid)
    }

    /// All numbers of an account, the newest first.
    pub fn numbers(&self, account: &Account) -> Vec<PhoneNumber> {
        self.numbers.list(account)
    }

    /// Every number of the platform in its canonical form, for the routes of the centre.
    pub fn owned_numbers(&self) -> Vec<String> {
        self.numbers.owned()
    }

    /// Changes where the messages of a number go.
    pub async fn update_number(
        &self,
        account: &Account,
        sid: Sid,
        change: NumberChange,
    ) -> Result<PhoneNumber, Error> {
        self.numbers.update(account, sid, change).await
    }

    /// Takes a number away from an account.
    pub async fn delete_number(&self, account: &Account, sid: Sid) -> Result<(), Error> {
        self.numbers.delete(account, sid).await
    }

    async fn load(&self, store: &dyn PlatformStore) -> Result<(), PlatformStoreError> {
        let mut from = Vec::new();
        loop {
            let scan = Scan {
                table: Table::Provisioning,
                from: from.clone(),
                until: None,
                backwards: false,
                limit: 1000,
            };
            let rows = store.scan(scan).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            from = [last.as_ref(), &[0]].concat();
            for (key, value) in &rows {
                match key.first() {
                    Some(b'a') => self.accounts.insert(records::read(value)?),
                    Some(b'n') => self.numbers.load(records::read(value)?),
                    _ => {}
                }
            }
        }
    }

    async fn provision(
        &self,
        store: &dyn PlatformStore,
        provisioned: Vec<Provisioned>,
    ) -> Result<(), PlatformStoreError> {
        let mut writes = Vec::new();
        for Provisioned { account, numbers } in provisioned {
            writes.push(records::put_account(&account)?);
            for (written, routing) in numbers {
                writes.push(self.numbers.provision(&account, &written, routing)?);
            }
            self.accounts.insert(account);
        }
        if writes.is_empty() { Ok(()) } else { store.commit(writes).await }
    }
}
