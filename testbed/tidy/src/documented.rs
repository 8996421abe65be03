//! Every public item of a library has a doc comment.
//!
//! The lint `missing_docs` sees what other crates can reach, so each crate takes it and none has an exemption. This
//! rule reads the rest: `pub` items that are not reachable yet. Fields and variants are left to the lint.

use crate::source::{Token, code, line_of, shipped, tokens};
use crate::{Crate, File, Finding, Repository};

const LINT: &str = "missing_docs";

/// Every crate without the lint, every exemption from it, and every `pub` item without a doc comment.
#[must_use]
pub fn check(repository: &Repository, crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for krate in crates {
        let manifest = krate.manifest();
        if repository.file(&manifest).is_some_and(|file| !takes_the_lint(&file.text)) {
            let text = format!("the crate does without the lint {LINT}: add `[lints] workspace = true`");
            findings.push(Finding::new(&manifest, text));
        }
        let sources = format!("{}/src/", krate.folder);
        let is_library = repository.file(&format!("{sources}lib.rs")).is_some();
        for file in repository.ending(".rs").filter(|file| file.path.starts_with(&sources)) {
            findings.extend(exemptions(file));
            if is_library && !is_binary(&file.path) {
                findings.extend(undocumented(file, repository));
            }
        }
    }
    findings
}

fn takes_the_lint(manifest: &str) -> bool {
    let sections = manifest.split("\n[").map(|section| section.trim_start_matches('['));
    sections.filter_map(|section| section.split_once(']')).any(|(name, lines)| match name {
        "lints" => lines.lines().any(|line| line.replace(' ', "") == "workspace=true"),
        "lints.rust" => {
            let levels = lines.lines().filter_map(|line| line.split_once('='));
            levels.filter(|(lint, _)| lint.trim() == LINT).any(|(_, level)| !level.contains("allow"))
        }
        _ => false,
    })
}

fn is_binary(path: &str) -> bool {
    path.ends_with("/src/main.rs") || path.contains("/src/bin/")
}

fn exemptions(file: &File) -> Vec<Finding> {
    let code = code(&file.text);
    let words = code.match_indices(LINT).filter(|(at, _)| {
        let open =
            code.get(..*at).and_then(|before| before.rsplit_once('(')).map_or("", |(before, _)| before);
        open.ends_with("allow") || open.ends_with("expect")
    });
    let text = format!("an exemption from {LINT}: write the documentation");
    words.map(|(at, _)| Finding::at(&file.path, line_of(&file.text, at), text.clone())).collect()
}

fn undocumented(file: &File, repository: &Repository) -> Vec<Finding> {
    let code = shipped(&file.text);
    let tokens = tokens(&code);
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.text == "pub") {
        let Some((kind, name)) = item(tokens.get(at + 1..).unwrap_or_default()) else { continue };
        // In a macro the documentation is an argument beside the name.
        if name == "$" {
            continue;
        }
        let before = file.text.get(..token.offset).unwrap_or_default();
        let has_inner_docs = || {
            let path = file.path.trim_end_matches(".rs").trim_end_matches("/lib").to_owned();
            kind == "mod"
                && repository
                    .file(&format!("{path}/{name}.rs"))
                    .is_some_and(|file| file.text.starts_with("//!"))
        };
        if !is_documented(before) && !has_inner_docs() {
            let line = line_of(&file.text, token.offset);
            findings.push(Finding::at(
                &file.path,
                line,
                format!("`{kind} {name}` is public and has no doc comment"),
            ));
        }
    }
    findings
}

/// The keyword and the name of the item after `pub`; none for a field, a `use`, or a `pub(crate)` item.
fn item<'a>(tokens: &[Token<'a>]) -> Option<(&'a str, &'a str)> {
    let mut words = tokens.iter().map(|token| token.text).peekable();
    loop {
        match words.next()? {
            "const" if !matches!(words.peek(), Some(&("fn" | "async" | "unsafe" | "extern"))) => {
                return Some(("const", words.next()?));
            }
            "async" | "unsafe" | "extern" | "const" => {}
            "static" => return Some(("static", words.find(|word| *word != "mut")?)),
            kind @ ("fn" | "struct" | "enum" | "trait" | "type" | "union" | "mod") => {
                return Some((kind, words.next()?));
            }
            _ => return None,
        }
    }
}

/// Whether the text before an item ends with its documentation, attributes between them or not.
fn is_documented(before: &str) -> bool {
    let lines = before.lines().rev().skip_while(|line| line.trim().is_empty());
    for line in lines.map(str::trim) {
        if line.starts_with("///") || line.starts_with("#[doc") || line.ends_with("*/") {
            return true;
        }
        let ends_item = line.is_empty() || line.ends_with([';', '}', '{']) && !line.starts_with("#[");
        if ends_item {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(path, text)| File::new(path, text)).collect();
        let krate = Crate { name: "a".to_owned(), folder: "a".to_owned(), dependencies: Vec::new() };
        check(&Repository::of(files), &[krate]).iter().map(ToString::to_string).collect()
    }

    fn found_in(text: &str) -> usize {
        found(&[("a/src/lib.rs", text), ("a/src/b.rs", "//! B.")]).len()
    }

    #[test]
    fn items_without_documentation_are_found() {
        assert_eq!(
            found(&[("a/src/lib.rs", "//! A.\n\npub struct A;\n")]),
            ["a/src/lib.rs:3: `struct A` is public and has no doc comment"]
        );
        for item in
            ["const fn f() {}", "async fn f() {}", "static A: u8 = 1;", "const A: u8 = 1;", "mod c {}"]
        {
            assert_eq!(found_in(&format!("/// B.\nstruct B;\n\npub {item}\n")), 1, "{item}");
        }
        assert_eq!(found_in("impl A {\n    pub fn f() {}\n}"), 1);
    }

    #[test]
    fn documented_and_other_items_pass() {
        assert_eq!(
            found_in("/// A.\n#[derive(Debug)]\n#[error(\n    x\n)]\npub struct A {\n    pub b: u8,\n}\n"),
            0
        );
        assert_eq!(
            found_in("pub use b::B;\npub mod b;\npub(crate) fn f() {}\n#[cfg(test)]\npub fn g() {}"),
            0
        );
        assert_eq!(found(&[("a/src/main.rs", "pub fn f() {}")]).len(), 0);
    }

    #[test]
    fn the_lint_is_taken_and_not_allowed_away() {
        assert_eq!(found_in("#![allow(missing_docs, reason = \"none\")]"), 1);
        assert_eq!(found_in("#[expect(missing_docs, reason = \"none\")]\nfn f() {}"), 1);
        for good in
            ["[package]\nx = 1\n[lints]\nworkspace = true\n", "[lints.rust]\nmissing_docs = \"warn\"\n"]
        {
            assert_eq!(found(&[("a/Cargo.toml", good)]).len(), 0, "{good}");
        }
        for bad in [
            "[package]\n",
            "[lints.rust]\nmissing_docs = \"allow\"\n",
            "[dependencies.x]\nworkspace = true\n",
        ] {
            assert_eq!(found(&[("a/Cargo.toml", bad)]).len(), 1, "{bad}");
        }
    }
}
