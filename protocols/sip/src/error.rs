//! The errors of reading a SIP message, each with the status of its response (RFC 3261 §21).

use crate::status::Status;

/// The fault of a message, a header field, a URI or a transaction.
///
/// The text is for the log. The peer gets [`Error::status`] and its reason
/// phrase, nothing of the message itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing but line breaks: a keep-alive (RFC 5626 §3.5.1), not a message.
    #[error("only line breaks, a keep-alive")]
    Empty,
    /// The empty line that ends the header fields is missing.
    #[error("header fields have no end")]
    HeadUnfinished,
    /// The head is not UTF-8 (RFC 3261 §7).
    #[error("head is not UTF-8")]
    NotUtf8,
    /// Neither a request line nor a status line (RFC 3261 §7.1, §7.2).
    #[error("start line is malformed")]
    StartLine,
    /// The version is not SIP/2.0.
    #[error("version is not SIP/2.0")]
    Version,
    /// A line is no header field (RFC 3261 §7.3.1).
    #[error("header line is malformed")]
    HeaderLine,
    /// A header field that every message needs is missing (RFC 3261 §8.1.1).
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A header field that may appear once appears again.
    #[error("{0} is repeated")]
    Repeated(&'static str),
    /// A header field's value does not follow its grammar (RFC 3261 §25.1).
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// The method of the request line and that of CSeq differ (RFC 3261 §8.1.1.5).
    #[error("CSeq names another method")]
    MethodMismatch,
    /// Content-Length is more than the octets received (RFC 3261 §18.3).
    #[error("body is shorter than Content-Length")]
    BodyTruncated,
    /// More octets or more header fields than the receiver takes.
    #[error("message is too large")]
    TooLarge,
    /// A registration has a shorter interval than the registrar allows (RFC 3261 §10.3).
    #[error("registration interval is too brief")]
    IntervalTooBrief,
    /// As many transactions are open as may be.
    #[error("too many open transactions")]
    TooManyTransactions,
    /// A client transaction with this branch is open already.
    #[error("branch is in use")]
    BranchInUse,
}

impl Error {
    /// The status that a request with this fault is answered with, or `None`
    /// when nothing should be answered.
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::Empty => None,
            Self::Version => Some(Status::VERSION_NOT_SUPPORTED),
            Self::TooLarge => Some(Status::MESSAGE_TOO_LARGE),
            Self::IntervalTooBrief => Some(Status::INTERVAL_TOO_BRIEF),
            Self::TooManyTransactions => Some(Status::SERVICE_UNAVAILABLE),
            Self::BranchInUse => Some(Status::SERVER_INTERNAL_ERROR),
            Self::HeadUnfinished
            | Self::NotUtf8
            | Self::StartLine
            | Self::HeaderLine
            | Self::Missing(_)
            | Self::Repeated(_)
            | Self::Malformed(_)
            | Self::MethodMismatch
            | Self::BodyTruncated => Some(Status::BAD_REQUEST),
        }
    }
}
