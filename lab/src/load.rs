//! Load: windowed SMPP, SIP, SS7 and HTTP clients, closed loop or at a fixed rate, with a
//! histogram of how long each answer took.

pub mod http;
pub mod sip;
pub mod smpp;
pub mod ss7;
pub mod stamp;

use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;

/// What a load run measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Requests that were answered with success.
    pub accepted: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// How long the run took.
    pub took: Duration,
    /// Microseconds from request to answer, of accepted requests.
    pub latency_us: Histogram<u64>,
}

impl Outcome {
    /// Nothing measured yet.
    pub fn new() -> io::Result<Self> {
        let latency_us = Histogram::new(3).map_err(io::Error::other)?;
        Ok(Self { accepted: 0, refused: 0, took: Duration::ZERO, latency_us })
    }

    /// Notes how long an accepted request waited for its answer.
    fn note_latency(&mut self, micros: u64) {
        let _histogram_grows_by_itself = self.latency_us.record(micros.max(1));
    }

    /// Adds another connection's outcome.
    pub fn merge(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.took = self.took.max(other.took);
        let _same_form_always_fits = self.latency_us.add(&other.latency_us);
    }

    /// Accepted requests a second.
    pub fn per_second(&self) -> f64 {
        self.accepted as f64 / self.took.as_secs_f64().max(0.001)
    }

    /// The latency that `quantile` (0 to 1) of the requests stayed under, in milliseconds.
    pub fn ms_at(&self, quantile: f64) -> f64 {
        self.latency_us.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// How long a run lasts, and how hard it presses.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long to send.
    pub lasts: Duration,
    /// Requests a second over all connections; `None` sends as fast as answers come (closed loop).
    pub per_second: Option<f64>,
    /// Requests that one connection may leave unanswered.
    pub window: usize,
}

impl Pace {
    /// How many requests should have been sent `elapsed` after the start by one of `connections`.
    fn owed(&self, elapsed: Duration, connections: usize) -> u64 {
        match self.per_second {
            None => u64::MAX,
            Some(rate) => {
                let share = rate / connections.max(1) as f64;
                elapsed.mul_f64(share.max(0.0)).as_secs()
            }
        }
    }
}
