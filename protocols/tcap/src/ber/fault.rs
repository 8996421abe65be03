//! Where and why octets are not what the rules, or the caller, want.

/// What is wrong.
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
    /// Elements lie deeper inside each other than [`DEPTH_MAX`](super::DEPTH_MAX).
    Depth,
    /// The content is not one of the wanted kind.
    Content,
    /// A valid element that the caller did not expect here, or the lack of one.
    Unexpected,
}

/// Octets that cannot be read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[error("bad BER at octet {position}: {fault:?}")]
pub struct BerError {
    /// Where, in octets from the start of what the outermost reader was given.
    pub position: usize,
    /// What is wrong.
    pub fault: Fault,
}
