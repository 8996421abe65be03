//! Why a submission was refused, in one vocabulary for all wires.
//!
//! Each gateway has one table that turns these into its own codes.

use crate::failure::Failure;

/// A refused submission. Nothing was stored; the response may state the cause.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The source address cannot be read or may not be used by this submitter.
    #[error("source address is not valid here: {0}")]
    Source(&'static str),
    /// The destination address cannot be read.
    #[error("destination address is not valid: {0}")]
    Destination(&'static str),
    /// No route leads to the destination.
    #[error("no route to the destination")]
    NoRoute,
    /// The user data header is broken.
    #[error("user data header is broken: {0}")]
    Header(&'static str),
    /// The content is longer than it may be.
    #[error("message is too long: {0}")]
    TooLong(&'static str),
    /// The data_coding cannot be carried.
    #[error("data_coding is not supported")]
    DataCoding,
    /// The validity lies in the past or cannot be read.
    #[error("validity period is not valid: {0}")]
    Validity(&'static str),
    /// The scheduled delivery time cannot be kept.
    #[error("scheduled delivery time is not valid: {0}")]
    Schedule(&'static str),
    /// The submitter goes faster than its limit.
    #[error("submitter is over its rate limit")]
    Throttled,
    /// The centre itself is congested.
    #[error("the centre is congested")]
    Congested,
    /// The store takes nothing now: disk full, stalled or failed.
    #[error("the store takes nothing now")]
    StoreClosed,
    /// A policy forbids it.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// The same client key came with another message.
    #[error("the same key was used for another message")]
    KeyReused,
    /// In transactional mode: the one attempt failed.
    #[error("delivery failed: {0}")]
    DeliveryFailed(Failure),
}

impl Rejection {
    /// Whether the same submission may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Throttled | Self::Congested | Self::StoreClosed => true,
            Self::DeliveryFailed(failure) => !matches!(failure.verdict(), crate::failure::Verdict::GiveUp),
            _ => false,
        }
    }
}
