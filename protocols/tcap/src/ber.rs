//! Basic encoding rules for TCAP and its users (X.690): a borrowing reader and a writer.
//!
//! The reader accepts every form that the rules allow: long tags, lengths with more octets than needed,
//! indefinite lengths, strings in segments. The writer has one form: the shortest definite length.

mod element;
mod fault;
mod oid;
mod reader;
mod tag;
mod writer;

#[cfg(test)]
mod tests;

pub use element::Element;
pub use fault::{BerError, Fault};
pub use oid::Oid;
pub use reader::{DEPTH_MAX, Reader};
pub use tag::{Class, Tag};
pub use writer::Writer;
