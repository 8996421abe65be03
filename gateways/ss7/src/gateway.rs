//! The SS7 gateway: start, look-up, delivery and shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::future::BoxFuture;
use smsc::names::Name;
use smsc::ports::{Centre, Gateways};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::codes::Actions;
use crate::config::Ss7Config;
use crate::error::Error;
use crate::mo::receiver::MoReceiver;
use crate::mt::context::MtContext;
use crate::mt::queue::MtQueues;
use crate::mt::routing_cache::RoutingInfoCache;
use crate::mt::routing_info::RoutingInfo;
use crate::mt::send_routing_info;
use crate::network_context::{NetworkContext, Networks};
use crate::signalling::association::AssociationTask;
use crate::signalling::engine::Engine;
use crate::signalling::engine_task::EngineTask;
use crate::signalling::event::OUTBOUND_MAX;
use crate::signalling::settings;
use crate::signalling::stack::Stack;
use crate::state::{GatewayState, Ss7Status};

/// Interval at which shutdown polls for open work.
const POLL: Duration = Duration::from_millis(10);

/// Mobile networks, on sockets. Cheap to clone.
#[derive(Clone)]
pub struct Ss7Gateway {
    networks: Networks,
    queues: MtQueues,
    engine: Engine,
    state: Arc<GatewayState>,
    centre: Arc<dyn Centre>,
    addresses: Arc<[(String, SocketAddr)]>,
    stopping: Arc<watch::Sender<bool>>,
    tasks: Arc<[JoinHandle<()>]>,
}

impl Ss7Gateway {
    /// Starts the gateway: its engine and its associations. Must be called inside a tokio runtime.
    ///
    /// `node` is the number of this node of a cluster, 0 to 1023; `rng_seed` makes the transaction ids of this start differ from
    /// those of the last.
    ///
    /// # Errors
    /// [`Error`] if the configuration is wrong or an address is taken. Nothing is left running then.
    pub fn start(
        config: &Ss7Config,
        centre: Arc<dyn Centre>,
        clock: Clock,
        node: u16,
        rng_seed: u64,
    ) -> Result<Self, Error> {
        config.check()?;
        let networks = Networks::new(&config.networks)
            .map_err(|error| Error::config("ss7.networks", error.to_string()))?;
        let stack = Stack::new(config, node, rng_seed)?;
        let names = config.associations.iter().map(|association| association.name.clone()).collect();
        let windows =
            config.networks.iter().map(|network| usize::try_from(network.window).unwrap_or(usize::MAX));
        let state = Arc::new(GatewayState::new(names, windows));
        let (engine, inbox) = Engine::new();
        let (stopping, stop) = watch::channel(false);

        let (mut links, mut tasks, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for (link, association) in settings::links(config) {
            let (sender, outbound) = mpsc::channel(OUTBOUND_MAX);
            let task = AssociationTask::new(link, association, engine.inbox(), outbound, stop.clone())?;
            addresses.extend(task.local_address().map(|address| (association.name.clone(), address)));
            links.push(sender);
            tasks.push(task);
        }
        let receiver = Arc::new(MoReceiver::new(
            Arc::clone(&centre),
            engine.clone(),
            networks.clone(),
            Arc::clone(&state),
            Arc::clone(&clock),
            usize::try_from(config.originating_max).unwrap_or(usize::MAX),
        ));
        let context = MtContext {
            engine: engine.clone(),
            actions: Actions::new(&config.actions),
            routing_infos: RoutingInfoCache::new(clock),
            state: Arc::clone(&state),
        };
        tokio::spawn(EngineTask::new(stack, links, receiver, Arc::clone(&state)).run(inbox));
        let tasks = tasks.into_iter().map(|task| tokio::spawn(task.run())).collect();
        Ok(Self {
            networks,
            queues: MtQueues::new(context),
            engine,
            state,
            centre,
            addresses: addresses.into(),
            stopping: Arc::new(stopping),
            tasks,
        })
    }

    /// The addresses of listening associations, by their names.
    pub fn local_addresses(&self) -> &[(String, SocketAddr)] {
        &self.addresses
    }

    /// Whether every network can carry traffic.
    pub fn serves(&self) -> bool {
        self.networks.all().all(|network| self.state.serves(network.id))
    }

    /// States and counters, for status and metrics.
    pub fn status(&self) -> Ss7Status {
        self.state.status()
    }

    /// Requests the routing information of a number from its HLR, and delivers nothing. `network` is needed where
    /// there are several.
    ///
    /// # Errors
    /// The failure of the HLR's answer; [`Failure::NoRoute`] if there is no such network.
    pub async fn look_up(&self, network: Option<&str>, number: &Name) -> Result<RoutingInfo, Failure> {
        let found = match network {
            Some(name) => self.networks.all().find(|context| context.name == name),
            None => self.networks.all().next(),
        };
        let context = found.ok_or(Failure::NoRoute)?;
        if !self.state.serves(context.id) {
            return Err(Failure::NoPeer);
        }
        send_routing_info::request(self.queues.context(), context, number).await
    }

    /// Shuts down within `deadline`: new work is refused, open work has half of `deadline` to end, then
    /// the associations close. Deliveries that are still open fail with [`Failure::NoPeer`].
    pub async fn shutdown(&self, deadline: Duration) {
        self.state.stop();
        let over = async {
            while !self.state.is_idle() {
                tokio::time::sleep(POLL).await;
            }
        };
        let _ = tokio::time::timeout(deadline / 2, over).await; // what is still open at the deadline is dropped
        self.stopping.send_replace(true);
        let closed = async {
            self.engine.stop().await;
            while self.tasks.iter().any(|task| !task.is_finished()) {
                tokio::time::sleep(POLL).await;
            }
        };
        let _ = tokio::time::timeout(deadline / 2, closed).await; // tasks that still run are aborted below
        self.tasks.iter().for_each(JoinHandle::abort);
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
        if self.state.is_stopping() || !self.state.serves(network.id) {
            return Box::pin(std::future::ready(Err(Failure::NoPeer)));
        }
        let slot = WindowSlot::of(self, Arc::clone(&network));
        let queues = self.queues.clone();
        Box::pin(async move {
            let outcome = queues.deliver(network, delivery).await;
            drop(slot);
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
struct WindowSlot {
    state: Arc<GatewayState>,
    centre: Arc<dyn Centre>,
    network: Arc<NetworkContext>,
}

impl WindowSlot {
    fn of(gateway: &Ss7Gateway, network: Arc<NetworkContext>) -> Self {
        gateway.state.begin(network.id);
        Self { state: Arc::clone(&gateway.state), centre: Arc::clone(&gateway.centre), network }
    }
}

impl Drop for WindowSlot {
    fn drop(&mut self) {
        if self.state.end(self.network.id) {
            self.centre.endpoint_available(&self.network.endpoint);
        }
    }
}
