//! The whole centre in one thread: a virtual clock, one seed, and everything that goes wrong.
//!
//! [`run`] lives one life from a seed: submitters, endpoints that answer late, throttle, vanish or
//! lose their answers, receipts that come early or late, and crashes that lose whatever was not
//! committed. Promises are checked on the way and at the end; the same seed is the same life.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a broken promise is a panic that names the seed; nothing here runs in production"
)]

mod centre;
mod endpoints;
mod random;
mod store;
mod world;

pub use world::{Life, run};
