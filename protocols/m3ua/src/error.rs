//! Errors of settings and messages, with the error codes of ERR (RFC 4666 §3.8.1).

use codec::error_code;

/// Contradictory settings, or octets that are no M3UA message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The version octet is not 1 (RFC 4666 §3.1.1).
    #[error("M3UA version {0} is not supported")]
    Version(u8),
    /// The message class is unknown.
    #[error("message class {0} is not supported")]
    Class(u8),
    /// The class is known, its type is not.
    #[error("message type {kind} of class {class} is not supported")]
    Type {
        /// The class octet.
        class: u8,
        /// The type octet.
        kind: u8,
    },
    /// The message length is below the header, above [`crate::MESSAGE_OCTETS_MAX`], or not that received.
    #[error("message length is wrong")]
    Length,
    /// The length of a parameter contradicts the message or the parameter's own form.
    #[error("parameter {0:#06x} has a wrong length")]
    Field(u16),
    /// A mandatory parameter is absent.
    #[error("parameter {0:#06x} is missing")]
    Missing(u16),
    /// A parameter has a value that the standard does not define.
    #[error("parameter {0:#06x} has an invalid value")]
    Value(u16),
    /// The settings have no link, no server, or more than 65,535 of either.
    #[error("there must be between 1 and 65535 links and servers")]
    Count,
    /// A link carries no application server, the same one twice, or one that does not exist.
    #[error("link {0} names no application server, one that does not exist, or one twice")]
    Servers(u16),
    /// A link carries several application servers, two of them without distinct routing contexts.
    #[error("link {0} carries several application servers: each needs a routing context of its own")]
    RoutingContexts(u16),
}

impl Error {
    /// The error code for the peer (RFC 4666 §3.8.1), or `None` for a fault in the settings.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Version(_) => Some(error_code::INVALID_VERSION),
            Self::Class(_) => Some(error_code::UNSUPPORTED_MESSAGE_CLASS),
            Self::Type { .. } => Some(error_code::UNSUPPORTED_MESSAGE_TYPE),
            Self::Length => Some(error_code::PROTOCOL_ERROR),
            Self::Field(_) => Some(error_code::PARAMETER_FIELD_ERROR),
            Self::Missing(_) => Some(error_code::MISSING_PARAMETER),
            Self::Value(_) => Some(error_code::INVALID_PARAMETER_VALUE),
            Self::Count | Self::Servers(_) | Self::RoutingContexts(_) => None,
        }
    }
}
