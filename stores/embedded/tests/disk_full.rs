//! R4: a full disk refuses what is new, takes the outcomes of what is old, and recovers.
//!
//! A process of its own runs over a small file system that only it sees, in a mount namespace that ends
//! with it: ext4 in a file where loop mounts are allowed, else memory, by root or in a user namespace.
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
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate};
use smsc::ports::{Pressure, Store, StoreError};
use store_embedded::{EmbeddedConfig, EmbeddedStore};
use suite::{NOON, accepted, finished, id_at, message};

/// What `unshare` is asked for, and what the shell mounts then: `$1` is an empty directory, `$1.image` a
/// file of 192 MiB.
const WAYS: [(&str, &str); 3] = [
    ("-m", "mkfs.ext4 -F -q -m 0 \"$1.image\" && mount -o loop \"$1.image\" \"$1\""),
    ("-m", "mount -t tmpfs -o size=192m tmpfs \"$1\""),
    ("-rm", "mount -t tmpfs -o size=192m tmpfs \"$1\""),
];

#[test]
fn a_full_disk_refuses_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let mount = directory.path().join("mount");
    std::fs::create_dir(&mount).unwrap();
    std::fs::File::create(mount.with_extension("image")).unwrap().set_len(192 << 20).unwrap();
    let Some((unshare, script)) = WAYS.into_iter().find(|way| succeeds(*way, &mount)) else {
        // Straight to the terminal: the harness swallows what a test prints that passes.
        let test = "a_full_disk_refuses_and_recovers";
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no file system may be mounted here");
        let has_unshare = Command::new("unshare").arg("--version").output().is_ok();
        assert!(has_unshare || !everything_must_run(), "unshare is missing, and here it must not be");
        return;
    };
    println!("unshare {unshare}, then {script}");
    let mut child = Command::new("unshare")
        .args([unshare, "sh", "-c", &format!("({script}) <&- && shift && exec \"$@\""), "sh"])
        .args([&mount, &std::env::current_exe().unwrap()])
        .args(["--exact", "the_process_whose_disk_is_full", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", mount.display()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn succeeds((unshare, script): (&str, &str), mount: &Path) -> bool {
    let mut command = Command::new("unshare");
    command.args([unshare, "sh", "-c", script, "sh"]).arg(mount).stdin(Stdio::null());
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_methods, reason = "what may be missing is the business of who runs the tests")]
fn everything_must_run() -> bool {
    std::env::var("FERNPOST_CI").is_ok_and(|set| set == "1")
}

#[tokio::test]
#[ignore = "run by the test above, over a small file system"]
async fn the_process_whose_disk_is_full() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let mount = PathBuf::from(line.trim());
    let data_dir = mount.join("data");
    let config = EmbeddedConfig { data_dir, disk_reserve_megabytes: 8, ..EmbeddedConfig::default() };
    let store = EmbeddedStore::open(&config, NOON, Box::new(|reason| panic!("{reason}"))).unwrap();
    let accept = |n| store.commit(vec![accepted(message(id_at(NOON, n), "acme", "491511"))]);
    for n in 0..1_000 {
        accept(n).await.unwrap();
    }
    let filler = mount.join("filler");
    let filling = std::thread::spawn({
        let filler = filler.clone();
        move || {
            let file = std::fs::File::create(filler).unwrap();
            // To the last block, and at once: slowly, it would take the reserve as well.
            let mut length = 0;
            for chunk in (12..28).rev().map(|bits| 1_u64 << bits) {
                while fallocate(&file, FallocateFlags::empty(), length, chunk).is_ok() {
                    length += chunk;
                }
            }
        }
    });
    // The disk is as full as it can be before it was looked at.
    let mut count = 1_000;
    let refusal = loop {
        match accept(count).await {
            Ok(()) => count += 1,
            Err(error) => break error,
        }
    };
    filling.join().unwrap();
    assert_eq!(refusal, StoreError::DiskFull);
    assert_eq!(store.pressure(), Pressure::Closed);
    for n in 0..count {
        store.commit(vec![finished(id_at(NOON, n), NOON)]).await.expect("a delivery could not be recorded");
    }
    assert_eq!(accept(count).await, Err(StoreError::DiskFull));
    std::fs::remove_file(&filler).unwrap();
    assert!(within_ten_seconds(|| store.pressure() == Pressure::Free).await);
    accept(count).await.unwrap();
    let audit = store.audit().await.unwrap();
    let all = (audit.accepted, audit.ended, audit.waiting, audit.holds);
    assert_eq!(all, (count + 1, count, 1, true));
    store.close();
    drop(store);
    let again = EmbeddedStore::open(&config, NOON, Box::new(|reason| panic!("{reason}"))).unwrap();
    assert_eq!(again.audit().await.unwrap(), audit);
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
