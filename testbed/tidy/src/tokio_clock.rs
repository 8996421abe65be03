//! The clock of tokio is read in known places.
//!
//! Gateways pass a moment to the state machines below them, so each has to read a clock somewhere, and tests pause
//! that of tokio. The files that read it are listed here, each with its reason. Tests may read it anywhere.

use crate::source::{line_of, shipped, tokens};
use crate::use_tree::{Import, imports};
use crate::{File, Finding, Repository};

/// This file, which holds the list.
const SELF: &str = "testbed/tidy/src/tokio_clock.rs";

/// Why the files of one group read the clock, and their paths.
const READERS: [(&str, &[&str]); 4] = [
    (
        "the task that owns a state machine passes the moment to it",
        &[
            "gateways/sip/src/transactions.rs",
            "gateways/smpp/src/dial.rs",
            "gateways/smpp/src/bind.rs",
            "gateways/smpp/src/session.rs",
            "gateways/smpp/src/session/deliveries.rs",
            "gateways/ss7/src/signalling/engine_task.rs",
            "lab/src/mobile_network/engine.rs",
        ],
    ),
    (
        "one deadline holds for several waits",
        &[
            "gateways/http/src/dial.rs",
            "gateways/smpp/src/gateway.rs",
            "net/sctp/src/sender.rs",
            "net/sctp/src/tcp.rs",
            "net/sctp/src/udp/peer.rs",
            "node/src/sip_link.rs",
        ],
    ),
    (
        "a limit of rate or of wrong passwords counts time",
        &["gateways/http/src/api/login.rs", "gateways/sip/src/peer.rs", "gateways/smpp/src/link.rs"],
    ),
    (
        "the load generator keeps its pace and measures latency",
        &["lab/src/load/", "lab/src/user_agent/agent.rs"],
    ),
];

/// Every reading of the clock of tokio in a file that is not listed, and every listed file that reads none.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let sources = || repository.ending(".rs").filter(|file| is_checked(&file.path));
    let unlisted = sources().filter(|file| !listed().any(|listed| file.path.starts_with(listed)));
    let mut findings: Vec<Finding> = unlisted.flat_map(readings).collect();
    let idle = listed().filter(|listed| {
        let mut below = sources().filter(|file| file.path.starts_with(listed));
        below.all(|file| readings(file).is_empty())
    });
    findings.extend(
        idle.map(|listed| Finding::new(SELF, format!("{listed} no longer reads the clock: remove it"))),
    );
    findings
}

fn is_checked(path: &str) -> bool {
    path.contains("/src/") && !path.starts_with("testbed/") && !path.ends_with("/tests.rs")
}

fn listed() -> impl Iterator<Item = &'static str> {
    READERS.iter().flat_map(|(_reason, paths)| paths.iter().copied())
}

fn readings(file: &File) -> Vec<Finding> {
    let code = shipped(&file.text);
    let tokens = tokens(&code);
    let uses = tokens.iter().enumerate().filter(|(_, token)| token.text == "use");
    let imports: Vec<Import> = uses
        .flat_map(|(at, token)| {
            let rest = tokens.get(at + 1..).unwrap_or_default();
            let end = rest.iter().position(|token| token.text == ";").unwrap_or_default();
            imports(rest.get(..end).unwrap_or_default(), false, token.offset)
        })
        .collect();
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.text == "now") {
        // The path before `now`, read backwards.
        let before = tokens.get(..at).unwrap_or_default().rchunks_exact(2);
        let pairs = before.map_while(|pair| match pair {
            [word, colons] if colons.text == "::" => Some(word.text),
            _ => None,
        });
        let mut path: Vec<&str> = pairs.collect();
        path.reverse();
        if is_tokio_instant(&path, &imports) {
            let text = "reads the clock: take the moment as an argument, or list this file with its reason in \
                testbed/tidy/src/tokio_clock.rs";
            findings.push(Finding::at(&file.path, line_of(&file.text, token.offset), text));
        }
    }
    findings
}

/// Whether a path means `tokio::time::Instant` in a file with these imports.
fn is_tokio_instant(path: &[&str], imports: &[Import]) -> bool {
    const INSTANT: [&str; 3] = ["tokio", "time", "Instant"];
    let Some((first, rest)) = path.split_first() else { return false };
    path == INSTANT
        || imports.iter().any(|import| match &import.name {
            Some(name) if name == first => {
                import.path.iter().map(String::as_str).chain(rest.iter().copied()).eq(INSTANT)
            }
            None => import.path.iter().map(String::as_str).chain(path.iter().copied()).eq(INSTANT),
            Some(_) => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_at(path: &str, text: &str) -> usize {
        let findings = check(&Repository::of(vec![File::new(path, text)]));
        findings.iter().filter(|finding| finding.path != SELF).count()
    }

    fn found(text: &str) -> usize {
        found_at("gateways/smpp/src/listen.rs", text)
    }

    #[test]
    fn every_spelling_is_found() {
        assert_eq!(found("fn f() { tokio::time::Instant::now() }"), 1);
        assert_eq!(
            found("use tokio::time::{self, Instant as Moment};\nMoment::now(); time::Instant::now()"),
            2
        );
        assert_eq!(found("use tokio::{net, time::*};\nstart.get_or_init(Instant::now)"), 1);
    }

    #[test]
    fn other_clocks_and_tests_are_left_alone() {
        assert_eq!(found("use std::time::Instant; Instant::now()"), 0);
        assert_eq!(found("use tokio::time::Instant; Clock::now(); now()"), 0);
        assert_eq!(
            found("#[cfg(test)]\nmod tests { use tokio::time::Instant; fn f() { Instant::now() } }"),
            0
        );
        assert_eq!(found_at("gateways/smpp/tests/load.rs", "tokio::time::Instant::now()"), 0);
    }

    #[test]
    fn a_listed_file_without_a_reading_is_found() {
        let files =
            vec![File::new("gateways/ss7/src/signalling/engine_task.rs", "tokio::time::Instant::now()")];
        let idle = listed().count() - 1;
        assert_eq!(check(&Repository::of(files)).len(), idle);
    }

    #[test]
    fn listed_files_may() {
        assert_eq!(found_at("gateways/ss7/src/signalling/engine_task.rs", "tokio::time::Instant::now()"), 0);
        assert_eq!(found_at("lab/src/load/sip.rs", "tokio::time::Instant::now()"), 0);
    }
}
