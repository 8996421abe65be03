//! The crates of the workspace and what they depend on, as cargo sees them.

use std::io;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// One crate of the workspace.
#[derive(Clone, Debug)]
pub struct Crate {
    /// The package name, for example `fernpost-sms`.
    pub name: String,
    /// Its folder relative to the root, for example `protocols/sms`.
    pub folder: String,
    /// Its dependencies, of the workspace and foreign.
    pub dependencies: Vec<Dependency>,
}

/// One line of a `[dependencies]` table.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The package name.
    pub name: String,
    /// The table of Cargo.toml that holds it.
    pub kind: Kind,
}

/// The table that a dependency stands in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `[dependencies]` or `[build-dependencies]`: part of what is shipped, or runs to make it.
    Normal,
    /// `[dev-dependencies]`: tests, examples and benches only.
    Dev,
}

impl Crate {
    /// The `Cargo.toml` of this crate, to point a finding at.
    #[must_use]
    pub fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// Reads the workspace at `root` from `cargo metadata`, without the network and without resolving anything.
///
/// # Errors
/// When cargo cannot be started, refuses the workspace, or answers something that is not its metadata.
pub fn workspace(cargo: &str, root: &Path) -> io::Result<Vec<Crate>> {
    let answer = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()?;
    if !answer.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&answer.stderr).into_owned()));
    }
    parse(&serde_json::from_slice(&answer.stdout)?).ok_or_else(|| io::Error::other("not cargo metadata"))
}

fn parse(metadata: &Value) -> Option<Vec<Crate>> {
    let root = metadata.get("workspace_root")?.as_str()?;
    metadata.get("packages")?.as_array()?.iter().map(|package| parse_crate(package, root)).collect()
}

fn parse_crate(package: &Value, root: &str) -> Option<Crate> {
    let manifest = package.get("manifest_path")?.as_str()?.strip_prefix(root)?.replace('\\', "/");
    let folder = manifest.strip_suffix("Cargo.toml")?.trim_matches('/').to_owned();
    let dependencies = package.get("dependencies")?.as_array()?.iter().map(parse_dependency);
    Some(Crate {
        name: package.get("name")?.as_str()?.to_owned(),
        folder,
        dependencies: dependencies.collect::<Option<_>>()?,
    })
}

fn parse_dependency(dependency: &Value) -> Option<Dependency> {
    let kind = match dependency.get("kind")?.as_str() {
        Some("dev") => Kind::Dev,
        _ => Kind::Normal,
    };
    Some(Dependency { name: dependency.get("name")?.as_str()?.to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shortened from what cargo 1.95 printed for this workspace.
    const METADATA: &str = r#"{
        "workspace_root": "/src/fernpost",
        "packages": [{
            "name": "fernpost-smsc",
            "manifest_path": "/src/fernpost/smsc/Cargo.toml",
            "dependencies": [
                {"name": "fernpost-sms", "kind": null},
                {"name": "proptest", "kind": "dev"},
                {"name": "cc", "kind": "build"}
            ]
        }]
    }"#;

    #[test]
    fn reads_folders_and_kinds() {
        let crates = parse(&serde_json::from_str(METADATA).unwrap()).unwrap();
        assert_eq!(crates[0].name, "fernpost-smsc");
        assert_eq!(crates[0].folder, "smsc");
        let kinds: Vec<_> = crates[0].dependencies.iter().map(|dependency| dependency.kind).collect();
        assert_eq!(kinds, [Kind::Normal, Kind::Dev, Kind::Normal]);
    }

    #[test]
    fn refuses_what_is_not_metadata() {
        assert!(parse(&serde_json::json!({ "packages": [] })).is_none());
    }
}
