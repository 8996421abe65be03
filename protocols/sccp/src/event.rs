//! What happens to a node, and what it wants done.

use std::fmt;

use bytes::Bytes;

use crate::{Address, Error, NetworkId, ReturnCause};

/// A message that a local user wants sent (N-UNITDATA request, Q.711).
#[derive(Clone, Eq, PartialEq)]
pub struct Unitdata {
    /// The routing domain.
    pub network: NetworkId,
    /// To whom.
    pub called: Address,
    /// From whom. Where it has one of our point codes, the message is sent from that.
    pub calling: Address,
    /// The signalling link selection; what has the same keeps its order.
    pub sls: u8,
    /// Protocol class 1.
    pub in_sequence: bool,
    /// Whether a node that cannot deliver it is to send it back.
    pub return_on_error: bool,
    /// User data.
    pub data: Bytes,
}

/// A message for a local user (N-UNITDATA indication).
#[derive(Clone, Eq, PartialEq)]
pub struct Indication {
    /// The routing domain.
    pub network: NetworkId,
    /// The point that the layer below names as its origin; our own where a local user sent it.
    pub opc: u32,
    /// To whom, exactly as received.
    pub called: Address,
    /// From whom, exactly as received: the called address of a reply.
    pub calling: Address,
    /// The signalling link selection.
    pub sls: u8,
    /// Protocol class 1.
    pub in_sequence: bool,
    /// Whether the sender wants it back if it is not delivered.
    pub return_on_error: bool,
    /// User data, reassembled.
    pub data: Bytes,
}

/// What the layer below knows about a point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PointCodeState {
    /// It can be reached (MTP-RESUME, DAVA, an active application server).
    Available,
    /// It can be reached, but not well (DRST).
    Restricted,
    /// It cannot be reached (MTP-PAUSE, DUNA).
    Unavailable,
    /// The way is congested: 1 to 3, and 0 when it is over (MTP-STATUS, SCON).
    Congested(u8),
}

/// What happened.
#[derive(Clone, Eq, PartialEq)]
pub enum Input {
    /// The layer below received a message (MTP-TRANSFER indication).
    Transfer {
        /// The routing domain of the association.
        network: NetworkId,
        /// Originating point code.
        opc: u32,
        /// Destination point code: one of ours.
        dpc: u32,
        /// Signalling link selection.
        sls: u8,
        /// The message.
        payload: Bytes,
    },
    /// A local user sends.
    Unitdata(Unitdata),
    /// The layer below knows something new about a point.
    PointCode {
        /// The routing domain.
        network: NetworkId,
        /// The point.
        point_code: u32,
        /// What about it.
        state: PointCodeState,
    },
    /// The point is there, but its SCCP is not (MTP-STATUS, DUPU).
    UserUnavailable {
        /// The routing domain.
        network: NetworkId,
        /// The point.
        point_code: u32,
    },
    /// A local subsystem comes or goes (N-STATE request). One that was never up is unequipped.
    Subsystem {
        /// The routing domain.
        network: NetworkId,
        /// Its number, 2 to 255.
        subsystem: u8,
        /// Whether it is in service.
        up: bool,
    },
    /// [`crate::Sccp::deadline`] has come.
    Tick,
}

/// What to do, or to know.
#[derive(Clone, Eq, PartialEq)]
pub enum Output {
    /// Send this (MTP-TRANSFER request).
    Transfer {
        /// The routing domain.
        network: NetworkId,
        /// Originating point code: one of ours.
        opc: u32,
        /// Destination point code.
        dpc: u32,
        /// Signalling link selection.
        sls: u8,
        /// The message.
        payload: Bytes,
    },
    /// Give this to the local user that its called address names.
    Unitdata(Indication),
    /// A local user's message was not delivered (N-NOTICE): it came back, or could not be sent.
    Notice {
        /// The routing domain.
        network: NetworkId,
        /// The called address of what was sent; a node on the way may have translated it.
        called: Address,
        /// The calling address of what was sent.
        calling: Address,
        /// Why.
        cause: ReturnCause,
        /// What was sent, or its beginning.
        data: Bytes,
    },
    /// A remote subsystem that somebody watches came or went (N-STATE indication).
    Subsystem {
        /// The routing domain.
        network: NetworkId,
        /// Where it is.
        point_code: u32,
        /// Its number.
        subsystem: u8,
        /// Whether it takes messages.
        up: bool,
    },
    /// A message from the network was not delivered; count it.
    Refused {
        /// The routing domain.
        network: NetworkId,
        /// Who sent it.
        opc: u32,
        /// Why.
        cause: ReturnCause,
        /// Whether a service message went back to the sender.
        returned: bool,
    },
    /// A message from the network said nothing to us; count it.
    Discarded {
        /// The routing domain.
        network: NetworkId,
        /// Who sent it.
        opc: u32,
        /// Why.
        reason: Discard,
    },
}

/// Why a received message said nothing to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Discard {
    /// Its octets are wrong.
    Malformed(Error),
    /// Its routing domain or its destination point code is not ours.
    NotOurs,
    /// A management message that is unknown, about somebody else, or malformed.
    Management,
    /// A segment after the first of a message that comes back: its first one tells it all.
    LaterSegment,
}

impl fmt::Debug for Unitdata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unitdata")
            .field("network", &self.network)
            .field("called", &self.called)
            .field("calling", &self.calling)
            .field("sls", &self.sls)
            .field("data_octets", &self.data.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Indication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indication")
            .field("network", &self.network)
            .field("opc", &self.opc)
            .field("called", &self.called)
            .field("calling", &self.calling)
            .field("sls", &self.sls)
            .field("data_octets", &self.data.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer { network, opc, dpc, sls, payload } => {
                write!(f, "Transfer {network:?} {opc} to {dpc} sls {sls}, {} octets", payload.len())
            }
            Self::Unitdata(unitdata) => unitdata.fmt(f),
            Self::PointCode { network, point_code, state } => {
                write!(f, "PointCode {network:?} {point_code} {state:?}")
            }
            Self::UserUnavailable { network, point_code } => {
                write!(f, "UserUnavailable {network:?} {point_code}")
            }
            Self::Subsystem { network, subsystem, up } => {
                write!(f, "Subsystem {network:?} {subsystem} up {up}")
            }
            Self::Tick => f.write_str("Tick"),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer { network, opc, dpc, sls, payload } => {
                write!(f, "Transfer {network:?} {opc} to {dpc} sls {sls}, {} octets", payload.len())
            }
            Self::Unitdata(indication) => indication.fmt(f),
            Self::Notice { network, called, calling, cause, data } => {
                write!(f, "Notice {network:?} {called:?} from {calling:?}: {cause:?}, {} octets", data.len())
            }
            Self::Subsystem { network, point_code, subsystem, up } => {
                write!(f, "Subsystem {network:?} {point_code} {subsystem} up {up}")
            }
            Self::Refused { network, opc, cause, returned } => {
                write!(f, "Refused {network:?} {opc}: {cause:?}, returned {returned}")
            }
            Self::Discarded { network, opc, reason } => write!(f, "Discarded {network:?} {opc}: {reason:?}"),
        }
    }
}
