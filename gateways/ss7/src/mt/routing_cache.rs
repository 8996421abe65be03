//! The cache of routing information, so that not every message asks the HLR.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use sccp::NetworkId;
use smsc::names::Name;
use smsc::timestamp::Timestamp;

use crate::clock::Clock;
use crate::mt::routing_info::RoutingInfo;
use crate::network_context::NetworkContext;

/// Bound of the cache; when it is full, none is added until others have expired.
const ENTRIES_MAX: usize = 100_000;
/// The least time between two removals of expired entries.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// Routing information of phones, each entry valid for `routing_cache_seconds`.
pub(crate) struct RoutingInfoCache {
    clock: Clock,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    /// Routing information with the end of its validity.
    known: HashMap<(NetworkId, Name), (Timestamp, RoutingInfo)>,
    /// When expired entries were last removed.
    swept_at: Timestamp,
}

impl RoutingInfoCache {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    /// Clears the flag after a successful delivery was reported to the HLR.
    pub(crate) fn clear_waiting(&self, network: &NetworkContext, number: &Name) {
        if network.config.routing_cache_seconds > 0
            && let Some((_, place)) = self.entries.lock().known.get_mut(&(network.id, number.clone()))
        {
            place.waits = false;
        }
    }

    /// Removes an entry that proved wrong.
    pub(crate) fn forget(&self, network: &NetworkContext, number: &Name) {
        if network.config.routing_cache_seconds > 0 {
            self.entries.lock().known.remove(&(network.id, number.clone()));
        }
    }

    /// The routing information of a phone, while it is valid.
    pub(crate) fn get(&self, network: &NetworkContext, number: &Name) -> Option<RoutingInfo> {
        if network.config.routing_cache_seconds == 0 {
            return None;
        }
        let now = (self.clock)();
        let entries = self.entries.lock();
        let (until, place) = entries.known.get(&(network.id, number.clone()))?;
        (*until > now).then(|| place.clone())
    }

    /// Stores the routing information of a phone, if the network has a cache.
    pub(crate) fn insert(&self, network: &NetworkContext, number: &Name, place: &RoutingInfo) {
        let seconds = u64::from(network.config.routing_cache_seconds);
        if seconds == 0 {
            return;
        }
        let now = (self.clock)();
        let mut entries = self.entries.lock();
        // A full scan is expensive: once a second is enough.
        if entries.known.len() >= ENTRIES_MAX && now.since(entries.swept_at) >= SWEEP_PAUSE {
            entries.known.retain(|_, (until, _)| *until > now);
            entries.swept_at = now;
        }
        if entries.known.len() < ENTRIES_MAX {
            let until = now + Duration::from_secs(seconds);
            entries.known.insert((network.id, number.clone()), (until, place.clone()));
        }
    }
}
