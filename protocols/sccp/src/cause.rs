//! Return causes (Q.713 §3.12).

use std::fmt;

/// A return cause of UDTS, XUDTS and LUDTS.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ReturnCause(pub u8);

impl ReturnCause {
    /// No translation for an address of such nature: no rule matches titles of this kind.
    pub const NO_TRANSLATION_OF_NATURE: Self = Self(0);
    /// No translation for this specific address: rules match its kind, none its digits.
    pub const NO_TRANSLATION_OF_ADDRESS: Self = Self(1);
    /// The destination's subsystem is congested.
    pub const SUBSYSTEM_CONGESTION: Self = Self(2);
    /// The destination's subsystem is down.
    pub const SUBSYSTEM_FAILURE: Self = Self(3);
    /// The destination has no such subsystem.
    pub const UNEQUIPPED_USER: Self = Self(4);
    /// The destination's signalling point cannot be reached.
    pub const MTP_FAILURE: Self = Self(5);
    /// The route to the destination is congested.
    pub const NETWORK_CONGESTION: Self = Self(6);
    /// Unqualified.
    pub const UNQUALIFIED: Self = Self(7);
    /// Segments were lost or came out of order.
    pub const ERROR_IN_MESSAGE_TRANSPORT: Self = Self(8);
    /// A node could not process the message.
    pub const ERROR_IN_LOCAL_PROCESSING: Self = Self(9);
    /// The destination has no capacity to reassemble.
    pub const DESTINATION_CANNOT_REASSEMBLE: Self = Self(10);
    /// The destination is reachable, but its SCCP is not available.
    pub const SCCP_FAILURE: Self = Self(11);
    /// The message has passed too many translations.
    pub const HOP_COUNTER_VIOLATION: Self = Self(12);
    /// The message is too long for one segment, and the destination is not known to support segmentation.
    pub const SEGMENTATION_NOT_SUPPORTED: Self = Self(13);
    /// The message is too long for sixteen segments.
    pub const SEGMENTATION_FAILURE: Self = Self(14);
}

impl fmt::Display for ReturnCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::NO_TRANSLATION_OF_NATURE => "no translation for an address of such nature",
            Self::NO_TRANSLATION_OF_ADDRESS => "no translation for this specific address",
            Self::SUBSYSTEM_CONGESTION => "subsystem congestion",
            Self::SUBSYSTEM_FAILURE => "subsystem failure",
            Self::UNEQUIPPED_USER => "unequipped user",
            Self::MTP_FAILURE => "MTP failure",
            Self::NETWORK_CONGESTION => "network congestion",
            Self::UNQUALIFIED => "unqualified",
            Self::ERROR_IN_MESSAGE_TRANSPORT => "error in message transport",
            Self::ERROR_IN_LOCAL_PROCESSING => "error in local processing",
            Self::DESTINATION_CANNOT_REASSEMBLE => "destination cannot perform reassembly",
            Self::SCCP_FAILURE => "SCCP failure",
            Self::HOP_COUNTER_VIOLATION => "hop counter violation",
            Self::SEGMENTATION_NOT_SUPPORTED => "segmentation not supported",
            Self::SEGMENTATION_FAILURE => "segmentation failure",
            Self(other) => return write!(f, "return cause {other}"),
        })
    }
}

impl fmt::Debug for ReturnCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({self})", self.0)
    }
}
