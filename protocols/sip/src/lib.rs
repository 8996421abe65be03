//! SIP for instant messages: messages (RFC 3261, RFC 3428), non-INVITE
//! transactions and digest, without sockets, tasks or a clock.
//!
//! | module | what it does |
//! |---|---|
//! | [`parser`] | a datagram or a WebSocket message into a [`Message`], or an error and the response to it |
//! | [`stream`] | the same for TCP and TLS, with keep-alives |
//! | [`header`] | the ordered list of header fields, and a reader for each known one |
//! | [`uri`] | sip, sips and tel |
//! | [`transaction`] | matches responses to requests, retransmits, and ends transactions |
//! | [`reply`], [`Draft`], [`Capabilities`], [`register`] | answers and requests from their parts |
//! | [`digest`] | challenges and credentials, for both sides |
//! | [`Cpim`], [`imdn`] | the envelope of an instant message, and notifications of its delivery |
//!
//! # The loop
//!
//! Every message and timer goes into the [`transaction::Layer`], together with the time.
//! Then take [`poll`](transaction::Layer::poll) until it is empty, and wait for the network or for
//! [`deadline`](transaction::Layer::deadline), whichever is first.
//!
//! ```
//! use std::time::Instant;
//!
//! use bytes::Bytes;
//! use sip::transaction::{Layer, Limits, Output, Timers};
//! use sip::{Status, Transport, parse, reply};
//!
//! # fn received() -> Bytes {
//! #     Bytes::from("MESSAGE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
//! #         From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n\r\nhello")
//! # }
//! # let now = Instant::now();
//! # let mut sent: Vec<(Bytes, &str)> = Vec::new();
//! let mut layer = Layer::new(Timers::default(), Limits::default());
//!
//! // A datagram arrived.
//! match parse(&received()) {
//!     Ok(message) => layer.receive(message, "192.0.2.1:5060", Transport::Udp, now),
//!     Err(refused) => drop(refused.answer.map(|answer| sent.push((answer.to_bytes(), "192.0.2.1:5060")))),
//! }
//!
//! // Carry out the outputs.
//! while let Some(output) = layer.poll() {
//!     match output {
//!         Output::Transmit { octets, peer, .. } => sent.push((octets, peer)),
//!         Output::Request { id, request, .. } => {
//!             let answer = reply::response(&request, Status::OK, "a-tag");
//!             layer.respond(id, &answer, now);
//!         }
//!         Output::Response { .. } | Output::TimedOut { .. } => {} // of requests that we sent
//!     }
//! }
//!
//! // Wait until then at most, and call tick.
//! let deadline = layer.deadline().expect("Timer J runs");
//! layer.tick(deadline);
//! # assert_eq!(sent.len(), 1);
//! # assert!(sent[0].0.starts_with(b"SIP/2.0 200 OK\r\n"));
//! # assert_eq!(layer.deadline(), None);
//! ```

mod branch;
mod capabilities;
mod cpim;
pub mod digest;
mod draft;
mod error;
mod grammar;
pub mod header;
pub mod imdn;
mod message;
mod method;
pub mod parser;
pub mod register;
pub mod reply;
mod status;
pub mod stream;
pub mod transaction;
mod transport;
pub mod uri;

pub use branch::{branch, call_id, tag};
pub use capabilities::Capabilities;
pub use cpim::Cpim;
pub use draft::Draft;
pub use error::Error;
pub use header::{Headers, Name};
pub use message::{Message, Request, Response};
pub use method::Method;
pub use parser::parse;
pub use status::Status;
pub use transport::{DATAGRAM_OCTETS_MAX, Transport, transport_for};
pub use uri::Uri;
