//! The state of the gateway for status and metrics: associations, networks, dialogues, counters.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use m3ua::{AspState, LinkId};
use parking_lot::Mutex;
use sccp::NetworkId;

/// Shared by everything in the gateway.
#[derive(Debug)]
pub(crate) struct GatewayState {
    links: Mutex<Vec<(String, AspState)>>,
    networks: Vec<NetworkState>,
    dialogues: AtomicUsize,
    /// Whether the gateway shuts down: new work is refused.
    is_stopping: AtomicBool,
    /// Messages of phones on their way into the store.
    originating: AtomicUsize,
    counters: Mutex<BTreeMap<&'static str, u64>>,
    /// Messages of phones that were taken over.
    pub(crate) originated: AtomicU64,
    /// Messages of phones that were refused.
    pub(crate) refused: AtomicU64,
    /// Messages that phones took.
    pub(crate) delivered: AtomicU64,
    /// Alerts of HLRs.
    pub(crate) alerts: AtomicU64,
}

#[derive(Debug)]
struct NetworkState {
    serves: AtomicBool,
    open: AtomicUsize,
    window: usize,
}

/// A picture of the gateway.
#[derive(Clone, Debug)]
pub struct Ss7Status {
    /// Associations by name, with the state of their process.
    pub associations: Vec<(String, &'static str)>,
    /// Dialogues that are open.
    pub dialogues: usize,
    /// Messages of phones that were taken over.
    pub originated: u64,
    /// Messages of phones that were refused.
    pub refused: u64,
    /// Messages that phones took.
    pub delivered: u64,
    /// Alerts of HLRs.
    pub alerts: u64,
    /// Whatever else was counted, by name.
    pub counters: BTreeMap<&'static str, u64>,
}

impl GatewayState {
    /// The state at the start. `windows` are those of the networks, in their order.
    pub(crate) fn new(links: Vec<String>, windows: impl Iterator<Item = usize>) -> Self {
        let network =
            |window| NetworkState { serves: AtomicBool::new(false), open: AtomicUsize::new(0), window };
        Self {
            links: Mutex::new(links.into_iter().map(|name| (name, AspState::Down)).collect()),
            networks: windows.map(network).collect(),
            dialogues: AtomicUsize::new(0),
            is_stopping: AtomicBool::new(false),
            originating: AtomicUsize::new(0),
            counters: Mutex::default(),
            originated: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            alerts: AtomicU64::new(0),
        }
    }

    pub(crate) fn count(&self, what: &'static str) {
        *self.counters.lock().entry(what).or_default() += 1;
    }

    pub(crate) fn show_link(&self, link: LinkId, state: AspState) {
        if let Some((name, known)) = self.links.lock().get_mut(usize::from(link.0)) {
            tracing::info!(association = *name, ?state, "association changes");
            *known = state;
        }
    }

    pub(crate) fn show_dialogues(&self, open: usize) {
        self.dialogues.store(open, Ordering::Relaxed);
    }

    pub(crate) fn show_network(&self, network: NetworkId, serves: bool) {
        if let Some(network) = self.networks.get(usize::from(network.0)) {
            network.serves.store(serves, Ordering::Release);
        }
    }

    /// Whether a network can carry traffic now.
    pub(crate) fn serves(&self, network: NetworkId) -> bool {
        self.networks
            .get(usize::from(network.0))
            .is_some_and(|network| network.serves.load(Ordering::Acquire))
    }

    /// How many more messages a network may be given now.
    pub(crate) fn available(&self, network: NetworkId) -> usize {
        match self.networks.get(usize::from(network.0)) {
            Some(network) if network.serves.load(Ordering::Acquire) && !self.is_stopping() => {
                network.window.saturating_sub(network.open.load(Ordering::Relaxed))
            }
            _ => 0,
        }
    }

    /// Refuses new work from now on.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// Whether the gateway shuts down.
    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Whether no message is under way, in either direction.
    pub(crate) fn is_idle(&self) -> bool {
        let open = |network: &NetworkState| network.open.load(Ordering::Acquire) > 0;
        self.originating() == 0 && !self.networks.iter().any(open)
    }

    /// Messages of phones on their way into the store.
    pub(crate) fn originating(&self) -> usize {
        self.originating.load(Ordering::Acquire)
    }

    /// So many requests of peers came in.
    pub(crate) fn begin_originating(&self, count: usize) {
        self.originating.fetch_add(count, Ordering::AcqRel);
    }

    /// So many requests of peers were answered.
    pub(crate) fn end_originating(&self, count: usize) {
        self.originating.fetch_sub(count, Ordering::AcqRel);
    }

    /// A message for a network is under way.
    pub(crate) fn begin(&self, network: NetworkId) {
        if let Some(network) = self.networks.get(usize::from(network.0)) {
            network.open.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A message for a network is over. Returns whether the window was full until now.
    pub(crate) fn end(&self, network: NetworkId) -> bool {
        self.networks
            .get(usize::from(network.0))
            .is_some_and(|network| network.open.fetch_sub(1, Ordering::Relaxed) >= network.window)
    }

    /// A picture of now.
    pub(crate) fn status(&self) -> Ss7Status {
        let show = |state: AspState| match state {
            AspState::Down => "down",
            AspState::Inactive => "inactive",
            AspState::Active => "active",
        };
        Ss7Status {
            associations: self
                .links
                .lock()
                .iter()
                .map(|(name, state)| (name.clone(), show(*state)))
                .collect(),
            dialogues: self.dialogues.load(Ordering::Relaxed),
            originated: self.originated.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            alerts: self.alerts.load(Ordering::Relaxed),
            counters: self.counters.lock().clone(),
        }
    }
}
