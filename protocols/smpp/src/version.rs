//! `interface_version`: the SMPP version of a session (SMPP 3.4 §5.2.4, §5.3.2.25; SMPP 5.0 §4.7.13).

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Version {
    /// 3.3 or earlier: no optional parameters.
    V3_3,
    /// 3.4.
    V3_4,
    /// 5.0.
    V5_0,
}

impl Version {
    /// Reads an `interface_version`. 0x00 to 0x33 is 3.3 or earlier; an
    /// unknown number counts as the last version before it.
    pub const fn from_interface_version(octet: u8) -> Self {
        match octet {
            0x00..=0x33 => Self::V3_3,
            0x34..=0x4f => Self::V3_4,
            _ => Self::V5_0,
        }
    }

    /// The octet for bind and for `sc_interface_version`.
    pub const fn interface_version(self) -> u8 {
        match self {
            Self::V3_3 => 0x33,
            Self::V3_4 => 0x34,
            Self::V5_0 => 0x50,
        }
    }

    /// Whether a peer of this version may be sent optional parameters
    /// (SMPP 3.4 §3.3: never to an ESME or centre of version 3.3 or earlier).
    pub const fn has_tlvs(self) -> bool {
        !matches!(self, Self::V3_3)
    }
}
