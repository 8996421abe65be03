//! What an operator sets: routing domains, their signalling points, timers and limits.

use std::time::Duration;

use crate::{Error, TranslationRule};

/// A routing domain: point codes, global titles and management of one do not concern another.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NetworkId(pub u16);

/// Everything a node needs to know at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Routing domains.
    pub networks: Vec<Network>,
    /// Global title translation; the first rule that matches is taken.
    pub rules: Vec<TranslationRule>,
    /// How long to wait.
    pub timers: Timers,
    /// How much to keep.
    pub limits: Limits,
    /// Where the 24-bit references of segmented messages begin. Choose at random, so that a
    /// restart does not repeat what a peer still reassembles.
    pub local_reference: u32,
    /// Whether what arrives for others is passed on, as a signalling transfer point does. A node at the
    /// end of the network refuses it, so that nobody uses it as a way round.
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
    /// Our own point codes in it, at least one, 14 bits each. The first is the originating point
    /// code of what does not say another in its calling address.
    pub point_codes: Vec<u32>,
    /// The network indicator of its point codes: 0 and 1 international, 2 and 3 national. The
    /// layer below writes it.
    pub network_indicator: u8,
    /// The signalling points that we may send to.
    pub remotes: Vec<Remote>,
    /// The local subsystems that are up from the start: 2 to 255.
    pub subsystems: Vec<u8>,
}

/// A signalling point next to us, or reached through the layer below. It is prohibited until the
/// layer below says that it is available.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remote {
    /// Its point code, 14 bits.
    pub point_code: u32,
    /// Subsystems to watch: each is prohibited until the point has said SSA about it. One that is
    /// not listed is taken to be up as long as the point is and has not said SSP.
    pub subsystems: Vec<u8>,
    /// The longest message it takes, in octets; 268 is an MTP signalling information field of 272
    /// without the routing label.
    pub message_octets_max: usize,
    /// Whether it is known to take XUDT, so that what does not fit may be segmented.
    pub takes_xudt: bool,
    /// The longest LUDT it is known to take, in octets, if any.
    pub ludt_octets_max: Option<usize>,
}

impl Remote {
    /// A point that is known to take UDT alone.
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

/// How long to wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// T(reass): for the last segment after the first; 10 to 20 s.
    pub reassembly: Duration,
    /// T(stat.info): for SSA after the first SST; doubled each time.
    pub status: Duration,
    /// The longest T(stat.info).
    pub status_max: Duration,
    /// After the last word about congestion, until it is over.
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

/// How much to keep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Messages that are reassembled at the same time. One more is refused with
    /// [`crate::ReturnCause::DESTINATION_CANNOT_REASSEMBLE`].
    pub reassemblies_max: usize,
    /// Octets set aside for them, refused in the same way.
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
    /// The first thing that cannot be.
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
