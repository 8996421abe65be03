//! The house rules, applied to this repository. What each rule means stands in its module.

#![expect(clippy::unwrap_used, reason = "a house that cannot be read fails every rule")]

use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use tidy::{
    Crate, Finding, House, circles, clauses, clock, conformance, floors, foreign, invariants, ledger, links,
    names, packages, portable, pure, sizes,
};

static ROOT: LazyLock<&Path> = LazyLock::new(|| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")));
static HOUSE: LazyLock<House> = LazyLock::new(|| House::read(&ROOT).unwrap());
static CRATES: LazyLock<Vec<Crate>> = LazyLock::new(|| tidy::workspace(env!("CARGO"), &ROOT).unwrap());

#[track_caller]
fn assert_none(findings: &[Finding]) {
    let list: String = findings.iter().map(|finding| format!("  {finding}\n")).collect();
    assert!(findings.is_empty(), "\n\n{list}");
}

#[test]
fn the_house_was_read() {
    assert!(HOUSE.file("Cargo.toml").is_some());
    assert!(CRATES.iter().any(|krate| krate.folder == "testbed/tidy"));
}

#[test]
fn imports_go_down_only() {
    assert_none(&floors::check(&CRATES));
}

#[test]
fn each_floor_does_without_the_crates_above_it() {
    assert_none(&foreign::check(&CRATES));
}

#[test]
fn floors_0_to_2_touch_nothing() {
    assert_none(&pure::check(&HOUSE));
}

#[test]
fn the_clock_and_the_environment_are_read_in_known_places() {
    assert_none(&clock::check(&HOUSE));
}

#[test]
fn no_crates_depend_on_each_other_in_a_circle() {
    assert_none(&circles::check(&CRATES));
}

#[test]
fn names_say_what_a_thing_is() {
    assert_none(&names::check(&HOUSE));
}

#[test]
fn no_relative_link_is_dead() {
    assert_none(&links::check(&HOUSE));
}

#[test]
fn the_ledger_of_standards_is_true() {
    assert_none(&ledger::check(&HOUSE));
}

#[test]
fn every_cited_clause_is_in_the_ledger() {
    assert_none(&clauses::check(&HOUSE));
}

#[test]
fn every_invariant_names_its_test() {
    assert_none(&invariants::check(&HOUSE));
}

#[test]
fn the_conformance_page_is_up_to_date() {
    assert_none(&conformance::check(&HOUSE));
}

#[test]
fn nothing_knows_the_machine_it_was_written_on() {
    assert_none(&portable::check(&HOUSE));
}

#[test]
fn a_default_build_takes_in_few_packages_of_others() {
    let packages = packages::packages(env!("CARGO"), &ROOT).unwrap();
    assert!(packages.iter().any(|package| package.starts_with("tokio v")), "{packages:?}");
    assert_none(&packages::check(&packages));
}

#[test]
fn no_file_is_over_800_lines() {
    // Straight to the terminal: the test harness swallows what a passing test prints.
    let _ = write!(std::io::stderr(), "\n{}", sizes::report(&HOUSE, &CRATES));
    assert_none(&sizes::check(&HOUSE));
}
