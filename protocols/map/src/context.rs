//! Application contexts of the short message procedures, and the versions of MAP (TS 29.002 §17.3).

/// The version of a MAP dialogue.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Version {
    /// Version 1: no dialogue portion and hence no application context name.
    V1,
    /// Version 2.
    V2,
    /// Version 3.
    V3,
}

impl Version {
    /// 1, 2 or 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    /// The version of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            3 => Some(Self::V3),
            _ => None,
        }
    }

    /// The next lower version.
    pub const fn lower(self) -> Option<Self> {
        match self {
            Self::V3 => Some(Self::V2),
            Self::V2 => Some(Self::V1),
            Self::V1 => None,
        }
    }
}

/// An application context.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Context {
    /// shortMsgGatewayContext, 20: the centre and the HLR.
    ShortMsgGateway,
    /// shortMsgMO-RelayContext, 21: from a subscriber's node to the centre. Version 1 and many
    /// nodes of version 2 have one relay context for both directions.
    ShortMsgMoRelay,
    /// shortMsgAlertContext, 23: the HLR alerts the centre.
    ShortMsgAlert,
    /// mwdMngtContext, 24: a subscriber's node reports to the HLR that the subscriber is reachable.
    MwdMngt,
    /// shortMsgMT-RelayContext, 25: from the centre to the subscriber's node.
    ShortMsgMtRelay,
}

/// The prefix of all application context names of MAP: itu-t, identified-organization, etsi,
/// mobileDomain, gsm-Network, map-ac.
const PREFIX: [u8; 5] = [0x04, 0x00, 0x00, 0x01, 0x00];

impl Context {
    /// The last arc but one of the object identifier.
    pub const fn number(self) -> u8 {
        match self {
            Self::ShortMsgGateway => 20,
            Self::ShortMsgMoRelay => 21,
            Self::ShortMsgAlert => 23,
            Self::MwdMngt => 24,
            Self::ShortMsgMtRelay => 25,
        }
    }

    /// The context of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            20 => Some(Self::ShortMsgGateway),
            21 => Some(Self::ShortMsgMoRelay),
            23 => Some(Self::ShortMsgAlert),
            24 => Some(Self::MwdMngt),
            25 => Some(Self::ShortMsgMtRelay),
            _ => None,
        }
    }

    /// The highest version that the standard defines.
    pub const fn version_max(self) -> Version {
        match self {
            Self::ShortMsgAlert => Version::V2,
            _ => Version::V3,
        }
    }

    /// The contents of the object identifier of this context in `version`.
    pub const fn oid(self, version: Version) -> [u8; 7] {
        let [a, b, c, d, e] = PREFIX;
        [a, b, c, d, e, self.number(), version.number()]
    }

    /// The context and the version number of an object identifier's contents. The number is not
    /// checked against the versions that exist.
    pub fn from_oid(contents: &[u8]) -> Option<(Self, u8)> {
        match contents.strip_prefix(&PREFIX) {
            Some(&[number, version]) => Some((Self::from_number(number)?, version)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_those_of_captured_dialogues() {
        // 0.4.0.0.1.0.25.3 in the AARQ of an mt-forwardSM.
        let octets = [0x04, 0x00, 0x00, 0x01, 0x00, 0x19, 0x03];
        assert_eq!(Context::from_oid(&octets), Some((Context::ShortMsgMtRelay, 3)));
        assert_eq!(Context::ShortMsgMtRelay.oid(Version::V3), octets);
    }

    #[test]
    fn every_context_and_version_is_found_again() {
        for number in 0..=255 {
            let Some(context) = Context::from_number(number) else { continue };
            assert_eq!(context.number(), number);
            for version in [Version::V1, Version::V2, Version::V3] {
                assert_eq!(Context::from_oid(&context.oid(version)), Some((context, version.number())));
                assert_eq!(Version::from_number(version.number()), Some(version));
            }
        }
    }

    #[test]
    fn other_identifiers_are_no_contexts() {
        for contents in
            [&[][..], &PREFIX, &[4, 0, 0, 1, 0, 20], &[4, 0, 0, 1, 0, 1, 3], &[4, 0, 0, 1, 0, 20, 3, 0]]
        {
            assert_eq!(Context::from_oid(contents), None);
        }
    }
}
