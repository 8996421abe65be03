//! The whole centre in one thread, with a virtual clock and one seed.
//!
//! [`run`] drives the centre's own [`smsc::dispatch`] among submitters, endpoints that answer late, throttle,
//! disappear or lose their answers, receipts that come early or late, alerts, a store that fails now and then,
//! graceful stops, and crashes that lose what was not committed. Promises are checked on the way and at the
//! end; the same seed is the same run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a broken promise is a panic that names the seed; nothing here runs in production"
)]

mod disk;
mod environment;
mod order;
mod ports;
mod process;
mod random;
mod reply;
mod run;

pub use run::{RunSummary, run};
