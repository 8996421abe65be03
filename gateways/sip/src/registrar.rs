//! Where registered users can be reached (RFC 3261 §10.3).

use std::collections::HashMap;

use parking_lot::Mutex;
use sip::header::{Contact, EXPIRES_DEFAULT, expires};
use sip::{Name, Request, Status, Transport, Uri};
use smsc::address::Address;
use smsc::message::{Party, Timestamp};

use crate::codes::Refusal;
use crate::config::{Registration, User};
use crate::convert::Sender;
use crate::transport::{ConnectionId, Hop, Way};

/// All users and their bindings.
pub(crate) struct Registrar {
    users: Vec<Account>,
    by_login: HashMap<String, usize>,
    by_party: HashMap<String, usize>,
    limits: Registration,
}

/// One user.
pub(crate) struct Account {
    pub(crate) config: User,
    pub(crate) sender: Sender,
    bindings: Mutex<Vec<Binding>>,
}

/// One place where a user can be reached.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// The Contact URI as the user wrote it; it becomes the Request-URI.
    pub(crate) contact: String,
    /// The way there.
    pub(crate) hop: Hop,
    /// Over what.
    pub(crate) transport: Transport,
    pub(crate) expires_at: Timestamp,
    call_id: String,
    cseq: u32,
}

impl Registrar {
    pub(crate) fn new(users: &[User], limits: Registration) -> Self {
        let users: Vec<_> = users.iter().cloned().map(Account::new).collect();
        let index = |name: fn(&Account) -> &str| {
            users.iter().enumerate().map(|(at, account)| (name(account).to_owned(), at)).collect()
        };
        let by_login = index(|account| &account.config.user);
        let by_party = index(|account| account.config.party_name());
        Self { by_login, by_party, users, limits }
    }

    /// The user of a digest user name.
    pub(crate) fn by_login(&self, name: &str) -> Option<usize> {
        self.by_login.get(name).copied()
    }

    /// The user of a party's name: the digits of its number, or its name without one.
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

    /// Applies a REGISTER of `account` that came over `hop`; the bindings that now stand.
    ///
    /// # Errors
    /// The refusal to answer with. Then nothing was changed.
    pub(crate) fn register(
        &self,
        account: &Account,
        request: &Request,
        (hop, transport): (Hop, Transport),
        now: Timestamp,
    ) -> Result<Vec<Binding>, Refusal> {
        let bad = |reason| Refusal::new(Status::BAD_REQUEST, reason);
        let headers = &request.headers;
        let (call_id, cseq) = match (headers.call_id(), headers.cseq()) {
            (Ok(call_id), Ok(cseq)) => (call_id, cseq.number),
            _ => return Err(bad("")),
        };
        let stated = headers.get(Name::Expires).map(expires);
        let mut held = account.bindings.lock();
        let mut bindings: Vec<_> = held.iter().filter(|each| each.expires_at > now).cloned().collect();
        let contacts: Vec<_> = headers.elements(Name::Contact).map(Contact::parse).collect();
        let alone = contacts.len() == 1;
        for contact in contacts {
            let contact = match contact.map_err(|_| bad("Contact is malformed"))? {
                Contact::All if alone && stated == Some(0) => {
                    bindings.clear();
                    continue;
                }
                Contact::All => return Err(bad("Contact * needs Expires 0 and no other Contact")),
                Contact::Address(contact) => contact,
            };
            let seconds = self.seconds(contact.expires().or(stated).unwrap_or(EXPIRES_DEFAULT))?;
            let known = bindings.iter().position(|each| is_same(&each.contact, &contact.uri));
            if let Some(known) = known.and_then(|at| bindings.get(at))
                && known.call_id == call_id
                && known.cseq >= cseq
            {
                return Err(bad("CSeq does not grow"));
            }
            if let Some(at) = known {
                bindings.swap_remove(at);
            }
            if seconds > 0 {
                bindings.push(Binding {
                    contact: contact.uri.to_string(),
                    hop,
                    transport,
                    expires_at: now + std::time::Duration::from_secs(seconds.into()),
                    call_id: call_id.to_owned(),
                    cseq,
                });
            }
        }
        if bindings.len() > usize::from(self.limits.contacts_max) {
            return Err(Refusal::new(Status::FORBIDDEN, "Too many contacts"));
        }
        held.clone_from(&bindings);
        Ok(bindings)
    }

    /// A connection is gone, and with it the bindings that came over it.
    pub(crate) fn closed(&self, id: ConnectionId) {
        for account in &self.users {
            account.bindings.lock().retain(|each| each.hop.way != Way::Connection(id));
        }
    }

    pub(crate) fn seconds_min(&self) -> u32 {
        self.limits.seconds_min
    }

    fn seconds(&self, wish: u32) -> Result<u32, Refusal> {
        if wish > 0 && wish < self.limits.seconds_min {
            return Err(Refusal::new(Status::INTERVAL_TOO_BRIEF, ""));
        }
        Ok(wish.min(self.limits.seconds_max))
    }
}

impl Account {
    fn new(config: User) -> Self {
        let party = config.party_name().into();
        let sender = Sender {
            party: Party::SipUser(party),
            source: Some(own_address(&config)),
            trusted: false,
            quirks: crate::config::Quirks::default(),
        };
        Self { config, sender, bindings: Mutex::default() }
    }

    /// Where the user can be reached at `now`.
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
