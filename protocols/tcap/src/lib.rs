//! TCAP protocol machine: transactions, dialogues and components, without input or output (Q.771 to Q.774).
//!
//! [`Tcap`] holds all dialogues of one node. It owns no socket and no clock, and does not depend on the
//! layer below: an address is any type that can be compared. The contract is one loop: pass an input
//! and the time in, take [`Tcap::poll`] until it is empty, then wait for the next message or for
//! [`Tcap::deadline`], whichever is first. A request such as [`Tcap::begin`] is an input too.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use tcap::{Begin, Code, Component, Input, OperationClass, Output, Settings, Tcap};
//!
//! # #[allow(clippy::disallowed_methods)]
//! let now = std::time::Instant::now();
//! let mut centre = Tcap::new(Settings::default());
//! let mut register = Tcap::new(Settings { first: 0x1000, ..Settings::default() });
//! let invoke = Component::Invoke {
//!     invoke_id: 1,
//!     linked: None,
//!     operation: Code::Local(45),
//!     parameter: Some(Bytes::from_static(&[0x30, 0x00])),
//!     class: OperationClass::One,
//!     timeout: Duration::from_secs(30),
//! };
//! let dialogue = centre.begin(
//!     Begin {
//!         local: "centre",
//!         remote: "register",
//!         application_context: None,
//!         user_information: None,
//!         components: vec![invoke],
//!         idle: None,
//!     },
//!     now,
//! )?;
//!
//! let mut over = false;
//! while !over {
//!     // One iteration of each side's loop; a function call replaces the network.
//!     while let Some(output) = centre.poll() {
//!         match output {
//!             Output::Send { local, remote, octets, .. } => {
//!                 register.handle(Input::Received { local: remote, remote: local, octets }, now);
//!             }
//!             Output::Ended { dialogue: ended, components, .. } => {
//!                 assert_eq!(ended, dialogue);
//!                 assert!(matches!(components[..], [Component::ResultLast { invoke_id: 1, .. }]));
//!                 over = true;
//!             }
//!             other => panic!("{other:?}"),
//!         }
//!     }
//!     while let Some(output) = register.poll() {
//!         match output {
//!             Output::Send { local, remote, octets, .. } => {
//!                 centre.handle(Input::Received { local: remote, remote: local, octets }, now);
//!             }
//!             Output::Begun { dialogue, .. } => {
//!                 let result = Component::ResultLast { invoke_id: 1, operation: None, parameter: None };
//!                 register.end(dialogue, None, vec![result], now)?;
//!             }
//!             other => panic!("{other:?}"),
//!         }
//!     }
//! }
//! // Otherwise this is the time of the next `Input::Tick`.
//! assert_eq!(centre.deadline(), None);
//! # Ok::<(), tcap::Error>(())
//! ```
//!
//! Every dialogue ends exactly once: as [`Output::Ended`], [`Output::UserAborted`],
//! [`Output::ProviderAborted`], [`Output::TimedOut`], an [`Output::Undelivered`] of its BEGIN, or by
//! [`Tcap::end`], [`Tcap::release`] and [`Tcap::abort`].

pub mod ber;
mod component;
mod dialogue;
mod error;
mod event;
mod layer;
mod message;
mod problem;
mod request;
mod settings;

pub use ber::Oid;
pub use component::{Code, Component, ComponentFault, Kind, OperationClass};
pub use dialogue::{DialoguePortion, Proposal};
pub use error::Error;
pub use event::{AbortReason, Diagnostic, DialogueId, DialogueResult, Input, Output, PAbortCause, Refusal};
pub use layer::Tcap;
pub use message::{Abort, DecodedMessage, MalformedMessage, Message, TransactionId};
pub use problem::{GeneralProblem, InvokeProblem, Problem, ReturnErrorProblem, ReturnResultProblem};
pub use request::{Begin, DialogueAnswer, UserAbort};
pub use settings::Settings;
