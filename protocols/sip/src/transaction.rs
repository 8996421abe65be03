//! Non-INVITE transactions (RFC 3261 §17.1.2, §17.2.2), many at a time.
//!
//! [`Client`] and [`Server`] are the two state machines of the standard, one
//! transaction each. [`Layer`] holds as many as are open, finds the one that a message
//! belongs to, and keeps their timers.
//!
//! There is no INVITE machine: a message centre has no sessions. An INVITE is handed up
//! like any request, to be refused with 405; its retransmissions get that response again, and
//! the ACK for it is dropped.

mod client;
mod key;
mod layer;
mod server;
mod table;

use std::time::Duration;

pub use client::Client;
pub use layer::{ClientId, Layer, Limits, Output, ServerId};
pub use server::Server;

/// The three durations that all timers are made of (RFC 3261 §17.1.1.1, table 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// The estimated round trip, 500 ms; Timer E starts with it.
    pub t1: Duration,
    /// The longest interval between retransmissions, 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network, 5 s; Timer K.
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl Timers {
    /// 64 × T1, 32 s: Timers F and J, the life of a request without answer.
    pub fn transaction(&self) -> Duration {
        self.t1.saturating_mul(64)
    }
}
