//! SIP as instant messages need it (RFC 3261, RFC 3428): messages, non-INVITE
//! transactions and digest, without sockets, tasks or a clock.

mod abilities;
mod branch;
pub mod digest;
mod error;
mod grammar;
pub mod header;
mod message;
mod method;
pub mod parser;
pub mod register;
pub mod reply;
mod status;
pub mod stream;
pub mod transaction;
pub mod transport;
pub mod uri;

pub use abilities::Abilities;
pub use branch::{branch, call_id, tag};
pub use error::Error;
pub use header::{Headers, Name};
pub use message::{Message, Request, Response};
pub use method::Method;
pub use parser::parse;
pub use status::Status;
pub use transport::Transport;
pub use uri::Uri;
