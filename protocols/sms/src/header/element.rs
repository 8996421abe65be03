//! The information elements of a user data header, and the values of the known ones (3GPP TS 23.040 §9.2.3.24).

use std::fmt;

use crate::coding::Waiting;

/// Information element identifiers (TS 23.040 §9.2.3.24) that this crate reads.
pub mod identifier {
    /// Concatenated short messages, 8 bit reference (§9.2.3.24.1).
    pub const CONCATENATION_8: u8 = 0x00;
    /// Special SMS message indication (§9.2.3.24.2).
    pub const SPECIAL_SMS: u8 = 0x01;
    /// Application port addressing, 8 bit (§9.2.3.24.3).
    pub const PORTS_8: u8 = 0x04;
    /// Application port addressing, 16 bit (§9.2.3.24.4).
    pub const PORTS_16: u8 = 0x05;
    /// Concatenated short messages, 16 bit reference (§9.2.3.24.8).
    pub const CONCATENATION_16: u8 = 0x08;
    /// National language single shift (§9.2.3.24.15).
    pub const SINGLE_SHIFT: u8 = 0x24;
    /// National language locking shift (§9.2.3.24.16).
    pub const LOCKING_SHIFT: u8 = 0x25;
}

/// One information element.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Element<'a> {
    /// Information-Element-Identifier.
    pub identifier: u8,
    /// Information-Element-Data, without its length octet.
    pub data: &'a [u8],
}

impl fmt::Debug for Element<'_> {
    /// Shows the length alone: some elements carry pictures and text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x}({} octets)", self.identifier, self.data.len())
    }
}

/// The number that the segments of one message share.
///
/// Its width decides how much room the header leaves for text.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reference {
    /// 8 bits: one more octet for text, but it repeats after 256 messages.
    Eight(u8),
    /// 16 bits.
    Sixteen(u16),
}

impl Reference {
    /// How many bits wide it is.
    pub const fn width(self) -> ReferenceWidth {
        match self {
            Self::Eight(_) => ReferenceWidth::Eight,
            Self::Sixteen(_) => ReferenceWidth::Sixteen,
        }
    }
}

/// How wide a [`Reference`] is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum ReferenceWidth {
    /// 5 octets of header.
    #[default]
    Eight,
    /// 6 octets of header.
    Sixteen,
}

impl ReferenceWidth {
    /// Octets that a concatenation element with such a reference takes, identifier and length included.
    pub const fn element_octets(self) -> usize {
        match self {
            Self::Eight => 5,
            Self::Sixteen => 6,
        }
    }
}

/// Which segment of which message this is (§9.2.3.24.1 and .8).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Concatenation {
    /// Shared by all segments of the message.
    pub reference: Reference,
    /// Segments in the message, 1 to 255.
    pub total: u8,
    /// This segment's place, 1 to `total`.
    pub sequence: u8,
}

/// Application ports (§9.2.3.24.3 and .4).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ports {
    /// The receiving application.
    pub destination: u16,
    /// The sending application.
    pub source: u16,
}

/// How many messages of a kind wait (§9.2.3.24.2).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SpecialSms {
    /// What waits.
    pub kind: Waiting,
    /// Whether the phone keeps this message after it set the indicator.
    pub store: bool,
    /// Messages that wait, 0 to 255; 0 clears the indicator.
    pub count: u8,
    /// The whole first octet, for the extended and profile bits.
    pub raw_kind: u8,
}
