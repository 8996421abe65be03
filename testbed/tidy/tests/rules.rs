//! The rules, applied to this repository. The module of each rule describes it.

#![expect(clippy::unwrap_used, reason = "a repository that cannot be read fails every rule")]

use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use tidy::{
    Crate, Finding, Repository, circles, citations, clauses, clock, conformance, documented, file_circles,
    floors, foreign, graph, invariants, ledger, links, modules, names, packages, portable, prose, pure,
    sizes, tokio_clock,
};

static ROOT: LazyLock<&Path> = LazyLock::new(|| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")));
static REPOSITORY: LazyLock<Repository> = LazyLock::new(|| Repository::read(&ROOT).unwrap());
static CRATES: LazyLock<Vec<Crate>> = LazyLock::new(|| tidy::workspace(env!("CARGO"), &ROOT).unwrap());

#[track_caller]
fn assert_none(findings: &[Finding]) {
    let list: String = findings.iter().map(|finding| format!("  {finding}\n")).collect();
    assert!(findings.is_empty(), "\n\n{list}");
}

#[test]
fn the_repository_is_read() {
    assert!(REPOSITORY.file("Cargo.toml").is_some());
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
    assert_none(&pure::check(&REPOSITORY));
}

#[test]
fn the_clock_and_the_environment_are_read_in_known_places() {
    assert_none(&clock::check(&REPOSITORY));
}

#[test]
fn no_crates_depend_on_each_other_in_a_circle() {
    assert_none(&circles::check(&CRATES));
}

#[test]
fn the_graph_of_the_crates_is_small() {
    assert_none(&graph::check(&CRATES));
}

#[test]
fn no_more_than_two_files_depend_on_each_other_in_a_circle() {
    assert_none(&file_circles::check(&REPOSITORY, &CRATES));
}

#[test]
fn modules_have_one_file_form() {
    assert_none(&modules::check(&REPOSITORY));
}

#[test]
fn no_name_is_vague() {
    assert_none(&names::check(&REPOSITORY));
}

#[test]
fn every_public_item_is_documented() {
    assert_none(&documented::check(&REPOSITORY, &CRATES));
}

#[test]
fn comments_are_plain_technical_english() {
    assert_none(&prose::check(&REPOSITORY, &CRATES));
}

#[test]
fn the_clock_of_tokio_is_read_in_known_places() {
    assert_none(&tokio_clock::check(&REPOSITORY));
}

#[test]
fn every_cited_file_and_item_exists() {
    assert_none(&citations::check(&REPOSITORY));
}

#[test]
fn no_relative_link_is_dead() {
    assert_none(&links::check(&REPOSITORY));
}

#[test]
fn the_ledger_of_standards_agrees_with_the_tree() {
    assert_none(&ledger::check(&REPOSITORY));
}

#[test]
fn every_cited_clause_is_in_the_ledger() {
    assert_none(&clauses::check(&REPOSITORY));
}

#[test]
fn every_invariant_names_its_test() {
    assert_none(&invariants::check(&REPOSITORY));
}

#[test]
fn the_conformance_page_is_up_to_date() {
    assert_none(&conformance::check(&REPOSITORY));
}

#[test]
fn no_file_names_one_machine() {
    assert_none(&portable::check(&REPOSITORY));
}

#[test]
fn a_default_build_has_few_foreign_packages() {
    let packages = packages::packages(env!("CARGO"), &ROOT).unwrap();
    assert!(packages.iter().any(|package| package.starts_with("tokio v")), "{packages:?}");
    assert_none(&packages::check(&packages));
}

#[test]
fn no_file_is_over_800_lines() {
    // Straight to the terminal: the test harness swallows what a passing test prints.
    let _ = write!(std::io::stderr(), "\n{}", sizes::report(&REPOSITORY, &CRATES));
    assert_none(&sizes::check(&REPOSITORY));
}
