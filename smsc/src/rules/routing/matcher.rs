//! What a route matches: where a message comes from and where it wants to go.

use regex::Regex;

use crate::endpoint::Endpoint;
use crate::names::Name;

/// The destinations of a route.
#[derive(Clone, Debug)]
pub enum Destination {
    /// Every number.
    Any,
    /// These numbers, digit for digit.
    Exact(Vec<Name>),
    /// Numbers that begin so.
    Prefix(Vec<Name>),
    /// Numbers that match this expression as a whole.
    Pattern(Regex),
}

/// The sources of a route. What is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Submitted by one of these endpoints.
    pub endpoints: Option<Vec<Endpoint>>,
    /// Submitted over one of these wires: `esme`, `smpp`, `sip`, `user`, `ss7`, `platform`,
    /// `operator`.
    pub wires: Option<Vec<Name>>,
    /// Belonging to one of these accounts.
    pub accounts: Option<Vec<Name>>,
}

impl Source {
    /// Whether a message of `account`, submitted by `origin`, comes from here.
    pub fn matches(&self, origin: &Endpoint, account: &Name) -> bool {
        self.endpoints.as_ref().is_none_or(|endpoints| endpoints.contains(origin))
            && self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
            && self.wires.as_ref().is_none_or(|wires| wires.iter().any(|wire| wire == wire_of(origin)))
    }
}

/// The name of the wire that an endpoint is on, as route tables write it.
pub fn wire_of(endpoint: &Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Esme(_) => "esme",
        Endpoint::Smpp(_) => "smpp",
        Endpoint::SipPeer(_) => "sip",
        Endpoint::SipUser(_) => "user",
        Endpoint::Ss7(_) => "ss7",
        Endpoint::Platform => "platform",
        Endpoint::Operator => "operator",
    }
}
