//! State of one routing domain: local subsystems and remote signalling points (Q.714 §5).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::settings::{Network, Remote};
use crate::{Address, ReturnCause, RoutingIndicator};

/// The subsystem number of SCCP management itself.
pub(super) const MANAGEMENT: u8 = 1;

/// One routing domain.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) point_codes: Vec<u32>,
    /// Local subsystems that are or were in service.
    pub(super) local: BTreeMap<u8, Local>,
    pub(super) remotes: BTreeMap<u32, RemotePoint>,
}

/// A local subsystem.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Local {
    pub(super) up: bool,
    /// Time of the last SSP in response to a message for it.
    pub(super) last_ssp: Option<Instant>,
}

/// A remote signalling point.
#[derive(Debug)]
pub(super) struct RemotePoint {
    pub(super) remote: Remote,
    /// Whether the layer below reaches it.
    pub(super) accessible: bool,
    pub(super) congestion: Option<Congestion>,
    /// Concerned subsystems, those with an SSP received, and management while the SCCP is unavailable.
    pub(super) subsystems: BTreeMap<u8, Subsystem>,
}

/// The traffic restriction towards a congested point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Congestion {
    /// Messages of less importance are refused; 0 to 8.
    pub(super) restriction: u8,
    pub(super) until: Instant,
}

/// A remote subsystem.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Subsystem {
    pub(super) allowed: bool,
    /// The time of the next SST, and the interval to the one after it.
    pub(super) test: Option<(Instant, Duration)>,
}

impl Domain {
    pub(super) fn new(network: Network) -> Self {
        let up = Local { up: true, last_ssp: None };
        Self {
            point_codes: network.point_codes,
            local: network.subsystems.into_iter().map(|subsystem| (subsystem, up)).collect(),
            remotes: network
                .remotes
                .into_iter()
                .map(|remote| (remote.point_code, RemotePoint::new(remote)))
                .collect(),
        }
    }

    pub(super) fn is_own(&self, point_code: u32) -> bool {
        self.point_codes.contains(&point_code)
    }

    /// The originating point code of a message from `calling`.
    pub(super) fn own_point_code(&self, calling: &Address) -> u32 {
        calling
            .signalling_point()
            .filter(|point_code| self.is_own(*point_code))
            .or_else(|| self.point_codes.first().copied())
            .unwrap_or_default()
    }

    /// The return cause if a message for `called` cannot be sent to `point_code` at present.
    pub(super) fn blocking_cause(
        &self,
        point_code: u32,
        called: &Address,
        importance: u8,
    ) -> Option<ReturnCause> {
        if self.is_own(point_code) {
            return None;
        }
        let Some(point) = self.remotes.get(&point_code).filter(|point| point.accessible) else {
            return Some(ReturnCause::MTP_FAILURE);
        };
        let prohibited = |subsystem| point.subsystems.get(&subsystem).is_some_and(|known| !known.allowed);
        if prohibited(MANAGEMENT) {
            return Some(ReturnCause::SCCP_FAILURE);
        }
        if called.routing == RoutingIndicator::Ssn && called.subsystem.is_some_and(prohibited) {
            return Some(ReturnCause::SUBSYSTEM_FAILURE);
        }
        let restriction = point.congestion.map_or(0, |congestion| congestion.restriction);
        (importance < restriction).then_some(ReturnCause::NETWORK_CONGESTION)
    }
}

impl RemotePoint {
    fn new(remote: Remote) -> Self {
        let subsystems =
            remote.subsystems.iter().map(|subsystem| (*subsystem, Subsystem::default())).collect();
        Self { remote, accessible: false, congestion: None, subsystems }
    }
}
