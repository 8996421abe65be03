//! Phone numbers of accounts: the record, the routing of incoming messages, and changes of both.

pub(crate) mod digits;
pub(crate) mod numbers;

use serde::{Deserialize, Serialize};

use crate::errors::Error;
use crate::message::Callback;
use crate::ports::Method;
use crate::sid::Sid;
use crate::webhook::url::is_callable;

/// A number of an account (the API's IncomingPhoneNumber).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PhoneNumber {
    /// Its name, `PN…`.
    pub sid: Sid,
    /// The account that owns it.
    pub account: Sid,
    /// E.164 with `+`, or a short code.
    pub phone_number: String,
    /// Display name.
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

    /// The application to call when the first one failed.
    pub(crate) fn fallback(&self) -> Option<Callback> {
        callback(&self.sms_fallback_url, self.sms_fallback_method)
    }

    fn check(&self) -> Result<(), Error> {
        let urls = [
            (&self.sms_url, "SmsUrl"),
            (&self.sms_fallback_url, "SmsFallbackUrl"),
            (&self.status_callback, "StatusCallback"),
        ];
        match urls.into_iter().find(|(url, _)| !url.is_empty() && !is_callable(url)) {
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
    /// Display name.
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
    pub(crate) fn apply(self, number: &mut PhoneNumber) -> Result<(), Error> {
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
