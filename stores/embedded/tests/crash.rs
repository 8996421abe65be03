//! R1 and R3 at the level of the store: a process that is killed, or has a failing disk, loses
//! nothing that it acknowledged.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod suite;

use smsc::ports::StoreAdmin;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use smsc::ids::{Ids, MessageId};
use smsc::ports::{Pressure, Store, StoreError};
use store_embedded::{EmbeddedConfig, EmbeddedStore};
use suite::{NOON, accepted, finished, id_at, message};

const KILLS: u64 = 8;

fn open(directory: &Path) -> EmbeddedStore {
    let config = EmbeddedConfig {
        data_dir: directory.to_owned(),
        disk_reserve_megabytes: 1,
        ..EmbeddedConfig::default()
    };
    EmbeddedStore::open(&config, NOON, Box::new(|reason| panic!("{reason}"))).unwrap()
}

#[tokio::test]
async fn a_killed_process_loses_nothing_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut ended = BTreeSet::new();
    for kill in 0..KILLS {
        let lines = run_and_kill(directory.path(), Duration::from_millis(50 + kill * 977 % 300));
        for line in lines {
            match line.split_once(' ') {
                Some(("accepted", id)) => acknowledged.extend(MessageId::parse(id)),
                Some(("finished", id)) => ended.extend(MessageId::parse(id)),
                _ => {}
            }
        }
        let store = open(directory.path());
        assert!(store.last_id() >= acknowledged.last().copied());
        for id in &acknowledged {
            let stored = store.get(*id).await.unwrap().expect("an acknowledged message is lost");
            assert!(stored.outcome.is_some() || !ended.contains(id), "an acknowledged outcome is lost");
        }
        let audit = store.audit().await.unwrap();
        assert!(audit.holds && audit.damaged == 0, "{audit:?}");
    }
    assert!(acknowledged.len() > 100 && ended.len() > 10, "the child did too little to prove anything");
}

/// Runs the test below in a process of its own, and kills it. Returns what it wrote.
fn run_and_kill(directory: &Path, after: Duration) -> Vec<String> {
    let mut child =
        spawn(&mut Command::new(std::env::current_exe().unwrap()), "the_process_to_be_killed", directory);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The time runs from the first acknowledgement: opening takes what it takes.
    let first = lines.by_ref().find(|line| line.starts_with("accepted "));
    let killer = std::thread::spawn(move || {
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    let mut written: Vec<String> = first.into_iter().chain(lines).collect();
    killer.join().unwrap();
    // The last line may be cut short, and then its id is another.
    written.retain(|line| line.split_once(' ').is_some_and(|(_, id)| id.len() == 19));
    written
}

/// The shell lets no file grow over half a megabyte, or a whole one, and lets the write fail
/// instead of ending the process.
#[tokio::test]
async fn a_failed_write_is_the_end_of_acknowledgements() {
    let directory = tempfile::tempdir().unwrap();
    // The engine reserves 64 MiB for a new journal; a journal that was reopened just grows.
    drop(open(directory.path()));
    drop(open(directory.path()));
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 1024; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap());
    let child = spawn(&mut shell, "the_process_whose_disk_fails", directory.path());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("fatal ")).count(), 1, "{text}");
    let accepted: Vec<_> =
        text.lines().filter_map(|line| MessageId::parse(line.strip_prefix("accepted ")?)).collect();
    assert!(accepted.len() > 100, "{text}");
    let store = open(directory.path());
    for id in accepted {
        assert!(store.get(id).await.unwrap().is_some(), "an acknowledged message is lost");
    }
    assert!(store.audit().await.unwrap().holds);
}

/// Runs a test below in a process of its own, and passes the directory to it.
fn spawn(command: &mut Command, test: &str, directory: &Path) -> Child {
    let mut child = command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", directory.display()).unwrap();
    child
}

#[tokio::test]
#[ignore = "run by the test above, under a limit"]
async fn the_process_whose_disk_fails() {
    let (fatal, fatally) = std::sync::mpsc::channel();
    let on_fatal = move |reason: &str| fatal.send(reason.to_owned()).unwrap();
    let config =
        EmbeddedConfig { data_dir: told_directory(), disk_reserve_megabytes: 1, ..EmbeddedConfig::default() };
    let store = EmbeddedStore::open(&config, NOON, Box::new(on_fatal)).unwrap();
    println!();
    let mut answers = Vec::new();
    for n in 0..10_000 {
        let id = id_at(NOON, n);
        let answer = store.commit(vec![accepted(message(id, "acme", "491511"))]).await;
        if answer.is_ok() {
            println!("accepted {id}");
        }
        answers.push(answer);
        if n > 5_000 {
            break;
        }
    }
    let failed = answers.iter().position(Result::is_err).expect("the limit is too high");
    assert!(answers[failed..].iter().all(|answer| matches!(answer, Err(StoreError::Failed(_)))));
    assert_eq!(store.pressure(), Pressure::Closed);
    assert!(store.get(id_at(NOON, 0)).await.unwrap().is_some(), "reads go on");
    println!("fatal {}", fatally.try_recv().unwrap());
    fatally.try_recv().unwrap_err();
    store.close();
}

fn told_directory() -> PathBuf {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    PathBuf::from(line.trim())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test above, which kills it"]
async fn the_process_to_be_killed() {
    let store = open(&told_directory());
    let ids = std::sync::Arc::new(Ids::new(1, store.last_id()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (store, ids) = (store.clone(), ids.clone());
        tasks.spawn(async move {
            loop {
                let id = ids.next(NOON);
                let message = message(id, "acme", "4915112345678");
                let was_due = message.deliver_after;
                store.commit(vec![accepted(message)]).await.unwrap();
                println!("accepted {id}");
                if id.get() % 3 == 0 {
                    store.commit(vec![finished(id, was_due)]).await.unwrap();
                    println!("finished {id}");
                }
            }
        });
    }
    tasks.join_all().await;
}
