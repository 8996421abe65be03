//! Fuzz targets: every decoder of foreign octets, each behind one function.
//!
//! A target returns for any input, soon and without a panic, and checks the invariants of
//! the value that was read. `tests/replay.rs` runs all of them on `corpus/` and on mutants of it;
//! `libfuzzer/` lets libFuzzer search for more.

#![allow(clippy::panic, reason = "a target that panics has found something")]

mod applications;
mod configuration;
mod links;
mod short_messages;
mod signalling;

/// One decoder.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its folder in `corpus/`.
    pub name: &'static str,
    /// Reads one input.
    pub run: fn(&[u8]),
    /// A folder of seeds that another crate's tests keep, from the root of the workspace.
    pub seeds: Option<&'static str>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "smpp", run: links::smpp, seeds: Some("protocols/smpp/tests/corpus") },
    Target { name: "smpp_receipt", run: links::smpp_receipt, seeds: None },
    Target { name: "smpp_time", run: links::smpp_time, seeds: None },
    Target { name: "sip", run: links::sip, seeds: Some("protocols/sip/tests/vectors/rfc4475") },
    Target { name: "sip_stream", run: links::sip_stream, seeds: Some("protocols/sip/tests/vectors/rfc4475") },
    Target { name: "sip_link", run: links::sip_link, seeds: None },
    Target { name: "cpim", run: links::cpim, seeds: None },
    Target { name: "imdn", run: links::imdn, seeds: None },
    Target { name: "tpdu", run: short_messages::tpdu, seeds: Some("protocols/sms/tests/corpus/tpdu") },
    Target { name: "rpdu", run: short_messages::rpdu, seeds: Some("protocols/sms/tests/corpus/rpdu") },
    Target { name: "udh", run: short_messages::udh, seeds: Some("protocols/sms/tests/corpus/header") },
    Target { name: "gsm7", run: short_messages::gsm7, seeds: Some("protocols/sms/tests/corpus/body") },
    Target { name: "twiml", run: applications::twiml, seeds: None },
    Target { name: "form", run: applications::form, seeds: None },
    Target { name: "config", run: configuration::config, seeds: None },
    Target { name: "m3ua", run: signalling::m3ua, seeds: None },
    Target { name: "sccp", run: signalling::sccp, seeds: None },
    Target { name: "tcap", run: signalling::tcap, seeds: None },
    Target { name: "map", run: signalling::map, seeds: None },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
