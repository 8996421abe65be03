//! `fernpost lab`, and what it prints.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;

use super::process::Process;
use super::scratch::Scratch;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A running lab.
pub(crate) struct Lab {
    pub(crate) process: Process,
    /// Its first line.
    pub(crate) description: Value,
    scratch: Scratch,
}

impl Lab {
    /// Starts a lab on free ports, with more arguments if needed.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        let offset = free_offset().to_string();
        let data = data.to_str().expect("the path is text");
        let fixed = ["lab", "--json", "--data", data, "--port-offset", &offset];
        let process = Process::start(&[&fixed[..], arguments].concat());
        let line = process.line();
        let description = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { process, description, scratch }
    }

    /// The process, what it printed, and the directory that it needs.
    pub(crate) fn into_parts(self) -> (Process, Value, Scratch) {
        (self.process, self.description, self.scratch)
    }

    /// The text at this JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        let found = self.description.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no {pointer} in {}", self.description))
    }

    /// The number at this JSON pointer.
    pub(crate) fn port(&self, pointer: &str) -> u16 {
        let found = self.description.pointer(pointer).and_then(Value::as_u64);
        found.and_then(|port| port.try_into().ok()).unwrap_or_else(|| panic!("no {pointer}"))
    }
}

/// An offset at which the usual ports are free now; below the ports that the kernel gives to clients.
fn free_offset() -> u16 {
    let start = u16::try_from(std::process::id() % 150).expect("below 150") * 100;
    (0..200)
        .map(|_| 3000 + (start + NEXT.fetch_add(1, Ordering::Relaxed) * 50) % 19_000)
        .find(|offset| {
            let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port + offset)).is_ok();
            [2775, 2905, 5060, 8080, 8090, 8095].into_iter().all(free)
                && UdpSocket::bind((Ipv4Addr::LOCALHOST, 5060 + offset)).is_ok()
        })
        .expect("some ports are free")
}
