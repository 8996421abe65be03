//! No file names a path or a package registry of one machine or network.
//!
//! A path below a home folder, or the address of a package mirror that only one network can reach, breaks the
//! build everywhere else. crates.io, PyPI and npm are reached through their ordinary clients, without naming
//! a host.

use regex::Regex;

use crate::{Finding, Repository};

const MACHINE_PATH: &str =
    r#"(?:^|[\s"'`(=:,\[<])(/(?:root|work|Users|home/\w+)/|[A-Z]:\\Users\\|\.\./shared/)"#;

const REGISTRY: &str = concat!(
    r"(?i)--(?:extra-)?index-url|\bindex-url\s*=|--trusted-host|\btrusted-host\s*=|\breplace-with\s*=",
    r"|\bfind-links\s*=|\bregistry\s*=\s*.?https?:|https?://[\w.-]*(?:artifactory|nexus|mirror)[\w.-]*[/:]"
);

const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// This file: it has to spell what it refuses.
const SELF: &str = "testbed/tidy/src/portable.rs";

/// Every line that names a path or a registry of one machine.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let (Ok(path), Ok(registry)) = (Regex::new(MACHINE_PATH), Regex::new(REGISTRY)) else {
        return vec![Finding::new(SELF, "bad pattern")];
    };
    let mut findings = Vec::new();
    for file in repository.files().filter(|file| file.path != SELF) {
        let lock = file.path.ends_with("Cargo.lock");
        for (number, line) in file.lines() {
            if let Some(found) = path.captures(line).and_then(|found| found.get(1)) {
                let text = format!("\"{}\" exists on one machine only", found.as_str());
                findings.push(Finding::at(&file.path, number, text));
            }
            if registry.is_match(line) || (lock && line.starts_with("source = ") && line != CRATES_IO) {
                findings.push(Finding::at(
                    &file.path,
                    number,
                    "packages come from the public registries alone",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::File;

    fn found(path: &str, text: &str) -> usize {
        check(&Repository::of(vec![File::new(path, text)])).len()
    }

    #[test]
    fn finds_paths_of_one_machine() {
        assert_eq!(found("docs/x.md", "see `/root/notes`"), 1);
        assert_eq!(found("smsc/src/lib.rs", "include_str!(\"/home/ada/vectors.json\")"), 1);
        assert_eq!(found("server/tests/x.py", "DATA=/work/data"), 1);
        assert_eq!(found("docs/x.md", "from ../shared/design"), 1);
    }

    #[test]
    fn finds_registries_of_one_network() {
        assert_eq!(found(".cargo/config.toml", "replace-with = \"inside\""), 1);
        assert_eq!(found(".ci/run", "pip install --index-url http://10.0.0.1/simple x"), 1);
        assert_eq!(found("Cargo.lock", "source = \"registry+https://crates.example.net/index\""), 1);
        assert_eq!(found("docs/x.md", "https://nexus.example.net/repository"), 1);
    }

    #[test]
    fn accepts_paths_of_every_machine() {
        assert_eq!(found("docs/x.md", "/etc/fernpost.toml, $HOME/x, /homework/y and network/work/z"), 0);
        assert_eq!(found("Cargo.lock", CRATES_IO), 0);
        assert_eq!(found("docs/x.md", "https://docs.rs/fjall"), 0);
    }
}
