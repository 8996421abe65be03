//! Field guide row 60 with Twilio's own Python library as the judge.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends at the first surprise")]

mod world;

use std::io::Write;
use std::path::{Path, PathBuf};

use gateway_http::Http;
use tokio::process::Command;
use world::{ACCOUNT, NUMBER, OTHER_NUMBER, TOKEN, World};

/// The exit code of the script when the library is missing.
const SKIPPED: i32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn field_60_the_twilio_python_library_works_unchanged() {
    let world = World::start(Http::default()).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twilio_client.py");
    let base_url = format!("http://{}", world.address);
    let arguments = [base_url.as_str(), ACCOUNT, TOKEN, NUMBER, OTHER_NUMBER];
    let output = Command::new(python()).arg(script).args(arguments).output().await;
    let Ok(output) = output else { return skip() };
    if output.status.code() == Some(SKIPPED) {
        return skip();
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), "OK");
}

fn skip() {
    // Straight to the terminal: the harness swallows what a test prints that passes.
    let test = "field_60_the_twilio_python_library_works_unchanged";
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no Python with the twilio library");
    assert!(environment("CI").as_deref() != Some("true"), "in CI nothing is skipped");
}

/// The Python that has the library: `FERNPOST_PYTHON`, the one that CI builds, or the system's.
fn python() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/foreign-venv/bin/python");
    match environment("FERNPOST_PYTHON") {
        Some(named) => named.into(),
        None if built.exists() => built,
        None => "python3".into(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test learns from its environment which Python to run")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
