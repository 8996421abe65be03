//! What the dialogues of one element are allowed to take, and how versions are remembered.

use std::time::Duration;

/// Settings of one [`Map`](crate::Map).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// Transactions.
    pub tcap: tcap::Settings,
    /// Timers.
    pub timers: Timers,
    /// What is remembered of peers.
    pub versions: VersionSettings,
}

/// How long to wait for an answer (TS 29.002 §17.1 has the ranges).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// s, 3 to 10 seconds: reports and alerts.
    pub short: Duration,
    /// m, 15 to 30 seconds: routing information.
    pub medium: Duration,
    /// ml, 1 to 10 minutes: messages, since a phone has to be found first.
    pub long: Duration,
    /// How long an informServiceCentre may follow a result whose dialogue was left open.
    pub inform: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            short: Duration::from_secs(10),
            medium: Duration::from_secs(30),
            long: Duration::from_secs(120),
            inform: Duration::from_secs(2),
        }
    }
}

/// How the versions that peers speak are remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VersionSettings {
    /// Peers that are remembered. Beyond it the oldest is forgotten.
    pub entries_max: usize,
    /// How long a peer is remembered.
    pub age: Duration,
    /// Refusals that make a peer one of version 1: a single one may be an accident.
    pub refusals_for_v1: u8,
    /// Dialogues of version 1 after which the highest version is tried again.
    pub uses_of_v1: u32,
    /// Dialogues of version 2 after which the highest version is tried again.
    pub uses_of_v2: u32,
}

impl Default for VersionSettings {
    fn default() -> Self {
        Self {
            entries_max: 100_000,
            age: Duration::from_secs(7 * 24 * 3_600),
            refusals_for_v1: 2,
            uses_of_v1: 100,
            uses_of_v2: 1_000,
        }
    }
}
