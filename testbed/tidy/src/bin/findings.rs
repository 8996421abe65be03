//! Prints the findings of one rule below one folder: `findings RULE [FOLDER]`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use tidy::{
    Crate, Finding, Repository, circles, citations, clauses, clock, conformance, documented, file_circles,
    floors, foreign, graph, invariants, ledger, links, modules, names, portable, prose, pure, sizes,
    tokio_clock, workspace,
};

type Rule = fn(&Repository, &[Crate]) -> Vec<Finding>;

const RULES: [(&str, Rule); 20] = [
    ("circles", |_, crates| circles::check(crates)),
    ("citations", |repository, _| citations::check(repository)),
    ("clauses", |repository, _| clauses::check(repository)),
    ("clock", |repository, _| clock::check(repository)),
    ("conformance", |repository, _| conformance::check(repository)),
    ("documented", documented::check),
    ("file_circles", file_circles::check),
    ("floors", |_, crates| floors::check(crates)),
    ("foreign", |_, crates| foreign::check(crates)),
    ("graph", |_, crates| graph::check(crates)),
    ("invariants", |repository, _| invariants::check(repository)),
    ("ledger", |repository, _| ledger::check(repository)),
    ("links", |repository, _| links::check(repository)),
    ("modules", |repository, _| modules::check(repository)),
    ("names", |repository, _| names::check(repository)),
    ("portable", |repository, _| portable::check(repository)),
    ("prose", prose::check),
    ("pure", |repository, _| pure::check(repository)),
    ("sizes", |repository, _| sizes::check(repository)),
    ("tokio_clock", |repository, _| tokio_clock::check(repository)),
];

fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let (rule, folder) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let Some((_, rule)) = RULES.iter().find(|(name, _)| *name == rule) else {
        let names: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
        eprintln!("usage: findings RULE [FOLDER]\nrules: {}", names.join(", "));
        return Ok(ExitCode::from(2));
    };
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let findings = rule(&Repository::read(root)?, &workspace("cargo", root)?);
    let mut output = io::stdout().lock();
    let mut is_clean = true;
    for finding in
        findings.iter().filter(|finding| Path::new(&finding.path).starts_with(folder.trim_end_matches('/')))
    {
        writeln!(output, "{finding}")?;
        is_clean = false;
    }
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
