//! The limits and timers of a session (SMPP 3.4 §7.2, SMPP 5.0 §2.7, §2.9).

use std::time::Duration;

use crate::version::Version;

/// Which end of the session this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The message centre: it is bound to.
    Centre,
    /// The external short message entity: it binds.
    Esme,
}

impl Side {
    pub(super) const fn peer(self) -> Self {
        match self {
            Self::Centre => Self::Esme,
            Self::Esme => Self::Centre,
        }
    }
}

/// Limits and timers of a session.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Which end this is.
    pub side: Side,
    /// The latest version that we offer.
    pub version_max: Version,
    /// Our requests that may wait for a response at the same time.
    pub window_sent_max: usize,
    /// The peer's requests that may wait for our response; one more is
    /// answered `ESME_RTHROTTLED`.
    pub window_received_max: usize,
    /// Most time from connecting to being bound (`session_init_timer`).
    pub bind_timeout: Duration,
    /// Time without a PDU from the peer before we send enquire_link; `None` never sends it.
    pub enquire_link_interval: Option<Duration>,
    /// How many enquire_links in a row may stay unanswered; at that number the session is closed.
    pub enquire_link_unanswered_max: u8,
    /// Most time from a request of ours to its response (`response_timer`).
    pub response_timeout: Duration,
    /// Most time without a message in either direction, enquire_link not
    /// counted, before we unbind (`inactivity_timer`).
    pub inactivity_timeout: Option<Duration>,
    /// Whether commands in the vendors' range are given to the caller; if not,
    /// they are answered like unknown ones.
    pub vendor_commands: bool,
}

impl Config {
    /// Values that suit most peers.
    pub const fn new(side: Side) -> Self {
        Self {
            side,
            version_max: Version::V5_0,
            window_sent_max: 100,
            window_received_max: 100,
            bind_timeout: Duration::from_secs(5),
            enquire_link_interval: Some(Duration::from_secs(30)),
            enquire_link_unanswered_max: 1,
            response_timeout: Duration::from_secs(30),
            inactivity_timeout: None,
            vendor_commands: false,
        }
    }
}
