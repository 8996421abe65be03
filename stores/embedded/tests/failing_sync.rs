//! R3: a sync that fails is the end of acknowledgements, whichever it is, and costs nothing that was
//! acknowledged before.
//!
//! A library in front of libc lets the n-th fsync or fdatasync of a process fail, that one alone: a caller that
//! tried again would succeed, and be wrong. The test runs a process for each n, until one needs fewer
//! syncs than that: those of the committer, and those of the engine's own threads.
#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod suite;

use smsc::ports::StoreAdmin;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use smsc::ids::MessageId;
use smsc::message::Message;
use smsc::ports::Store;
use store_embedded::{EmbeddedConfig, EmbeddedStore};
use suite::{NOON, accepted, finished, id_at, message};

/// What the process ends with after a failure, as the service does.
const FAILED: i32 = 74;
/// Enough for the engine to sort messages to disk once, in threads of its own.
const MESSAGES: u64 = 10;
/// Octets of a body.
const BODY: usize = 128 << 10;
/// How long the engine's threads may take to fail after the last message, and the store to see it.
const AFTERMATH: Duration = Duration::from_secs(1);

fn config(directory: &Path) -> EmbeddedConfig {
    EmbeddedConfig {
        data_dir: directory.to_owned(),
        disk_reserve_megabytes: 1,
        message_buffer_megabytes: 1,
        ..EmbeddedConfig::default()
    }
}

fn long(id: MessageId) -> Message {
    let mut message = message(id, "acme", "491511");
    message.content.body = Bytes::from(vec![b'x'; BODY]);
    message
}

#[test]
fn every_sync_may_fail_and_nothing_acknowledged_is_lost() {
    let scratch = tempfile::tempdir().unwrap();
    let library = compile(scratch.path());
    let (next, in_the_midst) = (AtomicU32::new(1), AtomicU32::new(0));
    let work = || {
        loop {
            // Most syncs are those of a first start, which are much alike.
            let step = if in_the_midst.load(Ordering::Relaxed) == 0 { 9 } else { 1 };
            let nth = next.fetch_add(step, Ordering::Relaxed);
            match try_nth(&library, nth, &scratch.path().join(nth.to_string())) {
                Tried::NothingFailed => break,
                Tried::Failed { acknowledged } => {
                    in_the_midst.fetch_add(u32::from(acknowledged > 0), Ordering::Relaxed);
                }
            }
        }
    };
    // Each mostly waits for the disk.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    let (all, in_the_midst) = (next.into_inner(), in_the_midst.into_inner());
    assert!(in_the_midst > 20, "of {all} syncs {in_the_midst} failed between messages");
}

/// What came of letting the n-th sync fail.
enum Tried {
    /// There were not so many.
    NothingFailed,
    /// Messages that were acknowledged all the same, before it.
    Failed { acknowledged: usize },
}

fn try_nth(library: &Path, nth: u32, data: &Path) -> Tried {
    let output = run(library, nth, data);
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    let Some(failure) = lines.iter().position(|line| *line == "a sync failed") else {
        assert_eq!(output.status.code(), Some(0), "{said}");
        return Tried::NothingFailed;
    };
    // While it opens the store, the engine may go on without a sync that covers nothing.
    if output.status.code() != Some(0) || !accepted_in(&lines[..failure]).is_empty() {
        assert_eq!(output.status.code(), Some(FAILED), "sync {nth}:\n{said}");
        let ends = lines.iter().filter(|line| line.starts_with("fatal ") || line.starts_with("unopened "));
        assert_eq!(ends.count(), 1, "sync {nth}: one clear line\n{said}");
        let refused = lines.iter().position(|line| line.starts_with("refused ")).unwrap_or(lines.len());
        assert!(accepted_in(&lines[refused..]).is_empty(), "sync {nth}: acknowledged after it\n{said}");
    }
    let accepted = accepted_in(&lines);
    block_on(all_are_there(data, &accepted));
    std::fs::remove_dir_all(data).unwrap();
    Tried::Failed { acknowledged: accepted.len() }
}

/// Opens the store again, where no sync fails.
async fn all_are_there(data: &Path, accepted: &[MessageId]) {
    let store = EmbeddedStore::open(&config(data), NOON, Box::new(|reason| panic!("{reason}"))).unwrap();
    for id in accepted {
        let stored = store.get(*id).await.unwrap().expect("an acknowledged message is lost");
        assert_eq!(stored.message.content.body.len(), BODY);
    }
    assert!(store.audit().await.unwrap().holds);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

fn accepted_in(lines: &[&str]) -> Vec<MessageId> {
    lines.iter().filter_map(|line| MessageId::parse(line.strip_prefix("accepted ")?)).collect()
}

/// The library, built with the C compiler that every machine needs to build this.
fn compile(scratch: &Path) -> PathBuf {
    let library = scratch.join("preload.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failing_sync/preload.c");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(cc.status().expect("a C compiler").success());
    library
}

/// Runs the test below in a process of its own.
fn run(library: &Path, nth: u32, data: &Path) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_whose_sync_fails", "--ignored", "--nocapture"])
        .env("LD_PRELOAD", library)
        .env("FAIL_SYNC", nth.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", data.display()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test]
#[ignore = "run by the test above, with a sync that fails"]
async fn the_process_whose_sync_fails() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!();
    let (fatal, fatally) = std::sync::mpsc::channel();
    let on_fatal = move |reason: &str| {
        println!("fatal {reason}");
        fatal.send(()).unwrap();
    };
    let config = config(Path::new(line.trim()));
    let store = match EmbeddedStore::open(&config, NOON, Box::new(on_fatal)) {
        Ok(store) => store,
        Err(error) => {
            println!("unopened {error}");
            std::process::exit(FAILED);
        }
    };
    for n in 0..MESSAGES {
        let id = id_at(NOON, n);
        match store.commit(vec![accepted(long(id))]).await {
            Ok(()) => println!("accepted {id}"),
            Err(error) => println!("refused {id}: {error}"),
        }
        if n % 3 == 0 {
            let _outcomes_may_fail_too = store.commit(vec![finished(id, NOON)]).await;
        }
    }
    let failed = fatally.recv_timeout(AFTERMATH).is_ok();
    store.close();
    std::process::exit(if failed || fatally.try_recv().is_ok() { FAILED } else { 0 });
}
