//! When: rates, retries, and the queue of everything that waits.

mod backlog;
pub mod queue;
pub mod retry;
mod roll;
pub mod throttle;
