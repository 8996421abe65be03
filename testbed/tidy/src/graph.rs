//! The graph of the crates stays small: few edges, and no long chain.
//!
//! An edge is a normal dependency between two crates of the workspace. `testbed` is left out: it imports every
//! crate.

use crate::floors::Area;
use crate::{Crate, Finding, Kind};

/// Edges between the crates, at most.
pub const EDGES_MAX: usize = 55;

/// Crates in the longest chain of dependencies, at most.
pub const DEPTH_MAX: usize = 6;

/// A finding for each bound that is passed.
#[must_use]
pub fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (edges, chain) = (edge_count(crates), longest_chain(crates));
    if edges > EDGES_MAX {
        let text = format!("{edges} edges between the crates, and {EDGES_MAX} are the most");
        findings.push(Finding::new("Cargo.toml", text));
    }
    if chain.len() > DEPTH_MAX {
        let (depth, chain) = (chain.len(), chain.join(" -> "));
        let text = format!("a chain of {depth} crates, and {DEPTH_MAX} are the most: {chain}");
        findings.push(Finding::new("Cargo.toml", text));
    }
    findings
}

/// The number of edges.
#[must_use]
pub fn edge_count(crates: &[Crate]) -> usize {
    shipped(crates).map(|from| edges(from, crates).count()).sum()
}

/// The folders of the longest chain of dependencies, from the top.
#[must_use]
pub fn longest_chain(crates: &[Crate]) -> Vec<&str> {
    shipped(crates)
        .map(|from| chain_from(from, crates, crates.len()))
        .max_by_key(Vec::len)
        .unwrap_or_default()
}

/// Ends after `depth_max` crates even where the graph has a circle.
fn chain_from<'a>(from: &'a Crate, crates: &'a [Crate], depth_max: usize) -> Vec<&'a str> {
    let Some(depth_max) = depth_max.checked_sub(1) else { return Vec::new() };
    let below = edges(from, crates).map(|to| chain_from(to, crates, depth_max)).max_by_key(Vec::len);
    std::iter::once(from.folder.as_str()).chain(below.unwrap_or_default()).collect()
}

fn edges<'a>(from: &'a Crate, crates: &'a [Crate]) -> impl Iterator<Item = &'a Crate> {
    shipped(crates).filter(|to| {
        let mut normal = from.dependencies.iter().filter(|dependency| dependency.kind == Kind::Normal);
        normal.any(|dependency| dependency.name == to.name)
    })
}

fn shipped(crates: &[Crate]) -> impl Iterator<Item = &Crate> {
    crates.iter().filter(|krate| !matches!(Area::of(&krate.folder), Some(Area::Testbed | Area::Aside)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dependency;

    /// A crate for each letter, which depends on the crates after the colon.
    fn crates(graph: &[&str]) -> Vec<Crate> {
        let krate = |line: &&str| {
            let (name, on) = line.split_once(':').unwrap();
            let dependency = |to: &str| Dependency { name: to.to_owned(), kind: Kind::Normal };
            let dependencies = on.split_whitespace().map(dependency).collect();
            Crate { name: name.to_owned(), folder: format!("protocols/{name}"), dependencies }
        };
        graph.iter().map(krate).collect()
    }

    #[test]
    fn edges_and_the_longest_chain_are_counted() {
        let crates = crates(&["a: b c", "b: c tokio", "c:"]);
        assert_eq!(edge_count(&crates), 3);
        assert_eq!(longest_chain(&crates), ["protocols/a", "protocols/b", "protocols/c"]);
        assert_eq!(check(&crates), []);
    }

    #[test]
    fn tests_and_testbed_are_left_out() {
        let mut crates = crates(&["a: b", "b: a"]);
        crates[1].folder = "testbed/b".to_owned();
        assert_eq!(edge_count(&crates), 0);
        crates[1].folder = "protocols/b".to_owned();
        crates[1].dependencies[0].kind = Kind::Dev;
        assert_eq!(edge_count(&crates), 1);
    }

    #[test]
    fn too_many_edges_and_too_long_a_chain_are_found() {
        let chain = crates(&["a: b", "b: c", "c: d", "d: e", "e: f", "f: g", "g:"]);
        assert_eq!(check(&chain).len(), 1);
        let names: Vec<String> = (0..EDGES_MAX + 1).map(|number| format!("c{number}")).collect();
        let star: Vec<String> = std::iter::once(format!("top: {}", names.join(" ")))
            .chain(names.iter().map(|name| format!("{name}:")))
            .collect();
        assert_eq!(check(&crates(&star.iter().map(String::as_str).collect::<Vec<_>>())).len(), 1);
        assert_eq!(longest_chain(&crates(&["a: b", "b: a"])).len(), 2);
    }
}
