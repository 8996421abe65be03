//! Clients of other people: smpplib, the Twilio library and sipp; and tshark as a judge of what
//! goes over the wire.

mod capture;

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::foreign::{has, python};
use crate::harness::lab::Lab;
use crate::harness::site::{Centre, Site, number};
use crate::harness::{PATIENCE, block_on};
use capture::Capture;
use tokio::time::timeout;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/scripts").join(name)
}

fn assert_success(what: &str, output: &Output, lab: &Lab) {
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{what}: {}\n{said}{errors}\nthe log:\n{}",
        output.status,
        lab.process.log()
    );
}

#[test]
fn smpplib_submits_and_gets_its_receipt() {
    let Some(python) = python("smpplib_submits_and_gets_its_receipt", "smpplib.client") else { return };
    let lab = Lab::start(&[]);
    let capture = Capture::start("smpplib", "smpp", lab.port("/smpp/port"));
    let output = Command::new(python)
        .arg(script("smpp_client.py"))
        .arg(lab.description.to_string())
        .output()
        .expect("it starts");
    assert_success("smpplib", &output, &lab);
    if let Some(capture) = capture {
        capture.assert_well_formed();
    }
}

#[test]
fn the_twilio_library_sends_lists_and_believes_our_signature() {
    let test = "the_twilio_library_sends_lists_and_believes_our_signature";
    let Some(python) = python(test, "smpplib.client, twilio.rest") else { return };
    // The application is up before the lab is, which gets its address.
    let mut client = Command::new(python)
        .arg(script("twilio_client.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = BufReader::new(client.stdout.take().expect("piped"));
    let mut url = String::new();
    said.read_line(&mut url).expect("it says where it listens");
    let lab = Lab::start(&["--webhook", url.trim()]);
    let mut stdin = client.stdin.take().expect("piped");
    writeln!(stdin, "{}", lab.description).expect("it listens");
    drop(stdin);
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::stdout()));
    let output = client.wait_with_output().expect("it ends");
    assert_success("the Twilio library", &output, &lab);
}

#[test]
fn sipp_sends_a_thousand_messages() {
    if !has("sipp_sends_a_thousand_messages", "sipp") {
        return;
    }
    let site = Site::new("", "");
    let centre = site.start();
    let capture = Capture::start("sipp", "sip", centre.sip.port());
    let sipp = |centre: &Centre| {
        Command::new("sipp")
            .arg(centre.sip.to_string())
            .arg("-sf")
            .arg(script("message.xml"))
            .args(["-s", &number(1), "-m", "1000", "-r", "500", "-l", "200"])
            .args(["-i", "127.0.0.1", "-p", "0", "-nostdin", "-timeout", "60"])
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .output()
            .expect("it starts")
    };
    block_on(async {
        let mut sink = centre.sink().await;
        let output = tokio::task::block_in_place(|| sipp(&centre));
        // sipp fails when one call does.
        let (screen, errors) = (tail(&output.stdout), tail(&output.stderr));
        assert!(output.status.success(), "{}\n{screen}\n{errors}\n{}", output.status, centre.process.log());
        let mut texts = HashSet::new();
        while texts.len() < 1000 {
            let delivered =
                timeout(PATIENCE, sink.next()).await.expect("in time").expect("the sink is bound");
            assert!(texts.insert(delivered.short_message), "delivered twice");
        }
    });
    if let Some(capture) = capture {
        capture.assert_well_formed();
    }
}

/// The last screen of a program that repaints it.
fn tail(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    text.lines().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
}
