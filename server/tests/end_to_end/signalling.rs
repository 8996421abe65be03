//! A mobile network that others wrote: a peer on pycrate's codecs plays signalling gateway, HLR,
//! serving nodes and phones, and tshark judges every frame that went either way.

#![expect(clippy::needless_pass_by_value, reason = "a test writes what it orders where it orders it")]

mod alert;
mod capture;
mod delivery;
mod errors;
mod network;
mod originating;
mod peer;
mod routing;
mod screening;
mod versions;

/// The number of the service centre, as MAP and SCCP write it.
const CENTRE: &str = "15550001000";
/// A serving node.
const NODE: &str = "15550009001";
/// Another one.
const OTHER_NODE: &str = "15550009002";
/// A sender, where it does not matter.
const SENDER: &str = "+15550199";
