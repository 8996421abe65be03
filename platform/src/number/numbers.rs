//! The phone numbers of all accounts: held in memory, read with every request, stored when changed.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::account::Account;
use crate::errors::{Error, masked};
use crate::number::digits::canonical;
use crate::number::{NumberChange, PhoneNumber, Routing};
use crate::ports::{Environment, PlatformStore, PlatformStoreError, Table, Write};
use crate::record_locks::RecordLocks;
use crate::records;
use crate::sid::{Sid, Sids};

/// All phone numbers of the platform.
pub(crate) struct Numbers {
    state: RwLock<State>,
    store: Arc<dyn PlatformStore>,
    environment: Arc<dyn Environment>,
    locks: Arc<RecordLocks>,
    inventory: Vec<String>,
}

#[derive(Default)]
struct State {
    by_sid: HashMap<Sid, PhoneNumber>,
    by_digits: HashMap<String, Sid>,
}

impl Numbers {
    /// No numbers; `inventory` holds the prefixes of those that accounts may create.
    pub(crate) fn new(
        store: Arc<dyn PlatformStore>,
        environment: Arc<dyn Environment>,
        locks: Arc<RecordLocks>,
        inventory: Vec<String>,
    ) -> Self {
        Self { state: RwLock::default(), store, environment, locks, inventory }
    }

    /// Adds a number that the store holds.
    pub(crate) fn load(&self, number: PhoneNumber) {
        self.state.write().insert(number);
    }

    /// Adds or replaces a number that the configuration declares, and returns the write of its record.
    ///
    /// # Errors
    /// [`PlatformStoreError`] if `written` is not a phone number.
    pub(crate) fn provision(
        &self,
        account: &Account,
        written: &str,
        routing: Routing,
    ) -> Result<Write, PlatformStoreError> {
        let phone_number = canonical(written)
            .ok_or_else(|| PlatformStoreError::Failed(format!("{written:?} is not a phone number")))?;
        let mut number = self.owner(&phone_number).unwrap_or_else(|| self.new_number(account, phone_number));
        number.account = account.sid;
        number.routing = routing;
        let write = records::put_number(&number)?;
        let mut state = self.state.write();
        state.remove(number.sid);
        state.insert(number);
        Ok(write)
    }

    /// The number with this canonical form.
    pub(crate) fn owner(&self, phone_number: &str) -> Option<PhoneNumber> {
        let state = self.state.read();
        state.by_digits.get(phone_number).and_then(|sid| state.by_sid.get(sid)).cloned()
    }

    fn new_number(&self, account: &Account, phone_number: String) -> PhoneNumber {
        let now = self.environment.now().millis();
        PhoneNumber {
            sid: Sids::random(Sid::PHONE_NUMBER, &*self.environment),
            account: account.sid,
            friendly_name: phone_number.clone(),
            phone_number,
            routing: Routing::default(),
            created_ms: now,
            updated_ms: now,
        }
    }

    /// Gives a number to an account.
    ///
    /// # Errors
    /// [`Error::InvalidNumber`]; [`Error::NumberNotAvailable`] if it has an owner or is not in
    /// `Settings::inventory`.
    pub(crate) async fn create(
        &self,
        account: &Account,
        written: &str,
        change: NumberChange,
    ) -> Result<PhoneNumber, Error> {
        let phone_number = canonical(written).ok_or_else(|| Error::InvalidNumber(masked(written)))?;
        let mut number = self.new_number(account, phone_number);
        change.apply(&mut number)?;
        let offered = self.inventory.iter().any(|prefix| number.phone_number.starts_with(prefix.as_str()));
        // Reserved before it is durable, so that two accounts cannot both have it.
        if !offered || !self.state.write().insert(number.clone()) {
            return Err(Error::NumberNotAvailable(masked(&number.phone_number)));
        }
        let write = records::put_number(&number)?;
        if let Err(error) = self.store.commit(vec![write]).await {
            self.state.write().remove(number.sid);
            return Err(error.into());
        }
        Ok(number)
    }

    /// One number of an account.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn fetch(&self, account: &Account, sid: Sid) -> Result<PhoneNumber, Error> {
        let state = self.state.read();
        let number = state.by_sid.get(&sid).filter(|number| number.account == account.sid).cloned();
        let account = account.sid;
        number.ok_or_else(|| {
            Error::NotFound(format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json"))
        })
    }

    /// All numbers of an account, the newest first.
    pub(crate) fn list(&self, account: &Account) -> Vec<PhoneNumber> {
        let mut numbers = self.state.read().of_account(account.sid);
        numbers.sort_by_key(|number| std::cmp::Reverse((number.created_ms, number.sid)));
        numbers
    }

    /// Every number that the platform has, in its canonical form, so that a centre knows what leads here.
    pub(crate) fn owned(&self) -> Vec<String> {
        self.state.read().by_digits.keys().cloned().collect()
    }

    /// Changes where the messages of a number go.
    pub(crate) async fn update(
        &self,
        account: &Account,
        sid: Sid,
        change: NumberChange,
    ) -> Result<PhoneNumber, Error> {
        let _lock = self.locks.lock(sid).await;
        let mut number = self.fetch(account, sid)?;
        change.apply(&mut number)?;
        number.updated_ms = self.environment.now().millis();
        self.store.commit(vec![records::put_number(&number)?]).await?;
        self.state.write().replace(number.clone());
        Ok(number)
    }

    /// Takes a number away from an account.
    pub(crate) async fn delete(&self, account: &Account, sid: Sid) -> Result<(), Error> {
        let _lock = self.locks.lock(sid).await;
        let number = self.fetch(account, sid)?;
        self.store
            .commit(vec![records::delete(Table::Provisioning, records::number_key(number.sid))])
            .await?;
        self.state.write().remove(sid);
        Ok(())
    }
}

impl State {
    /// `false` if the number has an owner already.
    fn insert(&mut self, number: PhoneNumber) -> bool {
        if self.by_digits.contains_key(&number.phone_number) {
            return false;
        }
        self.by_digits.insert(number.phone_number.clone(), number.sid);
        self.by_sid.insert(number.sid, number);
        true
    }

    /// Keeps a number that was not deleted meanwhile.
    fn replace(&mut self, number: PhoneNumber) {
        if let Some(place) = self.by_sid.get_mut(&number.sid) {
            *place = number;
        }
    }

    fn remove(&mut self, sid: Sid) {
        if let Some(number) = self.by_sid.remove(&sid) {
            self.by_digits.remove(&number.phone_number);
        }
    }

    fn of_account(&self, account: Sid) -> Vec<PhoneNumber> {
        self.by_sid.values().filter(|number| number.account == account).cloned().collect()
    }
}
