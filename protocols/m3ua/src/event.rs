//! What goes into a node and what comes out of it.

use std::fmt;

use bytes::Bytes;

use crate::{LinkId, ProtocolData, ServerId};

/// An MTP-TRANSFER: one message of an MTP user, with its routing label.
#[derive(Clone, Eq, PartialEq)]
pub struct Transfer {
    /// The application server whose traffic it is.
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
    /// Signalling link selection: transfers with the same one stay in order.
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

/// How well a point code can be reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Availability {
    /// As usual.
    Available,
    /// Another way is better.
    Restricted,
    /// Not at all.
    Unavailable,
    /// Reached, but overloaded: level 1 to 3, or 0 when the congestion is over.
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
    /// AS-PENDING: the last active process has gone; traffic is held for T(r).
    Pending,
}

/// What happened.
#[derive(Clone, Eq, PartialEq)]
pub enum Input {
    /// The association is up.
    Connected {
        /// Which one.
        link: LinkId,
        /// Streams that may be sent on; 0 counts as 1.
        streams: u16,
    },
    /// The association is gone.
    Lost {
        /// Which one.
        link: LinkId,
    },
    /// The peer has restarted the association: lost, and up again.
    Restarted {
        /// Which one.
        link: LinkId,
    },
    /// The association has more to send than it likes, or no longer.
    Congested {
        /// Which one.
        link: LinkId,
        /// Whether it is congested now.
        congested: bool,
    },
    /// A message came in.
    Received {
        /// On which association.
        link: LinkId,
        /// On which stream; 0 over TCP.
        stream: u16,
        /// The whole message.
        octets: Bytes,
    },
    /// Send this.
    Transfer(Transfer),
    /// At an SGP: the network reaches these point codes so from now on. Active processes are told.
    PointCodes {
        /// The application server whose processes are concerned.
        server: ServerId,
        /// The point codes.
        point_codes: Vec<u32>,
        /// How they are reached.
        change: Availability,
    },
    /// At an SGP: a user part at a point code is unavailable. Active processes are told.
    UserPart {
        /// The application server whose processes are concerned.
        server: ServerId,
        /// Where the user part is.
        point_code: u32,
        /// Which user part: 3 is SCCP.
        user: u8,
        /// Why: 0 unknown, 1 unequipped, 2 inaccessible.
        cause: u8,
    },
    /// Leave: ASPIA, ASPDN, then close every association. A node does not come back from it.
    Stop,
    /// [`crate::M3ua::deadline`] has come.
    Tick,
}

/// What to do, or what is now so.
#[derive(Clone, Eq, PartialEq)]
pub enum Output {
    /// Send these octets, with payload protocol identifier 3.
    Send {
        /// On which association.
        link: LinkId,
        /// On which stream, always below the number that [`Input::Connected`] gave.
        stream: u16,
        /// The whole message.
        octets: Bytes,
    },
    /// Close the association once what was sent has left.
    Close {
        /// Which one.
        link: LinkId,
    },
    /// MTP-TRANSFER indication.
    Transfer {
        /// Where it came in.
        link: LinkId,
        /// What came in.
        transfer: Transfer,
    },
    /// A transfer that was not sent: no active process, T(r) over, too much held, too long, or a point
    /// code that is unavailable.
    Discarded(Transfer),
    /// An application server has changed its state.
    Server {
        /// Which one.
        server: ServerId,
        /// The state now.
        state: ServerState,
    },
    /// A link has changed its state.
    Link {
        /// Which one.
        link: LinkId,
        /// The state now.
        state: AspState,
    },
    /// MTP-PAUSE, MTP-RESUME or MTP-STATUS.
    PointCode {
        /// Whose traffic is concerned.
        server: ServerId,
        /// Which point code.
        point_code: u32,
        /// How many of its low bits stand for all values.
        mask: u8,
        /// How it is reached now.
        state: Availability,
    },
    /// A user part at a point code is unavailable.
    UserUnavailable {
        /// Whose traffic is concerned.
        server: ServerId,
        /// Where the user part is.
        point_code: u32,
        /// Which user part: 3 is SCCP.
        user: u8,
        /// Why: 0 unknown, 1 unequipped, 2 inaccessible.
        cause: u8,
    },
    /// An ERR went out or came in.
    Refused {
        /// On which association.
        link: LinkId,
        /// The error code (RFC 4666 §3.8.1).
        code: u32,
        /// Whether it was this node that refused.
        sent: bool,
    },
}

// By hand, because what others write to each other has no place in a log.

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
