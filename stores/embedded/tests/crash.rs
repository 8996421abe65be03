//! R1 at the level of the store: a process that is killed loses nothing that it acknowledged.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod suite;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use smsc::ids::Ids;
use smsc::message::MessageId;
use smsc::ports::Store;
use store_embedded::{EmbeddedConfig, EmbeddedStore};
use suite::{NOON, accepted, finished, message};

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
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_to_be_killed", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", directory.display()).unwrap();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test above, which kills it"]
async fn the_process_to_be_killed() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let store = open(&PathBuf::from(line.trim()));
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
