//! Inputs and outputs of an M3UA node: associations, transfers, MTP primitives, states.

use std::fmt;

use bytes::Bytes;

use crate::{LinkId, ProtocolData, ServerId};

/// An MTP-TRANSFER: one message of an MTP user, with its routing label.
#[derive(Clone, Eq, PartialEq)]
pub struct Transfer {
    /// The application server of the traffic.
    pub server: ServerId,
    /// Originating point code.
    pub opc: u32,
    /// Destination point code.
    pub dpc: u32,
    /// Service indicator: 3 is SCCP.
    pub service_indicator: u8,
    /// Network indicator: 0 international, 2 national.
    pub network_indicator: u8,
    /// Message priority, 0 to 3.
    pub priority: u8,
    /// Signalling link selection: transfers with equal values stay in order.
    pub sls: u8,
    /// The message of the MTP user; at most [`Transfer::PAYLOAD_OCTETS_MAX`].
    pub payload: Bytes,
}

impl Transfer {
    /// The longest payload, in octets.
    pub const PAYLOAD_OCTETS_MAX: usize = 65_000;

    pub(crate) fn new(server: ServerId, data: ProtocolData) -> Self {
        let ProtocolData { opc, dpc, service_indicator, network_indicator, priority, sls, payload } = data;
        Self { server, opc, dpc, service_indicator, network_indicator, priority, sls, payload }
    }

    pub(crate) fn protocol_data(&self) -> ProtocolData {
        ProtocolData {
            opc: self.opc,
            dpc: self.dpc,
            service_indicator: self.service_indicator,
            network_indicator: self.network_indicator,
            priority: self.priority,
            sls: self.sls,
            payload: self.payload.clone(),
        }
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.server, self.protocol_data())
    }
}

/// The availability of a point code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Availability {
    /// Available.
    Available,
    /// Restricted: another route is preferable.
    Restricted,
    /// Unavailable.
    Unavailable,
    /// Congested: level 1 to 3, or 0 at the end of the congestion.
    Congested(u8),
}

/// The state of an association's process (RFC 4666 §4.3.1).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum AspState {
    /// ASP-DOWN.
    Down,
    /// ASP-INACTIVE.
    Inactive,
    /// ASP-ACTIVE for at least one application server.
    Active,
}

/// The state of an application server (RFC 4666 §4.3.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ServerState {
    /// AS-DOWN: no process is up.
    Down,
    /// AS-INACTIVE: processes are up, too few are active.
    Inactive,
    /// AS-ACTIVE.
    Active,
    /// AS-PENDING: no process is active any more; traffic is held for T(r).
    Pending,
}

/// An input.
#[derive(Clone, Eq, PartialEq)]
pub enum Input {
    /// The association is up.
    Connected {
        /// The association or application server.
        link: LinkId,
        /// Outbound streams; 0 counts as 1.
        streams: u16,
    },
    /// The association is lost.
    Lost {
        /// The association or application server.
        link: LinkId,
    },
    /// The peer has restarted the association: lost, and up again.
    Restarted {
        /// The association or application server.
        link: LinkId,
    },
    /// The send queue of the association is congested, or no longer.
    Congested {
        /// The association or application server.
        link: LinkId,
        /// Whether it is congested now.
        congested: bool,
    },
    /// A message was received.
    Received {
        /// The association.
        link: LinkId,
        /// The stream; 0 over TCP.
        stream: u16,
        /// The whole message.
        octets: Bytes,
    },
    /// A transfer to send (MTP-TRANSFER request).
    Transfer(Transfer),
    /// At an SGP: the availability of point codes has changed. Active ASPs are informed.
    PointCodes {
        /// The application server to inform.
        server: ServerId,
        /// The point codes.
        point_codes: Vec<u32>,
        /// Their new availability.
        change: Availability,
    },
    /// At an SGP: a user part at a point code is unavailable. Active ASPs are informed.
    UserPart {
        /// The application server to inform.
        server: ServerId,
        /// The point code of the user part.
        point_code: u32,
        /// The user part: 3 is SCCP.
        user: u8,
        /// The cause: 0 unknown, 1 unequipped, 2 inaccessible.
        cause: u8,
    },
    /// Shut down: ASPIA, ASPDN, then close every association. Final for this node.
    Stop,
    /// [`crate::M3ua::deadline`] has passed.
    Tick,
}

/// A request to the transport, or an indication.
#[derive(Clone, Eq, PartialEq)]
pub enum Output {
    /// Send these octets, with payload protocol identifier 3.
    Send {
        /// The association.
        link: LinkId,
        /// The stream, always below the number that [`Input::Connected`] gave.
        stream: u16,
        /// The whole message.
        octets: Bytes,
    },
    /// Close the association after the queued messages are sent.
    Close {
        /// The association or application server.
        link: LinkId,
    },
    /// MTP-TRANSFER indication.
    Transfer {
        /// The association.
        link: LinkId,
        /// The transfer.
        transfer: Transfer,
    },
    /// A transfer that was not sent: no active process, T(r) expired, queue full, too long, or the point
    /// code unavailable.
    Discarded(Transfer),
    /// An application server has changed its state.
    Server {
        /// The association or application server.
        server: ServerId,
        /// The new state.
        state: ServerState,
    },
    /// A link has changed its state.
    Link {
        /// The association or application server.
        link: LinkId,
        /// The new state.
        state: AspState,
    },
    /// MTP-PAUSE, MTP-RESUME or MTP-STATUS.
    PointCode {
        /// The application server.
        server: ServerId,
        /// The point code.
        point_code: u32,
        /// The number of its low wildcard bits.
        mask: u8,
        /// Its availability.
        state: Availability,
    },
    /// A user part at a point code is unavailable.
    UserUnavailable {
        /// The application server.
        server: ServerId,
        /// The point code of the user part.
        point_code: u32,
        /// The user part: 3 is SCCP.
        user: u8,
        /// The cause: 0 unknown, 1 unequipped, 2 inaccessible.
        cause: u8,
    },
    /// An ERR was sent or received.
    Refused {
        /// The association.
        link: LinkId,
        /// The error code (RFC 4666 §3.8.1).
        code: u32,
        /// Whether this node sent it.
        sent: bool,
    },
}

// Without payloads, since user data must not reach a log.

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { link, streams } => write!(f, "{link:?} connected, {streams} streams"),
            Self::Lost { link } => write!(f, "{link:?} lost"),
            Self::Restarted { link } => write!(f, "{link:?} restarted"),
            Self::Congested { link, congested } => write!(f, "{link:?} congested: {congested}"),
            Self::Received { link, stream, octets } => {
                write!(f, "{link:?} received {} octets on stream {stream}", octets.len())
            }
            Self::Transfer(transfer) => write!(f, "transfer {transfer:?}"),
            Self::PointCodes { server, point_codes, change } => {
                write!(f, "{server:?}: {} point codes {change:?}", point_codes.len())
            }
            Self::UserPart { server, point_code, user, cause } => {
                write!(f, "{server:?}: user {user} at {point_code} unavailable, cause {cause}")
            }
            Self::Stop => f.write_str("stop"),
            Self::Tick => f.write_str("tick"),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { link, stream, octets } => {
                write!(f, "{link:?} sends {} octets on stream {stream}", octets.len())
            }
            Self::Close { link } => write!(f, "{link:?} closes"),
            Self::Transfer { link, transfer } => write!(f, "{link:?} brings {transfer:?}"),
            Self::Discarded(transfer) => write!(f, "discarded {transfer:?}"),
            Self::Server { server, state } => write!(f, "{server:?} is {state:?}"),
            Self::Link { link, state } => write!(f, "{link:?} is {state:?}"),
            Self::PointCode { server, point_code, mask, state } => {
                write!(f, "{server:?}: {point_code} with mask {mask} is {state:?}")
            }
            Self::UserUnavailable { server, point_code, user, cause } => {
                write!(f, "{server:?}: user {user} at {point_code} unavailable, cause {cause}")
            }
            Self::Refused { link, code, sent } => {
                write!(f, "{link:?}: error {code:#x} {}", if *sent { "sent" } else { "received" })
            }
        }
    }
}
