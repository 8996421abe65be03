//! Comments are written in plain technical English: components are no persons.

use std::collections::BTreeMap;

use regex::Regex;

use crate::{Crate, File, Finding, Repository};

/// The words that present a component as a person.
const WORDS: &str = concat!(
    r"(?i)\b(?:who|whom|whose|whoever|whomever|nobody|no one|somebody|someone|anybody|anyone|everybody|everyone",
    r"|hear|hears|heard|hearing|say|says|said|saying|tell|tells|told|telling|wish|wishes|wished|speak|speaks",
    r"|spoke|spoken|listens to|believe|believes|forgive|forgives|forgiven|forgave|patience|strangers?|words? of",
    r"|last word|the word)\b"
);

/// Of the comment lines of the repository, at most this many in a thousand may hold such a word.
const REPOSITORY_PER_MILLE_MAX: usize = 5;

/// Of the comment lines of one crate, at most this many in a thousand.
const CRATE_PER_MILLE_MAX: usize = 20;

/// Every comment line with such a word, of the repository when it has too many, else of the crates that do.
#[must_use]
pub fn check(repository: &Repository, crates: &[Crate]) -> Vec<Finding> {
    let Ok(words) = Regex::new(WORDS) else { return vec![Finding::new("tidy", "prose: bad pattern")] };
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for file in repository.ending(".rs") {
        let count = counts.entry(crate_of(&file.path, crates)).or_default();
        count.read(file, &words);
    }
    let offending = counts.values().map(|count| count.findings.len()).sum();
    let is_over = over(offending, counts.values().map(|count| count.lines).sum(), REPOSITORY_PER_MILLE_MAX);
    let listed = counts
        .into_values()
        .filter(|count| is_over || over(count.findings.len(), count.lines, CRATE_PER_MILLE_MAX));
    listed.flat_map(|count| count.findings).collect()
}

/// The comment lines of one crate.
#[derive(Default)]
struct Count {
    lines: usize,
    findings: Vec<Finding>,
}

impl Count {
    fn read(&mut self, file: &File, words: &Regex) {
        for (number, line) in file.lines() {
            let Some(comment) = line.trim_start().strip_prefix("//") else { continue };
            self.lines += 1;
            if let Some(word) = words.find(comment) {
                let text = format!(
                    "\"{}\" in a comment: {}",
                    word.as_str(),
                    comment.trim_start_matches(['/', '!']).trim()
                );
                self.findings.push(Finding::at(&file.path, number, text));
            }
        }
    }
}

fn over(offending: usize, lines: usize, per_mille_max: usize) -> bool {
    offending * 1000 > lines * per_mille_max
}

/// The folder of the innermost crate that holds `path`; empty outside the workspace.
fn crate_of<'a>(path: &str, crates: &'a [Crate]) -> &'a str {
    let holds = |folder: &&str| path.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/'));
    let folders = crates.iter().map(|krate| krate.folder.as_str()).filter(holds);
    folders.max_by_key(|folder| folder.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(offending: usize, plain: usize) -> Vec<Finding> {
        let text =
            format!("{}{}", "    /// Nobody answers.\n".repeat(offending), "// No answer.\n".repeat(plain));
        let krate = |folder: &str| Crate {
            name: folder.to_owned(),
            folder: folder.to_owned(),
            dependencies: Vec::new(),
        };
        let files = vec![File::new("a/src/lib.rs", &text), File::new("b/src/lib.rs", &"//\n".repeat(10_000))];
        check(&Repository::of(files), &[krate("a"), krate("b")])
    }

    #[test]
    fn a_crate_over_its_bar_is_listed() {
        assert_eq!(found(2, 98), []);
        let findings = found(3, 97);
        assert_eq!(findings.len(), 3);
        assert_eq!(findings[0].to_string(), "a/src/lib.rs:1: \"Nobody\" in a comment: Nobody answers.");
    }

    #[test]
    fn a_repository_over_its_bar_is_listed() {
        assert_eq!(found(54, 2_700), []);
        assert_eq!(found(100, 9_900).len(), 0);
        assert_eq!(found(101, 9_899).len(), 101);
    }

    #[test]
    fn words_inside_words_and_code_are_left_alone() {
        let words = Regex::new(WORDS).unwrap();
        let mut count = Count::default();
        let text = "// A whole, shearing essay: the wording of soothsayers.\nlet who = \"says\";\n// Whose? password of";
        count.read(&File::new("a.rs", text), &words);
        assert_eq!((count.lines, count.findings.len()), (2, 1));
    }
}
