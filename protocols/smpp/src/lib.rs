//! SMPP 3.3, 3.4 and 5.0: PDUs and sessions, without sockets or a clock.
//!
//! Three independent layers:
//!
//! - [`Framing::take`] cuts **every** complete PDU out of a read buffer, as a
//!   [`Batch`] of frames that borrow.
//! - [`Session`] looks at headers alone: states, windows, timers, sequence
//!   numbers. It classifies each PDU and gives the next deadline.
//! - [`Pdu`] looks at bodies alone: structs of borrowed views in, one buffer out.
//!
//! The contract of the loop: for each batch, give every header to
//! [`Session::received`] in order; then take [`Session::poll`] until it is
//! empty; then write once; then wait for the socket or for
//! [`Session::deadline`], whichever is first. No [`session::Output`] is lost,
//! and there is at most one for each PDU and each request of ours.
//!
//! ```
//! use bytes::BytesMut;
//! use smpp::pdu::{BindResp, SmResp};
//! use smpp::session::{Input, Output, Verdict};
//! use smpp::{Error, Framing, Pdu, Session, Status, Tag, TlvBuffer};
//! use std::time::Instant;
//!
//! /// One turn of a centre's loop: `read` has the octets received, `write` gets the octets
//! /// to send. Returns false when the connection is to be closed.
//! fn turn(session: &mut Session, read: &mut BytesMut, write: &mut BytesMut, now: Instant) -> Result<bool, Error> {
//!     let batch = Framing::default().take(read);
//!     for frame in batch.frames() {
//!         let (header, sequence) = (frame.header, frame.header.sequence_number);
//!         match (session.received(&header, now), frame.decode()) {
//!             (Verdict::Request | Verdict::Bind(_), Err(error)) => session.refuse(&header, error.status(), now),
//!             (Verdict::Bind(kind), Ok(Pdu::Bind(bind))) if bind.password == b"secret" => {
//!                 let version = session.accept(bind.interface_version, now);
//!                 let mut tlvs = TlvBuffer::new();
//!                 if version.has_tlvs() {
//!                     tlvs.push_u8(Tag::SC_INTERFACE_VERSION, version.interface_version());
//!                 }
//!                 let resp = BindResp { kind, system_id: Some(b"centre"), tlvs: tlvs.as_tlvs() };
//!                 Pdu::BindResp(resp).encode(sequence, Status::ESME_ROK, write)?;
//!             }
//!             (Verdict::Bind(_), _) => session.refuse(&header, Status::ESME_RBINDFAIL, now),
//!             (Verdict::Request, Ok(Pdu::SubmitSm(_sm))) => {
//!                 // Store the message; only then:
//!                 Pdu::SubmitSmResp(SmResp::new(b"42")).encode(sequence, Status::ESME_ROK, write)?;
//!                 session.answered(now);
//!             }
//!             (Verdict::Request, _) => session.refuse(&header, Status::ESME_RINVCMDID, now),
//!             _ => {} // responses to deliver_sm, and PDUs that the session has handled
//!         }
//!     }
//!     session.handle(batch.fault().map_or(Input::Tick, Input::BadLength), now);
//!     while let Some(output) = session.poll() {
//!         match output {
//!             Output::Send(header) => header.encode(write),
//!             Output::Unanswered { token: _ } => {} // try that message again elsewhere
//!             Output::Close(_) => return Ok(false),
//!         }
//!     }
//!     Ok(true) // write `write`, then wait for the socket or `session.deadline()`
//! }
//! # use smpp::session::{Config, Side, State};
//! # use smpp::pdu::{Bind, BindKind, Npi, Sm, Ton};
//! # use smpp::{Header, CommandId, Tlvs};
//! # #[allow(clippy::disallowed_methods, reason = "an example has a clock")]
//! # let now = Instant::now();
//! # let mut session = Session::new(Config::new(Side::Centre), now);
//! # let (mut read, mut write) = (BytesMut::new(), BytesMut::new());
//! # let bind = Bind { kind: BindKind::Transceiver, system_id: b"esme", password: b"secret", system_type: b"",
//! #     interface_version: 0x34, addr_ton: Ton::UNKNOWN, addr_npi: Npi::UNKNOWN, address_range: b"", tlvs: Tlvs::NONE };
//! # Pdu::Bind(bind).encode(1, Status::ESME_ROK, &mut read)?;
//! # Pdu::SubmitSm(Sm { short_message: b"hello", ..Sm::default() }).encode(2, Status::ESME_ROK, &mut read)?;
//! # Pdu::EnquireLink(Tlvs::NONE).encode(3, Status::ESME_ROK, &mut read)?;
//! # assert!(turn(&mut session, &mut read, &mut write, now)?);
//! # assert_eq!(session.state(), State::Bound(BindKind::Transceiver));
//! # let answers = Framing::default().take(&mut write);
//! # let ids: Vec<_> = answers.frames().map(|frame| frame.header.command_id).collect();
//! # assert_eq!(ids, [CommandId::BIND_TRANSCEIVER_RESP, CommandId::SUBMIT_SM_RESP, CommandId::ENQUIRE_LINK_RESP]);
//! # Ok::<(), Error>(())
//! ```

mod codes;
mod command;
mod error;
mod field;
mod frame;
pub mod pdu;
mod reader;
pub mod receipt;
pub mod session;
mod state;
mod status;
pub mod time;
pub mod tlv;
mod version;
mod writer;

pub use command::{CommandId, Header};
pub use error::Error;
pub use frame::{BadLength, Batch, COMMAND_LENGTH_MAX, Frame, Frames, Framing};
pub use pdu::Pdu;
pub use session::Session;
pub use state::MessageState;
pub use status::Status;
pub use tlv::{Tag, Tlv, TlvBuffer, Tlvs};
pub use version::Version;
