//! Settings of the MAP provider: operation timers (TS 29.002 §17.1) and the cache of peer versions.

use std::time::Duration;

/// Settings of one [`Map`](crate::Map).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// Settings of TCAP.
    pub tcap: tcap::Settings,
    /// Timers.
    pub timers: Timers,
    /// Cache of peer versions.
    pub versions: VersionSettings,
}

/// Operation timers (TS 29.002 §17.1 has the ranges).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// s, 3 to 10 seconds: reports and alerts.
    pub short: Duration,
    /// m, 15 to 30 seconds: routing information.
    pub medium: Duration,
    /// ml, 1 to 10 minutes: short messages, since the MSC pages the phone first.
    pub long: Duration,
    /// Time for an informServiceCentre to follow a result that came in a CONTINUE.
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

/// Cache of the versions that peers support.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VersionSettings {
    /// Largest number of peers. Beyond it the oldest entry is removed.
    pub entries_max: usize,
    /// Lifetime of an entry.
    pub age: Duration,
    /// Refusals after which a peer counts as version 1: a single one may be transient.
    pub refusals_for_v1: u8,
    /// Dialogues of version 1 after which the highest version is proposed again.
    pub uses_of_v1: u32,
    /// Dialogues of version 2 after which the highest version is proposed again.
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
