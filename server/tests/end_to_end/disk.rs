//! What the service does when its disk is full, and when a sync of it fails.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lab::esme::{Esme, EsmeError};
use rustix::fs::{FallocateFlags, fallocate};
use smpp::Status;
use smpp::pdu::BindKind;
use tokio::time::timeout;

use crate::harness::foreign::{has, say_skipped};
use crate::harness::process::FERNPOST;
use crate::harness::site::{Site, number, to_sink};
use crate::harness::{PATIENCE, block_on};

/// What a full disk is made of: memory, mounted over the store's directory, for this process alone.
const MOUNT: &str = "mount -t tmpfs -o size=192m tmpfs \"$1\"";
/// How soon submissions must be taken when there is space again.
const RECOVERY: Duration = Duration::from_secs(10);

#[test]
fn r4_a_full_disk_refuses_delivers_on_and_recovers() {
    let name = "r4_a_full_disk_refuses_delivers_on_and_recovers";
    let site = Site::with_reserve(8);
    let data = site.data_dir();
    std::fs::create_dir(&data).unwrap();
    let Some(namespace) = ["-m", "-rm"].into_iter().find(|namespace| mounts(namespace, &data)) else {
        if has(name, "unshare") {
            say_skipped(name, "no file system may be mounted here");
        }
        return;
    };
    let script = format!("{MOUNT} && shift && exec \"$@\"");
    let centre = site.start_by(
        Command::new("unshare").args([namespace, "sh", "-c", &script, "sh"]).arg(&data).arg(FERNPOST),
    );
    // The mount is seen by that process only, and through it.
    let seen = PathBuf::from(format!("/proc/{}/root{}", centre.process.id(), data.display()));
    block_on(async {
        let load = centre.load(BindKind::Transmitter).await;
        for serial in 0..100 {
            submit(&load, serial).await.expect("there is space");
        }
        let filler = seen.join("filler");
        let file = std::fs::File::create(&filler).unwrap();
        // At once: slowly, it would take the reserve as well.
        let mut length = 0;
        for chunk in (12..28).rev().map(|bits| 1_u64 << bits) {
            while fallocate(&file, FallocateFlags::empty(), length, chunk).is_ok() {
                length += chunk;
            }
        }
        let mut accepted: HashSet<String> = (0..100).map(text).collect();
        let refused = timeout(PATIENCE, async {
            loop {
                // What comes before the disk was looked at still finds room in the journal.
                match submit(&load, accepted.len()).await {
                    Ok(text) => accepted.insert(text),
                    Err(error) => break error,
                };
            }
        });
        let refusal = refused.await.expect("a full disk does not take everything");
        assert!(matches!(refusal, EsmeError::Refused(Status::ESME_RMSGQFUL)), "{refusal}");

        let mut sink = centre.sink().await;
        let mut delivered = HashSet::new();
        while delivered.len() < accepted.len() {
            let next = timeout(PATIENCE, sink.next()).await.expect("deliveries go on").expect("it is bound");
            assert!(delivered.insert(String::from_utf8(next.short_message).unwrap()), "delivered twice");
        }
        assert_eq!(delivered, accepted);
        assert!(submit(&load, 1_000).await.is_err(), "the disk is still full");

        drop(file);
        std::fs::remove_file(&filler).unwrap();
        let accepted = timeout(RECOVERY, async {
            while submit(&load, 1_001).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        accepted.await.expect("there is space again");
        let next = timeout(PATIENCE, sink.next()).await.expect("in time").expect("it is bound");
        assert_eq!(next.short_message, text(1_001).as_bytes());
    });
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{log}");
}

#[test]
fn r3_after_a_failed_sync_nothing_is_acknowledged_and_the_process_ends() {
    let site = Site::new("", "");
    let library = site.data_dir().with_extension("preload.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failing_sync.c");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(cc.status().expect("a C compiler").success());
    // A first start makes its files, and syncs more often than any after it.
    drop(site.start().process.stop());
    let trigger = site.data_dir().with_extension("trigger");

    let centre =
        site.start_by(Command::new(FERNPOST).env("LD_PRELOAD", &library).env("FAIL_SYNCS_IF", &trigger));
    let acknowledged = block_on(async {
        let load = centre.load(BindKind::Transmitter).await;
        let mut acknowledged = HashSet::new();
        for serial in 0..20 {
            acknowledged.insert(submit(&load, serial).await.expect("the disk works"));
        }
        std::fs::write(&trigger, "").unwrap();
        submit(&load, 20).await.expect_err("the sync has failed");
        submit(&load, 21).await.expect_err("the next one would have succeeded");
        acknowledged
    });
    let (status, log) = centre.process.end();
    assert_eq!(status.code(), Some(74), "{log}");
    assert_eq!(log.lines().filter(|line| line.contains("the store failed")).count(), 1, "{log}");

    let centre = site.start();
    block_on(async {
        let mut sink = centre.sink().await;
        let mut delivered = HashSet::new();
        while !acknowledged.is_subset(&delivered) {
            let next = timeout(PATIENCE, sink.next()).await.expect("none is lost").expect("it is bound");
            delivered.insert(String::from_utf8(next.short_message).unwrap());
        }
    });
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{log}");
    assert!(site.audit().accepted >= acknowledged.len());
}

fn text(serial: usize) -> String {
    format!("message {serial}")
}

async fn submit(load: &Esme, serial: usize) -> Result<String, EsmeError> {
    let text = text(serial);
    load.submit(&to_sink(&number(serial), &text)).await.map(|_id| text)
}

fn mounts(namespace: &str, directory: &Path) -> bool {
    let mut command = Command::new("unshare");
    command.args([namespace, "sh", "-c", MOUNT, "sh"]).arg(directory);
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
