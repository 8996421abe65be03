//! SCCP connectionless protocol machine, without input or output (Q.711 to Q.714).
//!
//! One [`Sccp`] is one node in several routing domains. It exchanges octets with the layer below (M3UA)
//! and user data with its users (TCAP):
//!
//! - a message of a user is routed by the translation rules or its point code, as UDT wherever it
//!   fits, else as LUDT or segmented XUDT where the destination supports that. A message that
//!   cannot be sent or is returned causes an [`Output::Notice`];
//! - a message from the network is reassembled and delivered to its user, or relayed; otherwise it is
//!   returned if the sender set the return option, and counted;
//! - a remote point and its concerned subsystems are prohibited until known to be in service.
//!
//! The contract of the loop: pass every event to [`Sccp::handle`]; after each take [`Sccp::poll`]
//! until it is empty; then wait for the next event or for [`Sccp::deadline`], whichever is first.
//!
//! ```
//! use bytes::Bytes;
//! use sccp::{Address, Destination, GlobalTitle, Input, Network, NetworkId, Output, PointCodeState, Remote};
//! use sccp::{Sccp, Settings, TranslationRule, Unitdata};
//! use std::time::Instant;
//!
//! /// One iteration of the loop: the messages to send after `input`.
//! fn turn(sccp: &mut Sccp, input: Input, now: Instant) -> Vec<Bytes> {
//!     let mut to_send = Vec::new();
//!     sccp.handle(input, now);
//!     while let Some(output) = sccp.poll() {
//!         match output {
//!             Output::Transfer { payload, .. } => to_send.push(payload), // to M3UA, with its labels
//!             Output::Unitdata(_indication) => {}                        // to TCAP
//!             Output::Notice { cause, .. } => println!("not delivered: {cause}"),
//!             Output::Subsystem { .. } | Output::Refused { .. } | Output::Discarded { .. } => {} // count
//!         }
//!     }
//!     to_send // then wait for the next event or `sccp.deadline()`
//! }
//!
//! let network = NetworkId(0);
//! let remote_rule = TranslationRule { destination: Destination::Solitary(2), ..TranslationRule::default() };
//! let local_rule = TranslationRule {
//!     pattern: "15550000001".parse()?,
//!     destination: Destination::Local,
//!     ..TranslationRule::default()
//! };
//! let mut sccp = Sccp::new(Settings {
//!     networks: vec![Network {
//!         id: network,
//!         point_codes: vec![1],
//!         network_indicator: 2,
//!         remotes: vec![Remote::new(2)],
//!         subsystems: vec![8],
//!     }],
//!     rules: vec![local_rule, remote_rule],
//!     ..Settings::default()
//! })?;
//! # #[allow(clippy::disallowed_methods, reason = "an example has a clock")]
//! # let now = Instant::now();
//! let available = Input::PointCode { network, point_code: 2, state: PointCodeState::Available };
//! turn(&mut sccp, available, now);
//! let unitdata = Unitdata {
//!     network,
//!     called: Address::gt(GlobalTitle::e164("14155551234")?, 6),
//!     calling: Address::gt(GlobalTitle::e164("15550000001")?, 8),
//!     sls: 1,
//!     in_sequence: false,
//!     return_on_error: true,
//!     data: Bytes::from_static(b"a TCAP message"),
//! };
//! assert_eq!(sccp.room(network, &unitdata.called, &unitdata.calling), 238);
//! let sent = turn(&mut sccp, Input::Unitdata(unitdata), now);
//! assert_eq!(sent.len(), 1);
//! # Ok::<(), sccp::Error>(())
//! ```

mod address;
mod cause;
mod error;
mod event;
mod gtt;
pub mod message;
mod node;
mod settings;

pub use address::{Address, GlobalTitle, RoutingIndicator};
pub use cause::ReturnCause;
pub use error::Error;
pub use event::{Discard, Indication, Input, Output, PointCodeState, Unitdata};
pub use gtt::{Destination, Pattern, Replacement, TranslationRule};
pub use node::Sccp;
pub use settings::{Limits, Network, NetworkId, Remote, Settings, Timers};
