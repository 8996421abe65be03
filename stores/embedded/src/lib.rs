//! The store in this process: one committer, group commit, an audit.
//!
//! [`EmbeddedStore`] keeps messages for the centre ([`smsc::ports::Store`]) and records for the
//! platform ([`platform::ports::PlatformStore`]) in one directory, on the engine fjall.
//!
//! ```text
//!  commit() ── encode ──> queue ──> committer ──> one batch, one fdatasync ──> all answers
//!  get(), due(), list() ──────────> keyspaces: m- o- i-YYYYMMDD, due, sys, platform store tables
//! ```
//!
//! - `change` turns events into rows, in the caller's thread.
//! - `queue` and `committer` are the one write path.
//! - `key` and `record` are the form on disk; both are versioned by `schema`.
//! - `spaces` holds the keyspaces of each day, so that expiry drops whole days.
//! - `journal` looks through the engine's journals before they are replayed.
//! - `read`, `index` and `platform store` answer questions; `audit` proves that nothing is lost.
//!
//! Nothing here decides about a message, and nothing here logs a body or a number.

mod audit;
mod change;
mod committer;
mod config;
mod disk;
mod error;
mod index;
mod journal;
mod key;
mod platform_store;
mod queue;
mod read;
mod record;
mod schema;
mod spaces;
mod metrics;
mod stopwatch;
mod store;
mod sweep;

pub use config::EmbeddedConfig;
pub use error::OpenError;
pub use store::{EmbeddedStore, OnFatal};
