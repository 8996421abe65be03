//! What a route matches: where a message comes from and where it wants to go.

use regex::Regex;

use crate::message::{Name, Party};

/// The destinations of a route.
#[derive(Clone, Debug)]
pub enum Destination {
    /// Every number.
    Any,
    /// These numbers, digit for digit.
    Exact(Vec<Name>),
    /// Numbers that begin so.
    Prefix(Vec<Name>),
    /// Numbers whose digits match this expression as a whole.
    Pattern(Regex),
}

/// The sources of a route. What is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Submitted by one of these parties.
    pub parties: Option<Vec<Party>>,
    /// Submitted over one of these wires: `esme`, `smpp`, `sip`, `user`, `ss7`, `platform`,
    /// `operator`.
    pub wires: Option<Vec<Name>>,
    /// Belonging to one of these accounts.
    pub accounts: Option<Vec<Name>>,
}

impl Source {
    /// Whether a message of `account`, submitted by `origin`, comes from here.
    pub fn matches(&self, origin: &Party, account: &Name) -> bool {
        self.parties.as_ref().is_none_or(|parties| parties.contains(origin))
            && self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
            && self.wires.as_ref().is_none_or(|wires| wires.iter().any(|wire| wire == wire_of(origin)))
    }
}

/// The name of the wire that a party is on, as route tables write it.
pub fn wire_of(party: &Party) -> &'static str {
    match party {
        Party::Esme(_) => "esme",
        Party::Smpp(_) => "smpp",
        Party::SipPeer(_) => "sip",
        Party::SipUser(_) => "user",
        Party::Ss7(_) => "ss7",
        Party::Platform => "platform",
        Party::Operator => "operator",
    }
}
