//! R4: a full disk refuses what is new, takes the outcomes of what is old, and recovers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod suite;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use smsc::ports::{Pressure, Store, StoreError};
use store_embedded::{EmbeddedConfig, EmbeddedStore};
use suite::{NOON, accepted, finished, id_at, message};

#[tokio::test]
#[ignore = "mounts a file system, for which it must be root"]
async fn a_full_disk_refuses_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let (image, mount) = (directory.path().join("image"), directory.path().join("mount"));
    std::fs::create_dir(&mount).unwrap();
    std::fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    run("mkfs.ext4", &[Path::new("-q"), &image]);
    run("mount", &[Path::new("-o"), Path::new("loop"), &image, &mount]);
    let outcome = tokio::spawn(fill_and_free(mount.join("data"), mount.join("filler"))).await;
    run("umount", &[&mount]);
    outcome.unwrap();
}

async fn fill_and_free(data_dir: std::path::PathBuf, filler: std::path::PathBuf) {
    let config = EmbeddedConfig { data_dir, disk_reserve_megabytes: 8, ..EmbeddedConfig::default() };
    let store = EmbeddedStore::open(&config, NOON, Box::new(|reason| panic!("{reason}"))).unwrap();
    let accept = |n| store.commit(vec![accepted(message(id_at(NOON, n), "acme", "491511"))]);
    for n in 0..1_000 {
        accept(n).await.unwrap();
    }
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[1; 1 << 16]).is_ok() {}
    assert!(within_ten_seconds(|| store.pressure() == Pressure::Closed).await);
    assert_eq!(accept(1_000).await, Err(StoreError::DiskFull));
    for n in 0..1_000 {
        store.commit(vec![finished(id_at(NOON, n), NOON)]).await.expect("a delivery could not be recorded");
    }
    assert_eq!(accept(1_000).await, Err(StoreError::DiskFull));
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    assert!(within_ten_seconds(|| store.pressure() == Pressure::Free).await);
    accept(1_000).await.unwrap();
    let audit = store.audit().await.unwrap();
    assert_eq!((audit.accepted, audit.ended, audit.waiting, audit.holds), (1_001, 1_000, 1, true));
    store.close();
}

async fn within_ten_seconds(done: impl Fn() -> bool) -> bool {
    for _ in 0..100 {
        if done() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

fn run(program: &str, arguments: &[&Path]) {
    assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
}
