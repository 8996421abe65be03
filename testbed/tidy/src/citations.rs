//! Files and items that the pages of the architecture cite exist.
//!
//! A citation stands in backticks. It is a path (`ports.rs`, `schedule/queue.rs`, `convert/`, `smsc/tests`, with
//! or without `::function`), or the name of an item (`StartGuard`, `Centre::accept`, `poll()`, `data_coding`).
//! Single lower-case words, terms in capitals, commands and settings with dots are not checked. A
//! decision record writes the name of what is past in plain quotes.

use std::collections::HashSet;

use regex::Regex;

use crate::source::{code, line_of, tokens};
use crate::{File, Finding, Repository};

const SPAN: &str = r"`([^`\n]+)`";

/// The path, and what it holds.
const PATH: &str = r"^([\w.-]+(?:/[\w.*-]+)*/?)(?:::([\w:]+))?$";

/// The path of an item; arguments may follow.
const ITEM: &str = r"^[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*(?:\([^)]*\))?$";

/// Every citation of a file, folder or item that the repository does not hold.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let (Ok(span), Ok(path), Ok(item)) = (Regex::new(SPAN), Regex::new(PATH), Regex::new(ITEM)) else {
        return vec![Finding::new("tidy", "citations: bad pattern")];
    };
    let sources: Vec<String> = repository.ending(".rs").map(|file| code(&file.text)).collect();
    let sources: Vec<HashSet<&str>> = sources.iter().map(|code| words(code)).collect();
    // Comments spell the terms of the standards as the standards do: `submit_sm` for `SubmitSm`.
    let texts = repository.ending(".rs").filter(|file| !file.path.starts_with("testbed/tidy/"));
    let terms: HashSet<&str> = texts.flat_map(|file| words(&file.text)).collect();
    let mut findings = Vec::new();
    for page in repository.ending(".md").filter(|page| is_checked(&page.path)) {
        let text = without_fences(page);
        for cited in span.captures_iter(&text).filter_map(|found| found.get(1)) {
            let missing = match path.captures(cited.as_str()) {
                Some(parts) if is_path(parts.get(1).map_or("", |part| part.as_str()), repository) => {
                    let of = |at: usize| parts.get(at).map(|part| part.as_str());
                    missing_path(of(1).unwrap_or_default(), of(2), repository)
                }
                _ if item.is_match(cited.as_str()) => missing_item(cited.as_str(), &sources, &terms),
                _ => None,
            };
            let line = line_of(&text, cited.start());
            findings.extend(missing.map(|missing| {
                Finding::at(&page.path, line, format!("`{}` is cited: {missing}", cited.as_str()))
            }));
        }
    }
    findings
}

fn is_checked(path: &str) -> bool {
    matches!(path, "ARCHITECTURE.md" | "CONTRIBUTING.md" | "docs/life-of-a-message.md")
        || path.starts_with("docs/decisions/")
}

/// The page with empty lines in place of its fenced blocks.
fn without_fences(page: &File) -> String {
    let mut is_fenced = false;
    let mut text = String::with_capacity(page.text.len());
    for line in page.text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        text.push_str(if is_fenced || is_fence { "" } else { line });
        text.push('\n');
    }
    text
}

/// Whether a citation means a file or a folder of the repository, and not a media type or a URL.
fn is_path(cited: &str, repository: &Repository) -> bool {
    let (first, _) = cited.split_once('/').unwrap_or((cited, ""));
    let is_in_folder = cited.contains('/') && !first.contains('.') && repository.holds(first);
    cited.ends_with(".rs") || cited.ends_with('/') || is_in_folder
}

/// Pages about one crate cite its files by the end of their paths.
fn missing_path(path: &str, item: Option<&str>, repository: &Repository) -> Option<String> {
    let path = path.trim_end_matches('*').trim_end_matches('/');
    let inside = format!("/{path}/");
    let after = format!("/{path}");
    let is_meant = |file: &&File| {
        let file = format!("/{}", file.path);
        file.ends_with(&after)
            || file.starts_with(&inside)
            || !path.ends_with(".rs") && file.contains(&inside)
    };
    let mut meant = repository.files().filter(is_meant).peekable();
    if meant.peek().is_none() {
        return Some("no such file or folder".to_owned());
    }
    let item = item?.rsplit("::").next()?;
    let declared = meant.any(|file| words(&code(&file.text)).contains(item));
    (!declared).then(|| format!("no {item} in that file"))
}

/// Why an item does not exist, if its words look like one: all must stand in one file.
fn missing_item(cited: &str, sources: &[HashSet<&str>], terms: &HashSet<&str>) -> Option<String> {
    let name = cited.split('(').next()?;
    let is_camel = name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
    let is_snake = name.contains('_') && name.contains(char::is_lowercase);
    if !(is_camel || is_snake || name.contains("::") || cited.ends_with(')')) {
        return None;
    }
    if is_snake && terms.contains(cited) {
        return None;
    }
    // A path through a crate (`smsc::failure`) names modules, which another file declares.
    let is_type = |word: &&str| word.starts_with(char::is_uppercase);
    let words: Vec<&str> = name.split("::").collect();
    let together = words.iter().any(is_type);
    let known = |words: &[&str]| sources.iter().any(|source| words.iter().all(|word| source.contains(word)));
    let exists = if together { known(&words) } else { words.iter().all(|word| known(&[word])) };
    (!exists).then(|| "no source file has this name".to_owned())
}

fn words(code: &str) -> HashSet<&str> {
    tokens(code).into_iter().map(|token| token.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let files = vec![
            File::new("ARCHITECTURE.md", text),
            File::new("docs/sip.md", "`Gone`"),
            File::new("smsc/src/ports.rs", "pub struct StartGuard; impl StartGuard { fn lets_go(&self) {} }"),
            File::new("smsc/src/schedule/queue.rs", "fn poll() { \"Gone\"; } // Gone or submit_sm"),
        ];
        check(&Repository::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_exists_may_be_cited() {
        let paths =
            "`smsc/src/ports.rs`, `ports.rs`, `schedule/queue.rs::poll`, `schedule/`, `smsc/*`, `smsc/src`";
        assert_eq!(found(paths), Vec::<String>::new());
        assert_eq!(
            found("`StartGuard`, `StartGuard::lets_go`, `lets_go`, `poll(now)`, `submit_sm`"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_gone_is_found() {
        assert_eq!(
            found("\n`smsc/src/gone.rs` and `gone.rs`"),
            [
                "ARCHITECTURE.md:2: `smsc/src/gone.rs` is cited: no such file or folder",
                "ARCHITECTURE.md:2: `gone.rs` is cited: no such file or folder",
            ]
        );
        let gone = ["smsc/tests", "gone/", "ports.rs::gone", "Gone", "StartGuard::poll", "is_gone", "gone()"];
        for cited in gone {
            assert_eq!(found(&format!("`{cited}`")).len(), 1, "{cited}");
        }
    }

    #[test]
    fn other_words_are_not_checked() {
        let others = "`ESME_RTHROTTLED`, `gone`, `message/cpim`, `/v1/gone`, `m3ua.host`, `cargo test`, `a = b`, \"Gone\"";
        assert_eq!(found(others), Vec::<String>::new());
        assert_eq!(found("```\n`Gone`\n```\n"), Vec::<String>::new());
    }
}
