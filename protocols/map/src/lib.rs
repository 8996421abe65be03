//! MAP provider for the short message procedures, versions 1, 2 and 3 (TS 29.002), without input or output.
//!
//! [`Map`] holds all dialogues of one node: service centre, HLR or MSC. It owns no socket and no clock.
//! The caller opens dialogues, answers requests and passes received messages in, and after each call
//! takes [`Map::poll`] until it is empty. Then it waits for the network or for [`Map::deadline`],
//! whichever is first. Each request sent ends in exactly one [`Output::Confirm`].
//!
//! ```
//! use map::{Input, Map, Open, Output, Response, Settings, Version};
//! use map::operation::{LocationInfoWithLmsi, RoutingInfoForSmArg, RoutingInfoForSmRes};
//! use map::{AddressString, Imsi, Request};
//!
//! # #[allow(clippy::disallowed_methods)]
//! # fn main() -> Result<(), map::Error> {
//! let now = std::time::Instant::now();
//! let (mut centre, mut hlr) = (Map::new(Settings::default()), Map::new(Settings::default()));
//! let request = Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
//!     msisdn: AddressString::international("14155551234"),
//!     service_centre_address: AddressString::international("15550000001"),
//!     ..RoutingInfoForSmArg::default()
//! });
//! let (version_max, peer) = (Version::V3, "14155551234".into());
//! let open = Open { local: "centre", remote: "hlr", peer, request, version: None, version_max, room: 240, tag: 1 };
//! centre.open(open, now)?;
//! let mut imsi = None;
//! while imsi.is_none() {
//!     while let Some(output) = centre.poll() {
//!         match output {
//!             Output::Send { local, remote, octets, .. } => {
//!                 hlr.handle(Input::Received { local: remote, remote: local, octets }, now);
//!             }
//!             Output::Confirm { result: Ok(Response::SendRoutingInfoForSm(found)), .. } => imsi = Some(found.imsi),
//!             _ => {}
//!         }
//!     }
//!     while let Some(output) = hlr.poll() {
//!         match output {
//!             Output::Send { local, remote, octets, .. } => {
//!                 centre.handle(Input::Received { local: remote, remote: local, octets }, now);
//!             }
//!             Output::Indication { dialogue, invoke_id, .. } => {
//!                 let found = RoutingInfoForSmRes {
//!                     imsi: Imsi::new("001010155551234"),
//!                     location_info_with_lmsi: LocationInfoWithLmsi {
//!                         network_node_number: AddressString::international("15550000008"),
//!                         ..LocationInfoWithLmsi::default()
//!                     },
//!                     ..RoutingInfoForSmRes::default()
//!                 };
//!                 hlr.answer(dialogue, invoke_id, Ok(Response::SendRoutingInfoForSm(Box::new(found))), now)?;
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(imsi, Some(Imsi::new("001010155551234")));
//! # Ok(())
//! # }
//! ```
//!
//! A peer may have one pending request in each dialogue, and as many dialogues as [`Settings`] allows.
//! Everything beyond that is refused and reported as [`Output::Refused`].

mod address;
mod context;
mod error;
mod field;
pub mod operation;
mod provider;
mod user_error;
mod value;

pub use address::{AddressString, Imsi, Lmsi, NatureOfAddress, NumberingPlan};
pub use context::{Context, Version};
pub use error::Error;
pub use operation::{Request, Response};
pub use provider::{
    DialogueId, Failure, Map, Open, Output, Refuse, Screening, Settings, Timers, VersionSettings,
};
pub use tcap::Input;
pub use user_error::{
    AbsentSubscriberReason, AbsentSubscriberSm, CallBarred, CallBarringCause, MapError, NetworkResource,
    SmDeliveryFailure, SmDeliveryFailureCause, SystemFailure, UnknownSubscriberDiagnostic,
};
pub use value::{Octets, Opaque, SignalInfo, Time};
