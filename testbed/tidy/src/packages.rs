//! The number of foreign packages in a default build is bounded.
//!
//! Each is one more supplier to trust, and time in every clean build. The bound is a little over the present
//! number; a change that passes it gives the reason in Cargo.toml and raises the bound here.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::Finding;

/// Foreign packages in a default build, at most.
const PACKAGES_MAX: usize = 250;

/// The foreign packages that `cargo build` compiles on this machine, as `name version`; those that only
/// tests need are not among them.
///
/// # Errors
/// When cargo cannot be started, or cannot resolve the workspace as it is locked.
pub fn packages(cargo: &str, root: &Path) -> io::Result<BTreeSet<String>> {
    let answer = Command::new(cargo)
        .args(["tree", "--locked", "--package", "fernpost", "--edges", "normal,build", "--prefix", "none"])
        .current_dir(root)
        .output()?;
    if !answer.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&answer.stderr).into_owned()));
    }
    Ok(parse(&String::from_utf8_lossy(&answer.stdout)))
}

/// Ours are known by their path, in parentheses; a package that was named before ends with `(*)`.
fn parse(tree: &str) -> BTreeSet<String> {
    let foreign = tree.lines().filter(|line| !line.contains("(/") && !line.contains(":\\"));
    foreign
        .map(|line| line.split(" (").next().unwrap_or(line).to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// A finding if there are too many.
#[must_use]
pub fn check(packages: &BTreeSet<String>) -> Vec<Finding> {
    if packages.len() <= PACKAGES_MAX {
        return Vec::new();
    }
    let text = format!("a default build has {} foreign packages, over {PACKAGES_MAX}", packages.len());
    vec![Finding::new("Cargo.toml", text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shortened from what cargo 1.95 printed for this workspace.
    const TREE: &str = "fernpost v0.1.0 (/src/fernpost/server)\n\
        axum v0.8.9\n\
        serde_derive v1.0.229 (proc-macro)\n\
        axum v0.8.9 (*)\n\
        fernpost-sms v0.1.0 (/src/fernpost/protocols/sms) (*)\n\
        \n";

    #[test]
    fn each_foreign_package_counts_once() {
        let packages: Vec<_> = parse(TREE).into_iter().collect();
        assert_eq!(packages, ["axum v0.8.9", "serde_derive v1.0.229"]);
    }

    #[test]
    fn one_too_many_is_found() {
        let many = |count: usize| (0..count).map(|number| format!("p v{number}")).collect();
        assert!(check(&many(PACKAGES_MAX)).is_empty());
        assert_eq!(check(&many(PACKAGES_MAX + 1)).len(), 1);
    }
}
