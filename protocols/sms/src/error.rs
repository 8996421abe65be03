//! The errors of reading and writing short messages.
//!
//! No error carries any part of a message: positions, lengths and code points
//! are enough to act on, and are safe in a log.

/// Octets that break the standard, or values that it has no octets for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The octets end early.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// A user data header is inconsistent with its own lengths.
    #[error("user data header: {0}")]
    Header(&'static str),
    /// A character that the wanted alphabet cannot carry.
    #[error(transparent)]
    Unencodable(#[from] Unencodable),
    /// An address is longer than a TP address can be.
    #[error("address of {length} semi-octets, where {max} are the most")]
    AddressTooLong {
        /// Useful semi-octets the address needs.
        length: usize,
        /// The most that fit (TS 23.040 §9.1.2.5).
        max: usize,
    },
    /// A digit that is none of `0`–`9`, `*`, `#`, `a`, `b`, `c`.
    #[error("address has something else than a digit at position {0}")]
    AddressDigit(usize),
    /// A date or time that no calendar has, or a year outside of 1990 to 2089.
    #[error("time stamp is out of range")]
    Timestamp,
    /// A validity period in a format that this octet does not stand for.
    #[error("validity period is malformed")]
    Validity,
    /// User data that exceeds the octets its TPDU can hold.
    #[error("user data of {octets} octets, where {max} are the most")]
    UserDataTooLong {
        /// Octets that the header and the packed body need.
        octets: usize,
        /// The most that this TPDU holds.
        max: usize,
    },
    /// A GSM 7 bit body has an octet over 0x7F.
    #[error("body is not made of septets")]
    NotSeptets,
    /// A UCS2 body has an odd number of octets.
    #[error("UCS2 body has an odd number of octets")]
    OddUcs2,
    /// A message that needs more than 255 segments.
    #[error("message needs {0} segments, where 255 are the most")]
    TooManySegments(usize),
    /// The header that every segment must repeat leaves no room for text.
    #[error("user data header leaves no room for text")]
    NoRoom,
    /// The message is one segment of a longer one already.
    #[error("message is a segment already")]
    AlreadySegment,
    /// Segments that do not make up one message.
    #[error("segments do not belong together: {0}")]
    Segments(&'static str),
    /// The TPDU is of another type than the one asked for.
    #[error("message type indicator {0:#04x} is not expected here")]
    MessageType(u8),
}

/// The octets end before the structure does.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{needed} octets are needed, {present} are present")]
pub struct Truncated {
    /// Octets that the structure needs, as far as is known.
    pub needed: usize,
    /// Octets that are present.
    pub present: usize,
}

/// The first character that an alphabet cannot carry.
///
/// Prints its place and code point, never the text around it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("character {position} (U+{:04X}) cannot be carried", u32::from(*character))]
pub struct Unencodable {
    /// Place in the text, in characters from zero.
    pub position: usize,
    /// The character itself.
    pub character: char,
}
