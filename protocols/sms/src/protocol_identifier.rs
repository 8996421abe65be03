//! TP-Protocol-Identifier (3GPP TS 23.040 §9.2.3.9).

/// TP-PID, kept as it came.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct ProtocolIdentifier(pub u8);

impl ProtocolIdentifier {
    /// An ordinary message from person to person.
    pub const DEFAULT: Self = Self(0x00);
    /// Short Message Type 0: the phone acknowledges it and shows nothing ("silent").
    pub const TYPE_0: Self = Self(0x40);
    /// Return call message.
    pub const RETURN_CALL: Self = Self(0x5f);
    /// Data for the mobile equipment.
    pub const ME_DATA_DOWNLOAD: Self = Self(0x7d);
    /// Data for the SIM, passed to it by the phone.
    pub const SIM_DATA_DOWNLOAD: Self = Self(0x7f);

    /// Whether the phone hides the message.
    pub const fn is_type_0(self) -> bool {
        self.0 == Self::TYPE_0.0
    }

    /// Which Replace Short Message Type this is, 1 to 7: a newer message of the
    /// same type, originator and service centre takes the older one's place.
    pub const fn replace_type(self) -> Option<u8> {
        match self.0 {
            0x41..=0x47 => Some(self.0 - 0x40),
            _ => None,
        }
    }
}

impl From<u8> for ProtocolIdentifier {
    fn from(octet: u8) -> Self {
        Self(octet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_25_silent_is_type_0_alone() {
        let silent: Vec<u8> = (0..=255).filter(|&octet| ProtocolIdentifier(octet).is_type_0()).collect();
        assert_eq!(silent, [0x40]);
    }

    #[test]
    fn field_26_replace_types() {
        let types: Vec<_> = (0x40..=0x48).map(|octet| ProtocolIdentifier(octet).replace_type()).collect();
        let expected = [None, Some(1), Some(2), Some(3), Some(4), Some(5), Some(6), Some(7), None];
        assert_eq!(types, expected);
    }
}
