//! What one element's transactions are allowed to take.

use std::time::Duration;

/// Bounds of one [`Tcap`](crate::Tcap).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The highest bits of every transaction id of ours, so that whoever distributes messages among
    /// the nodes of a cluster can tell ours by it. Bits above `prefix_bits` are ignored.
    pub prefix: u32,
    /// How many bits the prefix has: 0 to 28; more count as 28.
    pub prefix_bits: u8,
    /// The first transaction id, without prefix. Take it at random, so that an id of before a
    /// restart is not mistaken for one of now.
    pub first: u32,
    /// Open dialogues. Beyond it [`Tcap::begin`](crate::Tcap::begin) refuses, and a peer's BEGIN is
    /// answered with P-Abort resource limitation.
    pub dialogues_max: usize,
    /// Of these, the dialogues that peers may have opened, so that however many they open, some are left
    /// for ourselves. Beyond it a BEGIN is answered as above.
    pub peer_dialogues_max: usize,
    /// How long the transaction id of an ended dialogue is not used again. Longer than any timer
    /// of a peer, at most a year. All ids divided by this time is the most dialogues a second that
    /// can last: with a prefix of 8 bits and 15 minutes, 18,000.
    pub quarantine: Duration,
    /// How long a dialogue may be silent, unless its BEGIN said otherwise; at most a year. While an
    /// operation is open, a dialogue lives as long as that operation's timer.
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
