//! Every clause that a comment cites has a row in the ledger of standards.
//!
//! A citation is `TS 23.040`, `GSM 03.38`, `RFC 3261`, `SMPP 3.4` or `Q.713`, and may go on with `§9.2.3` or
//! `Appendix B`. The standard must have a row; a clause must have a row that holds it or a part of it.

use regex::{Captures, Regex};

use crate::{File, Finding, Repository, ledger};

const CITATION: &str = concat!(
    r"\b(?<spec>TS \d{2}\.\d{3}|GSM \d{2}\.\d{2}|RFC ?\d{3,5}|SMPP [vV]?\d\.\d|[EQXT]\.\d{2,4})\b",
    r"(?:,? (?:§+ ?|[Ss]ections? |[Cc]lauses? |(?:Appendix|Annex) )(?<clause>\d+[a-z]?(?:\.\d+[a-z]?)*|[A-Z]\b(?:\.\d+)*))?"
);

/// Every citation without a row in the ledger.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let Ok(citation) = Regex::new(CITATION) else {
        return vec![Finding::new("tidy", "clauses: bad pattern")];
    };
    let rows: Vec<_> = repository.file(ledger::PATH).into_iter().flat_map(ledger::rows).collect();
    repository.ending(".rs").flat_map(|file| unknown(file, &rows, &citation)).collect()
}

fn unknown(file: &File, rows: &[ledger::Row<'_>], citation: &Regex) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines().filter(|(_, line)| line.trim_start().starts_with("//")) {
        for cited in citation.captures_iter(line) {
            if let Some(text) = objection(&cited, rows) {
                findings.push(Finding::at(&file.path, number, text));
            }
        }
    }
    findings
}

fn objection(cited: &Captures<'_>, rows: &[ledger::Row<'_>]) -> Option<String> {
    let spec = canonical(cited.name("spec")?.as_str());
    let mut of_spec = rows.iter().filter(|row| row.spec == spec).peekable();
    if of_spec.peek().is_none() {
        return Some(format!("{spec} is cited, but {} has no row for it", ledger::PATH));
    }
    let clause = cited.name("clause")?.as_str();
    let known =
        of_spec.any(|row| row.clause == "-" || within(clause, row.clause) || within(row.clause, clause));
    (!known).then(|| format!("{spec} §{clause} is cited, but {} has no row for that clause", ledger::PATH))
}

/// The spelling of the ledger.
fn canonical(spec: &str) -> String {
    if let Some(number) = spec.strip_prefix("RFC") {
        return format!("RFC {}", number.trim_start());
    }
    spec.replace(['v', 'V'], "")
}

/// Whether `clause` is `whole` or lies inside it.
fn within(clause: &str, whole: &str) -> bool {
    clause.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEDGER: &str = "header\nTS 23.040\t9.2.3\tLater\t\t\t\nRFC 3261\t17.1.2\tLater\t\t\t\n\
        SMPP 3.4\t-\tLater\t\t\t\nSMPP 5.0\tB\tLater\t\t\t\n";

    fn found(comment: &str) -> Vec<String> {
        let files = vec![File::new(ledger::PATH, LEDGER), File::new("smsc/src/lib.rs", comment)];
        check(&Repository::of(files)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn known_clauses_pass_in_every_spelling() {
        assert!(found("//! Headers (3GPP TS 23.040 §9.2.3.24.1).").is_empty());
        assert!(found("/// Timers of RFC3261 section 17.1.2.2, and RFC 3261 §17").is_empty());
        assert!(found("// SMPP v3.4 §4.4.2 answers so; SMPP 5.0 Appendix B too").is_empty());
    }

    #[test]
    fn an_unknown_standard_or_clause_is_found() {
        assert_eq!(
            found("//! See RFC 4475."),
            ["RFC 4475 is cited, but docs/standards.tsv has no row for it"]
        );
        assert_eq!(found("/// ITU-T Q.713 §3.5").len(), 1);
        assert_eq!(found("/// TS 23.040 §9.1.2.5 and RFC 3261 §17.1.20").len(), 2);
    }

    #[test]
    fn code_is_not_read() {
        assert!(found("let name = \"RFC 9999\";").is_empty());
    }
}
