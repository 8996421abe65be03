//! What an operator can set of the embedded store.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where messages rest on this machine, and how much memory and disk they may take.
///
/// With the defaults a process that holds a million waiting messages takes about 330 MiB of memory.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddedConfig {
    /// The directory of the store. It is made if it does not exist, and belongs to one process.
    pub data_dir: PathBuf,
    /// Mebibytes of records that were read from disk and are kept in memory.
    pub cache_megabytes: u32,
    /// Mebibytes of new message records in memory before they are sorted to disk.
    pub message_buffer_megabytes: u32,
    /// Mebibytes of new index, attempt and due entries in memory, for each of the three, before
    /// they are sorted to disk.
    pub index_buffer_megabytes: u32,
    /// Mebibytes of journal; a restart after a crash reads all of it, about a second for 128. At
    /// least 64.
    pub journal_megabytes: u32,
    /// Events that may wait for the committer. Over half of it new submissions are throttled, at
    /// all of it they are refused; outcomes of deliveries may fill it twice.
    pub queue_events_max: u32,
    /// Mebibytes of disk kept in reserve: when the disk is full, new submissions are refused and
    /// deliveries go on from here.
    pub disk_reserve_megabytes: u32,
    /// Days that are searched for a peer's message id or an account's own key, newest first.
    pub lookup_days_max: u16,
}

impl Default for EmbeddedConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("fernpost-data"),
            cache_megabytes: 32,
            message_buffer_megabytes: 32,
            index_buffer_megabytes: 16,
            journal_megabytes: 128,
            queue_events_max: 32_768,
            disk_reserve_megabytes: 64,
            lookup_days_max: 8,
        }
    }
}

/// Octets of so many mebibytes.
pub(crate) fn mebibytes(count: u32) -> u64 {
    u64::from(count) << 20
}
