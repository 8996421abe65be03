//! One form for modules with a folder: `name.rs` beside `name/`.
//!
//! In `tests/` a module that several tests share is `tests/name/mod.rs`: cargo takes `tests/name.rs` for a test.

use crate::{Finding, Repository};

/// Every `mod.rs` but those of tests.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let files = repository.ending("/mod.rs").filter(|file| !is_shared_by_tests(&file.path));
    files
        .map(|file| {
            let module = file.path.trim_end_matches("/mod.rs");
            Finding::new(&file.path, format!("a module with a folder is `{module}.rs`"))
        })
        .collect()
}

/// Whether the path is `tests/name/mod.rs` of a crate.
fn is_shared_by_tests(path: &str) -> bool {
    let mut parts = path.rsplit('/').skip(2);
    parts.next() == Some("tests") && !path.contains("/src/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::File;

    fn found(path: &str) -> usize {
        check(&Repository::of(vec![File::new(path, "")])).len()
    }

    #[test]
    fn sources_have_no_mod_rs() {
        assert_eq!(found("smsc/src/routing/mod.rs"), 1);
        assert_eq!(found("smsc/src/tests/pair/mod.rs"), 1);
        assert_eq!(found("smsc/tests/pair/link/mod.rs"), 1);
        assert_eq!(found("smsc/benches/mod.rs"), 1);
    }

    #[test]
    fn tests_share_a_mod_rs() {
        assert_eq!(found("smsc/tests/pair/mod.rs"), 0);
        assert_eq!(found("smsc/src/routing.rs"), 0);
    }
}
