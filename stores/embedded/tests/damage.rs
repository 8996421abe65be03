//! R5: flipped bits are found, damaged messages are set aside, and no wrong body comes out.
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

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use smsc::ids::MessageId;
use smsc::ports::{Store, StoreError};
use smsc::timestamp::Timestamp;
use store_embedded::{EmbeddedConfig, EmbeddedStore, OpenError};
use suite::{NOON, accepted, finished, id_at, message, waiting};
use tempfile::TempDir;

/// Files that get a bit flipped, one at a time. A thousand by hand, fewer in everyday runs.
const FLIPS: u64 = 60;

fn try_open(directory: &Path) -> Result<EmbeddedStore, OpenError> {
    let config = EmbeddedConfig {
        data_dir: directory.to_owned(),
        disk_reserve_megabytes: 1,
        ..EmbeddedConfig::default()
    };
    EmbeddedStore::open(&config, NOON, Box::new(|_| {}))
}

fn engine(directory: &Path) -> Database {
    Database::builder(directory.join("engine")).open().unwrap()
}

/// Changes a record behind the store's back, with the engine's own sums right.
fn tamper(directory: &Path, keyspace: &str, key: &[u8], change: impl Fn(&mut Vec<u8>)) {
    let db = engine(directory);
    let keyspace = db.keyspace(keyspace, KeyspaceCreateOptions::default).unwrap();
    let mut value = keyspace.get(key).unwrap().unwrap().to_vec();
    change(&mut value);
    keyspace.insert(key, value).unwrap();
    db.persist(PersistMode::SyncAll).unwrap();
}

#[tokio::test]
async fn a_damaged_message_is_set_aside() {
    let directory = TempDir::new().unwrap();
    let [good, bad] = [1, 2].map(|n| id_at(NOON, n));
    let store = try_open(directory.path()).unwrap();
    for id in [good, bad] {
        store.commit(vec![accepted(message(id, "acme", "491511"))]).await.unwrap();
    }
    drop(store);
    tamper(directory.path(), "m-20261123", &bad.get().to_be_bytes(), |value| value[60] ^= 0x04);
    for restart in 0..2 {
        let store = try_open(directory.path()).unwrap();
        if restart == 0 {
            let audit = store.audit().await.unwrap();
            assert_eq!(
                (audit.damaged, audit.damaged_ids.as_slice(), audit.holds),
                (1, [bad].as_slice(), true)
            );
            assert_eq!(store.get(bad).await.map(|_| ()), Err(StoreError::Damaged(bad)));
        }
        let due = store.due(None, Timestamp::NEVER, 10).await.unwrap();
        assert_eq!(due, [waiting(good, NOON)], "a message that is set aside must not become due");
        assert_eq!(store.get(bad).await.map(|_| ()), Err(StoreError::Damaged(bad)));
        assert!(store.get(good).await.unwrap().is_some());
        assert_eq!(store.metrics().quarantined, 1);
        store.close();
    }
}

#[tokio::test]
async fn a_damaged_waiting_entry_is_set_aside() {
    let directory = TempDir::new().unwrap();
    let id = id_at(NOON, 1);
    let store = try_open(directory.path()).unwrap();
    store.commit(vec![accepted(message(id, "acme", "491511"))]).await.unwrap();
    drop(store);
    let key = [NOON.millis().to_be_bytes(), id.get().to_be_bytes()].concat();
    tamper(directory.path(), "due", &key, |value| value[12] ^= 0x80);
    let store = try_open(directory.path()).unwrap();
    assert_eq!(store.due(None, Timestamp::NEVER, 10).await, Ok(Vec::new()));
    assert_eq!(store.get(id).await.map(|_| ()), Err(StoreError::Damaged(id)));
}

/// What is set aside does not keep its day for ever.
#[tokio::test]
async fn a_damaged_message_goes_with_its_day() {
    let directory = TempDir::new().unwrap();
    let id = id_at(NOON, 1);
    let store = try_open(directory.path()).unwrap();
    store.commit(vec![accepted(message(id, "acme", "491511"))]).await.unwrap();
    drop(store);
    tamper(directory.path(), "m-20261123", &id.get().to_be_bytes(), |value| value[60] ^= 0x04);
    let store = try_open(directory.path()).unwrap();
    let later = NOON + Duration::from_secs(86_400 * 40);
    assert_eq!(store.expire(later).await, Ok(0), "nobody has read it yet: it waits");
    assert_eq!(store.get(id).await.map(|_| ()), Err(StoreError::Damaged(id)));
    assert_eq!(store.expire(later).await, Ok(1));
    assert_eq!(store.metrics().quarantined, 0);
    let audit = store.audit().await.unwrap();
    assert!(audit.holds && audit.accepted == 0, "{audit:?}");
}

/// A day that a crash caught while it was dropped is gone after the next start.
#[tokio::test]
async fn the_rest_of_a_dropped_day_is_removed() {
    let directory = TempDir::new().unwrap();
    let id = id_at(NOON, 1);
    let store = try_open(directory.path()).unwrap();
    store.commit(vec![accepted(message(id, "acme", "491511")), finished(id, NOON)]).await.unwrap();
    drop(store);
    let db = engine(directory.path());
    let messages = db.keyspace("m-20261123", KeyspaceCreateOptions::default).unwrap();
    db.delete_keyspace(messages).unwrap();
    drop(db);
    let store = try_open(directory.path()).unwrap();
    let audit = store.audit().await.unwrap();
    assert!(audit.holds && audit.accepted == 0, "{audit:?}");
}

#[tokio::test]
async fn a_newer_store_is_refused_with_a_clear_line() {
    let directory = TempDir::new().unwrap();
    drop(try_open(directory.path()).unwrap());
    tamper(directory.path(), "sys", b"schema", |value| *value = 7_u32.to_be_bytes().to_vec());
    let refused = try_open(directory.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 7, .. }));
    assert!(refused.to_string().contains("has schema version 7, and this program knows versions up to 1"));
}

/// Whatever bit flips in the engine's files: the store refuses to open, or the read fails, or the
/// message is as it was. It is never missing, and never another.
#[tokio::test]
async fn no_flipped_bit_in_a_file_changes_a_message() {
    let original = TempDir::new().unwrap();
    let ids: Vec<MessageId> = (0..200).map(|n| id_at(NOON, n)).collect();
    let store = try_open(original.path()).unwrap();
    for (half, ids) in ids.chunks(100).enumerate() {
        for id in ids {
            store.commit(vec![accepted(message(*id, "acme", "491511"))]).await.unwrap();
        }
        if half == 0 {
            store.commit(ids.iter().map(|id| finished(*id, NOON)).collect()).await.unwrap();
        }
    }
    drop(store);
    let files = settle(original.path());
    let mut found = [0; 3];
    for flip in 0..FLIPS {
        let copy = TempDir::new().unwrap();
        copy_tree(original.path(), copy.path());
        let place = flip_a_bit(original.path(), copy.path(), &files, flip);
        found[look(copy.path(), &ids, &place).await] += 1;
    }
    println!("{} flips refused at open, {} found by reads, {} harmless", found[0], found[1], found[2]);
    assert!(found[0] + found[1] > FLIPS / 2, "{found:?}");
}

/// Sorts half of the data into tables, cuts the zeros off the journals, and lists the files.
fn settle(directory: &Path) -> Vec<PathBuf> {
    let db = engine(directory);
    let messages = db.keyspace("m-20261123", KeyspaceCreateOptions::default).unwrap();
    messages.rotate_memtable_and_wait().unwrap();
    drop((messages, db));
    let mut files = Vec::new();
    walk(&directory.join("engine"), &mut |file| {
        if file.extension().is_some_and(|extension| extension == "jnl") {
            let octets = std::fs::read(file).unwrap();
            let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |at| at + 1);
            std::fs::write(file, &octets[..end]).unwrap();
        }
        // Under no sum of ours or the engine's: the version marker and the lock.
        let inside = file.components().any(|part| part.as_os_str() == "tables");
        if inside || file.extension().is_some_and(|extension| extension == "jnl") {
            files.push(file.strip_prefix(directory).unwrap().to_owned());
        }
    });
    files.sort();
    files
}

/// 0: refused at open; 1: some read failed; 2: all as it was.
async fn look(directory: &Path, ids: &[MessageId], place: &str) -> usize {
    let Ok(store) = try_open(directory) else { return 0 };
    let mut damaged = 0;
    for id in ids {
        match store.get(*id).await {
            Ok(Some(stored)) => assert_eq!(*stored.message, message(*id, "acme", "491511"), "{place}"),
            Ok(None) => panic!("{place}: message {id} is gone without a word"),
            Err(_) => damaged += 1,
        }
    }
    if damaged == 0 { 2 } else { 1 }
}

fn flip_a_bit(original: &Path, copy: &Path, files: &[PathBuf], flip: u64) -> String {
    let random = (flip + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let file = &files[usize::try_from(random >> 40).unwrap() % files.len()];
    let mut octets = std::fs::read(original.join(file)).unwrap();
    let bit = usize::try_from(random >> 8 & 0xffff_ffff).unwrap() % (octets.len() * 8);
    octets[bit / 8] ^= 1 << (bit % 8);
    std::fs::write(copy.join(file), octets).unwrap();
    format!("flip {flip}: {} bit {bit}", file.display())
}

fn copy_tree(from: &Path, to: &Path) {
    walk(from, &mut |file| {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(file, target).unwrap();
    });
}

fn walk(directory: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, visit) } else { visit(&path) }
    }
}
