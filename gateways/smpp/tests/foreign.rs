//! Clients of other people against our server. Needs Python with smpplib 2.2.4: the one that
//! FERNPOST_PYTHON names, that of target/foreign-venv, or python3. Without it the test prints
//! SKIPPED, and fails where CI=true.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rig::Rig;

/// A Python that has smpplib.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where Python is")]
    let named = std::env::var_os("FERNPOST_PYTHON").map(PathBuf::from);
    let candidates = [named, Some(root.join("target/foreign-venv/bin/python")), Some("python3".into())];
    let has_smpplib = |python: &PathBuf| {
        let checked = Command::new(python).args(["-c", "import smpplib.client"]).output();
        checked.is_ok_and(|output| output.status.success())
    };
    candidates.into_iter().flatten().find(has_smpplib)
}

fn is_ci() -> bool {
    #[expect(clippy::disallowed_methods, reason = "CI says so in the environment")]
    let said = std::env::var("CI");
    said.is_ok_and(|value| value == "true")
}

async fn run(script: &'static str, rig: &Rig) -> Option<Output> {
    let Some(python) = python() else {
        assert!(!is_ci(), "no Python with smpplib, which CI must have");
        // Straight to the terminal: the harness swallows what a test prints that passes.
        let test = std::thread::current().name().unwrap_or(script).to_owned();
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no Python with smpplib");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let (host, port) = (rig.address().ip().to_string(), rig.address().port().to_string());
    let running = tokio::task::spawn_blocking(move || {
        Command::new(python).arg(script).args([host, port]).output().unwrap()
    });
    Some(running.await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn smpplib_binds_submits_and_gets_its_receipts() {
    let rig = Rig::start();
    let Some(output) = run("smpplib_session.py", &rig).await else { return };
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{wrong}");
    assert!(said.contains("2 parts, 2 receipts"), "{said}");
}
