//! Inputs and outputs of an SCCP node: N-UNITDATA, N-NOTICE, N-STATE and MTP primitives (Q.711).

use std::fmt;

use bytes::Bytes;

use crate::{Address, Error, NetworkId, ReturnCause};

/// N-UNITDATA request of a local user (Q.711).
#[derive(Clone, Eq, PartialEq)]
pub struct Unitdata {
    /// The routing domain.
    pub network: NetworkId,
    /// Called party address.
    pub called: Address,
    /// Calling party address. A local point code in it becomes the originating point code.
    pub calling: Address,
    /// Signalling link selection; messages with the same value keep their order.
    pub sls: u8,
    /// Protocol class 1.
    pub in_sequence: bool,
    /// Return option: a node that cannot deliver the message returns it.
    pub return_on_error: bool,
    /// User data.
    pub data: Bytes,
}

/// N-UNITDATA indication to a local user.
#[derive(Clone, Eq, PartialEq)]
pub struct Indication {
    /// The routing domain.
    pub network: NetworkId,
    /// Originating point code of the layer below; a local one if the sender is a local user.
    pub opc: u32,
    /// Called party address, exactly as received.
    pub called: Address,
    /// Calling party address, exactly as received: the called address of a reply.
    pub calling: Address,
    /// The signalling link selection.
    pub sls: u8,
    /// Protocol class 1.
    pub in_sequence: bool,
    /// Return option of the sender.
    pub return_on_error: bool,
    /// User data, reassembled.
    pub data: Bytes,
}

/// State of a signalling point, from the layer below.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PointCodeState {
    /// Accessible (MTP-RESUME, DAVA, an active application server).
    Available,
    /// Accessible with restrictions (DRST).
    Restricted,
    /// Inaccessible (MTP-PAUSE, DUNA).
    Unavailable,
    /// Congestion level: 1 to 3, and 0 at its end (MTP-STATUS, SCON).
    Congested(u8),
}

/// An input.
#[derive(Clone, Eq, PartialEq)]
pub enum Input {
    /// The layer below received a message (MTP-TRANSFER indication).
    Transfer {
        /// The routing domain of the association.
        network: NetworkId,
        /// Originating point code.
        opc: u32,
        /// Destination point code, a local one.
        dpc: u32,
        /// Signalling link selection.
        sls: u8,
        /// The message.
        payload: Bytes,
    },
    /// A local user sends a message.
    Unitdata(Unitdata),
    /// The state of a signalling point has changed.
    PointCode {
        /// The routing domain.
        network: NetworkId,
        /// The point.
        point_code: u32,
        /// Its state.
        state: PointCodeState,
    },
    /// The point is accessible, but its SCCP is unavailable (MTP-STATUS, DUPU).
    UserUnavailable {
        /// The routing domain.
        network: NetworkId,
        /// The point.
        point_code: u32,
    },
    /// A local subsystem goes in or out of service (N-STATE request). One never in service is unequipped.
    Subsystem {
        /// The routing domain.
        network: NetworkId,
        /// Its number, 2 to 255.
        subsystem: u8,
        /// Whether it is in service.
        up: bool,
    },
    /// [`crate::Sccp::deadline`] has passed.
    Tick,
}

/// A request to the layer below or an indication to the user.
#[derive(Clone, Eq, PartialEq)]
pub enum Output {
    /// A message to send (MTP-TRANSFER request).
    Transfer {
        /// The routing domain.
        network: NetworkId,
        /// Originating point code, a local one.
        opc: u32,
        /// Destination point code.
        dpc: u32,
        /// Signalling link selection.
        sls: u8,
        /// The message.
        payload: Bytes,
    },
    /// A message for the local user of its called address.
    Unitdata(Indication),
    /// A local user's message was returned or could not be sent (N-NOTICE indication).
    Notice {
        /// The routing domain.
        network: NetworkId,
        /// The called address of the message; a relay node may have translated it.
        called: Address,
        /// The calling address of the message.
        calling: Address,
        /// The reason.
        cause: ReturnCause,
        /// The user data, or its beginning.
        data: Bytes,
    },
    /// A concerned remote subsystem went in or out of service (N-STATE indication).
    Subsystem {
        /// The routing domain.
        network: NetworkId,
        /// Its point code.
        point_code: u32,
        /// Its number.
        subsystem: u8,
        /// Whether it is in service.
        up: bool,
    },
    /// A message from the network was not delivered; count it.
    Refused {
        /// The routing domain.
        network: NetworkId,
        /// The originating point code.
        opc: u32,
        /// The reason.
        cause: ReturnCause,
        /// Whether a service message went back to the sender.
        returned: bool,
    },
    /// A message from the network was discarded; count it.
    Discarded {
        /// The routing domain.
        network: NetworkId,
        /// The originating point code.
        opc: u32,
        /// The reason.
        reason: Discard,
    },
}

/// Why a received message was discarded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Discard {
    /// It is malformed.
    Malformed(Error),
    /// Its routing domain or its destination point code is not local.
    NotOurs,
    /// A management message that is unknown, malformed, or concerns an unknown point.
    Management,
    /// A returned segment after the first: the first one alone causes the notice.
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
