//! A centre with one ESME that submits, a SIP peer that does, and an ESME that owns the destinations.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use lab::esme::{Esme, Outgoing};
use serde_json::Value;
use smpp::pdu::BindKind;

use super::process::{FERNPOST, Process, run};
use super::scratch::Scratch;

/// The ESME that submits.
pub(crate) const LOAD: &str = "load";
/// The ESME that owns every number of [`PREFIX`].
pub(crate) const SINK: &str = "sink";
/// The password of both.
pub(crate) const PASSWORD: &str = "e2e";
/// What the sink's numbers begin with.
pub(crate) const PREFIX: &str = "+4917";

/// A place where the same centre can be started again and again: its configuration and its store.
pub(crate) struct Site {
    scratch: Scratch,
    config: PathBuf,
}

impl Site {
    /// A site with an empty store. `load` is added to the table of the account that submits, `sink`
    /// to that of the other.
    pub(crate) fn new(load: &str, sink: &str) -> Self {
        Self::with(load, sink, "")
    }

    /// The same, with `more` tables at the end of the configuration.
    pub(crate) fn with(load: &str, sink: &str, more: &str) -> Self {
        Self::made("", load, sink, more)
    }

    /// A site with an empty store that keeps so many mebibytes in reserve.
    pub(crate) fn with_reserve(megabytes: u32) -> Self {
        Self::made(&format!("store.disk_reserve_megabytes = {megabytes}\n"), "", "", "")
    }

    fn made(top: &str, load: &str, sink: &str, more: &str) -> Self {
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        let config = scratch.write(
            "fernpost.toml",
            &format!(
                "roles = ['smsc']\n{top}\n\
                 store.data_dir = '{}'\n\
                 http.listen = '127.0.0.1:0'\n\
                 smpp.listeners = [{{ address = '127.0.0.1:0' }}]\n\
                 sip.listeners = [{{ transport = 'udp', address = '127.0.0.1:0' }}]\n\
                 [[sip.peers]]\nname = 'peer'\nuri = 'sip:127.0.0.1:9'\noptions_seconds = 0\n\
                 allowed_addresses = ['127.0.0.1']\n\
                 [[smpp.accounts]]\nsystem_id = '{LOAD}'\npassword = '{PASSWORD}'\n{load}\n\
                 [[smpp.accounts]]\nsystem_id = '{SINK}'\npassword = '{PASSWORD}'\n\
                 addresses = ['{}*']\n{sink}\n{more}\n",
                data.display(),
                PREFIX.trim_start_matches('+'),
            ),
        );
        Self { scratch, config }
    }

    /// Starts the centre; it listens when this returns.
    pub(crate) fn start(&self) -> Centre {
        self.start_by(&mut Command::new(FERNPOST))
    }

    /// Starts the centre by a command that becomes `fernpost` with the arguments that it gets.
    pub(crate) fn start_by(&self, command: &mut Command) -> Centre {
        let process = Process::spawn(command.args(["serve", "--config"]).arg(&self.config));
        let door = |name: &str| loop {
            let line = process.line();
            let mut words = line.split_whitespace();
            if words.next() == Some(name) {
                break words.next().and_then(|word| word.parse().ok()).expect("an address");
            }
        };
        let (smpp, sip) = (door("smpp"), door("sip"));
        Centre { process, smpp, sip }
    }

    /// Where the store is.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    /// The proof of conservation: how many messages were accepted, ended and still wait.
    pub(crate) fn audit(&self) -> Audit {
        let data = self.data_dir();
        let output = run(&["audit", "--json", "--data", data.to_str().expect("the path is text")]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the audit does not hold:\n{said}{errors}");
        let audit: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!(audit["holds"], true, "{said}");
        let count = |name: &str| {
            let count = audit[name].as_u64().unwrap_or_else(|| panic!("no {name} in {said}"));
            usize::try_from(count).expect("it fits")
        };
        Audit { accepted: count("accepted"), ended: count("ended"), waiting: count("waiting") }
    }
}

/// What an audit counted.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) accepted: usize,
    pub(crate) ended: usize,
    pub(crate) waiting: usize,
}

/// A running centre.
pub(crate) struct Centre {
    pub(crate) process: Process,
    pub(crate) smpp: SocketAddr,
    pub(crate) sip: SocketAddr,
}

impl Centre {
    /// Binds the ESME that submits.
    pub(crate) async fn load(&self, kind: BindKind) -> Esme {
        Esme::bind(self.smpp, kind, LOAD, PASSWORD).await.expect("load binds")
    }

    /// Binds the ESME that owns the destinations, as a receiver.
    pub(crate) async fn sink(&self) -> Esme {
        Esme::bind(self.smpp, BindKind::Receiver, SINK, PASSWORD).await.expect("sink binds")
    }
}

/// A message to the sink's number that ends with `number`.
pub(crate) fn to_sink<'a>(destination: &'a str, text: &'a str) -> Outgoing<'a> {
    Outgoing { source: "+4915100000000", destination, short_message: text.as_bytes(), ..Outgoing::default() }
}

/// The sink's number that ends with these eight digits.
pub(crate) fn number(last: usize) -> String {
    format!("{PREFIX}{last:08}")
}
