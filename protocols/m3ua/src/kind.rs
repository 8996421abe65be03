//! The message classes and types of M3UA (RFC 4666 §3.1.2).

use crate::Error;

/// The kind of a message: its class and type.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// ERR, Error.
    Error,
    /// NTFY, Notify.
    Notify,
    /// DATA, Payload Data.
    Data,
    /// DUNA, Destination Unavailable.
    Duna,
    /// DAVA, Destination Available.
    Dava,
    /// DAUD, Destination State Audit.
    Daud,
    /// SCON, Signalling Congestion.
    Scon,
    /// DUPU, Destination User Part Unavailable.
    Dupu,
    /// DRST, Destination Restricted.
    Drst,
    /// ASPUP, ASP Up.
    AspUp,
    /// ASPDN, ASP Down.
    AspDown,
    /// BEAT, Heartbeat.
    Beat,
    /// ASPUP ACK.
    AspUpAck,
    /// ASPDN ACK.
    AspDownAck,
    /// BEAT ACK.
    BeatAck,
    /// ASPAC, ASP Active.
    AspActive,
    /// ASPIA, ASP Inactive.
    AspInactive,
    /// ASPAC ACK.
    AspActiveAck,
    /// ASPIA ACK.
    AspInactiveAck,
    /// REG REQ, Registration Request.
    RegReq,
    /// REG RSP, Registration Response.
    RegRsp,
    /// DEREG REQ, Deregistration Request.
    DeregReq,
    /// DEREG RSP, Deregistration Response.
    DeregRsp,
}

impl Kind {
    /// Every kind with its class and type octets.
    pub const ALL: [(Self, u8, u8); 23] = [
        (Self::Error, 0, 0),
        (Self::Notify, 0, 1),
        (Self::Data, 1, 1),
        (Self::Duna, 2, 1),
        (Self::Dava, 2, 2),
        (Self::Daud, 2, 3),
        (Self::Scon, 2, 4),
        (Self::Dupu, 2, 5),
        (Self::Drst, 2, 6),
        (Self::AspUp, 3, 1),
        (Self::AspDown, 3, 2),
        (Self::Beat, 3, 3),
        (Self::AspUpAck, 3, 4),
        (Self::AspDownAck, 3, 5),
        (Self::BeatAck, 3, 6),
        (Self::AspActive, 4, 1),
        (Self::AspInactive, 4, 2),
        (Self::AspActiveAck, 4, 3),
        (Self::AspInactiveAck, 4, 4),
        (Self::RegReq, 9, 1),
        (Self::RegRsp, 9, 2),
        (Self::DeregReq, 9, 3),
        (Self::DeregRsp, 9, 4),
    ];

    /// The kind of these two octets; the error distinguishes an unknown class from an unknown type.
    pub fn from_octets(class: u8, kind: u8) -> Result<Self, Error> {
        if let Some((found, ..)) = Self::ALL.into_iter().find(|row| (row.1, row.2) == (class, kind)) {
            return Ok(found);
        }
        let known = Self::ALL.into_iter().any(|row| row.1 == class);
        Err(if known { Error::Type { class, kind } } else { Error::Class(class) })
    }

    /// The class octet and the type octet.
    #[must_use]
    pub fn octets(self) -> (u8, u8) {
        let row = Self::ALL.into_iter().find(|row| row.0 == self);
        row.map_or((0, 0), |(_, class, kind)| (class, kind))
    }

    /// Whether the message requires stream 0: MGMT and ASPSM, except BEAT (RFC 4666 §1.4.7).
    #[must_use]
    pub fn is_for_stream_zero(self) -> bool {
        let beat = matches!(self, Self::Beat | Self::BeatAck);
        matches!(self.octets().0, 0 | 3) && !beat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_codec() {
        for class in 0..=u8::MAX {
            for kind in 0..=u8::MAX {
                let ours = Kind::from_octets(class, kind);
                let theirs = codec::MessageType::from_class_type(class, kind);
                assert_eq!(ours.is_ok(), theirs.is_ok(), "{class} {kind}");
                if let Ok(found) = ours {
                    assert_eq!(found.octets(), (class, kind));
                }
            }
        }
    }

    #[test]
    fn unknown_classes_and_types_have_distinct_errors() {
        assert_eq!(Kind::from_octets(5, 1), Err(Error::Class(5)));
        assert_eq!(Kind::from_octets(1, 0), Err(Error::Type { class: 1, kind: 0 }));
    }
}
