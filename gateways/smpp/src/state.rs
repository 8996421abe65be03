//! The state that all tasks of one SMPP gateway share: ports, timeouts, accounts and links.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use smsc::ports::Centre;
use smsc::timestamp::Timestamp;
use tokio::sync::watch;

use crate::account::Accounts;
use crate::link::Links;
use crate::metrics::Metrics;

/// The wall clock, passed in.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the listeners, the links and all sessions of one gateway share.
pub(crate) struct GatewayState {
    pub(crate) centre: Arc<dyn Centre>,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    pub(crate) system_id: String,
    pub(crate) bind_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) accounts: Accounts,
    pub(crate) links: ArcSwap<Links>,
    /// Seed of the random part of the reconnect delays.
    pub(crate) seed: u64,
    /// Set to true when the gateway shuts down.
    pub(crate) stopping: watch::Sender<bool>,
}
