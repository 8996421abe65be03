//! The errors of decoding and encoding a PDU, each with its `command_status`.

use crate::status::Status;

/// A fault in one PDU. Its neighbours in the same buffer are not affected.
///
/// No variant carries octets of the PDU: bodies and passwords must not
/// reach a log through an error text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The body ends before this field.
    #[error("body ends before {field}")]
    Missing {
        /// The standard's name of the field.
        field: &'static str,
    },
    /// A C-octet string has no NUL within the room the standard gives it, or a
    /// counted field is longer than the body or than its limit.
    #[error("{field} is too long or not terminated")]
    Length {
        /// The standard's name of the field.
        field: &'static str,
        /// The status that the standard keeps for this field.
        status: Status,
    },
    /// A field holds a value that the standard reserves.
    #[error("{field} has an invalid value")]
    Value {
        /// The standard's name of the field.
        field: &'static str,
        /// The status that the standard keeps for this field.
        status: Status,
    },
    /// Octets follow a body that should have ended.
    #[error("octets follow the end of the body")]
    Trailing,
    /// A TLV runs past the end of the PDU, or fewer than four octets are left for one.
    #[error("optional parameters run past the end of the PDU")]
    TlvStream,
    /// A TLV has a length that its tag does not allow.
    #[error("TLV {tag:#06x} has an invalid length")]
    TlvLength {
        /// The tag.
        tag: u16,
    },
    /// A TLV has a value that its tag does not allow.
    #[error("TLV {tag:#06x} has an invalid value")]
    TlvValue {
        /// The tag.
        tag: u16,
    },
}

impl Error {
    /// The `command_status` of the response that the peer should get.
    pub const fn status(&self) -> Status {
        match *self {
            Self::Missing { .. } | Self::Trailing => Status::ESME_RINVCMDLEN,
            Self::Length { status, .. } | Self::Value { status, .. } => status,
            Self::TlvStream => Status::ESME_RINVTLVSTREAM,
            Self::TlvLength { .. } => Status::ESME_RINVTLVLEN,
            Self::TlvValue { .. } => Status::ESME_RINVTLVVAL,
        }
    }
}
