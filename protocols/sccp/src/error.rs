//! Errors of messages, addresses, translation rules and settings.

/// An error of a message, an address or the settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer's message is shorter than its lengths and pointers.
    #[error("message is truncated")]
    Truncated,
    /// The peer's message type is none of UDT, UDTS, XUDT, XUDTS, LUDT and LUDTS.
    #[error("message type {0:#04x} is not connectionless")]
    MessageType(u8),
    /// The peer uses a protocol class other than 0 and 1.
    #[error("protocol class {0} is not connectionless")]
    ProtocolClass(u8),
    /// A pointer to a mandatory parameter is zero.
    #[error("pointer to a mandatory parameter is zero")]
    Pointer,
    /// An address is empty, or shorter than its indicator requires.
    #[error("address is malformed")]
    Address,
    /// An optional parameter has the wrong length.
    #[error("optional parameter is malformed")]
    OptionalParameter,
    /// A value to encode exceeds its length field or pointer.
    #[error("message is too long for its form")]
    TooLong,
    /// A point code has more than 16 bits.
    #[error("point code is too large")]
    PointCode,
    /// A global title has no digits, more than 32, or invalid ones.
    #[error("global title has bad digits")]
    Digits,
    /// A digit pattern or a replacement of a translation rule is malformed.
    #[error("translation rule: {0}")]
    Rule(&'static str),
    /// The settings contradict themselves.
    #[error("settings: {0}")]
    Settings(&'static str),
}
