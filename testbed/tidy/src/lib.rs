//! The rules of this repository as tests.
//!
//! A rule is a pure function from what was read ([`Repository`], the files; [`Crate`], the workspace) to a
//! list of [`Finding`]s; an empty list means that the rule holds. `tests/rules.rs` applies each rule to
//! this repository, and the unit tests of each rule give it a fault that it must find.
//!
//! | module | what it refuses |
//! |---|---|
//! | [`floors`] | an import that goes up, or sideways where the floors refuse it |
//! | [`foreign`] | a foreign crate on a floor that must do without it |
//! | [`pure`] | a socket, file, thread, process or clock in floors 0 to 2 |
//! | [`clock`] | the clock or the environment read where no exemption is listed |
//! | [`tokio_clock`] | the clock of tokio read in a file that is not listed |
//! | [`circles`] | crates that depend on each other in a circle |
//! | [`graph`] | too many edges between the crates, or too long a chain |
//! | [`file_circles`] | more than two files of a crate that depend on each other in a circle |
//! | [`modules`] | a `mod.rs` outside `tests/` |
//! | [`names`] | a vague name of a module or folder |
//! | [`documented`] | a public item without a doc comment |
//! | [`prose`] | comments that make a person of a component |
//! | [`links`] | a dead relative link in a Markdown page |
//! | [`citations`] | a file or an item that a page cites and that does not exist |
//! | [`ledger`] | a row of `docs/standards.tsv` that claims more than the tree holds |
//! | [`clauses`] | a clause cited in a comment and missing in the ledger |
//! | [`conformance`] | a conformance page that is behind the tests |
//! | [`invariants`] | an architecture invariant without a test, or with a test that does not exist |
//! | [`portable`] | a path or a registry of one machine |
//! | [`packages`] | more foreign packages in a default build than were agreed on |
//! | [`sizes`] | a file over 800 lines |
//!
//! `cargo test -p fernpost-tidy` applies all of them. It needs no git, and no network where the
//! sources that Cargo.lock names have been fetched. One rule for one folder:
//! `cargo run -q -p fernpost-tidy --bin findings -- file_circles smsc`.

mod finding;
mod module_tree;
mod repository;
mod source;
mod test_name;
mod use_tree;
mod workspace;

pub mod circles;
pub mod citations;
pub mod clauses;
pub mod clock;
pub mod conformance;
pub mod documented;
pub mod file_circles;
pub mod floors;
pub mod foreign;
pub mod graph;
pub mod invariants;
pub mod ledger;
pub mod links;
pub mod modules;
pub mod names;
pub mod packages;
pub mod portable;
pub mod prose;
pub mod pure;
pub mod sizes;
pub mod tokio_clock;

pub use finding::Finding;
pub use repository::{File, Repository};
pub use workspace::{Crate, Dependency, Kind, workspace};
