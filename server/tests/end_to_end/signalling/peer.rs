//! The peer: a process that takes commands and reports events, one JSON object a line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// How long the peer may take to report what a test waits for. Longer than a slow machine needs, and
/// shorter than the first retry of a message: what waits for a retry has failed.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running peer. It is ended when this is dropped.
pub(super) struct Peer {
    child: Child,
    orders: Mutex<ChildStdin>,
    heard: Arc<Heard>,
    marks: AtomicU32,
}

#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Value>>,
    came: Condvar,
}

impl Peer {
    /// Starts the peer; `m3ua` gives its address.
    pub(super) fn start(python: &Path, m3ua: &Value, capture: &Path) -> Self {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/scripts/signalling_peer.py");
        let mut child = Command::new(python)
            .arg("-B") // no compiled files beside the scripts
            .arg(script)
            .arg(m3ua.to_string())
            .arg(capture)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let heard = Arc::new(Heard::default());
        let (ours, stdout) = (Arc::clone(&heard), child.stdout.take().expect("piped"));
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                ours.events.lock().expect("nobody panics with it").push(event);
                ours.came.notify_all();
            }
        });
        let orders = Mutex::new(child.stdin.take().expect("piped"));
        Self { child, orders, heard, marks: AtomicU32::new(0) }
    }

    /// Gives an order.
    pub(super) fn order(&self, order: &Value) {
        let mut orders = self.orders.lock().expect("nobody panics with it");
        writeln!(orders, "{order}").expect("the peer listens");
    }

    /// Takes the first event that fits, and waits for it.
    ///
    /// # Panics
    /// When none comes in time; with all that came instead.
    pub(super) fn expect(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let events = self.heard.events.lock().expect("nobody panics with it");
        let absent = |events: &mut Vec<Value>| !events.iter().any(&fits);
        let waited = self.heard.came.wait_timeout_while(events, PATIENCE, absent);
        let mut events = waited.expect("nobody panics with it").0;
        if let Some(place) = events.iter().position(&fits) {
            return events.remove(place);
        }
        let all: Vec<String> = events.iter().map(Value::to_string).collect();
        drop(events);
        panic!("no {what} in time, but\n{}", all.join("\n"));
    }

    /// The events that fit, of all that happened so far, and that are not taken yet.
    pub(super) fn rest(&self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mark = self.marks.fetch_add(1, Ordering::Relaxed);
        self.order(&json!({ "mark": mark }));
        self.expect("mark", |event| event["event"] == "mark" && event["mark"] == mark);
        let events = self.heard.events.lock().expect("nobody panics with it");
        events.iter().filter(|event| fits(event)).cloned().collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _waited_already = self.child.wait();
    }
}
