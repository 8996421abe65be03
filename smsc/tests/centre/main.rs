//! The centre as a whole, over a store in memory and scripted gateways.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "all of it is test"
)]

mod journey;
mod reassembly;
mod world;
