//! All accounts, held in memory, and the authentication of API requests.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::account::Account;
use crate::errors::Error;
use crate::sid::Sid;

/// All accounts of the platform.
#[derive(Default)]
pub(crate) struct Accounts {
    by_sid: RwLock<HashMap<Sid, Arc<Account>>>,
}

impl Accounts {
    /// Adds an account, or replaces the one of the same SID.
    pub(crate) fn insert(&self, account: Account) {
        self.by_sid.write().insert(account.sid, Arc::new(account));
    }

    /// The account of this SID.
    pub(crate) fn get(&self, sid: Sid) -> Option<Arc<Account>> {
        self.by_sid.read().get(&sid).cloned()
    }

    /// The account of this SID if `token` is its own; it may be suspended.
    pub(crate) fn authenticate(&self, sid: &str, token: &str) -> Result<Arc<Account>, Error> {
        let sid = Sid::parse(Sid::ACCOUNT, sid).ok_or(Error::Unauthenticated)?;
        let account = self.get(sid).ok_or(Error::Unauthenticated)?;
        if account.has_token(token) { Ok(account) } else { Err(Error::Unauthenticated) }
    }
}
