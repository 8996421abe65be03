//! Settings of an SCCP node: routing domains, signalling points, timers and limits.

use std::time::Duration;

use crate::{Error, TranslationRule};

/// Identifies a routing domain. Point codes, global titles and management of each are separate.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NetworkId(pub u16);

/// The settings of a node.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Routing domains.
    pub networks: Vec<Network>,
    /// Global title translation; the first matching rule applies.
    pub rules: Vec<TranslationRule>,
    /// Timers.
    pub timers: Timers,
    /// Limits.
    pub limits: Limits,
    /// The first 24-bit local reference of segmented messages. Choose at random, so that after a restart
    /// no reference repeats one that a peer still reassembles.
    pub local_reference: u32,
    /// Whether messages to other nodes are relayed, as by a signalling transfer point. An end node refuses
    /// them, so that it cannot be misused as a relay.
    pub relays: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            rules: Vec::new(),
            timers: Timers::default(),
            limits: Limits::default(),
            local_reference: 0,
            relays: true,
        }
    }
}

/// One routing domain.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Its name.
    pub id: NetworkId,
    /// Local point codes, at least one, 14 bits each. The first is the originating point code of
    /// messages without another local one in their calling address.
    pub point_codes: Vec<u32>,
    /// The network indicator of its point codes: 0 and 1 international, 2 and 3 national. The
    /// layer below encodes it.
    pub network_indicator: u8,
    /// Remote signalling points.
    pub remotes: Vec<Remote>,
    /// The local subsystems in service from the start: 2 to 255.
    pub subsystems: Vec<u8>,
}

/// A remote signalling point, adjacent or reached through the layer below. It is prohibited until the
/// layer below reports it available.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remote {
    /// Its point code, 14 bits.
    pub point_code: u32,
    /// Concerned subsystems: each is prohibited until the point has sent SSA for it. One not listed is
    /// allowed while the point is accessible and has not sent SSP.
    pub subsystems: Vec<u8>,
    /// The longest message it accepts, in octets; 268 is an MTP signalling information field of 272
    /// without the routing label.
    pub message_octets_max: usize,
    /// Whether it supports XUDT, so that long messages may be segmented.
    pub takes_xudt: bool,
    /// The longest LUDT it accepts, in octets, if any.
    pub ludt_octets_max: Option<usize>,
}

impl Remote {
    /// A point that supports UDT alone.
    pub const fn new(point_code: u32) -> Self {
        Self {
            point_code,
            subsystems: Vec::new(),
            message_octets_max: 268,
            takes_xudt: false,
            ludt_octets_max: None,
        }
    }
}

/// Timers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// T(reass): for the last segment after the first; 10 to 20 s.
    pub reassembly: Duration,
    /// T(stat.info): for SSA after the first SST; doubled each time.
    pub status: Duration,
    /// The longest T(stat.info).
    pub status_max: Duration,
    /// Time from the last congestion report to the end of the congestion.
    pub congestion: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            reassembly: Duration::from_secs(15),
            status: Duration::from_secs(30),
            status_max: Duration::from_secs(600),
            congestion: Duration::from_secs(10),
        }
    }
}

/// Limits of memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Largest number of messages in reassembly. Any beyond it is refused with
    /// [`crate::ReturnCause::DESTINATION_CANNOT_REASSEMBLE`].
    pub reassemblies_max: usize,
    /// Octets reserved for them, with the same refusal.
    pub reassembly_octets_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { reassemblies_max: 4_096, reassembly_octets_max: 8 << 20 }
    }
}

const POINT_CODE_MAX: u32 = 0x3fff;
const ITS_OWN_MANAGEMENT: u8 = 1;

impl Settings {
    /// The first contradiction, if any.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (at, network) in self.networks.iter().enumerate() {
            if self.networks.iter().take(at).any(|earlier| earlier.id == network.id) {
                return Err(Error::Settings("a network is there twice"));
            }
            network.check()?;
        }
        if self.timers.status.is_zero() || self.timers.status_max < self.timers.status {
            return Err(Error::Settings("the status timer is zero or longer than its maximum"));
        }
        self.rules.iter().try_for_each(TranslationRule::check)
    }
}

impl Network {
    fn check(&self) -> Result<(), Error> {
        if self.point_codes.is_empty() {
            return Err(Error::Settings("a network has no point code of ours"));
        }
        let remote_codes = || self.remotes.iter().map(|remote| remote.point_code);
        if self.point_codes.iter().copied().chain(remote_codes()).any(|code| code > POINT_CODE_MAX) {
            return Err(Error::Settings("a point code has more than 14 bits"));
        }
        if self.network_indicator > 3 {
            return Err(Error::Settings("a network indicator has more than 2 bits"));
        }
        for (at, remote) in self.remotes.iter().enumerate() {
            if self.point_codes.contains(&remote.point_code) {
                return Err(Error::Settings("a remote point is ourselves"));
            }
            if remote_codes().take(at).any(|earlier| earlier == remote.point_code) {
                return Err(Error::Settings("a remote point is there twice"));
            }
        }
        let watched = self.remotes.iter().flat_map(|remote| &remote.subsystems);
        if self.subsystems.iter().chain(watched).any(|&subsystem| subsystem <= ITS_OWN_MANAGEMENT) {
            return Err(Error::Settings("subsystems 0 and 1 are nobody's"));
        }
        Ok(())
    }
}
