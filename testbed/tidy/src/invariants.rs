//! Each invariant of ARCHITECTURE.md names a test that exists.
//!
//! The page writes ``**Invariant:** ... Test: `smsc/tests/journey.rs::refuses_what_it_cannot_route` `` in one
//! paragraph, or `Tests:` and several names parted by commas or "and".

use regex::Regex;

use crate::{File, Finding, Repository, test_name};

const PAGE: &str = "ARCHITECTURE.md";

const INVARIANT: &str = r"(?im)^[>*_\s-]*(?:architecture )?invariant\b ?\d*[:.*_]";

const MENTION: &str = r"\bTests?:((?:[\s,*]|and\b)*`[^`]+`)+";

/// Every invariant without a test, and every named test that does not exist. Without the page there is nothing
/// to check.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let Some(page) = repository.file(PAGE) else { return Vec::new() };
    let (Ok(invariant), Ok(mention)) = (Regex::new(INVARIANT), Regex::new(MENTION)) else {
        return vec![Finding::new("tidy", "invariants: bad pattern")];
    };
    let mut findings = Vec::new();
    for found in invariant.find_iter(&page.text) {
        let paragraph =
            page.text.get(found.start()..).and_then(|rest| rest.trim_start().split("\n\n").next());
        if !paragraph.is_some_and(|paragraph| mention.is_match(paragraph)) {
            findings.push(Finding::at(PAGE, line_of(found.end(), page), "this invariant names no test"));
        }
    }
    for found in mention.find_iter(&page.text) {
        let names = found.as_str().split('`').skip(1).step_by(2);
        let missing = names.filter_map(|name| test_name::missing(name, repository));
        findings.extend(missing.map(|text| Finding::at(PAGE, line_of(found.start(), page), text)));
    }
    findings
}

fn line_of(offset: usize, page: &File) -> usize {
    page.text.get(..offset).unwrap_or_default().matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> Vec<String> {
        let test = File::new("testbed/tidy/tests/rules.rs", "fn imports_go_down_only() {}");
        let repository = Repository::of(vec![File::new(PAGE, page), test]);
        check(&repository).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn existing_tests_pass() {
        assert!(found("Test: `testbed/tidy/tests/rules.rs::imports_go_down_only`.").is_empty());
        assert!(
            found(
                "**Tests:** `testbed/tidy/tests/rules.rs`,\n`testbed` and `testbed/tidy/tests`; see `gone.rs`"
            )
            .is_empty()
        );
    }

    #[test]
    fn missing_tests_are_found_with_their_line() {
        assert_eq!(
            found("Floor 0.\n\nTest: `testbed/tidy/tests/rules.rs::goes_up`, and `smsc/tests/gone.rs`"),
            [
                "ARCHITECTURE.md:3: test `testbed/tidy/tests/rules.rs::goes_up`: no function goes_up in that file",
                "ARCHITECTURE.md:3: test `smsc/tests/gone.rs`: no such file",
            ]
        );
    }

    #[test]
    fn an_invariant_without_a_test_is_found() {
        assert_eq!(
            found("# Floors\n\n> **Invariant:** no socket.\n\nTest: `testbed`"),
            ["ARCHITECTURE.md:3: this invariant names no test"]
        );
        assert!(
            found("**Invariant.** No socket,\nnever. Test: `testbed/tidy/tests`.\n\n## Invariants\n")
                .is_empty()
        );
    }
}
