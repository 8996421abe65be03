//! Programs of other people, and what happens without them: a test prints that it is skipped, and
//! fails where everything has to be there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The interpreter with smpplib and the Twilio library, or `None` after printing that `test` is skipped.
pub(crate) fn python(test: &str, modules: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let candidates = [
        environment("FERNPOST_PYTHON").map(PathBuf::from),
        Some(root.join("target/foreign-venv/bin/python")),
    ];
    let python =
        candidates.into_iter().flatten().find(|path| path.exists()).unwrap_or_else(|| "python3".into());
    let import = format!("import {modules}");
    if succeeds(Command::new(&python).args(["-c", &import])) {
        return Some(python);
    }
    skip(test, &format!("Python with {modules}; .ci/foreign-tools installs it"));
    None
}

/// Whether `program` is installed; if not, a line was printed that `test` is skipped.
pub(crate) fn has(test: &str, program: &str) -> bool {
    // sipp ends with an error after its version: that it starts is enough.
    let there = Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        skip(test, program);
    }
    there
}

/// Prints that `test` is skipped, straight to the terminal: the harness swallows what a test prints that
/// passes.
pub(crate) fn say_skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Prints that `test` is skipped, and fails in CI.
pub(crate) fn skip(test: &str, missing: &str) {
    say_skipped(test, &format!("{missing} is missing"));
    assert!(environment("CI").is_none_or(|ci| ci != "true"), "{missing} is missing, and here it must not be");
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_methods, reason = "where the tools are is the business of who runs the tests")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
