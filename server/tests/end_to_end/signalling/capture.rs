//! What went over the association, judged by tshark.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::foreign::has;

/// What no frame may be: damaged, or against the rules of a layer.
const OBJECTIONS: &str = "_ws.malformed || _ws.expert.severity == error";

/// Where the capture of a test is written, and stays.
pub(super) fn path(test: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("signalling");
    std::fs::create_dir_all(&directory).expect("a directory for captures");
    directory.join(format!("{test}.pcap"))
}

/// The capture holds dialogues, and tshark has no objection to any frame. Prints a line where there is no tshark.
pub(super) fn assert_well_formed(test: &str, capture: &Path) {
    if !has(test, "tshark") {
        return;
    }
    let frames = read(capture, "", &["frame.protocols"]);
    assert!(frames.len() > 8, "nothing was captured: {frames:?}");
    assert!(frames.iter().all(|protocols| protocols.contains(":m3ua")), "all is M3UA: {frames:?}");
    assert_eq!(objections(capture), [""; 0], "{test}: tshark objects");
}

/// The same for the frames of the centre alone, where the peer has sent damage on purpose.
pub(super) fn assert_own_well_formed(test: &str, capture: &Path) {
    if !has(test, "tshark") {
        return;
    }
    let own = format!("m3ua.protocol_data_dpc == 2 && ({OBJECTIONS})");
    let objections = read(capture, &own, &["frame.number", "_ws.expert.message"]);
    assert_eq!(objections, [""; 0], "{test}: tshark objects");
}

/// What tshark objects to, frame by frame.
pub(super) fn objections(capture: &Path) -> Vec<String> {
    read(capture, OBJECTIONS, &["frame.number", "_ws.expert.message"])
}

/// The fields of every frame that fits the filter, tab separated.
pub(super) fn read(capture: &Path, filter: &str, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(capture).args(["-T", "fields"]);
    if !filter.is_empty() {
        command.args(["-Y", filter]);
    }
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}
