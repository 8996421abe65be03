//! The conformance table of the mobile side, `docs/conformance-ss7.md`, is generated from the names of the tests.
//!
//! A test is named after the behaviour that it proves. Where it is a purpose of a test specification, or a row of the field
//! guide, that number stands before the words: `asp_aspsm_v_002_aspup_is_sent`, `field_56_map_version_falls_back`.

use std::fmt::Write;

use crate::{File, Finding, Repository};

/// The path of the page.
pub const PAGE: &str = "docs/conformance-ss7.md";

/// The command that writes the page anew.
const RENEW: &str = "cargo run -q -p fernpost-tidy --bin conformance > docs/conformance-ss7.md";

const HEAD: &str = "# Conformance of the mobile side

What is proven about SS7, standard by standard. Each row is a test, and its words are the test's name; the number
before them, if any, is that of a purpose of the standard's test specification, or of a row of our field guide
(`field NN`: a fault that was seen in other centres). Clause by clause, see [standards.tsv](standards.tsv).

This page is made of the tests. Do not edit it; write it anew:
";

/// The suites: the title, the standard, and how the paths of the files begin.
const SUITES: [(&str, &str, &[&str]); 9] = [
    ("M3UA", "TS 102 381, RFC 4666", &["protocols/m3ua/tests/conformance_", "protocols/m3ua/tests/matrix"]),
    ("M3UA, two nodes with losses between them", "RFC 4666", &["protocols/m3ua/tests/pair.rs"]),
    ("SCCP", "Q.786", &["protocols/sccp/tests/q786_"]),
    ("TCAP", "Q.787", &["protocols/tcap/tests/q787_", "protocols/tcap/tests/network.rs"]),
    (
        "MAP",
        "TS 29.002",
        &[
            "protocols/map/tests/initiator.rs",
            "protocols/map/tests/responder.rs",
            "protocols/map/tests/versions.rs",
        ],
    ),
    (
        "Octets that others wrote",
        "all of these",
        &[
            "protocols/m3ua/tests/vectors.rs",
            "protocols/sccp/tests/frames.rs",
            "protocols/sccp/tests/differential.rs",
            "protocols/tcap/tests/vectors.rs",
            "protocols/tcap/tests/differential.rs",
            "protocols/map/tests/codec.rs",
            "protocols/map/tests/captured.rs",
            "protocols/map/tests/differential/main.rs",
        ],
    ),
    ("The gateway", "TS 23.040, TS 29.002", &["gateways/ss7/"]),
    (
        "Phones, the whole process between them and an ESME",
        "TS 23.040",
        &["server/tests/end_to_end/phones.rs"],
    ),
    (
        "The whole process, against another implementation, judged by tshark",
        "TS 23.040, TS 29.002",
        &["server/tests/end_to_end/signalling/"],
    ),
];

/// The page as the tests make it.
#[must_use]
pub fn page(repository: &Repository) -> String {
    let mut page = format!("{HEAD}`{RENEW}`\n");
    for (title, standard, paths) in SUITES {
        let _infallible =
            write!(page, "\n## {title}\n\n| {standard} | what is shown | in |\n|---|---|---|\n");
        for file in
            paths.iter().flat_map(|path| repository.files().filter(move |file| file.path.starts_with(path)))
        {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            for test in tests(file) {
                let (number, words) = purpose(test);
                let _infallible = writeln!(page, "| {number} | {words} | [{name}](../{}) |", file.path);
            }
        }
    }
    page
}

/// Whether the page is behind the tests.
#[must_use]
pub fn check(repository: &Repository) -> Vec<Finding> {
    let behind = repository.file(PAGE).is_none_or(|file| file.text != page(repository));
    behind
        .then(|| Finding::new(PAGE, format!("behind the tests; write it anew: {RENEW}")))
        .into_iter()
        .collect()
}

/// The names of a file's tests, in their order.
fn tests(file: &File) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_test = false;
    for (_, line) in file.lines() {
        let line = line.trim_start();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            names.extend(rest.split('(').next());
            is_test = false;
        }
    }
    names
}

/// The number of a test's purpose, if it has one, and the purpose in words.
fn purpose(name: &str) -> (String, String) {
    let parts: Vec<&str> = name.split('_').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    let is_listed = |at: usize| {
        let part = parts.get(at).copied().unwrap_or_default();
        let joins = part == "and" && parts.get(at + 1).is_some_and(|next| is_number(next) || next.len() == 1);
        is_number(part) || joins || matches!(part, "v" | "i" | "o")
    };
    let begins = match parts.as_slice() {
        ["asp" | "sgp", group, ..] if ["aspsm", "asptm", "mtr", "rkm", "ssnm"].contains(group) => 2,
        ["field", number, ..] if is_number(number) => 1,
        _ => return (String::new(), parts.join(" ")),
    };
    let length = (begins..).find(|at| !is_listed(*at)).unwrap_or(begins);
    let (number, words) = parts.split_at(length.min(parts.len()));
    let mut listed = String::new();
    for (at, part) in number.iter().enumerate().filter(|(_, part)| **part != "and") {
        let follows_another =
            at > begins && number.get(at - 1).is_some_and(|last| *last == "and" || is_number(last));
        let _infallible = write!(listed, "{}{part}", if follows_another { ", " } else { " " });
    }
    let listed = listed.trim_start();
    let number = if begins == 2 { listed.to_uppercase() } else { listed.to_owned() };
    (number, words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_has_a_number_and_words() {
        let read = |name| {
            let (number, words) = purpose(name);
            format!("{number}|{words}")
        };
        assert_eq!(read("asp_aspsm_v_002_aspup_is_sent"), "ASP ASPSM V 002|aspup is sent");
        assert_eq!(read("sgp_aspsm_v_005_and_o_004_aspdn_is_known"), "SGP ASPSM V 005, O 004|aspdn is known");
        assert_eq!(read("sgp_asptm_v_001_003_and_005_it_is"), "SGP ASPTM V 001, 003, 005|it is");
        assert_eq!(read("asp_ssnm_001_and_002_duna_pauses"), "ASP SSNM 001, 002|duna pauses");
        assert_eq!(read("field_56_map_version_falls_back"), "field 56|map version falls back");
        assert_eq!(read("an_error_and_a_reject"), "|an error and a reject");
        assert_eq!(read("asp_rkm_v_003"), "ASP RKM V 003|");
    }

    #[test]
    fn tests_alone_are_listed() {
        let text = "fn helper() {}\n#[test]\nfn one() {}\n#[tokio::test]\n#[ignore]\nasync fn two() {}\nfn three() {}\n";
        assert_eq!(tests(&File::new("protocols/map/tests/initiator.rs", text)), ["one", "two"]);
    }

    #[test]
    fn a_page_that_is_behind_is_found() {
        let test = File::new("protocols/map/tests/initiator.rs", "#[test]\nfn a_node_answers() {}\n");
        let fresh = page(&Repository::of(vec![test.clone()]));
        assert!(
            fresh.contains("|  | a node answers | [initiator.rs](../protocols/map/tests/initiator.rs) |"),
            "{fresh}"
        );
        assert!(check(&Repository::of(vec![test.clone(), File::new(PAGE, &fresh)])).is_empty());
        assert_eq!(check(&Repository::of(vec![File::new(PAGE, &fresh)])).len(), 1);
        assert_eq!(check(&Repository::of(vec![test])).len(), 1);
    }
}
