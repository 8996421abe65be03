//! The registrar: users and the bindings of their contacts (RFC 3261 §10.3).

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use sip::register::{Change, Lifetimes, Registration};
use sip::{Status, Transport, Uri};
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::timestamp::Timestamp;

use crate::codes::Refusal;
use crate::config::{self, User};
use crate::convert::Sender;
use crate::transport::{ConnectionId, Hop, Way};

/// All users and their bindings.
pub(crate) struct Registrar {
    users: Vec<Account>,
    by_login: HashMap<String, usize>,
    by_party: HashMap<String, usize>,
    lifetimes: Lifetimes,
    contacts_max: u16,
}

/// One user.
pub(crate) struct Account {
    pub(crate) config: User,
    pub(crate) sender: Sender,
    bindings: Mutex<Vec<Binding>>,
}

/// The binding of one contact.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// The Contact URI as received; it becomes the Request-URI.
    pub(crate) contact: String,
    /// The hop that sent the REGISTER.
    pub(crate) hop: Hop,
    /// Its transport.
    pub(crate) transport: Transport,
    pub(crate) expires_at: Timestamp,
    call_id: String,
    cseq: u32,
}

impl Registrar {
    pub(crate) fn new(users: &[User], limits: &config::Registration) -> Self {
        let users: Vec<_> = users.iter().cloned().map(Account::new).collect();
        let index = |name: fn(&Account) -> &str| {
            users.iter().enumerate().map(|(at, account)| (name(account).to_owned(), at)).collect()
        };
        let by_login = index(|account| &account.config.user);
        let by_party = index(|account| account.config.party_name());
        let lifetimes = Lifetimes { min_seconds: limits.seconds_min, max_seconds: limits.seconds_max };
        Self { by_login, by_party, users, lifetimes, contacts_max: limits.contacts_max }
    }

    /// The user of a digest user name.
    pub(crate) fn by_login(&self, name: &str) -> Option<usize> {
        self.by_login.get(name).copied()
    }

    /// The user of an endpoint's name: the digits of its number, or its name without one.
    pub(crate) fn by_party(&self, name: &str) -> Option<&Account> {
        self.by_party.get(name).and_then(|&at| self.users.get(at))
    }

    pub(crate) fn account(&self, at: usize) -> Option<&Account> {
        self.users.get(at)
    }

    pub(crate) fn accounts(&self) -> &[Account] {
        &self.users
    }

    /// The user that a URI's user part names, by login or number.
    pub(crate) fn named(&self, uri: &Uri<'_>) -> Option<&Account> {
        let name = uri.user_unescaped()?;
        let by_number = || self.by_party(uri.telephone_number()?.trim_start_matches('+'));
        self.by_login(&name).and_then(|at| self.account(at)).or_else(by_number)
    }

    /// Applies a REGISTER of `account` from `hop`; returns the current bindings.
    ///
    /// # Errors
    /// The refusal for the response. Then no binding has changed.
    pub(crate) fn register(
        &self,
        account: &Account,
        request: &Registration<'_>,
        (hop, transport): (Hop, Transport),
        now: Timestamp,
    ) -> Result<Vec<Binding>, Refusal> {
        let mut held = account.bindings.lock();
        let mut bindings: Vec<_> = held.iter().filter(|each| each.expires_at > now).cloned().collect();
        match &request.change {
            Change::None => {}
            Change::RemoveAll => bindings.clear(),
            Change::Set(changes) => {
                for change in changes {
                    let known = bindings.iter().position(|each| is_same(&each.contact, &change.contact.uri));
                    if let Some(known) = known.map(|at| bindings.swap_remove(at))
                        && known.call_id == request.call_id
                        && known.cseq >= request.cseq
                    {
                        return Err(Refusal::new(Status::BAD_REQUEST, "CSeq does not grow"));
                    }
                    if change.expires_seconds > 0 {
                        bindings.push(Binding {
                            contact: change.contact.uri.to_string(),
                            hop,
                            transport,
                            expires_at: now + Duration::from_secs(change.expires_seconds.into()),
                            call_id: request.call_id.to_owned(),
                            cseq: request.cseq,
                        });
                    }
                }
            }
        }
        if bindings.len() > usize::from(self.contacts_max) {
            return Err(Refusal::new(Status::FORBIDDEN, "Too many contacts"));
        }
        held.clone_from(&bindings);
        Ok(bindings)
    }

    /// Removes the bindings of a closed connection.
    pub(crate) fn remove_connection(&self, id: ConnectionId) {
        for account in &self.users {
            account.bindings.lock().retain(|each| each.hop.way != Way::Connection(id));
        }
    }

    pub(crate) fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }
}

impl Account {
    fn new(config: User) -> Self {
        let endpoint = config.party_name().into();
        let sender = Sender {
            endpoint: Endpoint::SipUser(endpoint),
            source: Some(own_address(&config)),
            trusted: false,
            quirks: config::Quirks::default(),
        };
        Self { config, sender, bindings: Mutex::default() }
    }

    /// The bindings that are valid at `now`.
    pub(crate) fn bindings(&self, now: Timestamp) -> Vec<Binding> {
        self.bindings.lock().iter().filter(|each| each.expires_at > now).cloned().collect()
    }

    /// The user's number, or its name if it has none.
    pub(crate) fn address(&self) -> Address {
        own_address(&self.config)
    }
}

fn own_address(user: &User) -> Address {
    match user.number.trim_start_matches('+') {
        "" => Address::alphanumeric(&user.user),
        digits => Address::international(digits),
    }
}

fn is_same(written: &str, uri: &Uri<'_>) -> bool {
    Uri::parse(written).is_ok_and(|known| known.is_equivalent(uri))
}

#[cfg(test)]
mod tests;
