//! Accounts and numbers in memory: few, read with every request, changed rarely.

use std::collections::HashMap;
use std::sync::Arc;

use crate::account::Account;
use crate::phone_number::PhoneNumber;
use crate::sid::Sid;

/// All accounts and numbers.
#[derive(Default)]
pub(crate) struct Directory {
    accounts: HashMap<Sid, Arc<Account>>,
    numbers: HashMap<Sid, PhoneNumber>,
    owned: HashMap<String, Sid>,
}

impl Directory {
    pub(crate) fn insert_account(&mut self, account: Account) {
        self.accounts.insert(account.sid, Arc::new(account));
    }

    /// `false` if the number has an owner already.
    pub(crate) fn insert_number(&mut self, number: PhoneNumber) -> bool {
        if self.owned.contains_key(&number.phone_number) {
            return false;
        }
        self.owned.insert(number.phone_number.clone(), number.sid);
        self.numbers.insert(number.sid, number);
        true
    }

    /// Keeps a number that was not deleted meanwhile.
    pub(crate) fn replace_number(&mut self, number: PhoneNumber) {
        if let Some(place) = self.numbers.get_mut(&number.sid) {
            *place = number;
        }
    }

    pub(crate) fn remove_number(&mut self, sid: Sid) {
        if let Some(number) = self.numbers.remove(&sid) {
            self.owned.remove(&number.phone_number);
        }
    }

    pub(crate) fn account(&self, sid: Sid) -> Option<&Arc<Account>> {
        self.accounts.get(&sid)
    }

    pub(crate) fn number(&self, sid: Sid) -> Option<&PhoneNumber> {
        self.numbers.get(&sid)
    }

    /// Who has this number, in its canonical form.
    pub(crate) fn owner(&self, phone_number: &str) -> Option<&PhoneNumber> {
        self.owned.get(phone_number).and_then(|sid| self.numbers.get(sid))
    }

    pub(crate) fn owned_numbers(&self) -> Vec<String> {
        self.owned.keys().cloned().collect()
    }

    pub(crate) fn numbers_of(&self, account: Sid) -> Vec<PhoneNumber> {
        self.numbers.values().filter(|number| number.account == account).cloned().collect()
    }
}
