//! What the gateway counts, and what it shows of its sessions.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use smpp::Version;
use smpp::pdu::BindKind;
use smsc::endpoint::Endpoint;
use smsc::names::Name;
use smsc::timestamp::Timestamp;

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Where it stands.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}

/// Counters of the whole gateway since its start.
#[derive(Debug, Default)]
pub struct Stats {
    /// Connections taken from ESMEs.
    pub connections: Counter,
    /// Connections closed at once because their address had too many without a bind.
    pub connections_refused: Counter,
    /// Binds that succeeded, in both directions.
    pub binds: Counter,
    /// Binds refused, in both directions.
    pub binds_refused: Counter,
    /// Messages handed to the centre.
    pub submissions: Counter,
    /// Messages refused, by the centre or because they could not be read.
    pub submissions_refused: Counter,
    /// Requests answered ESME_RTHROTTLED because the window was full.
    pub window_overflows: Counter,
    /// Messages and receipts that a peer took.
    pub deliveries: Counter,
    /// Deliveries that failed.
    pub deliveries_failed: Counter,
    /// Receipts from other centres.
    pub remote_receipts: Counter,
    /// PDUs that could not be read.
    pub malformed: Counter,
    /// Sessions ended because the peer took no octets.
    pub stalled: Counter,
}

/// A session, as a status page shows it.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    /// Whom it leads to.
    pub endpoint: Endpoint,
    /// Its name in traces.
    pub via: Name,
    /// The peer's address.
    pub peer: SocketAddr,
    /// Which kind of bind.
    pub kind: BindKind,
    /// The version that both sides speak.
    pub version: Version,
    /// Whether it is encrypted.
    pub tls: bool,
    /// When it was bound.
    pub bound_at: Timestamp,
    /// Deliveries without an answer.
    pub open: usize,
}
