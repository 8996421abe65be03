//! Files of at most 800 lines; files over 400 lines and functions over 70 are printed.
//!
//! The limits hold for sources and scripts; data may have any length.

use std::fmt::Write;

use crate::{Crate, File, Finding, Repository, graph};

/// A file longer than this fails.
pub const FILE_LINES_MAX: usize = 800;
/// A file longer than this is printed.
pub const FILE_LINES_LONG: usize = 400;
/// A function longer than this is printed.
pub const FUNCTION_LINES_LONG: usize = 70;

const SOURCES: [&str; 6] = [".rs", ".sh", ".py", ".js", ".css", ".html"];

/// Every source file over [`FILE_LINES_MAX`].
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    sources(repository)
        .map(|file| (file, file.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(file, lines)| {
            Finding::new(&file.path, format!("{lines} lines, and {FILE_LINES_MAX} are the most: split it"))
        })
        .collect()
}

/// The sizes as text: the median, long files and functions, the graph of the crates.
#[must_use]
pub fn report(repository: &Repository, crates: &[Crate]) -> String {
    let mut lines: Vec<(usize, &str)> =
        sources(repository).map(|file| (file.lines().count(), file.path.as_str())).collect();
    lines.sort_unstable();
    let median = lines.get(lines.len() / 2).map_or(0, |(lines, _)| *lines);
    let functions: Vec<_> = repository.ending(".rs").flat_map(functions).collect();
    let long = || functions.iter().filter(|function| function.lines > FUNCTION_LINES_LONG);

    let mut text = format!(
        "{} source files, median {median} lines; {} functions, {} over {FUNCTION_LINES_LONG} lines; \
         {} crates, {} edges between those that are shipped, {} in the longest chain\n",
        lines.len(),
        functions.len(),
        long().count(),
        crates.len(),
        graph::edge_count(crates),
        graph::longest_chain(crates).len(),
    );
    for (lines, path) in lines.iter().rev().take_while(|(lines, _)| *lines > FILE_LINES_LONG) {
        let _ = writeln!(text, "  long file: {path}, {lines} lines");
    }
    for function in long() {
        let _ =
            writeln!(text, "  long function: {}:{}, {} lines", function.path, function.line, function.lines);
    }
    text
}

fn sources(repository: &Repository) -> impl Iterator<Item = &File> {
    repository.files().filter(|file| SOURCES.iter().any(|ending| file.path.ends_with(ending)))
}

struct Function<'a> {
    path: &'a str,
    line: usize,
    lines: usize,
}

/// The functions of a file, by the layout that rustfmt gives: the closing brace stands under the `fn`.
fn functions(file: &File) -> Vec<Function<'_>> {
    let lines: Vec<&str> = file.text.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| opens_function(line));
    starts
        .filter_map(|(start, line)| {
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines.iter().skip(start).position(|line| *line == end)? + 1;
            Some(Function { path: &file.path, line: start + 1, lines: length })
        })
        .collect()
}

fn opens_function(line: &str) -> bool {
    let words = line.split_whitespace();
    let mut rest = words.skip_while(|word| {
        matches!(*word, "pub" | "pub(crate)" | "pub(super)" | "const" | "async" | "extern" | "\"C\"")
    });
    rest.next() == Some("fn") && !line.ends_with(['}', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_fails_and_data_does_not() {
        let long = "x\n".repeat(FILE_LINES_MAX + 1);
        let repository =
            Repository::of(vec![File::new("smsc/src/a.rs", &long), File::new("vectors/a.json", &long)]);
        let findings = check(&repository);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "smsc/src/a.rs");
    }

    #[test]
    fn a_file_at_the_limit_passes() {
        let repository = Repository::of(vec![File::new("smsc/src/a.rs", &"x\n".repeat(FILE_LINES_MAX))]);
        assert_eq!(check(&repository), []);
    }

    #[test]
    fn long_files_and_functions_are_reported() {
        let body = "        let x = 1;\n".repeat(FUNCTION_LINES_LONG);
        let file = format!("impl A {{\n    pub fn long() {{\n{body}    }}\n    fn short() {{}}\n}}\n");
        let repository = Repository::of(vec![
            File::new("smsc/src/a.rs", &file),
            File::new("smsc/src/b.rs", &"x\n".repeat(FILE_LINES_LONG + 1)),
        ]);
        let report = report(&repository, &[]);
        assert!(report.contains("long function: smsc/src/a.rs:2, 72 lines"), "{report}");
        assert!(report.contains("long file: smsc/src/b.rs, 401 lines"), "{report}");
    }
}
