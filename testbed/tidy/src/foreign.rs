//! Which foreign crates a floor must do without.
//!
//! Floors 0 to 2 decide and never touch a socket, a disk, a task or chance, so the crates that do are refused
//! there.
//! Tests may use what they like: a dev-dependency is not shipped.

use crate::floors::Room;
use crate::{Crate, Finding, Kind};

/// Refused on every floor: the first wants cmake to build, the second a library of the system.
const REFUSED: [&str; 2] = ["aws-lc-rs", "openssl-sys"];

/// Every normal dependency on a foreign crate that its floor refuses.
#[must_use]
pub fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for from in crates {
        let Some(room) = Room::of(&from.folder) else { continue };
        let shipped = from.dependencies.iter().filter(|dependency| dependency.kind == Kind::Normal);
        for dependency in shipped {
            if refused(room).iter().chain(&REFUSED).any(|family| belongs(&dependency.name, family)) {
                let text = format!("{} must do without the crate {}", from.folder, dependency.name);
                findings.push(Finding::new(&from.manifest(), text));
            }
        }
    }
    findings
}

/// What one floor refuses beside [`REFUSED`].
fn refused(room: Room) -> &'static [&'static str] {
    match room {
        Room::Protocol => &["tokio", "tracing", "socket2", "mio", "serde", "fjall", "rand", "getrandom"],
        Room::Smsc => {
            &["tokio", "socket2", "mio", "serde", "axum", "hyper", "reqwest", "fjall", "rand", "getrandom"]
        }
        Room::Platform => {
            &["tokio", "socket2", "mio", "axum", "hyper", "reqwest", "fjall", "rand", "getrandom"]
        }
        Room::Net | Room::Gateway | Room::Lab | Room::Node => &["fjall"],
        Room::Store | Room::Server | Room::Testbed | Room::Aside => &[],
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
    fn neighbours_in_the_alphabet_and_tests_are_left_alone() {
        assert_eq!(found("protocols/sip", "miow", Kind::Normal), 0);
        assert_eq!(found("smsc", "tokio", Kind::Dev), 0);
        assert_eq!(found("gateways/smpp", "tokio", Kind::Normal), 0);
    }
}
