//! Accounts: who rents, and the token that proves it.

use serde::{Deserialize, Serialize};
use smsc::timestamp::Timestamp;
use subtle::ConstantTimeEq;

use crate::errors::Error;
use crate::sid::Sid;

/// An account. Its token opens the API and signs the webhooks.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Account {
    /// Its name, `AC…`.
    pub sid: Sid,
    /// The secret of the account.
    pub auth_token: String,
    /// What people call it; at most 64 characters.
    pub friendly_name: String,
    /// Whether it may do anything.
    pub status: AccountStatus,
    /// Milliseconds since 1970.
    pub created_ms: u64,
}

/// Whether an account may do anything.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// Yes.
    #[default]
    Active,
    /// Not for now.
    Suspended,
    /// Never again.
    Closed,
}

impl AccountStatus {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }
}

impl Account {
    /// An active account.
    pub fn new(sid: Sid, auth_token: &str, friendly_name: &str, now: Timestamp) -> Self {
        Self {
            sid,
            auth_token: auth_token.to_owned(),
            friendly_name: friendly_name.to_owned(),
            status: AccountStatus::Active,
            created_ms: now.millis(),
        }
    }

    /// Whether `token` is this account's, in a time that says nothing about how much of it is right.
    pub fn has_token(&self, token: &str) -> bool {
        self.auth_token.as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// Refuses an account that may not do anything.
    pub(crate) fn active(&self) -> Result<&Self, Error> {
        match self.status {
            AccountStatus::Active => Ok(self),
            AccountStatus::Suspended | AccountStatus::Closed => Err(Error::AccountNotActive),
        }
    }
}

impl std::fmt::Debug for Account {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({} {:?})", self.sid, self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_opens() {
        let account =
            Account::new(Sid::new(Sid::ACCOUNT, [1; 16]), "secret", "Acme", Timestamp::from_millis(0));
        assert!(account.has_token("secret"));
        for wrong in ["", "secre", "secrets", "Secret"] {
            assert!(!account.has_token(wrong), "{wrong}");
        }
        assert!(!format!("{account:?}").contains("secret"));
    }
}
