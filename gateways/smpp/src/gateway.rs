//! The gateway as a whole: started from a configuration, asked by the centre.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use smsc::failure::Failure;
use smsc::endpoint::Endpoint;
use smsc::timestamp::Timestamp;
use smsc::future::BoxFuture;
use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::ports::{Centre, Gateways};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::account::Accounts;
use crate::config::{EsmeAccount, Group, Link, SmppConfig};
use crate::lane::{Handle, Lane};
use crate::link::{self, Links};
use crate::stats::{SessionInfo, Stats};
use crate::{Error, dial, listen};

/// The wall clock, passed in.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every session of the gateway shares.
pub(crate) struct Shared {
    pub(crate) centre: Arc<dyn Centre>,
    pub(crate) clock: Clock,
    pub(crate) stats: Stats,
    pub(crate) system_id: String,
    pub(crate) bind_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) accounts: Accounts,
    pub(crate) links: ArcSwap<Links>,
    /// What spreads reconnects.
    pub(crate) seed: u64,
    /// Turns true when the gateway stops.
    pub(crate) stopping: watch::Sender<bool>,
}

/// SMPP: a server for ESMEs and the links to other centres.
///
/// Cheap to clone; all clones are one gateway.
#[derive(Clone)]
pub struct SmppGateway {
    shared: Arc<Shared>,
    addresses: Arc<[SocketAddr]>,
}

impl SmppGateway {
    /// Listens, and begins to bind to other centres. Must be called inside a tokio runtime.
    ///
    /// `seed` spreads the reconnects of many processes over time.
    ///
    /// # Errors
    /// [`Error`] if the configuration is wrong, a file cannot be read, or an address is taken.
    /// Nothing is left running then.
    pub fn start(
        config: &SmppConfig,
        centre: Arc<dyn Centre>,
        clock: Clock,
        seed: u64,
    ) -> Result<Self, Error> {
        config.check()?;
        let seconds = |seconds: u16| Duration::from_secs(u64::from(seconds.max(1)));
        let shared = Arc::new(Shared {
            centre,
            clock,
            stats: Stats::default(),
            system_id: config.system_id.clone(),
            bind_timeout: seconds(config.bind_seconds),
            response_timeout: seconds(config.response_seconds),
            write_timeout: seconds(config.write_seconds),
            accounts: Accounts::new(&config.accounts)?,
            links: ArcSwap::default(),
            seed,
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
        let show = |session: &Arc<Handle>| SessionInfo { open: session.open(), ..session.info.clone() };
        self.lanes().iter().flat_map(|lane| lane.sessions()).map(|session| show(&session)).collect()
    }

    /// Counters since the start.
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// Stops: no new connections, sessions finish what is in flight and unbind. Returns when all
    /// sessions are over, or after `patience`.
    pub async fn shutdown(&self, patience: Duration) {
        self.shared.stopping.send_replace(true);
        let due = Instant::now() + patience;
        let lanes = self.lanes();
        self.shared.links.load().links.values().for_each(|link| link.end());
        lanes.iter().flat_map(|lane| lane.sessions()).for_each(|session| session.unbind());
        while lanes.iter().any(|lane| lane.len() > 0) && Instant::now() < due {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn lanes(&self) -> Vec<Arc<Lane>> {
        let accounts = self.shared.accounts.all();
        let links = self.shared.links.load();
        let links = links.links.values();
        accounts
            .iter()
            .map(|account| account.lane.clone())
            .chain(links.map(|link| link.lane.clone()))
            .collect()
    }

    fn way(&self, endpoint: &Endpoint) -> Option<Way> {
        match endpoint {
            Endpoint::Esme(name) => Some(Way::Lane(self.shared.accounts.get(name)?.lane.clone())),
            Endpoint::Smpp(name) => {
                let links = self.shared.links.load();
                match links.links.get(name) {
                    Some(link) => Some(Way::Lane(link.lane.clone())),
                    None => links.groups.get(name).cloned().map(Way::Group),
                }
            }
            _ => None,
        }
    }
}

/// Where an endpoint's messages go.
enum Way {
    Lane(Arc<Lane>),
    Group(Arc<link::Group>),
}

impl Gateways for SmppGateway {
    fn available(&self, endpoint: &Endpoint) -> usize {
        match self.way(endpoint) {
            Some(Way::Lane(lane)) => lane.available(),
            Some(Way::Group(group)) => group.available(),
            None => 0,
        }
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let sent = match self.way(endpoint) {
            Some(Way::Lane(lane)) => lane.send(delivery),
            Some(Way::Group(group)) => group.send(delivery),
            None => Err(Failure::NoPeer),
        };
        Box::pin(async move {
            // The session keeps the deadline: it always answers, and when it ends so does the wait.
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
        match (endpoint, self.way(endpoint)) {
            (Endpoint::Esme(name), _) => self.shared.accounts.get(name).map(|account| {
                let settings = account.settings.load();
                capabilities(settings.config.open_per_destination, settings.config.reassembled, false)
            }),
            (Endpoint::Smpp(name), Some(Way::Lane(_))) => {
                self.shared.links.load().links.get(name).map(|link| of_link(link))
            }
            (_, Some(Way::Group(group))) => group.links().next().map(|link| of_link(link)),
            _ => None,
        }
        .unwrap_or(capabilities(1, false, false))
    }
}
