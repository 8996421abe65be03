//! The centre as a whole, over a store in memory and scripted gateways.

mod journey;
mod reassembly;
mod world;
