//! The tables of `fernpost.toml` that belong to the platform.

use std::path::PathBuf;

use gateway_sip::config::Secret;
use platform::ports::Method;
use platform::{Account, Provisioned, Routing, Sid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smsc::timestamp::Timestamp;

use super::ConfigError;

/// The messaging platform.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformConfig {
    /// Accounts that exist from the start.
    pub accounts: Vec<PlatformAccount>,
    /// Numbers that exist from the start.
    pub numbers: Vec<PlatformNumber>,
    /// Beginnings of the numbers that accounts may take by the API: `+1555` or `6`; `+` offers all of E.164.
    pub inventory: Vec<String>,
    /// Where the platform alone (`roles = ["platform"]`) finds its service centre: the name of a SIP peer.
    pub centre: String,
}

/// An account of the platform.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformAccount {
    /// `AC` and 32 hexadecimal digits.
    pub sid: String,
    /// Its token, at least 16 characters; or with `auth_token_file` the file that holds it in its first line.
    pub auth_token: Secret,
    /// A file that holds the token in its first line.
    pub auth_token_file: Option<PathBuf>,
    /// A name for people.
    pub friendly_name: String,
}

/// A number of the platform and the application behind it.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformNumber {
    /// The number, `+` and country code first, or a short code.
    pub number: String,
    /// The account that it belongs to.
    pub account: String,
    /// The application's address for incoming messages.
    pub sms_url: String,
    /// How it is called: `POST` (the default) or `GET`.
    pub sms_method: String,
    /// The address that is called when `sms_url` fails.
    pub sms_fallback_url: String,
}

/// A token that is shorter could be guessed.
const TOKEN_CHARACTERS_MIN: usize = 16;

impl PlatformConfig {
    /// The accounts and numbers as the platform takes them, or the first entry that makes no sense.
    pub fn provisioned(&self, now: Timestamp) -> Result<Vec<Provisioned>, ConfigError> {
        let mut provisioned = Vec::new();
        for (index, account) in self.accounts.iter().enumerate() {
            let wrong =
                |key, message: &str| ConfigError::entry("platform.accounts", Some(index), key, message);
            let sid = Sid::parse(Sid::ACCOUNT, &account.sid)
                .ok_or_else(|| wrong("sid", "an account is AC and 32 hexadecimal digits"))?;
            let token = account.token().map_err(|error| wrong("auth_token_file", &error.to_string()))?;
            if token.chars().count() < TOKEN_CHARACTERS_MIN {
                return Err(wrong("auth_token", "a token has at least 16 characters"));
            }
            provisioned.push(Provisioned {
                account: Account::new(sid, &token, &account.friendly_name, now),
                numbers: Vec::new(),
            });
        }
        for (index, number) in self.numbers.iter().enumerate() {
            let wrong =
                |key, message: &str| ConfigError::entry("platform.numbers", Some(index), key, message);
            let owner = provisioned.iter_mut().find(|one| one.account.sid.to_string() == number.account);
            let owner = owner.ok_or_else(|| wrong("account", "no account of this SID is declared"))?;
            if platform::canonical(&number.number).is_none() {
                return Err(wrong("number", "a number is + and digits, or a short code"));
            }
            owner.numbers.push((
                number.number.clone(),
                number.routing().ok_or_else(|| wrong("sms_method", "POST or GET"))?,
            ));
        }
        Ok(provisioned)
    }
}

impl PlatformAccount {
    fn token(&self) -> std::io::Result<String> {
        match &self.auth_token_file {
            Some(file) => {
                Ok(std::fs::read_to_string(file)?.lines().next().unwrap_or_default().trim().to_owned())
            }
            None => Ok(self.auth_token.reveal().to_owned()),
        }
    }
}

impl PlatformNumber {
    fn routing(&self) -> Option<Routing> {
        let method = if self.sms_method.is_empty() { Method::Post } else { Method::parse(&self.sms_method)? };
        Some(Routing {
            sms_url: self.sms_url.clone(),
            sms_method: method,
            sms_fallback_url: self.sms_fallback_url.clone(),
            ..Routing::default()
        })
    }
}
