//! The house rules as tests.
//!
//! A rule is a pure function from what was read ([`House`], the files; [`Crate`], the workspace) to a
//! list of [`Finding`]s; an empty list means that the rule holds. `tests/house.rs` applies each rule to
//! this repository, and each rule's own tests show it a fault that it must find.
//!
//! | module | what it refuses |
//! |---|---|
//! | [`floors`] | an import that goes up, or sideways where the house has a wall |
//! | [`foreign`] | a foreign crate on a floor that must do without it |
//! | [`pure`] | a socket, file, thread, process or clock in floors 0 to 2 |
//! | [`clock`] | the clock or the environment read where no exemption is listed |
//! | [`circles`] | crates that depend on each other in a ring |
//! | [`names`] | a module or folder whose name says nothing |
//! | [`links`] | a dead relative link in a Markdown page |
//! | [`ledger`] | a row of `docs/standards.tsv` that claims more than the tree holds |
//! | [`clauses`] | a clause cited in a comment that the ledger does not know |
//! | [`conformance`] | a conformance page that is behind the tests |
//! | [`invariants`] | an architecture invariant whose test does not exist |
//! | [`portable`] | a path or a registry of one machine |
//! | [`packages`] | more packages of others in a default build than were agreed on |
//! | [`sizes`] | a file over 800 lines |
//!
//! Run it with `cargo test -p fernpost-tidy`. It needs no git, and no network where the
//! sources that Cargo.lock names have been fetched.

mod finding;
mod house;
mod test_name;
mod workspace;

pub mod circles;
pub mod clauses;
pub mod clock;
pub mod conformance;
pub mod floors;
pub mod foreign;
pub mod invariants;
pub mod ledger;
pub mod links;
pub mod names;
pub mod packages;
pub mod portable;
pub mod pure;
pub mod sizes;

pub use finding::Finding;
pub use house::{File, House};
pub use workspace::{Crate, Dependency, Kind, workspace};
