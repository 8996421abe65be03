//! R6: the stores that every released version wrote are opened by this one.
//!
//! A directory of `fixtures/` is a store as it lay on the disk, made once by the version that it
//! is named after and never again. A version that changes the form adds a directory.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod suite;

use smsc::ports::StoreAdmin;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use fjall::{Database, KeyspaceCreateOptions};
use platform::ports::{PlatformStore, Scan, Table, Write};
use smsc::ids::MessageId;
use smsc::message::Message;
use smsc::ports::Store;
use smsc::stored::{Event, Note, Query, QueryBy};
use smsc::timestamp::Timestamp;
use store_embedded::{EmbeddedConfig, EmbeddedStore};
use suite::{NOON, accepted, attempt, finished, id_at, message, waiting};

const VERSIONS: [&str; 1] = ["v0.1"];

#[tokio::test]
async fn every_released_version_opens() {
    for version in VERSIONS {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(&fixture(version), copy.path());
        let store = open(copy.path());
        let audit = store.audit().await.unwrap();
        assert_eq!((audit.accepted, audit.ended, audit.waiting, audit.damaged), (20, 10, 10, 0), "{version}");
        assert!(audit.holds, "{version}");
        assert_eq!(store.last_id(), Some(ids()[19]));
        for (n, id) in ids().into_iter().enumerate() {
            let stored = Store::get(&store, id).await.unwrap().unwrap();
            assert_eq!(*stored.message, golden(id), "{version}");
            assert_eq!(stored.outcome.is_some(), n < 10);
            assert_eq!(stored.attempts, if n < 10 { vec![attempt(1, NOON)] } else { Vec::new() });
        }
        let due = store.due(None, Timestamp::NEVER, 100).await.unwrap();
        let expected: Vec<_> = ids()[10..].iter().map(|id| waiting(*id, NOON)).collect();
        assert_eq!(due, expected);
        assert_eq!(Store::get(&store, ids()[0]).await.unwrap().unwrap().notes, [note()]);
        assert_eq!(store.by_remote_id("carrier-a".into(), "7F3A".into()).await, Ok(Some(ids()[0])));
        assert_eq!(store.by_client_key("acme".into(), "order-1".into()).await, Ok(Some(ids()[1])));
        for by in
            [QueryBy::Any, QueryBy::Account("acme".into()), QueryBy::Destination("4915112345678".into())]
        {
            let query = Query {
                by,
                before: None,
                from: Timestamp::from_millis(0),
                until: Timestamp::NEVER,
                limit: 99,
            };
            assert_eq!(store.list(query).await.unwrap().len(), 20);
        }
        let scan = Scan { table: Table::Outbox, from: Vec::new(), until: None, backwards: false, limit: 9 };
        let record = (Bytes::from_static(b"key"), Bytes::from_static(b"value"));
        assert_eq!(store.scan(scan).await, Ok(vec![record]));
    }
}

/// Makes the fixture of the version in the works.
#[tokio::test]
#[ignore = "writes into the source tree; run it once for a release, then commit"]
async fn write_the_fixture() {
    let directory = fixture(VERSIONS[VERSIONS.len() - 1]);
    std::fs::create_dir_all(&directory).unwrap();
    let store = open(&directory);
    for half in [&ids()[..10], &ids()[10..]] {
        Store::commit(&store, half.iter().map(|id| accepted(golden(*id))).collect()).await.unwrap();
    }
    Store::commit(&store, ids()[..10].iter().map(|id| finished(*id, NOON)).collect()).await.unwrap();
    let correlated = Event::Correlated { link: "carrier-a".into(), remote_id: "7F3A".into(), id: ids()[0] };
    Store::commit(&store, vec![correlated, Event::Noted { id: ids()[0], note: note() }]).await.unwrap();
    let write =
        Write { table: Table::Outbox, key: b"key".to_vec(), value: Some(Bytes::from_static(b"value")) };
    PlatformStore::commit(&store, vec![write]).await.unwrap();
    drop(store);
    // A part in tables, the rest in the journal, without the zeros behind it.
    let db = Database::builder(directory.join("engine")).open().unwrap();
    for name in ["m-20261123", "i-20261123", "due"] {
        db.keyspace(name, KeyspaceCreateOptions::default).unwrap().rotate_memtable_and_wait().unwrap();
    }
    drop(db);
    for entry in std::fs::read_dir(directory.join("engine")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "jnl") {
            let octets = std::fs::read(&file).unwrap();
            let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |at| at + 1);
            std::fs::write(file, &octets[..end]).unwrap();
        }
    }
    std::fs::remove_file(directory.join("reserve")).unwrap();
}

fn open(directory: &Path) -> EmbeddedStore {
    let config = EmbeddedConfig {
        data_dir: directory.to_owned(),
        disk_reserve_megabytes: 1,
        ..EmbeddedConfig::default()
    };
    EmbeddedStore::open(&config, NOON, Box::new(|reason| panic!("{reason}"))).unwrap()
}

fn ids() -> Vec<MessageId> {
    (0..20).map(|n| id_at(NOON, n)).collect()
}

fn golden(id: MessageId) -> Message {
    let mut message = message(id, "acme", "4915112345678");
    message.content.header = Bytes::from_static(&[5, 0, 3, 7, 2, 1]);
    message.client_key = Some(format!("order-{}", id.get() & 0xff).into());
    message.expires_at = NOON + Duration::from_secs(3_600);
    message
}

fn note() -> Note {
    Note { at: NOON, station: "rules".into(), text: "accepted by rule 7".to_owned() }
}

fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(version)
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            std::fs::copy(path, target).unwrap();
        }
    }
}
