//! M3UA protocol machine for ASP, IPSP and SGP, without input or output (RFC 4666).
//!
//! [`M3ua`] is one node with many associations, its links, and many application servers. It owns no
//! socket and no clock. The contract of its loop: after every [`M3ua::handle`], take [`M3ua::poll`] until
//! it is empty; then wait for a transport or for [`M3ua::deadline`], whichever is first. The time
//! must not decrease from one call to the next.
//!
//! Transports are one-to-one SCTP associations with payload protocol identifier 3, or TCP connections,
//! which [`framed`] divides into messages and which have one stream. A node never connects by itself:
//! the owner of the transport connects it, again after every loss, and passes [`Input::Connected`].
//!
//! ```
//! use std::time::{Duration, Instant};
//! use m3ua::{
//!     Input, LinkId, LinkSettings, M3ua, Output, Role, ServerId, ServerSettings, ServerState, Settings,
//!     Timers, TrafficMode, Transfer,
//! };
//!
//! fn node(role: Role) -> Result<M3ua, m3ua::Error> {
//!     let server = ServerSettings {
//!         name: "smsc".into(),
//!         routing_context: Some(100),
//!         network_appearance: None,
//!         traffic_mode: TrafficMode::Loadshare,
//!         minimum_active: 1,
//!         registers: None,
//!         point_codes: Vec::new(),
//!     };
//!     let link = LinkSettings { name: "stp".into(), role, asp_identifier: None, servers: vec![ServerId(0)] };
//!     let timers = Timers::default();
//!     M3ua::new(Settings { links: vec![link], servers: vec![server], timers, pending_max: 1_000 })
//! }
//!
//! # fn main() -> Result<(), m3ua::Error> {
//! # #[allow(clippy::disallowed_methods, reason = "an example needs a moment to start from")]
//! let mut now = Instant::now();
//! let link = LinkId(0);
//! let mut nodes = [node(Role::Asp)?, node(Role::Sgp)?];
//! for node in &mut nodes {
//!     node.handle(Input::Connected { link, streams: 16 }, now);
//! }
//! let mut arrived = None;
//! for turn in 0.. {
//!     // Here a function call replaces the transport: each node receives the messages of the other.
//!     let [here, there] = &mut nodes;
//!     let (node, peer) = if turn % 2 == 0 { (here, there) } else { (there, here) };
//!     while let Some(output) = node.poll() {
//!         match output {
//!             Output::Send { link, stream, octets } => {
//!                 peer.handle(Input::Received { link, stream, octets }, now);
//!             }
//!             Output::Server { server, state: ServerState::Active } if turn % 2 == 0 => {
//!                 let transfer = Transfer {
//!                     server, opc: 2, dpc: 1, service_indicator: 3, network_indicator: 2, priority: 0,
//!                     sls: 7, payload: "a message of SCCP".into(),
//!                 };
//!                 node.handle(Input::Transfer(transfer), now);
//!             }
//!             Output::Transfer { transfer, .. } => arrived = Some(transfer),
//!             Output::Close { .. } | Output::Discarded(_) | Output::Server { .. } | Output::Link { .. }
//!             | Output::PointCode { .. } | Output::UserUnavailable { .. } | Output::Refused { .. } => {}
//!         }
//!     }
//!     if arrived.is_some() {
//!         break;
//!     }
//!     // A real loop waits here for a transport or the deadline.
//!     if node.deadline().is_some_and(|due| due <= now) {
//!         node.handle(Input::Tick, now);
//!     }
//!     now += Duration::from_millis(1);
//! }
//! assert_eq!(arrived.map(|transfer| transfer.payload), Some("a message of SCCP".into()));
//! # Ok(())
//! # }
//! ```

mod asp;
mod destinations;
mod error;
mod event;
mod framing;
mod heartbeat;
mod kind;
mod link;
mod message;
mod node;
mod rkm;
mod server;
mod settings;
mod sgp;
mod ssnm_asp;
mod ssnm_sgp;
mod traffic;

pub use error::Error;
pub use event::{AspState, Availability, Input, Output, ServerState, Transfer};
pub use framing::framed;
pub use kind::Kind;
pub use message::{MESSAGE_OCTETS_MAX, Message, Parameter, ProtocolData};
pub use node::M3ua;
pub use settings::{
    Exchange, LinkId, LinkSettings, Role, RoutingKey, ServerId, ServerSettings, Settings, Timers, TrafficMode,
};
