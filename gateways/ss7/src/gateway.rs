//! The gateway as the centre and the process see it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smsc::failure::Failure;
use smsc::endpoint::Endpoint;
use smsc::names::Name;
use smsc::timestamp::Timestamp;
use smsc::future::BoxFuture;
use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::ports::{Centre, Gateways};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::association::{Keeper, OUTBOUND_MAX};
use crate::codes::Actions;
use crate::config::Ss7Config;
use crate::dial::Dial;
use crate::engine::{Engine, Work};
use crate::error::Error;
use crate::listen::Listen;
use crate::routing::{self, Place, Places};
use crate::served::{Networks, Served};
use crate::settings;
use crate::stack::Stack;
use crate::state::{Ss7Status, State};
use crate::visit::Desk;

/// How often it is looked whether all is over.
const POLL: Duration = Duration::from_millis(10);

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Mobile networks, on sockets. Cheap to clone.
#[derive(Clone)]
pub struct Ss7Gateway {
    networks: Networks,
    dial: Dial,
    engine: Engine,
    state: Arc<State>,
    centre: Arc<dyn Centre>,
    addresses: Arc<[(String, SocketAddr)]>,
    stopping: Arc<watch::Sender<bool>>,
    keepers: Arc<[JoinHandle<()>]>,
}

impl Ss7Gateway {
    /// Opens the associations. Must be called inside a tokio runtime.
    ///
    /// `node` is the number of this node of a cluster, 0 to 1023; `random` makes transaction ids of this start unlike those of the last.
    ///
    /// # Errors
    /// [`Error`] if the configuration is wrong or an address is taken. Nothing is left running then.
    pub fn start(
        config: &Ss7Config,
        centre: Arc<dyn Centre>,
        clock: Clock,
        node: u16,
        random: u64,
    ) -> Result<Self, Error> {
        config.check()?;
        let networks = Networks::new(&config.networks)
            .map_err(|error| Error::config("ss7.networks", error.to_string()))?;
        let stack = Stack::new(config, node, random)?;
        let names = config.associations.iter().map(|association| association.name.clone()).collect();
        let windows =
            config.networks.iter().map(|network| usize::try_from(network.window).unwrap_or(usize::MAX));
        let state = Arc::new(State::new(names, windows));
        let (engine, inbox) = Engine::new();
        let (stopping, stop) = watch::channel(false);

        let (mut links, mut keepers, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for (link, association) in settings::links(config) {
            let (sender, outbound) = mpsc::channel(OUTBOUND_MAX);
            let keeper = Keeper::new(link, association, engine.inbox(), outbound, stop.clone())?;
            addresses.extend(keeper.local_address().map(|address| (association.name.clone(), address)));
            links.push(sender);
            keepers.push(keeper);
        }
        let listen = Arc::new(Listen::new(
            Arc::clone(&centre),
            engine.clone(),
            networks.clone(),
            Arc::clone(&state),
            Arc::clone(&clock),
            usize::try_from(config.originating_max).unwrap_or(usize::MAX),
        ));
        let desk = Desk {
            engine: engine.clone(),
            actions: Actions::new(&config.actions),
            places: Places::new(clock),
            state: Arc::clone(&state),
        };
        tokio::spawn(Work::new(stack, links, listen, Arc::clone(&state)).run(inbox));
        let keepers = keepers.into_iter().map(|keeper| tokio::spawn(keeper.run())).collect();
        Ok(Self {
            networks,
            dial: Dial::new(desk),
            engine,
            state,
            centre,
            addresses: addresses.into(),
            stopping: Arc::new(stopping),
            keepers,
        })
    }

    /// Where associations are waited for, by their names.
    pub fn local_addresses(&self) -> &[(String, SocketAddr)] {
        &self.addresses
    }

    /// Whether every network can carry traffic.
    pub fn serves(&self) -> bool {
        self.networks.all().all(|network| self.state.serves(network.id))
    }

    /// What the gateway knows of itself.
    pub fn status(&self) -> Ss7Status {
        self.state.status()
    }

    /// Asks the HLR of a number where its phone is, and delivers nothing. `network` is needed where
    /// there are several.
    ///
    /// # Errors
    /// Why the HLR did not say it; [`Failure::NoRoute`] if there is no such network.
    pub async fn look_up(&self, network: Option<&str>, number: &Name) -> Result<Place, Failure> {
        let found = match network {
            Some(name) => self.networks.all().find(|served| served.name == name),
            None => self.networks.all().next(),
        };
        let served = found.ok_or(Failure::NoRoute)?;
        if !self.state.serves(served.id) {
            return Err(Failure::NoPeer);
        }
        routing::ask(self.dial.desk(), served, number).await
    }

    /// Takes leave of every peer: nothing new begins, what is under way ends within half of `patience`,
    /// then the associations close. Deliveries that are still open end with [`Failure::NoPeer`].
    pub async fn shutdown(&self, patience: Duration) {
        self.state.leave();
        let over = async {
            while !self.state.is_idle() {
                tokio::time::sleep(POLL).await;
            }
        };
        let _late_ones_are_dropped = tokio::time::timeout(patience / 2, over).await;
        self.stopping.send_replace(true);
        let closed = async {
            self.engine.stop().await;
            while self.keepers.iter().any(|keeper| !keeper.is_finished()) {
                tokio::time::sleep(POLL).await;
            }
        };
        let _deaf_ones_are_aborted = tokio::time::timeout(patience / 2, closed).await;
        self.keepers.iter().for_each(JoinHandle::abort);
        self.engine.halt().await;
    }
}

impl Gateways for Ss7Gateway {
    fn available(&self, endpoint: &Endpoint) -> usize {
        self.networks.of_endpoint(endpoint).map_or(0, |network| self.state.available(network.id))
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        let Some(network) = self.networks.of_endpoint(endpoint).cloned() else {
            return Box::pin(std::future::ready(Err(Failure::NoPeer)));
        };
        if self.state.leaves() || !self.state.serves(network.id) {
            return Box::pin(std::future::ready(Err(Failure::NoPeer)));
        }
        let place = InWindow::of(self, Arc::clone(&network));
        let dial = self.dial.clone();
        Box::pin(async move {
            let outcome = dial.deliver(network, delivery).await;
            drop(place);
            outcome
        })
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        let open_per_destination =
            self.networks.of_endpoint(endpoint).map_or(1, |network| network.config.open_per_destination);
        Capabilities { open_per_destination, reassembled: false, sends_receipts: false }
    }
}

/// A message's place in the window of its network, however its delivery ends.
struct InWindow {
    state: Arc<State>,
    centre: Arc<dyn Centre>,
    network: Arc<Served>,
}

impl InWindow {
    fn of(gateway: &Ss7Gateway, network: Arc<Served>) -> Self {
        gateway.state.begin(network.id);
        Self { state: Arc::clone(&gateway.state), centre: Arc::clone(&gateway.centre), network }
    }
}

impl Drop for InWindow {
    fn drop(&mut self) {
        if self.state.end(self.network.id) {
            self.centre.endpoint_available(&self.network.endpoint);
        }
    }
}
