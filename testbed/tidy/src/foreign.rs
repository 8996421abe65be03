//! The foreign crates that each floor refuses.
//!
//! Floors 0 to 2 use no socket, disk, task or randomness, so the crates that provide them are refused there. A
//! dev-dependency is not shipped and may be any crate.

use crate::floors::Area;
use crate::{Crate, Finding, Kind};

/// Refused on every floor: the first needs cmake to build, the second a library of the system.
const REFUSED: [&str; 2] = ["aws-lc-rs", "openssl-sys"];

/// Every normal dependency on a foreign crate that its floor refuses.
#[must_use]
pub fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for from in crates {
        let Some(area) = Area::of(&from.folder) else { continue };
        let shipped = from.dependencies.iter().filter(|dependency| dependency.kind == Kind::Normal);
        for dependency in shipped {
            if refused(area).iter().chain(&REFUSED).any(|family| belongs(&dependency.name, family)) {
                let text = format!("{} must do without the crate {}", from.folder, dependency.name);
                findings.push(Finding::new(&from.manifest(), text));
            }
        }
    }
    findings
}

/// The crates that one floor refuses beside [`REFUSED`].
fn refused(area: Area) -> &'static [&'static str] {
    match area {
        Area::Protocol => &["tokio", "tracing", "socket2", "mio", "serde", "fjall", "rand", "getrandom"],
        Area::Smsc => {
            &["tokio", "socket2", "mio", "serde", "axum", "hyper", "reqwest", "fjall", "rand", "getrandom"]
        }
        Area::Platform => {
            &["tokio", "socket2", "mio", "axum", "hyper", "reqwest", "fjall", "rand", "getrandom"]
        }
        Area::Net | Area::Gateway | Area::Lab | Area::Node => &["fjall"],
        Area::Store | Area::Server | Area::Testbed | Area::Aside => &[],
    }
}

/// Whether `name` is `family` or one of its crates: `tokio-util`, `serde_json`.
fn belongs(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dependency;

    fn found(folder: &str, name: &str, kind: Kind) -> usize {
        let dependencies = vec![Dependency { name: name.to_owned(), kind }];
        check(&[Crate { name: "fernpost-x".to_owned(), folder: folder.to_owned(), dependencies }]).len()
    }

    #[test]
    fn each_floor_refuses_its_own() {
        assert_eq!(found("protocols/sip", "tokio-util", Kind::Normal), 1);
        assert_eq!(found("protocols/sip", "tracing", Kind::Normal), 1);
        assert_eq!(found("smsc", "serde_json", Kind::Normal), 1);
        assert_eq!(found("platform", "reqwest", Kind::Normal), 1);
        assert_eq!(found("gateways/http", "fjall", Kind::Normal), 1);
        assert_eq!(found("server", "openssl-sys", Kind::Normal), 1);
    }

    #[test]
    fn similar_names_and_tests_pass() {
        assert_eq!(found("protocols/sip", "miow", Kind::Normal), 0);
        assert_eq!(found("smsc", "tokio", Kind::Dev), 0);
        assert_eq!(found("gateways/smpp", "tokio", Kind::Normal), 0);
    }
}
