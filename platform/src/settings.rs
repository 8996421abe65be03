//! Settings of the platform, and the accounts and numbers that the configuration declares.

use crate::account::Account;
use crate::number::Routing;

/// The settings of an operator.
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
    /// How many of them one account may hold, so that its slow application does not stop others.
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
