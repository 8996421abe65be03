//! Settings of the TCAP provider: transaction id range, numbers of dialogues, timers.

use std::time::Duration;

/// Settings of one [`Tcap`](crate::Tcap).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The highest bits of every local transaction id, by which a cluster routes messages to the node of
    /// the dialogue. Bits above `prefix_bits` are ignored.
    pub prefix: u32,
    /// Bits of the prefix: 0 to 28; more count as 28.
    pub prefix_bits: u8,
    /// The first transaction id, without prefix. Choose it at random, so that ids differ from those before
    /// a restart.
    pub first: u32,
    /// Largest number of open dialogues. Beyond it [`Tcap::begin`](crate::Tcap::begin) fails, and a peer's
    /// BEGIN is answered with P-Abort resource limitation.
    pub dialogues_max: usize,
    /// Largest number of dialogues opened by peers; the rest is reserved for local requests. Beyond it a
    /// BEGIN is answered as above.
    pub peer_dialogues_max: usize,
    /// Time for which the transaction id of an ended dialogue is not reused. Longer than any timer of a
    /// peer, at most a year. It limits the sustained rate: 18,000 dialogues a second with a prefix of
    /// 8 bits and 15 minutes.
    pub quarantine: Duration,
    /// Idle timer of a dialogue, unless its BEGIN sets another; at most a year. While an operation is
    /// open, its invocation timer applies instead.
    pub idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: 0,
            prefix_bits: 0,
            first: 0,
            dialogues_max: 1_000_000,
            peer_dialogues_max: 1_000_000,
            quarantine: Duration::from_secs(15 * 60),
            idle: Duration::from_secs(60),
        }
    }
}
