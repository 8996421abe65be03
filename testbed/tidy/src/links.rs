//! No dead relative link in a Markdown page.
//!
//! Links out of the repository are not followed: the test needs no network. Of a link into a page the heading
//! is checked too, with the anchors that GitHub and GitLab make.

use std::path::Path;

use regex::Regex;

use crate::{File, Finding, Repository};

/// `](target)` and `](target "title")`, then `[name]: target` at the start of a line.
const LINK: &str = r#"\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\s{0,3}\[[^\]]+\]:\s*(\S+)"#;

/// Every relative link to a file, folder or heading that does not exist.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let Ok(link) = Regex::new(LINK) else { return vec![Finding::new("tidy", "links: bad pattern")] };
    repository.ending(".md").flat_map(|page| dead_links(page, repository, &link)).collect()
}

fn dead_links(page: &File, repository: &Repository, link: &Regex) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in prose(page) {
        for found in link.captures_iter(&line) {
            let Some(target) = found.get(1).or_else(|| found.get(2)) else { continue };
            if let Some(reason) = dead(page, target.as_str(), repository) {
                findings.push(Finding::at(&page.path, number, reason));
            }
        }
    }
    findings
}

/// The lines outside code fences, without their code spans.
fn prose(page: &File) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    page.lines().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then(|| (number, line.split('`').step_by(2).collect::<Vec<_>>().join("`")))
    })
}

fn dead(page: &File, target: &str, repository: &Repository) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { Some(page.path.clone()) } else { resolve(&page.path, path) };
    let Some(path) = path.filter(|path| repository.holds(path)) else {
        return Some(format!("dead link: {target}"));
    };
    let known = repository.file(&path).is_none_or(|file| {
        anchor.is_empty() || !path.ends_with(".md") || prose(file).any(|(_, line)| anchor_of(&line) == anchor)
    });
    (!known).then(|| format!("dead link: {path} has no heading for #{anchor}"))
}

/// The path that `target` means on the page at `page`; none when it leaves the repository.
fn resolve(page: &str, target: &str) -> Option<String> {
    let folder = Path::new(page).parent()?.to_string_lossy().into_owned();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The anchor of a heading: lower case, spaces to hyphens, punctuation dropped.
fn anchor_of(line: &str) -> String {
    let Some(heading) = line.strip_prefix('#') else { return String::new() };
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let files = vec![
            File::new("docs/page.md", text),
            File::new("docs/life.md", "# Life of a message\n\n## What, if it fails?\n"),
            File::new("smsc/src/journey.rs", ""),
        ];
        check(&Repository::of(files)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn finds_dead_files_headings_and_references() {
        assert_eq!(found("see [it](gone.md)"), ["dead link: gone.md"]);
        assert_eq!(found("see [it](../../outside.md)"), ["dead link: ../../outside.md"]);
        assert_eq!(found("[it]: ../server/main.rs"), ["dead link: ../server/main.rs"]);
        assert_eq!(found("[it](life.md#death)"), ["dead link: docs/life.md has no heading for #death"]);
        assert_eq!(found("[it](#nowhere)"), ["dead link: docs/page.md has no heading for #nowhere"]);
    }

    #[test]
    fn accepts_links_to_what_exists() {
        assert!(found("[a](life.md) [b](../smsc/src/journey.rs \"read it\") [c](../smsc/)").is_empty());
        assert!(found("[a](life.md#what-if-it-fails) [b](https://example.com/x.md)").is_empty());
        assert!(found("# Here it is\n[a](#here-it-is)").is_empty());
    }

    #[test]
    fn code_holds_no_links() {
        assert!(found("`[a](gone.md)`\n```\n[a](gone.md)\n```\n").is_empty());
    }
}
