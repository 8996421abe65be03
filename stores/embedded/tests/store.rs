//! The store suite on the embedded store, and what only this store does.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod suite;

use smsc::ports::StoreAdmin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use platform::ports::{PlatformStoreError, Scan, Table, Write};
use smsc::ports::{Pressure, Store, StoreError};
use smsc::timestamp::Timestamp;
use store_embedded::{EmbeddedConfig, EmbeddedStore, OpenError};
use suite::{NOON, accepted, finished, id_at, message};
use tempfile::TempDir;

fn config(directory: &TempDir) -> EmbeddedConfig {
    EmbeddedConfig {
        data_dir: directory.path().to_owned(),
        disk_reserve_megabytes: 1,
        ..EmbeddedConfig::default()
    }
}

fn open(directory: &TempDir) -> EmbeddedStore {
    EmbeddedStore::open(&config(directory), NOON, Box::new(|reason| panic!("{reason}"))).unwrap()
}

macro_rules! suite {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            let directory = TempDir::new().unwrap();
            let store = open(&directory);
            suite::$name(&store).await;
            let audit = store.audit().await.unwrap();
            assert!(audit.holds, "{audit:?}");
            assert_eq!(audit.damaged, 0);
        }
    )*};
}

suite! {
    a_message_comes_back_as_it_was
    a_journey_leaves_its_trace
    due_goes_on_from_its_cursor
    a_message_rescheduled_in_place_waits_once
    a_replaced_message_is_the_new_one
    events_take_effect_in_their_order
    lists_are_stable_under_inserts
    lists_cross_days
    remote_ids_are_found
    a_refused_call_leaves_nothing
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_key_gives_one_message() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    suite::a_client_key_gives_one_message(Arc::new(store.clone())).await;
    assert!(store.audit().await.unwrap().holds);
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    assert_eq!(store.last_id(), None);
    for n in 0..100 {
        store.commit(vec![accepted(message(id_at(NOON, n), "acme", "491511"))]).await.unwrap();
    }
    store.commit((0..40).map(|n| finished(id_at(NOON, n), NOON)).collect()).await.unwrap();
    store.close();
    assert_eq!(store.commit(vec![finished(id_at(NOON, 50), NOON)]).await, Err(StoreError::Closed));
    drop(store);
    let store = open(&directory);
    assert_eq!(store.last_id(), Some(id_at(NOON, 99)));
    let due = store.due(None, Timestamp::NEVER, 1_000).await.unwrap();
    assert_eq!(due.len(), 60);
    let audit = store.audit().await.unwrap();
    assert_eq!((audit.accepted, audit.ended, audit.waiting, audit.holds), (100, 40, 60, true));
}

#[tokio::test]
async fn a_directory_belongs_to_one_process() {
    let directory = TempDir::new().unwrap();
    let _store = open(&directory);
    let refused = EmbeddedStore::open(&config(&directory), NOON, Box::new(|_| {})).unwrap_err();
    assert!(matches!(refused, OpenError::Locked(_)));
    assert!(refused.to_string().ends_with("is in use by another process"));
}

#[tokio::test]
async fn old_days_go_when_nothing_waits_on_them() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let day = Duration::from_secs(86_400);
    let [old, waiting, new] = [NOON, NOON + day, NOON + day * 2].map(|time| id_at(time, 1));
    for id in [old, waiting, new] {
        store.commit(vec![accepted(message(id, "acme", "491511"))]).await.unwrap();
    }
    store.commit(vec![finished(old, NOON)]).await.unwrap();
    assert_eq!(store.expire(NOON).await, Ok(0));
    assert_eq!(store.expire(NOON + day * 2).await, Ok(1));
    assert!(store.get(old).await.unwrap().is_none());
    assert!(store.get(waiting).await.unwrap().is_some());
    assert!(store.audit().await.unwrap().holds);
    store.commit(vec![finished(waiting, NOON + day), finished(new, NOON + day * 2)]).await.unwrap();
    assert_eq!(store.expire(NOON + day * 30).await, Ok(2));
    drop(store);
    let store = open(&directory);
    assert_eq!(store.last_id(), Some(new));
    assert!(store.get(new).await.unwrap().is_none());
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new() {
    let directory = TempDir::new().unwrap();
    let config = EmbeddedConfig { disk_reserve_megabytes: u32::MAX, ..config(&directory) };
    let store = EmbeddedStore::open(&config, NOON, Box::new(|reason| panic!("{reason}"))).unwrap();
    let commit = store.commit(vec![accepted(message(id_at(NOON, 1), "acme", "491511"))]);
    assert_eq!(commit.await, Err(StoreError::DiskFull));
    assert_eq!(store.pressure(), Pressure::Closed);
    assert!(store.metrics().disk_full);
}

#[tokio::test]
async fn the_counters_tell_what_was_written() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    store
        .commit(vec![accepted(message(id_at(NOON, 1), "acme", "491511")), finished(id_at(NOON, 1), NOON)])
        .await
        .unwrap();
    store.commit(Vec::new()).await.unwrap();
    let stats = store.metrics();
    assert_eq!((stats.commits, stats.events, stats.syncs, stats.last_batch_events), (1, 2, 1, 2));
    assert_eq!((stats.queued_events, stats.refused), (0, 0));
    assert!(matches!(stats.sync_micros[..], [(micros, 1)] if micros <= stats.max_sync_micros));
    assert_eq!(store.pressure(), Pressure::Free);
}

/// The platform's records share the committer and the disk with the messages.
#[tokio::test]
async fn a_ledger_keeps_its_keys_in_order() {
    use platform::ports::PlatformStore;

    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let write = |key: &str, value: Option<&str>| Write {
        table: Table::Messages,
        key: key.into(),
        value: value.map(|value| Bytes::from(value.to_owned())),
    };
    let writes = ["b", "a", "c", "d"].map(|key| write(key, Some(key)));
    PlatformStore::commit(&store, writes.into()).await.unwrap();
    // Within one call the last write counts.
    let again = vec![
        write("b", None),
        write("c", None),
        write("c", Some("new")),
        write("d", Some("x")),
        write("d", None),
    ];
    PlatformStore::commit(&store, again).await.unwrap();
    let get = |key: &str| PlatformStore::get(&store, Table::Messages, key.into());
    assert_eq!(get("a").await, Ok(Some(Bytes::from_static(b"a"))));
    assert_eq!(get("b").await, Ok(None));
    assert_eq!(PlatformStore::get(&store, Table::Outbox, "a".into()).await, Ok(None));
    let scan = |from: &str, until: Option<&str>, backwards, limit| {
        let until = until.map(Into::into);
        store.scan(Scan { table: Table::Messages, from: from.into(), until, backwards, limit })
    };
    let keys = |found: Result<Vec<(Bytes, Bytes)>, PlatformStoreError>| -> Vec<String> {
        found.unwrap().into_iter().map(|(key, _)| String::from_utf8(key.to_vec()).unwrap()).collect()
    };
    assert_eq!(keys(scan("", None, false, 9).await), ["a", "c"]);
    assert_eq!(keys(scan("", None, true, 9).await), ["c", "a"]);
    assert_eq!(keys(scan("a", Some("c"), true, 9).await), ["a"]);
    assert_eq!(keys(scan("b", Some("a"), false, 9).await), [""; 0]);
    assert_eq!(keys(scan("", None, true, 1).await), ["c"]);
    assert!(PlatformStore::commit(&store, vec![write("", Some("x"))]).await.is_err());
}

/// R2 for the last batch: what a power cut tore is cut off, and the store opens unattended.
#[tokio::test]
async fn a_torn_batch_does_not_keep_the_store_from_opening() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    for n in 0..10 {
        store.commit(vec![accepted(message(id_at(NOON, n), "acme", "491511"))]).await.unwrap();
    }
    drop(store);
    let journal = directory.path().join("engine/0.jnl");
    let mut octets = std::fs::read(&journal).unwrap();
    // The last batch reached the disk but for a sector: its sum is wrong, which the engine alone
    // would take for a reason not to open.
    let end = octets.iter().rposition(|octet| *octet != 0).unwrap() + 1;
    octets[end - 6] ^= 0x10;
    std::fs::write(&journal, octets).unwrap();
    let store = open(&directory);
    assert_eq!(store.due(None, Timestamp::NEVER, 99).await.unwrap().len(), 10);
    assert!(store.audit().await.unwrap().holds);
}
