//! What goes over loopback, judged by tshark.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::foreign::has;

/// A capture that runs.
pub(crate) struct Capture {
    tshark: Child,
    file: PathBuf,
    protocol: &'static str,
    port: u16,
}

impl Capture {
    /// Captures one port of loopback; `None`, with a printed line, where that is not possible: it
    /// takes tshark and the right to capture.
    pub(crate) fn start(test: &str, protocol: &'static str, port: u16) -> Option<Self> {
        if !has(test, "tshark") {
            return None;
        }
        let file =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}.pcapng", std::process::id()));
        let mut tshark = Command::new("tshark")
            .args(["-i", "lo", "-f", &format!("port {port}"), "-w"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = String::new();
        let mut stderr = BufReader::new(tshark.stderr.take().expect("piped"));
        while let Ok(1..) = stderr.read_line(&mut said) {
            if said.contains("Capturing on") {
                std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
                std::thread::sleep(Duration::from_secs(1)); // it says so a moment before it does
                return Some(Self { tshark, file, protocol, port });
            }
        }
        println!("{test} is not judged by tshark: {said}");
        let _ended = tshark.wait();
        None
    }

    /// Ends the capture: it holds packets of the protocol, and none of them is malformed.
    pub(crate) fn assert_well_formed(mut self) {
        std::thread::sleep(Duration::from_secs(1)); // the last packets are on their way
        let pid = self.tshark.id().to_string();
        let _sent = Command::new("sh").args(["-c", &format!("kill -INT {pid}")]).status();
        let _ended = self.tshark.wait();
        let all = self.read(self.protocol);
        assert!(all.lines().count() > 4, "nothing was captured: {all}");
        let errors =
            self.read(&format!("{} && (_ws.malformed || _ws.expert.severity == error)", self.protocol));
        assert_eq!(errors, "", "tshark objects");
        let _stays = std::fs::remove_file(&self.file);
    }

    /// One line for each packet that fits.
    fn read(&self, filter: &str) -> String {
        let transport = if self.protocol == "sip" { "udp" } else { "tcp" };
        let decode = format!("{transport}.port=={},{}", self.port, self.protocol);
        let output = Command::new("tshark")
            .args(["-d", &decode, "-Y", filter, "-r"])
            .arg(&self.file)
            .output()
            .expect("it starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ended_already = self.tshark.kill();
        let _waited_already = self.tshark.wait();
    }
}
