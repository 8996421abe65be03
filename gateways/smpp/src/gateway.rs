//! The SMPP gateway: start, reload, shutdown, and the port through which the centre delivers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::future::BoxFuture;
use smsc::ports::{Centre, Gateways};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::account::Accounts;
use crate::config::{EsmeAccount, Group, Link, SmppConfig};
use crate::link::{self, Links};
use crate::metrics::{Metrics, SessionInfo};
use crate::pool::{SessionHandle, SessionPool};
use crate::state::{Clock, GatewayState};
use crate::{Error, dial, listen};

/// SMPP: a server for ESMEs and the links to other centres.
///
/// Cheap to clone; all clones are one gateway.
#[derive(Clone)]
pub struct SmppGateway {
    shared: Arc<GatewayState>,
    addresses: Arc<[SocketAddr]>,
}

impl SmppGateway {
    /// Opens the listeners and starts the links. Must be called inside a tokio runtime.
    ///
    /// `clock` is the wall clock; `rng_seed` seeds the random part of the reconnect delays.
    /// [`SmppGateway::shutdown`] is the counterpart.
    ///
    /// # Errors
    /// [`Error`] if the configuration is wrong, a file cannot be read, or an address is taken.
    /// Nothing is left running then.
    pub fn start(
        config: &SmppConfig,
        centre: Arc<dyn Centre>,
        clock: Clock,
        rng_seed: u64,
    ) -> Result<Self, Error> {
        config.check()?;
        let seconds = |seconds: u16| Duration::from_secs(u64::from(seconds.max(1)));
        let shared = Arc::new(GatewayState {
            centre,
            clock,
            metrics: Metrics::default(),
            system_id: config.system_id.clone(),
            bind_timeout: seconds(config.bind_seconds),
            response_timeout: seconds(config.response_seconds),
            write_timeout: seconds(config.write_seconds),
            accounts: Accounts::new(&config.accounts)?,
            links: ArcSwap::default(),
            seed: rng_seed,
            stopping: watch::Sender::new(false),
        });
        let links = Links::new(&Links::default(), &config.links, &config.groups)?;
        let addresses = listen::start(&shared, config)?;
        let gateway = Self { shared, addresses: addresses.into() };
        gateway.swap_links(links);
        Ok(gateway)
    }

    /// Where the listeners are, in the order of the configuration.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Swaps the accounts at once, or not at all. Open sessions of accounts that stay go on with
    /// the new settings (limits of a session with its next bind); sessions of accounts that are
    /// gone are unbound.
    ///
    /// # Errors
    /// [`Error`] names what is wrong; the accounts are as before then.
    pub fn set_accounts(&self, accounts: &[EsmeAccount]) -> Result<(), Error> {
        self.shared.accounts.set(accounts)
    }

    /// Swaps links and groups at once, or not at all. A link that is configured as before keeps its
    /// sessions; one that has changed is unbound and bound again; one that is gone is unbound.
    ///
    /// # Errors
    /// [`Error`] names what is wrong; the links are as before then.
    pub fn set_links(&self, links: &[Link], groups: &[Group]) -> Result<(), Error> {
        let links = Links::new(&self.shared.links.load(), links, groups)?;
        self.swap_links(links);
        Ok(())
    }

    fn swap_links(&self, links: Links) {
        let after = Arc::new(links);
        let before = self.shared.links.swap(after.clone());
        let is_in = |links: &Links, link: &Arc<link::Link>| {
            links.links.get(&link.name).is_some_and(|other| Arc::ptr_eq(other, link))
        };
        let fresh: Vec<_> = after.links.values().filter(|link| !is_in(&before, link)).cloned().collect();
        before.links.values().filter(|link| !is_in(&after, link)).for_each(|link| link.end());
        dial::start(&self.shared, &fresh, self.shared.seed);
    }

    /// Every bound session.
    pub fn sessions(&self) -> Vec<SessionInfo> {
        let show =
            |session: &Arc<SessionHandle>| SessionInfo { open: session.open(), ..session.info.clone() };
        self.pools().iter().flat_map(|pool| pool.sessions()).map(|session| show(&session)).collect()
    }

    /// Counters since the start.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Shuts down: closes the listeners; each session completes its open requests and unbinds.
    ///
    /// Returns when all sessions have ended, at the latest after `deadline`.
    pub async fn shutdown(&self, deadline: Duration) {
        self.shared.stopping.send_replace(true);
        let due = Instant::now() + deadline;
        let pools = self.pools();
        self.shared.links.load().links.values().for_each(|link| link.end());
        pools.iter().flat_map(|pool| pool.sessions()).for_each(|session| session.unbind());
        while pools.iter().any(|pool| pool.len() > 0) && Instant::now() < due {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn pools(&self) -> Vec<Arc<SessionPool>> {
        let accounts = self.shared.accounts.all();
        let links = self.shared.links.load();
        let links = links.links.values();
        accounts
            .iter()
            .map(|account| account.pool.clone())
            .chain(links.map(|link| link.pool.clone()))
            .collect()
    }

    fn target(&self, endpoint: &Endpoint) -> Option<Target> {
        match endpoint {
            Endpoint::Esme(name) => Some(Target::Pool(self.shared.accounts.get(name)?.pool.clone())),
            Endpoint::Smpp(name) => {
                let links = self.shared.links.load();
                match links.links.get(name) {
                    Some(link) => Some(Target::Pool(link.pool.clone())),
                    None => links.groups.get(name).cloned().map(Target::Group),
                }
            }
            _ => None,
        }
    }
}

/// The link, account or group that an endpoint names.
enum Target {
    Pool(Arc<SessionPool>),
    Group(Arc<link::Group>),
}

impl Gateways for SmppGateway {
    fn available(&self, endpoint: &Endpoint) -> usize {
        match self.target(endpoint) {
            Some(Target::Pool(pool)) => pool.available(),
            Some(Target::Group(group)) => group.available(),
            None => 0,
        }
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let sent = match self.target(endpoint) {
            Some(Target::Pool(pool)) => pool.send(delivery),
            Some(Target::Group(group)) => group.send(delivery),
            None => Err(Failure::NoPeer),
        };
        Box::pin(async move {
            // The session task keeps the response timeout; when it ends, the channel closes.
            sent?.await.unwrap_or(Err(Failure::NoPeer))
        })
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        let capabilities = |open_per_destination: u16, reassembled, sends_receipts| Capabilities {
            open_per_destination: open_per_destination.max(1),
            reassembled,
            sends_receipts,
        };
        let of_link = |link: &link::Link| {
            capabilities(link.config.open_per_destination, false, link.config.sends_receipts)
        };
        match (endpoint, self.target(endpoint)) {
            (Endpoint::Esme(name), _) => self.shared.accounts.get(name).map(|account| {
                let settings = account.settings.load();
                capabilities(settings.config.open_per_destination, settings.config.reassembled, false)
            }),
            (Endpoint::Smpp(name), Some(Target::Pool(_))) => {
                self.shared.links.load().links.get(name).map(|link| of_link(link))
            }
            (_, Some(Target::Group(group))) => group.links().next().map(|link| of_link(link)),
            _ => None,
        }
        .unwrap_or(capabilities(1, false, false))
    }
}
