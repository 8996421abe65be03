//! The ledger of standards, `docs/standards.tsv`: which clauses the code follows, and which test proves each.
//!
//! Six columns, parted by tabs: `spec`, `clause` (`-` for the whole), `status`, `code`, `test`, `note`. `Yes`
//! means done and proven by the named test; `Partly` means that the code exists; `Later` means neither.

use crate::{File, Finding, Repository, test_name};

/// Where the ledger lies.
pub const PATH: &str = "docs/standards.tsv";

const HEADER: &str = "spec\tclause\tstatus\tcode\ttest\tnote";

/// One row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row<'a> {
    /// The standard, as comments cite it: `TS 23.040`, `RFC 3261`, `SMPP 3.4`.
    pub spec: &'a str,
    /// The clause, or `-` for the whole standard.
    pub clause: &'a str,
    status: &'a str,
    code: &'a str,
    test: &'a str,
}

/// Every row that is malformed, repeated, or claims more than the tree holds.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let Some(ledger) = repository.file(PATH) else {
        return vec![Finding::new(PATH, "the ledger of standards is missing")];
    };
    let mut findings = Vec::new();
    if ledger.text.lines().next() != Some(HEADER) {
        findings.push(Finding::at(PATH, 1, format!("the first line must be {HEADER:?}")));
    }
    let mut seen = Vec::new();
    for (line, text) in ledger.lines().skip(1) {
        match parse(text) {
            None => findings.push(Finding::at(PATH, line, "a row has six columns, parted by tabs")),
            Some(row) => {
                if seen.contains(&(row.spec, row.clause)) {
                    findings.push(Finding::at(
                        PATH,
                        line,
                        format!("{} {} is repeated", row.spec, row.clause),
                    ));
                }
                seen.push((row.spec, row.clause));
                findings.extend(untrue(&row, repository).map(|text| Finding::at(PATH, line, text)));
            }
        }
    }
    findings
}

/// The well-formed rows.
pub(crate) fn rows(ledger: &File) -> impl Iterator<Item = Row<'_>> {
    ledger.text.lines().skip(1).filter_map(parse)
}

fn parse(line: &str) -> Option<Row<'_>> {
    let columns: Vec<&str> = line.split('\t').collect();
    let &[spec, clause, status, code, test, _note] = columns.as_slice() else { return None };
    (!spec.is_empty() && !clause.is_empty()).then_some(Row { spec, clause, status, code, test })
}

/// The first claim of the row that the tree does not support.
fn untrue(row: &Row<'_>, repository: &Repository) -> Option<String> {
    let of = format!("{} {}", row.spec, row.clause);
    match row.status {
        "Yes" if row.test.is_empty() => Some(format!("{of} is Yes and names no test")),
        "Yes" => no_code(row, repository).or_else(|| test_name::missing(row.test, repository)),
        "Partly" => no_code(row, repository),
        "Later" => None,
        status => Some(format!("{of}: the status is Yes, Partly or Later, not {status:?}")),
    }
}

fn no_code(row: &Row<'_>, repository: &Repository) -> Option<String> {
    let absent = row.code.is_empty() || !repository.holds(row.code);
    absent.then(|| format!("{} {}: code `{}` does not exist", row.spec, row.clause, row.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &str) -> Vec<String> {
        let files = vec![
            File::new(PATH, &format!("{HEADER}\n{rows}")),
            File::new("protocols/sms/src/packing.rs", "fn packs() {}"),
        ];
        check(&Repository::of(files)).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn true_rows_pass() {
        assert!(found("TS 23.038\t6\tYes\tprotocols/sms\tprotocols/sms/src/packing.rs::packs\t").is_empty());
        assert!(found("TS 23.038\t6\tPartly\tprotocols/sms\t\tno test yet").is_empty());
        assert!(found("TS 24.011\t-\tLater\t\t\t").is_empty());
    }

    #[test]
    fn untrue_rows_are_found() {
        let cases = [
            ("TS 23.038\t6\tYes\tprotocols/sms\t\t", "is Yes and names no test"),
            ("TS 23.038\t6\tYes\tprotocols/sms\tsmsc/tests/x.rs\t", "no such file"),
            ("TS 23.038\t6\tYes\tprotocols/sip\tprotocols/sms/src/packing.rs\t", "does not exist"),
            ("TS 23.038\t6\tPartly\t\t\t", "does not exist"),
            ("TS 23.038\t6\tDone\tprotocols/sms\t\t", "the status is"),
            ("TS 23.038\t6\tLater", "six columns"),
            ("RFC 1\t1\tLater\t\t\t\nRFC 1\t1\tLater\t\t\t", "is repeated"),
        ];
        for (row, expected) in cases {
            let findings = found(row);
            assert_eq!(findings.len(), 1, "{row:?}");
            assert!(findings[0].contains(expected), "{findings:?}");
        }
    }

    #[test]
    fn a_missing_ledger_is_found() {
        assert_eq!(check(&Repository::default()).len(), 1);
    }
}
