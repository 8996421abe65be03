//! No crates depend on each other in a circle.
//!
//! Cargo refuses a circle of normal dependencies but accepts one through a dev-dependency; then neither crate
//! can be tested, replaced or read without the other. `testbed` is left out: it imports every crate, and every
//! crate may test with it.

use crate::floors::Area;
use crate::{Crate, Finding};

/// One finding for each crate that depends on itself, with the chain.
#[must_use]
pub fn check(crates: &[Crate]) -> Vec<Finding> {
    crates.iter().filter_map(|start| circle(start, crates)).collect()
}

/// The crates of the workspace that `from` depends on.
fn edges<'a>(from: &'a Crate, crates: &'a [Crate]) -> impl Iterator<Item = &'a Crate> {
    let outside_testbed = |to: &&Crate| Area::of(&to.folder) != Some(Area::Testbed);
    crates
        .iter()
        .filter(|to| from.dependencies.iter().any(|dependency| dependency.name == to.name))
        .filter(outside_testbed)
}

fn circle(start: &Crate, crates: &[Crate]) -> Option<Finding> {
    let mut seen = Vec::new();
    let mut ways = vec![vec![start]];
    while let Some(way) = ways.pop() {
        for next in way.last().into_iter().flat_map(|last| edges(last, crates)) {
            if next.name == start.name {
                let names: Vec<_> = way.iter().chain([&start]).map(|krate| krate.name.as_str()).collect();
                return Some(Finding::new(&start.manifest(), format!("circle: {}", names.join(" -> "))));
            }
            if !seen.contains(&next.name.as_str()) {
                seen.push(next.name.as_str());
                ways.push(way.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dependency, Kind};

    fn krate(name: &str, folder: &str, on: &[(&str, Kind)]) -> Crate {
        let dependency = |&(name, kind): &(&str, Kind)| Dependency { name: name.to_owned(), kind };
        Crate {
            name: name.to_owned(),
            folder: folder.to_owned(),
            dependencies: on.iter().map(dependency).collect(),
        }
    }

    #[test]
    fn finds_a_circle_through_a_dev_dependency() {
        let crates = [
            krate("a", "protocols/a", &[("b", Kind::Dev)]),
            krate("b", "protocols/b", &[("c", Kind::Normal)]),
            krate("c", "protocols/c", &[("a", Kind::Dev)]),
        ];
        let findings = check(&crates);
        assert_eq!(findings.len(), 3);
        assert_eq!(findings[0].text, "circle: a -> b -> c -> a");
    }

    #[test]
    fn a_diamond_and_a_use_of_testbed_are_no_circles() {
        let crates = [
            krate("top", "server", &[("left", Kind::Normal), ("right", Kind::Normal)]),
            krate("left", "gateways/left", &[("bottom", Kind::Normal)]),
            krate("right", "gateways/right", &[("bottom", Kind::Normal)]),
            krate("bottom", "smsc", &[("bed", Kind::Dev)]),
            krate("bed", "testbed/bed", &[("bottom", Kind::Normal)]),
        ];
        assert_eq!(check(&crates), []);
    }
}
