//! Why a delivery attempt failed, in one vocabulary for all networks.
//!
//! Every gateway translates its own codes (SMPP `command_status`, SIP status
//! codes, MAP user errors) into [`Failure`], so that retry, receipt and report
//! rules are written once.

use std::time::Duration;

use crate::receipt::State;

/// One failed attempt.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The network knows the number, but the phone or user is not reachable now.
    #[error("subscriber is absent{}", because(*diagnostic))]
    AbsentSubscriber {
        /// The cause, where the mobile network states it: AbsentSubscriberDiagnosticSM (TS 23.040 §3.3).
        diagnostic: Option<u8>,
    },
    /// The receiver's memory or queue is full.
    #[error("receiver's memory is full")]
    MemoryCapacityExceeded,
    /// The receiver is busy with another call or message.
    #[error("subscriber is busy")]
    SubscriberBusy,
    /// No network has this number.
    #[error("subscriber is unknown")]
    UnknownSubscriber,
    /// The number exists but may not receive this message.
    #[error("delivery is barred")]
    Barred,
    /// The peer cannot take messages of this form.
    #[error("message form is not supported by the peer")]
    Unsupported,
    /// The peer refused the message for good.
    #[error("peer refused the message: {0}")]
    Refused(PeerCode),
    /// The peer failed for now.
    #[error("peer failed for now: {0}")]
    PeerFault(PeerCode),
    /// The peer asked us to slow down.
    #[error("peer is throttling")]
    Throttled {
        /// How long the peer asked us to wait, where its protocol can carry that.
        retry_after: Option<Duration>,
    },
    /// No answer came in time.
    #[error("no answer in time")]
    Timeout,
    /// No peer that this route may use is connected.
    #[error("no peer is connected")]
    NoPeer,
    /// No route leads to this destination any more.
    #[error("no route")]
    NoRoute,
    /// The peer broke its protocol; the text is for the log, never for the sender.
    #[error("peer broke its protocol: {0}")]
    PeerMisbehaved(&'static str),
}

/// A peer's own code, kept for traces and receipts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeerCode {
    /// SMPP command_status.
    CommandStatus(u32),
    /// SIP status code.
    SipStatus(u16),
    /// HTTP status code.
    HttpStatus(u16),
    /// MAP user error (TS 29.002 §17.6.6).
    MapError(u8),
    /// A dialogue with a node of the mobile network ended without an answer: aborted, rejected, closed.
    MapDialogue(&'static str),
    /// The signalling network could not deliver our message (Q.713 §3.12).
    SccpReturn(u8),
    /// The other side of a call inside this process.
    Internal,
}

impl std::fmt::Display for PeerCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CommandStatus(code) => write!(f, "command_status {code:#010x}"),
            Self::SipStatus(code) => write!(f, "SIP {code}"),
            Self::HttpStatus(code) => write!(f, "HTTP {code}"),
            Self::MapError(code) => write!(f, "MAP error {code}"),
            Self::MapDialogue(how) => write!(f, "MAP dialogue {how}"),
            Self::SccpReturn(cause) => write!(f, "SCCP return cause {cause}"),
            Self::Internal => f.write_str("internal"),
        }
    }
}

impl PeerCode {
    /// The reference system's error number, where it has one for this code.
    const fn number(self) -> Option<u8> {
        match self {
            Self::MapError(1) => Some(1),   // unknownSubscriber
            Self::MapError(5) => Some(2),   // unidentifiedSubscriber
            Self::MapError(9) => Some(3),   // illegalSubscriber
            Self::MapError(11) => Some(4),  // teleserviceNotProvisioned
            Self::MapError(13) => Some(5),  // callBarred
            Self::MapError(15) => Some(6),  // cug-Reject
            Self::MapError(21) => Some(7),  // facilityNotSupported
            Self::MapError(34) => Some(12), // systemFailure
            Self::MapError(35) => Some(13), // dataMissing
            Self::MapError(36) => Some(14), // unexpectedDataValue
            Self::MapError(12) => Some(22), // illegalEquipment
            Self::MapError(_) | Self::MapDialogue(_) | Self::SccpReturn(_) => Some(10),
            _ => None,
        }
    }
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Try again by the retry plan of this class.
    RetryLater(RetryClass),
    /// Never try again; report the message as undeliverable.
    GiveUp,
}

/// Which list of delays a retry follows.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RetryClass {
    /// The default.
    Ordinary,
    /// The subscriber is busy: soon again.
    Busy,
    /// The subscriber is away: an alert or a registration comes first, time only as a fallback.
    Absent,
    /// The peer is congested or gone: the link waits, not the message.
    Congestion,
}

impl Failure {
    /// Absent, without a stated cause.
    pub const ABSENT: Self = Self::AbsentSubscriber { diagnostic: None };

    /// The one place that decides between retrying and giving up.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::AbsentSubscriber { .. } | Self::MemoryCapacityExceeded => {
                Verdict::RetryLater(RetryClass::Absent)
            }
            Self::SubscriberBusy => Verdict::RetryLater(RetryClass::Busy),
            Self::Throttled { .. } | Self::NoPeer => Verdict::RetryLater(RetryClass::Congestion),
            Self::PeerFault(_) | Self::Timeout | Self::NoRoute | Self::PeerMisbehaved(_) => {
                Verdict::RetryLater(RetryClass::Ordinary)
            }
            Self::UnknownSubscriber | Self::Barred | Self::Unsupported | Self::Refused(_) => Verdict::GiveUp,
        }
    }

    /// Whether the link failed rather than the message: no attempt of the message's own.
    pub fn is_congestion(&self) -> bool {
        self.verdict() == Verdict::RetryLater(RetryClass::Congestion)
    }

    /// How a message ends that ends with this failure.
    pub fn final_state(&self) -> State {
        match self {
            // A phone that cannot be reached is no refusal of the message.
            Self::Refused(PeerCode::MapError(_)) => State::Undeliverable,
            Self::Refused(_) | Self::Barred => State::Rejected,
            _ => State::Undeliverable,
        }
    }

    /// The reference system's error number, as customers parse it from `err:`.
    pub fn number(&self) -> u8 {
        match self {
            Self::UnknownSubscriber => 1,
            Self::Barred => 5,
            Self::Unsupported => 7,
            Self::AbsentSubscriber { .. } => 8,
            Self::PeerFault(code) => code.number().unwrap_or(10),
            Self::Timeout | Self::PeerMisbehaved(_) => 10,
            Self::MemoryCapacityExceeded => 11,
            Self::SubscriberBusy => 23,
            Self::Refused(code) => code.number().unwrap_or(51),
            Self::Throttled { .. } | Self::NoPeer | Self::NoRoute => 194,
        }
    }
}

fn because(diagnostic: Option<u8>) -> String {
    diagnostic.map(|diagnostic| format!(" (diagnostic {diagnostic})")).unwrap_or_default()
}

/// The error number of an expired message.
pub const EXPIRED_NUMBER: u8 = 228;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttling_peer_never_ends_a_message() {
        let verdict = Failure::Throttled { retry_after: None }.verdict();
        assert_eq!(verdict, Verdict::RetryLater(RetryClass::Congestion));
    }

    #[test]
    fn a_map_error_keeps_the_reference_systems_number() {
        let numbers =
            [(1, 1), (5, 2), (9, 3), (11, 4), (13, 5), (21, 7), (34, 12), (35, 13), (36, 14), (12, 22)];
        for (error, number) in numbers {
            assert_eq!(Failure::Refused(PeerCode::MapError(error)).number(), number);
            assert_eq!(Failure::PeerFault(PeerCode::MapError(error)).number(), number);
        }
        assert_eq!(Failure::Refused(PeerCode::MapError(9)).final_state(), State::Undeliverable);
    }

    #[test]
    fn the_networks_diagnostic_of_an_absence_is_kept_for_the_trace() {
        assert_eq!(Failure::ABSENT.to_string(), "subscriber is absent");
        let switched_off = Failure::AbsentSubscriber { diagnostic: Some(1) };
        assert_eq!(switched_off.to_string(), "subscriber is absent (diagnostic 1)");
        assert_eq!(switched_off.verdict(), Failure::ABSENT.verdict());
    }

    #[test]
    fn a_permanent_refusal_ends_it_at_once() {
        assert_eq!(Failure::UnknownSubscriber.verdict(), Verdict::GiveUp);
        assert_eq!(Failure::Refused(PeerCode::SipStatus(603)).verdict(), Verdict::GiveUp);
        assert_eq!(Failure::Refused(PeerCode::Internal).final_state(), State::Rejected);
    }
}
