//! Decoding errors of the BER reader: fault and position (X.690 §8.1).

/// The kind of a decoding error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The octets end inside a tag, a length or a content.
    Truncated,
    /// A tag in a form that X.690 §8.1.2 forbids, or with a number above 2^32 - 1.
    Tag,
    /// A length in a form that X.690 §8.1.3 forbids.
    Length,
    /// End-of-contents octets where nothing has an indefinite length.
    EndOfContents,
    /// Elements are nested deeper than [`DEPTH_MAX`](super::DEPTH_MAX).
    Depth,
    /// The content does not match the requested type.
    Content,
    /// An unexpected element, or a missing one.
    Unexpected,
}

/// A decoding error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[error("bad BER at octet {position}: {fault:?}")]
pub struct BerError {
    /// The position in octets, from the start of the input of the outermost reader.
    pub position: usize,
    /// The fault.
    pub fault: Fault,
}
