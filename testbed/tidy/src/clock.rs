//! The clock and the environment are read in known places.
//!
//! clippy.toml bans `Instant::now`, `SystemTime::now` and `env::var` in the whole workspace. The exemptions from that
//! ban are listed here, each with its reason. Tests are exempt.

use crate::{File, Finding, Repository};

const EXEMPTION: &str = "clippy::disallowed_methods";

/// Exempt files and folders, none of them on floors 0 to 2.
const EXEMPT: [&str; 6] = [
    // The clock of the centre, and the reader of its environment.
    "server/src/clock.rs",
    "server/src/config.rs",
    "server/src/config/",
    // Measures the disk, for metrics alone.
    "stores/embedded/src/stopwatch.rs",
    // No part of the centre.
    "lab/",
    "testbed/",
];

/// Every exemption from the ban in a place that is not listed.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    repository.ending(".rs").filter(|file| !exempt(&file.path)).flat_map(exemptions).collect()
}

fn exempt(path: &str) -> bool {
    EXEMPT.iter().any(|exempt| path.starts_with(exempt))
        || path.contains("/tests/")
        || path.contains("/benches/")
}

fn exemptions(file: &File) -> impl Iterator<Item = Finding> {
    let code = file.shipped_lines().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.filter(|(_, line)| line.contains(EXEMPTION)).map(|(line, _)| {
        let text =
            "take time or environment as an argument, or list this file with its reason in testbed/tidy/src/clock.rs";
        Finding::at(&file.path, line, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOW: &str = "#[allow(clippy::disallowed_methods, reason = \"just this once\")]";

    fn found(path: &str, text: &str) -> usize {
        check(&Repository::of(vec![File::new(path, text)])).len()
    }

    #[test]
    fn an_unlisted_exemption_is_found() {
        assert_eq!(found("gateways/smpp/src/listen.rs", ALLOW), 1);
        assert_eq!(found("server/src/wiring.rs", ALLOW), 1);
    }

    #[test]
    fn listed_places_tests_and_examples_may() {
        assert_eq!(found("protocols/smpp/src/lib.rs", &format!("//! # {ALLOW}")), 0);
        assert_eq!(found("server/src/clock.rs", ALLOW), 0);
        assert_eq!(found("gateways/smpp/tests/load.rs", ALLOW), 0);
        assert_eq!(
            found("gateways/smpp/src/listen.rs", &format!("#[cfg(test)]\nmod tests {{\n{ALLOW}\n}}")),
            0
        );
    }
}
