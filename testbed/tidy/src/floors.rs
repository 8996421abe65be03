//! Imports go down only.
//!
//! ```text
//! 5  server
//! 4  node
//! 3  gateways/*  stores/*  lab, on net/*
//! 2  platform
//! 1  smsc
//! 0  protocols/*
//! ```
//!
//! `testbed/*` may import every crate. A dev-dependency may go sideways, since tests compare neighbours, but
//! never up, except to `testbed`; `testbed/tidy` and `testbed/fuzz` are imported by no crate.

use crate::{Crate, Finding, Kind};

/// The part of the workspace that a crate belongs to, by its folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Area {
    /// `protocols/*`: bytes in, bytes out.
    Protocol,
    /// `smsc`: the decisions about a message.
    Smsc,
    /// `platform`: accounts, numbers and webhooks.
    Platform,
    /// `net/*`: associations and access control.
    Net,
    /// `gateways/*`: one protocol on sockets each.
    Gateway,
    /// `stores/*`: persistent records.
    Store,
    /// `lab`: the other side of each protocol, simulated.
    Lab,
    /// `node`: a node as a library.
    Node,
    /// `server`: the binary.
    Server,
    /// `testbed/*`: imports every crate.
    Testbed,
    /// `testbed/tidy` and `testbed/fuzz`: no part of the product, imported by no crate.
    Aside,
}

impl Area {
    /// The area that a folder belongs to, if there is one for it.
    #[must_use]
    pub fn of(folder: &str) -> Option<Self> {
        match folder.split_once('/') {
            Some(("protocols", _)) => Some(Self::Protocol),
            Some(("net", _)) => Some(Self::Net),
            Some(("gateways", _)) => Some(Self::Gateway),
            Some(("stores", _)) => Some(Self::Store),
            Some(("testbed", "tidy" | "fuzz")) => Some(Self::Aside),
            Some(("testbed", _)) => Some(Self::Testbed),
            Some(_) => None,
            None => match folder {
                "smsc" => Some(Self::Smsc),
                "platform" => Some(Self::Platform),
                "lab" => Some(Self::Lab),
                "node" => Some(Self::Node),
                "server" => Some(Self::Server),
                _ => None,
            },
        }
    }

    /// The number of its floor; `testbed` is above all.
    #[must_use]
    pub fn floor(self) -> u8 {
        match self {
            Self::Protocol => 0,
            Self::Smsc => 1,
            Self::Platform => 2,
            Self::Net | Self::Gateway | Self::Store | Self::Lab => 3,
            Self::Node => 4,
            Self::Server => 5,
            Self::Testbed | Self::Aside => 6,
        }
    }
}

/// Every crate without a floor, and every dependency between our crates that breaks one.
#[must_use]
pub fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for from in crates {
        if Area::of(&from.folder).is_none() {
            findings.push(Finding::new(
                &from.manifest(),
                "this folder belongs to no floor: see testbed/tidy/src/floors.rs",
            ));
        }
        for dependency in &from.dependencies {
            let Some(to) = crates.iter().find(|to| to.name == dependency.name) else { continue };
            if let Some(reason) = objection(&from.folder, &to.folder, dependency.kind) {
                let text = format!("{} must not depend on {}: {reason}", from.folder, to.folder);
                findings.push(Finding::new(&from.manifest(), text));
            }
        }
    }
    findings
}

/// Why the crate in `from` may not depend on the crate in `to`, if so.
fn objection(from: &str, to: &str, kind: Kind) -> Option<&'static str> {
    let (Some(above), Some(below)) = (Area::of(from), Area::of(to)) else { return None };
    match (above, below) {
        (Area::Aside, _) => None,
        (_, Area::Aside) => Some("no crate imports tidy or fuzz"),
        (Area::Testbed, _) => None,
        (_, Area::Testbed) => (kind == Kind::Normal).then_some("only a dev-dependency may lead to testbed"),
        (Area::Gateway, Area::Gateway) => Some("a gateway never imports another gateway"),
        (Area::Gateway, Area::Store) => Some("a gateway never imports a store"),
        (Area::Store, Area::Gateway) => Some("a store never imports a gateway"),
        _ if kind == Kind::Dev => {
            (below.floor() > above.floor()).then_some("a dev-dependency may go sideways, but never up")
        }
        (Area::Protocol, Area::Protocol) => ((from, to) != ("protocols/map", "protocols/tcap"))
            .then_some("a protocol imports no other protocol"),
        (Area::Net, _) => Some("net imports no crate of the workspace"),
        (Area::Gateway | Area::Lab, Area::Net) => None,
        (Area::Lab, _) if below != Area::Protocol => {
            Some("lab imports protocols and net alone, so that it shares no decision with the centre")
        }
        (Area::Smsc | Area::Platform, Area::Protocol) if to != "protocols/sms" => {
            Some("smsc and platform import no protocol but sms")
        }
        _ => (below.floor() >= above.floor()).then_some("an import goes down only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dependency;

    #[test]
    fn allowed_edges_pass() {
        let allowed = [
            ("protocols/map", "protocols/tcap", Kind::Normal),
            ("protocols/smpp", "protocols/sip", Kind::Dev),
            ("smsc", "protocols/sms", Kind::Normal),
            ("platform", "smsc", Kind::Normal),
            ("gateways/smpp", "protocols/smpp", Kind::Normal),
            ("gateways/smpp", "lab", Kind::Dev),
            ("stores/embedded", "smsc", Kind::Normal),
            ("lab", "protocols/sip", Kind::Normal),
            ("lab", "net/sctp", Kind::Normal),
            ("gateways/ss7", "net/sctp", Kind::Normal),
            ("server", "gateways/http", Kind::Normal),
            ("testbed/bench", "server", Kind::Normal),
            ("smsc", "testbed/simulator", Kind::Dev),
            ("testbed/fuzz", "gateways/sip", Kind::Normal),
            ("node", "stores/embedded", Kind::Normal),
            ("server", "node", Kind::Normal),
        ];
        for (from, to, kind) in allowed {
            assert_eq!(objection(from, to, kind), None, "{from} -> {to}");
        }
    }

    #[test]
    fn refused_edges_are_found() {
        let refused = [
            ("protocols/tcap", "protocols/map", Kind::Normal),
            ("protocols/sip", "protocols/sms", Kind::Normal),
            ("protocols/sms", "smsc", Kind::Dev),
            ("smsc", "protocols/smpp", Kind::Normal),
            ("smsc", "platform", Kind::Normal),
            ("smsc", "testbed/simulator", Kind::Normal),
            ("platform", "protocols/sip", Kind::Normal),
            ("platform", "gateways/http", Kind::Dev),
            ("gateways/smpp", "gateways/sip", Kind::Dev),
            ("gateways/smpp", "stores/embedded", Kind::Dev),
            ("gateways/smpp", "lab", Kind::Normal),
            ("stores/embedded", "gateways/http", Kind::Normal),
            ("lab", "smsc", Kind::Normal),
            ("net/sctp", "protocols/m3ua", Kind::Normal),
            ("smsc", "net/sctp", Kind::Normal),
            ("stores/embedded", "net/sctp", Kind::Normal),
            ("lab", "server", Kind::Dev),
            ("server", "testbed/tidy", Kind::Normal),
            ("node", "server", Kind::Normal),
            ("gateways/sip", "node", Kind::Dev),
            ("lab", "gateways/smpp", Kind::Normal),
        ];
        for (from, to, kind) in refused {
            assert!(objection(from, to, kind).is_some(), "{from} -> {to}");
        }
    }

    #[test]
    fn a_finding_names_the_manifest_and_both_crates() {
        let krate = |name: &str, folder: &str, dependencies: Vec<Dependency>| Crate {
            name: name.to_owned(),
            folder: folder.to_owned(),
            dependencies,
        };
        let up = Dependency { name: "fernpost-smsc".to_owned(), kind: Kind::Normal };
        let crates =
            [krate("fernpost-sms", "protocols/sms", vec![up]), krate("fernpost-smsc", "smsc", Vec::new())];
        let findings = check(&crates);
        assert_eq!(
            findings[0].to_string(),
            "protocols/sms/Cargo.toml: protocols/sms must not depend on smsc: an import goes down only"
        );
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn a_folder_without_a_floor_is_refused() {
        let lost = Crate { name: "x".to_owned(), folder: "lib/x".to_owned(), dependencies: Vec::new() };
        assert_eq!(check(&[lost]).len(), 1);
    }
}
