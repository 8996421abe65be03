//! The accounts that may bind, as they are served: settings that can be swapped, and a
//! lane each.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use smpp::session::{Config, Side};
use smsc::names::Name;

use crate::Error;
use crate::config::{EsmeAccount, Secret};
use crate::convert::Shape;
use crate::lane::Lane;

/// One account and what hangs on it while the process lives.
pub(crate) struct Account {
    /// What the operator said; a reload swaps it under the open sessions.
    pub(crate) settings: ArcSwap<Settings>,
    /// Its sessions.
    pub(crate) lane: Arc<Lane>,
    binds: AtomicUsize,
}

/// An account's configuration, put in the form that sessions need.
pub(crate) struct Settings {
    /// As it was configured.
    pub(crate) config: EsmeAccount,
    /// The account that its messages belong to.
    pub(crate) owner: Name,
    /// How it wants its messages.
    pub(crate) shape: Shape,
    password: Secret,
}

impl Settings {
    fn new(config: EsmeAccount) -> Result<Self, Error> {
        let password = read_password(&config.password, config.password_file.as_deref())?;
        let shape = Shape {
            submits: false,
            text_coding: config.delivery_text_coding.unwrap_or(config.text_coding),
            long_messages: config.long_messages,
            optional_parameters: config.optional_parameters,
            forward_validity: false,
            message_id_format: config.message_id_format,
            receipt_text_octets: usize::from(config.receipt_text_octets),
            receipt_offset_minutes: config.receipt_offset_minutes,
        };
        Ok(Self { owner: config.owner().into(), password, shape, config })
    }

    /// Whether `password` opens this account.
    pub(crate) fn opens_with(&self, password: &[u8]) -> bool {
        self.password.matches(password)
    }

    /// Limits and timers of a session of this account.
    pub(crate) fn session(&self, bind_timeout: Duration, response_timeout: Duration) -> Config {
        let seconds = |seconds: u64| (seconds > 0).then(|| Duration::from_secs(seconds));
        Config {
            version_max: self.config.version_max.into(),
            window_sent_max: usize::from(self.config.delivery_window),
            window_received_max: usize::from(self.config.window),
            bind_timeout,
            enquire_link_interval: seconds(self.config.enquire_link_seconds.into()),
            response_timeout,
            inactivity_timeout: seconds(self.config.inactivity_seconds.into()),
            ..Config::new(Side::Centre)
        }
    }
}

impl Account {
    fn new(settings: Settings) -> Arc<Self> {
        let lane = Lane::new(settings.config.endpoint(), Vec::new());
        Arc::new(Self { settings: ArcSwap::from_pointee(settings), lane, binds: AtomicUsize::new(0) })
    }

    /// Takes one of the account's binds, or `None` if it holds as many as it may.
    pub(crate) fn bind(self: &Arc<Self>) -> Option<BindPermit> {
        let most = usize::from(self.settings.load().config.binds_max);
        let take = |held| (held < most).then_some(held + 1);
        self.binds.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).ok()?;
        Some(BindPermit(self.clone()))
    }
}

/// One bind of an account; dropping it gives it back.
pub(crate) struct BindPermit(Arc<Account>);

impl Drop for BindPermit {
    fn drop(&mut self) {
        self.0.binds.fetch_sub(1, Ordering::AcqRel);
    }
}

/// All accounts, by system_id.
pub(crate) struct Accounts {
    by_system_id: ArcSwap<HashMap<Name, Arc<Account>>>,
}

impl Accounts {
    /// These accounts, their password files read.
    pub(crate) fn new(configured: &[EsmeAccount]) -> Result<Self, Error> {
        let accounts = Self { by_system_id: ArcSwap::default() };
        accounts.set(configured)?;
        Ok(accounts)
    }

    /// Swaps all accounts at once, or none if one is wrong. Sessions of accounts that stay go on
    /// with their new settings; those of accounts that are gone are unbound.
    pub(crate) fn set(&self, configured: &[EsmeAccount]) -> Result<(), Error> {
        EsmeAccount::check_all(configured)?;
        let settings: Vec<Settings> =
            configured.iter().cloned().map(Settings::new).collect::<Result<_, Error>>()?;
        let before = self.by_system_id.load_full();
        let mut after = HashMap::with_capacity(settings.len());
        for settings in settings {
            let name = Name::from(settings.config.system_id.as_str());
            let account = match before.get(&name) {
                Some(account) => {
                    account.settings.store(Arc::new(settings));
                    account.clone()
                }
                None => Account::new(settings),
            };
            after.insert(name, account);
        }
        let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
        let gone: Vec<_> = gone.map(|(_, account)| account.clone()).collect();
        self.by_system_id.store(Arc::new(after));
        gone.iter().flat_map(|account| account.lane.sessions()).for_each(|session| session.unbind());
        Ok(())
    }

    /// The account with this system_id.
    pub(crate) fn get(&self, system_id: &str) -> Option<Arc<Account>> {
        self.by_system_id.load().get(system_id).cloned()
    }

    /// All accounts.
    pub(crate) fn all(&self) -> Vec<Arc<Account>> {
        self.by_system_id.load().values().cloned().collect()
    }
}

/// The password itself, or the first line of its file.
pub(crate) fn read_password(password: &Secret, file: Option<&Path>) -> Result<Secret, Error> {
    let Some(path) = file.filter(|_| password.is_empty()) else { return Ok(password.clone()) };
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| Error::File { path: path.to_owned(), source })?;
    let line = text.lines().next().unwrap_or_default().trim_end();
    if line.is_empty() || line.len() > 8 {
        return Err(Error::config(path.display().to_string(), "SMPP passwords have 1 to 8 octets"));
    }
    Ok(Secret::new(line))
}
