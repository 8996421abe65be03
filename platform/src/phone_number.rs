//! Phone numbers: how they are written, whose they are, and where their messages go.

use serde::{Deserialize, Serialize};
use smsc::address::{Address, NumberingPlan, TypeOfNumber};

use crate::errors::{Error, masked};
use crate::message::Callback;
use crate::ports::{Method, Table};
use crate::records;
use crate::sid::{Sid, Sids};
use crate::webhook;
use crate::{Account, Platform};

/// A number of an account (the API's IncomingPhoneNumber).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PhoneNumber {
    /// Its name, `PN…`.
    pub sid: Sid,
    /// Whose it is.
    pub account: Sid,
    /// E.164 with `+`, or a short code.
    pub phone_number: String,
    /// What people call it.
    pub friendly_name: String,
    /// Where its messages go.
    #[serde(default)]
    pub routing: Routing,
    /// Milliseconds since 1970.
    pub created_ms: u64,
    /// Milliseconds since 1970.
    pub updated_ms: u64,
}

/// Where the messages to a number go. An empty URL is none.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Routing {
    /// Called with each message.
    pub sms_url: String,
    /// How.
    pub sms_method: Method,
    /// Called when the first one fails.
    pub sms_fallback_url: String,
    /// How.
    pub sms_fallback_method: Method,
    /// Kept for the application; messages have their own.
    pub status_callback: String,
}

impl std::fmt::Debug for Routing {
    /// Without the URLs, which may hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routing").field("sms_url", &!self.sms_url.is_empty()).finish_non_exhaustive()
    }
}

impl Routing {
    /// The application, if there is one.
    pub(crate) fn application(&self) -> Option<Callback> {
        callback(&self.sms_url, self.sms_method)
    }

    /// Whom to call when that failed.
    pub(crate) fn fallback(&self) -> Option<Callback> {
        callback(&self.sms_fallback_url, self.sms_fallback_method)
    }

    fn check(&self) -> Result<(), Error> {
        let urls = [
            (&self.sms_url, "SmsUrl"),
            (&self.sms_fallback_url, "SmsFallbackUrl"),
            (&self.status_callback, "StatusCallback"),
        ];
        match urls.into_iter().find(|(url, _)| !url.is_empty() && !webhook::is_callable(url)) {
            Some((_, name)) => Err(Error::InvalidParameter(name)),
            None => Ok(()),
        }
    }
}

fn callback(url: &str, method: Method) -> Option<Callback> {
    (!url.is_empty()).then(|| Callback { url: url.to_owned(), method })
}

/// What an application sets of a number; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct NumberChange {
    /// What people call it.
    pub friendly_name: Option<String>,
    /// Called with each message; empty for nothing.
    pub sms_url: Option<String>,
    /// How.
    pub sms_method: Option<Method>,
    /// Called when the first one fails.
    pub sms_fallback_url: Option<String>,
    /// How.
    pub sms_fallback_method: Option<Method>,
    /// Kept for the application.
    pub status_callback: Option<String>,
}

impl NumberChange {
    fn apply(self, number: &mut PhoneNumber) -> Result<(), Error> {
        let routing = &mut number.routing;
        set(&mut number.friendly_name, self.friendly_name);
        set(&mut routing.sms_url, self.sms_url);
        set(&mut routing.sms_method, self.sms_method);
        set(&mut routing.sms_fallback_url, self.sms_fallback_url);
        set(&mut routing.sms_fallback_method, self.sms_fallback_method);
        set(&mut routing.status_callback, self.status_callback);
        if number.friendly_name.chars().count() > 64 {
            return Err(Error::InvalidParameter("FriendlyName"));
        }
        routing.check()
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// The numbers of an account.
impl Platform {
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
        let phone_number = canonical(written).ok_or_else(|| Error::InvalidNumber(masked(written)))?;
        let now = self.environment.now().millis();
        let mut number = PhoneNumber {
            sid: Sids::random(Sid::PHONE_NUMBER, &*self.environment),
            account: account.sid,
            friendly_name: phone_number.clone(),
            phone_number,
            routing: Routing::default(),
            created_ms: now,
            updated_ms: now,
        };
        change.apply(&mut number)?;
        let offered =
            self.settings.inventory.iter().any(|prefix| number.phone_number.starts_with(prefix.as_str()));
        // Reserved before it is durable, so that two accounts cannot both have it.
        if !offered || !self.directory.write().insert_number(number.clone()) {
            return Err(Error::NumberNotAvailable(masked(&number.phone_number)));
        }
        let write = records::put_number(&number)?;
        if let Err(error) = self.store.commit(vec![write]).await {
            self.directory.write().remove_number(number.sid);
            return Err(error.into());
        }
        Ok(number)
    }

    /// One number of an account.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn number(&self, account: &Account, sid: Sid) -> Result<PhoneNumber, Error> {
        let directory = self.directory.read();
        let number = directory.number(sid).filter(|number| number.account == account.sid).cloned();
        let account = account.sid;
        number.ok_or_else(|| {
            Error::NotFound(format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json"))
        })
    }

    /// All numbers of an account, the newest first.
    pub fn numbers(&self, account: &Account) -> Vec<PhoneNumber> {
        let mut numbers = self.directory.read().numbers_of(account.sid);
        numbers.sort_by_key(|number| std::cmp::Reverse((number.created_ms, number.sid)));
        numbers
    }

    /// Every number that the platform has, in its canonical form, so that a centre knows what leads here.
    pub fn owned_numbers(&self) -> Vec<String> {
        self.directory.read().owned_numbers()
    }

    /// Changes where the messages of a number go.
    pub async fn update_number(
        &self,
        account: &Account,
        sid: Sid,
        change: NumberChange,
    ) -> Result<PhoneNumber, Error> {
        let _gate = self.turnstile.enter(sid).await;
        let mut number = self.number(account, sid)?;
        change.apply(&mut number)?;
        number.updated_ms = self.environment.now().millis();
        self.store.commit(vec![records::put_number(&number)?]).await?;
        self.directory.write().replace_number(number.clone());
        Ok(number)
    }

    /// Takes a number away from an account.
    pub async fn delete_number(&self, account: &Account, sid: Sid) -> Result<(), Error> {
        let _gate = self.turnstile.enter(sid).await;
        let number = self.number(account, sid)?;
        self.store
            .commit(vec![records::delete(Table::Provisioning, records::number_key(number.sid))])
            .await?;
        self.directory.write().remove_number(sid);
        Ok(())
    }
}

/// A dialled number in the one form that the platform keeps: E.164 with `+`, or a short code of 3 to 8
/// digits. `None` if it is neither.
///
/// Visual separators are dropped. Nine digits or more without `+` are read as E.164 unless they begin
/// with 0, which no country code does.
pub fn canonical(written: &str) -> Option<String> {
    if written.len() > 40 {
        return None;
    }
    let written = written.trim();
    let (plus, rest) = match written.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, written),
    };
    let mut digits = String::with_capacity(16);
    digits.push('+');
    for character in rest.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' => {}
            _ => return None,
        }
    }
    let count = digits.len() - 1;
    let leading_zero = digits.starts_with("+0");
    match (plus, count) {
        (true, 7..=15) if !leading_zero => Some(digits),
        (false, 9..=15) if !leading_zero => Some(digits),
        (false, 3..=8) => Some(digits.split_off(1)),
        _ => None,
    }
}

/// A sender of letters: 1 to 11 of `A-Z a-z 0-9 space + - _ &`, with at least one letter.
pub(crate) fn is_alphanumeric(sender: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b" +-_&".contains(&octet);
    (1..=11).contains(&sender.len())
        && sender.bytes().all(allowed)
        && sender.bytes().any(|octet| octet.is_ascii_alphabetic())
}

/// The centre's form of a canonical number or of letters.
pub(crate) fn address(written: &str) -> Address {
    match written.strip_prefix('+') {
        Some(digits) => Address::international(digits),
        None if written.bytes().all(|octet| octet.is_ascii_digit()) => {
            Address::new(TypeOfNumber::NETWORK_SPECIFIC, NumberingPlan::UNKNOWN, written)
        }
        None => Address::alphanumeric(written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_60_numbers_have_one_form() {
        assert_eq!(canonical("+1 (415) 867-5309").as_deref(), Some("+14158675309"));
        assert_eq!(canonical("4915112345678").as_deref(), Some("+4915112345678"));
        assert_eq!(canonical("12345").as_deref(), Some("12345"));
        let wrong = ["", "+", "+12", "01511234567", "+0151123456", "12", "+1415x675309", "+1234567890123456"];
        for written in wrong {
            assert_eq!(canonical(written), None, "{written}");
        }
        assert_eq!(canonical(&"1".repeat(10_000)), None);
    }

    #[test]
    fn letters_are_eleven_at_most_and_not_all_digits() {
        assert!(is_alphanumeric("ACME & Co-1"));
        for wrong in ["", "12345", "twelve chars", "Acmé", "a\n"] {
            assert!(!is_alphanumeric(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_centre_is_told_what_kind_of_number_it_is() {
        assert_eq!(address("+49151").dialled(), "+49151");
        assert_eq!(address("12345").type_of_number, TypeOfNumber::NETWORK_SPECIFIC);
        assert!(address("ACME").is_alphanumeric());
    }
}
