//! A folder, file or module is called after what it holds.
//!
//! A vague name (`common`, `util`) attracts whatever has no other place, until every crate imports it.

use crate::{Finding, Repository};

const REFUSED: [&str; 19] = [
    "base", "common", "core", "extra", "general", "generic", "helper", "internal", "manager", "misc",
    "other", "shared", "stuff", "support", "thing", "tool", "type", "util", "various",
];

/// Every folder, source file and inline module with a refused name.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.files() {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let module = name.strip_suffix(".rs");
        if let Some(part) = folder.split('/').chain(module).find(|part| refused(part)) {
            findings.push(Finding::new(
                &file.path,
                format!("the name \"{part}\" is vague: name it after what it holds"),
            ));
        }
        for (line, text) in file.lines().filter(|_| module.is_some()) {
            if let Some(part) = declared_module(text).filter(|part| refused(part)) {
                let text = format!("the module name \"{part}\" is vague: name it after what it holds");
                findings.push(Finding::at(&file.path, line, text));
            }
        }
    }
    findings
}

/// Singular and plural are the same vagueness.
fn refused(name: &str) -> bool {
    REFUSED.iter().any(|refused| name.trim_end_matches('s') == refused.trim_end_matches('s'))
}

fn declared_module(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
    line.strip_prefix("mod ")?.split([' ', ';', '{']).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::File;

    fn found(path: &str, text: &str) -> usize {
        check(&Repository::of(vec![File::new(path, text)])).len()
    }

    #[test]
    fn refuses_folders_files_and_inline_modules() {
        assert_eq!(found("gateways/common/src/lib.rs", ""), 1);
        assert_eq!(found("smsc/src/util.rs", ""), 1);
        assert_eq!(found("smsc/tests/helpers/mod.rs", ""), 1);
        assert_eq!(found("smsc/src/lib.rs", "pub mod types {}"), 1);
        assert_eq!(found("smsc/src/lib.rs", "    mod base;"), 1);
    }

    #[test]
    fn leaves_longer_names_and_other_files_alone() {
        assert_eq!(found("smsc/src/message_types.rs", ""), 0);
        assert_eq!(found("docs/core.md", "mod core;"), 0);
        assert_eq!(found("protocols/sms/src/lib.rs", "use core::fmt;"), 0);
    }
}
