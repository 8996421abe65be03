//! The clock and the environment are read in one place each.
//!
//! clippy.toml bans `Instant::now`, `SystemTime::now` and `env::var` for everybody. A ban is only as good as its
//! exemptions, so this rule counts them: `server/src/clock.rs`, `server/src/config/`, and what is no part of
//! the centre, namely tests, `peers` and `testbed`.

use crate::{File, Finding, House};

const EXEMPTION: &str = "clippy::disallowed_methods";

const EXEMPT: [&str; 6] =
    ["server/src/clock.rs", "server/src/config.rs", "server/src/config/", "peers/", "testbed/", "tidy/"];

/// Every exemption from the ban in a place that has no need of it.
#[must_use]
pub fn check(house: &House) -> Vec<Finding> {
    house.ending(".rs").filter(|file| !exempt(&file.path)).flat_map(exemptions).collect()
}

fn exempt(path: &str) -> bool {
    EXEMPT.iter().any(|exempt| path.starts_with(exempt))
        || path.contains("/tests/")
        || path.contains("/benches/")
}

fn exemptions(file: &File) -> impl Iterator<Item = Finding> {
    let code = file.shipped_lines().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.filter(|(_, line)| line.contains(EXEMPTION)).map(|(line, _)| {
        Finding::at(
            &file.path,
            line,
            "only the server reads the clock and the environment: take them as arguments",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOW: &str = "#[allow(clippy::disallowed_methods, reason = \"just this once\")]";

    fn found(path: &str, text: &str) -> usize {
        check(&House::of(vec![File::new(path, text)])).len()
    }

    #[test]
    fn an_exemption_is_found_where_time_is_an_argument() {
        assert_eq!(found("gateways/smpp/src/listen.rs", ALLOW), 1);
        assert_eq!(found("server/src/wiring.rs", ALLOW), 1);
    }

    #[test]
    fn the_one_place_tests_and_examples_may() {
        assert_eq!(found("protocols/smpp/src/lib.rs", &format!("//! # {ALLOW}")), 0);
        assert_eq!(found("server/src/clock.rs", ALLOW), 0);
        assert_eq!(found("gateways/smpp/tests/load.rs", ALLOW), 0);
        assert_eq!(
            found("gateways/smpp/src/listen.rs", &format!("#[cfg(test)]\nmod tests {{\n{ALLOW}\n}}")),
            0
        );
    }
}
