//! Load generators for SMPP, SIP, SS7 and HTTP: closed loop or at a fixed rate, with latencies.

pub mod http;
pub mod sip;
pub mod smpp;
pub mod ss7;
pub mod stamp;

mod pacing;

use std::io;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Metrics of a load run.
#[derive(Clone, Debug)]
pub struct LoadMetrics {
    /// Requests with a positive response.
    pub accepted: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// How long the run lasted.
    pub elapsed: Duration,
    /// Microseconds from request to response, of accepted requests.
    pub latency_us: Histogram<u64>,
}

impl LoadMetrics {
    /// No requests.
    pub fn new() -> io::Result<Self> {
        let latency_us = Histogram::new(3).map_err(io::Error::other)?;
        Ok(Self { accepted: 0, refused: 0, elapsed: Duration::ZERO, latency_us })
    }

    /// Records an accepted request and how long its response took.
    fn record_accepted(&mut self, latency: Duration) {
        self.accepted += 1;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let _ = self.latency_us.record(micros.max(1)); // the histogram resizes itself
    }

    /// Adds the metrics of another connection.
    pub fn merge(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.elapsed = self.elapsed.max(other.elapsed);
        let _ = self.latency_us.add(&other.latency_us); // same bounds, and it resizes itself
    }

    /// Accepted requests a second.
    pub fn per_second(&self) -> f64 {
        self.accepted as f64 / self.elapsed.as_secs_f64().max(0.001)
    }

    /// The latency that `quantile` (0 to 1) of the requests stayed under, in milliseconds.
    pub fn ms_at(&self, quantile: f64) -> f64 {
        self.latency_us.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Metrics of the sinks of a run.
#[derive(Debug, Default)]
pub struct SinkMetrics {
    /// Messages delivered.
    pub messages: AtomicU64,
    /// Receipts delivered.
    pub receipts: AtomicU64,
    /// Receipts that are due: messages accepted with a receipt requested.
    receipts_due: AtomicU64,
}

/// Duration, rate and window of a run.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long to send.
    pub duration: Duration,
    /// Requests a second over all connections; `None` sends as fast as responses arrive (closed loop).
    pub per_second: Option<f64>,
    /// Requests that one connection may leave unanswered.
    pub window: usize,
}

impl Pace {
    /// How many requests should have been sent `elapsed` after the start by one of `connections`.
    fn requests_by(&self, elapsed: Duration, connections: usize) -> u64 {
        match self.per_second {
            None => u64::MAX,
            Some(rate) => {
                let share = rate / connections.max(1) as f64;
                elapsed.mul_f64(share.max(0.0)).as_secs()
            }
        }
    }
}
